"""Settings: forms from the fields' own descriptions; keys that travel nowhere else."""

from __future__ import annotations

import threading
from dataclasses import fields, replace

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QLineEdit

from heatdesk.errors import VaultLocked, VaultMissing
from heatdesk.providers import PROVIDERS
from heatdesk.secrets import Keys, MemoryVault
from heatdesk.settings import Settings, fault_of, load, walk
from heatdesk.units import use_number_format
from ui.dialogs.controls import Offer
from ui.dialogs.data_page import NOT_OPENED, DataPage
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
    made.stop()


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


def test_why_the_keyring_does_not_answer_stands_there_once_and_goes_with_the_first_answer(
    qtbot, vault, work
):
    locked = VaultLocked("The keyring is locked.")
    vault.refusal = locked
    page = KeysPage(SPECS, Keys(vault, {}), work)
    qtbot.addWidget(page)
    page.show()
    rows = list(page.rows.values())
    qtbot.waitUntil(lambda: all(row.state.text() == "not known" for row in rows))
    said = [label.text() for label in page.findChildren(QLabel) if label.isVisible()]
    assert said.count(locked.user_message) == 1
    vault.refusal = None
    rows[0].entry.setText(KEY)
    rows[0].save.click()
    qtbot.waitUntil(lambda: all(row.state.text() != "not known" for row in rows))
    assert not page.trouble.isVisible()


def test_why_the_keyring_does_not_answer_stays_while_a_key_of_this_run_is_used(qtbot, vault, work):
    locked = VaultLocked("The keyring is locked.")
    vault.refusal = locked
    page = KeysPage(SPECS, Keys(vault, {}), work)
    qtbot.addWidget(page)
    page.show()
    first, *others = page.rows.values()
    qtbot.waitUntil(lambda: all(row.state.text() == "not known" for row in page.rows.values()))
    first.entry.setText(KEY)
    first.save.click()
    qtbot.waitUntil(first.once.isVisible)
    told = [True]
    first.looked.connect(lambda: told.append(page.trouble.isVisible()))
    for row in others:
        row.looked.connect(lambda: told.append(page.trouble.isVisible()))
    first.once.click()
    qtbot.waitUntil(lambda: len(told) == 1 + len(page.rows))
    assert all(told), "the rows would jump under the mouse"
    assert "this run only" in first.state.text()
    assert page.trouble.text() == locked.user_message


def test_a_key_of_the_environment_leaves_why_the_keyring_does_not_answer_for_the_others(
    qtbot, vault, work
):
    vault.refusal = VaultLocked("The keyring is locked.")
    *others, last = [spec.id for spec in SPECS if spec.takes_key]
    page = KeysPage(SPECS, Keys(vault, {f"HEATDESK_KEY_{last.upper()}": KEY}), work)
    qtbot.addWidget(page)
    page.show()
    qtbot.waitUntil(lambda: "from the environment" in page.rows[last].state.text())
    qtbot.waitUntil(lambda: all(page.rows[one].state.text() == "not known" for one in others))
    assert page.trouble.isVisible()


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


def limits_of(provider, settings):
    return next(cls for cls in PROVIDERS if cls.spec.id == provider).limits_for(settings)


@pytest.fixture
def window(qtbot, vault, work):
    applied = []

    def apply(settings, told):
        applied.append(settings)
        told("")

    previewed = []
    made = SettingsWindow(
        Settings(),
        SPECS,
        Keys(vault, {}),
        work,
        apply,
        preview=previewed.append,
        limits=limits_of,
        extra_pages=[("Shortcuts", QLabel("every shortcut"))],
    )
    made.applied, made.previewed = applied, previewed
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
    tier.setCurrentIndex(tier.findData("advanced"))
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
    window = SettingsWindow(settings, SPECS, Keys(vault, {}), work, lambda settings, told: None)
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


def row_of(window, *path):
    return next(form.rows[path] for form in window.forms.values() if path in form.rows)


