"""Whose liquidity a cell of a summed book is, and how many of the venues know its price."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_MOST_NAMED = 4
_IN_A_ROW = 2
"""More would make the card as wide as the chart it lies on."""


@dataclass(frozen=True, slots=True)
class VenueShare:
    """What one venue has at a price.

    Attributes
    ----------
    title : str
        Name of the venue on screen.
    qty : float
        In the unit of the sum; NaN where the venue does not know the price, or is missing.
    """

    title: str
    qty: float


def share_rows(shares: Sequence[VenueShare]) -> list[tuple[str, str]]:
    """Rows of the hover card: the largest shares first, then who knows this price.

    A venue that does not know it is no zero: its share is not told, and the count says so.
    """
    known = [share for share in shares if math.isfinite(share.qty)]
    rows: list[tuple[str, str]] = []
    total = sum(share.qty for share in known)
    if total > 0:
        some = sorted((share for share in known if share.qty > 0), key=lambda one: -one.qty)
        parts = [f"{one.title} {_percent(one.qty / total)}" for one in some[:_MOST_NAMED]]
        rest = sum(one.qty for one in some[_MOST_NAMED:])
        if rest > 0:
            parts.append(f"others {_percent(rest / total)}")
        for first in range(0, len(parts), _IN_A_ROW):
            rows.append(("and" if first else "Venues", ", ".join(parts[first : first + _IN_A_ROW])))
    if len(known) == len(shares):
        rows.append(("Known by", f"all {len(shares)} venues"))
    else:
        rows.append(("Known by", f"{len(known)} of {len(shares)} know this price"))
    return rows


def _percent(ratio: float) -> str:
    return "under 1 %" if ratio < 0.01 else f"{ratio * 100:.0f} %"
