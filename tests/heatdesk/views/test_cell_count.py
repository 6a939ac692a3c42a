from __future__ import annotations

import numpy as np
import pytest

from heatdesk.store.codes import FIRST
from heatdesk.store.heatmap import HeatmapStore
from heatdesk.views import cell_count
from heatdesk.views.cell_count import CellCount
from tests.heatdesk.store.books import Snapshot, book, liquidations, random_snapshot

COLUMNS = 37


@pytest.fixture
def heat() -> HeatmapStore:
    rng = np.random.default_rng(5)
    pairs = {n: random_snapshot(rng, 2_000 + n, 30) for n in range(COLUMNS) if n != 9}
    frame = book(
        {n: bids for n, (bids, _) in pairs.items()},
        {n: asks for n, (_, asks) in pairs.items()},
        asked=(0, COLUMNS),
    )
    made = HeatmapStore.for_frame(frame)
    made.apply(frame)
    return made


def steps_of(count: CellCount) -> int:
    steps = 1
    while not count.step():
        steps += 1
    return steps


def counts_of(heat: HeatmapStore) -> np.ndarray:
    """All native cells of both sides by code."""
    window = heat.first_column, heat.last_column + 1, heat.first_level, heat.last_level + 1
    codes = np.concatenate([heat.codes(plane, *window) for plane in heat.planes])
    return np.bincount(codes.ravel(), minlength=65_536)


def test_the_parts_add_up_to_the_whole(heat: HeatmapStore, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = CellCount(heat)
    assert steps_of(at_once) == 1
    monkeypatch.setattr(cell_count, "STEP_CELLS", 500)
    in_parts = CellCount(heat)
    assert steps_of(in_parts) > 5
    np.testing.assert_array_equal(in_parts.counts, at_once.counts)
    np.testing.assert_array_equal(at_once.counts[1:], counts_of(heat)[1:])


def test_bands_are_counted_as_they_are_shown() -> None:
    levels: Snapshot = {100.0 + k: 1.0 + k for k in range(12)}
    frame = liquidations({0: levels, 1: levels}, 1.0)
    heat = HeatmapStore.for_frame(frame)
    heat.apply(frame)
    count = CellCount(heat, 4)
    assert count.step()
    found = np.flatnonzero(count.counts)
    sums = sorted(sum(1.0 + k for k in range(a, a + 4)) for a in (0, 4, 8))
    np.testing.assert_allclose(count.values[found[found >= FIRST]], sums, rtol=1e-3)
    assert set(count.counts[found[found >= FIRST]].tolist()) == {2}


def test_the_newest_columns_come_first(heat: HeatmapStore, monkeypatch: pytest.MonkeyPatch) -> None:
    heat.apply(book({COLUMNS: {10_000.0: 5e4}}, {COLUMNS: {10_005.0: 1.0}}))
    monkeypatch.setattr(cell_count, "STEP_CELLS", 1)
    count = CellCount(heat)
    assert not count.step()
    quantities = count.values[np.flatnonzero(count.counts[FIRST:]) + FIRST]
    np.testing.assert_allclose(sorted(quantities), [1.0, 5e4], rtol=1e-3)


def test_a_count_starts_over_when_codes_come_to_mean_something_else(
    heat: HeatmapStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cell_count, "STEP_CELLS", 500)
    count = CellCount(heat)
    count.step()
    before = heat.generation
    heat.apply(book({COLUMNS: {10_000.0: 1e12}}, {COLUMNS: {10_005.0: 1.0}}))
    assert heat.generation != before
    steps_of(count)
    np.testing.assert_array_equal(count.counts[1:], counts_of(heat)[1:])
    np.testing.assert_array_equal(count.values, heat.values)


def test_a_store_of_any_height_is_counted_in_bounded_time(
    heat: HeatmapStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cell_count, "MOST_CELLS", 2_000)
    rows = 2 * (heat.last_level + 1 - heat.first_level)
    count = CellCount(heat)
    steps_of(count)
    kept = heat.last_column + 1 - 2_000 // rows
    codes = [
        heat.codes(side, kept, heat.last_column + 1, heat.first_level, heat.last_level + 1)
        for side in heat.planes
    ]
    expected = np.bincount(np.concatenate([part.ravel() for part in codes]), minlength=65536)
    np.testing.assert_array_equal(count.counts[1:], expected[1:])
    assert kept > heat.first_column


def test_an_empty_store_is_counted_at_once() -> None:
    frame = book({0: {}}, {0: {}})
    heat = HeatmapStore.for_frame(frame)
    assert CellCount(heat).step()
    heat.apply(frame)
    count = CellCount(heat)
    assert count.step()
    assert not count.any_quantity
