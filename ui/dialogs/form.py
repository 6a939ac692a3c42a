"""A form for one section of the settings, generated from the fields' own descriptions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field, replace
from typing import Any, cast

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QGridLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from heatdesk.settings import ENV_PREFIX, Settings, Value, fault_of, walk
from ui.dialogs.controls import control_for, put_value, value_of

Path = tuple[str, ...]
LABEL_PX = 190


def with_value(branch: object, path: Path, value: Value) -> object:
    """Return the branch with one value replaced."""
    inner: object = value
    if len(path) > 1:
        inner = with_value(getattr(branch, path[0]), path[1:], value)
    return replace(cast("Any", branch), **{path[0]: inner})


class SettingRow(QFrame):
    """One setting: its label, control, way back to the default, explanation and fault.

    Attributes
    ----------
    control : QWidget
    reset : QToolButton
        Shown while the value is not the default.
    fault : QLabel
    """

    def __init__(
        self, path: Path, value: Value, item: Field[Any], changed: Callable[..., None], fixed: bool
    ) -> None:
        super().__init__()
        self.setObjectName("settingRow")
        self.path, self.item, self.fixed = path, item, fixed
        label = item.metadata["label"]
        self.control = control_for(item, value, self._changed)
        self.control.setAccessibleName(label)
        self.control.setDisabled(fixed)
        self.reset = QToolButton()
        self.reset.setText("Default")
        self.reset.setAccessibleName(f"{label}: back to the default")
        self.reset.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.reset.clicked.connect(self._reset)
        kept = self.reset.sizePolicy()
        kept.setRetainSizeWhenHidden(True)
        self.reset.setSizePolicy(kept)
        self.fault = _words("warn")
        self.fault.hide()
        self._tell = changed
        self._lay_out(label)
        self._show_reset()

    @property
    def value(self) -> object:
        """What the control says."""
        return value_of(self.control, self.item)

    def put(self, value: Value) -> None:
        """Let the control say a value."""
        put_value(self.control, value)

    def check(self) -> bool:
        """Say what is wrong with the value; False when something is."""
        fault = fault_of(self.item, self.value)
        self.fault.setText(fault)
        self.fault.setVisible(bool(fault))
        return not fault

    def light(self, on: bool) -> None:
        """Mark it as what was searched for, or no longer."""
        self.setProperty("hit", on)
        self.style().unpolish(self)
        self.style().polish(self)

    def _lay_out(self, label: str) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(10, 5, 8, 5)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(3)
        grid.setColumnMinimumWidth(0, LABEL_PX)
        grid.setColumnStretch(1, 1)
        unit = self.item.metadata["unit"]
        if not isinstance(self.control, QCheckBox):
            name = QLabel(f"{label} ({unit})" if unit else label)
            name.setWordWrap(True)
            name.setFixedWidth(LABEL_PX)
            name.setBuddy(self.control)
        else:
            name = QLabel()
            name.setFixedWidth(LABEL_PX)
        grid.addWidget(name, 0, 0)
        grid.addWidget(self.control, 0, 1)
        grid.addWidget(self.reset, 0, 2, Qt.AlignmentFlag.AlignRight)
        words = self.item.metadata["help"]
        if self.fixed:
            name_of = ENV_PREFIX + "__".join(self.path).upper()
            words = f"{words} Set by {name_of} for this run.".strip()
        if words:
            explained = _words("quiet")
            explained.setText(words)
            self.control.setAccessibleDescription(words)
            grid.addWidget(explained, 1, 1)
        grid.addWidget(self.fault, 2, 1)

    def _changed(self, *_: object) -> None:
        self._show_reset()
        self._tell()

    def _show_reset(self) -> None:
        default = self.item.default
        self.reset.setHidden(self.fixed or self.value == default)
        shown = dict(zip(self.item.metadata["choices"], self.item.metadata["titles"], strict=True))
        words = {True: "on", False: "off"}.get(default) if isinstance(default, bool) else None
        self.reset.setToolTip(f"Back to {words or shown.get(default, default) or 'empty'}")

    def _reset(self) -> None:
        # a button that goes away hands the keyboard on; it belongs to what was reset
        self.control.setFocus()
        self.put(cast("Value", self.item.default))


class SettingsForm(QWidget):
    """The fields below one path of the settings tree.

    Signals
    -------
    edited : a control says something else.
    """

    edited = Signal()

    def __init__(
        self,
        settings: Settings,
        section: Path,
        title: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("settingsBody")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.rows: dict[Path, SettingRow] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(12, 12, 10, 12)
        self._column.setSpacing(2)
        heading = QLabel(title)
        heading.setProperty("heading", True)
        heading.setContentsMargins(10, 0, 0, 4)
        heading.setVisible(bool(title))
        self.note = _words("quiet")
        self.note.setContentsMargins(10, 0, 10, 6)
        self.note.hide()
        self._column.addWidget(heading)
        self._column.addWidget(self.note)
        overridden = dict(settings.overridden)
        for path, value, item in walk(settings):
            if path[: len(section)] == section:
                row = SettingRow(path, value, item, self.edited.emit, path in overridden)
                self.rows[path] = row
                self._column.addWidget(row)
        self._column.addStretch(1)

    @property
    def controls(self) -> dict[Path, QWidget]:
        """The control of each setting."""
        return {path: row.control for path, row in self.rows.items()}

    @property
    def faults(self) -> dict[Path, QLabel]:
        """What is wrong with each setting."""
        return {path: row.fault for path, row in self.rows.items()}

    def explain(self, words: str) -> None:
        """Say something about the whole section, under its title."""
        self.note.setText(words)
        self.note.setVisible(bool(words))

    def read(self, settings: Settings) -> Settings | None:
        """Return the settings with this form's values; None while a value does not fit."""
        sound = [row.check() for row in self.rows.values()]
        return self.sound(settings) if all(sound) else None

    def sound(self, settings: Settings, *, live_only: bool = False) -> Settings:
        """Return the settings with those of this form's values that fit."""
        changed: object = settings
        for path, row in self.rows.items():
            wanted = row.item.metadata["live"] or not live_only
            if wanted and not row.fixed and not fault_of(row.item, row.value):
                changed = with_value(changed, path, cast("Value", row.value))
        return cast("Settings", changed)

    def put(self, settings: Settings) -> None:
        """Let every control say what is in the settings."""
        for path, value, _ in walk(settings):
            row = self.rows.get(path)
            if row is not None and row.value != value:
                row.put(value)
                row.check()


def _words(kind: str) -> QLabel:
    label = QLabel()
    label.setProperty(kind, True)
    label.setWordWrap(True)
    label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
    return label
