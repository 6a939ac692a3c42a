"""Horizontal lines that a user drew, kept per instrument and shared by all its charts.

An instrument is here a coin and what it is priced in, whatever venue trades it (``BTC/USD``): a
level drawn over one venue's book belongs on the chart of its liquidations and of its sum as well.
Dollars and the coins pegged to them are one. A spot and a perpetual price lie some dollars apart;
the line is where it was drawn on all of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heatdesk.files import NO_SUCH_FILE, PutFile, put_at_once
from heatdesk.kept_table import KeptTable

FILE_NAME = "drawings.json"
VERSION = 1
MOST_LINES = 200
"""Of one instrument; the oldest goes."""
_OTHER_QUOTES = frozenset(
    [
        "EUR",
        "GBP",
        "JPY",
        "KRW",
        "TRY",
        "BRL",
        "AUD",
        "CAD",
        "CHF",
        "MXN",
        "BTC",
        "ETH",
        "BNB",
        "SOL",
    ]
)
"""What is not priced in dollars is priced in one of these."""
_NAMES = {"XBT": "BTC", "UBTC": "BTC"}


@dataclass(frozen=True, slots=True)
class Line:
    """One horizontal line.

    Attributes
    ----------
    price : float
        Quote units.
    """

    id: str
    price: float


def instrument_key(coin: str, symbol: str = "") -> str:
    """Key of an instrument: its coin and what it is priced in.

    Parameters
    ----------
    symbol : str
        As its venue writes it; empty: priced in dollars.
    """
    coin = coin.upper()
    coin = _NAMES.get(coin, coin)
    rest = symbol.upper()
    for name in (coin, *(other for other, meant in _NAMES.items() if meant == coin)):
        before, found, after = rest.partition(name)
        if found and not before.strip("T"):
            rest = after
            break
    else:
        rest = ""
    quote = rest.strip("-_/:. ")[:3]
    return f"{coin}/{quote if quote in _OTHER_QUOTES else 'USD'}"


class Drawings:
    """Every line of a desk.

    Parameters
    ----------
    path : Path or None
        Their file; None: in memory only.
    put : callable
        Writes the file.
    """

    def __init__(self, path: Path | None = None, put: PutFile = put_at_once) -> None:
        self._file = KeptTable(path, VERSION, put)
        self._lines: dict[str, dict[str, Line]] = {}
        self._number = 0
        self._read()

    @property
    def sentence(self) -> str:
        """What a user should know of the file; empty when nothing is wrong."""
        return self._file.sentence

    def lines(self, key: str) -> tuple[Line, ...]:
        """Lines of an instrument, in the order they were drawn."""
        return tuple(self._lines.get(key, {}).values())

    def add(self, key: str, price: float) -> Line | None:
        """Draw a line; None where the price is none."""
        if not (math.isfinite(price) and price > 0):
            return None
        self._number += 1
        line = Line(f"line-{self._number}", price)
        held = self._lines.setdefault(key, {})
        while len(held) >= MOST_LINES:
            del held[next(iter(held))]
        held[line.id] = line
        self._save()
        return line

    def move(self, key: str, line_id: str, price: float) -> None:
        """Put a line at another price."""
        if line_id in self._lines.get(key, {}) and math.isfinite(price) and price > 0:
            self._lines[key][line_id] = Line(line_id, price)
            self._save()

    def remove(self, key: str, *line_ids: str) -> None:
        """Remove lines of an instrument; without ids all of them."""
        held = self._lines.get(key, {})
        for line_id in line_ids or tuple(held):
            held.pop(line_id, None)
        if not held:
            self._lines.pop(key, None)
        self._save()

    def _save(self) -> None:
        table = {key: [line.price for line in held.values()] for key, held in self._lines.items()}
        self._file.write({"lines": table})

    def _read(self) -> None:
        table = self._file.read()
        rows: Any = table.get("lines", {})
        whole = isinstance(rows, dict)
        for key, prices in rows.items() if whole else ():
            try:
                held = [float(price) for price in prices if not isinstance(price, bool | str)]
                whole &= len(held) == len(prices)
            except NO_SUCH_FILE:
                whole = False
                continue
            good = [price for price in held if math.isfinite(price) and price > 0]
            whole &= len(good) == len(held)
            for price in good[-MOST_LINES:]:
                self._number += 1
                line = Line(f"line-{self._number}", price)
                self._lines.setdefault(str(key), {})[line.id] = line
        if table and not whole:
            self._file.doubt()
            self._save()
