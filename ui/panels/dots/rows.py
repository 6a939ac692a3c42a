"""Market dots as columns of a table."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from heatdesk.frames import DotSet
from heatdesk.frames.market import TIMEFRAMES
from heatdesk.units import format_usd
from heatdesk.views.dot_words import change_words, price_words, volume_words
from ui.table import Column, Tint, Value, Words, lean_tint, no_tint

COLUMN_FIGURES = (
    *("", "", "relative_volume"),
    *(f"change_{timeframe}" for timeframe in TIMEFRAMES),
    *("market_cap_usd", "price_usd", "volume_24h_usd"),
)
"""Figure that each column shows, as alerts name it; empty: it is none."""


def dot_columns(dots: DotSet, rows: list[int]) -> list[Column]:
    """Columns of some dots: name, symbol, every figure."""

    def figures(
        title: str, values: NDArray[np.float64], words: Words, tint: Tint = no_tint
    ) -> Column:
        return Column(title, [float(values[row]) for row in rows], words, tint)

    return [
        Column("Name", [dots.names[row] for row in rows]),
        Column("Symbol", [dots.symbols[row].upper() for row in rows]),
        figures("Rel. volume", dots.relative_volume, _volume),
        *(
            figures(f"{timeframe} %", dots.change_pct[:, i], _change, lean_tint)
            for i, timeframe in enumerate(TIMEFRAMES)
        ),
        figures("Market cap", dots.market_cap_usd, _dollars),
        figures("Price", dots.price_usd, _price),
        figures("Volume 24h", dots.volume_24h_usd, _dollars),
    ]


def _volume(value: Value) -> str:
    return volume_words(float(value))


def _change(value: Value) -> str:
    return change_words(float(value)).removesuffix(" %")


def _dollars(value: Value) -> str:
    return format_usd(float(value))


def _price(value: Value) -> str:
    return price_words(float(value))
