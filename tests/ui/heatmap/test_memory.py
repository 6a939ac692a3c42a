from __future__ import annotations

import gc
import weakref
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from heatdesk.store.heatmap import HeatmapStore
from heatdesk.views import cell_count
from heatdesk.views.contrast import Contrast
from tests.heatdesk.store.books import book
from ui.heatmap.legend import ContrastLegend
from ui.heatmap.memory import AUTO_MS, JOIN_MS, MOST, ContrastMemory

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def sizes(scale: float, columns: range = range(6)) -> HeatmapStore:
    """A book whose levels hold 1 to 40 times a size."""
    bids = {n: {5_000.0 + 5 * k: scale * (k + 1) for k in range(40)} for n in columns}
    frame = book(bids, {n: {} for n in columns})
    made = HeatmapStore.for_frame(frame)
    made.apply(frame)
    return made


def grow(heat: HeatmapStore, scale: float, n: int) -> None:
    bids = {n: {5_000.0 + 5 * k: scale * (k + 1) for k in range(40)}}
    heat.apply(book(bids, {n: {}}))


@dataclass
class Desk:
    """A legend, its memory, and a clock of their own."""

    legend: ContrastLegend
    memory: ContrastMemory
    now_ms: int = 1_000_000

    def offer(
        self,
        heat: HeatmapStore,
        *,
        filling: bool = False,
        held: bool = False,
        joined: int = 0,
        since: int | None = None,
    ) -> None:
        self.memory.offer(
            heat, 1, filling=filling, now_ms=self.now_ms, held=held, joined=joined, since=since
        )


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    legend = ContrastLegend()
    qtbot.addWidget(legend)
    made = Desk(legend, ContrastMemory(legend, Contrast()))
    made.memory.turn_to("btc")
    return made


def test_colours_are_fitted_once_and_then_frozen(desk: Desk) -> None:
    heat = sizes(1.0)
    desk.offer(heat)
    before = desk.legend.cut
    assert before[0] == pytest.approx(30.0, rel=0.01)
    for n in range(6, 30):
        grow(heat, 100.0, n)
        desk.now_ms += 60_000
        desk.offer(heat)
    assert desk.legend.cut == before
    desk.memory.refit()
    desk.offer(heat)
    assert desk.legend.cut[0] > 10 * before[0]


def test_they_are_fitted_again_when_the_first_history_is_complete(desk: Desk) -> None:
    heat = sizes(1.0)
    desk.offer(heat, filling=True)
    grow(heat, 100.0, 6)
    desk.offer(heat, filling=True)
    assert desk.legend.cut[1] < 50
    desk.offer(heat)
    assert desk.legend.cut[1] > 1_000


def test_a_new_instrument_takes_the_last_setting(desk: Desk) -> None:
    desk.offer(sizes(1.0))
    desk.legend.choose(Contrast(low_pct=20.0, high_pct=80.0, scale="linear"))
    desk.memory.turn_to("eth")
    desk.offer(sizes(50.0))
    assert desk.legend.contrast == Contrast(low_pct=20.0, high_pct=80.0, scale="linear")
    assert desk.legend.cut[0] == pytest.approx(50 * 8, rel=0.01)


def test_exact_sizes_come_to_a_new_instrument_as_the_sizes_it_has_there(desk: Desk) -> None:
    desk.offer(sizes(1.0))
    desk.legend.hide_below(20.0)
    desk.memory.turn_to("eth")
    desk.offer(sizes(50.0))
    assert desk.legend.contrast.mode == "absolute"
    assert desk.legend.cut[0] == pytest.approx(50 * 20, rel=0.06)


def test_each_instrument_keeps_its_own(desk: Desk) -> None:
    btc, eth = sizes(1.0), sizes(50.0)
    desk.offer(btc)
    desk.legend.hide_below(20.0)
    desk.memory.turn_to("eth")
    desk.offer(eth)
    desk.legend.choose(Contrast(low_pct=5.0))
    desk.memory.turn_to("btc")
    desk.offer(btc)
    assert desk.legend.cut[0] == 20.0
    desk.memory.turn_to("eth")
    desk.offer(eth)
    assert desk.legend.contrast.low_pct == 5.0


