"""The settings window: a page for each section, and the keys. It never blocks the desk."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from heatdesk.providers.base import ProviderSpec
from heatdesk.secrets import Keys
from heatdesk.settings import Settings
from ui.dialogs.form import SettingsForm
from ui.dialogs.keys_page import KeysPage
from ui.dialogs.vault_work import VaultWork


class SettingsWindow(QDialog):
    """Settings of the desk.

    Parameters
    ----------
    apply : callable
        Takes new settings over; returns a sentence when that failed.

    Signals
    -------
    key_changed : a key was saved or deleted; carries the provider id.
    test_wanted : try a key; carries the provider id.
    """

    key_changed = Signal(str)
    test_wanted = Signal(str)

    def __init__(
        self,
        settings: Settings,
        specs: Sequence[ProviderSpec],
        keys: Keys,
        work: VaultWork,
        apply: Callable[[Settings], str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("HeatDesk settings")
        self.setModal(False)
        self.resize(760, 520)
        self._settings = settings
        self._apply = apply
        self.keys_page = KeysPage(specs, keys, work)
        self.keys_page.key_changed.connect(self.key_changed)
        self.keys_page.test_wanted.connect(self.test_wanted)
        self.forms: dict[str, SettingsForm] = {}
        self.pages = QListWidget()
        self.pages.setObjectName("settingsPages")
        self.pages.setFixedWidth(150)
        self._stack = QStackedWidget()
        self._add_page("Keys", self.keys_page)
        titles = {spec.id: spec.title for spec in specs}
        for name in settings.providers.__dataclass_fields__:
            self._add_form(titles.get(name.replace("_", "-"), name), ("providers", name))
        self._add_form("View", ("view",))
        self.pages.currentRowChanged.connect(self._stack.setCurrentIndex)
        self.pages.setCurrentRow(0)
        self.words = QLabel()
        self.words.setProperty("quiet", True)
        self.words.setWordWrap(True)
        self._build()

    def show_keys(self, provider: str = "") -> None:
        """Come up at the keys, at one provider's entry."""
        self.pages.setCurrentRow(0)
        self.come_up()
        self.keys_page.focus(provider)

    def come_up(self) -> None:
        """Show it above the desk."""
        self.show()
        self.raise_()
        self.activateWindow()

    def take(self, settings: Settings) -> None:
        """Start from other settings: something changed elsewhere."""
        self._settings = settings

    def apply_now(self) -> bool:
        """Take every form over; False when a value does not fit or nothing could be saved."""
        read = self._settings
        for title, form in self.forms.items():
            changed = form.read(read)
            if changed is None:
                self.words.setText(f"{title}: a value does not fit.")
                return False
            read = changed
        sentence = self._apply(read)
        self._settings = read
        self.words.setText(sentence or "Applied.")
        return not sentence

    def _build(self) -> None:
        apply = QPushButton("Apply")
        apply.setProperty("primary", True)
        apply.setAutoDefault(False)
        apply.clicked.connect(self.apply_now)
        close = QPushButton("Close")
        close.setAutoDefault(False)
        close.clicked.connect(self.close)
        foot = QHBoxLayout()
        foot.setContentsMargins(18, 8, 12, 10)
        foot.addWidget(self.words, 1)
        foot.addWidget(apply)
        foot.addWidget(close)
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(self._stack, 1)
        right.addLayout(foot)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.pages)
        row.addLayout(right, 1)

    def _add_form(self, title: str, section: tuple[str, ...]) -> None:
        form = SettingsForm(self._settings, section)
        self.forms[title] = form
        self._add_page(title, form)

    def _add_page(self, title: str, page: QWidget) -> None:
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(page)
        item = QListWidgetItem(title)
        item.setSizeHint(QSize(0, 28))
        self.pages.addItem(item)
        self._stack.addWidget(scroll)
