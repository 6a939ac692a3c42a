"""What Kiyotaka's levels must be: finite, positive, in order, none twice."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from heatdesk.errors import BadPayload
from heatdesk.frames.market import Float64Array, LevelRuns
from heatdesk.net.fields import Node

PROVIDER, TITLE = "kiyotaka", "Kiyotaka"
DESCENDING, ASCENDING = -1, 1
LEAST_PRICE, MOST_PRICE = 1e-15, 1e15
"""Prices outside are no market's; they would stretch the levels beyond what can be counted."""

Place = Callable[[int, int, int], str]
"""Path of a number: snapshot, level in it, 0 for the price and 1 for the quantity."""


def bad(path: str, expected: str) -> BadPayload:
    """Build the error for a field that is not the contract."""
    return Node(None, PROVIDER, TITLE, path).bad(expected)


def _locate(runs: LevelRuns, index: int) -> tuple[int, int]:
    snapshot = int(np.searchsorted(runs.offsets, index, side="right")) - 1
    return snapshot, index - int(runs.offsets[snapshot])


def check_levels(runs: LevelRuns, place: Place) -> None:
    """Hold prices to what a market can quote and quantities to zero or more, all finite."""
    # A comparison with NaN is false, so that these find it as well.
    if runs.price.size == 0 or (
        runs.price.min() >= LEAST_PRICE
        and runs.qty.min() >= 0
        and runs.price.max() <= MOST_PRICE
        and runs.qty.max() < np.inf
    ):
        return
    wrong_price = ~((runs.price >= LEAST_PRICE) & (runs.price <= MOST_PRICE))
    wrong_qty = ~((runs.qty >= 0) & (runs.qty < np.inf))
    for kind, wrong, expected in (
        (0, wrong_price, f"is not a price from {LEAST_PRICE:g} to {MOST_PRICE:g}"),
        (1, wrong_qty, "is not a quantity of zero or more"),
    ):
        if wrong.any():
            raise bad(place(*_locate(runs, int(wrong.argmax())), kind), expected)


def _steps(runs: LevelRuns) -> Float64Array:
    """Price differences between neighbours; from one snapshot to the next it is 1."""
    steps = np.diff(runs.price)
    edges = runs.offsets[1:-1]
    steps[edges[(edges > 0) & (edges < runs.price.size)] - 1] = 1.0
    return steps


def check_order(runs: LevelRuns, direction: int, place: Place) -> None:
    """Hold the prices of each snapshot to one direction, none twice."""
    steps = _steps(runs)
    edges = runs.offsets[1:-1]
    if direction == DESCENDING:
        steps = -steps
        steps[edges[(edges > 0) & (edges < runs.price.size)] - 1] = 1.0
    if steps.size and steps.min() <= 0:
        k = int((steps <= 0).argmax())
        fault = "is a duplicate level" if steps[k] == 0 else "is a price out of order"
        raise bad(place(*_locate(runs, k + 1), 0), fault)


def check_flat_order(
    runs: LevelRuns, starts: list[int], path: str, book: bool, crossed: bool, depth: int | None
) -> None:
    """Hold each record to ascending prices, with the one step back that a book's sides explain."""
    steps = _steps(runs)
    if steps.size == 0 or steps.min() > 0:
        return
    seen = -1
    for k in np.flatnonzero(steps <= 0).tolist():
        i, j = _locate(runs, k + 1)
        count = int(runs.offsets[i + 1] - runs.offsets[i])
        boundary = book and i != seen and (crossed or steps[k] == 0)
        if boundary and depth is not None and count <= 2 * depth:
            # Neither side can hold more levels than were asked for.
            boundary = count - depth <= j <= depth
        if not boundary:
            fault = "is a duplicate level" if steps[k] == 0 else "is a price out of order"
            raise bad(f"{path}[{starts[i] + 2 + 2 * j}]", fault)
        seen = i
