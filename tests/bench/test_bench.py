"""The bench at a tiny size: every row is there and has its shape; no figure is judged."""

from __future__ import annotations

import json
import math

import pytest

from tests.bench import rows
from tests.bench.market import Market
from tests.bench.memory import Ours, zoom_out
from tests.bench.pacing import Desk, measure_pacing
from tests.bench.painting import OPERATIONS, measure_painting
from tests.bench.rows import COL_MAJOR, ROW_MAJOR, Row
from tests.bench.startup import measure_startup
from tests.bench.walls import ZOOMS, Eye, WalledBook

TINY = {"rounds": 1, "columns": 120, "levels": 90}


@pytest.mark.parametrize(
    ("size", "suffix"), [((1920, 1080), ""), ((640, 360), "@640x360"), ((3840, 2160), "@3840x2160")]
)
def test_each_painting_row_stands_beside_both_ways_of_the_stock_item(qtbot, size, suffix):
    found = measure_painting(size, **TINY)
    assert [(row.name, row.baseline) for row in found] == [
        (f"{name}{suffix}", baseline)
        for name in OPERATIONS
        for baseline in ("stock col-major", "stock row-major")
    ]
    assert all(row.ours > 0 and row.baseline_value > 0 for row in found)


def test_a_row_is_kept_with_six_fields_and_its_ratio():
    kept = Row("pan", 3.0, "ms CPU", COL_MAJOR, 12.0, "a word").kept()
    assert json.loads(json.dumps(kept)) == {
        "name": "pan",
        "baseline": "stock col-major",
        "ours": 3.0,
        "baseline_value": 12.0,
        "unit": "ms CPU",
        "ratio": 0.25,
    }


def test_a_row_without_a_baseline_has_no_ratio_and_one_not_measured_no_figure():
    assert Row("eight_panels", 16.0, "ms").kept()["ratio"] is None
    missing = Row("walls_kept[gl]", None, "walls", ROW_MAJOR, 48.0).kept()
    assert missing["ours"] is None
    assert missing["ratio"] is None


def test_rows_survive_the_way_between_processes():
    some = [Row("a", 1.0, "ms", COL_MAJOR, 2.0, "note"), Row("b", None, "")]
    assert rows.unpacked(json.loads(json.dumps(rows.packed(some)))) == some


def test_the_table_names_every_row_and_its_note():
    text = rows.table([Row("a_row", 1.0, "ms", COL_MAJOR, 4.0), Row("b_row", None, "", note="why")])
    lines = text.splitlines()
    assert len(lines) == 3
    assert "0.250" in lines[1]
    assert lines[2].startswith("b_row")
    assert lines[2].endswith("why")


@pytest.mark.parametrize(("pct", "expected"), [(50, 2.0), (95, 4.0), (75, 3.0), (1, 1.0)])
def test_a_percentile_is_a_value_that_occurred(pct, expected):
    assert rows.percentile([4.0, 1.0, 3.0, 2.0], pct) == expected


def test_the_store_of_the_bench_holds_what_the_stock_item_is_given(qtbot):
    market = Market(40, 60)
    store, cells = market.fill()
    first_column, first_level = store.first_column, store.first_level
    for column in (0, 17, 39):
        for level in (0, 11, 59):
            sides = [store.value_at(side, first_column + column, first_level + level)
                     for side in store.planes]  # fmt: skip
            held = sum(value for value in sides if math.isfinite(value))
            assert held == pytest.approx(cells[column, level], rel=1e-3)


def test_appending_moves_the_same_columns_out_of_both_views(qtbot):
    market = Market(64, 48)
    store, _ = market.fill()
    ours = Ours(market, store, (200, 100))
    ours.prepare("append_column")
    before = ours.box.viewRange()[0]
    ours.run("append_column", 1)
    ours.repaint()
    after = ours.box.viewRange()[0]
    assert store.last_column - store.first_column == 64
    assert after[0] - before[0] == pytest.approx(market.time_s(1) - market.time_s(0))
    zoom_out(ours)
    assert ours.item.problem == ""
    ours.close()


@pytest.fixture(scope="module")
def walled_book():
    return WalledBook(columns=300, levels=260, walls=12)


def test_every_planted_wall_stands_at_every_zoom(qtbot, walled_book):
    eye = Eye(walled_book, walled_book.fill())
    assert {zoom: eye.kept(zoom) for zoom in ZOOMS} == dict.fromkeys(ZOOMS, 12)
    eye.view.close()


def test_a_wall_that_is_not_drawn_is_missed(qtbot, walled_book):
    levels = walled_book.levels
    walled_book.levels = levels[:9]
    walled_book.columns, columns = walled_book.columns[:9], walled_book.columns
    store = walled_book.fill()
    walled_book.levels, walled_book.columns = levels, columns
    eye = Eye(walled_book, store)
    assert eye.kept(1.0) == 9
    eye.view.close()


def test_live_panels_tell_their_pace_and_end_their_feed(qtbot):
    desk = Desk(columns=200, levels=60, panels=1)
    qtbot.addWidget(desk)
    found = {row.name: row.ours for row in measure_pacing(runs=1, run_s=0.6, desk=desk)}
    assert set(found) == {"eight_panels", "eight_panels_p95", "eight_panels_cpu"}
    assert 0 < found["eight_panels"] <= found["eight_panels_p95"]
    heat = desk.store.heatmap(desk.panels[0].primary())
    assert heat.last_column - heat.first_column >= 200  # columns came while it ran


def test_the_first_frame_of_the_program_and_of_a_bare_window_are_seen():
    rows = measure_startup(runs=1)
    assert [row.name for row in rows] == ["first_frame", "first_live"]
    for row in rows:
        assert row.ours > 0
        assert row.baseline_value > 0
