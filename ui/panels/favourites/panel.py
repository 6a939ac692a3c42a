"""Favourites: the instruments at hand; a click shows one in all linked panels."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLabel, QMenu, QToolButton

from heatdesk.favourites import MOST, Favourite
from heatdesk.frames import (
    LIVE_VENUES,
    MarketSub,
    Subscription,
    TradeSub,
)
from heatdesk.providers.base import Cost
from heatdesk.views.instrument_search import Instrument, offered_instruments
from heatdesk.views.target import Target
from heatdesk.views.watchlist import (
    MOST_QUOTED,
    USUAL_VENUE,
    quote_sub,
    quoted,
    target_of_favourite,
)
from ui.commands.catalogue import DELETE_LINE, PanelCommand
from ui.heatmap.typed import NameSearch, take_typed
from ui.panel import Panel, PanelContext
from ui.panel.alert_asking import add_price_alert
from ui.panel.base import DEMO_PROVIDER
from ui.panel.header import state_text
from ui.panel.links import COLOURS, LinkState
from ui.panels.favourites.rows import FavouriteRow, favourite_columns
from ui.table import FigureTable

EMPTY = (
    "No favourites yet.\nType a name here, press Ctrl+D over a chart,\n"
    "or right-click a chart, a dot or a row."
)
UNLINKED = "Not linked: choose a colour at the top left, and a click shows a favourite there."
FULL = f"The list holds {MOST} favourites: remove one first."
LIST_COMMANDS = (
    PanelCommand("favourite.add", "Add a favourite...", ("Ins",)),
    PanelCommand("favourite.up", "Move the favourite up", ("Alt+Up",)),
    PanelCommand("favourite.down", "Move the favourite down", ("Alt+Down",)),
    DELETE_LINE,
)


class FavouriteTable(FigureTable):
    """A table whose rows take the keys of the panel."""

    def __init__(self, panel: FavouritesPanel) -> None:
        super().__init__(panel)
        self._panel = panel

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys of the list act on the row that is marked; what is typed searches for a new one."""
        meaning = self._panel.context.meaning(event)
        if meaning in self._panel.acts:
            self._panel.perform(meaning)
            event.accept()
        elif not take_typed(event, self._panel.search, self._panel.search):
            super().keyPressEvent(event)