def test_an_instrument_once_seen_is_not_new(desk: Desk) -> None:
    btc = sizes(1.0)
    desk.offer(btc)
    desk.memory.turn_to("eth")
    desk.offer(sizes(50.0))
    desk.legend.choose(Contrast(low_pct=5.0))
    desk.memory.turn_to("btc")
    desk.offer(btc)
    assert desk.legend.contrast == Contrast()


def test_everything_survives_a_restart(desk: Desk, qtbot: QtBot) -> None:
    btc = sizes(1.0)
    desk.offer(btc)
    desk.legend.hide_below(20.0)
    desk.memory.turn_to("eth:1|2")
    desk.offer(btc)
    desk.legend.choose(Contrast(low_pct=5.0, scale="linear", auto=True))
    legend = ContrastLegend()
    qtbot.addWidget(legend)
    again = Desk(legend, ContrastMemory(legend, Contrast()))
    again.memory.load(desk.memory.save())
    again.memory.turn_to("btc")
    again.offer(btc)
    assert again.legend.cut[0] == 20.0
    for key in ("eth:1|2", "never seen"):
        again.memory.turn_to(key)
        again.offer(btc)
        assert again.legend.contrast == desk.legend.contrast
    assert again.memory.save()["contrast_default"] == desk.memory.save()["contrast_default"]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "btc",
        "btc|percentile|75|99.5|0|0",
        "btc|percentile|99|98|0|0|log|frozen",
        "btc|percentile|nan|98|0|0|log|frozen",
        "btc|percentile|1|101|0|0|log|frozen",
        "btc|percentile|-1|98|0|0|log|frozen",
        "btc|absolute|1|98|5|5|log|frozen",
        "btc|absolute|1|98|5|inf|log|frozen",
        "btc|percentile|1|98|0|0|cubic|frozen",
        "btc|lots|1|98|0|0|log|frozen",
        7,
        None,
    ],
)
def test_a_saved_line_that_makes_no_sense_is_left_out(desk: Desk, line: object) -> None:
    default = str(line).removeprefix("btc|")
    desk.memory.load({"contrast": [line], "contrast_default": default})
    desk.memory.load({"contrast": line, "contrast_default": 3})
    desk.offer(sizes(1.0))
    assert desk.legend.contrast == Contrast()


def test_lines_of_earlier_versions_are_understood(desk: Desk) -> None:
    desk.memory.load({"contrast": ["btc|percentile|60.0|90.0|0.0|0.0|linear"]})
    desk.offer(sizes(1.0))
    assert desk.legend.contrast == Contrast(low_pct=60.0, high_pct=90.0, scale="linear")


def test_the_instruments_seen_last_are_kept(desk: Desk) -> None:
    heat = sizes(1.0)
    for n in range(MOST + 5):
        desk.memory.turn_to(f"coin {n}")
        desk.offer(heat)
    lines = desk.memory.save()["contrast"]
    assert len(lines) == MOST
    assert str(lines[-1]).startswith(f"coin {MOST + 4}|")


def test_auto_follows_the_data_every_few_seconds_at_most(desk: Desk) -> None:
    heat = sizes(1.0)
    desk.offer(heat)
    desk.legend.set_auto(True)
    fits: list[int] = []
    desk.legend.changed.connect(lambda: fits.append(desk.now_ms))
    for n in range(6, 206):
        grow(heat, float(n), n)
        desk.now_ms += 100
        desk.offer(heat)
    assert len(fits) == 20_000 // AUTO_MS
    assert all(b - a >= AUTO_MS for a, b in pairwise(fits))
    assert desk.legend.cut[1] > 1_000


def test_auto_does_nothing_while_nothing_changes(desk: Desk) -> None:
    heat = sizes(1.0)
    desk.offer(heat)
    desk.legend.set_auto(True)
    desk.memory.refit()
    desk.offer(heat)
    fits: list[int] = []
    desk.legend.changed.connect(lambda: fits.append(1))
    for _ in range(5):
        desk.now_ms += AUTO_MS
        desk.offer(heat)
    assert fits == []


