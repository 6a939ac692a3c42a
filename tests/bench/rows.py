"""One figure of the bench, how it is kept and how it is printed."""

from __future__ import annotations

import math
import statistics
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

COL_MAJOR, ROW_MAJOR = "stock col-major", "stock row-major"
"""pyqtgraph's ImageItem by its default, and at its best."""


@dataclass(frozen=True)
class Row:
    """One figure.

    Attributes
    ----------
    name : str
        What was measured.
    baseline : str or None
        What it is compared with.
    ours, baseline_value : float or None
        In ``unit``; ``ours`` is None where this machine cannot measure it.
    note : str
        What the table says beside it; it is not kept.
    """

    name: str
    ours: float | None
    unit: str
    baseline: str | None = None
    baseline_value: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours divided by the baseline; None without one."""
        if self.ours is None or not self.baseline_value:
            return None
        return self.ours / self.baseline_value

    def kept(self) -> dict[str, Any]:
        """What ``bench.json`` holds of it."""
        return {
            "name": self.name,
            "baseline": self.baseline,
            "ours": _short(self.ours),
            "baseline_value": _short(self.baseline_value),
            "unit": self.unit,
            "ratio": _short(self.ratio),
        }


def packed(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Everything of rows as JSON values, for a parent process."""
    return [asdict(row) for row in rows]


def unpacked(values: Iterable[dict[str, Any]]) -> list[Row]:
    """Undo `packed`."""
    return [Row(**value) for value in values]


def median(values: Sequence[float]) -> float:
    """Middle of the values."""
    return float(statistics.median(values))


def percentile(values: Sequence[float], pct: float) -> float:
    """Smallest value that at least ``pct`` percent of them do not exceed."""
    ordered = sorted(values)
    return float(ordered[max(0, math.ceil(pct / 100 * len(ordered)) - 1)])


def _short(value: float | None) -> float | None:
    """Five figures: more would only claim what was not measured."""
    return None if value is None else float(f"{value:.5g}")


def table(rows: Sequence[Row]) -> str:
    """Return the rows as lines of text under a heading."""
    lines = [("name", "ours", "baseline", "value", "ratio", "unit", "")]
    for row in rows:
        lines.append(
            (
                row.name,
                "-" if row.ours is None else f"{row.ours:.4g}",
                row.baseline or "-",
                "-" if row.baseline_value is None else f"{row.baseline_value:.4g}",
                "-" if row.ratio is None else f"{row.ratio:.3f}",
                row.unit,
                row.note,
            )
        )
    widths = [max(len(line[i]) for line in lines) for i in range(6)]
    right = {1, 3, 4}
    return "\n".join(
        "  ".join(
            cell.rjust(widths[i]) if i in right else cell.ljust(widths[i])
            for i, cell in enumerate(line[:6])
        )
        + (f"  {line[6]}" if line[6] else "")
        for line in lines
    )
