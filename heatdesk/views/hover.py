"""What the hover card says about the cell under the cursor."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import tzinfo

from heatdesk.frames import Quote
from heatdesk.units import format_compact, format_pct, format_price, format_usd, grouped
from heatdesk.views.heatmap import pooling_text
from heatdesk.views.ticks import moment_label, zone_tag

_APPROXIMATE = "\u2248 "
_NOT_OBSERVED = {
    "gap": "gap: no data",
    "unknown": "no data here yet",
    "outside": "outside the reported range",
}


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
    pooled_max, pooled_sum : float
        Largest quantity of a level, and sum over the levels, of such a cell; NaN if not known.
    missing_columns : int
        How many of its columns nobody observed.
    best_bid, best_ask : float
        Best prices of the column, quote units; NaN where a side is empty or not marked.
    best_exact : bool
        They are as served.
    best_quoted : bool
        They are prices as the venue quotes them, not edges of levels.
    largest : float
        Largest quantity in view; NaN if not known.
    in_part : bool
        A gap fell into a column, or a venue of the sum was missing.
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
    pooled_max: float = math.nan
    pooled_sum: float = math.nan
    missing_columns: int = 0
    best_bid: float = math.nan
    best_ask: float = math.nan
    best_exact: bool = False
    best_quoted: bool = False
    largest: float = math.nan
    in_part: bool = False

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
        What is counted, or what USD are converted into (``BTC``).
    venues : str
        Who reported, as it is written on screen; empty leaves the row out.
    """

    interval_ms: int
    tick_size: float
    block_size: float
    quote: Quote
    unit: str
    zone: tzinfo | None
    last_price: float = math.nan
    venues: str = ""


def format_qty(value: float, quote: Quote, unit: str) -> str:
    """A quantity with its unit (``12.345 BTC``, ``$1,234,500``)."""
    if not math.isfinite(value):
        return "-"
    if value == 0:
        return "0"
    if quote is Quote.USD:
        return "$" + grouped(value, 0 if value >= 100 else 2)
    decimals = 0 if value >= 100_000 else 3 if value >= 1 else 6
    figure = grouped(value, decimals)
    while decimals > 3 and figure.endswith("0"):
        figure, decimals = figure[:-1], decimals - 1
    return f"{figure} {unit}".rstrip()


def converted_text(value: float, quote: Quote, unit: str, price: float) -> str:
    """A quantity in the other unit, short, at a price (``$873K``, ``12.4 BTC``); or empty."""
    if not (value > 0 and price > 0 and math.isfinite(value) and math.isfinite(price)):
        return ""
    if quote is Quote.COIN:
        return format_usd(value * price)
    return f"{format_compact(value / price)} {unit}".rstrip()


def hover_lines(reading: CellReading, style: HoverStyle, side: str = "") -> list[tuple[str, str]]:
    """Rows of the hover card as label and value, always in the same order.

    Parameters
    ----------
    side : str
        Inferred side of a level whose side is not served (``long``); its row says so.
    """
    tag = zone_tag(reading.time_ms, style.zone)
    rows = [
        ("Time", f"{moment_label(reading.time_ms, style.interval_ms, style.zone)} {tag}"),
        ("Price", _price_text(reading, style)),
        *_quantity_rows(reading, style, side),
    ]
    if reading.state == "observed":
        share = _share_text(reading)
        told = _cell_text(reading) if reading.value > 0 else ""
        rows += [("Share", share)] if share else []
        rows += [("Cell", told)] if told else []
    distance = _distance_text(reading, style)
    best = _best_text(reading, style)
    rows += [("From last", distance)] if distance else []
    quoted = reading.best_quoted or _is_one_tick(style)
    rows += [("Best" if quoted else "Best level", best)] if best else []
    if style.venues:
        observed = reading.state == "observed"
        rows.append(("Source", style.venues + (f", {_observed_text(reading)}" if observed else "")))
    return rows


