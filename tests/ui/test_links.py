"""Links: what panels of one colour share, and the chip that says so."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from heatdesk.views.target import Target, target_of
from ui.panel.link_chip import LinkChip
from ui.panel.links import COLOURS, LinkHub, LinkState, Pointed, Role

ETH = Target("ETH", "BINANCE_FUTURES", "ETHUSDT")


@pytest.fixture
def hub(qapp: object) -> LinkHub:
    del qapp
    return LinkHub()


def test_a_target_is_written_as_each_venue_writes_it() -> None:
    assert ETH.at("BINANCE_FUTURES") == "ETHUSDT"
    assert ETH.at("KRAKEN", live=True) == "ETH/USD"
    assert Target("ETH", "KRAKEN", "ETH/EUR").at("KRAKEN", live=True) == "ETH/EUR"
    assert target_of("KRAKEN", "ETH/USD", live=True) == Target("ETH", "KRAKEN", "ETH/USD")


def test_an_instrument_reaches_its_own_colour_only(hub: LinkHub, qtbot: QtBot) -> None:
    with qtbot.waitSignal(hub.targeted) as told:
        hub.publish("blue", ETH)
    assert told.args == ["blue"]
    assert hub.target("blue") == ETH
    assert hub.target("orange") is None
    with qtbot.assertNotEmitted(hub.targeted):
        hub.publish("blue", ETH)
        hub.publish("", Target("BTC"))


def test_only_the_one_that_showed_a_crosshair_hides_it(hub: LinkHub) -> None:
    mine, other = object(), object()
    point = Pointed(1.0, 2.0, "BTC")
    hub.point("blue", point, mine)
    hub.point("blue", None, other)
    assert hub.pointed_at("blue") == point
    assert hub.pointed_at("blue", but=mine) is None
    hub.point("blue", None, mine)
    assert hub.pointed_at("blue") is None


def test_a_stretch_of_time_is_shared_once(hub: LinkHub, qtbot: QtBot) -> None:
    with qtbot.waitSignal(hub.spanned):
        hub.share_span("blue", 10.0, 20.0)
    with qtbot.assertNotEmitted(hub.spanned):
        hub.share_span("blue", 10.0, 20.0)
        hub.share_span("blue", 20.0, 10.0)
    assert hub.span("blue") == (10.0, 20.0)
    hub.forget()
    assert hub.span("blue") is None


@pytest.mark.parametrize(
    ("role", "takes", "gives"),
    [(Role.FOLLOW, True, True), (Role.LEAD, False, True), (Role.LOCKED, False, False)],
)
def test_what_each_role_takes_and_gives(role: Role, takes: bool, gives: bool) -> None:
    state = LinkState("blue", role)
    assert (state.takes, state.gives) == (takes, gives)
    unlinked = LinkState("", role)
    assert (unlinked.takes, unlinked.gives) == (False, False)


def test_a_link_survives_saving_and_bad_values_keep_what_is_here() -> None:
    state = LinkState("violet", Role.LEAD, time=True)
    assert LinkState().loaded(state.saved()) == state
    assert state.loaded({"colour": "pink", "role": 3, "time": "yes"}) == state
    assert state.loaded({"colour": ""}).colour == ""
    for odd in ([], {}, [["blue"]], 10**400, None):
        assert state.loaded({"colour": odd, "role": odd, "time": odd}) == state


def test_the_chip_says_how_the_panel_is_linked(qtbot: QtBot) -> None:
    chip = LinkChip()
    qtbot.addWidget(chip)
    assert chip.accessibleName() == "Link: not linked"
    chip.show_state(LinkState("orange", Role.LOCKED, time=True))
    assert chip.accessibleName() == "Link: orange, locked, shares the time"


def test_the_chips_menu_changes_colour_role_and_time(qtbot: QtBot) -> None:
    chip = LinkChip()
    qtbot.addWidget(chip)
    chosen: list[LinkState] = []
    chip.chosen.connect(chosen.append)
    menu = chip.menu_of(chip)
    by_words = {action.text(): action for action in menu.actions()}
    assert [by_words[one.capitalize()].isChecked() for one in COLOURS] == [False] * len(COLOURS)
    assert not by_words["Share the time in view"].isEnabled()
    by_words["Blue"].trigger()
    chip.show_state(chosen[-1])
    by_words = {action.text(): action for action in chip.menu_of(chip).actions()}
    by_words["Lead: take nothing over"].trigger()
    chip.show_state(chosen[-1])
    by_words = {action.text(): action for action in chip.menu_of(chip).actions()}
    by_words["Share the time in view"].trigger()
    assert chosen[-1] == LinkState("blue", Role.LEAD, time=True)


def test_chips_of_every_colour_and_role_look_different(qtbot: QtBot) -> None:
    chip = LinkChip()
    qtbot.addWidget(chip)
    chip.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    chip.show()
    seen = set()
    for colour in COLOURS:
        for role in Role:
            chip.show_state(LinkState(colour, role))
            image = chip.grab().toImage()
            seen.add(bytes(image.constBits()))
    assert len(seen) == len(COLOURS) * len(Role)
