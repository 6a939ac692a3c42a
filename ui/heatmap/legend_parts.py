"""Parts of the contrast legend that take the keyboard: its cut-offs, a number, its buttons."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QLineEdit, QToolButton, QWidget

from ui import theme

STEP_PX, BIG_STEP_PX = 2.0, 12.0
"""How far a key moves a cut-off on the bar."""
_KEY = Qt.Key
_MOVES = {
    _KEY.Key_Up: -STEP_PX,
    _KEY.Key_Down: STEP_PX,
    _KEY.Key_PageUp: -BIG_STEP_PX,
    _KEY.Key_PageDown: BIG_STEP_PX,
}


class CutHandle(QWidget):
    """A cut-off as a thing the Tab key reaches; the mouse goes through to the legend.

    Signals
    -------
    stepped : float
        Rows to move the cut-off down on the bar.
    edit_wanted : str
        The number is to be typed, beginning with a digit that was pressed.
    reset_wanted, left : the usual cut-offs are wanted; the keyboard goes back to the chart.
    """

    stepped = Signal(float)
    edit_wanted = Signal(str)
    reset_wanted = Signal()
    left = Signal()

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move by arrows, with Shift further; type with Enter or a digit; Home resets."""
        key = _KEY(event.key())
        step = _MOVES.get(key)
        if step is not None:
            far = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            self.stepped.emit(
                step / STEP_PX * BIG_STEP_PX if far and abs(step) == STEP_PX else step
            )
        elif key in {_KEY.Key_Return, _KEY.Key_Enter, _KEY.Key_F2}:
            self.edit_wanted.emit("")
        elif key is _KEY.Key_Home:
            self.reset_wanted.emit()
        elif key is _KEY.Key_Escape:
            self.left.emit()
        elif event.text().isdecimal():
            self.edit_wanted.emit(event.text())
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Frame the number while it has the keyboard."""
        del event
        if not self.hasFocus():
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.Palette.ACCENT), 1))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        painter.end()


class NumberEditor(QLineEdit):
    """A number being typed; Esc gives up, and so does leaving it as it was.

    Signals
    -------
    typed : str
        Another text was typed and ended, by Enter or by going elsewhere.
    given_up : there is nothing to take over.
    """

    typed = Signal(str)
    given_up = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName("Limit of the contrast")
        self._number = ""
        self._before: QWidget | None = None
        self.setFont(theme.font(theme.SMALL_PX, tabular=True))
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.editingFinished.connect(self._finish)
        self.textEdited.connect(lambda: self._warn(wrong=False))
        self.hide()

    def open_over(self, place: QRect, number: str, text: str = "") -> None:
        """Show a number to type over, or a text already typed in its place."""
        self._number, self._before = number, QApplication.focusWidget()
        self._warn(wrong=False)
        self.setGeometry(place)
        self.setText(text or number)
        self.show()
        self.setFocus()
        if not text:
            self.selectAll()

    def leave(self) -> None:
        """Hide, and give the keyboard back to who had it."""
        back, self._before = self._before, None
        if back is not None and self.hasFocus():
            back.setFocus()
        self.hide()

    def refuse(self) -> bool:
        """Show that the text is not understood; returns False where nobody is there to see it."""
        if self.hasFocus():
            self._warn(wrong=True)
            self.selectAll()
        return self.hasFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Give up on Esc."""
        if event.key() == _KEY.Key_Escape:
            self.given_up.emit()
            return
        super().keyPressEvent(event)

    def _finish(self) -> None:
        # losing the keyboard while closing finishes the editing once more
        if self.isHidden():
            return
        text = self.text().strip()
        if text in {"", self._number}:
            self.given_up.emit()
        else:
            self.typed.emit(text)

    def _warn(self, *, wrong: bool) -> None:
        style = f"color: {theme.Palette.PROBLEM}; border-color: {theme.Palette.PROBLEM};"
        self.setStyleSheet(f"QLineEdit {{ {style} }}" if wrong else "")


def legend_button(name: str, tip: str, parent: QWidget) -> QToolButton:
    """Make a small button that the mouse does not give the keyboard to."""
    button = QToolButton(parent)
    button.setObjectName("legendButton")
    button.setAccessibleName(name)
    button.setToolTip(tip)
    button.setFont(theme.font(theme.SMALL_PX))
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
