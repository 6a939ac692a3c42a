"""One panel's settings for all of its kind: the look is handed on, the market stays."""

from __future__ import annotations

import pytest

from tests.ui.desk import Desk, kind
from ui.panel.peers import apply_to_peers, peer_commands
from ui.panels.order_book import OrderBookPanel
from ui.panels.tape import TapePanel

Other = kind("dots", "Market dots", "sharpe")


@pytest.fixture
def context(qapp):
    return Desk().context


@pytest.fixture
def books(qtbot, context):
    made = [OrderBookPanel(context) for _ in range(3)]
    for one in made:
        qtbot.addWidget(one)
    made[1].load_options({**made[1].save_options(), "symbol": "ETHUSDT", "coin": "ETH"})
    made[2].load_options({**made[2].save_options(), "venues": ["BYBIT"], "block_size": 50.0})
    return made


def test_peers_take_the_look_and_keep_what_they_show(books, context, qtbot):
    tape = TapePanel(context)
    qtbot.addWidget(tape)
    before = tape.save_options()
    first = books[0]
    look = {"palette": "amber", "mid": True, "delta": False, "interval": "5m", "strip_px": 90.0}
    first.load_options({**first.save_options(), **look})
    assert apply_to_peers(first, [*books, tape]) == 2
    for peer in books[1:]:
        assert {name: peer.save_options()[name] for name in look} == look
    assert books[1].options.symbol == "ETHUSDT"
    assert books[2].options.venues == ("BYBIT",)
    assert books[2].options.block_size == 50.0
    assert first.options.symbol == "BTCUSDT"
    assert tape.save_options() == before


def test_the_command_is_there_only_for_a_panel_with_peers_and_says_what_it_did(books, qtbot):
    said = []
    active = [None]
    (command,) = peer_commands(lambda: active[0], lambda: books, said.append)
    assert not command.can_run
    active[0] = books[1]
    assert command.can_run
    command.run()
    assert said == ["2 other panels of this kind (Order book) took over these settings."]
    books[:] = books[1:2]
    assert not command.can_run
