"""What the hover card says about the cell under the cursor."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import tzinfo

from heatdesk.frames import Quote
from heatdesk.units import format_pct, format_price
from heatdesk.views.heatmap import pooling_text
from heatdesk.views.ticks import moment_label, zone_tag


@dataclass(frozen=True, slots=True)
class CellReading:
    """What is known of the thing under the cursor.

    Attributes
    ----------
    state : str
        ``observed``, ``gap``, ``outside`` (of the reported range) or ``unknown`` (no column).
    bid, ask, qty : float
        Quantities; NaN where not observed or not served.
    exact : bool
        The figures are as served, not read back from a code.
    pooled, pooled_columns : int
        How many levels and columns the cell on screen stands for.
    pooling : str
        ``max`` or ``sum``: what was done with them.
    pooled_price : float
        Height of a cell that stands for several levels, quote units; 0 for a single level.
    """

    time_ms: int
    price: float
    state: str
    bid: float = math.nan
    ask: float = math.nan
    qty: float = math.nan
    exact: bool = False
    pooled: int = 1
    pooled_columns: int = 1
    pooling: str = "max"
    pooled_price: float = 0.0

    @property
    def value(self) -> float:
        """The one figure of this cell, NaN when there is none."""
        known = [v for v in (self.bid, self.ask, self.qty) if math.isfinite(v)]
        return max(known) if known else math.nan


@dataclass(frozen=True, slots=True)
class HoverStyle:
    """How figures of one instrument are written.

    Attributes
    ----------
    tick_size, block_size : float
        Precision of prices and height of a level, quote units.
    unit : str
        What is counted (``BTC``); ignored for USD.
    side : str
        Inferred side of the level, empty where the sides are served or none is told.
    """

    interval_ms: int
    tick_size: float
    block_size: float
    quote: Quote
    unit: str
    zone: tzinfo | None
    last_price: float = math.nan


def format_qty(value: float, quote: Quote, unit: str) -> str:
    """A quantity with its unit (``12.345 BTC``, ``$1,234,500``)."""
    if not math.isfinite(value):
        return "-"
    if value == 0:
        return "0"
    if quote is Quote.USD:
        return f"${value:,.0f}" if value >= 100 else f"${value:,.2f}"
    decimals = 0 if value >= 100_000 else 3 if value >= 1 else 6
    figure = f"{value:,.{decimals}f}"
    while decimals > 3 and figure.endswith("0"):
        figure, decimals = figure[:-1], decimals - 1
    return f"{figure} {unit}".rstrip()


def hover_lines(reading: CellReading, style: HoverStyle, side: str = "") -> list[tuple[str, str]]:
    """Rows of the hover card as label and value.

    Parameters
    ----------
    side : str
        Inferred side of a level whose side is not served (``long``); its row says so.
    """
    tag = zone_tag(reading.time_ms, style.zone)
    rows = [
        ("Time", f"{moment_label(reading.time_ms, style.interval_ms, style.zone)} {tag}"),
        ("Price", _price_text(reading, style)),
    ]
    rows += _quantity_rows(reading, style, side)
    told = pooling_text(reading.pooling, reading.pooled, reading.pooled_columns)
    if reading.state == "observed" and told:
        rows.append(("Cell", told))
    return rows


def _price_text(reading: CellReading, style: HoverStyle) -> str:
    text = format_price(reading.price, style.tick_size)
    if reading.pooled_price > 0:
        text += f" to {format_price(reading.price + reading.pooled_price, style.tick_size)}"
    if math.isfinite(style.last_price) and style.last_price > 0:
        text += f"  {format_pct((reading.price / style.last_price - 1) * 100, 2)}"
    return text


def _quantity_rows(reading: CellReading, style: HoverStyle, side: str) -> list[tuple[str, str]]:
    if reading.state == "gap":
        return [("", "gap: no data")]
    if reading.state == "unknown":
        return [("", "no data here yet")]
    if reading.state == "outside":
        return [("", "outside the reported range")]
    approx = "" if reading.exact else "≈ "
    served = [("Bid", reading.bid), ("Ask", reading.ask)]
    rows = [
        (name, approx * (v > 0) + format_qty(v, style.quote, style.unit))
        for name, v in served
        if math.isfinite(v) and v > 0
    ]
    if not rows and math.isfinite(reading.qty):
        name = f"{side.capitalize()} (inferred)" if side else "Quantity"
        rows = [
            (name, approx * (reading.qty > 0) + format_qty(reading.qty, style.quote, style.unit))
        ]
    return rows or [("Quantity", "0: observed empty")]
