"""Whatever happens to a store, each of its levels of detail is the pooled native picture."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heatdesk.frames import BookWindow, LiquidationWindow
from heatdesk.store.heatmap import HeatmapStore
from heatdesk.store.ring import BLOCK
from tests.heatdesk.store.books import Snapshot, book, liquidations

FEW = settings(
    max_examples=60,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
FIRST_MINUTE, LAST_MINUTE = -2 * BLOCK, 4 * BLOCK


@dataclass(frozen=True)
class Doing:
    """One thing that happens: snapshots from a minute on, or a request for a level of detail."""

    minute: int
    count: int
    gap: int
    middle: int
    depth: int
    loudness: float
    seed: int
    tick: float
    look: bool


doings = st.lists(
    st.builds(
        Doing,
        # appends and corrections near each other, late ones and wraps far away
        minute=st.one_of(st.integers(0, 40), st.integers(FIRST_MINUTE, LAST_MINUTE)),
        count=st.integers(1, 70),
        gap=st.integers(1, 3),
        # near each other, on the move, and so far away that a block or the store lets levels go
        middle=st.one_of(
            st.integers(980, 1020), st.integers(60, 3000), st.sampled_from([40_000, 2_000_000])
        ),
        depth=st.integers(0, 40),
        loudness=st.sampled_from([0.0, 0.0, 0.0, 12.0, -12.0]),
        seed=st.integers(0, 2**16),
        tick=st.sampled_from([1.0, 1.0, 0.5, 2.0]),
        look=st.booleans(),
    ),
    min_size=1,
    max_size=8,
)
steps = st.sampled_from([1, 2, 3, 4, 7, 16, 25])
lods = st.integers(0, 8)


def snapshots(doing: Doing, height: float) -> dict[int, tuple[Snapshot, Snapshot]]:
    rng = np.random.default_rng(doing.seed)

    def side(levels: range) -> Snapshot:
        return {
            level * height: float(np.exp(rng.normal(doing.loudness, 2)))
            for level in levels
            if rng.random() < 0.7
        }

    minutes = range(doing.minute, doing.minute + doing.count * doing.gap, doing.gap)
    return {
        n: (
            side(range(doing.middle - 1, max(0, doing.middle - 1 - doing.depth), -1)),
            side(range(doing.middle, doing.middle + doing.depth)),
        )
        for n in minutes
    }


def as_book(doing: Doing) -> BookWindow:
    found = snapshots(doing, 5.0)
    return book({n: s[0] for n, s in found.items()}, {n: s[1] for n, s in found.items()})


def as_liquidations(doing: Doing) -> LiquidationWindow:
    # the reference adds up in float64: a tenth of the range is plenty
    near = replace(doing, minute=doing.minute // 2, middle=60 + doing.middle % 300)
    found = snapshots(near, doing.tick)
    return liquidations({n: {**s[0], **s[1]} for n, s in found.items()}, doing.tick)


Window = tuple[int, int, int, int]


def canvas(store: HeatmapStore, lod: int, step: int, levels: range | None = None) -> Window:
    """A window in pooled units around all that is held, or around some levels of it."""
    width = 1 << lod
    low, high = (levels[0], levels[-1]) if levels else (store.first_level, store.last_level)
    return (
        store.first_column // width - 1,
        store.last_column // width + 2,
        low // step - 1,
        high // step + 2,
    )


def grouped(store: HeatmapStore, plane: str, window: Window, lod: int, step: int) -> np.ndarray:
    """Native codes of a window by group: (levels, step, columns, width)."""
    c0, c1, l0, l1 = window
    codes = store.codes(plane, c0 << lod, c1 << lod, l0 * step, l1 * step)
    return codes.reshape(l1 - l0, step, c1 - c0, 1 << lod)


def neighbourhoods(happens: list[Doing]) -> list[range]:
    """Levels that any snapshot may have touched."""
    return [range(middle - 45, middle + 45) for middle in sorted({d.middle for d in happens})]


def assert_largest(
    store: HeatmapStore, plane: str, happens: list[Doing], lod: int, step: int
) -> None:
    for levels in neighbourhoods(happens):
        window = canvas(store, lod, step, levels)
        found = store.codes(plane, *window, lod, 0, step)
        expected = grouped(store, plane, window, lod, step).max(axis=(1, 3))
        assert np.array_equal(found, expected)


def assert_sums(store: HeatmapStore, lod: int, step: int) -> None:
    window = canvas(store, lod, step)
    native = grouped(store, "qty", window, lod, step)
    expected = np.nan_to_num(store.values[native]).sum(axis=1).max(axis=2)
    observed = (native > 0).any(axis=(1, 3))
    found = store.values[store.codes("qty", *window, lod, 0, step)]
    assert np.array_equal(np.isnan(found), ~observed)
    np.testing.assert_allclose(found[observed], expected[observed], rtol=0.001)


@FEW
@given(doings, st.lists(st.tuples(lods, steps), min_size=1, max_size=3), st.booleans())
def test_every_detail_of_a_book_is_the_largest_of_its_native_cells(
    happens: list[Doing], details: list[tuple[int, int]], small: bool
) -> None:
    store = HeatmapStore.for_frame(as_book(happens[0]), budget_bytes=1 if small else 64 << 20)
    for doing in happens:
        store.apply(as_book(doing))
        if doing.look:
            for lod, step in details:
                assert_largest(store, "bid", happens, lod, step)
    for lod, step in details:
        for plane in ("bid", "ask"):
            assert_largest(store, plane, happens, lod, step)


@FEW
@given(doings, st.lists(st.tuples(lods, steps), min_size=1, max_size=3), st.booleans())
def test_every_detail_of_liquidations_is_the_largest_sum_of_its_native_cells(
    happens: list[Doing], details: list[tuple[int, int]], small: bool
) -> None:
    frames = [as_liquidations(doing) for doing in happens]
    store = HeatmapStore.for_frame(frames[0], budget_bytes=1 if small else 64 << 20)
    for doing, frame in zip(happens, frames, strict=True):
        store.apply(frame)
        if doing.look:
            for lod, step in details:
                assert_sums(store, lod, step)
    for lod, step in details:
        assert_sums(store, lod, step)


@FEW
@given(doings, st.tuples(lods, steps), st.booleans())
def test_what_reads_differently_lies_among_what_is_said_to_have_changed(
    happens: list[Doing], detail: tuple[int, int], small: bool
) -> None:
    lod, step = detail
    store = HeatmapStore.for_frame(as_book(happens[0]), budget_bytes=1 if small else 64 << 20)
    column = store.grid.time.column_of
    frames = [as_book(doing) for doing in happens]
    first = min(column(int(frame.time_ms[0])) for frame in frames) >> lod
    stop = (max(column(int(frame.time_ms[-1])) for frame in frames) >> lod) + 1

    def picture() -> tuple[np.ndarray, np.ndarray]:
        parts = [
            store.codes("both", first, stop, around[0] // step, around[-1] // step, lod, 0, step)
            for around in neighbourhoods(happens)
        ]
        return np.concatenate(parts), store.column_state(first << lod, stop << lod)

    seen = store.generation, store.revision, *picture()
    for doing, frame in zip(happens, frames, strict=True):
        store.apply(frame)
        if not doing.look:
            continue
        generation, revision, codes, states = seen
        seen = store.generation, store.revision, *picture()
        if generation != store.generation:
            continue
        a, b = store.changed_since(revision)
        differs = np.flatnonzero((codes != seen[2]).any(axis=0)) + first
        assert ((differs >= a >> lod) & (differs <= (b - 1) >> lod)).all()
        turned = np.flatnonzero(states != seen[3]) + (first << lod)
        assert ((turned >= a) & (turned < b)).all()
    assert store.changed_since(store.revision) == (0, 0)


@FEW
@given(doings, st.permutations(range(8)))
def test_the_order_in_which_windows_come_does_not_matter_where_they_do_not_overlap(
    happens: list[Doing], order: list[int]
) -> None:
    # all of it can be held: what is let go depends on what came last
    apart = [
        replace(doing, minute=80 * i, gap=1, middle=doing.middle % 3_000)
        for i, doing in enumerate(happens)
    ]
    frames = [as_book(doing) for doing in apart]
    ordered = HeatmapStore.for_frame(frames[0])
    shuffled = HeatmapStore.for_frame(frames[0])
    for frame in frames:
        ordered.apply(frame)
    for i in order:
        if i < len(frames):
            shuffled.apply(frames[i])
    window = canvas(ordered, 0, 1)
    assert window == canvas(shuffled, 0, 1)
    for plane in ("bid", "ask"):
        a, b = (s.values[s.codes(plane, *window)] for s in (ordered, shuffled))
        np.testing.assert_allclose(a, b, rtol=0.0005)
