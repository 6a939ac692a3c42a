"""Another level height for cells already held: sums survive, what was observed stays so."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from heatdesk.store.block import MAX_LEVELS, Cells, Span
from heatdesk.store.codes import EMPTY, FIRST, NOT_OBSERVED, Codes, CodeScale
from heatdesk.store.grid import PriceGrid
from heatdesk.store.ring import ALWAYS_HELD, CellRing

MAX_FINE_LEVELS = 16_384
"""Levels beyond which a served step is too fine to be held and several share a level."""

_FAR = 20.0


def choose_block_size(price: NDArray[np.float64], tick_size: float) -> float:
    """Level height for prices served on a step: the step, or the least multiple that can be held.

    Parameters
    ----------
    price : (n,) float64
        Prices to hold, quote units. Those more than 20 times off the median do not count.
    tick_size : float
        Smallest step between them; when NaN a ten-thousandth of the price's power of ten serves.
    """
    price = price[np.isfinite(price) & (price > 0)]
    if not tick_size > 0:
        middle = float(np.median(price)) if price.size else 1.0
        tick_size = 10.0 ** (math.floor(math.log10(middle)) - 4)
    if price.size == 0:
        return tick_size
    middle = float(np.median(price))
    low, high = max(float(price.min()), middle / _FAR), min(float(price.max()), middle * _FAR)
    return tick_size * max(1, math.ceil((high - low) / tick_size / MAX_FINE_LEVELS))


def fitting_block_size(
    price: NDArray[np.float64],
    tick_size: float,
    tick_size_before: float,
    held: PriceGrid,
    ends: tuple[int, int] | None,
) -> float:
    """Level height for prices that come on top of cells; the present one where it will do.

    Parameters
    ----------
    price : (n,) float64
        Prices that come, quote units.
    tick_size, tick_size_before : float
        Smallest step between prices, with these and without; NaN while unknown.
    held : PriceGrid
        Levels so far.
    ends : tuple of int or None
        Lowest and highest level that data has touched; None while there is none.
    """
    if ends is not None:
        if math.isnan(tick_size):
            return held.block_size
        low, high = held.price_of(ends[0]), held.price_of(ends[1])
        inside = price.size == 0 or (price.min() >= low and price.max() <= high)
        if inside and tick_size == tick_size_before:
            return held.block_size
        price = np.concatenate((price, [low, high]))
    return choose_block_size(price, tick_size) if price.size else held.block_size


def regridded(
    ring: CellRing, scale: CodeScale, old: PriceGrid, new_block_size: float, at_edge: bool
) -> dict[int, tuple[Cells | None, Span]]:
    """Prepare the blocks that have cells for `CellRing.replace`; takes no lock.

    Newest first, as many as the budget has room for.
    """
    found: dict[int, tuple[Cells | None, Span]] = {}
    nbytes = sum(b.nbytes - (b.cells.nbytes if b.cells else 0) for b in ring.blocks.values())
    for index in sorted(ring.blocks, reverse=True):
        block = ring.blocks[index]
        if block.cells is None:
            continue
        touched = block.low, block.high
        cells, held = regridded_cells(block.cells, touched, scale, old, new_block_size, at_edge)
        nbytes += cells.nbytes
        if nbytes > ring.budget_bytes and len(found) >= ALWAYS_HELD:
            break
        found[index] = cells, held
    return found


def regridded_cells(
    cells: Cells,
    touched: tuple[int, int],
    scale: CodeScale,
    old: PriceGrid,
    new_block_size: float,
    at_edge: bool,
) -> tuple[Cells, Span]:
    """Copy the cells of a block to levels of another height.

    Quantities go to the level that holds their old level's lower edge and are summed there. A
    new level inside an old one that was empty is *observed empty*. What does not fit into
    `MAX_LEVELS` about the middle is left out.

    Parameters
    ----------
    touched : tuple of int
        Levels that data has touched, inclusive.
    at_edge : bool
        Whether quantities lie at the lower edge of their level, and the rest of it is empty too
        (liquidations). Those of a book lie anywhere in it: the rest is *not observed*.

    Returns
    -------
    Cells
    Span
        Levels that data has touched, on the new grid.
    """
    new = PriceGrid(new_block_size)
    target = new.levels_of(np.arange(touched[0], touched[1] + 1, dtype=np.float64) * old.block_size)
    first = int(target[0])
    last = max(int(target[-1]), new.level_of((touched[1] + 1) * old.block_size) - 1)
    if last - first >= MAX_LEVELS:
        first = (first + last - MAX_LEVELS) // 2
        last = first + MAX_LEVELS - 1
    rows = np.arange(first, last + 1)
    source = np.clip(old.levels_of(rows.astype(np.float64) * new_block_size), *touched) - touched[0]
    kept = np.flatnonzero((target >= first) & (target <= last))
    planes: dict[str, Codes] = {}
    for name in cells.codes:
        top = touched[0] - cells.base_level
        held = cells.read(name, cells.columns, scale)[top : top + target.size]
        moved = np.minimum(held, EMPTY)
        if not at_edge:
            moved[held >= FIRST] = NOT_OBSERVED
        moved = moved[source]
        into, starts = np.unique(target[kept], return_index=True)
        moved[into - first] = _summed(held[kept[0] : kept[-1] + 1], starts, scale)
        planes[name] = moved
    return Cells(planes, first, cells.left, scale), (first, last + 1)


def _summed(codes: Codes, starts: NDArray[np.intp], scale: CodeScale) -> Codes:
    values = scale.values().copy()
    values[NOT_OBSERVED] = 0.0
    seen = np.maximum.reduceat(codes, starts, axis=0)
    out = np.empty_like(seen)
    for a in range(0, codes.shape[1], 256):
        part = slice(a, a + 256)
        total = np.add.reduceat(values[codes[:, part]], starts, axis=0)
        out[:, part] = scale.encode(total)
    return np.where(seen >= FIRST, out, seen)
