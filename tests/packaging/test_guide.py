"""The user's guide: what is generated of it says what the program says."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from heatdesk.settings import Settings, walk
from ui.commands import Command

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "packaging" / "guide.py"


@pytest.fixture
def guide(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("heatdesk_guide", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setattr(sys, "path", list(sys.path))
    spec.loader.exec_module(module)
    return module


def test_the_guide_is_what_the_generator_writes() -> None:
    done = subprocess.run(
        [sys.executable, str(PROGRAM), "--check"],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_setting_has_a_line_with_its_default_and_what_it_may_be(guide: ModuleType) -> None:
    lines = guide.settings_table(Settings()).splitlines()
    for path, value, item in walk(Settings()):
        name = f"| {item.metadata['label']} | `{path[-1]}` |"
        found = [line for line in lines if line.startswith(name)]
        assert found, path
        shown = str(value).lower() if isinstance(value, bool) else str(value)
        assert any(shown in line for line in found), path
        if item.metadata["range"]:
            limits = f"{item.metadata['range'][1]:,} {item.metadata['unit']}".strip() + " |"
            assert any(limits in line for line in found), path


def test_shortcuts_are_listed_by_group_and_those_of_one_machine_left_out(guide: ModuleType) -> None:
    def command(id_: str, title: str, keys: tuple[str, ...] = (), listed: bool = True) -> Command:
        return Command(id_, title, "Desk", lambda: None, keys, listed=listed)

    text = guide.shortcuts_table(
        [
            command("a", "First", ("Ctrl+|", "Alt+A")),
            command("b", "Keyless"),
            command("window.on.1", "New window on DP-1", ("Ctrl+9",)),
            command("c", "Hidden", ("F2",), listed=False),
        ]
    )
    assert "| Desk | First | `Ctrl+\\|` or `Alt+A` |" in text
    assert "- Desk: Keyless." in text
    assert "DP-1" not in text
    assert "Hidden" not in text


def test_only_what_stands_between_the_markers_changes(guide: ModuleType) -> None:
    text = "before\n<!-- x:begin -->\nold\n<!-- x:end -->\nafter\n"
    once = guide.put_between(text, "x", "new")
    assert once == "before\n<!-- x:begin -->\n\nnew\n\n<!-- x:end -->\nafter\n"
    assert guide.put_between(once, "x", "new") == once
    with pytest.raises(ValueError, match="y:begin"):
        guide.put_between(text, "y", "new")
