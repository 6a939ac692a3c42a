from __future__ import annotations

import math

import numpy as np
import pytest

from heatdesk.frames import Quote
from heatdesk.store.heatmap import HeatmapStore
from heatdesk.store.ring import GAP, OBSERVED, UNKNOWN
from heatdesk.views.cell_text import cell_figure, has_room, luminance, wants_dark_ink
from heatdesk.views.heatmap import HeatmapWindow
from heatdesk.views.neighbourhood import place_lens, read_neighbourhood
from heatdesk.views.offscreen import RestingTotals, total_text
from heatdesk.views.palettes import PALETTES, Palette, ramp32
from heatdesk.views.viewport import ChartWindow
from heatdesk.views.visible_max import VisibleMax
from tests.heatdesk.store.books import Snapshot, book, liquidations, minute


def walls() -> HeatmapStore:
    """Ten minutes, minutes 4 and 5 missing; bids below 100, asks above, all sizes different."""
    bids: dict[int, Snapshot] = {}
    asks: dict[int, Snapshot] = {}
    for n in range(10):
        if n not in {4, 5}:
            bids[n] = {100.0 - 5 * k: 10.0 * n + k for k in range(1, 6)}
            asks[n] = {100.0 + 5 * k: 100.0 * n + k + 1 for k in range(5)}
    frame = book(bids, asks, asked=(0, 10))
    store = HeatmapStore.for_frame(frame)
    store.apply(frame)
    return store


def at(n: int) -> float:
    return minute(n) / 1000 + 30


# ------------------------------------------------------------------------------ neighbourhood
def test_a_neighbourhood_holds_the_native_cells_around_a_point() -> None:
    found = read_neighbourhood(walls(), at(2), 96.0, 3, 5)
    assert found is not None
    assert found.price.tolist() == [105.0, 100.0, 95.0, 90.0, 85.0]
    assert found.time_ms.tolist() == [minute(1), minute(2), minute(3)]
    assert found.centre == (2, 1)
    middle = found.qty[:, 1]
    assert middle == pytest.approx([202.0, 201.0, 21.0, 22.0, 23.0], rel=5e-4)
    assert found.side[:, 1].tolist() == [-1, -1, 1, 1, 1]


def test_a_neighbourhood_tells_gaps_from_what_nobody_asked_or_reported() -> None:
    found = read_neighbourhood(walls(), at(5), 125.0, 7, 3)
    assert found is not None
    assert found.states.tolist() == [OBSERVED] * 2 + [GAP] * 2 + [OBSERVED] * 3
    assert np.isnan(found.qty[0]).all()
    later = read_neighbourhood(walls(), at(12), 100.0, 3, 3)
    assert later is not None
    assert later.states.tolist() == [UNKNOWN] * 3


def test_a_neighbourhood_of_bands_sums_their_levels() -> None:
    frame = liquidations({n: {100.0 + 5 * k: 1.0 for k in range(20)} for n in range(3)}, 5.0)
    store = HeatmapStore.for_frame(frame)
    store.apply(frame)
    found = read_neighbourhood(store, at(1), 151.0, 3, 3, band=5)
    assert found is not None
    assert found.price.tolist() == [175.0, 150.0, 125.0]
    assert found.height == 25.0
    assert found.qty[1, 1] == pytest.approx(5.0, rel=1e-3)
    assert (found.side == 0).all()


@pytest.mark.parametrize("bad", [(math.nan, 100.0), (at(2), math.inf)])
def test_a_point_that_is_none_has_no_neighbourhood(bad: tuple[float, float]) -> None:
    assert read_neighbourhood(walls(), *bad) is None


@pytest.mark.parametrize("area", [(1900, 1000), (700, 500), (420, 300), (300, 900)])
def test_the_lens_lies_beside_the_cursor_and_inside_the_plot(area: tuple[float, float]) -> None:
    cell, frame = (52.0, 18.0), (70.0, 40.0)
    for x in range(0, int(area[0]), 37):
        for y in range(0, int(area[1]), 23):
            place = place_lens(area, (x, y), cell, frame)
            if place is None:
                continue
            width = place.columns * cell[0] + frame[0]
            height = place.levels * cell[1] + frame[1]
            assert place.columns % 2 == place.levels % 2 == 1
            assert 0 <= place.x <= area[0] - width + 1
            assert 0 <= place.y <= area[1] - height + 1
            across = place.x - 20 <= x <= place.x + width + 20
            down = place.y - 20 <= y <= place.y + height + 20
            assert not (across and down), "the cursor is under the lens"


def test_a_roomy_plot_has_the_whole_lens_and_a_tiny_one_none() -> None:
    roomy = place_lens((1600, 900), (800, 450), (52, 18), (70, 40))
    assert roomy is not None
    assert (roomy.columns, roomy.levels) == (7, 11)
    assert roomy.x > 800
    assert place_lens((120, 60), (60, 30), (52, 18), (70, 40)) is None
    assert place_lens((0, 0), (0, 0), (52, 18), (70, 40)) is None


# --------------------------------------------------------------------------- beyond the edges
def test_what_lies_beyond_a_price_is_summed_whole_levels_only() -> None:
    rng = np.random.default_rng(1)
    price = rng.permutation(np.arange(50) * 5.0)
    qty = rng.uniform(0, 9, 50)
    totals = RestingTotals.of(price, qty, 5.0)
    for edge in (-10.0, 0.0, 2.5, 100.0, 101.0, 104.999, 245.0, 250.0, 400.0):
        assert totals.above(edge) == pytest.approx(qty[price >= edge].sum())
        assert totals.below(edge) == pytest.approx(qty[price + 5 <= edge].sum())


