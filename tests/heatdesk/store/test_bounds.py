"""What a store holds at most, and what bad input cannot do to it."""

from __future__ import annotations

import logging
import weakref
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from heatdesk.frames import BookWindow, LevelRuns, Quote
from heatdesk.store import pyramid
from heatdesk.store.block import Cells
from heatdesk.store.heatmap import HeatmapStore
from heatdesk.store.pooling import max_levels
from heatdesk.store.ring import BLOCK, MAX_LEVELS, MAX_RANGE
from tests.heatdesk.store.books import MINUTE, book, liquidations, minute, random_snapshot


def deep_book(first: int, columns: int, levels: int, spread: float = 2.0) -> BookWindow:
    """Every level of two sides filled, ``levels`` together."""
    rng = np.random.default_rng(first)
    half, middle = levels // 2, 20_000
    bids = (middle - 1 - np.arange(half)) * 5.0
    asks = (middle + np.arange(levels - half)) * 5.0

    def side(prices: np.ndarray) -> LevelRuns:
        offsets = np.arange(columns + 1, dtype=np.int64) * prices.size
        qty = np.exp(rng.normal(0, spread, prices.size * columns))
        return LevelRuns(offsets, np.tile(prices, columns), qty)

    times = minute(first) + np.arange(columns, dtype=np.int64) * MINUTE
    return BookWindow(
        minute(first), minute(first + columns), MINUTE, times, 5.0, Quote.COIN,
        side(bids), side(asks), complete_ms=minute(first + columns),
    )  # fmt: skip


def column(store: HeatmapStore, n: int) -> int:
    return store.grid.time.column_of(minute(n))


def zoom_out(store: HeatmapStore) -> None:
    """Read everything at one detail after the other, the way a view does that is zoomed out."""
    for lod, step in [(0, 1), (0, 2), (1, 1), (1, 2), (2, 2), (2, 4)]:
        for plane in store.planes:
            store.codes(
                plane, store.first_column >> lod, (store.last_column >> lod) + 1,
                store.first_level // step, store.last_level // step + 1, lod, 0, step,
            )  # fmt: skip


def test_two_planes_and_their_details_take_little_more_than_half_of_float32_matrices() -> None:
    columns, levels = 4_000, 3_500
    frames = [deep_book(n, 500, levels) for n in range(0, columns, 500)]
    store = HeatmapStore.for_frame(frames[0])
    for frame in reversed(frames):
        store.apply(frame)
    zoom_out(store)
    stock_bytes = 2 * columns * levels * 4
    assert store.total_bytes <= 0.585 * stock_bytes
    # a live hour later still
    for n in range(columns, columns + 60):
        store.apply(deep_book(n, 1, levels))
    zoom_out(store)
    assert store.total_bytes <= 0.585 * stock_bytes * (columns + 60) / columns


def test_what_is_held_never_exceeds_the_budget() -> None:
    budget = 32 << 20
    store = HeatmapStore.for_frame(deep_book(0, 1, 1_000), budget_bytes=budget)
    for n in range(0, 12_000, 500):
        store.apply(deep_book(n, 500, 1_000))
        zoom_out(store)
        assert store.total_bytes <= budget
    assert store.last_column == column(store, 11_999)
    assert store.nbytes > budget // 2


def test_the_last_detail_stays_however_large_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    store = HeatmapStore.for_frame(deep_book(0, 1, 3_000))
    store.apply(deep_book(0, 700, 3_000))
    window = (
        store.first_column, store.last_column + 1,
        store.first_level // 2, store.last_level // 2 + 1,
    )  # fmt: skip
    built = []

    def counted(*args: Any) -> np.ndarray:
        built.append(args)
        return max_levels(*args)

    monkeypatch.setattr(pyramid, "max_levels", counted)

    def read() -> int:
        built.clear()
        for plane in store.planes:
            store.codes(plane, *window, 0, 0, 2)
        return len(built)

    zoom_out(store)
    assert read() == 2 * 3
    assert store.total_bytes >= 1.4 * store.nbytes
    assert read() == 0
    # a column that changes is one column to build, in each plane
    store.apply(deep_book(699, 1, 3_000))
    assert read() == 2
    assert {args[0].shape[1] for args in built} == {1}
    zoom_out(store)
    assert store.total_bytes <= 1.2 * store.nbytes


