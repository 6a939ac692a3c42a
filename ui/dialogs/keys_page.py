"""Settings > Keys: enter, replace, delete and test the key of each provider."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from heatdesk.errors import HeatDeskError, VaultError
from heatdesk.providers.base import ProviderSpec
from heatdesk.secrets import FROM_ENVIRONMENT, FROM_KEYRING, FROM_THIS_RUN, Keys
from ui import theme
from ui.dialogs.vault_work import VaultWork

PROMISE = (
    "Read-only keys are enough: HeatDesk places no orders."
    " Keys are kept in the operating system's keyring, never in a file of HeatDesk."
)
SOURCES = {
    FROM_ENVIRONMENT: "from the environment",
    FROM_KEYRING: "kept in the operating system's keyring",
    FROM_THIS_RUN: "for this run only",
}
NOT_KNOWN = "not known"
Shown = tuple[str, str | None]
"""What may be shown of a key: masked text and where it comes from."""


class KeyRow(QWidget):
    """One provider's key.

    Signals
    -------
    saved, deleted : the key in force changed; carry the provider id.
    test_wanted : try the key; carries the provider id.
    looked : the keyring was asked; `trouble` says why it did not answer, empty where it did.
    """

    saved = Signal(str)
    deleted = Signal(str)
    test_wanted = Signal(str)
    looked = Signal()

    def __init__(self, spec: ProviderSpec, keys: Keys, work: VaultWork) -> None:
        super().__init__()
        self.setObjectName("keyRow")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.spec = spec
        self.trouble = ""
        self._keys = keys
        self._work = work
        self.title = QLabel(spec.title)
        self.title.setProperty("heading", True)
        self.state = QLabel("asking the keyring")
        self.state.setProperty("quiet", True)
        self.entry = QLineEdit()
        self.entry.setEchoMode(QLineEdit.EchoMode.Password)
        self.entry.setPlaceholderText("Paste a key")
        self.entry.setAccessibleName(f"Key of {spec.title}")
        self.entry.setFont(theme.mono_font())
        self.save = QPushButton("Save key")
        self.once = QPushButton("Use for this run only")
        self.test = QPushButton("Test")
        self.delete = QPushButton("Delete")
        self.words = _quiet("")
        self.warning = _quiet("")
        self.warning.setProperty("warn", True)
        self._build()
        self.entry.textEdited.connect(self._check_pattern)
        self.entry.returnPressed.connect(self._save)
        self.save.clicked.connect(self._save)
        self.once.clicked.connect(self._use_once)
        self.delete.clicked.connect(self._delete)
        self.test.clicked.connect(self._test)
        self.look()

    def look(self) -> None:
        """Ask where the key in force comes from, and show it masked."""
        keys, provider = self._keys, self.spec.id

        def read() -> Shown:
            return keys.masked(provider), keys.source(provider)

        self._work.ask(self, read, self._show, self._not_read)

    def show_result(self, sentence: str) -> None:
        """Show what the provider said about the key."""
        self.test.setEnabled(True)
        self._say(sentence)

    def _build(self) -> None:
        self.once.hide()
        for button in (self.save, self.once, self.test, self.delete):
            button.setAutoDefault(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 10, 18, 10)
        column.setSpacing(6)
        top = QHBoxLayout()
        top.addWidget(self.title)
        top.addWidget(self.state, 1)
        row = QHBoxLayout()
        row.addWidget(self.entry, 1)
        for button in (self.save, self.once, self.test, self.delete):
            row.addWidget(button)
        column.addLayout(top)
        column.addLayout(row)
        if self.spec.key_hint:
            column.addWidget(_quiet(self.spec.key_hint))
        column.addWidget(self.warning)
        column.addWidget(self.words)
        self.warning.hide()
        self.words.hide()

    def _save(self) -> None:
        key = self.entry.text().strip()
        if not key:
            self._say("Paste a key first.")
            return
        self._store(lambda: self._keys.set(self.spec.id, key), "Saved. Press Test to try it.")

    def _use_once(self) -> None:
        key = self.entry.text().strip()
        self._store(
            lambda: self._keys.use_for_this_run(self.spec.id, key),
            "In use until HeatDesk is closed. Press Test to try it.",
        )

    def _store(self, store: Callable[[], None], sentence: str) -> None:
        self.save.setEnabled(False)

        def done(_: None) -> None:
            self.entry.clear()
            self.warning.hide()
            self.once.hide()
            self._say(sentence)
            self.saved.emit(self.spec.id)
            self.look()

        self._work.ask(self, store, done, self._fail)

    def _delete(self) -> None:
        def done(_: None) -> None:
            self._say("Deleted.")
            self.deleted.emit(self.spec.id)
            self.look()

        self._work.ask(self, lambda: self._keys.delete(self.spec.id), done, self._fail)

    def _test(self) -> None:
        # A disabled button hands the keyboard on, and next to it sits Delete.
        self.entry.setFocus()
        self.test.setEnabled(False)
        self._say("Testing; the call counts against the budget.")
        self.test_wanted.emit(self.spec.id)

    def _show(self, shown: Shown) -> None:
        masked, source = shown
        fixed = source == FROM_ENVIRONMENT
        self.state.setText(f"{masked}, {SOURCES[source]}" if source else "no key")
        self.entry.setDisabled(fixed)
        self.save.setDisabled(fixed)
        self.save.setText("Replace key" if source else "Save key")
        self.delete.setEnabled(source is not None and not fixed)
        self.test.setEnabled(source is not None)
        self.trouble = ""
        self.looked.emit()

    def _not_read(self, error: HeatDeskError) -> None:
        self.state.setText(NOT_KNOWN)
        self.trouble = error.user_message
        self.looked.emit()

    def _fail(self, error: HeatDeskError) -> None:
        self.save.setEnabled(True)
        self.test.setEnabled(True)
        if isinstance(error, VaultError) and self.entry.text().strip():
            self.once.show()
        self._say(error.user_message)

    def _say(self, sentence: str) -> None:
        self.words.setText(sentence)
        self.words.setVisible(bool(sentence))

    def _check_pattern(self, text: str) -> None:
        pattern = self.spec.key_pattern
        odd = bool(text.strip() and pattern and not re.fullmatch(pattern, text.strip()))
        self.warning.setText(f"This does not look like a {self.spec.title} key; it can be tried.")
        self.warning.setVisible(odd)


class KeysPage(QWidget):
    """Every provider that a key can be entered for.

    Signals
    -------
    key_changed : a key was saved or deleted; carries the provider id.
    test_wanted : try a key; carries the provider id.
    """

    key_changed = Signal(str)
    test_wanted = Signal(str)

    def __init__(self, specs: Sequence[ProviderSpec], keys: Keys, work: VaultWork) -> None:
        super().__init__()
        self.setObjectName("settingsBody")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.rows: dict[str, KeyRow] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        promise = _quiet(PROMISE)
        promise.setContentsMargins(18, 12, 18, 8)
        column.addWidget(promise)
        self.trouble = _quiet("")
        self.trouble.setProperty("warn", True)
        self.trouble.setContentsMargins(18, 0, 18, 8)
        self.trouble.hide()
        column.addWidget(self.trouble)
        for spec in specs:
            if spec.takes_key:
                row = KeyRow(spec, keys, work)
                row.saved.connect(self.key_changed)
                row.deleted.connect(self.key_changed)
                row.test_wanted.connect(self.test_wanted)
                row.looked.connect(self._tell)
                row.saved.connect(self._look_again)
                self.rows[spec.id] = row
                column.addWidget(row)
        column.addStretch(1)

    def _tell(self) -> None:
        """Say once why the keyring does not answer, for as long as one row waits for it."""
        trouble = next((row.trouble for row in self.rows.values() if row.trouble), "")
        self.trouble.setText(trouble)
        self.trouble.setVisible(bool(trouble))

    def _look_again(self, saved: str) -> None:
        """A key was saved: the keyring may answer for the others now, too."""
        for provider, row in self.rows.items():
            if provider != saved and row.state.text() == NOT_KNOWN:
                row.look()

    def focus(self, provider: str) -> None:
        """Put the cursor where a provider's key is entered."""
        row = self.rows.get(provider) or next(iter(self.rows.values()), None)
        if row is not None:
            row.entry.setFocus()

    def show_result(self, provider: str, sentence: str) -> None:
        """Show what a provider said about its key."""
        if provider in self.rows:
            self.rows[provider].show_result(sentence)


def _quiet(text: str) -> QLabel:
    label = QLabel(text)
    label.setWordWrap(True)
    label.setProperty("quiet", True)
    return label