def test_auto_waits_for_the_hand_to_let_go(desk: Desk) -> None:
    heat = sizes(1.0)
    desk.offer(heat)
    desk.legend.set_auto(True)
    before = desk.legend.cut
    grow(heat, 500.0, 6)
    desk.now_ms += AUTO_MS
    desk.offer(heat, held=True)
    assert desk.legend.cut == before
    desk.offer(heat)
    assert desk.legend.cut[1] > 100 * before[1]


def test_a_hand_on_the_picture_does_not_hold_up_a_refit(desk: Desk) -> None:
    heat = sizes(1.0)
    desk.offer(heat)
    grow(heat, 500.0, 6)
    desk.memory.refit()
    desk.offer(heat, held=True)
    assert desk.legend.cut[1] > 1_000


def test_a_clock_set_back_does_not_stop_auto(desk: Desk) -> None:
    heat = sizes(1.0)
    desk.offer(heat)
    desk.legend.set_auto(True)
    grow(heat, 500.0, 6)
    desk.now_ms -= 3_600_000
    desk.offer(heat)
    assert desk.legend.cut[1] > 1_000


def test_another_interval_has_its_own_histogram_and_the_same_colours(desk: Desk) -> None:
    desk.offer(sizes(1.0))
    before = desk.legend.cut
    other = sizes(100.0)
    desk.memory.forget_source()
    desk.offer(other, filling=True)
    grow(other, 9_000.0, 6)
    desk.offer(other)
    assert desk.legend.cut == before
    desk.legend.edit("high")
    desk.legend.editor.setText("p100")
    desk.legend.editor.editingFinished.emit()
    assert desk.legend.cut[1] == pytest.approx(360_000, rel=0.01)


def test_the_cells_of_an_instrument_left_are_let_go(desk: Desk) -> None:
    heat = sizes(1.0)
    held = weakref.ref(heat)
    desk.offer(heat)
    del heat
    desk.memory.forget_source()
    gc.collect()
    assert held() is None


