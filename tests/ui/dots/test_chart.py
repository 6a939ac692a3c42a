"""The scatter: zoom, pan, names, and what it paints."""

from __future__ import annotations

import itertools
import logging

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from heatdesk.analytics.dots import select_dots
from heatdesk.frames import DotSet
from heatdesk.views.dot_axes import DotView
from tests.ui.panels.invented import click, drag, move, picture_of, press, wheel
from ui.dots.chart import DotChart
from ui.dots.picture import DotPicture, Fixture

NAN = float("nan")


def dot_set(
    x: list[float], change: list[float], cap: list[float] | None = None, mode: str = "coins"
) -> DotSet:
    n = len(x)
    changes = np.full((n, 5), NAN)
    changes[:, 0] = change
    return DotSet(
        time_ms=0,
        mode=mode,
        category="top-100",
        ids=tuple(f"id{i}" for i in range(n)),
        names=tuple(f"Name {i}" for i in range(n)),
        symbols=tuple(f"S{i}" for i in range(n)),
        relative_volume=np.array(x, dtype=np.float64),
        change_pct=changes,
        market_cap_usd=np.array(cap or [10.0 ** (9 - i % 4) for i in range(n)]),
        price_usd=np.full(n, NAN),
        volume_24h_usd=np.full(n, NAN),
    )


def picture(dots: DotSet, *, log_x: bool = True, found: list[bool] | None = None) -> DotPicture:
    return DotPicture.of(
        dots,
        select_dots(dots, "24h", log_x=log_x),
        "24h",
        log_x=log_x,
        found=None if found is None else np.array(found),
    )


def crowd(n: int = 50, seed: int = 3) -> DotSet:
    chance = np.random.default_rng(seed)
    x, y = chance.lognormal(0, 0.4, n), chance.normal(0, 3, n)
    return dot_set(x.tolist(), y.tolist(), chance.lognormal(22, 2, n).tolist())


@pytest.fixture
def chart(qtbot: QtBot) -> DotChart:
    chart = DotChart()
    qtbot.addWidget(chart)
    chart.resize(700, 300)
    chart.set_picture(picture(crowd()))
    return chart


def _value_at(chart: DotChart, at: QPointF) -> tuple[float, float]:
    view, plot = chart.view, chart.plot
    across = (at.x() - plot.left()) / plot.width()
    up = (plot.bottom() - at.y()) / plot.height()
    return view.x0 + across * (view.x1 - view.x0), view.y0 + up * (view.y1 - view.y0)


def test_up_is_up_and_busy_is_right(chart: DotChart) -> None:
    chart.set_picture(picture(dot_set([0.5, 1.0, 2.0], [5.0, 0.0, -5.0])), refit=True)
    calm, usual, busy = (chart.dot_place(f"id{i}") for i in range(3))
    assert calm is not None
    assert usual is not None
    assert busy is not None
    assert calm.x() < usual.x() < busy.x()
    assert calm.y() < usual.y() < busy.y()
    assert usual.x() - calm.x() == pytest.approx(busy.x() - usual.x()), "halves and doubles"


def test_the_wheel_zooms_about_the_cursor(chart: DotChart) -> None:
    at = QPointF(200, 100)
    before = _value_at(chart, at)
    span = chart.view.x1 - chart.view.x0
    wheel(chart, at, 2)
    assert _value_at(chart, at) == pytest.approx(before)
    assert chart.view.x1 - chart.view.x0 < span
    assert chart.zoomed


def test_the_wheel_over_an_axis_or_with_ctrl_zooms_one_way(chart: DotChart) -> None:
    view = chart.view
    wheel(chart, QPointF(chart.width() - 5, 100), 1)
    assert (chart.view.x0, chart.view.x1) == pytest.approx((view.x0, view.x1))
    assert chart.view.y1 - chart.view.y0 < view.y1 - view.y0
    kept = chart.view
    wheel(chart, QPointF(200, chart.height() - 4), 1)
    assert (chart.view.y0, chart.view.y1) == pytest.approx((kept.y0, kept.y1))
    assert chart.view.x1 - chart.view.x0 < kept.x1 - kept.x0
    kept = chart.view
    wheel(chart, QPointF(200, 100), 1, Qt.KeyboardModifier.ControlModifier)
    assert (chart.view.x0, chart.view.x1) == pytest.approx((kept.x0, kept.x1))


def test_dragging_carries_what_is_under_the_hand(chart: DotChart) -> None:
    start, end = QPointF(300, 150), QPointF(240, 190)
    held = _value_at(chart, start)
    drag(chart, [start, QPointF(290, 160), end])
    assert _value_at(chart, end) == pytest.approx(held)


def test_new_dots_never_rescale_under_a_dragging_hand(chart: DotChart) -> None:
    drag(chart, [QPointF(300, 150), QPointF(301, 150)], let_go=False)
    view = chart.view
    chart.set_picture(picture(dot_set([0.01, 1.0, 50.0], [-90.0, 0.0, 900.0])))
    assert chart.view == view
    press(chart, QPointF(301, 150), QEvent.Type.MouseButtonRelease)


def test_without_a_zoom_the_view_follows_new_dots(chart: DotChart) -> None:
    small = picture(dot_set([0.9, 1.0, 1.1], [-0.5, 0.0, 0.5]))
    chart.set_picture(small)
    close = chart.view
    chart.set_picture(picture(dot_set([0.1, 1.0, 9.0], [-40.0, 0.0, 60.0])))
    assert chart.view.y1 > close.y1
    assert chart.view.x1 > close.x1


