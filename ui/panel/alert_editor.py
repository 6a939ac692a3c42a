"""The pop-over in which an alert is changed."""

from __future__ import annotations

import math
from dataclasses import replace

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QWidget,
)

from heatdesk.alerts.figures import kind_of
from heatdesk.alerts.rules import Kind, Rule, Way, market_text
from heatdesk.alerts.tables import LONGEST_NAME
from heatdesk.alerts.tones import TONES
from heatdesk.units import format_price, plain_number, shown_number

_WAYS = {
    Way.EITHER: "crosses, either way",
    Way.UP: "rises to it",
    Way.DOWN: "falls to it",
}
_KINDS = {Kind.APPEARS: "at least so much rests there", Kind.SHRINKS: "less than so much is left"}
_LONGEST_S = 86_400.0
_EDGE_PX = 4


class AlertEditor(QFrame):
    """Everything of one alert; Enter applies it, Esc leaves it as it was.

    Signals
    -------
    applied : carries the changed alert.
    trial : the sound is to be heard; carries the name of a tone.
    """

    applied = Signal(object)
    trial = Signal(str)

    def __init__(self, rule: Rule, parent: QWidget | None = None, *, new: bool = False) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("problemCard")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName("New alert" if new else "Change an alert")
        self._rule = rule
        self._apply_words = "Add alert" if new else "Apply"
        self._build()
        self._lay_out()

    def _build(self) -> None:
        rule = self._rule
        self.name = _line(rule.name, "Name")
        self.name.setMaxLength(LONGEST_NAME)
        self.name.setPlaceholderText(rule.condition)
        self.what = QComboBox()
        for one, words in (_KINDS if rule.of_size else _WAYS).items():
            self.what.addItem(words, one)
        self.what.setCurrentIndex(self.what.findData(rule.kind if rule.of_size else rule.way))
        self.what.setAccessibleName("When")
        if rule.figure is None:
            self.price = _line(format_price(rule.price, rule.tick_size), "Price")
        else:
            self.price = _line(shown_number(f"{rule.price:.10g}"), rule.figure.title)
        self.size_line = _line(shown_number(f"{rule.size:.10g}"), "Size")
        self.slack = _line(shown_number(f"{rule.slack_ratio * 100:.6g}"), "Hysteresis in percent")
        self.slack.setToolTip(
            "How far the value has to go off, in percent, before the next crossing counts"
        )
        self.cool_down = _line(shown_number(f"{rule.cool_down_s:.6g}"), "Cool-down in seconds")
        self.again = QCheckBox("each time, not once")
        self.again.setChecked(rule.again)
        self.sound = QComboBox()
        self.sound.setAccessibleName("Sound")
        self.sound.addItem("None", "")
        for name, tone in TONES.items():
            self.sound.addItem(tone.title, name)
        self.sound.setCurrentIndex(max(0, self.sound.findData(rule.sound)))
        self.hear = QPushButton("Hear it")
        self.hear.setAutoDefault(False)
        self.hear.clicked.connect(lambda: self.trial.emit(self.sound.currentData()))
        self.problem = QLabel()
        self.problem.setWordWrap(True)
        self.problem.hide()
        self.apply_button = QPushButton(self._apply_words)
        self.apply_button.setProperty("primary", True)
        self.apply_button.clicked.connect(self._apply)

    def _lay_out(self) -> None:
        form = QFormLayout(self)
        form.setContentsMargins(12, 10, 12, 10)
        form.setVerticalSpacing(6)
        heading = QLabel(market_text(self._rule.market))
        heading.setProperty("quiet", True)
        form.addRow(heading)
        form.addRow("Name", self.name)
        form.addRow("When", self.what)
        form.addRow(self._level_title(), self.price)
        if self._rule.of_size:
            unit = self._rule.value_text(1.0).strip("1 ") or "USD"
            form.addRow(f"Size, {unit}", self.size_line)
        form.addRow("Hysteresis, %", self.slack)
        form.addRow("Cool-down, s", self.cool_down)
        form.addRow("Fires", self.again)
        sounds = QHBoxLayout()
        sounds.addWidget(self.sound, 1)
        sounds.addWidget(self.hear)
        form.addRow("Sound", sounds)
        form.addRow(self.problem)
        form.addRow(self.apply_button)

    def _level_title(self) -> str:
        """What the level is called, with its unit."""
        figure = self._rule.figure
        if figure is None:
            return "Price"
        unit = kind_of(figure.column).unit
        return f"{figure.title}, {unit}" if unit else figure.title

    def open_at(self, at: QPoint) -> None:
        """Show at a point of the screen, all of it within that screen."""
        self.ensurePolished()  # only then it knows its size
        self.adjustSize()
        screen = QGuiApplication.screenAt(at) or QGuiApplication.primaryScreen()
        room = screen.availableGeometry().adjusted(_EDGE_PX, _EDGE_PX, -_EDGE_PX, -_EDGE_PX)
        x = min(at.x(), room.right() + 1 - self.width())
        y = min(at.y(), room.bottom() + 1 - self.height())
        self.move(max(x, room.left()), max(y, room.top()))
        self.show()
        self.price.setFocus()
        self.price.selectAll()

    def wanted(self) -> Rule | str:
        """The alert as it would be, or what is wrong with it."""
        rule = self._rule
        price = _figure(self.price.text())
        size = _figure(self.size_line.text()) if rule.of_size else rule.size
        slack, cool_down = _figure(self.slack.text()), _figure(self.cool_down.text())
        if rule.figure is not None and not math.isfinite(price):
            return "The level is no number."
        if rule.figure is None and not price > 0:
            return "The price is no number above zero."
        if rule.of_size and not size > 0:
            return "The size is no number above zero."
        if not 0 <= slack <= 90:
            return "The hysteresis is no share between 0 and 90 %."
        if not 0 <= cool_down <= _LONGEST_S:
            return "The cool-down is no time between 0 and 86,400 s."
        chosen = self.what.currentData()
        return replace(
            rule,
            name=self.name.text().strip(),
            kind=chosen if rule.of_size else rule.kind,
            way=rule.way if rule.of_size else chosen,
            price=price,
            size=size,
            slack_ratio=slack / 100,
            cool_down_s=cool_down,
            again=self.again.isChecked(),
            sound=str(self.sound.currentData()),
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter applies."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._apply()
            return
        super().keyPressEvent(event)

    def _apply(self) -> None:
        wanted = self.wanted()
        if isinstance(wanted, str):
            self.problem.setText(wanted)
            self.problem.show()
            self.adjustSize()
            return
        self.close()
        self.applied.emit(wanted)


def _line(text: str, name: str) -> QLineEdit:
    line = QLineEdit(text)
    line.setAccessibleName(name)
    return line


def _figure(text: str) -> float:
    """The number that was typed; NaN for anything else."""
    try:
        return float(plain_number(text.strip()))
    except ValueError:
        return math.nan
