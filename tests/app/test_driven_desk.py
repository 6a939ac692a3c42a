"""A trader's first day at the desk, by real mouse and keys, seen from outside."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.app.driving import DEMO_GROUND, DEMO_LINE, Desk, at_rest
from tests.processes import wait_until
from tests.servers.kiyotaka import KiyotakaServer
from tests.servers.synthetic import SyntheticSource
from tests.x_windows import Rect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.desktop import Desktop
    from tests.servers.base import Request

KEY = "kiyo-5d0c41e7a2b94f31"
PANELS = ("order-book", "liquidation", "dots", "cohorts")
KEYED = {"order-book": "Kiyotaka", "cohorts": "HyperTracker"}
"""What two panels say they need where no key is known."""
PLOTS = ("ChartView", "DotChart", "BiasMatrix")
SETTINGS = "HeatDesk settings"
ETHEREUM = "Order book \u00b7 ETHUSDT"
ETHEREUM_WINDOW = "^Order book .+ ETHUSDT"
FREE_GROUND = (900, 300)
GRIP_PX = 200
"""From the left end of a panel's title to a point that is no button."""
NEAR_PX = 6
FRESH = 24
"""Colours at least in a picture that shows a market; an empty panel has some four."""


@pytest.fixture
def kiyotaka() -> Iterator[KiyotakaServer]:
    with KiyotakaServer(SyntheticSource(3, levels=500), key=KEY) as server:
        yield server


def kept_key(desktop: Desktop, provider: str = "kiyotaka") -> str:
    line = f"import keyring; print(keyring.get_password('HeatDesk', {provider!r}), end='')"
    program = desktop.start([sys.executable, "-c", line])
    program.wait()
    return program.output()


def base(server: KiyotakaServer) -> dict[str, str]:
    return {
        "HEATDESK_PROVIDERS__KIYOTAKA__BASE_URL": server.url,
        "HEATDESK_PROVIDERS__KIYOTAKA__TIER": "advanced",
    }


def books(server: KiyotakaServer, symbol: str) -> list[Request]:
    return [
        request
        for request in list(server.requests)
        if request.one("type") == "BLOCK_BOOK_SNAPSHOT_AGG" and request.one("rawSymbol") == symbol
    ]


def alive(desk: Desk, panel: str) -> bool:
    """Whether a panel shows a market: many colours in its plot, not an empty ground."""
    plots = [spot for kind in PLOTS for spot in desk.spots(kind, panel)]
    return any(len(desk.colours(plot)) >= FRESH for plot in plots)


def state(desk: Desk, panel: str) -> str:
    found = desk.spots("StatePill", panel)
    return found[0].text.split(",")[0] if found else ""


def has_demo_band(desk: Desk, panel: str) -> bool:
    """Whether the amber band is seen on a panel."""
    bands = desk.spots("panelDemoBand", panel)
    return bool(bands) and DEMO_GROUND in desk.colours(bands[0])


def has_desk_band(desk: Desk) -> bool:
    bands = desk.spots("demoBand")
    return bool(bands) and {DEMO_GROUND, DEMO_LINE} <= desk.colours(bands[0], step=1)


def places(desk: Desk) -> dict[str, Rect]:
    """Where the window and the panels in sight are."""
    found = {"desk": desk.desktop.rect(desk.window)}
    for panel in (*PANELS, "order-book-2"):
        stages = desk.spots("panelStage", panel)
        if stages:
            found[panel] = stages[0].rect
    return found


def near(one: Rect, other: Rect) -> bool:
    return all(abs(a - b) <= NEAR_PX for a, b in zip(one, other, strict=True))


def all_near(some: dict[str, Rect], others: dict[str, Rect]) -> bool:
    return set(some) == set(others) and all(near(some[name], others[name]) for name in some)


def wait_live(desk: Desk, panel: str) -> None:
    wait_until(
        lambda: state(desk, panel) == "live" and alive(desk, panel), f"{panel} to show real data"
    )


