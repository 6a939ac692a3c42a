"""The market map: which dots to show, which to name, and what was left out."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from heatdesk.frames import DotSet
from heatdesk.frames.market import TIMEFRAMES

Float64Array = NDArray[np.float64]
Int64Array = NDArray[np.int64]

STABLECOINS = frozenset(
    [
        "USDT",
        "USDC",
        "USDS",
        "DAI",
        "USDE",
        "FDUSD",
        "PYUSD",
        "TUSD",
        "USDD",
        "USD1",
        "FRAX",
        "LUSD",
        "GUSD",
        "BUSD",
        "USDP",
        "CRVUSD",
        "GHO",
        "EURC",
        "EURS",
        "RLUSD",
        "USD0",
        "USDX",
        "SUSDE",
        "SUSDS",
        "USDTB",
        "USDG",
        "BFUSD",
        "USDF",
        "USDB",
        "USDY",
    ]
)
"""Symbols of coins pegged to a currency: on a market map they only hide the others."""


@dataclass(frozen=True, slots=True)
class DotSelection:
    """What of a dot set is drawn.

    Attributes
    ----------
    rows : (k,) int64
        Indices into the dot set, largest market cap first (so that small dots lie on top).
    x : (k,) float64
        Relative volume.
    y_pct : (k,) float64
        Change over the timeframe, percent points.
    area : (k,) float64
        Area of each dot relative to the largest, 0 to 1: square root of market cap.
    without_timeframe, stable, without_volume : int
        How many dots were left out, and why.
    """

    rows: Int64Array = field(repr=False)
    x: Float64Array = field(repr=False)
    y_pct: Float64Array = field(repr=False)
    area: Float64Array = field(repr=False)
    without_timeframe: int = 0
    stable: int = 0
    without_volume: int = 0

    def left_out(self, timeframe: str) -> str:
        """Say what was left out, empty when nothing was."""
        parts = [
            (self.without_timeframe, f"without {timeframe}"),
            (self.without_volume, "without volume"),
            (self.stable, f"stablecoin{'s' if self.stable != 1 else ''} hidden"),
        ]
        return ", ".join(f"{count} {what}" for count, what in parts if count)


def select_dots(
    dots: DotSet, timeframe: str, *, hide_stable: bool = True, log_x: bool = True
) -> DotSelection:
    """Choose the dots that a chart of one timeframe can show.

    A dot without that timeframe, or without a relative volume (on a log axis: without a
    positive one), cannot be placed; it is left out and counted, never drawn at zero.
    """
    change = dots.change_pct[:, TIMEFRAMES.index(timeframe)]
    volume = dots.relative_volume
    stable = np.array([symbol.upper() in STABLECOINS for symbol in dots.symbols], dtype=bool)
    stable &= hide_stable
    placed = np.isfinite(volume) & ((volume > 0) | (not log_x))
    dated = np.isfinite(change)
    cap = np.nan_to_num(dots.market_cap_usd, nan=0.0)
    rows = np.flatnonzero(~stable & placed & dated)
    rows = rows[np.argsort(-cap[rows], kind="stable")]
    size = np.sqrt(np.maximum(cap[rows], 0.0))
    largest = size.max(initial=0.0)
    return DotSelection(
        rows=rows,
        x=volume[rows],
        y_pct=change[rows],
        area=size / largest if largest > 0 else np.full(rows.size, 0.25),
        without_timeframe=int(np.count_nonzero(~stable & ~dated)),
        without_volume=int(np.count_nonzero(~stable & dated & ~placed)),
        stable=int(np.count_nonzero(stable)),
    )


def served_timeframes(dots: DotSet) -> tuple[str, ...]:
    """Timeframes of which at least one dot has a change; all of them where there is no dot."""
    if not dots.ids:
        return TIMEFRAMES
    known = np.isfinite(dots.change_pct)
    return tuple(name for i, name in enumerate(TIMEFRAMES) if known[:, i].any())


def nearest_timeframe(wanted: str, served: tuple[str, ...]) -> str:
    """The timeframe to show: the one wanted, else the longest shorter one, else the shortest."""
    if wanted in served or not served:
        return wanted
    shorter = [name for name in served if TIMEFRAMES.index(name) < TIMEFRAMES.index(wanted)]
    return shorter[-1] if shorter else served[0]


def label_order(selection: DotSelection, log_x: bool = True) -> Int64Array:
    """Order in which dots deserve a label: the largest and the outliers in turn.

    An outlier is far from the median of the set, in units of its median absolute deviation,
    on either axis.

    Returns
    -------
    (k,) int64
        Positions in the selection, most deserving first.
    """
    if selection.rows.size == 0:
        return np.empty(0, dtype=np.int64)
    x = np.log(selection.x) if log_x else selection.x
    strangeness = np.maximum(_robust_z(x), _robust_z(selection.y_pct))
    by_size = np.argsort(-selection.area, kind="stable")
    by_strangeness = np.argsort(-strangeness, kind="stable")
    turns = np.stack([by_size, by_strangeness], axis=1).ravel()
    _, first = np.unique(turns, return_index=True)
    return turns[np.sort(first)]


def matches(dots: DotSet, search: str) -> NDArray[np.bool_]:
    """Tell which dots a search text names, (n,) bool; an empty text matches all."""
    wanted = search.strip().lower()
    return np.array(
        [
            wanted in name.lower() or wanted in symbol.lower()
            for name, symbol in zip(dots.names, dots.symbols, strict=True)
        ],
        dtype=bool,
    )


def _robust_z(values: Float64Array) -> Float64Array:
    centre = np.median(values)
    spread = np.median(np.abs(values - centre))
    return np.abs(values - centre) / spread if spread > 0 else np.abs(values - centre)


def dot_of_coin(dots: DotSet, coin: str) -> str:
    """Id of the largest dot whose symbol a coin has; empty where there is none."""
    rows = [row for row, symbol in enumerate(dots.symbols) if symbol.upper() == coin.upper()]
    if not rows:
        return ""
    cap = np.nan_to_num(dots.market_cap_usd[rows], nan=0.0)
    return dots.ids[rows[int(np.argmax(cap))]]
