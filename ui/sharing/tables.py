"""Tables as text: values between tabs for a spreadsheet, or between commas for a file."""

from __future__ import annotations

import csv
import io


def tsv_of(table: str) -> str:
    """Return a CSV text with tabs between its values, as spreadsheets paste it.

    A tab or line break inside a value becomes a space.
    """
    rows = csv.reader(io.StringIO(table))
    return "".join("\t".join(_plain(cell) for cell in row) + "\n" for row in rows)


def _plain(cell: str) -> str:
    return " ".join(cell.split()) if any(one in cell for one in "\t\r\n") else cell
