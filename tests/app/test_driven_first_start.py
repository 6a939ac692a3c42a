"""The first start walked by real mouse and keys: with a network, where a region is refused, without."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from tests.app.driving import Desk
from tests.app.test_driven_desk import (
    alive,
    has_demo_band,
    has_desk_band,
    state,
    wait_live,
)
from tests.processes import wait_until
from tests.servers.venues import catalogue
from tests.servers.venues.mischief import Fault, Kind

if TYPE_CHECKING:
    from pathlib import Path

    from tests.desktop import Desktop

BOOK = "order-book"
HOUR_S = 3600.0


def option(desk: Desk, name: str) -> object:
    """What the layout file says of the order book."""
    return desk.panel(BOOK).get("options", {}).get(name)


def band_text(desk: Desk, band: str) -> str:
    return " ".join(label.text for label in desk.spots("QLabel", band))


def free_ports() -> int:
    """A port that is free, and the one after it too."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


def test_with_a_network_the_first_start_is_live_without_a_key(
    desktop: Desktop, heatdesk_home: Path
) -> None:
    with catalogue.usdm() as venue:
        desk = Desk(desktop, heatdesk_home, **venue.environment())
        wait_live(desk, BOOK)
        wait_until(lambda: "without a key" in band_text(desk, "liveBand"), "words about keys")
        assert not has_desk_band(desk)
        wait_until(lambda: desktop.title(desk.window) == "HeatDesk", "the title of a real desk")
        wait_until(
            lambda: any(
                "HyperTracker needs a key" in label.text
                for label in desk.spots("QLabel", "cohorts")
            ),
            "the cohorts to ask for a key",
        )
        the_strip_leads_to_the_demo_and_back(desk)
        a_symbol_is_typed_over_the_chart(desk)
        bubbles_are_switched_off(desk)
        desk.quit()
        again = Desk(desktop, heatdesk_home, **venue.environment())
        wait_live(again, BOOK)
        assert option(again, "symbol") == "ETHUSDT"
        assert not again.seen("liveBand")
        again.quit()
        assert not venue.violations


def the_strip_leads_to_the_demo_and_back(desk: Desk) -> None:
    desk.press("Show the demo", "liveBand")
    wait_until(lambda: has_demo_band(desk, BOOK) and alive(desk, BOOK), "the demo")
    wait_until(lambda: has_desk_band(desk), "the band of the desk")
    desk.press("Show live markets", "demoBand")
    wait_live(desk, BOOK)
    wait_until(lambda: not has_desk_band(desk), "the band of the desk to go")


def a_symbol_is_typed_over_the_chart(desk: Desk) -> None:
    plot = desk.spot("ChartView", BOOK).rect
    desk.desktop.move(plot.x + plot.width // 3, plot.y + plot.height // 3)
    desk.desktop.type("e")
    desk.wait_keyboard("InstrumentPopover")
    desk.desktop.type("th")
    desk.desktop.key("Return")
    wait_until(lambda: option(desk, "symbol") == "ETHUSDT", "the symbol that was typed")
    wait_live(desk, BOOK)


def bubbles_are_switched_off(desk: Desk) -> None:
    desk.press("Trades, liquidations and cumulative delta", BOOK)
    desk.press("Trades as bubbles", "FlowPopover")
    wait_until(lambda: option(desk, "trades") is False, "the bubbles to be off")
    desk.desktop.key("Escape")
    desk.wait_gone("Trades as bubbles", "FlowPopover")


def test_where_a_region_is_refused_the_next_exchange_is_shown(
    desktop: Desktop, heatdesk_home: Path
) -> None:
    with catalogue.usdm() as refusing, catalogue.bybit() as other:
        no = Fault(Kind.REFUSE_REST, seconds=HOUR_S, times=1_000_000, status=451)
        refusing.cause(no)
        desk = Desk(desktop, heatdesk_home, **refusing.environment(), **other.environment())
        wait_live(desk, BOOK)
        wait_until(lambda: option(desk, "venues") == ["BYBIT"], "Bybit in the layout file")
        wait_until(lambda: "without a key" in band_text(desk, "liveBand"), "words about keys")
        desk.quit()


def test_without_a_network_the_demo_says_so_and_live_is_offered_when_it_comes(
    desktop: Desktop, heatdesk_home: Path
) -> None:
    port = free_ports()
    addresses = {
        "HEATDESK_PROVIDERS__BINANCE_USDM__REST_URL": f"http://127.0.0.1:{port}",
        "HEATDESK_PROVIDERS__BINANCE_USDM__WS_URL": f"ws://127.0.0.1:{port + 1}",
    }
    desk = Desk(desktop, heatdesk_home, **addresses)
    wait_until(lambda: has_demo_band(desk, BOOK) and alive(desk, BOOK), "the demo")
    wait_until(lambda: "No exchange could be reached" in band_text(desk, "demoBand"), "why")
    wait_until(lambda: state(desk, BOOK) == "demo", "the book to say so")
    with catalogue.usdm(port=port):
        wait_until(lambda: "can be reached now" in band_text(desk, "demoBand"), "the offer")
        assert has_demo_band(desk, BOOK), "nobody is taken from the demo unasked"
        desk.press("Show live markets", "demoBand")
        wait_live(desk, BOOK)
        wait_until(lambda: not has_desk_band(desk), "the band of the desk to go")
        desk.quit()