def choose(window, value, *path):
    control = row_of(window, *path).control
    control.setCurrentIndex(control.findData(value))


def test_every_word_of_a_setting_finds_it_and_its_name_comes_first(window, qtbot):
    window.come_up()
    search = window.finder.search
    qtbot.keyClicks(search, "time zone")
    assert window.finder.titles[0] == "Time zone"
    assert "Time in UTC" in window.finder.titles
    search.clear()
    assert window.pages.isVisible()
    qtbot.keyClicks(search, "hypertracker reserve")
    assert window.finder.titles == ["Calls kept back"]
    search.clear()
    qtbot.keyClicks(search, "no such setting")
    assert window.finder.titles == []
    assert window.finder.nothing.isVisible()
    qtbot.keyClick(search, Qt.Key.Key_Escape)
    assert search.text() == ""
    assert window.isVisible()


def test_every_setting_and_every_key_can_be_found_by_its_name(window):
    titles = {place.title for place in window.finder.places}
    assert {item.metadata["label"] for _, _, item in walk(Settings())} <= titles
    assert {f"Key of {spec.title}" for spec in SPECS if spec.takes_key} <= titles
    assert "Shortcuts" in titles


def test_enter_goes_to_what_was_found_marks_it_and_hands_over_the_keyboard(window, qtbot):
    window.come_up()
    qtbot.keyClicks(window.finder.search, "memory heatmaps")
    row = row_of(window, "performance", "memory_mib")
    assert row.property("hit") is True
    qtbot.waitUntil(row.isVisible)
    assert window.focusWidget() is window.finder.search
    qtbot.keyClick(window.finder.search, Qt.Key.Key_Return)
    assert window.focusWidget() is row.control
    assert window.pages.currentItem().text() == "Performance"
    window.finder.search.clear()
    assert row.property("hit") is False


def test_arrows_walk_through_what_was_found(window, qtbot):
    window.come_up()
    qtbot.keyClicks(window.finder.search, "update every")
    assert window.finder.titles[:2] == ["Update every", "Update every"]
    first = window.pages.currentItem().text()
    qtbot.keyClick(window.finder.search, Qt.Key.Key_Down)
    assert window.pages.currentItem().text() != first
    qtbot.keyClick(window.finder.search, Qt.Key.Key_Up)
    assert window.pages.currentItem().text() == first


def test_what_is_harmless_shows_at_once_and_cancel_brings_back_what_was(window):
    window.come_up()
    choose(window, "1.234,5", "view", "numbers")
    assert window.previewed[-1].view.numbers == "1.234,5"
    assert window.applied == []
    assert window.close_button.text() == "Cancel"
    window.close_button.click()
    assert window.previewed[-1] == Settings()
    assert not window.isVisible()
    window.come_up()
    assert row_of(window, "view", "numbers").value == Settings().view.numbers
    assert window.close_button.text() == "Close"


def test_a_provider_is_not_asked_otherwise_before_apply(window):
    choose(window, "advanced", "providers", "kiyotaka", "tier")
    choose(window, "cpu", "view", "render_path")
    assert window.previewed == []
    window.revert_button.click()
    assert row_of(window, "providers", "kiyotaka", "tier").value == "free"
    assert not window.revert_button.isEnabled()


def test_a_value_that_does_not_fit_is_not_shown_on_the_desk(window):
    row = row_of(window, "performance", "frame_rate")
    row.control.setText("1000")
    assert row.fault.text()
    assert window.previewed == []
    row.control.setText("24")
    assert not row.fault.text()
    assert window.previewed[-1].performance.frame_rate == 24


def test_what_was_applied_is_what_revert_goes_back_to(window):
    choose(window, "red-up", "view", "colours")
    assert window.apply_now()
    choose(window, "colour-blind", "view", "colours")
    window.revert()
    assert window.previewed[-1].view.colours == "red-up"
    assert row_of(window, "view", "colours").value == "red-up"