def type_key(desk: Desk, provider: str, key: str) -> None:
    """Type a key into its entry and save it by mouse."""
    desk.wait_for("KeysPage", SETTINGS)
    desk.wait_gone("asking the keyring", SETTINGS)  # what it answers moves the rows
    desk.type_into(entry_of(provider), key, SETTINGS)
    desk.press_beside("Save key", entry_of(provider), SETTINGS)


def entry_of(provider: str) -> str:
    return f"Key of {provider}"


def said_in_settings(desk: Desk) -> list[str]:
    return [label.text for label in desk.spots("QLabel", SETTINGS)]


def said_so(desk: Desk, sentence: str) -> int:
    return sum(text.startswith(sentence) for text in said_in_settings(desk))


def test_from_the_first_start_to_the_same_desk_again(
    desktop: Desktop, heatdesk_home: Path, kiyotaka: KiyotakaServer
) -> None:
    desk = Desk(desktop, heatdesk_home, **base(kiyotaka))
    the_market_is_there_at_once(desk)
    assert not kiyotaka.requests
    a_key_is_entered_and_tested(desk, kiyotaka)
    a_second_book_shows_another_symbol(desk, kiyotaka)
    a_panel_is_pulled_out_and_put_back(desk)
    before, layout = at_rest(lambda: places(desk), "everything"), desk.layout()
    assert set(before) == {"desk", "order-book", "order-book-2", "dots", "cohorts"}
    desktop.close_window(desk.window)
    desk.leaves()

    asked = len(kiyotaka.requests)
    again = Desk(desktop, heatdesk_home, **base(kiyotaka))
    wait_live(again, "order-book-2")
    wait_until(lambda: all_near(places(again), before), f"{before} (now {places(again)})")
    again.wait_for(ETHEREUM)
    assert [row["id"] for row in again.layout()["panels"]] == [
        row["id"] for row in layout["panels"]
    ]
    assert not has_demo_band(again, "order-book-2")
    wait_until(lambda: has_demo_band(again, "dots"), "the dots of the demo")
    news = kiyotaka.requests[asked:]
    assert {request.headers["x-kiyotaka-key"] for request in news} == {KEY}
    assert "ETHUSDT" in {request.one("rawSymbol") for request in news}
    again.quit()


def the_market_is_there_at_once(desk: Desk) -> None:
    for panel in PANELS:
        wait_until(
            lambda panel=panel: has_demo_band(desk, panel) and alive(desk, panel),
            f"{panel} to show the invented market",
        )
    wait_until(lambda: has_desk_band(desk), "the band of the desk")
    wait_until(lambda: desk.desktop.title(desk.window) == "HeatDesk - DEMO", "the title")


def a_key_is_entered_and_tested(desk: Desk, server: KiyotakaServer) -> None:
    desk.press("Enter API keys")
    desk.desktop.window(SETTINGS, pid=desk.program.pid)
    type_key(desk, "Kiyotaka", KEY)
    wait_until(lambda: kept_key(desk.desktop) == KEY, "the key in the key ring")
    desk.press_beside("Test", entry_of("Kiyotaka"), SETTINGS)
    wait_until(
        lambda: any("The key works." in text for text in said_in_settings(desk)),
        "words of success",
    )
    for panel in ("order-book", "liquidation"):
        wait_live(desk, panel)
        wait_until(lambda panel=panel: not has_demo_band(desk, panel), f"no demo in {panel}")
    for panel in ("dots", "cohorts"):
        wait_until(lambda panel=panel: has_demo_band(desk, panel), f"the demo in {panel}")
    wait_until(lambda: has_desk_band(desk), "the band of the desk")
    assert [one.path for one in server.requests].count("/v1/usage") == 1
    assert books(server, "BTCUSDT")
    assert {one.headers["x-kiyotaka-key"] for one in server.requests} == {KEY}
    desk.press("Close", SETTINGS)
    desk.wait_gone("KeysPage")


