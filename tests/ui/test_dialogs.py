"""Settings: forms from the fields' own descriptions; keys that travel nowhere else."""

from __future__ import annotations

import threading
from dataclasses import fields

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit

from heatdesk.errors import VaultLocked, VaultMissing
from heatdesk.providers import PROVIDERS
from heatdesk.secrets import Keys, MemoryVault
from heatdesk.settings import Settings, load, walk
from ui.dialogs.keys_page import KeysPage
from ui.dialogs.settings_window import SettingsWindow
from ui.dialogs.vault_work import VaultWork

SPECS = tuple(cls.spec for cls in PROVIDERS)
KEY = "marker-key-0123456789"


class Vault(MemoryVault):
    """A vault that can refuse, and remembers the threads it was asked on."""

    def __init__(self) -> None:
        super().__init__()
        self.refusal: Exception | None = None
        self.threads: set[str] = set()

    def _ask(self) -> None:
        self.threads.add(threading.current_thread().name)
        if self.refusal is not None:
            raise self.refusal

    def get(self, provider):
        self._ask()
        return super().get(provider)

    def set(self, provider, key):
        self._ask()
        super().set(provider, key)

    def source(self, provider):
        return "keyring" if super().get(provider) else None


@pytest.fixture
def vault():
    return Vault()


@pytest.fixture
def work(qapp):
    made = VaultWork()
    yield made
    made.close()


@pytest.fixture
def page(qtbot, vault, work):
    made = KeysPage(SPECS, Keys(vault, {}), work)
    qtbot.addWidget(made)
    made.show()
    row = made.rows["kiyotaka"]
    qtbot.waitUntil(lambda: row.state.text() == "no key")
    return made


def test_every_provider_that_takes_a_key_has_a_row_and_a_hint(page):
    assert set(page.rows) == {spec.id for spec in SPECS if spec.takes_key}
    assert {spec.id for spec in SPECS if spec.needs_key} < set(page.rows)
    assert "demo" not in page.rows
    assert all(row.spec.key_hint for row in page.rows.values())


def test_a_key_is_saved_off_the_gui_thread_shown_masked_and_tested(page, vault, qtbot):
    row = page.rows["kiyotaka"]
    qtbot.keyClicks(row.entry, KEY)
    with qtbot.waitSignal(page.key_changed) as changed:
        qtbot.mouseClick(row.save, Qt.MouseButton.LeftButton)
    assert changed.args == ["kiyotaka"]
    assert MemoryVault.get(vault, "kiyotaka") == KEY
    assert row.entry.text() == ""
    qtbot.waitUntil(lambda: row.state.text().startswith("mark...6789"))
    assert threading.current_thread().name not in vault.threads
    with qtbot.waitSignal(page.test_wanted) as wanted:
        row.test.click()
    assert wanted.args == ["kiyotaka"]
    assert not row.delete.hasFocus()
    page.show_result("kiyotaka", "The key works.")
    assert row.words.text() == "The key works."
    shown = " ".join(label.text() for label in (row.state, row.words, row.warning))
    assert KEY not in shown


def test_a_key_can_be_replaced_and_deleted(page, vault, qtbot):
    row = page.rows["sharpe"]
    for key in ("first-key-000000", "second-key-11111"):
        qtbot.waitUntil(row.save.isEnabled)
        row.entry.setText(key)
        with qtbot.waitSignal(page.key_changed):
            row.save.click()
    assert MemoryVault.get(vault, "sharpe") == "second-key-11111"
    qtbot.waitUntil(row.delete.isEnabled)
    with qtbot.waitSignal(page.key_changed):
        row.delete.click()
    assert MemoryVault.get(vault, "sharpe") is None
    qtbot.waitUntil(lambda: row.state.text() == "no key")


@pytest.mark.parametrize(
    "refusal",
    [VaultLocked("The keyring is locked."), VaultMissing("There is no keyring.")],
)
def test_a_keyring_that_refuses_gives_one_sentence_and_the_choice_of_this_run(
    page, vault, qtbot, refusal
):
    row = page.rows["kiyotaka"]
    vault.refusal = refusal
    row.entry.setText(KEY)
    row.save.click()
    qtbot.waitUntil(row.once.isVisible)
    assert row.words.text() == refusal.user_message
    with qtbot.waitSignal(page.key_changed):
        row.once.click()
    qtbot.waitUntil(lambda: "this run only" in row.state.text())
    assert row.entry.text() == ""
    assert MemoryVault.get(vault, "kiyotaka") is None


