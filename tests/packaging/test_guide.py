"""The user's guide: what is generated of it says what the program says."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from heatdesk.settings import Settings, walk
from heatdesk.workspaces.shipped import SHIPPED
from ui.commands import Command
from ui.panels import PANELS

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


def pictures_in(path: Path) -> set[Path]:
    """Pictures that a page shows."""
    names = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", path.read_text(encoding="utf-8"))
    return {(path.parent / name).resolve() for name in names}


def test_every_picture_of_the_pages_exists_and_is_shown_somewhere() -> None:
    pages = (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))
    shown = set[Path]().union(*(pictures_in(page) for page in pages))
    assert shown == set((ROOT / "docs" / "pictures").resolve().glob("*.png"))


def test_every_picture_can_be_made_anew_by_the_program() -> None:
    done = subprocess.run(
        [sys.executable, str(PROGRAM.with_name("pictures.py")), "--list"],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    made = {path.stem for path in (ROOT / "docs" / "pictures").glob("*.png")}
    assert made == set(done.stdout.split())


@pytest.mark.parametrize("title", [kind.title for kind in PANELS])
def test_every_panel_has_a_section_with_a_picture(guide: ModuleType, title: str) -> None:
    text = guide.GUIDE.read_text(encoding="utf-8")
    section = text.partition(f"\n### {title}\n")[2].partition("\n### ")[0].partition("\n## ")[0]
    assert "](pictures/" in section


def test_every_shipped_workspace_has_its_row(guide: ModuleType) -> None:
    lines = guide.workspaces_table(SHIPPED, PANELS).splitlines()[2:]
    assert [line.split(" | ")[1] for line in lines] == [one.name for one in SHIPPED]


def test_links_within_the_pages_lead_somewhere() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"(?<!!)\[[^\]]*\]\((?!https?:)([^)]+)\)", text):
            name, _, anchor = target.partition("#")
            other = (page.parent / name).resolve() if name else page
            assert other.exists(), f"{page.name}: {target}"
            if anchor:
                assert anchor in anchors_of(other), f"{page.name}: {target}"


def anchors_of(page: Path) -> set[str]:
    """Names under which the headings of a page are found."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}