def test_a_way_back_to_the_default_is_offered_only_where_something_was_changed(window):
    window.come_up()
    window.pages.setCurrentRow(1)
    row = row_of(window, "view", "swap_sides")
    assert row.reset.isHidden()
    row.control.setChecked(True)
    assert not row.reset.isHidden()
    row.reset.click()
    assert row.value is False
    assert row.reset.isHidden()
    assert window.focusWidget() is row.control


def test_a_change_from_elsewhere_shows_and_spares_what_is_being_edited(window):
    choose(window, "light", "view", "theme")
    changed = replace(Settings(), view=replace(Settings().view, utc=True))
    window.take(changed)
    assert row_of(window, "view", "utc").value is True
    assert row_of(window, "view", "theme").value == "light"
    window.revert()
    assert row_of(window, "view", "utc").value is True
    assert row_of(window, "view", "theme").value == "dark"


def test_a_zone_is_typed_or_chosen_from_all_there_are(window):
    control = row_of(window, "view", "zone").control
    assert isinstance(control, Offer)
    control.fill()
    assert control.findText("Asia/Tokyo") > 0
    assert control.currentText() == "local"
    control.setEditText("Asia/Toky")
    assert row_of(window, "view", "zone").fault.text()
    control.setEditText("Asia/Tokyo")
    assert window.previewed[-1].view.zone == "Asia/Tokyo"


def test_the_limits_of_the_chosen_plan_are_told(window):
    form = window.forms["Kiyotaka"]
    free = form.note.text()
    assert "a minute" in free
    choose(window, "advanced", "providers", "kiyotaka", "tier")
    assert form.note.text() != free


def test_limits_are_written_as_the_figures_of_the_desk_are(qtbot, vault, work):
    made = SettingsWindow(
        Settings(),
        SPECS,
        Keys(vault, {}),
        work,
        lambda settings, told: None,
        preview=lambda settings: use_number_format(settings.view.numbers),
        limits=limits_of,
    )
    qtbot.addWidget(made)
    before = made.forms["Kiyotaka"].note.text()
    assert "," in before
    try:
        choose(made, "1.234,5", "view", "numbers")
        assert made.forms["Kiyotaka"].note.text() == before.replace(",", ".").replace(". ", ", ")
        made.revert_button.click()
        assert made.forms["Kiyotaka"].note.text() == before
    finally:
        use_number_format(Settings().view.numbers)


def test_every_choice_has_words_and_every_default_fits():
    for path, value, item in walk(Settings()):
        assert len(item.metadata["titles"]) == len(item.metadata["choices"]), path
        assert not fault_of(item, value), path


def test_the_wheel_scrolls_the_page_and_not_a_choice(window, qtbot):
    window.come_up()
    window.pages.setCurrentRow(1)
    combo = row_of(window, "view", "theme").control
    event = QWheelEvent(
        QPointF(5, 5),
        QPointF(combo.mapToGlobal(QPoint(5, 5))),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    combo.wheelEvent(event)
    assert not event.isAccepted()
    assert combo.currentData() == "dark"


def test_tab_goes_through_a_page_from_top_to_bottom(window, qtbot):
    window.come_up()
    window.pages.setCurrentRow(1)
    rows = list(window.forms["View"].rows.values())
    rows[0].control.setFocus()
    seen = [rows[0].control]
    while len(seen) < len(rows):
        window.focusNextChild()
        seen.append(window.focusWidget())
    assert seen == [row.control for row in rows]


def test_the_data_folder_is_shown_opened_and_copied(qtbot, qapp, tmp_path):
    shown = []
    page = DataPage(tmp_path, told=True, show_folder=lambda path: bool(shown.append(path)))
    qtbot.addWidget(page)
    assert page.path.text() == str(tmp_path)
    page.open.click()
    assert shown == [tmp_path]
    assert page.words.text() == NOT_OPENED
    page.copy.click()
    assert qapp.clipboard().text() == str(tmp_path)
