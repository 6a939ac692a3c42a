"""What a Kiyotaka server serves from: snapshots, their sources, and their text on the wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Floats = npt.NDArray[np.float64]
AskEdge = Literal["floor", "ceil"]


@dataclass(frozen=True)
class BookSnapshot:
    """One venue's book at the block size of the source or finer, in base units.

    `usd_px` is what one base unit is worth: a USD reply multiplies every quantity by it.
    Prices may come in any order; the server sorts.
    """

    bid_px: Floats
    bid_qty_base: Floats
    ask_px: Floats
    ask_qty_base: Floats
    usd_px: float


@dataclass(frozen=True)
class LevelSnapshot:
    """Would-be liquidations by price, ascending, in base units."""

    px: Floats
    qty_base: Floats
    usd_px: float


@dataclass(frozen=True)
class Candle:
    """One bucket of trades."""

    open_px: float
    high_px: float
    low_px: float
    close_px: float
    volume_base: float


class BookSource(Protocol):
    """Where a server takes its market from.

    `symbol` is the rawSymbol or the coin, as asked; None means that there is no such bucket.
    """

    def book(self, exchange: str, symbol: str, time_s: int, interval_s: int) -> BookSnapshot | None:
        """Return the book of the bucket that starts at `time_s`."""

    def liquidation(self, coin: str, time_s: int, interval_s: int) -> LevelSnapshot | None:
        """Return the liquidation levels of the bucket that starts at `time_s`."""

    def candle(self, exchange: str, symbol: str, time_s: int, interval_s: int) -> Candle | None:
        """Return the candle of the bucket that starts at `time_s`."""

    def block_size(self, exchange: str, symbol: str) -> float:
        """Return the 4K block size, 0 where the venue has no such symbol."""

    def markets(self) -> list[dict[str, object]]:
        """Return the rows of /v1/markets."""

    def arrange(self, times_s: list[int]) -> list[int]:
        """Return the bucket starts in the order served; repeats and late ones are allowed."""


@dataclass
class TableSource:
    """A source whose every number is given, for exact tests.

    Keys are `(exchange, symbol, time_s)`, liquidations `(coin, time_s)`.
    """

    books: Mapping[tuple[str, str, int], BookSnapshot] = field(default_factory=dict)
    liquidations: Mapping[tuple[str, int], LevelSnapshot] = field(default_factory=dict)
    candles: Mapping[tuple[str, str, int], Candle] = field(default_factory=dict)
    block_sizes: Mapping[tuple[str, str], float] = field(default_factory=dict)

    def book(self, exchange: str, symbol: str, time_s: int, interval_s: int) -> BookSnapshot | None:
        return self.books.get((exchange, symbol, time_s))

    def liquidation(self, coin: str, time_s: int, interval_s: int) -> LevelSnapshot | None:
        return self.liquidations.get((coin, time_s))

    def candle(self, exchange: str, symbol: str, time_s: int, interval_s: int) -> Candle | None:
        return self.candles.get((exchange, symbol, time_s))

    def block_size(self, exchange: str, symbol: str) -> float:
        return self.block_sizes.get((exchange, symbol), 0.0)

    def markets(self) -> list[dict[str, object]]:
        keys = sorted({(exchange, symbol) for exchange, symbol, _ in self.books})
        return [{"exchange": exchange, "rawSymbol": symbol} for exchange, symbol in keys]

    def arrange(self, times_s: list[int]) -> list[int]:
        return times_s


def snapshot_of(
    bids: Sequence[tuple[float, float]], asks: Sequence[tuple[float, float]], usd_px: float
) -> BookSnapshot:
    """Return a snapshot from `(price, quantity)` pairs."""
    bid = np.array(bids, dtype=np.float64).reshape(-1, 2)
    ask = np.array(asks, dtype=np.float64).reshape(-1, 2)
    return BookSnapshot(bid[:, 0], bid[:, 1], ask[:, 0], ask[:, 1], usd_px)


def sum_into_blocks(
    sides: Iterable[tuple[Floats, Floats]], block_size: float, edge: AskEdge = "floor"
) -> tuple[Floats, Floats]:
    """Sum quantities per block, over all the venues given.

    A level belongs to the block `floor(price / block) * block` (or `ceil`); blocks without a level
    are left out.

    Returns
    -------
    px, qty : float64 arrays of equal length, prices ascending
    """
    pairs = list(sides)
    px = np.concatenate([pair[0] for pair in pairs]) if pairs else np.empty(0)
    qty = np.concatenate([pair[1] for pair in pairs]) if pairs else np.empty(0)
    if px.size == 0:
        return np.empty(0), np.empty(0)
    # A price that is a multiple of the block must not fall below it by a rounding error.
    blocks = (
        np.floor(px / block_size + 1e-9) if edge == "floor" else np.ceil(px / block_size - 1e-9)
    )
    index = blocks.astype(np.int64)
    lowest = int(index.min())
    served = np.flatnonzero(np.bincount(index - lowest))
    sums = np.bincount(index - lowest, weights=qty)[served]
    prices: Floats = np.round((served + lowest).astype(np.float64) * block_size, 9)
    return prices, np.asarray(sums, dtype=np.float64)


def book_levels(
    snapshots: Sequence[BookSnapshot],
    block_size: float,
    max_depth: int,
    *,
    usd: bool = False,
    ask_edge: AskEdge = "floor",
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return bid prices and quantities (descending), ask prices and quantities (ascending)."""
    rates = [snapshot.usd_px if usd else 1.0 for snapshot in snapshots]
    bid_px, bid_qty = sum_into_blocks(
        [(s.bid_px, s.bid_qty_base * rate) for s, rate in zip(snapshots, rates, strict=True)],
        block_size,
    )
    ask_px, ask_qty = sum_into_blocks(
        [(s.ask_px, s.ask_qty_base * rate) for s, rate in zip(snapshots, rates, strict=True)],
        block_size,
        ask_edge,
    )
    nearest = slice(None, -max_depth - 1, -1)
    return bid_px[nearest], bid_qty[nearest], ask_px[:max_depth], ask_qty[:max_depth]


