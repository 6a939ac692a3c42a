"""The pop-over in which source, venues and symbol are chosen, with what the choice costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from heatdesk.frames import LIVE_VENUES, VENUES, MarketList, venue_title
from heatdesk.views.instrument_search import Instrument, find_instruments
from heatdesk.views.instruments import symbol_for
from ui import theme
from ui.heatmap.choices import Popover
from ui.panels.order_book.options import KIYOTAKA, LIVE, SOURCES
from ui.panels.order_book.tick_list import TickList

if TYPE_CHECKING:
    from heatdesk.providers.base import Cost
    from ui.panels.order_book.options import BookOptions

_ROLE = Qt.ItemDataRole.UserRole
_MOVES = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
_LISTS_MS = 300
"""Pace of looking whether the list of a venue has come."""
SOURCE_WORDS = {LIVE: "Live, no key", KIYOTAKA: "Kiyotaka history"}
SOURCE_TIPS = {
    LIVE: "The venues' own feeds: live from now on, columns from 100 ms, no key",
    KIYOTAKA: "Collected by Kiyotaka: hours and weeks of minutes, more venues, needs a key",
}


class InstrumentPopover(Popover):
    """Venues to tick and an instrument to search; nothing is asked for before *Apply*.

    Parameters
    ----------
    markets : callable
        What is held of the lists that help to choose, under some options.

    Signals
    -------
    applied : the choice was taken; read `options`.
    looked : other venues are in view; their lists would help.
    """

    applied = Signal()
    looked = Signal()

    def __init__(
        self,
        options: BookOptions,
        markets: Callable[[BookOptions], MarketList | None],
        cost: Callable[[BookOptions], Cost],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.options = options
        self._markets_of, self._cost = markets, cost
        self._present = options
        self._markets: MarketList | None = None
        self._found: list[Instrument] = []
        self._build_parts()
        self._lay_out()
        self._tick_venues()
        self._lists_came()
        self._lists = QTimer(self)
        self._lists.setInterval(_LISTS_MS)
        self._lists.timeout.connect(self._lists_came)
        self._lists.start()

    def _build_parts(self) -> None:
        self.sources: dict[str, QPushButton] = {}
        group = QButtonGroup(self)
        for source in SOURCES:
            button = QPushButton(SOURCE_WORDS[source])
            button.setCheckable(True)
            button.setChecked(source == self.options.source)
            button.setToolTip(SOURCE_TIPS[source])
            button.setProperty("segment", True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _=False, one=source: self._choose_source(one))
            group.addButton(button)
            self.sources[source] = button
        self.venues = TickList()
        self.venues.setAccessibleName("Venues")
        self.venues.itemChanged.connect(lambda _: self._venues_changed())
        self.venues.finished.connect(self._apply)
        self.name_label = QLabel()
        self.name = QLineEdit()
        self.name.setAccessibleName("Symbol or coin")
        self.name.installEventFilter(self)
        self.name.textChanged.connect(lambda _: self._search())
        self.name.returnPressed.connect(self._apply)
        self.matches = QListWidget()
        self.matches.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.matches.setUniformItemSizes(True)
        self.matches.currentRowChanged.connect(lambda _: self._show_cost())
        self.matches.itemDoubleClicked.connect(lambda _: self._apply())
        self.cost_label = QLabel()
        self.cost_label.setWordWrap(True)
        self.cost_label.setFont(theme.font(theme.SMALL_PX))
        self.apply_button = QPushButton("Apply")
        self.apply_button.setProperty("primary", True)
        self.apply_button.clicked.connect(self._apply)

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(12, 10, 12, 10)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        source_row = QHBoxLayout()
        source_row.setSpacing(0)
        for button in self.sources.values():
            source_row.addWidget(button)
        source_row.addStretch(1)
        heading = QLabel("Venues (several are summed by coin)")
        for label in (heading, self.name_label):
            label.setProperty("quiet", True)
        self.venues.setFixedSize(190, 206)
        self.matches.setFixedSize(240, 176)
        right = QVBoxLayout()
        right.setSpacing(6)
        right.addWidget(self.name)
        right.addWidget(self.matches)
        foot = QHBoxLayout()
        foot.addWidget(self.cost_label, 1)
        foot.addWidget(self.apply_button)
        grid.addLayout(source_row, 0, 0, 1, 2)
        grid.addWidget(heading, 1, 0)
        grid.addWidget(self.name_label, 1, 1)
        grid.addWidget(self.venues, 2, 0)
        grid.addLayout(right, 2, 1)
        grid.addLayout(foot, 3, 0, 1, 2)

    # -- what is chosen

    def begin(self, text: str = "") -> None:
        """Put the cursor into the search: after a text already typed, else over the present one."""
        self.name.setFocus()
        if text:
            self.name.setText(text)
        else:
            self.name.selectAll()

    def chosen_venues(self) -> tuple[str, ...]:
        """Ids of the venues ticked, in the order they had, new ones last."""
        items = [self.venues.item(i) for i in range(self.venues.count())]
        ticked = [
            str(item.data(_ROLE)) for item in items if item.checkState() is Qt.CheckState.Checked
        ]
        before = [venue for venue in self._present.venues if venue in ticked]
        return tuple(before + [venue for venue in ticked if venue not in before])

    @property
    def looked_at(self) -> BookOptions:
        """Options whose lists would help to choose."""
        return self._present

    def marked(self) -> Instrument | None:
        """The instrument that Enter takes; None where none fits."""
        row = self.matches.currentRow()
        return self._found[row] if 0 <= row < len(self._found) else None

    def wanted(self) -> BookOptions:
        """Options as they would be after *Apply*."""
        found = self.marked()
        if found is None:
            return self._present
        venues = (found.venue,) if found.venue else self.chosen_venues()
        return self._present.traded(venues, found.name, self._markets)

    # -- what a hand does

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the arrows move through what was found while the line keeps the focus."""
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            move = _MOVES.get(Qt.Key(event.key()))
            if move is not None and self._found:
                row = self.matches.currentRow() + move
                self.matches.setCurrentRow(max(0, min(len(self._found) - 1, row)))
                return True
        return bool(super().eventFilter(watched, event))

    def _choose_source(self, source: str) -> None:
        self._present = self._present.from_source(source)
        self._tick_venues()
        self._lists_came()
        self.looked.emit()

    def _tick_venues(self) -> None:
        """List the venues of the source."""
        offered = LIVE_VENUES if self._present.live else VENUES
        self.venues.blockSignals(True)
        self.venues.clear()
        for venue in offered.values():
            item = QListWidgetItem(venue.title)
            item.setData(_ROLE, venue.id)
            item.setSizeHint(QSize(0, 20))
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            ticked = venue.id in self._present.venues
            item.setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
            self.venues.addItem(item)
        self.venues.blockSignals(False)
        self._show_name(self._present.instrument)

    def _venues_changed(self) -> None:
        """Keep the coin: of one venue its symbol there, of several the coin itself."""
        venues = self.chosen_venues()
        if venues:
            found = self.marked()
            coin = found.coin if found is not None else self._present.coin
            name = coin if len(venues) > 1 else symbol_for(venues[0], coin, live=self._present.live)
            self._present = self._present.traded(venues, name, self._markets)
            self._markets = self._markets_of(self._present)
            self._show_name(self._present.instrument)
            self.looked.emit()
        self._show_cost()

    def _show_name(self, name: str) -> None:
        self.name_label.setText("Coin" if self._present.several else "Symbol")
        self.name.blockSignals(True)
        self.name.setText(name)
        self.name.blockSignals(False)
        self._search()

    def _lists_came(self) -> None:
        markets = self._markets_of(self._present)
        same = markets is self._markets or (
            markets is not None
            and self._markets is not None
            and (markets.rows, markets.paused) == (self._markets.rows, self._markets.paused)
        )
        if not same or not self._found:
            self._markets = markets
            self._search()

    def _search(self) -> None:
        """Show what fits the text; the text of the present choice shows all there is beside it."""
        present = self._present
        text = self.name.text()
        untouched = text == present.instrument
        self._found = find_instruments(text, present.venues, self._markets, live=present.live)
        if untouched:
            others = find_instruments("", present.venues, self._markets, live=present.live)
            self._found += [one for one in others if one not in self._found]
        self.matches.blockSignals(True)
        self.matches.clear()
        for one in self._found:
            away = "" if one.venue in {"", present.venues[0]} else f"   {venue_title(one.venue)}"
            item = QListWidgetItem(one.name + away + one.mark)
            item.setSizeHint(QSize(0, 20))
            self.matches.addItem(item)
        self.matches.setCurrentRow(0 if self._found else -1)
        self.matches.blockSignals(False)
        self._show_cost()

    def _show_cost(self) -> None:
        if not self.chosen_venues():
            self.cost_label.setText("Choose at least one venue.")
            self.apply_button.setEnabled(False)
            return
        cost = self._cost(self.wanted())
        free = "Live from now on; needs no key." if self._present.live else "Costs nothing."
        self.cost_label.setText(cost.refused or cost.text or free)
        self.apply_button.setEnabled(self.marked() is not None and not cost.refused)

    def _apply(self) -> None:
        if not self.apply_button.isEnabled():
            return
        self.options = self.wanted()
        self.applied.emit()
        self.close()
