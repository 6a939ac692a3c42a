"""Marks of liquidations that happened: how large, where, which carry a text, and what they say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

import numpy as np
from numpy.typing import NDArray

from heatdesk.analytics.liquidated import LiquidationGroup
from heatdesk.frames import Quote
from heatdesk.units import format_price, format_usd, grouped
from heatdesk.views.bubbles import amount_text
from heatdesk.views.labels import Box
from heatdesk.views.ticks import SECOND_MS, clock_label
from heatdesk.views.viewport import ChartWindow

LEAST_PX, MOST_PX = 7.0, 18.0
_FROM_USD = 1_000.0
_PX_PER_TENFOLD = 3.2
MOST_TEXTS = 12
_LEAST_TEXTS, _AREA_PER_TEXT = 3, 90_000.0
"""Texts in a small plot, and the square pixels that each more needs."""
_WORTH_RATIO = 0.08
"""What is smaller than this share of the largest in view needs no text."""
_GAP_PX = 4.0
TEXT_PX = 16.0


@dataclass(frozen=True, slots=True)
class Mark:
    """A triangle whose tip touches the price: LONG from above, SHORT from below.

    Attributes
    ----------
    x, y : float
        The tip, logical pixels of the plot.
    size : float
        Height of the triangle.
    text_box : Box or None
        Where its text is written.
    """

    group: LiquidationGroup
    x: float
    y: float
    size: float
    text: str = ""
    text_box: Box | None = None

    @property
    def box(self) -> Box:
        """What the triangle covers."""
        half = self.size * 0.62
        top = self.y - self.size if self.group.long else self.y
        return Box(self.x - half, top, 2 * half, self.size)


def mark_px(value_usd: float) -> float:
    """Size of a mark: a tenfold value is some pixels more."""
    tenfolds = math.log10(max(value_usd, _FROM_USD) / _FROM_USD)
    return min(MOST_PX, LEAST_PX + _PX_PER_TENFOLD * tenfolds)


def mark_text(group: LiquidationGroup) -> str:
    """What a mark says (``LONG LIQ $1.20M``, of several ``SHORT LIQ $48.1K x3``)."""
    side = "LONG" if group.long else "SHORT"
    several = f" \u00d7{group.count}" if group.count > 1 else ""
    return f"{side} LIQ {format_usd(group.value_usd)}{several}"


def lay_out_marks(
    groups: Sequence[LiquidationGroup], window: ChartWindow, least_usd: float = 0.0
) -> list[Mark]:
    """Marks in view, the largest first, still without places for their texts."""
    marks = []
    for group in groups:
        if group.value_usd < least_usd:
            continue
        x, y = window.x_of(group.time_ms / 1000), window.y_of(group.price)
        size = mark_px(group.value_usd)
        if -size < x < window.width_px + size and -size < y < window.height_px + size:
            marks.append(Mark(group, x, y, size, mark_text(group)))
    return sorted(marks, key=lambda mark: -mark.group.value_usd)


def place_texts(
    marks: Sequence[Mark],
    widths_px: Sequence[float],
    window: ChartWindow,
    right_px: float,
    obstacles: NDArray[np.float64] | None = None,
) -> list[Mark]:
    """Give the largest marks a text beside them where it covers no other mark or text.

    Parameters
    ----------
    marks : sequence of Mark
        The largest first.
    widths_px : sequence of float
        Of the texts, those of the first marks.
    right_px : float
        Texts end before this.
    obstacles : (n, 4) float64 or None
        Left, top, right and bottom of what a text covers only where it has no other place.
    """
    if not marks:
        return []
    boxes = np.array([(b.x, b.y, b.x + b.width, b.y + b.height) for b in (m.box for m in marks)])
    soft = obstacles if obstacles is not None else np.empty((0, 4))
    area = window.width_px * window.height_px
    most = min(MOST_TEXTS, max(_LEAST_TEXTS, round(area / _AREA_PER_TEXT)))
    taken: list[Box] = []
    placed = list(marks)
    worth = marks[0].group.value_usd * _WORTH_RATIO
    for i, (mark, width) in enumerate(zip(marks, widths_px, strict=False)):
        if mark.group.value_usd < worth or len(taken) >= most:
            break
        others = np.delete(boxes, i, axis=0)
        limits = (window.height_px, right_px)
        box = _free_place(mark, width, np.concatenate([others, soft]), taken, limits)
        if box is None:
            box = _free_place(mark, width, others, taken, limits)
        if box is not None:
            taken.append(box)
            placed[i] = Mark(mark.group, mark.x, mark.y, mark.size, mark.text, box)
    return placed


def _free_place(
    mark: Mark,
    width: float,
    others: NDArray[np.float64],
    taken: Sequence[Box],
    limits: tuple[float, float],
) -> Box | None:
    bottom_px, right_px = limits
    body = mark.box
    middle = body.y + body.height / 2 - TEXT_PX / 2
    right, left_of = body.x + body.width + _GAP_PX, body.x - _GAP_PX - width
    above, below = body.y - TEXT_PX - 2, body.y + body.height + 2
    # first beside it, then on the side it comes from, last on the one it points at
    near, far = (above, below) if mark.group.long else (below, above)
    for left, top in (
        (right, middle),
        (left_of, middle),
        (mark.x - width / 2, near),
        (right, near),
        (left_of, near),
        (right, far),
        (left_of, far),
        (mark.x - width / 2, near + (near - middle)),
    ):
        box = Box(left, top, width, TEXT_PX)
        inside = box.x >= 2 and box.x + width <= right_px and top >= 2 and top + TEXT_PX < bottom_px
        if not inside or any(box.overlaps(other) for other in taken):
            continue
        covers = (
            (others[:, 0] < left + width)
            & (others[:, 2] > left)
            & (others[:, 1] < top + TEXT_PX)
            & (others[:, 3] > top)
        )
        if not covers.any():
            return box
    return None


def mark_at(marks: Sequence[Mark], x_px: float, y_px: float, reach_px: float = 3.0) -> Mark | None:
    """The mark under a point, the largest of several."""
    boxes = ((mark, mark.box) for mark in marks)
    return next((mark for mark, box in boxes if _holds(box, x_px, y_px, reach_px)), None)


def text_at(marks: Sequence[Mark], x_px: float, y_px: float) -> Mark | None:
    """The mark whose text is under a point."""
    boxes = ((mark, mark.text_box) for mark in marks)
    return next((mark for mark, box in boxes if box and _holds(box, x_px, y_px, 0.0)), None)


def _holds(box: Box, x_px: float, y_px: float, reach_px: float) -> bool:
    return (
        box.x - reach_px <= x_px <= box.x + box.width + reach_px
        and box.y - reach_px <= y_px <= box.y + box.height + reach_px
    )


def liquidation_rows(
    group: LiquidationGroup,
    tick_size: float,
    quote: Quote,
    coin: str,
    zone: tzinfo | None,
    *,
    sampled: bool = False,
) -> list[tuple[str, str]]:
    """Rows of the hover card for one mark."""
    side = "Longs" if group.long else "Shorts"
    several = group.count > 1
    amount = amount_text(group.qty_base, group.value_usd, quote, coin)
    rows = [(f"{side} liquidated", amount)]
    at = clock_label(group.first_ms, SECOND_MS, zone)
    price = format_price(group.price, tick_size)
    rows.append(("Average price" if several else "At", price if several else f"{price}  {at}"))
    if several:
        rows.append(
            ("Liquidations", f"{grouped(group.count)}, largest {format_usd(group.largest_usd)}")
        )
        until = clock_label(group.last_ms, SECOND_MS, zone)
        rows.append(("From", at if at == until else f"{at} to {until}"))
    if sampled:
        rows.append(("", "sampled by the venue: an undercount"))
    return rows
