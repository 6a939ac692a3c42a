"""Finding a setting by any word of its name, its explanation or its page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLabel, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

HIT_PX = 40


@dataclass(frozen=True, slots=True)
class Place:
    """Something that can be found.

    Attributes
    ----------
    title, page : str
        Its name, and the name of the page it is on.
    words : str
        What else it may be found by.
    show : callable
        Brings it into view; with true it also takes the keyboard.
    """

    title: str
    page: str
    words: str
    show: Callable[[bool], None]


def found(text: str, places: Iterable[Place]) -> list[Place]:
    """Return the places that have every word of a text, names before explanations."""
    wanted = text.lower().split()
    ranked = []
    for number, place in enumerate(places):
        title, page = place.title.lower(), place.page.lower()
        every = f"{title} {page} {place.words.lower()}"
        if all(word in every for word in wanted):
            in_title = sum(word in title for word in wanted)
            ranked.append((-in_title, number, place))
    return [place for *_, place in sorted(ranked, key=lambda one: one[:2])]


class Finder(QWidget):
    """A field to search in, and under it either the pages or what was found.

    Signals
    -------
    cleared : nothing is searched for any more.
    """

    cleared = Signal()

    def __init__(self, pages: QListWidget) -> None:
        super().__init__()
        self.setObjectName("settingsFinder")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.places: list[Place] = []
        self._pages = pages
        self._shown: list[Place] = []
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search settings")
        self.search.setAccessibleName("Search settings")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._find)
        self.search.installEventFilter(self)
        self.hits = QListWidget()
        self.hits.setObjectName("settingsPages")
        self.hits.setAccessibleName("Settings found")
        self.hits.currentRowChanged.connect(self._look)
        self.hits.itemClicked.connect(lambda item: self._take(self.hits.row(item)))
        self.hits.itemActivated.connect(lambda item: self._take(self.hits.row(item)))
        self.hits.hide()
        self.search.returnPressed.connect(lambda: self._take(self.hits.currentRow()))
        self.nothing = QLabel("No setting has these words.")
        self.nothing.setProperty("quiet", True)
        self.nothing.setWordWrap(True)
        self.nothing.setContentsMargins(12, 6, 8, 0)
        self.nothing.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 1, 0)
        column.setSpacing(6)
        field = QVBoxLayout()
        field.setContentsMargins(8, 0, 8, 0)
        field.addWidget(self.search)
        column.addLayout(field)
        column.addWidget(self.nothing)
        column.addWidget(pages, 1)
        column.addWidget(self.hits, 1)

    @property
    def titles(self) -> list[str]:
        """Names of what was found, the best first."""
        return [place.title for place in self._shown]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let arrows go through what was found while the text is typed; Esc clears the text."""
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}
            if (step := steps.get(Qt.Key(event.key()))) and self._shown:
                row = min(max(0, self.hits.currentRow() + step), len(self._shown) - 1)
                self.hits.setCurrentRow(row)
                return True
            if event.key() == Qt.Key.Key_Escape and self.search.text():
                self.search.clear()
                return True
        return super().eventFilter(watched, event)

    def _find(self, text: str) -> None:
        self._shown = found(text, self.places) if text.strip() else []
        self.hits.clear()
        for place in self._shown:
            item = QListWidgetItem(f"{place.title}\n{place.page}")
            item.setSizeHint(QSize(0, HIT_PX))
            self.hits.addItem(item)
        searching = bool(text.strip())
        self._pages.setHidden(searching)
        self.hits.setVisible(bool(self._shown))
        self.nothing.setVisible(searching and not self._shown)
        if self._shown:
            self.hits.setCurrentRow(0)
        if not searching:
            self.cleared.emit()

    def _look(self, row: int) -> None:
        if 0 <= row < len(self._shown):
            self._shown[row].show(False)

    def _take(self, row: int) -> None:
        if 0 <= row < len(self._shown):
            self._shown[row].show(True)