def a_second_book_shows_another_symbol(desk: Desk, server: KiyotakaServer) -> None:
    desk.press_menu("Panels", "Add panel", "Order book")
    wait_live(desk, "order-book-2")
    assert not books(server, "ETHUSDT")
    desk.press("Venues and symbol", "order-book-2")
    desk.wait_for("Apply", "InstrumentPopover")
    desk.wait_keyboard("InstrumentPopover")
    desk.desktop.key("ctrl+a")
    desk.desktop.type("ETHUSDT")
    desk.press("Apply", "InstrumentPopover")
    wait_until(lambda: books(server, "ETHUSDT"), "the book of ETHUSDT to be asked for")
    wait_live(desk, "order-book-2")
    wait_until(
        lambda: desk.panel("order-book-2").get("options", {}).get("symbol") == "ETHUSDT",
        "the symbol in the workspace file",
    )
    assert desk.panel("order-book")["options"]["symbol"] == "BTCUSDT"


def a_panel_is_pulled_out_and_put_back(desk: Desk) -> None:
    docked = desk.spot("panelStage", "order-book-2").rect
    pull_out(desk)
    wait_until(lambda: alive(desk, "order-book"), "the first book")
    # Double-click on its title: docked again, and on top.
    title = desk.spot("PanelHeader", "order-book-2").rect
    desk.desktop.double_click(title.x + GRIP_PX, title.y + title.height // 2)
    desk.desktop.wait_gone(ETHEREUM_WINDOW, pid=desk.program.pid)
    wait_until(
        lambda: near(desk.spot("panelStage", "order-book-2").rect, docked), f"the book at {docked}"
    )
    # Pulled out again, and dropped by its title on another panel: it docks there.
    pull_out(desk)
    title = desk.spot("PanelHeader", "order-book-2").rect
    start = (title.x + GRIP_PX, title.y + title.height // 2)
    target = desk.spot("panelStage", "liquidation")
    desk.desktop.drag(start, target.middle, steps=30)
    desk.desktop.wait_gone(ETHEREUM_WINDOW, pid=desk.program.pid)
    wait_until(
        lambda: abs(desk.spot("panelStage", "order-book-2").rect.x - target.rect.x) <= NEAR_PX,
        f"the book at {target.rect}",
    )
    wait_until(lambda: alive(desk, "order-book-2"), "the book in its new place")


def pull_out(desk: Desk) -> None:
    """Pull the second book out by its tab, onto free ground."""
    desk.desktop.drag(desk.spot(ETHEREUM, "QTabBar").middle, FREE_GROUND)
    window = desk.desktop.window(ETHEREUM_WINDOW, pid=desk.program.pid)

    def settled() -> bool:
        stage, whole = desk.spot("panelStage", "order-book-2").rect, desk.desktop.rect(window)
        return stage.x >= whole.x and stage.width <= whole.width < desk.desktop.rect(desk.window)[2]

    wait_until(settled, "the floating panel to settle")
    wait_until(lambda: alive(desk, "order-book-2"), "the floating book")


def test_a_panel_without_a_key_says_which_one_and_offers_key_and_demo(
    desktop: Desktop, heatdesk_home: Path, kiyotaka: KiyotakaServer
) -> None:
    desk = Desk(desktop, heatdesk_home, **base(kiyotaka))
    wait_until(lambda: has_desk_band(desk), "the demo, for want of a network")
    desk.press_menu("View", "Real data in all panels")
    choose_history(desk)
    for panel, provider in KEYED.items():
        card = desk.spot("problemCard", panel)
        wait_until(lambda panel=panel: state(desk, panel) == "key needed", f"{panel} to say so")
        wait_until(
            lambda panel=panel, provider=provider: any(
                provider in label.text for label in desk.spots("QLabel", panel)
            ),
            f"{panel} to name {provider}",
        )
        desk.wait_for("Enter key...", panel)
        desk.wait_for("Show demo", panel)
        stage = desk.spot("panelStage", panel).rect
        assert stage.x <= card.rect.x
        assert card.rect.x + card.rect.width <= stage.x + stage.width
    wait_until(lambda: not has_desk_band(desk), "the band of the desk to go")
    wait_until(lambda: desktop.title(desk.window) == "HeatDesk", "the title of a real desk")
    assert not kiyotaka.requests

    desk.press("Show demo", "cohorts")
    wait_until(lambda: alive(desk, "cohorts") and has_demo_band(desk, "cohorts"), "the demo")
    wait_until(lambda: has_desk_band(desk), "the band of the desk")
    assert state(desk, "order-book") == "key needed"

    desk.press("Enter key...", "order-book")
    desk.wait_for("Key of Kiyotaka", SETTINGS)
    desktop.activate(desktop.window(SETTINGS, pid=desk.program.pid))
    desk.wait_keyboard("Key of Kiyotaka")  # the cursor is where this key goes
    desktop.type(KEY)
    desktop.key("Return")
    wait_live(desk, "order-book")
    wait_until(lambda: kept_key(desktop) == KEY, "the key in the key ring")
    assert has_demo_band(desk, "cohorts")
    desk.press("Close", SETTINGS)
    desk.quit()


def choose_history(desk: Desk) -> None:
    """Let the order book show what a collector keeps, which needs its key."""
    desk.press("Venues and symbol", "order-book")
    desk.press("Kiyotaka history", "InstrumentPopover")
    desk.press("Apply", "InstrumentPopover")
    desk.wait_gone("Apply", "InstrumentPopover")


def test_a_chart_is_zoomed_moved_held_and_brought_back_by_hand(
    desktop: Desktop, heatdesk_home: Path
) -> None:
    desk = Desk(desktop, heatdesk_home, "--demo")
    book = "order-book"
    wait_until(lambda: alive(desk, book), "the book")
    plot = desk.spot("ChartView", book).rect
    middle = (plot.x + plot.width // 3, plot.y + plot.height // 2)
    times = Rect(plot.x, plot.y + plot.height - 18, plot.width // 2, 18)
    assert not desk.seen("livePill", book)

    before = desk.pixels(times)
    desktop.wheel(*middle, 6)
    wait_until(lambda: desk.pixels(times) != before, "other times on the axis")

    desktop.drag(middle, (middle[0] + 260, middle[1] + 40))
    assert desk.spot("livePill", book).text.startswith("Live")
    desk.press("livePill", book)
    desk.wait_gone("livePill", book)

    desktop.move(*middle)
    desktop.key("space")
    assert desk.spot("livePill", book).text.startswith("Paused")
    desktop.key("space")
    desk.wait_gone("livePill", book)
    desktop.key("Left", "Left", "Left")
    desk.wait_for("livePill", book)
    desktop.key("alt+f")
    desk.wait_gone("livePill", book)

    desktop.type("s")  # the first letter opens the search, the rest is typed into it
    desk.wait_keyboard("InstrumentPopover")
    desktop.type("olusdt")
    desktop.key("Return")

    def symbol() -> str:
        return str(desk.panel(book, demo=True)["options"]["symbol"])

    wait_until(lambda: symbol() == "SOLUSDT", "the symbol that was typed")
    desk.quit()


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        ("lock", "The keyring is locked. "),
        ("take_away", "This system offers no keyring "),
    ],
)
def test_without_a_usable_key_ring_a_key_serves_this_run_and_is_stored_nowhere(
    desktop: Desktop,
    heatdesk_home: Path,
    kiyotaka: KiyotakaServer,
    trouble: str,
    sentence: str,
) -> None:
    getattr(desktop.key_ring, trouble)()
    desk = Desk(desktop, heatdesk_home, **base(kiyotaka))
    desktop.key("ctrl+shift+k")
    type_key(desk, "Kiyotaka", KEY)
    desk.wait_for("Use for this run only", SETTINGS)
    # once for all rows, and once under the row whose key was to be saved
    wait_until(lambda: said_so(desk, sentence) == 2, f"{sentence!r} twice")
    desk.press_beside("Use for this run only", entry_of("Kiyotaka"), SETTINGS)
    wait_until(
        lambda: any(text.endswith(", for this run only") for text in said_in_settings(desk)),
        "the key to be used",
    )
    wait_until(lambda: said_so(desk, sentence) == 1, f"{sentence!r} once")
    desk.press_beside("Test", entry_of("Kiyotaka"), SETTINGS)
    wait_live(desk, "order-book")
    desk.press("Close", SETTINGS)
    desk.quit()
    assert {request.headers["x-kiyotaka-key"] for request in kiyotaka.requests} == {KEY}
    for path in heatdesk_home.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes(), path
    desktop.key_ring.unlock()
    assert kept_key(desktop) == "None"
