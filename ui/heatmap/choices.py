"""A button with a menu of choices, each with what it would cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QCursor, QKeyEvent
from PySide6.QtWidgets import QFrame, QMenu, QToolButton, QWidget

if TYPE_CHECKING:
    from heatdesk.providers.base import Cost

T = TypeVar("T")


def settle_hover(button: QWidget) -> None:
    """Let a button whose menu or popover closes look pointed at only where it is.

    The leaving of the pointer is not told to who lies below a popup.
    """

    def settle() -> None:
        here = button.rect().contains(button.mapFromGlobal(QCursor.pos()))
        button.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, here)
        button.update()

    QTimer.singleShot(0, button, settle)


class Popover(QFrame):
    """A card below a button, gone with a click beside it or Escape."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("problemCard")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._button: QWidget | None = None

    def open_below(self, button: QWidget) -> None:
        """Show below a button."""
        self._button = button
        self.adjustSize()
        self.move(button.mapToGlobal(QPoint(0, button.height() + 2)))
        self.show()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Leave the button as it is found."""
        super().closeEvent(event)
        if self._button is not None:
            settle_hover(self._button)


class ChoiceButton(QToolButton, Generic[T]):
    """Shows the present choice; its menu says what another one costs before it is taken.

    Parameters
    ----------
    tip : str
        What is chosen.
    choices : callable
        The values on offer and their words, asked anew each time the menu opens.
    chosen : callable
        Called with the value taken.
    cost : callable, optional
        What a value would cost; a value that is refused cannot be taken and says why.
    """

    def __init__(
        self,
        tip: str,
        choices: Callable[[], Sequence[tuple[T, str]]],
        chosen: Callable[[T], None],
        cost: Callable[[T], Cost] | None = None,
    ) -> None:
        super().__init__()
        self._choices, self._chosen, self._cost = choices, chosen, cost
        self._current: T | None = None
        self._typed = ""
        self._tip = tip
        self.setToolTip(tip)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        menu.aboutToShow.connect(self.fill)
        menu.aboutToHide.connect(lambda: settle_hover(self))
        menu.installEventFilter(self)
        self.setMenu(menu)

    def show_choice(self, value: T, text: str) -> None:
        """Show a value as the present choice."""
        self._current = value
        self.setText(text)
        self.setAccessibleName(f"{self._tip}: {text}")

    def search(self, text: str) -> None:
        """Open the menu at the first choice that starts with a text; typing on narrows it."""
        menu = self.menu()
        menu.popup(self.mapToGlobal(QPoint(0, self.height())))
        self._typed = ""
        self._mark(text)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Find a choice by what is typed while the menu is open."""
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            text = event.text()
            if len(text) == 1 and text.isalnum() and self._mark(text):
                return True
        return bool(super().eventFilter(watched, event))

    def _mark(self, text: str) -> bool:
        """Mark the first choice that starts with all typed so far, else with the new text."""
        for typed in (self._typed + text, text):
            for action in self.menu().actions():
                # a figure is found by its first digit, whatever sign stands before it
                words = action.text().lstrip("\u2265 $").lower()
                if action.isEnabled() and words.startswith(typed.lower()):
                    self._typed = typed
                    self.menu().setActiveAction(action)
                    return True
        return False

    def fill(self) -> None:
        """Write the menu anew."""
        menu = self.menu()
        menu.clear()
        self._typed = ""
        for value, text in self._choices():
            cost = self._cost(value) if self._cost is not None else None
            told = (cost.refused or cost.text) if cost is not None else ""
            action = menu.addAction(f"{text}\t{told}" if told else text)
            action.setCheckable(True)
            action.setChecked(value == self._current)
            action.setEnabled(not (cost is not None and cost.refused))
            action.triggered.connect(lambda _=False, v=value: self._chosen(v))