def test_a_quantity_that_is_none_counts_for_nothing() -> None:
    qty = np.array([1.0, np.nan, np.inf, -4.0, 2.0])
    totals = RestingTotals.of(np.arange(5.0), qty, 1.0)
    assert totals.above(-1.0) == 3.0
    empty = RestingTotals.of(np.empty(0), np.empty(0), 5.0)
    assert (empty.above(0.0), empty.below(0.0)) == (0.0, 0.0)


def test_a_chip_says_how_much_in_which_unit_and_nothing_for_nothing() -> None:
    assert total_text(1_234.4, Quote.COIN, "BTC", "above") == "1,234 BTC above"
    assert total_text(12.34, Quote.COIN, "BTC", "above") == "12.3 BTC above"
    assert total_text(48.2e6, Quote.USD, "BTC", "below") == "$48.2M below"
    assert total_text(4.8e9, Quote.COIN, "DOGE", "below") == "4.80B DOGE below"
    assert total_text(0.0, Quote.COIN, "BTC", "below") == ""
    assert total_text(0.001, Quote.COIN, "BTC", "below") == ""


# -------------------------------------------------------------------------- largest in view
def window(first: int, stop: int, low: float, high: float) -> ChartWindow:
    return ChartWindow(minute(first) / 1000 + 1, minute(stop) / 1000 - 1, low, high, 100, 100)


def test_the_largest_cell_in_view_is_the_largest_of_those_in_view() -> None:
    store, drawn, found = walls(), HeatmapWindow(0, 1, 0, 0, 0, 0), VisibleMax()
    for first in range(10):
        for stop in range(first + 1, 11):
            for low, high in ((76.0, 99.0), (101.0, 114.0), (86.0, 124.0)):
                cells = [
                    (10.0 * n + k if price < 100 else 100.0 * n + (price - 95) / 5)
                    for n in range(first, stop)
                    if n not in {4, 5}
                    for k, price in [(k, 100.0 - 5 * k) for k in range(-4, 6)]
                    if price + 5 > low and price <= high
                ]
                largest = found.quantity(store, drawn, window(first, stop, low, high))
                expected = max(cells, default=math.nan)
                assert largest == pytest.approx(expected, rel=5e-4, nan_ok=True)


def test_the_largest_cell_follows_changes_and_reads_only_what_is_new() -> None:
    store, drawn, found = walls(), HeatmapWindow(0, 1, 0, 0, 0, 0), VisibleMax()
    view = window(0, 10, 76.0, 124.0)
    assert found.quantity(store, drawn, view) == pytest.approx(905.0, rel=5e-4)
    read = found.columns_read
    found.quantity(store, drawn, view)
    assert found.columns_read == read
    store.apply(book({9: {95.0: 7.0}}, {9: {100.0: 8.0}}))
    assert found.quantity(store, drawn, view) == pytest.approx(805.0, rel=5e-4)
    assert found.columns_read - read <= 2
    store.apply(book({10: {95.0: 7_000.0}}, {10: {100.0: 8.0}}))
    read = found.columns_read
    assert found.quantity(store, drawn, window(1, 11, 76.0, 124.0)) == pytest.approx(
        7_000, rel=5e-4
    )
    assert found.columns_read - read <= 2


def test_a_pooled_view_counts_what_is_drawn() -> None:
    frame = liquidations({n: {100.0 + 5 * k: 1.0 + n for k in range(20)} for n in range(8)}, 5.0)
    store = HeatmapStore.for_frame(frame)
    store.apply(frame)
    drawn = HeatmapWindow(1, 4, 0, 0, 0, 0)
    largest = VisibleMax().quantity(store, drawn, window(0, 8, 90.0, 210.0))
    assert largest == pytest.approx(4 * 8.0, rel=1e-3)
    assert math.isnan(VisibleMax().quantity(store, None, window(0, 8, 90.0, 210.0)))
    assert math.isnan(VisibleMax().quantity(store, drawn, window(0, 8, 900.0, 910.0)))


# ---------------------------------------------------------------------------- text in cells
@pytest.mark.parametrize(
    ("qty", "text"),
    [
        (0.0001, "<.001"),
        (0.005, "0.005"),
        (0.05, "0.05"),
        (0.8, "0.80"),
        (0.997, "1.00"),
        (1.0, "1.00"),
        (3.2, "3.20"),
        (14.0, "14.0"),
        (12.34, "12.3"),
        (400.0, "400"),
        (1_234.0, "1.23K"),
        (123_456.0, "123K"),
        (48.2e6, "48.2M"),
        (0.0, ""),
        (math.nan, ""),
    ],
)
def test_a_figure_in_a_cell_is_short(qty: float, text: str) -> None:
    assert cell_figure(qty) == text


@pytest.mark.parametrize("palette", PALETTES.values(), ids=lambda palette: palette.name)
@pytest.mark.parametrize("light", [False, True])
def test_a_figure_reads_on_every_colour_of_every_ramp(palette: Palette, light: bool) -> None:
    colours = ramp32(palette.on(light), 256)
    ground = luminance(colours)
    ink = np.where(wants_dark_ink(colours), 0.0, 1.0)
    contrast = (np.maximum(ground, ink) + 0.05) / (np.minimum(ground, ink) + 0.05)
    assert contrast.min() > 3.4


def test_luminance_is_that_of_wcag() -> None:
    colours = np.array([0xFF000000, 0xFFFFFFFF, 0xFFFF0000, 0xFF808080], np.uint32)
    assert luminance(colours) == pytest.approx([0.0, 1.0, 0.2126, 0.2159], abs=1e-4)


def test_only_large_cells_have_room() -> None:
    assert has_room(46, 13)
    assert not has_room(45.9, 30)
    assert not has_room(100, 12.9)
