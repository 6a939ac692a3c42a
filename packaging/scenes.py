"""What is on each picture of the documentation: a desk, what a hand does to it, where to look."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from camera import AWAY, Group, Scene
from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget

if TYPE_CHECKING:
    from heatdesk.views.hover import CellReading
    from tests.servers.venues.server import VenueServer
    from ui.panel import Panel

WHEEL_UP = 4
"""Button of the mouse that X takes a turn of the wheel for."""
LIVE_S = 80.0
"""So long a live book is listened to before its picture is taken."""


# ----------------------------------------------------------------------------- on the demo market
def desk(scene: Scene) -> None:
    """The four panels of a first day."""
    scene.begin("all-four")
    scene.settle()
    scene.shoot("desk")


def light(scene: Scene) -> None:
    """The same in the light theme."""
    scene.begin("all-four")
    scene.settle()
    scene.shoot("desk-light")


def palette(scene: Scene) -> None:
    """The palette over the desk, a few letters typed."""
    scene.begin("all-four")
    scene.settle()
    scene.take_hold()
    scene.hand("key", "ctrl+k")
    scene.hand("type", "--delay", "60", "work")
    corner = scene.desk.first.geometry().topLeft()
    scene.shoot("palette", QRect(corner + QPoint(300, 0), QSize(1000, 480)))
    scene.hand("key", "Escape")


def cheat_sheet(scene: Scene) -> None:
    """Every key on one sheet."""
    scene.begin("all-four")
    scene.settle()
    scene.take_hold()
    scene.hand("key", "F1")
    scene.until(lambda: _there("CheatSheet"), "the cheat sheet", 20)
    scene.wait(0.5)
    sheet = _top("CheatSheet")
    scene.shoot("cheat-sheet", QRect(sheet.pos(), sheet.size()))
    scene.hand("key", "Escape")


def settings(scene: Scene) -> None:
    """The page of the view, one word searched."""
    scene.take_hold()
    scene.hand("key", "ctrl+comma")
    scene.until(lambda: _there("SettingsWindow"), "the settings", 20)
    window = _top("SettingsWindow")
    window.pages.setCurrentRow(1)  # type: ignore[attr-defined]
    scene.wait(1.0)
    scene.shoot("settings", window.geometry())
    window.close()


def linked(scene: Scene) -> None:
    """Liquidations, book and tape of one colour; the mouse over the newest column of the book."""
    scene.begin("liquidations")
    scene.settle()
    chart = scene.panel("order-book").panel.chart  # type: ignore[attr-defined]
    width, height = chart.view.width(), chart.view.height()
    y = chart.plot_rect.top() + 0.3 * chart.plot_rect.height()
    x = chart.plot_rect.left() + chart.camera.window.x_of(chart.camera.newest_s)
    scene.point(chart.view, x / width, y / height)
    scene.hand("click", "--repeat", 8, "--delay", 80, WHEEL_UP)
    now_s = scene.desk.context.clock.now_ms() / 1000
    x = chart.plot_rect.left() + chart.camera.window.x_of(now_s - 3.0)
    scene.point(chart.view, x / width, y / height)
    scene.wait(0.5)
    scene.shoot("linked")
    scene.hand("mousemove", *AWAY)


def ruler(scene: Scene) -> None:
    """Two lines, and a stretch measured by hand."""
    scene.begin("all-four", width=1200, height=640)
    scene.only("order-book")
    scene.settle()
    view = scene.panel("order-book").panel.chart.view  # type: ignore[attr-defined]
    scene.take_hold()
    for y_share in (0.26, 0.72):
        scene.point(view, 0.30, y_share)
        scene.hand("key", "alt+h")
    start = scene.point(view, 0.45, 0.62)
    end = start + QPoint(190, -150)
    scene.hand("keydown", "shift", "mousedown", 1)
    for step in range(1, 11):
        at = start + (end - start) * step / 10
        scene.hand("mousemove", at.x(), at.y())
    scene.hand("mouseup", 1, "keyup", "shift")
    scene.hand("mousemove", *AWAY)
    scene.shoot("ruler")
    scene.hand("key", "Escape")


def alerts(scene: Scene) -> None:
    """Levels with their bell over the book, and the list with its history."""
    from heatdesk.alerts.rules import Kind

    scene.begin("all-four", width=1400, height=860)
    scene.only("order-book")
    scene.settle()
    panel = scene.panel("order-book").panel
    chart = panel.chart  # type: ignore[attr-defined]
    scene.take_hold()
    for y_share in (0.12, 0.66):
        scene.point(chart.view, 0.40, y_share)
        scene.hand("key", "alt+a")
    last = chart.guides.last_price
    wall = _wall_below(panel, last)
    panel.tools.add_size_alert(Kind.SHRINKS, wall, float(round(wall.value / 2)))  # type: ignore[attr-defined]
    for away in (-3.0, 3.0):
        panel.tools.add_price_alert(last + away)  # type: ignore[attr-defined]
    scene.desk.commands.run("alerts.show")
    with contextlib.suppress(TimeoutError):
        scene.until(lambda: scene.program.watching.alerts.history, "an alert that fires", 40)
    scene.settle()
    scene.shoot("alerts")


def favourites(scene: Scene) -> None:
    """The list of favourites beside a book."""
    from heatdesk.favourites import Favourite

    held = scene.program.watching.favourites
    for coin in ("BTC", "ETH", "SOL", "XRP", "DOGE"):
        one = Favourite(coin, "BINANCE_FUTURES", f"{coin}USDT")
        if one not in held:
            held.toggle(one)
    scene.begin("all-four", width=1400, height=640)
    scene.only("order-book")
    scene.desk.commands.run("favourites.show")
    scene.settle()
    scene.shoot("favourites")
    scene.only("order-book")


def alone(name: str, dock: str, width: int, height: int) -> Callable[[Scene], None]:
    """One panel by itself, as *Copy or save* pictures it."""

    def draw(scene: Scene) -> None:
        scene.begin("all-four", width=width, height=height)
        scene.only(dock)
        scene.settle()
        scene.shoot_panel(name, dock)

    return draw


def two_windows(scene: Scene) -> None:
    """A desk on two monitors."""
    scene.begin("all-four", width=1200, height=700)
    first, right = QGuiApplication.screens()
    second = scene.desk.new_window(right)
    for name in ("dots", "cohorts"):
        scene.desk.move_panel(scene.panel(name), second)
    scene.desk.first.showMaximized()
    scene.wait(1.0)
    scene.settle()
    scene.shoot("two-windows", first.geometry().united(right.geometry()))


def status(scene: Scene) -> None:
    """The Status panel over the log, and the status bar."""
    _listen(scene, "order-flow", "order-book", "tape", "status", width=1400, height=700)
    scene.wait(20.0)
    scene.shoot("status")


def diagnostics(scene: Scene) -> None:
    """What can be sent when something is wrong, from the screens on."""
    _listen(scene, "order-flow", "order-book", "order-book-2", "order-book-3", "tape")
    scene.wait(5.0)
    scene.program.care.show_diagnostics()
    scene.until(lambda: _there("DiagnosticsWindow"), "diagnostics", 20)
    window = _top("DiagnosticsWindow")
    text = window.text  # type: ignore[attr-defined]
    lines = text.toPlainText().splitlines()
    text.verticalScrollBar().setValue(lines.index("Screens"))
    scene.wait(1.0)
    scene.shoot("diagnostics", window.geometry())
    window.close()


def _wall_below(panel: Panel, price: float) -> CellReading:
    """The largest cell of the newest column within a share of the price below it."""
    chart = panel.chart  # type: ignore[attr-defined]
    step, time_s = panel.block_size, chart.camera.newest_s - 90.0  # type: ignore[attr-defined]
    found = [
        panel.read_cell(time_s, price - step * number)  # type: ignore[attr-defined]
        for number in range(10, round(0.006 * price / step))
    ]
    return max(found, key=lambda one: one.value if one.value == one.value else 0.0)


# --------------------------------------------------------------------------- on loopback venues
VENUES: dict[str, VenueServer] = {}
"""The loopback venues that run, by provider."""


@contextlib.contextmanager
def recorded() -> Iterator[dict[str, str]]:
    """Run Binance on this computer as it was recorded; yields what leads a desk there."""
    from tests.servers.venues.catalogue import usdm

    with _running(usdm(recording=True, keep_ms=10_000)) as environ:
        yield environ


@contextlib.contextmanager
def invented() -> Iterator[dict[str, str]]:
    """Run Binance and Bybit with markets made from a seed."""
    from tests.servers.venues.binance_usdm import BinanceUsdmServer
    from tests.servers.venues.catalogue import bybit, generated, plays
    from tests.servers.venues.market import Spec

    listings = [
        (
            (spec := Spec(f"{coin}USDT", coin, "USDT", 2, 3, tick, perpetual=True)),
            generated(spec, price, volatility=pace, changes=30, trades=2.5, liquidations=0.02),
        )
        for coin, price, tick, pace in INVENTED
    ]
    binance = BinanceUsdmServer(plays(listings, keep_ms=10_000))
    with _running(binance, bybit(keep_ms=10_000)) as environ:
        yield environ


INVENTED = (("BTC", 70_800.0, 10, 25), ("ETH", 2_480.0, 1, 9), ("SOL", 168.0, 1, 2))
"""Coin, price, tick in hundredths of a dollar, ticks it may move in a tenth of a second."""


@contextlib.contextmanager
def _running(*servers: VenueServer) -> Iterator[dict[str, str]]:
    from tests.app.no_venues import NO_VENUES
    from tests.servers.coingecko import CoinGeckoServer

    environ = dict(NO_VENUES)
    with contextlib.ExitStack() as stack:
        for server in servers:
            VENUES[server.provider] = stack.enter_context(server)
            environ |= server.environment()
        coingecko = stack.enter_context(CoinGeckoServer())
        yield environ | {"HEATDESK_PROVIDERS__COINGECKO__BASE_URL": coingecko.url}


def order_flow(scene: Scene) -> None:
    """Live books, tape, liquidations of an invented market."""
    _listen(scene, "order-flow", "order-book", "order-book-2", "order-book-3", "tape")
    scene.wait(LIVE_S)
    scene.shoot("order-flow")


def live_book(scene: Scene) -> None:
    """A recorded book, live."""
    _listen(scene, "all-four", "order-book", width=1400, height=800)
    scene.wait(LIVE_S)
    _set_contrast(scene)
    scene.shoot_panel("order-book", "order-book")


def _listen(
    scene: Scene, workspace: str, *docks: str, width: int = 1600, height: int = 900
) -> None:
    """Show some panels of a workspace, live at the loopback Binance."""
    scene.begin(workspace, width=width, height=height)
    scene.desk.choose_live()
    scene.desk.open_live("BINANCE_FUTURES")
    scene.desk.dismiss()
    scene.only(*docks)
    scene.hand("mousemove", *AWAY)
    panel = scene.panel(docks[0]).panel
    scene.until(lambda: panel.ready, "the first column")


def _set_contrast(scene: Scene) -> None:
    """Let a few far walls outshine the rest less."""
    legend = scene.panel("order-book").panel.chart.legend  # type: ignore[attr-defined]
    legend.choose(replace(legend.contrast, high_pct=97.0))
    scene.wait(1.0)


def tape(scene: Scene) -> None:
    """Time and sales of a recorded market."""
    _listen(scene, "order-flow", "tape", width=420, height=620)
    scene.wait(20.0)
    scene.shoot_panel("tape", "tape")


def gap(scene: Scene) -> None:
    """Three seconds without a word, and what the chart makes of it."""
    from tests.servers.venues.mischief import Fault, Kind

    _listen(scene, "all-four", "order-book", width=1400, height=640)
    scene.wait(25.0)
    VENUES["binance-usdm"].cause(Fault(Kind.SILENCE, seconds=3.0))
    scene.wait(30.0)
    _set_contrast(scene)
    scene.shoot_panel("gap", "order-book")


def _there(kind: str) -> bool:
    return any(
        type(one).__name__ == kind and one.isVisible() for one in QApplication.topLevelWidgets()
    )


def _top(kind: str) -> QWidget:
    return next(
        one
        for one in QApplication.topLevelWidgets()
        if type(one).__name__ == kind and one.isVisible()
    )


GROUPS: dict[str, Group] = {
    "demo": Group(
        {
            "desk": desk,
            "palette": palette,
            "cheat-sheet": cheat_sheet,
            "settings": settings,
            "linked": linked,
            "liquidations": alone("liquidations", "liquidation", 1200, 640),
            "cohorts": alone("cohorts", "cohorts", 1200, 640),
            "dots": alone("dots", "dots", 1200, 640),
            "ruler": ruler,
            "alerts": alerts,
            "favourites": favourites,
        }
    ),
    "light": Group({"desk-light": light}, theme="light"),
    "two monitors": Group({"two-windows": two_windows}, monitors=((1280, 720), (1280, 720))),
    "recorded": Group(
        {"order-book": live_book, "gap": gap, "tape": tape}, demo=False, opened=recorded
    ),
    "invented": Group(
        {"order-flow": order_flow, "status": status, "diagnostics": diagnostics},
        demo=False,
        opened=invented,
    ),
}
"""Every picture by the desk it is taken of."""