def test_details_of_what_was_evicted_are_forgotten() -> None:
    store = HeatmapStore.for_frame(deep_book(0, 1, 200), budget_bytes=1)
    for n in range(0, 20 * BLOCK, BLOCK):
        store.apply(deep_book(n, BLOCK, 200))
        zoom_out(store)
        # each detail read here takes at most half of what it is made of
        assert store.total_bytes <= (1 + 6 / 2) * store.nbytes


def test_memory_that_a_block_has_left_is_free_whatever_details_were_made_of_it() -> None:
    store = HeatmapStore.for_frame(deep_book(0, 1, 60))
    left = []
    for n, levels in enumerate([60, 400, 1_000]):
        store.apply(deep_book(50 * n, 50, levels))
        # each time another detail, so that none is looked at again
        width = store.last_column + 1
        store.codes("both", width - 300 >> n, width >> n, 19_000 // 2, 21_000 // 2, n, 0, 2)
        cells = [b.cells for b in store._ring.blocks.values() if b.cells is not None]
        left += [weakref.ref(plane) for c in cells for plane in c.codes.values()]
    held = {id(p) for b in store._ring.blocks.values() if b.cells for p in b.cells.codes.values()}
    assert len(left) > len(held)
    assert {id(ref()) for ref in left if ref() is not None} == held


def test_a_stretch_that_nobody_asked_for_costs_nothing() -> None:
    store = HeatmapStore.for_frame(deep_book(0, 10, 400))
    store.apply(deep_book(0, 10, 400))
    before = store.nbytes
    store.apply(deep_book(5_000_000, 10, 400))
    assert store.nbytes <= 2.1 * before
    assert (store.first_column, store.last_column) == (column(store, 0), column(store, 5_000_009))


@pytest.mark.parametrize("whole", [True, False])
def test_pieces_that_name_their_whole_answer_move_no_memory(
    whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = HeatmapStore.for_frame(deep_book(0, 1, 300))
    moved = []
    resized = Cells.resized
    monkeypatch.setattr(Cells, "resized", lambda *args: moved.append(args) or resized(*args))
    for n in range(0, 1_000, 40):
        piece = deep_book(n, 40, 300)
        if whole:
            piece = replace(
                piece, from_ms=minute(0), to_ms=minute(1_000), complete_ms=minute(0)
            )  # fmt: skip
        store.apply(piece)
    assert bool(moved) is not whole
    assert store.last_column == column(store, 999)


def test_a_market_that_walks_away_keeps_what_is_near() -> None:
    store = HeatmapStore.for_frame(book({0: {1e6: 1.0}}, {0: {1e6 + 5: 1.0}}))
    far, near = 400_000, 100_000
    # one block of columns each, so that blocks are given up one by one
    for i, middle in enumerate([0, far, far + near, 2 * far + near, MAX_RANGE + near]):
        price = 1e6 + middle * 5.0
        store.apply(book({i * BLOCK: {price: 2.0 + i}}, {i * BLOCK: {price + 5: 9.0}}))
    assert store.last_level - store.first_level < MAX_RANGE
    level = 200_000

    def bid(i: int, at: int) -> float:
        return store.value_at("bid", column(store, i * BLOCK), level + at)

    assert np.isnan([bid(0, 0), bid(1, far)]).all()
    found = [bid(3, 2 * far + near), bid(4, MAX_RANGE + near)]
    assert found == pytest.approx([5.0, 6.0], rel=5e-4)
    states = store.column_state(column(store, 0), column(store, 4 * BLOCK) + 1)
    assert states[::BLOCK].tolist() == [1] * 5


def test_history_from_another_price_does_not_drive_out_the_newest() -> None:
    store = HeatmapStore.for_frame(book({BLOCK: {1e6: 1.0}}, {BLOCK: {1e6 + 5: 1.0}}))
    store.apply(book({BLOCK: {1e6: 3.0}}, {BLOCK: {1e6 + 5: 1.0}}))
    revision = store.revision
    store.apply(book({0: {1e8: 1.0}}, {0: {1e8 + 5: 1.0}}))
    assert store.value_at("bid", column(store, BLOCK), 200_000) == pytest.approx(3.0, rel=5e-4)
    assert np.isnan(store.value_at("bid", column(store, 0), 20_000_000))
    assert store.column_state(column(store, 0), column(store, 0) + 1).tolist() == [1]
    assert store.changed_since(revision)[0] <= column(store, 0)


@pytest.mark.parametrize("later", [2, 2 * BLOCK])
def test_levels_that_are_given_up_count_as_changed(later: int) -> None:
    store = HeatmapStore.for_frame(book({0: {100.0: 1.0}}, {0: {105.0: 1.0}}))
    store.apply(book({0: {100.0: 1.0}}, {0: {105.0: 1.0}}))
    revision = store.revision
    store.apply(book({later: {100.0 + 5.0 * MAX_RANGE: 1.0}}, {later: {}}))
    assert np.isnan(store.value_at("bid", column(store, 0), 20))
    a, b = store.changed_since(revision)
    assert a <= column(store, 0) < b


def test_a_million_levels_are_cut_to_those_around_the_best_prices() -> None:
    n = 1_000_000
    # far more below than above: the middle of the levels is not where it trades
    bids = LevelRuns(np.array([0, n]), (n - 1 - np.arange(n)) * 5.0, np.ones(n))
    asks = LevelRuns(np.array([0, 2_000]), (n + np.arange(2_000)) * 5.0, np.full(2_000, 2.0))
    frame = BookWindow(
        minute(0), minute(1), MINUTE, np.array([minute(0)]), 5.0, Quote.COIN, bids, asks
    )
    store = HeatmapStore.for_frame(frame)
    store.apply(frame)
    assert store.last_level - store.first_level < MAX_LEVELS
    c = store.first_column
    found = [store.value_at("bid", c, n - 1), store.value_at("ask", c, n + 1_999)]
    assert found == pytest.approx([1.0, 2.0], rel=5e-4)
    assert np.isnan(store.value_at("bid", c, 1_000))
    assert store.nbytes < 16 << 20


def test_columns_outside_the_time_that_was_asked_are_left_out_counted_and_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    level = {100.0: 1.0}
    store = HeatmapStore.for_frame(book({0: level}, {0: {}}))
    with caplog.at_level(logging.WARNING, "heatdesk.store"):
        for n in range(3):
            strays = (n, n + 500_000_000)
            store.apply(
                book(dict.fromkeys(strays, level), {m: {} for m in strays}, asked=(n, n + 1))
            )
    store.apply(book({-9_000: level, 3: level}, {-9_000: {}, 3: {}}, asked=(3, 4)))
    assert store.dropped == 4
    assert len(caplog.records) == 1
    assert (store.first_column, store.last_column) == (column(store, 0), column(store, 3))
    assert store.column_state(column(store, 0), column(store, 4)).tolist() == [1, 1, 1, 1]


def test_a_clock_that_steps_back_finds_its_columns_again() -> None:
    store = HeatmapStore.for_frame(book({0: {100.0: 1.0}}, {0: {}}))
    for n, qty in [(100, 1.0), (101, 2.0), (40, 3.0), (41, 4.0), (101, 5.0)]:
        store.apply(book({n: {100.0: qty}}, {n: {}}))
    found = [store.value_at("bid", column(store, n), 20) for n in (100, 101, 40, 41)]
    assert found == pytest.approx([1, 5, 3, 4], rel=5e-4)
    assert store.last_column == column(store, 101)


def test_snapshots_out_of_order_land_in_their_columns_and_the_last_of_a_bucket_counts() -> None:
    frame = book({n: {100.0: 1.0 + n} for n in range(4)}, {n: {} for n in range(4)})
    jumbled = replace(frame, time_ms=np.array([minute(2), minute(0), minute(3), minute(2)]))
    store = HeatmapStore.for_frame(frame)
    store.apply(jumbled)
    found = [store.value_at("bid", column(store, n), 20) for n in range(4)]
    assert found[0] == pytest.approx(2.0, rel=5e-4)
    assert found[2:] == pytest.approx([4.0, 3.0], rel=5e-4)
    assert store.column_state(column(store, 0), column(store, 4)).tolist() == [1, 2, 1, 1]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, -3.0])
