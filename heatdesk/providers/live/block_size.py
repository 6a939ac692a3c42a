"""How high a level is when nobody says: a round step near a forty-thousandth of the price."""

from __future__ import annotations

import math

PRICE_SHARE = 2.5e-5
"""A fresh view of four thousandths of the price is then some 160 levels high."""
_STEPS = (1.0, 2.0, 5.0, 10.0)


def recommended_block_size(price: float, tick_size: float) -> float:
    """Choose 1, 2 or 5 times a power of ten, nearest by ratio to the share, at least the tick."""
    wanted = price * PRICE_SHARE
    if not (math.isfinite(wanted) and wanted > 0):
        return tick_size
    power = math.floor(math.log10(wanted))
    sizes = [step * 10.0**power for step in _STEPS]
    best = min(sizes, key=lambda size: abs(math.log(size / wanted)))
    if best < tick_size:
        best = round_up(tick_size)
    # 3 * 10.0**-5 is not 0.00003: the nearest short decimal is
    return float(f"{best:.0e}")


def round_up(least: float) -> float:
    """The lowest 1, 2 or 5 times a power of ten that is no less than a positive figure."""
    power = math.floor(math.log10(least) + 1e-9)
    for step in _STEPS:
        size = step * 10.0**power
        if size >= least * (1 - 1e-9):
            return size
    return least
