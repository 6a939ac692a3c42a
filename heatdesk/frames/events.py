"""What happened, one row an event: trades, and liquidations."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Float64Array = NDArray[np.float64]
Int64Array = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class TradeBatch:
    """Trades in the order they happened.

    Parameters
    ----------
    time_ms : (n,) int64
        The venue's time of each trade, ascending.
    price : (n,) float64
        Quote units.
    qty_base : (n,) float64
        Coins; contracts are converted.
    buy : (n,) bool
        Whether the aggressor bought.
    """

    time_ms: Int64Array = field(repr=False)
    price: Float64Array = field(repr=False)
    qty_base: Float64Array = field(repr=False)
    buy: BoolArray = field(repr=False)

    def __post_init__(self) -> None:
        columns: tuple[NDArray[np.generic], ...] = (self.price, self.qty_base, self.buy)
        if any(column.shape != self.time_ms.shape for column in columns):
            raise ValueError("trade columns differ in length")
        for column in (self.time_ms, *columns):
            column.setflags(write=False)


@dataclass(frozen=True, slots=True)
class LiquidationBatch:
    """Liquidations that happened, in the order they happened.

    Parameters
    ----------
    time_ms : (n,) int64
    price : (n,) float64
        Quote units: the fill where the venue tells it, else the bankruptcy price.
    qty_base, value_usd : (n,) float64
        Coins, and price x coins.
    long : (n,) bool
        Whether a LONG was liquidated (else a SHORT).
    raw_side : tuple of str, length n
        What the venue wrote: Binance names the side of the order, Bybit that of the position.
    sampled : bool
        The venue publishes some of them only: sums are an undercount.
    """

    time_ms: Int64Array = field(repr=False)
    price: Float64Array = field(repr=False)
    qty_base: Float64Array = field(repr=False)
    value_usd: Float64Array = field(repr=False)
    long: BoolArray = field(repr=False)
    raw_side: tuple[str, ...] = field(repr=False)
    sampled: bool = False

    def __post_init__(self) -> None:
        columns: tuple[NDArray[np.generic], ...] = (
            self.price,
            self.qty_base,
            self.value_usd,
            self.long,
        )
        if any(column.shape != self.time_ms.shape for column in columns):
            raise ValueError("liquidation columns differ in length")
        if len(self.raw_side) != self.time_ms.size:
            raise ValueError("liquidation columns differ in length")
        for column in (self.time_ms, *columns):
            column.setflags(write=False)
