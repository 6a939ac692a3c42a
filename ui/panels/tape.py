"""Tape: time and sales of one instrument, with its liquidations, from a size on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QMenu, QPushButton, QToolButton

from heatdesk.frames import (
    LIQUIDATION_VENUES,
    LIVE_VENUES,
    LiquidationEventSub,
    MarketSub,
    Quote,
    Subscription,
    TradeSub,
    venue_title,
)
from heatdesk.providers.base import Cost
from heatdesk.store.tape import LiquidationTape, TradeTape
from heatdesk.units import format_usd, plain_figures
from heatdesk.views.instrument_search import Instrument, offered_instruments
from heatdesk.views.instruments import coin_of, symbol_for
from heatdesk.views.tape import (
    NO_PRINTS,
    Prints,
    at_least,
    liquidation_prints,
    merged,
    prints_of,
    tape_csv,
)
from heatdesk.views.target import Target, target_of
from heatdesk.views.ticks import tick_of_prices
from ui.heatmap.choices import ChoiceButton
from ui.heatmap.typed import NameSearch, take_typed
from ui.panel import Panel, PanelContext
from ui.panel.alert_asking import add_price_alert
from ui.panel.base import DEMO_PROVIDER, Options
from ui.panel.links import Pointed
from ui.tape import TapeStyle, TapeView

MOST_ROWS = 5_000
_LOOK_BACK = 40_000
"""Trades that are read when the tape starts or the size changes."""
LEAST_USD = (0.0, 1e3, 5e3, 1e4, 5e4, 1e5, 2.5e5, 5e5, 1e6)
_USUAL_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class TapeOptions:
    """What the user chose.

    Attributes
    ----------
    least_usd : float
        Trades below this value are left out.
    joined : bool
        Trades of one order are one row.
    """

    venue: str = "BINANCE_FUTURES"
    symbol: str = "BTCUSDT"
    quote: Quote = Quote.USD
    least_usd: float = 0.0
    joined: bool = True
    liquidations: bool = True


class TapePanel(Panel):
    """Trades as they come, newest on top; small ones left out, orders joined."""

    panel_id = "tape"
    title = "Tape"
    provider_id = "binance-usdm"
    opens_beside: ClassVar[bool] = True
    room_px: ClassVar[int] = 340

    def __init__(self, context: PanelContext) -> None:
        super().__init__(context)
        self.options = TapeOptions()
        self._prints: Prints = NO_PRINTS
        self._read: tuple[object, ...] = ()
        self._revisions = (0, 0)
        self._tick_size = 0.0
        self._choosing = False
        self._offered: dict[str, Instrument] = {}
        self.view = TapeView()
        self.view.held_changed.connect(self._show_pill)
        self.view.pointed.connect(self.link.point)
        self.link.show_pointed = self._show_pointed
        self.body.addWidget(self.view, 1)
        self.setFocusProxy(self.view)
        self.live = QPushButton("Live", self.view)
        self.live.setObjectName("livePill")
        self.live.setToolTip("Back to the newest trade (Home)")
        self.live.clicked.connect(self.view.release)
        self.live.hide()
        self._build_options()
        self.needs_changed.connect(self._start_anew)
        self._reflect()

    def _build_options(self) -> None:
        self.instrument = QToolButton()
        self.instrument.setToolTip("Instrument; type letters to search")
        self.instrument.clicked.connect(lambda: self._search(""))
        self.least = ChoiceButton[float](
            "Trades below this value are left out",
            lambda: [(usd, _least_text(usd)) for usd in LEAST_USD],
            lambda usd: self._choose(least_usd=usd),
        )
        self.unit = ChoiceButton[Quote](
            "What sizes are counted in",
            lambda: [(Quote.USD, "USD"), (Quote.COIN, self._coin)],
            lambda quote: self._choose(quote=quote),
        )
        for widget in (self.instrument, self.least, self.unit):
            self.options_bar.addWidget(widget)
        self.options_bar.addStretch(1)

    # -- what the base class asks

    @property
    def real_source(self) -> str:
        """Provider of the chosen venue's own feed."""
        return LIVE_VENUES[self.options.venue].live

    @property
    def moves(self) -> bool:
        """Live trades are shown as they come."""
        return not self.demo

    @property
    def keyless(self) -> bool:
        """Live trades need no key."""
        return not self.demo

    def open_live(self, venue: str = "") -> None:
        """Show live trades instead of the demo, or of those at another venue."""
        if venue in LIVE_VENUES:
            coin = self._coin
            self._choose(venue=venue, symbol=symbol_for(venue, coin, live=True))
        self.demo = False

    def primary(self) -> TradeSub:
        """The trades."""
        return TradeSub(self.source, self.options.venue, self.options.symbol)

    @property
    def _events(self) -> LiquidationEventSub | None:
        if not self.options.liquidations or self.options.venue not in LIQUIDATION_VENUES:
            return None
        return LiquidationEventSub(self.source, self.options.venue, self.options.symbol)

    def needs(self) -> frozenset[Subscription]:
        """Trades, liquidations, and lists of markets once they were wanted."""
        needs: set[Subscription] = {self.primary()}
        if (events := self._events) is not None:
            needs.add(events)
        if self._choosing:
            needs |= {MarketSub(source) for source in self._sources()}
        return frozenset(needs)

    def target(self) -> Target:
        """The instrument."""
        return target_of(self.options.venue, self.options.symbol, live=True)

    def show_target(self, target: Target, *, whole: bool) -> None:
        """The linked instrument, at its venue or at the one shown."""
        venue = target.venue if whole and target.venue in LIVE_VENUES else self.options.venue
        self._choose(venue=venue, symbol=target.at(venue, live=True))

    def _show_pointed(self, pointed: Pointed | None) -> None:
        """Mark the rows of the moment that a linked crosshair points at."""
        self.view.mark_time(math.nan if pointed is None else pointed.time_s)

    def subtitle(self) -> str:
        """What is shown, and what is left out."""
        options = self.options
        text = f"{options.symbol} · {venue_title(options.venue)}"
        return f"{text} · {_least_text(options.least_usd)}" if options.least_usd else text

    def waiting_text(self) -> str:
        """What is being waited for."""
        return f"Waiting for the first trade of {self.options.symbol}"

    def refresh(self) -> None:
        """Read what came since, and show it."""
        trades = self.context.store.trades(self.primary())
        if trades is None:
            self.view.set_prints(NO_PRINTS, self._style(0.0))
            return
        events = self._events
        liquidations = self.context.store.liquidations(events) if events is not None else None
        self._take(trades, liquidations)
        self.view.set_gaps(trades.gaps)
        shown = self._prints
        usual = float(np.quantile(shown.size(self.options.quote), _USUAL_SHARE)) if shown else 0.0
        self.view.set_prints(shown, self._style(usual))

    def _take(self, trades: TradeTape, liquidations: LiquidationTape | None) -> None:
        """Bring the rows up to date; only what is new is read and joined."""
        options = self.options
        key = (trades, liquidations, options.joined, options.least_usd)
        revisions = (trades.revision, 0 if liquidations is None else liquidations.revision)
        starts: list[int] = []
        if key == self._read:
            starts = [
                at
                for tape, seen in zip((trades, liquidations), self._revisions, strict=True)
                if tape is not None and (at := tape.changed_from_ms(seen)) is not None
            ]
            if not starts:
                return
        self._revisions = revisions
        if key != self._read or len(self._prints) == 0:
            batch = trades.newest(_LOOK_BACK)
            from_ms = int(batch.time_ms[0]) if batch.time_ms.size else 0
            kept = NO_PRINTS
        else:
            from_ms = min(starts)
            batch = trades.window(from_ms, _FOR_EVER)
            kept = self._prints.picked(self._prints.time_ms < from_ms)
        self._read = key
        new = at_least(prints_of(batch, joined=options.joined), options.least_usd, Quote.USD)
        if liquidations is not None:
            new = merged(new, liquidation_prints(liquidations.window(from_ms, _FOR_EVER)))
        self._prints = merged(kept, new).picked(slice(-MOST_ROWS, None))
        if batch.time_ms.size:
            tick = tick_of_prices(batch.price[-200:])
            self._tick_size = min(tick, self._tick_size) if self._tick_size else tick

    def save_options(self) -> Options:
        """Options for the layout file."""
        options = self.options
        return {
            "venue": options.venue,
            "symbol": options.symbol,
            "quote": options.quote.value,
            "least_usd": options.least_usd,
            "joined": options.joined,
            "liquidations": options.liquidations,
        }

    def load_options(self, options: Mapping[str, object]) -> None:
        """Take over saved options; a value that makes no sense keeps what was."""
        known: dict[str, object] = {}
        if options.get("venue") in [*LIVE_VENUES]:
            known["venue"] = options["venue"]
        symbol = options.get("symbol")
        if isinstance(symbol, str) and 0 < len(symbol.strip()) <= 40 and symbol.isprintable():
            known["symbol"] = symbol.strip()
        if options.get("quote") in [quote.value for quote in Quote]:
            known["quote"] = Quote(options["quote"])
        least = options.get("least_usd")
        if isinstance(least, int | float) and not isinstance(least, bool) and 0 <= least < 1e12:
            known["least_usd"] = float(least)
        for name in ("joined", "liquidations"):
            if isinstance(options.get(name), bool):
                known[name] = options[name]
        self._choose(**known)

    def context_menu(self, menu: QMenu, pos: QPoint) -> None:
        """Copy the row under the mouse; what is shown."""
        at = self.view.row_at(self.view.mapFrom(self, pos)) if pos.x() >= 0 else None
        if at is not None:
            with plain_figures():
                text = self.view.row_text(at)
            menu.addAction("Copy row").triggered.connect(lambda: self.copy_text(text))
            price, tick = float(self._prints.price[at]), self._tick_size or 0.01
            add_price_alert(menu, self, self.primary(), price, tick, self._coin)
            menu.addSeparator()
        for title, name in (
            ("Join the trades of one order", "joined"),
            ("Liquidations", "liquidations"),
        ):
            action = menu.addAction(title)
            action.setCheckable(True)
            action.setChecked(bool(getattr(self.options, name)))
            action.toggled.connect(lambda on, name=name: self._choose(**{name: on}))

    def csv(self) -> str | None:
        """Every row held, newest first."""
        return tape_csv(self._prints) if len(self._prints) else None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Letters typed anywhere search an instrument, digits a least value."""
        if not take_typed(event, self._search, self._type_least):
            super().keyPressEvent(event)

    def open_search(self) -> None:
        """Open the search for an instrument."""
        self._search("")

    # -- choosing

    def _search(self, text: str) -> None:
        if not self._choosing:
            self._choosing = True
            self.needs_changed.emit()
        search = NameSearch(self._names, lambda _: Cost(), self)
        search.setFixedWidth(260)
        search.taken.connect(self._take_name)
        search.open_at(self.instrument.mapToGlobal(QPoint(0, self.instrument.height() + 2)), text)

    def _sources(self) -> list[str]:
        if self.demo:
            return [DEMO_PROVIDER]
        return list(dict.fromkeys(venue.live for venue in LIVE_VENUES.values()))

    def _names(self, typed: str) -> list[str]:
        store = self.context.store
        held = [store.latest(MarketSub(source)) for source in self._sources()]
        self._offered = offered_instruments(typed, self.options.venue, held)
        return list(self._offered)

    def _take_name(self, name: str) -> None:
        one = self._offered[name]
        self._choose(venue=one.venue, symbol=one.symbol)

    def _type_least(self, text: str) -> None:
        self.least.search(text)

    def _choose(self, **changes: object) -> None:
        chosen = replace(self.options, **changes)  # type: ignore[arg-type]
        if chosen == self.options:
            return
        before, self.options = self.needs(), chosen
        self._reflect()
        if self.needs() != before:
            self.needs_changed.emit()
        self.state_changed.emit()
        self.invalidate()

    def _start_anew(self) -> None:
        if self._read and self.context.store.trades(self.primary()) is not self._read[0]:
            self._read, self._prints, self._tick_size = (), NO_PRINTS, 0.0
            self.view.release()

    def _reflect(self) -> None:
        options = self.options
        self.instrument.setText(f"{options.symbol}  \u25be")
        self.least.show_choice(options.least_usd, _least_text(options.least_usd))
        unit = "USD" if options.quote is Quote.USD else self._coin
        self.unit.show_choice(options.quote, unit)

    @property
    def _coin(self) -> str:
        return coin_of(self.options.venue, self.options.symbol, live=True)

    def _style(self, usual: float) -> TapeStyle:
        options = self.options
        zone = self.context.workspace.zone
        return TapeStyle(self._tick_size or 0.01, options.quote, self._coin, zone, usual)

    def _show_pill(self) -> None:
        self.live.adjustSize()
        self.live.move(self.view.width() - self.live.width() - 8, 26)
        self.live.setVisible(self.view.held)


_FOR_EVER = 2**62


def _least_text(usd: float) -> str:
    return f"\u2265 {format_usd(usd, 2)}" if usd else "All sizes"
