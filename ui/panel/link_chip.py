"""The colour chip in a panel's header: what the panel is linked to, and how."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QActionGroup, QColor, QIcon, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from ui import theme
from ui.panel.links import COLOURS, LinkState, Role

_CHIP_PX = 9
_ROLE_WORDS = {
    Role.FOLLOW: "Follow the colour",
    Role.LEAD: "Lead: take nothing over",
    Role.LOCKED: "Locked: keep the instrument",
}
_ROLE_SHORT = {Role.FOLLOW: "follows", Role.LEAD: "leads", Role.LOCKED: "locked"}


class LinkChip(QToolButton):
    """A dot in the link's colour: filled follows, ringed leads, barred is locked, hollow is none.

    Signals
    -------
    chosen : LinkState
        Another link was chosen by hand.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state = LinkState()
        self.setFixedSize(QSize(20, 20))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.clicked.connect(self._open)
        self.show_state(LinkState())

    def show_state(self, state: LinkState) -> None:
        """Show how the panel is linked."""
        self.state = state
        words = "not linked"
        if state.colour:
            words = f"{state.colour}, {_ROLE_SHORT[state.role]}"
            words += ", shares the time" if state.time else ""
        self.setAccessibleName(f"Link: {words}")
        self.setToolTip(f"Link: {words}")
        self.update()

    def menu_of(self, parent: QWidget) -> QMenu:
        """Menu of colours and roles; the owner runs and deletes it."""
        menu = QMenu("Link", parent)
        colours = QActionGroup(menu)
        for colour in ("", *COLOURS):
            action = menu.addAction(colour.capitalize() or "Not linked")
            action.setCheckable(True)
            action.setChecked(colour == self.state.colour)
            if colour:
                action.setIcon(chip_icon(colour))
            action.triggered.connect(partial(self._choose, colour=colour))
            colours.addAction(action)
        menu.addSeparator()
        roles = QActionGroup(menu)
        for role, words in _ROLE_WORDS.items():
            action = menu.addAction(words)
            action.setCheckable(True)
            action.setChecked(role is self.state.role)
            action.setEnabled(bool(self.state.colour))
            action.triggered.connect(partial(self._choose, role=role))
            roles.addAction(action)
        menu.addSeparator()
        time = menu.addAction("Share the time in view")
        time.setCheckable(True)
        time.setChecked(self.state.time)
        time.setEnabled(bool(self.state.colour))
        time.triggered.connect(partial(self._choose, time=not self.state.time))
        return menu

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the chip; a focus ring where keys reach it."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.underMouse() or self.hasFocus():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.Palette.HOVER))
            painter.drawRoundedRect(self.rect(), 3, 3)
        box = QRectF(0, 0, _CHIP_PX, _CHIP_PX)
        box.moveCenter(QRectF(self.rect()).center())
        draw_chip(painter, box, self.state)
        painter.end()

    def _choose(self, _: bool = False, **change: object) -> None:
        self.chosen.emit(replace(self.state, **change))  # type: ignore[arg-type]

    def _open(self) -> None:
        menu = self.menu_of(self)
        menu.exec(self.mapToGlobal(QPoint(0, self.height())))
        menu.deleteLater()


def draw_chip(painter: QPainter, box: QRectF, state: LinkState) -> None:
    """Draw a chip into a box."""
    if not state.colour:
        painter.setPen(QPen(QColor(theme.Palette.TEXT_FAINT), 1.2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(box.adjusted(1, 1, -1, -1))
        return
    fill = QColor(theme.link_colour(state.colour))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(fill)
    painter.drawEllipse(box)
    if state.role is Role.LEAD:
        painter.setPen(QPen(fill, 1.2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(box.adjusted(-2.5, -2.5, 2.5, 2.5))
    elif state.role is Role.LOCKED:
        bar = QRectF(box.left() + 1.5, box.center().y() - 1, box.width() - 3, 2)
        painter.fillRect(bar, QColor(theme.Palette.PANEL))


def chip_icon(colour: str, size_px: int = 12) -> QIcon:
    """Picture of a link's colour for menus; sharp at scale 2."""
    pixmap = QPixmap(2 * size_px, 2 * size_px)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    draw_chip(painter, QRectF(1, 1, size_px - 2, size_px - 2), LinkState(colour))
    painter.end()
    return QIcon(pixmap)
