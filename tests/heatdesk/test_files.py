"""A file is written whole or not at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, BinaryIO

import pytest

from heatdesk.errors import UsageError, WriteError
from heatdesk.files import check_target, write_atomically

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with nothing in it."""
    path = tmp_path / "folder"
    path.mkdir()
    return path


def test_a_file_takes_its_place_when_it_is_whole(folder: Path) -> None:
    path = folder / "a.csv"
    path.write_text("old")
    path.chmod(0o640)
    write_atomically(path, lambda file: file.write(b"new") and None)
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o640
    assert os.listdir(folder) == ["a.csv"]


@pytest.mark.parametrize("interruption", [OSError(28, "No space"), KeyboardInterrupt()])
def test_whatever_goes_wrong_the_old_file_stays(folder: Path, interruption: BaseException) -> None:
    path = folder / "a.csv"
    path.write_text("old")

    def write(file: BinaryIO) -> None:
        file.write(b"half")
        raise interruption

    with pytest.raises((WriteError, KeyboardInterrupt)):
        write_atomically(path, write)
    assert path.read_text() == "old"
    assert os.listdir(folder) == ["a.csv"]


def test_a_link_is_written_through(folder: Path) -> None:
    (folder / "real").mkdir()
    target, link = folder / "real" / "a.csv", folder / "link.csv"
    target.write_text("old")
    link.symlink_to(target)
    write_atomically(link, lambda file: file.write(b"new") and None)
    assert link.is_symlink()
    assert target.read_text() == "new"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no such device here")
def test_a_device_is_written_into_and_never_replaced(folder: Path) -> None:
    pipe = folder / "pipe.csv"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        check_target(pipe, (".csv",))
        write_atomically(pipe, lambda file: file.write(b"new") and None)
        assert os.read(reader, 10) == b"new"
    finally:
        os.close(reader)
    assert pipe.is_fifo()
    full = folder / "full.csv"
    full.symlink_to("/dev/full")
    with pytest.raises(WriteError, match="disk is full"):
        write_atomically(full, lambda file: file.write(b"new") and None)
    assert full.exists()
    assert not full.is_file()


def test_a_target_is_checked_before_anything_is_spent(folder: Path) -> None:
    check_target(folder / "a.csv", (".csv",))
    assert os.listdir(folder) == []
    with pytest.raises(UsageError, match="must end in"):
        check_target(folder / "a.npz", (".csv",))
    with pytest.raises(WriteError, match="folder does not exist"):
        check_target(folder / "none" / "a.csv", (".csv",))
    (folder / "b.csv").mkdir()
    with pytest.raises(WriteError, match="is a folder"):
        check_target(folder / "b.csv", (".csv",))