def test_a_quantity_that_cannot_be_makes_its_cell_not_observed_and_no_other_wrong(
    bad: float,
) -> None:
    good = {100.0 + 5 * k: 1.0 + k for k in range(6)}
    frame = book({0: {**good, 110.0: bad}, 1: good}, {0: {200.0: 4.0}, 1: {200.0: 4.0}})
    store = HeatmapStore.for_frame(frame)
    store.apply(frame)
    c = column(store, 0)
    assert np.isnan(store.value_at("bid", c, 22))
    found = [store.value_at("bid", c, level) for level in (20, 21, 23, 24, 25)]
    assert found == pytest.approx([1, 2, 4, 5, 6], rel=5e-4)
    assert store.value_at("bid", c + 1, 22) == pytest.approx(3.0, rel=5e-4)
    pooled = store.pooled("both", c, 2, 0, 10)
    assert (pooled.max, pooled.sum) == pytest.approx((6.0, 18.0), rel=5e-4)


@pytest.mark.parametrize("bad", [5e-324, 1e-200, 1e38, 1e300, 1.7e308])
def test_a_freak_quantity_costs_no_other_its_precision(bad: float) -> None:
    rng = np.random.default_rng(3)
    bids, asks = random_snapshot(rng, 1000, 200)
    frame = book({0: {**bids, 100.0: bad}}, {0: asks})
    store = HeatmapStore.for_frame(frame)
    store.apply(frame)
    c = column(store, 0)
    for price, qty in bids.items():
        assert store.value_at("bid", c, round(price / 5)) == pytest.approx(qty, rel=5e-4)
    freak = store.value_at("bid", c, 20)
    # the end of the scale, but on the right side of everything else
    assert freak < min(bids.values()) if bad < 1 else freak > max(bids.values())


