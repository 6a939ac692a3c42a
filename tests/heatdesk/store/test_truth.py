"""Whatever comes in whatever order: each cell, gap and covered stretch is what a dict says.

Late, corrected and forming columns, empty snapshots and answers, pieces, clocks that jump.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pytest

from heatdesk.frames import BookSub, LiquidationSub
from heatdesk.store.bucketing import HeatmapFrame
from heatdesk.store.heatmap import HeatmapStore
from heatdesk.store.market import MarketStore
from heatdesk.store.ring import BLOCK, GAP, OBSERVED
from tests.heatdesk.store.books import (
    MINUTE,
    START_MS,
    Reference,
    Snapshot,
    book,
    liquidations,
    random_snapshot,
)

Sides = tuple[Snapshot, Snapshot]


@dataclass(frozen=True)
class Answer:
    """What came for the minutes ``asked``; ``complete`` is the first that still formed."""

    asked: tuple[int, int]
    complete: float
    snapshots: Mapping[int, Sides]

    def frame(self, sides: bool) -> HeatmapFrame:
        bids = {n: s[0] for n, s in self.snapshots.items()}
        if sides:
            asks = {n: s[1] for n, s in self.snapshots.items()}
            frame: HeatmapFrame = book(bids, asks, asked=self.asked)
        else:
            frame = liquidations(bids, 5.0, asked=self.asked)
        return replace(frame, complete_ms=START_MS + int(self.complete * MINUTE))


class World:
    """A market and a clock, neither of which can be trusted."""

    def __init__(self, seed: int, sides: bool) -> None:
        self.dice, self.rng = random.Random(seed), np.random.default_rng(seed)
        self.sides = sides
        self.now, self.middle = 1_000.0, 1_000

    def answer(self) -> Answer:
        dice = self.dice
        self.now += dice.choice([0.1, 0.2, 0.4, 1, 3])
        if dice.random() < 0.1:
            self.now += dice.choice([-30, -3, 50, 400, 1_500])
        self.middle += dice.choice([-300, 400]) if dice.random() < 0.05 else dice.randint(-15, 15)
        here, kind = int(self.now), dice.random()
        if kind < 0.5:
            asked = here - dice.randint(0, 4), here + 1
            return Answer(asked, self.now, self.snapshots(*asked))
        start = here - dice.randint(50, 1_200)
        asked = start, start + dice.randint(1, 50)
        if kind < 0.8:
            return Answer(asked, self.now, self.snapshots(*asked))
        if kind < 0.93:
            return Answer(asked, start, self.snapshots(*asked))
        return Answer(asked, self.now, {})

    def snapshots(self, start: int, stop: int) -> dict[int, Sides]:
        return {n: self.snapshot() for n in range(start, stop) if self.dice.random() < 0.85}

    def snapshot(self) -> Sides:
        if self.dice.random() < 0.05:
            return {}, {}
        bids, asks = random_snapshot(self.rng, self.middle, self.dice.randint(1, 20))
        if self.dice.random() < 0.1:
            bids = {price: qty * self.dice.choice([0.1, 30]) for price, qty in bids.items()}
            bids[self.middle * 5.0 - 100] = 0.0
        return (bids, asks) if self.sides else ({**bids, **asks}, {})


class Truth:
    """The slow obvious picture."""

    def __init__(self) -> None:
        self.cells = Reference()
        self.gaps: set[int] = set()
        self.covered: set[int] = set()

    def note(self, answer: Answer) -> None:
        (start, stop), complete = answer.asked, math.floor(answer.complete)
        self.cells.snapshots.update(answer.snapshots)
        self.gaps |= set(range(start, min(stop, complete)))
        if start < answer.complete < stop:
            self.covered = {n for n in self.covered if n < complete}
            if start < complete:
                self.gaps = {n for n in self.gaps if n < complete}
        self.gaps -= set(self.cells.snapshots)
        self.covered |= set(range(start, min(stop, complete)))

    def state(self, n: int) -> int:
        return OBSERVED if n in self.cells.snapshots else GAP if n in self.gaps else 0


def held_minutes(heat: HeatmapStore, truth: Truth) -> tuple[range, int]:
    """Every minute of which anything is known, and the first that was not evicted."""
    known = set(truth.cells.snapshots) | truth.gaps
    zero = heat.grid.time.column_of(START_MS)
    return range(min(known), max(known) + 1), heat.first_column - zero


def assert_states(heat: HeatmapStore, truth: Truth) -> None:
    minutes, first = held_minutes(heat, truth)
    zero = heat.grid.time.column_of(START_MS)
    found = heat.column_state(minutes[0] + zero, minutes[-1] + 1 + zero)
    assert found.tolist() == [truth.state(n) if n >= first else 0 for n in minutes]


def assert_cells(heat: HeatmapStore, truth: Truth) -> None:
    minutes, first = held_minutes(heat, truth)
    zero = heat.grid.time.column_of(START_MS)
    low, high = heat.first_level - 3, heat.last_level + 4
    for plane in heat.planes:
        codes = heat.codes(plane, minutes[0] + zero, minutes[-1] + 1 + zero, low, high)
        found = heat.values[codes]
        expected = np.full(found.shape, np.nan)
        for i, n in enumerate(minutes):
            sides = truth.cells.snapshots.get(n, ({}, {})) if n >= first else ({}, {})
            levels = [round(price / 5) for side in sides for price in side]
            if levels:
                expected[min(levels) - low : max(levels) + 1 - low, i] = 0.0
            for price, qty in sides[plane == "ask"].items():
                expected[round(price / 5) - low, i] = qty
        np.testing.assert_allclose(found, expected, rtol=5e-4)


@pytest.mark.parametrize("small", [False, True])
@pytest.mark.parametrize("sides", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_cells_gaps_and_covered_stretches_are_what_came_last(
    seed: int, sides: bool, small: bool
) -> None:
    sub = BookSub("demo") if sides else LiquidationSub("demo")
    store = MarketStore(heatmap_bytes=1 if small else 64 << 20)
    world, truth = World(seed, sides), Truth()
    for turn in range(60):
        answer = world.answer()
        store.apply(sub, answer.frame(sides))
        truth.note(answer)
        spans = [
            ((a - START_MS) // MINUTE, (b - START_MS) // MINUTE) for a, b in store.covered(sub)
        ]
        assert {n for a, b in spans for n in range(a, b)} == truth.covered
        heat = store.heatmap(sub)
        if heat is not None:
            assert_states(heat, truth)
            if turn % 10 == 9:
                assert_cells(heat, truth)
    assert heat is not None
    minutes, first = held_minutes(heat, truth)
    assert (first > minutes[0]) is small
    observed = np.count_nonzero(
        heat.column_state(heat.first_column, heat.last_column + 1) == OBSERVED
    )
    assert observed <= 2 * BLOCK or not small
