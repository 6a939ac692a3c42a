"""A form for one section of the settings, generated from the fields' own descriptions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field, replace
from typing import Any, cast

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLabel, QLineEdit, QWidget

from heatdesk.settings import ENV_PREFIX, Settings, Value, fault_of, walk

Path = tuple[str, ...]


def with_value(branch: object, path: Path, value: Value) -> object:
    """Return the branch with one value replaced."""
    inner: object = value
    if len(path) > 1:
        inner = with_value(getattr(branch, path[0]), path[1:], value)
    return replace(cast("Any", branch), **{path[0]: inner})


class SettingsForm(QWidget):
    """The fields below one path of the settings tree.

    Signals
    -------
    edited : a control was changed by hand.
    """

    edited = Signal()

    def __init__(self, settings: Settings, section: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("settingsBody")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.controls: dict[Path, QWidget] = {}
        self.faults: dict[Path, QLabel] = {}
        self._fields: dict[Path, Field[Any]] = {}
        self._rows = QFormLayout(self)
        self._rows.setContentsMargins(18, 14, 18, 14)
        self._rows.setHorizontalSpacing(14)
        self._rows.setVerticalSpacing(6)
        overridden = dict(settings.overridden)
        for path, value, item in walk(settings):
            if path[: len(section)] == section:
                self._add(path, value, item, fixed=path in overridden)

    def read(self, settings: Settings) -> Settings | None:
        """Return the settings with this form's values; None while a value does not fit."""
        changed: object = settings
        sound = True
        overridden = dict(settings.overridden)
        for path, item in self._fields.items():
            value = self._value(path, item)
            fault = fault_of(item, value)
            self.faults[path].setText(fault)
            self.faults[path].setVisible(bool(fault))
            sound = sound and not fault
            if not fault and path not in overridden:
                changed = with_value(changed, path, cast("Value", value))
        return cast("Settings", changed) if sound else None

    def _add(self, path: Path, value: Value, item: Field[Any], *, fixed: bool) -> None:
        control = self._control(value, item)
        control.setAccessibleName(item.metadata["label"])
        control.setDisabled(fixed)
        self.controls[path] = control
        self._fields[path] = item
        unit = item.metadata["unit"]
        label = item.metadata["label"] + (f" ({unit})" if unit else "")
        self._rows.addRow("" if isinstance(control, QCheckBox) else label, control)
        words = item.metadata["help"]
        if fixed:
            name = ENV_PREFIX + "__".join(path).upper()
            words = f"{words} Set by {name} for this run.".strip()
        if words:
            explained = QLabel(words)
            explained.setProperty("quiet", True)
            explained.setWordWrap(True)
            self._rows.addRow("", explained)
        fault = QLabel()
        fault.setProperty("warn", True)
        fault.hide()
        self.faults[path] = fault
        self._rows.addRow("", fault)

    def _control(self, value: Value, item: Field[Any]) -> QWidget:
        if isinstance(value, bool):
            box = QCheckBox(item.metadata["label"])
            box.setChecked(value)
            box.toggled.connect(self._tell)
            return box
        choices: tuple[str, ...] = item.metadata["choices"]
        if choices:
            combo = QComboBox()
            combo.addItems(list(choices))
            combo.setCurrentText(str(value))
            combo.currentTextChanged.connect(self._tell)
            return combo
        line = QLineEdit(str(value))
        line.textEdited.connect(self._tell)
        return line

    def _value(self, path: Path, item: Field[Any]) -> object:
        control = self.controls[path]
        if isinstance(control, QCheckBox):
            return control.isChecked()
        if isinstance(control, QComboBox):
            return control.currentText()
        text = cast("QLineEdit", control).text().strip()
        kind: Callable[[str], object] = type(item.default)
        try:
            return kind(text)
        except ValueError:
            return text

    def _tell(self, *_: object) -> None:
        self.edited.emit()