def test_quantities_too_large_to_be_added_up_are_not_observed() -> None:
    frame = book({0: {100.0: 1.7e308, 101.0: 1.7e308, 110.0: 2.0}}, {0: {}})
    store = HeatmapStore.for_frame(frame)
    store.apply(frame)
    c = column(store, 0)
    assert np.isnan(store.value_at("bid", c, 20))
    assert store.value_at("bid", c, 22) == pytest.approx(2.0, rel=5e-4)


@pytest.mark.parametrize("usual", [{}, {150.0: 3.0, 155.0: 4.0}])
@pytest.mark.parametrize("kind", ["book", "liquidations"])
def test_a_column_of_the_largest_floats_is_taken_without_an_overflow(
    kind: str, usual: dict[float, float]
) -> None:
    served = {100.0 + 5 * k: 1.7e308 for k in range(4)} | usual
    frame = book({0: served}, {0: {}}) if kind == "book" else liquidations({0: served}, 5.0)
    store = HeatmapStore.for_frame(frame)
    store.apply(frame)
    found = {price: store.value_at("both", store.first_column, int(price // 5)) for price in served}
    assert [found[price] for price in usual] == pytest.approx(list(usual.values()), rel=5e-4)
    assert found[100.0] == found[115.0] > max(usual.values(), default=0.0)


@pytest.mark.parametrize("price", [np.nan, np.inf, -np.inf])
def test_a_price_that_is_none_costs_its_level_only(price: float) -> None:
    frame = book({0: {100.0: 1.0, price: 5.0, 90.0: 2.0}}, {0: {105.0: 3.0}})
    store = HeatmapStore.for_frame(frame)
    store.apply(frame)
    c = column(store, 0)
    found = [store.value_at("bid", c, level) for level in (18, 19, 20)]
    assert found == pytest.approx([2.0, 0.0, 1.0], rel=5e-4)
    assert (store.first_level, store.last_level) == (18, 21)


def test_one_cell_is_a_heatmap_and_an_empty_book_one_without_levels() -> None:
    one = HeatmapStore.for_frame(liquidations({0: {100.0: 7.0}}, 10.0))
    one.apply(liquidations({0: {100.0: 7.0}}, 10.0))
    c = one.first_column
    assert (c, one.first_level) == (one.last_column, one.last_level)
    assert one.value_at("qty", c, one.first_level) == pytest.approx(7.0, rel=5e-4)

    bare = HeatmapStore.for_frame(book({0: {}}, {0: {}}))
    bare.apply(book({0: {}, 2: {}}, {0: {}, 2: {}}))
    assert bare.last_level < bare.first_level
    assert bare.column_state(c, c + 3).tolist() == [1, 2, 1]
    assert not bare.codes("both", c - 9, c + 9, -5, 5, 3, 0, 4).any()
    assert np.isnan(bare.pooled("both", c, 0).sum)


def test_a_reader_in_the_middle_of_a_move_of_codes_reads_the_right_quantities(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    frames = [deep_book(n, BLOCK, 60, 0.5) for n in range(0, 4 * BLOCK, BLOCK)]
    store = HeatmapStore.for_frame(frames[0])
    for frame in frames:
        store.apply(frame)
    window = (store.first_column, store.last_column + 1, store.first_level, store.last_level + 1)
    expected = store.values[store.codes("both", *window)]
    wide = (window[0] >> 8, (window[1] >> 8) + 1, window[2] // 7, window[3] // 7 + 1)
    coarse = store.values[store.codes("both", *wide, 8, 0, 7)]
    generation = store.generation
    looks = []
    recoded = Cells.recoded

    def look(*args: object) -> Cells:
        assert store.generation > generation
        found = store.values[store.codes("both", *window)]
        np.testing.assert_allclose(found, expected, rtol=1e-9)
        found = store.values[store.codes("both", *wide, 8, 0, 7)]
        np.testing.assert_allclose(found, coarse, rtol=1e-9)
        looks.append(args)
        return recoded(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(Cells, "recoded", look)
    prices = {100_000.0 + 5 * k: 1e7 for k in range(30)}
    store.apply(book({4 * BLOCK: prices}, {4 * BLOCK: {}}))
    assert len(looks) >= 4
    assert store.value_at("bid", column(store, 4 * BLOCK), 20_000) == pytest.approx(1e7, rel=5e-4)


def test_memory_grows_and_codes_move_without_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    store = HeatmapStore.for_frame(deep_book(0, 1, 60))
    held = []

    def watched(name: str) -> None:
        method = getattr(Cells, name)

        def call(*args: object) -> Cells:
            # an RLock tells its owner to nobody but this
            held.append(store.lock._is_owned())  # type: ignore[attr-defined]
            return method(*args)

        monkeypatch.setattr(Cells, name, call)

    watched("resized")
    watched("recoded")
    for n, height in enumerate([60, 400, 1_000]):
        store.apply(deep_book(n * 70, 70, height))
    store.apply(book({210: {100_000.0 + 5 * k: 1e7 for k in range(30)}}, {210: {}}))
    assert len(held) >= 3
    assert not any(held)


def test_the_bytes_that_are_told_are_those_of_the_arrays() -> None:
    store = HeatmapStore.for_frame(deep_book(0, 1, 300), budget_bytes=3 << 20)
    level = {100_000.0: 1.0}
    for n in range(0, 3_000, 130):
        store.apply(deep_book(n, 100, 300 + n % 7 * 90))
        store.apply(book({n + 120: level}, {n + 120: {}}, asked=(n + 100, n + 125)))
        store.codes("bid", store.first_column >> 2, store.last_column >> 2, 4_900, 5_100, 2, 0, 4)
        blocks = store._ring.blocks.values()
        native = sum(
            block.state.nbytes
            + block.changed_at.nbytes
            + sum(plane.nbytes for plane in (block.cells.codes if block.cells else {}).values())
            for block in blocks
        )
        tiles = sum(tile.codes.nbytes for tile in store._pyramid._tiles.values())
        assert (store.nbytes, store.total_bytes) == (native, native + tiles)
    assert store.first_column > column(store, 0)