def liquidation_levels(
    snapshot: LevelSnapshot, max_depth: int, *, usd: bool = False
) -> tuple[Floats, Floats]:
    """Return the `max_depth` levels nearest to the price, ascending."""
    order = np.argsort(np.abs(snapshot.px - snapshot.usd_px), kind="stable")[:max_depth]
    kept = order[np.argsort(snapshot.px[order], kind="stable")]
    return snapshot.px[kept], snapshot.qty_base[kept] * (snapshot.usd_px if usd else 1.0)


class _TextOf(dict[float, str]):
    """repr by table: a large matrix repeats its prices and many of its quantities."""

    def __init__(self, whole_as_int: bool) -> None:
        super().__init__()
        self._whole_as_int = whole_as_int

    def __missing__(self, value: float) -> str:
        if self._whole_as_int and value.is_integer() and abs(value) < 2**53:
            text = str(int(value))
        else:
            text = repr(value)
        if len(self) < 400_000:
            self[value] = text
        return text


_PRICE_TEXT = _TextOf(whole_as_int=True)
_QTY_TEXT = _TextOf(whole_as_int=False)


def pairs_text(px: Floats, qty: Floats) -> str:
    """Return `p1,v1,p2,v2,...`; whole prices without a decimal point, as the documents show them."""
    prices = map(_PRICE_TEXT.__getitem__, px.tolist())
    # Only quantities of few decimals come again; the table would fill up with others.
    is_round = bool(qty.size) and abs(float(qty[0]) * 1e5 - round(float(qty[0]) * 1e5)) < 1e-6
    quantities = map(_QTY_TEXT.__getitem__ if is_round else repr, qty.tolist())
    return ",".join(chain.from_iterable(zip(prices, quantities, strict=True)))


def micros_text(time_s: int) -> str:
    """Return microseconds the way the documents print them: 1.7760801e+15."""
    return str(Decimal(time_s * 1_000_000).normalize()).lower()


def book_point_text(levels: tuple[Floats, Floats, Floats, Floats], time_s: int) -> str:
    """Return one element of `points`."""
    bids, asks = pairs_text(*levels[:2]), pairs_text(*levels[2:])
    return f'{{"Point":{{"bids":[{bids}],"asks":[{asks}],"timestamp":{{"s":{time_s}}}}}}}'


def liquidation_point_text(levels: tuple[Floats, Floats], time_s: int) -> str:
    """Return one element of `points`."""
    return f'{{"Point":{{"timestamp":{{"s":{time_s}}},"levels":[{pairs_text(*levels)}]}}}}'


def flat_record_text(px: Floats, qty: Floats, time_s: int) -> str:
    """Return one record of `flat_points`; the caller gives the prices ascending."""
    head = f"{px.size},{micros_text(time_s)}"
    return f"{head},{pairs_text(px, qty)}" if px.size else head
