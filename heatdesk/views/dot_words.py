"""What is said about a dot: axis marks, the hover card, a copied line, the CSV file."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable

from heatdesk.frames import DotSet
from heatdesk.frames.market import TIMEFRAMES
from heatdesk.units import format_compact, format_usd, grouped, shown_number

CSV_COLUMNS = (
    "id",
    "name",
    "symbol",
    "relative_volume",
    *(f"change_{timeframe}_pct" for timeframe in TIMEFRAMES),
    "market_cap_usd",
    "price_usd",
    "volume_24h_usd",
)
"""Columns of a dot file, in order."""


def volume_words(value: float) -> str:
    """Words of a relative volume (``0.98x``, ``1.24x``, ``12.5x``)."""
    if not math.isfinite(value):
        return "-"
    if abs(value) < 0.1:
        return shown_number(f"{value:.3g}x")
    return grouped(value, 2 if abs(value) < 10 else 1) + "x"


def volume_mark_words(value: float) -> str:
    """Words of a relative volume at an axis mark (``0.5x``, ``1.075x``)."""
    return shown_number(f"{float(f'{value:.4g}'):g}x")


def mark_words(change_pct: float) -> str:
    """Words of a change at an axis mark (``+2 %``, ``-0.5 %``, ``+15K %``)."""
    if change_pct == 0:
        return "0 %"
    size = abs(change_pct)
    text = format_compact(size, 2) if size >= 10_000 else shown_number(f"{float(f'{size:.4g}'):,g}")
    return f"{'+' if change_pct > 0 else '-'}{text} %"


def change_words(change_pct: float) -> str:
    """Words of a change (``+2.34 %``, ``+1,204 %``); a missing one is a dash."""
    if not math.isfinite(change_pct):
        return "-"
    size = abs(change_pct)
    decimals = 2 if size < 100 else 1 if size < 1000 else 0
    if size < 0.005:
        return "0.00 %"
    if size >= 100_000:
        return f"{'+' if change_pct > 0 else '-'}{format_compact(size)} %"
    return shown_number(f"{change_pct:+,.{decimals}f} %")


def price_words(price_usd: float) -> str:
    """Words of a price whose tick size is not known (``$68,421``, ``$3.142``, ``$0.00001234``)."""
    if not math.isfinite(price_usd):
        return "-"
    size = abs(price_usd)
    if size >= 10_000:
        return "$" + grouped(price_usd)
    if size >= 100:
        return "$" + grouped(price_usd, 2)
    if size == 0:
        return "$0"
    decimals = min(14, max(2, 3 - math.floor(math.log10(size))))
    return "$" + grouped(price_usd, decimals)


def dot_name(dots: DotSet, row: int) -> str:
    """Return the short name written beside a dot: the symbol of a coin, else the name."""
    symbol = dots.symbols[row]
    return symbol.upper() if dots.mode == "coins" and symbol else dots.names[row]


def card_rows(dots: DotSet, row: int) -> list[tuple[str, str, float]]:
    """Figures of a dot's card.

    Returns
    -------
    list of (label, words, change_pct)
        ``change_pct`` is NaN in rows that tell no change.
    """
    nan = math.nan
    rows = [("Price", price_words(float(dots.price_usd[row])), nan)]
    for timeframe, change in zip(TIMEFRAMES, dots.change_pct[row], strict=True):
        rows.append((timeframe, change_words(float(change)), float(change)))
    rows.append(("Relative volume", volume_words(float(dots.relative_volume[row])), nan))
    rows.append(("Market cap", format_usd(float(dots.market_cap_usd[row])), nan))
    rows.append(("Volume 24h", format_usd(float(dots.volume_24h_usd[row])), nan))
    return rows


def dot_line(dots: DotSet, row: int, timeframe: str) -> str:
    """One line about a dot, to be copied (``Bitcoin BTC: +2.34 % in 24h, volume 1.12x``)."""
    change = float(dots.change_pct[row, TIMEFRAMES.index(timeframe)])
    who = f"{dots.names[row]} {dots.symbols[row]}".strip()
    volume = volume_words(float(dots.relative_volume[row]))
    return f"{who}: {change_words(change)} in {timeframe}, relative volume {volume}"


def dots_csv(dots: DotSet, rows: Iterable[int]) -> str:
    """Rows of a dot set as CSV, every digit kept, unknown figures empty."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for row in rows:
        figures = (
            dots.relative_volume[row],
            *dots.change_pct[row],
            dots.market_cap_usd[row],
            dots.price_usd[row],
            dots.volume_24h_usd[row],
        )
        words = ["" if math.isnan(figure) else repr(float(figure)) for figure in figures]
        writer.writerow([dots.ids[row], dots.names[row], dots.symbols[row], *words])
    return out.getvalue()