def test_a_large_store_is_counted_over_several_offers(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    heat = sizes(1.0, range(30))
    grow(heat, 1_000.0, 30)
    monkeypatch.setattr(cell_count, "STEP_CELLS", 80)
    desk.offer(heat)
    assert desk.memory.counting
    newest_only = desk.legend.cut
    assert newest_only[0] > 10_000
    offers = 0
    while desk.memory.counting:
        desk.offer(heat)
        offers += 1
    assert offers > 20
    assert desk.legend.cut[0] == pytest.approx(31.0, rel=0.05)


def test_a_refit_asked_for_over_and_over_comes_to_an_end(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    heat = sizes(1.0, range(30))
    desk.offer(heat)
    monkeypatch.setattr(cell_count, "STEP_CELLS", 80)
    fits: list[int] = []
    desk.legend.changed.connect(lambda: fits.append(1))
    for _ in range(100):
        desk.memory.refit()
        desk.offer(heat)
    assert len(fits) == 100 // 30


def test_a_store_without_any_quantity_is_not_counted_over_and_over(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = book({0: {100.0: 0.0}}, {0: {}})
    heat = HeatmapStore.for_frame(frame)
    heat.apply(frame)
    desk.offer(heat)
    counted: list[int] = []
    monkeypatch.setattr(cell_count.CellCount, "step", lambda _: counted.append(1) or True)
    desk.offer(heat)
    assert counted == []
    grow(heat, 1.0, 1)
    desk.offer(heat)
    assert counted == [1]


def test_what_a_fit_finds_is_no_setting_of_the_user(desk: Desk) -> None:
    heat = sizes(1.0)
    desk.legend.hide_below(3.0)
    before = desk.memory.save()["contrast_default"]
    desk.memory.turn_to("eth")
    desk.offer(heat)
    assert desk.memory.save()["contrast_default"] == before
    assert desk.legend.contrast.mode == "absolute"


def test_nothing_of_the_instrument_left_is_shown_while_another_is_awaited(desk: Desk) -> None:
    desk.offer(sizes(1.0))
    desk.legend.set_unit("BTC per", "$5 level", usd=False)
    assert any(handle.isVisibleTo(desk.legend) for handle in desk.legend.handles.values())
    desk.memory.forget_source()
    assert not any(handle.isVisibleTo(desk.legend) for handle in desk.legend.handles.values())
    assert desk.legend.unit_text.strip() == ""


def test_what_is_chosen_while_an_instrument_is_awaited_is_meant_for_that_one(desk: Desk) -> None:
    desk.offer(sizes(1.0))
    desk.memory.forget_source()
    desk.legend.set_scale("linear")
    desk.memory.turn_to("eth")
    desk.offer(sizes(50.0))
    assert desk.legend.contrast.scale == "linear"
    desk.memory.turn_to("btc")
    desk.offer(sizes(1.0))
    assert desk.legend.contrast.scale == "log"
    desk.memory.turn_to("eth")
    desk.offer(sizes(50.0))
    assert desk.legend.contrast.scale == "linear"


def test_percentiles_chosen_while_another_interval_is_awaited_are_those_shown(desk: Desk) -> None:
    desk.offer(sizes(1.0))
    desk.memory.forget_source()
    desk.legend.choose(Contrast(low_pct=50.0))
    desk.memory.turn_to("btc")
    desk.offer(sizes(3.0))
    assert desk.legend.contrast.low_pct == 50.0
    assert desk.legend.cut[0] == pytest.approx(60.0, rel=0.05)


@pytest.mark.parametrize("sizes_told", ["1e-300|1e300", "0.0|5e-324", "1e9|2e9", "1e9|1e12"])
def test_saved_sizes_far_from_every_cell_become_the_shares_told_with_them(
    desk: Desk, sizes_told: str
) -> None:
    desk.memory.load({"contrast": [f"btc|absolute|50.0|99.0|{sizes_told}|log|frozen"]})
    desk.offer(sizes(1.0))
    assert desk.legend.cut == (pytest.approx(20.0, rel=0.05), pytest.approx(40.0, rel=0.05))


def test_a_part_of_a_sum_that_joins_is_fitted_for_once_by_what_came_since(desk: Desk) -> None:
    heat = sizes(1.0, range(60))
    desk.offer(heat, joined=1)
    small, since = desk.legend.cut, heat.last_column + 2
    fits: list[int] = []
    desk.legend.changed.connect(lambda: fits.append(desk.now_ms))
    began_ms = desk.now_ms
    for n, joined in enumerate((2, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4)):
        grow(heat, 10.0, 60 + n)
        desk.offer(heat, joined=joined, since=since)
        desk.now_ms += 100
    assert fits == [began_ms + JOIN_MS], "those that join together shift the colours once"
    assert desk.legend.cut == pytest.approx([10 * cut for cut in small], rel=0.06)


def test_a_part_that_joins_under_a_hand_waits_for_it(desk: Desk) -> None:
    heat = sizes(1.0)
    desk.offer(heat, joined=1)
    before = desk.legend.cut
    grow(heat, 10.0, 6)
    newest = heat.last_column
    desk.offer(heat, joined=2, since=newest)
    desk.now_ms += JOIN_MS
    desk.offer(heat, joined=2, since=newest, held=True)
    assert desk.legend.cut == before
    desk.offer(heat, joined=2, since=newest)
    assert desk.legend.cut[0] > 5 * before[0]


def test_colours_of_a_handful_of_cells_are_fitted_again_when_they_are_many_more(
    desk: Desk,
) -> None:
    heat = HeatmapStore.for_frame(book({0: {5_000.0: 3.0}}, {0: {}}))
    fits: list[int] = []
    desk.legend.changed.connect(lambda: fits.append(held))
    for held in range(1, 400):
        bids = {0: {5_000.0 + 5 * k: 3.0 * (k + 1) for k in range(held)}}
        heat.apply(book(bids, {0: {}}))
        desk.now_ms += AUTO_MS
        desk.offer(heat)
    assert fits == [1, 8, 64]


def test_colours_of_a_handful_of_cells_follow_sums_that_grew_much(desk: Desk) -> None:
    fits: list[float] = []
    heat = HeatmapStore.for_frame(book({0: {5_000.0: 3.0}}, {0: {}}))
    desk.legend.changed.connect(lambda: fits.append(held))
    for held in (3.0, 6.0, 12.0, 24.0, 48.0, 96.0, 192.0):
        heat.apply(book({0: {5_000.0: held}}, {0: {}}))
        desk.now_ms += AUTO_MS
        desk.offer(heat)
    assert fits == [3.0, 24.0, 192.0]