def test_a_backend_that_breaks_never_shows_the_key(page, vault, qtbot, caplog):
    row = page.rows["kiyotaka"]
    vault.refusal = RuntimeError(f"cannot store {KEY}")
    row.entry.setText(KEY)
    row.save.click()
    qtbot.waitUntil(row.once.isVisible)
    assert KEY not in row.words.text()
    assert KEY not in caplog.text


def test_a_key_of_the_environment_cannot_be_edited(qtbot, vault, work):
    page = KeysPage(SPECS, Keys(vault, {"HEATDESK_KEY_SHARPE": KEY}), work)
    qtbot.addWidget(page)
    row = page.rows["sharpe"]
    qtbot.waitUntil(lambda: "from the environment" in row.state.text())
    assert not row.entry.isEnabled()
    assert not row.save.isEnabled()
    assert not row.delete.isEnabled()
    assert row.test.isEnabled()


def test_an_odd_looking_key_warns_and_is_not_refused(page, qtbot):
    row = next(row for row in page.rows.values() if row.spec.key_pattern)
    qtbot.keyClicks(row.entry, "odd")
    assert row.warning.isVisible()
    assert row.save.isEnabled()
    row.entry.clear()


@pytest.fixture
def window(qtbot, vault, work):
    applied = []

    def apply(settings):
        applied.append(settings)
        return ""

    made = SettingsWindow(Settings(), SPECS, Keys(vault, {}), work, apply)
    made.applied = applied
    qtbot.addWidget(made)
    return made


def test_every_setting_has_a_control_with_its_label(window):
    shown = {path for form in window.forms.values() for path in form.controls}
    assert shown == {path for path, _, _ in walk(Settings())}
    labels = {path: item.metadata["label"] for path, _, item in walk(Settings())}
    for form in window.forms.values():
        for path, control in form.controls.items():
            assert control.accessibleName() == labels[path]


def test_applied_values_reach_the_settings(window):
    form = window.forms["Kiyotaka"]
    tier = form.controls["providers", "kiyotaka", "tier"]
    assert isinstance(tier, QComboBox)
    tier.setCurrentText("advanced")
    utc = window.forms["View"].controls["view", "utc"]
    assert isinstance(utc, QCheckBox)
    utc.setChecked(True)
    assert window.apply_now()
    assert window.applied[-1].providers.kiyotaka.tier == "advanced"
    assert window.applied[-1].view.utc


def test_a_value_that_does_not_fit_is_told_and_nothing_is_applied(window):
    form = window.forms["Kiyotaka"]
    path = ("providers", "kiyotaka", "base_url")
    line = form.controls[path]
    assert isinstance(line, QLineEdit)
    line.setText("not an address")
    assert not window.apply_now()
    assert window.applied == []
    assert form.faults[path].text()
    line.setText("http://127.0.0.1:9000")
    assert window.apply_now()
    assert window.applied[-1].providers.kiyotaka.base_url == "http://127.0.0.1:9000"


def test_what_the_environment_sets_is_shown_and_cannot_be_edited(qtbot, vault, work, tmp_path):
    settings, _ = load(tmp_path, {"HEATDESK_PROVIDERS__KIYOTAKA__TIER": "basic"})
    window = SettingsWindow(settings, SPECS, Keys(vault, {}), work, lambda settings: "")
    qtbot.addWidget(window)
    control = window.forms["Kiyotaka"].controls["providers", "kiyotaka", "tier"]
    assert isinstance(control, QComboBox)
    assert control.currentText() == "basic"
    assert not control.isEnabled()


def test_the_keys_come_up_at_the_provider_that_misses_one(window, qtbot):
    window.show_keys("sharpe")
    assert not window.isModal()
    qtbot.waitUntil(window.isVisible)
    assert window.focusWidget() is window.keys_page.rows["sharpe"].entry
    assert [field.name for field in fields(Settings().providers)]
