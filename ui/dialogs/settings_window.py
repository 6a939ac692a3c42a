"""The settings window: a page for each section, and the keys. It never blocks the desk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
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

from heatdesk.files import Told
from heatdesk.net.budget import Limits
from heatdesk.providers.base import ProviderSpec
from heatdesk.secrets import Keys
from heatdesk.settings import Settings
from heatdesk.units import grouped
from ui.dialogs.finder import Finder, Place
from ui.dialogs.form import Path, SettingRow, SettingsForm
from ui.dialogs.keys_page import KeysPage
from ui.dialogs.vault_work import VaultWork

LEFT_PX = 190
_BY_TAB = Qt.FocusPolicy.TabFocus


class SettingsWindow(QDialog):
    """Settings of the desk.

    Parameters
    ----------
    apply : callable
        Takes new settings over; tells, perhaps later, why they could not be kept.
    preview : callable or None
        Shows settings on the desk without keeping them; called while they are edited with what
        is harmless, and with the kept ones when they are given up.
    limits : callable or None
        What a provider allows under some settings, by its id.
    extra_pages : sequence of (str, QWidget)
        Pages from elsewhere, after those about the desk.

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
        apply: Callable[[Settings, Told], None],
        parent: QWidget | None = None,
        *,
        preview: Callable[[Settings], None] | None = None,
        limits: Callable[[str, Settings], Limits] | None = None,
        extra_pages: Sequence[tuple[str, QWidget]] = (),
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("HeatDesk settings")
        self.setModal(False)
        self.resize(900, 620)
        self._settings = self._shown = settings
        self._apply, self._preview, self._limits = apply, preview, limits
        self._putting = False
        self._lit: SettingRow | None = None
        self.forms: dict[str, SettingsForm] = {}
        self._providers: dict[str, str] = {}
        self._build()
        self.keys_page = KeysPage(specs, keys, work)
        self.keys_page.key_changed.connect(self.key_changed)
        self.keys_page.test_wanted.connect(self.test_wanted)
        self._add_keys(specs)
        self._add_form("View", ("view",))
        self._add_form("Performance", ("performance",))
        for title, page in extra_pages:
            page.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
            self._add_page(title, page)
            self._add_place(title, title, page.windowTitle(), page)
        titles = {spec.id: spec.title for spec in specs}
        for name in settings.providers.__dataclass_fields__:
            provider = name.replace("_", "-")
            title = titles.get(provider, name)
            self._providers[title] = provider
            self._add_form(title, ("providers", name))
        last_page = self._stack.widget(self._stack.count() - 1)
        on_last = [] if last_page is None else last_page.findChildren(QWidget)
        last = next(one for one in reversed(on_last) if one.focusPolicy() & _BY_TAB)
        for button in (self.revert_button, self.apply_button, self.close_button):
            self.setTabOrder(last, button)  # below the pages
            last = button
        self.pages.setCurrentRow(0)
        self.finder.search.setFocus()
        self._edited()

    def show_keys(self, provider: str = "") -> None:
        """Come up at the keys, at one provider's entry."""
        self.finder.search.clear()
        self.pages.setCurrentRow(0)
        self.come_up()
        self.keys_page.focus(provider)

    def come_up(self) -> None:
        """Show it above the desk."""
        self.show()
        self.raise_()
        self.activateWindow()

    def take(self, settings: Settings) -> None:
        """Go on from other settings: something changed elsewhere; what is being edited stays."""
        before, self._settings = self._settings, settings
        self._putting = True
        for path, row in self._rows().items():
            old, new = _at(before, path), _at(settings, path)
            if old != new:
                row.put(new)
        self._putting = False
        self._edited()

    def apply_now(self) -> bool:
        """Take every form over; False when a value does not fit."""
        read = self._settings
        for title, form in self.forms.items():
            changed = form.read(read)
            if changed is None:
                self.words.setText(f"{title}: a value does not fit.")
                return False
            read = changed
        self._settings = self._shown = read
        self._edited()
        self.words.setText("Applied.")
        self._apply(read, self._not_kept)
        return True

    def revert(self) -> None:
        """Go back to the settings that were applied last."""
        self._put(self._settings)
        self._edited()
        self.words.setText("")

    def reject(self) -> None:
        """Close; what was not applied is given up."""
        self.revert()
        self.finder.search.clear()
        super().reject()

    def _not_kept(self, why: str) -> None:
        """Say why what was applied could not be saved; empty: it was."""
        if why:
            self.words.setText(why)

    # -- building

    def _build(self) -> None:
        self.pages = QListWidget()
        self.pages.setObjectName("settingsPages")
        self.pages.setAccessibleName("Pages of settings")
        self._stack = QStackedWidget()
        self.pages.currentRowChanged.connect(self._stack.setCurrentIndex)
        self.finder = Finder(self.pages)
        self.finder.setFixedWidth(LEFT_PX)
        self.finder.cleared.connect(lambda: self._light(None))
        find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        find.activated.connect(self.finder.search.setFocus)
        self.words = QLabel()
        self.words.setProperty("quiet", True)
        self.words.setWordWrap(True)
        self.revert_button = QPushButton("Revert")
        self.revert_button.setToolTip("Back to what was applied last")
        self.apply_button = QPushButton("Apply")
        self.apply_button.setProperty("primary", True)
        self.close_button = QPushButton("Close")
        self.revert_button.clicked.connect(self.revert)
        self.apply_button.clicked.connect(self.apply_now)
        self.close_button.clicked.connect(self.reject)
        foot = QHBoxLayout()
        foot.setContentsMargins(22, 8, 12, 10)
        foot.setSpacing(6)
        foot.addWidget(self.words, 1)
        for button in (self.revert_button, self.apply_button, self.close_button):
            button.setAutoDefault(False)
            foot.addWidget(button)
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(self._stack, 1)
        right.addLayout(foot)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.finder)
        row.addLayout(right, 1)

    def _add_keys(self, specs: Sequence[ProviderSpec]) -> None:
        self._add_page("Keys", self.keys_page)
        for spec in specs:
            if spec.takes_key:
                self._add_place(
                    f"Key of {spec.title}",
                    "Keys",
                    f"{spec.key_hint} api key",
                    self.keys_page.rows[spec.id],
                    self.keys_page.rows[spec.id].entry,
                )

    def _add_form(self, title: str, section: Path) -> None:
        form = SettingsForm(self._settings, section, title)
        form.edited.connect(self._edited)
        self.forms[title] = form
        self._add_page(title, form)
        for row in form.rows.values():
            said = row.item.metadata
            words = " ".join((said["help"], said["unit"], *said["titles"], row.path[-1]))
            self._add_place(said["label"], title, words, row, row.control)

    def _add_page(self, title: str, page: QWidget) -> None:
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(page)
        item = QListWidgetItem(title)
        item.setSizeHint(QSize(0, 28))
        self.pages.addItem(item)
        self._stack.addWidget(scroll)

    def _add_place(
        self,
        title: str,
        page: str,
        words: str,
        widget: QWidget,
        control: QWidget | None = None,
    ) -> None:
        number = self._stack.count() - 1
        show = partial(self._go_to, number, widget, control or widget)
        self.finder.places.append(Place(title, page, words, show))

    # -- searching

    def _go_to(self, page: int, widget: QWidget, control: QWidget, focus: bool) -> None:
        self.pages.setCurrentRow(page)
        scroll = self._stack.widget(page)
        if isinstance(scroll, QScrollArea):
            scroll.ensureWidgetVisible(widget, 0, 40)
        self._light(widget if isinstance(widget, SettingRow) else None)
        if focus:
            control.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _light(self, row: SettingRow | None) -> None:
        if self._lit is not None:
            self._lit.light(False)
        self._lit = row
        if row is not None:
            row.light(True)

    # -- editing

    def _edited(self) -> None:
        """Something was changed by hand: show what is harmless, and what can be done about it."""
        if self._putting:
            return
        sound = [row.check() for row in self._rows().values()]
        read = self._read()
        changed = read != self._settings or not all(sound)
        self.revert_button.setEnabled(changed)
        self.apply_button.setEnabled(changed)
        self.close_button.setText("Cancel" if changed else "Close")
        self.words.setText("Not applied yet." if changed else "")
        shown = self._settings
        for form in self.forms.values():
            shown = form.sound(shown, live_only=True)
        if shown != self._shown:
            self._shown = shown
            if self._preview is not None:
                self._preview(shown)
        # after the figures were told how to be written
        for title, provider in self._providers.items():
            if self._limits is not None:
                self.forms[title].explain(limits_text(self._limits(provider, read)))

    def _read(self) -> Settings:
        read = self._settings
        for form in self.forms.values():
            read = form.sound(read)
        return read

    def _put(self, settings: Settings) -> None:
        self._putting = True
        for form in self.forms.values():
            form.put(settings)
        self._putting = False

    def _rows(self) -> dict[Path, SettingRow]:
        return {path: row for form in self.forms.values() for path, row in form.rows.items()}


def limits_text(limits: Limits) -> str:
    """What a provider allows, in words; empty where nothing is counted."""
    spans = ((limits.minute, "a minute"), (limits.day, "a day"), (limits.month, "a month"))
    kept = [f"{grouped(most)} {span}" for most, span in spans if most is not None]
    if not kept:
        return ""
    return f"Limits kept: {', '.join(kept)} (requests, or their weight where the provider weighs)."


def _at(settings: Settings, path: Path) -> bool | int | float | str:
    value: object = settings
    for name in path:
        value = getattr(value, name)
    assert isinstance(value, bool | int | float | str)
    return value