def _price_text(reading: CellReading, style: HoverStyle) -> str:
    text = format_price(reading.price, style.tick_size)
    if reading.pooled_price > 0:
        text += f" to {format_price(reading.price + reading.pooled_price, style.tick_size)}"
    return text


def _quantity_rows(reading: CellReading, style: HoverStyle, side: str) -> list[tuple[str, str]]:
    if reading.state != "observed":
        return [("", _NOT_OBSERVED.get(reading.state, reading.state))]
    served = [("Bid", reading.bid), ("Ask", reading.ask)]
    rows = [
        (name, _quantity_text(v, reading, style))
        for name, v in served
        if math.isfinite(v) and v > 0
    ]
    if not rows and math.isfinite(reading.qty):
        name = f"{side.capitalize()} (inferred)" if side else "Quantity"
        rows = [(name, _quantity_text(reading.qty, reading, style))]
    return rows or [("Quantity", "0: observed empty")]


def _quantity_text(value: float, reading: CellReading, style: HoverStyle) -> str:
    approximate = "" if reading.exact or value == 0 else _APPROXIMATE
    # a pooled cell says nothing about where in its reach the quantity rests: take the middle
    price = reading.price + reading.pooled_price / 2
    other = converted_text(value, style.quote, style.unit, price)
    return approximate + format_qty(value, style.quote, style.unit) + (other and f"  {other}")


def _share_text(reading: CellReading) -> str:
    value = reading.value
    if not (reading.largest > 0 and value > 0):
        return ""
    share_pct = min(100.0, value / reading.largest * 100)
    if share_pct > 99.5:
        return "largest in view"
    figure = "under 1" if share_pct < 1 else f"{share_pct:.0f}"
    return f"{figure} % of the largest in view"


def _cell_text(reading: CellReading) -> str:
    """What a pooled cell stands for (``max 12.4 of 25 levels, sum 96``)."""
    figures = [("max", reading.pooled_max), ("sum", reading.pooled_sum)]
    if reading.pooling == "sum":
        figures.reverse()
    (name, value), (other, other_value) = figures
    if reading.pooled <= 1 or not math.isfinite(value):
        return pooling_text(reading.pooling, reading.pooled, reading.pooled_columns)
    buckets = f" in {reading.pooled_columns} buckets" if reading.pooled_columns > 1 else ""
    text = f"{name} {format_compact(value)} of {reading.pooled} levels{buckets}"
    # of very many cells only what is drawn is known at once
    return text + (f", {other} {format_compact(other_value)}" if other_value >= 0 else "")


def _distance_text(reading: CellReading, style: HoverStyle) -> str:
    last = style.last_price
    if not (math.isfinite(last) and last > 0):
        return ""
    away = reading.price + reading.pooled_price / 2 - last
    sign = "+" if away > 0 else "-" if away < 0 else ""
    points = format_price(abs(away), style.tick_size)
    return f"{format_pct(away / last * 100, 2)}  {sign}{points}"


def _is_one_tick(style: HoverStyle) -> bool:
    """Whether a level is a price, not a stretch in which a price lies."""
    return style.block_size <= style.tick_size * (1 + 1e-9)


def _best_text(reading: CellReading, style: HoverStyle) -> str:
    """Best bid and ask of the column, or their levels; of a side that holds nothing, a dash."""
    prices = (reading.best_bid, reading.best_ask)
    if not any(math.isfinite(price) for price in prices):
        return ""
    bid, ask = (format_price(price, style.tick_size) for price in prices)
    if bid == ask and not (reading.best_quoted or _is_one_tick(style)):
        ask = "same"
    crossed = reading.best_quoted and reading.best_bid > reading.best_ask
    text = ("" if reading.best_exact else _APPROXIMATE) + f"{bid} / {ask}"
    return f"{text}, crossed" if crossed else text


def _observed_text(reading: CellReading) -> str:
    if not reading.missing_columns:
        return "observed in part" if reading.in_part else "observed"
    seen = reading.pooled_columns - reading.missing_columns
    return f"observed in {seen} of {reading.pooled_columns} buckets"
