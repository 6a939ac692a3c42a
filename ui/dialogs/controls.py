"""The control of one setting: made from its description, read and written by value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import Field
from typing import Any, cast

from PySide6.QtCore import Qt
from PySide6.QtGui import QFocusEvent, QWheelEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QCompleter, QLineEdit, QWidget

from heatdesk.settings import Value

WIDEST_PX = 420


class Choice(QComboBox):
    """A list to choose from; the wheel scrolls the page, not the choice."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave it to the page."""
        event.ignore()


class Offer(Choice):
    """A text to type, or to choose from a long list that is fetched when it is first used."""

    def __init__(self, offers: Callable[[], Sequence[str]], text: str) -> None:
        super().__init__()
        self._offers: Callable[[], Sequence[str]] | None = offers
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setMaxVisibleItems(16)
        self.setEditText(text)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Fetch the list before it is needed."""
        self.fill()
        super().focusInEvent(event)

    def showPopup(self) -> None:
        """Show the list at what is written."""
        self.fill()
        self.setCurrentIndex(self.findText(self.currentText()))
        super().showPopup()

    def fill(self) -> None:
        """Fetch the list, once."""
        if self._offers is None:
            return
        offers, self._offers = self._offers, None
        text = self.currentText()
        blocked = self.blockSignals(True)
        self.addItems(list(offers()))
        self.setEditText(text)
        self.blockSignals(blocked)
        completer = QCompleter(self.model(), self)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        if (found := completer.popup()) is not None:
            found.setObjectName("completions")
        self.setCompleter(completer)


def control_for(item: Field[Any], value: Value, changed: Callable[..., None]) -> QWidget:
    """Return the control of a setting; ``changed`` is called whenever it is another value."""
    label, choices = item.metadata["label"], item.metadata["choices"]
    if isinstance(value, bool):
        box = QCheckBox(label)
        box.setChecked(value)
        box.toggled.connect(changed)
        return box
    if choices:
        combo = Choice()
        for choice, title in zip(choices, item.metadata["titles"], strict=True):
            combo.addItem(title, choice)
        combo.setCurrentIndex(choices.index(value))
        combo.currentIndexChanged.connect(changed)
        combo.setMaximumWidth(WIDEST_PX)
        return combo
    if item.metadata["offers"] is not None:
        offer = Offer(item.metadata["offers"], str(value))
        offer.editTextChanged.connect(changed)
        offer.setMaximumWidth(WIDEST_PX)
        return offer
    line = QLineEdit(str(value))
    line.textChanged.connect(changed)
    line.setMaximumWidth(WIDEST_PX if isinstance(value, str) else WIDEST_PX // 4)
    return line


def value_of(control: QWidget, item: Field[Any]) -> object:
    """Return what a control says; a text where a number is needed and none is there."""
    if isinstance(control, QCheckBox):
        return control.isChecked()
    if isinstance(control, Offer):
        return control.currentText().strip()
    if isinstance(control, QComboBox):
        return control.currentData()
    text = cast("QLineEdit", control).text().strip()
    kind: Callable[[str], object] = type(item.default)
    try:
        return kind(text)
    except ValueError:
        return text


def put_value(control: QWidget, value: Value) -> None:
    """Let a control say a value."""
    if isinstance(control, QCheckBox):
        control.setChecked(bool(value))
    elif isinstance(control, Offer):
        control.setEditText(str(value))
    elif isinstance(control, QComboBox):
        control.setCurrentIndex(control.findData(value))
    else:
        cast("QLineEdit", control).setText(str(value))
