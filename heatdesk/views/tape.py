"""Time and sales as rows: the trades of one order joined, the small ones left out."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from heatdesk.frames import LiquidationBatch, Quote, TradeBatch

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BUY, SELL, LONG_LIQUIDATED, SHORT_LIQUIDATED = range(4)
"""Kinds of a print."""


@dataclass(frozen=True, slots=True)
class Prints:
    """Rows of the tape, oldest first; all arrays (n,).

    Attributes
    ----------
    time_ms : int64
    price : float64
        Of several trades of one order the last, which is the one furthest from where it began.
    qty_base, value_usd : float64
        Summed over the trades of an order; the value is in the quote currency.
    kind : int8
        `BUY`, `SELL`, `LONG_LIQUIDATED` or `SHORT_LIQUIDATED`.
    count : int64
        Trades in the row.
    """

    time_ms: Ints = field(repr=False)
    price: Floats = field(repr=False)
    qty_base: Floats = field(repr=False)
    value_usd: Floats = field(repr=False)
    kind: NDArray[np.int8] = field(repr=False)
    count: Ints = field(repr=False)

    def __len__(self) -> int:
        return int(self.time_ms.size)

    def size(self, quote: Quote) -> Floats:
        """What a row is measured by."""
        return self.value_usd if quote is Quote.USD else self.qty_base

    def picked(self, keep: NDArray[np.bool_] | NDArray[np.intp] | slice) -> Prints:
        """Some of the rows."""
        return Prints(
            self.time_ms[keep],
            self.price[keep],
            self.qty_base[keep],
            self.value_usd[keep],
            self.kind[keep],
            self.count[keep],
        )


def prints_of(trades: TradeBatch, *, joined: bool = True) -> Prints:
    """Rows of trades; ``joined`` makes one of neighbours of one side and moment: one order's.

    A large order meets many resting ones, and each meeting is a trade of its own.
    """
    n = trades.time_ms.size
    value = trades.price * trades.qty_base
    kind = np.where(trades.buy, BUY, SELL).astype(np.int8)
    if not joined or n == 0:
        ones = np.ones(n, np.int64)
        return Prints(trades.time_ms, trades.price, trades.qty_base, value, kind, ones)
    new = np.ones(n, np.bool_)
    new[1:] = (np.diff(trades.time_ms) != 0) | (trades.buy[1:] != trades.buy[:-1])
    starts = np.flatnonzero(new)
    ends = np.append(starts[1:], n) - 1
    return Prints(
        trades.time_ms[starts],
        trades.price[ends],
        np.add.reduceat(trades.qty_base, starts),
        np.add.reduceat(value, starts),
        kind[starts],
        ends - starts + 1,
    )


def liquidation_prints(batch: LiquidationBatch) -> Prints:
    """Rows of liquidations that happened."""
    kind = np.where(batch.long, LONG_LIQUIDATED, SHORT_LIQUIDATED).astype(np.int8)
    ones = np.ones(batch.time_ms.size, np.int64)
    return Prints(batch.time_ms, batch.price, batch.qty_base, batch.value_usd, kind, ones)


def merged(one: Prints, other: Prints) -> Prints:
    """Rows of both by time; of equal times those of ``one`` come first."""
    if len(other) == 0:
        return one
    both = Prints(
        *(
            np.concatenate((getattr(one, name), getattr(other, name)))
            for name in ("time_ms", "price", "qty_base", "value_usd", "kind", "count")
        )
    )
    return both.picked(np.argsort(both.time_ms, kind="stable"))


NO_PRINTS = prints_of(
    TradeBatch(np.zeros(0, np.int64), np.zeros(0), np.zeros(0), np.zeros(0, np.bool_))
)


def at_least(prints: Prints, least: float, quote: Quote) -> Prints:
    """Rows of a size and more; liquidations stay whatever their size."""
    if least <= 0:
        return prints
    return prints.picked((prints.size(quote) >= least) | (prints.kind >= LONG_LIQUIDATED))


def strength(size: float, usual: float) -> float:
    """How much a row stands out, 0 to 1: nothing at the usual size, all at a hundred times it."""
    if not size > usual > 0:
        return 0.0
    return min(1.0, float(np.log(size / usual) / np.log(100.0)))


def tape_csv(prints: Prints) -> str:
    """Rows as CSV, every digit kept, newest first."""
    names = ("BUY", "SELL", "LONG LIQUIDATED", "SHORT LIQUIDATED")
    lines = ["time_ms,kind,price,qty_base,value,trades"]
    for i in range(len(prints) - 1, -1, -1):
        figures = (prints.price[i], prints.qty_base[i], prints.value_usd[i])
        told = ",".join(repr(float(figure)) for figure in figures)
        lines.append(f"{prints.time_ms[i]},{names[prints.kind[i]]},{told},{prints.count[i]}")
    return "\n".join(lines) + "\n"
