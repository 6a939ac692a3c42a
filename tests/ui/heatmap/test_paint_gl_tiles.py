"""Tiles of cells: what is sent where, and what has to go when room is short."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from heatdesk.store.heatmap import HeatmapStore
from tests.heatdesk.store.books import book
from ui.heatmap import gl_tiles
from ui.heatmap.gl_program import GlError
from ui.heatmap.gl_state import check, drop_old_errors
from ui.heatmap.gl_tiles import Limits, TileCache, TileKey


class Card:
    """A graphics card that keeps the texture array it is sent."""

    def __init__(self, *errors: int) -> None:
        self.array = np.zeros((0, 0, 0), np.uint16)
        self.textures = 0
        self.errors = list(errors)

    def glGenTextures(self, count: int, names: np.ndarray) -> None:
        names[:] = 7
        self.textures += count

    def glDeleteTextures(self, count: int, names: np.ndarray) -> None:
        self.textures -= count

    def glTexImage3D(self, *numbers: Any) -> None:
        width, height, layers = numbers[3:6]
        self.array = np.full((layers, height, width), 9, np.uint16)

    def glTexSubImage3D(self, *numbers: Any) -> None:
        x, y, layer, width, height, depth = numbers[2:8]
        assert depth == 1
        assert numbers[-1].flags.c_contiguous
        self.array[layer, y : y + height, x : x + width] = numbers[-1]

    def glGetError(self) -> int:
        return self.errors.pop(0) if self.errors else 0

    def glBindTexture(self, *_: int) -> None: ...

    def glTexParameteri(self, *_: int) -> None: ...


@pytest.fixture
def store() -> HeatmapStore:
    rng = np.random.default_rng(4)
    sides = {
        n: {5000.0 + 5 * k: float(np.exp(rng.normal(2, 2))) for k in range(40)} for n in range(60)
    }
    frame = book(sides, {n: {} for n in sides})
    made = HeatmapStore.for_frame(frame)
    made.apply(frame)
    return made


@pytest.fixture(autouse=True)
def _small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gl_tiles, "EDGE", 16)
    monkeypatch.setattr(gl_tiles, "SPARE_BYTES", 4 * 16 * 16 * 2)


def key_of(
    store: HeatmapStore, across: int, upward: int = 0, lod: int = 0, step: int = 1
) -> TileKey:
    column = (store.first_column >> lod) // 16 + across
    return TileKey("both", lod, step, column, store.first_level // step // 16 + upward)


def native(store: HeatmapStore, key: TileKey) -> np.ndarray:
    c, low = key.column * 16, key.row * 16
    window = (c, c + 16, low, low + 16)
    return store.codes(key.plane, *window, key.time_lod, 0, key.step)


@pytest.mark.parametrize(("lod", "step"), [(0, 1), (1, 1), (2, 4)])
def test_a_tile_holds_the_cells_of_its_place(store: HeatmapStore, lod: int, step: int) -> None:
    card = Card()
    cache = TileCache(card, Limits(64, 64))
    keys = [key_of(store, across, upward, lod, step) for across in (-1, 0, 1) for upward in (0, 1)]
    layers = cache.take(store, keys)
    assert len(set(layers)) == len(keys)
    for layer, key in zip(layers, keys, strict=True):
        assert np.array_equal(card.array[layer], native(store, key))


def test_a_change_is_sent_to_the_tiles_it_touches_when_they_are_next_in_view(
    store: HeatmapStore,
) -> None:
    card = Card()
    cache = TileCache(card, Limits(64, 64))
    near, far = key_of(store, 1), key_of(store, 4)
    cache.take(store, [near, far])
    last = store.last_column - store.first_column
    snapshot = {5000.0 + 5 * k: 77.0 for k in range(40)}
    store.apply(book({last: snapshot}, {last: {}}))
    layers = cache.take(store, [near])
    assert (cache.uploads, cache.patches) == (2, 0)
    store.apply(book({last - 1: snapshot}, {last - 1: {}}))
    layers = cache.take(store, [near, far])
    assert (cache.uploads, cache.patches) == (2, 1)
    for layer, key in zip(layers, [near, far], strict=True):
        assert np.array_equal(card.array[layer], native(store, key))


def test_codes_that_mean_something_else_are_sent_again(store: HeatmapStore) -> None:
    card = Card()
    cache = TileCache(card, Limits(64, 64))
    key = key_of(store, 1)
    cache.take(store, [key])
    generation = store.generation
    store.apply(book({70: {5000.0: 1e12}}, {70: {}}))
    assert store.generation > generation
    layer = cache.take(store, [key])[0]
    assert cache.uploads == 2
    assert np.array_equal(card.array[layer], native(store, key))


def test_what_was_longest_out_of_view_gives_its_place(store: HeatmapStore) -> None:
    card = Card()
    cache = TileCache(card, Limits(64, 4))
    tiles = [key_of(store, across) for across in range(6)]
    for key in tiles[:4]:
        cache.take(store, [key])
    assert cache.nbytes == 4 * 16 * 16 * 2
    cache.take(store, [tiles[0]])
    assert cache.uploads == 4
    layers = cache.take(store, [tiles[0], tiles[4], tiles[5]])
    for layer, key in zip(layers, [tiles[0], tiles[4], tiles[5]], strict=True):
        assert np.array_equal(card.array[layer], native(store, key))
    assert cache.uploads == 6
    cache.take(store, [tiles[3]])
    assert cache.uploads == 6, "the first of the four went, not the last"
    cache.take(store, [tiles[1]])
    assert cache.uploads == 7
    assert card.textures == 1


def test_tiles_get_larger_where_a_card_has_few_layers(store: HeatmapStore) -> None:
    card = Card()
    cache = TileCache(card, Limits(128, 4))
    cache.fit((0, 60), (0, 16), 1)
    assert cache.edge == 16
    cache.fit((0, 60), (0, 20), 1)
    assert cache.edge == 32
    cache.fit((0, 60), (0, 20), 2)
    assert cache.edge == 32
    cache.fit((-1, 60), (0, 20), 2)
    assert cache.edge == 64
    with pytest.raises(GlError, match="more cells than"):
        cache.fit((0, 1000), (0, 20), 1)


def test_a_card_without_memory_is_left() -> None:
    card = Card(0x0505)
    cache = TileCache(card, Limits(64, 64))
    frame = book({0: {5000.0: 1.0}}, {0: {}})
    store = HeatmapStore.for_frame(frame)
    store.apply(frame)
    with pytest.raises(GlError, match="too little memory"):
        cache.take(store, [key_of(store, 0)])
    assert card.textures == 0


def test_errors_of_others_are_not_taken_for_ours_and_a_lost_context_is_told() -> None:
    drop_old_errors(Card(0x0500, 0x0502))
    check(Card())
    with pytest.raises(GlError, match="0x0502"):
        check(Card(0x0502))
    with pytest.raises(GlError, match="lost its context"):
        drop_old_errors(Card(0x0507))
    with pytest.raises(GlError, match="lost its context"):
        drop_old_errors(Card(*[0x0500] * 100))
    with pytest.raises(GlError, match="lost its context"):
        check(Card(0x0507))
