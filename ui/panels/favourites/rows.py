"""Favourite instruments as columns of a table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from heatdesk.favourites import Favourite
from heatdesk.frames import DataState, venue_title
from heatdesk.units import format_price
from heatdesk.views.dot_words import change_words
from heatdesk.views.watchlist import UNQUOTED, Quoted
from ui import theme
from ui.panel.header import state_colour
from ui.table import Column, Value, lean_tint

_QUIET = {DataState.LIVE, DataState.DEMO, DataState.WAITING}


@dataclass(frozen=True, slots=True)
class FavouriteRow:
    """One line of the list.

    Attributes
    ----------
    state : DataState or None
        Of the feed its price comes from; None: none tells it.
    words : str
        The same in words.
    """

    favourite: Favourite
    quoted: Quoted = UNQUOTED
    state: DataState | None = None
    words: str = ""


def favourite_columns(rows: Sequence[FavouriteRow]) -> list[Column]:
    """Columns of the list; a price that is old is written faintly."""
    ticks = {row.quoted.last: row.quoted.tick_size for row in rows}
    old = {row.quoted.last for row in rows if row.state not in {DataState.LIVE, DataState.DEMO}}
    colours = {row.words: row.state for row in rows if row.state is not None}

    def price_words(value: Value) -> str:
        return format_price(float(value), ticks.get(float(value), 0.01))

    def price_tint(value: Value) -> str | None:
        return theme.Palette.TEXT_FAINT if value in old else None

    def state_tint(value: Value) -> str | None:
        state = colours.get(str(value))
        return theme.Palette.TEXT_DIM if state is None or state in _QUIET else state_colour(state)

    return [
        Column("Symbol", [row.favourite.name for row in rows]),
        Column("Venue", [_venue(row.favourite) for row in rows]),
        Column("Last", [row.quoted.last for row in rows], price_words, price_tint),
        Column(
            "24h %", [row.quoted.change_ratio * 100 for row in rows], _change, lean_tint, "24h_pct"
        ),
        Column("Data", [row.words for row in rows], tint=state_tint),
    ]


def _venue(favourite: Favourite) -> str:
    return venue_title(favourite.venue) if favourite.venue else "any"


def _change(value: Value) -> str:
    change = float(value)
    return change_words(change).removesuffix(" %") if math.isfinite(change) else ""