def test_a_view_that_still_fits_stays_where_it_is(chart: DotChart) -> None:
    view = chart.view
    again = crowd()
    moved = dot_set(
        (again.relative_volume * 1.001).tolist(),
        (again.change_pct[:, 0] * 0.999).tolist(),
        again.market_cap_usd.tolist(),
    )
    chart.set_picture(picture(moved))
    assert chart.view == view


def test_a_double_click_and_the_fit_button_fit_again(chart: DotChart) -> None:
    fitted = chart.view
    wheel(chart, QPointF(200, 100), 4)
    press(chart, QPointF(200, 100), QEvent.Type.MouseButtonDblClick)
    assert chart.view == fitted
    assert not chart.zoomed
    wheel(chart, QPointF(200, 100), 4)
    click(chart, chart.fit_button.center())
    assert chart.view == fitted


def test_no_zoom_loses_the_dots(chart: DotChart) -> None:
    for turns in (60, -120):
        for _ in range(10):
            wheel(chart, QPointF(200, 100), turns)
        assert np.isfinite([chart.view.x0, chart.view.x1, chart.view.y0, chart.view.y1]).all()
        assert chart.view.x1 > chart.view.x0
    for _ in range(40):
        drag(chart, [QPointF(10, 150), QPointF(500, 150)])
    assert any(chart.dot_visible(dot_id) for dot_id in chart.ids)


def test_fifteen_names_at_most_and_none_covers_another(chart: DotChart) -> None:
    for size in ((420, 220), (700, 300), (1240, 640), (3800, 2050)):
        chart.resize(*size)
        rects = list(chart.label_rects().values())
        assert 5 <= len(rects) <= 15
        for a, b in itertools.combinations(rects, 2):
            assert not a.intersects(b)
        assert all(chart.plot.contains(rect) for rect in rects)


def test_a_dot_far_beyond_the_others_is_marked_at_the_edge_with_its_true_value(
    chart: DotChart,
) -> None:
    crowded = crowd()
    chart.set_picture(
        picture(
            dot_set(
                [*crowded.relative_volume.tolist(), 1.0],
                [*crowded.change_pct[:, 0].tolist(), 4.0e7],
                [*crowded.market_cap_usd.tolist(), 1e6],
            )
        ),
        refit=True,
    )
    place = chart.dot_place("id50")
    assert place is not None
    assert chart.plot.contains(place)
    assert place.y() - chart.plot.top() < 20, "at the upper edge"
    assert chart.label_words()["id50"] == "S50 +40.0M %"
    spread = [chart.dot_place(f"id{i}") for i in range(50)]
    heights = [at.y() for at in spread if at is not None]
    assert max(heights) - min(heights) > 0.4 * chart.plot.height(), "the others are not squeezed"


def test_the_topmost_dot_under_the_mouse_is_told(chart: DotChart) -> None:
    chart.set_picture(
        picture(dot_set([1.0, 1.0, 3.0], [1.0, 1.0, -2.0], [1e12, 1e8, 1e8])), refit=True
    )
    place = chart.dot_place("id0")
    assert place is not None
    told: list[str] = []
    chart.hovered.connect(told.append)
    move(chart, place)
    move(chart, QPointF(chart.plot.right() - 3, 40))
    assert told == ["id1", ""], "the small dot lies on the large one"


def test_warm_is_up_and_cool_is_down_and_dimmed_when_not_searched(chart: DotChart) -> None:
    dots = dot_set([0.6, 1.6], [8.0, -8.0], [1e9, 1e9])
    chart.set_picture(picture(dots), refit=True)

    def shade(dot_id: str) -> QColor:
        place = chart.dot_place(dot_id)
        assert place is not None
        return picture_of(chart).pixelColor(place.toPoint())

    up, down = shade("id0"), shade("id1")
    assert up.red() > up.blue() + 40
    assert down.blue() > down.red() + 40
    chart.set_picture(picture(dots, found=[True, False]))
    assert shade("id0") == up
    assert shade("id1").lightness() < down.lightness() / 2


@pytest.mark.parametrize(
    "dots",
    [
        dot_set([], []),
        dot_set([1.0], [0.0]),
        dot_set([1.0, 1.0], [0.0, 0.0]),
        dot_set([1e-9, 1e9], [-100.0, 1e15]),
        dot_set([1.0, 2.0], [1.0, 2.0], [NAN, NAN]),
    ],
    ids=["none", "one", "two in one place", "absurd", "without market cap"],
)
@pytest.mark.parametrize("log_x", [True, False])
def test_whatever_comes_is_painted_without_an_error(
    chart: DotChart, caplog: pytest.LogCaptureFixture, dots: DotSet, log_x: bool
) -> None:
    with caplog.at_level(logging.ERROR):
        chart.set_picture(picture(dots, log_x=log_x), refit=True)
        for size in ((700, 300), (60, 40), (1, 1), (3840, 2160)):
            chart.resize(*size)
            picture_of(chart)
            wheel(chart, QPointF(5, 5), 3)
            picture_of(chart, 1.5)
            chart.reset_view()
        chart.set_picture(None)
        picture_of(chart)
    assert not caplog.records


@pytest.mark.parametrize("size", [(420.0, 220.0), (900.0, 420.0), (2400.0, 1300.0)])
def test_the_note_and_the_titles_stand_where_no_dot_can_be(
    size: tuple[float, float],
) -> None:
    frame = Fixture.of(picture(crowd()), DotView(-1.0, 1.0, -20.0, 20.0), size)
    foot = frame.foot
    assert foot.top() >= frame.plot.bottom() + frame.text_px  # the figures of the axis between
    assert foot.height() >= frame.text_px
    assert frame.text_px <= frame.head.bottom() <= frame.plot.top()
    assert foot.bottom() <= size[1] + 0.01
    assert foot.right() <= frame.plot.right()
