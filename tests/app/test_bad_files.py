"""Damaged files, files of another version and a full disk: the desk opens, says so, goes on."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from heatdesk import settings as settings_file
from heatdesk.errors import WriteError
from heatdesk.export import command_line
from heatdesk.files import write_whole
from heatdesk.settings import Settings, ViewSettings
from heatdesk.workspaces import files
from heatdesk.workspaces.library import FOLDER_NAME, INDEX_NAME
from heatdesk.workspaces.model import PanelRecord, State, Workspace
from tests.app.fault_desk import check_sentence
from tests.app.no_venues import NO_VENUES
from tests.servers.sharpe import SharpeServer
from ui.app.program import LAYOUT_NAME, Program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

MINE = f"{FOLDER_NAME}/mine.json"
KINDS = {"order-book", "liquidation", "dots", "cohorts", "tape", "favourites"}


@contextlib.contextmanager
def program(home: Path, said: list[str]) -> Iterator[Program]:
    """Open the desk with its files in ``home`` and close it again; collect what it says."""
    from ui.main_window import Desk

    say = Desk.say

    def hear(desk: Desk, sentence: str) -> None:
        said.append(sentence)
        say(desk, sentence)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Desk, "say", hear)
        opened = Program(home, NO_VENUES, demo=False)
        opened.start()
        try:
            yield opened
        finally:
            opened.desk.close()
            opened.stop()


def kinds(desk: Program) -> set[str]:
    return {panel.panel_id for panel in desk.desk.panels() if panel.provider_id}


@pytest.mark.parametrize(
    ("name", "content", "aside"),
    [
        (settings_file.FILE_NAME, b"[providers\n\xff\xfe = ", ".damaged"),
        (settings_file.FILE_NAME, b"\0" * 4096, ".damaged"),
        (LAYOUT_NAME, b'{"version": 1, "panels": [{"id"', ".damaged"),
        (LAYOUT_NAME, b"[" * 100_000, ".damaged"),
        (LAYOUT_NAME, b"\0" * 4096, ".damaged"),
        (LAYOUT_NAME, b'{"version": 99, "panels": "elsewhere"}', ".v99"),
        (MINE, b'{"version": 2, "name": "Mine", "present": {"pan', ".damaged"),
        (MINE, b"[" * 100_000, ".damaged"),
        (MINE, b"\0" * 4096, ".damaged"),
        (MINE, b'{"version": 99, "desks": []}', ".v99"),
        (INDEX_NAME, b'{"version": 2, "op', ".damaged"),
        (INDEX_NAME, b'{"version": 99}', ".v99"),
    ],
    ids=[
        *("settings torn", "settings zeros", "layout torn", "layout deep", "zeros", "version 99"),
        *("workspace torn", "workspace deep", "workspace zeros", "workspace of version 99"),
        *("index torn", "index of version 99"),
    ],
)
def test_a_file_that_cannot_be_used_is_kept_and_told_and_the_desk_opens(
    qapp: object, heatdesk_home: Path, name: str, content: bytes, aside: str
) -> None:
    path = heatdesk_home / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    said: list[str] = []
    with program(heatdesk_home, said) as desk:
        assert kinds(desk) == KINDS
    sentences = [sentence for sentence in said if sentence]
    assert sentences
    for sentence in sentences:
        check_sentence(sentence)
    kept = [one for one in path.parent.iterdir() if one.name.startswith(path.name + aside)]
    assert [one.read_bytes() for one in kept] == [content]
    said.clear()
    with program(heatdesk_home, said) as desk:
        assert kinds(desk) == KINDS
    assert not any(said), said


def _fill(disk: Path) -> None:
    """Write until nothing more fits, down to the last page."""
    handle = os.open(disk / "ballast", os.O_WRONLY | os.O_CREAT)
    try:
        with contextlib.suppress(OSError):
            while True:
                os.write(handle, bytes(4096))
    finally:
        os.close(handle)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Folder on a small disk of its own, with settings and a layout."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)]
    try:
        made = subprocess.run(mounting, capture_output=True, check=False).returncode == 0
    except OSError:
        made = False
    if not made:
        pytest.skip("a disk of a few pages can only be mounted by root")
    try:
        settings_file.save(Settings(view=ViewSettings(utc=True)), disk)
        (disk / LAYOUT_NAME).write_text(json.dumps({"version": 1, "panels": []}))
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.fixture
def full_disk(disk: Path) -> Path:
    """The same, full."""
    _fill(disk)
    return disk


@pytest.fixture
def read_only_disk(disk: Path) -> Path:
    """The same, which takes nothing any more."""
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    return disk


def test_a_full_disk_keeps_the_earlier_files_and_is_told(full_disk: Path) -> None:
    before = {path.name: path.read_bytes() for path in full_disk.iterdir()}
    saved, _ = settings_file.load(full_disk, {})
    other = replace(saved, view=ViewSettings(utc=True, theme="light"))
    record = PanelRecord("order-book", "order-book", options={"symbol": "X" * 5000})
    workspace = Workspace("mine", "Mine", State((record,)))
    with pytest.raises(WriteError) as no_settings:
        settings_file.save(other, full_disk)
    with pytest.raises(WriteError) as no_workspace:
        write_whole(full_disk / "mine.json", files.text_of(workspace).encode())
    for found in (no_settings, no_workspace):
        check_sentence(found.value.user_message)
        assert "space" in found.value.user_message
    assert {path.name: path.read_bytes() for path in full_disk.iterdir()} == before


def test_the_desk_opens_and_closes_on_a_full_disk(
    qtbot: QtBot, full_disk: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    layout = (full_disk / LAYOUT_NAME).read_bytes()
    said: list[str] = []
    with program(full_disk, said) as desk:
        told: list[str] = []
        desk.apply_settings(
            replace(desk.services.providers.settings, view=ViewSettings()), told.append
        )
        qtbot.waitUntil(lambda: bool(told))
        [sentence] = told
        check_sentence(sentence)
        assert "space" in sentence
    assert (full_disk / LAYOUT_NAME).read_bytes() == layout
    assert "Traceback" not in capfd.readouterr().err


def test_the_desk_works_on_a_folder_that_is_read_only_and_says_once_that_nothing_is_kept(
    qtbot: QtBot, read_only_disk: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.read_bytes() for path in read_only_disk.iterdir()}
    said: list[str] = []
    with program(read_only_disk, said) as opened:
        desk = opened.desk

        def told_by_now() -> list[str]:
            tried: list[object] = []
            opened.files.ask(desk, lambda: None, tried.append, tried.append)
            qtbot.waitUntil(lambda: bool(tried))
            return [sentence for sentence in said if "workspaces/" in sentence]

        qtbot.waitUntil(lambda: desk.placed)
        desk.keep()
        told = told_by_now()
        assert len(told) == 1, said
        assert "cannot be written: Read-only file system." in told[0]
        desk.switch("Order flow")
        desk.keep()
        desk.switch("All four")
        assert kinds(opened) == KINDS
        assert told_by_now() == told
        desk.save()
        assert len(told_by_now()) == 2, "asked for by hand"
        desk.save_as("Mine")
        assert desk.workspace.name == "Mine", "it is there for this run"
    assert {path.name: path.read_bytes() for path in read_only_disk.iterdir()} == before
    assert "Traceback" not in capfd.readouterr().err


def test_an_export_with_a_full_home_still_writes_its_file(
    full_disk: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = tmp_path / "dots.csv"
    monkeypatch.setenv("HEATDESK_HOME", str(full_disk))
    monkeypatch.setenv("HEATDESK_KEY_SHARPE", "test-key")
    with SharpeServer(key="test-key") as server:
        monkeypatch.setenv("HEATDESK_PROVIDERS__SHARPE__BASE_URL", server.url)
        assert command_line.main(["export", "dots", "--out", str(out)]) == 0
        inside = full_disk / "dots.csv"
        assert command_line.main(["export", "dots", "--out", str(inside)]) == 1
    said = capfd.readouterr().err
    assert "Traceback" not in said
    assert "disk is full" in said
    assert len(out.read_text().splitlines()) == 51
    assert not inside.exists()
    assert not [path for path in full_disk.iterdir() if path.name.endswith(".part")]
