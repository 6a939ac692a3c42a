"""The desk looks as the settings say: at once, in every window, and back again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import pytest
from PySide6.QtGui import QPalette

from heatdesk import units
from heatdesk.errors import UsageError
from heatdesk.settings import Settings
from heatdesk.workspaces.library import Library
from tests.ui.desk import NOON_MS, Desk, kind
from ui import theme
from ui.app.dressing import Dressing, renew
from ui.main_window import Desk as MainDesk
from ui.main_window.pulse import FRAME_MS, MOVING_MS
from ui.panel import Workspace
from ui.panels.status import StatusPanel

KINDS = (kind("order-book", "Order book", "kiyotaka"), kind("dots", "Dots", "sharpe"), StatusPanel)


def settings(**view):
    return replace(Settings(), view=replace(Settings().view, **view))


@pytest.fixture
def inner():
    return Desk()


@pytest.fixture
def desk(qapp, qtbot, inner, tmp_path):
    made = MainDesk(inner.context, KINDS, lambda wanted: None, library=Library(tmp_path))
    made.first.resize(1200, 800)
    made.show()
    qtbot.waitUntil(lambda: made.placed)
    yield made
    made.close()
    made.discard()


@pytest.fixture
def dressing(qapp, desk):
    palette, sheet = qapp.palette(), qapp.styleSheet()
    yield Dressing(desk, Settings())
    theme.use_convention("green-up")
    theme.use("dark")
    units.use_number_format(units.NUMBER_FORMATS[0])
    qapp.setStyleSheet(sheet)
    qapp.setPalette(palette)


def test_panels_made_anew_keep_their_names_options_and_places(desk, qtbot):
    second = desk.open_panel("order-book")
    second.panel.symbol = "ETHUSDT"
    qtbot.waitUntil(lambda: second.isVisible() and second.width() > 100)
    qtbot.waitUntil(lambda: not desk.docks["order-book"].on_screen)
    before = {name: dock.geometry() for name, dock in desk.docks.items() if dock.on_screen}
    assert set(before) == {"order-book-2", "dots"}
    panels = set(desk.panels())
    renew(desk)
    assert not panels & set(desk.panels())
    for name, place in before.items():
        qtbot.waitUntil(lambda n=name, p=place: desk.docks[n].geometry() == p)
        qtbot.waitUntil(lambda n=name: desk.docks[n].on_screen)
    assert desk.docks["order-book-2"].panel.symbol == "ETHUSDT"


def test_another_theme_shows_at_once_and_goes_back(dressing, desk, qapp):
    dark, panel = theme.Palette.GROUND, desk.docks["order-book"].panel
    dressing.show(settings(theme="light"))
    assert theme.name() == "light"
    assert qapp.palette().color(QPalette.ColorRole.Base).name().upper() == theme.Palette.GROUND
    assert desk.docks["order-book"].panel is not panel
    dressing.show(Settings())
    assert dark == theme.Palette.GROUND


def test_what_does_not_change_the_look_leaves_the_panels_alone(dressing, desk):
    panel = desk.docks["order-book"].panel
    dressing.show(settings(utc=True, zone="Asia/Tokyo"))
    assert desk.docks["order-book"].panel is panel
    assert desk.context.workspace.utc
    assert desk.context.workspace.zone_name == "Asia/Tokyo"


def test_figures_follow_at_once(dressing):
    dressing.show(settings(numbers="1.234,5"))
    assert units.format_price(70825.5, 0.5) == "70.825,5"


def test_the_pace_is_capped_and_freed(dressing, desk, qtbot):
    qtbot.waitUntil(lambda: desk.pulse.pace_ms == FRAME_MS)
    slow = replace(Settings(), performance=replace(Settings().performance, frame_rate=10))
    dressing.show(slow)
    assert desk.pulse.pace_ms == 100
    dressing.show(Settings())
    assert desk.pulse.pace_ms == FRAME_MS > MOVING_MS


@pytest.mark.parametrize("name", theme.THEMES)
def test_conventions_change_places_and_never_the_theme(name, dressing):
    theme.use(name)
    usual = theme.Palette.UP, theme.Palette.DOWN, theme.Palette.BUY, theme.Palette.SELL
    bid, ask, live = theme.Palette.BID, theme.Palette.ASK, theme.Palette.LIVE
    theme.use_convention("red-up", swapped_sides=True)
    assert usual[:2] == (theme.Palette.DOWN, theme.Palette.UP)
    assert usual[2:] == (theme.Palette.SELL, theme.Palette.BUY)
    assert (bid, ask) == (theme.Palette.ASK, theme.Palette.BID)
    assert live == theme.Palette.LIVE
    theme.use_convention("green-up")
    assert (usual[0], bid) == (theme.Palette.UP, theme.Palette.BID)


@pytest.mark.parametrize("name", theme.THEMES)
def test_the_safe_colours_read_on_the_ground_and_differ_in_blue(name, dressing):
    theme.use(name)
    theme.use_convention("colour-blind")
    colours = theme.Palette
    for up, down in ((colours.UP, colours.DOWN), (colours.BUY, colours.SELL)):
        for ink in (up, down):
            assert theme.contrast_ratio(theme.colour(ink), theme.colour(colours.GROUND)) >= 4.5
        assert theme.colour(up).blue() - theme.colour(down).blue() > 100


def test_a_zone_is_local_utc_or_any_place(qapp):
    workspace = Workspace(zone="Asia/Tokyo")
    changes = []
    workspace.zone_changed.connect(lambda: changes.append(workspace.zone_title(NOON_MS)))
    assert workspace.clock_text(NOON_MS) == "21:00"
    workspace.utc = True
    assert workspace.zone is UTC
    workspace.utc = False
    workspace.set_zone("America/New_York", utc=False)
    workspace.set_zone("America/New_York", utc=False)
    assert changes == ["UTC", "Tokyo, UTC+9", "New York, UTC-4"]
    with pytest.raises(UsageError):
        workspace.set_zone("Nowhere/Land", utc=False)
    assert workspace.zone_name == "America/New_York"
