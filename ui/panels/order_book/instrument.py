"""The pop-over in which venues and symbol are chosen, with what the choice costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from heatdesk.frames import VENUES, MarketList
from heatdesk.views.instruments import coins_known, symbol_for, symbols_at
from ui import theme

if TYPE_CHECKING:
    from heatdesk.providers.base import Cost
    from ui.panels.order_book.options import BookOptions

_ROLE = Qt.ItemDataRole.UserRole


class TickList(QListWidget):
    """A list whose items are ticked by their names as well as by their boxes.

    Signals
    -------
    finished : Enter was pressed.
    """

    finished = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter ends the choice; everything else is the list's own."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.finished.emit()
            return
        super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Tick what was clicked unless its box has just done so."""
        item = self.itemAt(event.position().toPoint())
        before = item.checkState() if item is not None else None
        super().mouseReleaseEvent(event)
        left = event.button() is Qt.MouseButton.LeftButton
        if left and item is not None and item.checkState() is before:
            ticked = before is Qt.CheckState.Checked
            item.setCheckState(Qt.CheckState.Unchecked if ticked else Qt.CheckState.Checked)


class InstrumentPopover(QFrame):
    """Venues to tick and a symbol to type; nothing is asked for before *Apply*.

    Signals
    -------
    applied : the choice was taken; read `options`.
    """

    applied = Signal()

    def __init__(
        self,
        options: BookOptions,
        markets: MarketList | None,
        cost: Callable[[BookOptions], Cost],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("problemCard")
        self.options = options
        self._markets, self._cost = markets, cost
        self._before = options
        self.venues = TickList()
        self.venues.setFixedHeight(206)
        for venue in VENUES.values():
            item = QListWidgetItem(venue.title)
            item.setData(_ROLE, venue.id)
            item.setSizeHint(QSize(0, 20))
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            ticked = venue.id in options.venues
            item.setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
            self.venues.addItem(item)
        self.name_label = QLabel()
        self.name = QComboBox()
        self.name.setEditable(True)
        self.name.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.cost_label = QLabel()
        self.cost_label.setWordWrap(True)
        self.cost_label.setFont(theme.font(theme.SMALL_PX))
        self.apply_button = QPushButton("Apply")
        self.apply_button.setProperty("primary", True)
        self._lay_out()
        self._offer_names(options.instrument)
        self.venues.itemChanged.connect(lambda _: self._venues_changed())
        self.venues.finished.connect(self._apply)
        self.name.editTextChanged.connect(lambda _: self._show_cost())
        self.apply_button.clicked.connect(self._apply)
        line = self.name.lineEdit()
        if line is not None:
            line.returnPressed.connect(self._apply)
        self._show_cost()

    def _lay_out(self) -> None:
        self.setFixedWidth(280)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(6)
        heading = QLabel("Venues (several are summed by coin)")
        heading.setProperty("quiet", True)
        self.name_label.setProperty("quiet", True)
        column.addWidget(heading)
        column.addWidget(self.venues)
        column.addWidget(self.name_label)
        column.addWidget(self.name)
        column.addWidget(self.cost_label)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.apply_button)
        column.addLayout(row)

    def begin(self, text: str = "") -> None:
        """Put the cursor into the name: after a text already typed, else over the present one."""
        self.name.setFocus()
        line = self.name.lineEdit()
        if line is None:
            return
        if text:
            self.name.setEditText(text)
            line.setCursorPosition(len(text))
        else:
            line.selectAll()

    def chosen_venues(self) -> tuple[str, ...]:
        """Ids of the venues ticked, in the order they had, new ones last."""
        items = [self.venues.item(i) for i in range(self.venues.count())]
        ticked = [
            str(item.data(_ROLE)) for item in items if item.checkState() is Qt.CheckState.Checked
        ]
        before = [venue for venue in self.options.venues if venue in ticked]
        return tuple(before + [venue for venue in ticked if venue not in before])

    def wanted(self) -> BookOptions:
        """Options as they would be after *Apply*."""
        return self.options.traded(self.chosen_venues(), self.name.currentText(), self._markets)

    def _venues_changed(self) -> None:
        venues = self.chosen_venues()
        several = len(venues) > 1
        # the text is a symbol of the one venue there was, or the coin of several
        coin = self._before.traded(self._before.venues, self.name.currentText(), self._markets).coin
        if venues:
            self._before = replace(self._before, venues=venues)
        self._offer_names(coin if several or not venues else symbol_for(venues[0], coin))
        self._show_cost()

    def _offer_names(self, present: str) -> None:
        venues = self.chosen_venues()
        several = len(venues) > 1
        self.name_label.setText("Coin" if several else "Symbol")
        names = coins_known(self._markets) if several else []
        if len(venues) == 1:
            names = symbols_at(venues[0], self._markets)
        self.name.blockSignals(True)
        self.name.clear()
        self.name.addItems(names)
        self.name.setEditText(present)
        self.name.blockSignals(False)

    def _show_cost(self) -> None:
        if not self.chosen_venues():
            self.cost_label.setText("Choose at least one venue.")
            self.apply_button.setEnabled(False)
            return
        cost = self._cost(self.wanted())
        self.cost_label.setText(cost.refused or cost.text or "Costs nothing.")
        self.apply_button.setEnabled(bool(self.name.currentText().strip()) and not cost.refused)

    def _apply(self) -> None:
        if not self.apply_button.isEnabled():
            return
        self.options = self.wanted()
        self.applied.emit()
        self.close()