class FavouritesPanel(Panel):
    """Instruments at hand with their price; a click shows one in the linked panels."""

    panel_id: ClassVar[str] = "favourites"
    title: ClassVar[str] = "Favourites"
    provider_id: ClassVar[str] = "binance-usdm"
    commands: ClassVar[tuple[PanelCommand, ...]] = LIST_COMMANDS
    opens_beside: ClassVar[bool] = True
    room_px: ClassVar[int] = 490

    def __init__(self, context: PanelContext) -> None:
        super().__init__(context)
        self._favourites = context.favourites
        self._rows: list[FavouriteRow] = []
        self._choosing = False
        self._offered: dict[str, Instrument] = {}
        self.acts: dict[str, Callable[[], object]] = {
            "favourite.add": lambda: self.search(""),
            "favourite.up": partial(self._shift, -1),
            "favourite.down": partial(self._shift, 1),
            DELETE_LINE.id: self._remove,
        }
        self.table = FavouriteTable(self)
        self.table.setAccessibleName("Favourites")
        self.table.picked.connect(self._pick)
        self.empty = QLabel(EMPTY)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setProperty("quiet", True)
        self.body.addWidget(self.empty, 1)
        self.body.addWidget(self.table, 1)
        self.setFocusProxy(self.table)
        self._build_options()
        # a list that leads nothing would do nothing at a click
        self.link.state = LinkState(COLOURS[0])
        self.header.chip.show_state(self.link.state)
        self._favourites.changed.connect(self._list_changed)
        self._show_empty()

    def _build_options(self) -> None:
        self.buttons: dict[str, QToolButton] = {}
        for command, words in zip(LIST_COMMANDS, ("Add", "Up", "Down", "Remove"), strict=True):
            button = QToolButton()
            button.setText(words)
            tip = "Remove the favourite" if command is DELETE_LINE else command.title
            button.setToolTip(f"{tip} ({command.keys[0]})")
            button.setAccessibleName(tip)
            button.clicked.connect(partial(self.perform, command.id))
            self.buttons[command.id] = button
            self.options_bar.addWidget(button)
        self.options_bar.addStretch(1)

    # -- what the base class asks

    @property
    def keyless(self) -> bool:
        """Prices come from the venues' own feeds, which need no key."""
        return not self.demo

    def needs(self) -> frozenset[Subscription]:
        """The price of each, and lists of markets once they were wanted."""
        needs: set[Subscription] = set()
        for one in self._favourites.all()[:MOST_QUOTED]:
            sub = quote_sub(one, demo=self.demo)
            if sub is not None:
                needs.add(sub)
        if self._choosing:
            needs |= {MarketSub(source) for source in self._sources()}
        return frozenset(needs)

    def revision(self) -> object:
        """Ages grow by themselves: look at them each second."""
        return super().revision(), self.context.clock.now_ms() // 1000

    def refresh(self) -> None:
        """Show every favourite with what is known of it."""
        kept = self.marked()
        self._rows = [self._row(one, at) for at, one in enumerate(self._favourites.all())]
        self.table.show_grown(favourite_columns(self._rows))
        self._mark(kept)
        self.set_note("" if self.link.state.gives or not self._rows else UNLINKED)
        self._show_empty()

    def subtitle(self) -> str:
        """How many there are."""
        count = len(self._favourites.all())
        return f"{count} instrument{'' if count == 1 else 's'}" if count else ""

    def show_target(self, target: Target, *, whole: bool) -> None:
        """Mark the linked instrument, or one of its coin."""
        del whole
        names = [one for one in self._favourites.all() if one.coin == target.coin]
        exact = [one for one in names if target_of_favourite(one) == target]
        if names:
            self._mark((exact or names)[0], alone=True)

    def csv(self) -> str | None:
        """The list."""
        return self.table.figures.csv() if self._rows else None

    def context_menu(self, menu: QMenu, pos: QPoint) -> None:
        """What can be done with the row under the mouse."""
        at = self.table.viewport().mapFrom(self, pos)
        here = pos.x() >= 0 and self.table.isVisible() and self.table.viewport().rect().contains(at)
        if here:
            self.table.add_copy_actions(menu, at)
            self._fill_alert(menu)
            if not menu.isEmpty():
                menu.addSeparator()
        for command in LIST_COMMANDS:
            one = self.marked()
            if command is not LIST_COMMANDS[0] and one is None:
                continue
            text = f"Remove {one.name}" if one and command is DELETE_LINE else command.title
            action = menu.addAction(f"{text}\t{command.keys[0]}")
            action.triggered.connect(partial(self.perform, command.id))

    def _fill_alert(self, menu: QMenu) -> None:
        """Offer an alert on the price of the favourite that is marked."""
        one = self.marked()
        row = next((row for row in self._rows if row.favourite == one), None)
        sub = None if row is None else quote_sub(row.favourite, demo=self.demo)
        if row is not None and sub is not None:
            # its trades tell a crossing at once
            trades = TradeSub(sub.provider, sub.venue, sub.symbol)
            last, tick = row.quoted.last, row.quoted.tick_size
            add_price_alert(menu, self, trades, last, tick, row.favourite.coin)

    def perform(self, command: str) -> None:
        """Do it with the favourite that is marked."""
        if command in self.acts:
            self.acts[command]()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """What is typed anywhere searches for an instrument."""
        if not take_typed(event, self.search, self.search):
            super().keyPressEvent(event)

    def marked(self) -> Favourite | None:
        """The favourite whose row is marked."""
        index = self.table.currentIndex()
        if not index.isValid():
            return None
        row = self.table.figures.source_row(index.row())
        return self._rows[row].favourite if row < len(self._rows) else None

    # -- adding

    def open_search(self) -> None:
        """Open the search for an instrument to be added."""
        self.search("")

    def search(self, text: str) -> None:
        """Open the search for an instrument with a text already typed."""
        if not self._choosing:
            self._choosing = True
            self.needs_changed.emit()
        search = NameSearch(self._names, lambda _: Cost(), self)
        search.setFixedWidth(260)
        search.line.setAccessibleName("Instrument to add")
        search.taken.connect(self._take)
        button = self.buttons["favourite.add"]
        search.open_at(button.mapToGlobal(QPoint(0, button.height() + 2)), text)

    def _sources(self) -> list[str]:
        if self.demo:
            return [DEMO_PROVIDER]
        return list(dict.fromkeys(venue.live for venue in LIVE_VENUES.values()))

    def _names(self, typed: str) -> list[str]:
        store = self.context.store
        held = [store.latest(MarketSub(source)) for source in self._sources()]
        self._offered = offered_instruments(typed, USUAL_VENUE, held)
        return list(self._offered)

    def _take(self, name: str) -> None:
        one = self._offered[name]
        favourite = Favourite(one.coin.upper(), one.venue, one.symbol)
        if favourite not in self._favourites and not self._favourites.toggle(favourite):
            self.set_note(FULL)
        self._mark(favourite)

    # -- inside

    def _row(self, favourite: Favourite, at: int) -> FavouriteRow:
        sub = quote_sub(favourite, demo=self.demo) if at < MOST_QUOTED else None
        if sub is None:
            return FavouriteRow(favourite, words="no feed" if at < MOST_QUOTED else "not asked")
        store, now_ms = self.context.store, self.context.clock.now_ms()
        status = store.status(sub)
        state = status.state(now_ms)
        words = state_text(status, now_ms, self.context.workspace.zone)
        return FavouriteRow(favourite, quoted(store.candles(sub)), state, words)

    def _list_changed(self) -> None:
        self.needs_changed.emit()
        self.show_header()
        self._show_empty()

    def _show_empty(self) -> None:
        some = bool(self._favourites.all())
        self.table.setVisible(some)
        self.empty.setVisible(not some)
        for id_, button in self.buttons.items():
            button.setEnabled(some or id_ == "favourite.add")

    def _mark(self, favourite: Favourite | None, *, alone: bool = False) -> None:
        """Mark the row of a favourite, wherever it is now; ``alone`` lets go of the others."""
        for row in range(len(self._rows)):
            if self._rows[self.table.figures.source_row(row)].favourite == favourite:
                if alone or row != self.table.currentIndex().row():
                    self.table.mark_row(row)
                return

    def _pick(self, row: int) -> None:
        if row < len(self._rows):
            self.link.lead(target_of_favourite(self._rows[row].favourite))

    def _shift(self, by: int) -> None:
        one = self.marked()
        if one is not None:
            self.table.unsort()
            self._favourites.shift(one, by)
            self.pull()
            self._mark(one)

    def _remove(self) -> None:
        """Take every favourite off the list whose row is selected."""
        rows = [one.row() for one in self.table.selectionModel().selectedRows()]
        gone = [self._rows[self.table.figures.source_row(row)].favourite for row in rows]
        one = self.marked()
        for favourite in gone or ([one] if one is not None else []):
            self._favourites.toggle(favourite)
        self.pull()
