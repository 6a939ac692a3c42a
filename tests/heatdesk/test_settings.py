from __future__ import annotations

import os
import tomllib
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest

from heatdesk import settings as module
from heatdesk.errors import UsageError, WriteError
from heatdesk.settings import FILE_NAME, Settings, fault_of, home_dir, load, save, walk


def with_tier(settings: Settings, tier: str) -> Settings:
    kiyotaka = replace(settings.providers.kiyotaka, tier=tier)
    return replace(settings, providers=replace(settings.providers, kiyotaka=kiyotaka))


def in_file(home: Path) -> dict[str, object]:
    return tomllib.loads((home / FILE_NAME).read_text())


def test_without_a_file_the_documented_defaults_count(tmp_path: Path) -> None:
    settings, warnings = load(tmp_path, {})
    assert warnings == []
    assert settings == Settings()
    assert settings.providers.kiyotaka.resolved_base_url == "https://api.kiyotaka.ai"
    assert settings.providers.kiyotaka.resolved_header == "X-Kiyotaka-Key"
    assert settings.providers.kiyotaka.tier == "free"
    assert settings.providers.sharpe.base_url == "https://www.sharpe.ai/api/v1"
    assert settings.providers.sharpe.logos is False
    assert settings.providers.hypertracker.daily_reserve == 4
    assert list(tmp_path.glob("settings*")) == []


def test_every_setting_has_a_label_and_a_default_that_fits() -> None:
    items = list(walk(Settings()))
    assert len(items) >= 12
    for path, value, item in items:
        assert item.metadata["label"], path
        assert fault_of(item, value) == "", path


def test_the_tree_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().view.utc = True  # type: ignore[misc]


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    settings = with_tier(Settings(), "advanced")
    settings = replace(settings, view=replace(settings.view, utc=True))
    save(settings, tmp_path / "new" / "home")
    assert load(tmp_path / "new" / "home", {}) == (settings, [])


def test_a_value_put_back_to_its_default_is_saved_too(tmp_path: Path) -> None:
    save(with_tier(Settings(), "basic"), tmp_path)
    save(with_tier(Settings(), "free"), tmp_path)
    assert load(tmp_path, {})[0] == Settings()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('tier = "gold"', "free, basic, standard, advanced, enterprise"),
        ("tier = 3", "a text is needed"),
        ('base_url = "nowhere"', "https://"),
        ('header = "two words"', "header name"),
        ("preset = []", "a text is needed"),
    ],
)
def test_a_value_that_does_not_fit_costs_that_field_alone(
    line: str, words: str, tmp_path: Path
) -> None:
    (tmp_path / FILE_NAME).write_text(
        f"[providers.kiyotaka]\n{line}\n[providers.sharpe]\nperiod_s = 600\n[view]\nutc = true\n"
    )
    settings, warnings = load(tmp_path, {})
    assert settings.providers.kiyotaka == Settings().providers.kiyotaka
    assert settings.providers.sharpe.period_s == 600
    assert settings.view.utc is True
    assert len(warnings) == 1
    assert words in warnings[0]
    assert line.split(" ")[0] in warnings[0]


@pytest.mark.parametrize(
    "text", ["period_s = 5", "period_s = true", "period_s = 300.5", 'period_s = "300"']
)
def test_a_number_out_of_range_or_of_another_kind_is_not_used(text: str, tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text(f"[providers.sharpe]\n{text}\n")
    settings, warnings = load(tmp_path, {})
    assert settings.providers.sharpe.period_s == 300
    assert len(warnings) == 1


def test_a_section_that_is_no_section_costs_that_section_alone(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("providers = 3\n[view]\nutc = true\n")
    settings, warnings = load(tmp_path, {})
    assert settings.view.utc is True
    assert len(warnings) == 1


@pytest.mark.parametrize(
    "content",
    [
        *(b"[view\nutc = ", b"\xff\xfe\x00", b"a = 1\na = 2\n"),
        *(b"a = " + b"9" * 5_000, b"a = " + b"[" * 5_000),
    ],
    ids=["torn", "no text", "twice", "endless number", "deep"],
)
def test_a_damaged_file_is_kept_aside_and_defaults_are_used(content: bytes, tmp_path: Path) -> None:
    for name in (f"{FILE_NAME}.damaged", f"{FILE_NAME}.damaged-2"):
        (tmp_path / FILE_NAME).write_bytes(content)
        settings, warnings = load(tmp_path, {})
        assert settings == Settings()
        assert f"kept as {name};" in warnings[0]
        assert (tmp_path / name).read_bytes() == content
    save(settings, tmp_path)
    assert load(tmp_path, {}) == (Settings(), [])


def test_a_file_that_cannot_be_read_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    settings, warnings = load(tmp_path, {})
    assert settings == Settings()
    assert "cannot be read" in warnings[0]
    assert (tmp_path / FILE_NAME).is_dir()


def test_settings_that_could_not_be_read_are_not_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / FILE_NAME
    path.write_text("[view]\nutc = true\n")

    def refuse(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", refuse)
        settings, warnings = load(tmp_path, {})
        assert "cannot be read (Permission denied)" in warnings[0]
        with pytest.raises(WriteError, match="not replaced"):
            save(with_tier(settings, "pro"), tmp_path)
    assert path.read_text() == "[view]\nutc = true\n"


def test_settings_of_a_newer_version_survive_an_older_one(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text(
        'schema_version = 99\n[providers.future]\nkey_name = "x"\n[view]\nutc = true\nglow = 0.5\n'
    )
    settings, warnings = load(tmp_path, {})
    assert len(warnings) == 1
    save(with_tier(settings, "basic"), tmp_path)
    assert in_file(tmp_path) == {
        "schema_version": 99,
        "providers": {"future": {"key_name": "x"}, "kiyotaka": {"tier": "basic"}},
        "view": {"utc": True, "glow": 0.5},
    }


def test_an_older_file_goes_through_every_migration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rename_plan(table: dict[str, object]) -> dict[str, object]:
        return {"providers": {"kiyotaka": {"tier": table["plan"]}}}

    def upgrade(table: dict[str, object]) -> dict[str, object]:
        return {**table, "view": {"utc": True}}

    monkeypatch.setattr(module, "MIGRATIONS", (rename_plan, upgrade))
    monkeypatch.setattr(module, "SCHEMA_VERSION", 3)
    (tmp_path / FILE_NAME).write_text('plan = "basic"\n')
    settings, warnings = load(tmp_path, {})
    assert warnings == []
    assert settings.providers.kiyotaka.tier == "basic"
    assert settings.view.utc is True
    save(settings, tmp_path)
    assert in_file(tmp_path)["schema_version"] == 3


# ----------------------------------------------------------------------------------- overrides
@pytest.mark.parametrize(
    ("name", "text", "path", "value"),
    [
        ("PROVIDERS__KIYOTAKA__BASE_URL", "http://127.0.0.1:9000", "kiyotaka.base_url", None),
        ("PROVIDERS__KIYOTAKA__TIER", "advanced", "kiyotaka.tier", None),
        ("PROVIDERS__HYPERTRACKER__DAILY_RESERVE", " 7 ", "hypertracker.daily_reserve", 7),
        ("PROVIDERS__SHARPE__LOGOS", "Yes", "sharpe.logos", True),
        ("PROVIDERS__SHARPE__LOGOS", "0", "sharpe.logos", False),
    ],
)
def test_the_environment_overrides_a_setting_for_this_run(
    name: str, text: str, path: str, value: object, tmp_path: Path
) -> None:
    settings, warnings = load(tmp_path, {f"HEATDESK_{name}": text})
    section, field = path.split(".")
    expected = text if value is None else value
    assert getattr(getattr(settings.providers, section), field) == expected
    assert warnings == []


def test_an_override_is_never_saved_and_hides_no_saved_value(tmp_path: Path) -> None:
    save(with_tier(Settings(), "basic"), tmp_path)
    settings, _ = load(tmp_path, {"HEATDESK_PROVIDERS__KIYOTAKA__TIER": "advanced"})
    settings = replace(settings, view=replace(settings.view, utc=True))
    save(settings, tmp_path)
    saved, _ = load(tmp_path, {})
    assert saved.providers.kiyotaka.tier == "basic"
    assert saved.view.utc is True


def test_a_field_the_user_changed_despite_an_override_is_saved(tmp_path: Path) -> None:
    settings, _ = load(tmp_path, {"HEATDESK_PROVIDERS__KIYOTAKA__TIER": "advanced"})
    save(with_tier(settings, "standard"), tmp_path)
    assert load(tmp_path, {})[0].providers.kiyotaka.tier == "standard"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("HEATDESK_PROVIDERS__KIYOTAKA__TIER", "gold"),
        ("HEATDESK_PROVIDERS__KIYOTAKA__TEIR", "free"),
        ("HEATDESK_PROVIDERS__KIYOTAKA__BASE_URL", "ftp://x"),
        ("HEATDESK_PROVIDERS__KIYOTAKA__BASE_URL", "http://x y"),
        ("HEATDESK_PROVIDERS__SHARPE__BASE_URL", ""),
        ("HEATDESK_PROVIDERS__SHARPE__PERIOD_S", "often"),
        ("HEATDESK_VIEW__UTC", "perhaps"),
        ("HEATDESK_PROVIDERS__KIYOTAKA", "x"),
        ("HEATDESK_OVERRIDDEN__X", "x"),
    ],
)
def test_a_bad_override_is_a_usage_error_that_names_it(
    name: str, text: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=name):
        load(tmp_path, {name: text})
    assert UsageError.exit_code == 2


def test_other_variables_are_no_overrides(tmp_path: Path) -> None:
    environ = {"HEATDESK_HOME": "/x", "HEATDESK_KEY_KIYOTAKA": "k", "HEATDESK_TEST_DATA": "/y"}
    assert load(tmp_path, {**environ, "OTHER__THING": "1"}) == (Settings(), [])


def test_another_base_url_changes_no_header(tmp_path: Path) -> None:
    environ = {
        "HEATDESK_PROVIDERS__KIYOTAKA__PRESET": "openmarket",
        "HEATDESK_PROVIDERS__KIYOTAKA__BASE_URL": "http://127.0.0.1:1",
    }
    kiyotaka = load(tmp_path, environ)[0].providers.kiyotaka
    assert kiyotaka.resolved_base_url == "http://127.0.0.1:1"
    assert kiyotaka.resolved_header == "X-OpenMarket-Key"


def test_an_address_without_encryption_is_warned_about_unless_it_is_this_computer(
    tmp_path: Path,
) -> None:
    name = "HEATDESK_PROVIDERS__SHARPE__BASE_URL"
    assert "not encrypted" in load(tmp_path, {name: "http://api.example.com"})[1][0]
    assert load(tmp_path, {name: "http://127.0.0.1:9000"})[1] == []


# ---------------------------------------------------------------------------------------- disk
def test_a_failing_disk_leaves_the_old_file_and_no_rubbish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(with_tier(Settings(), "basic"), tmp_path)
    before = (tmp_path / FILE_NAME).read_bytes()

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WriteError, match="the disk is full"):
        save(with_tier(Settings(), "advanced"), tmp_path)
    assert (tmp_path / FILE_NAME).read_bytes() == before
    assert [path.name for path in tmp_path.glob("*settings*")] == [FILE_NAME]


def test_a_folder_that_cannot_be_made_is_a_write_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WriteError):
        save(Settings(), tmp_path / "file" / "home")


def test_home_is_the_named_folder_else_the_systems_place() -> None:
    assert home_dir({"HEATDESK_HOME": "/some/where"}) == Path("/some/where")
    assert home_dir({"HEATDESK_HOME": "~/desk"}) == Path("~/desk").expanduser()
    assert home_dir({}).name == home_dir({"HEATDESK_HOME": " "}).name == "HeatDesk"
