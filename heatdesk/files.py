"""Writing a file whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO

from heatdesk.errors import HeatDeskError, UsageError, WriteError

Told = Callable[[str], None]
"""Hears why a file could not be written or removed; empty once it is."""
PutFile = Callable[[Path, bytes | None, Told], None]
"""Writes a file, or removes it where there is no content, at once or soon."""
NO_SUCH_FILE = (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError)
"""What a text that is no file of HeatDesk may raise while it is read as one."""


def check_target(path: Path, suffixes: tuple[str, ...]) -> None:
    """Make sure that a file can be written, before anything is spent on its content.

    Raises
    ------
    UsageError
        When the name ends otherwise than in one of ``suffixes``.
    WriteError
        When the folder is missing or nothing can be written there.
    """
    if path.suffix.lower() not in suffixes:
        raise UsageError(f"The file name {path.name!r} must end in {' or '.join(suffixes)}.")
    if path.is_dir():
        raise WriteError(f"{path} is a folder; name a file.")
    if _is_device(path):
        return
    try:
        handle, name = _open_beside(path)
        os.close(handle)
        os.unlink(name)
    except OSError as error:
        raise _sentence(path, error) from error


def _mask_of_process() -> int:
    """Rights that new files do not get; it can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


_MASK = _mask_of_process()  # once, before there is another thread


def write_atomically(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Let ``write`` fill a file beside ``path`` and put it in its place when it is whole.

    Whatever goes wrong, Ctrl-C included, an existing file stays as it was and nothing is left
    beside it. A device or a pipe is never replaced: it is written into.

    Raises
    ------
    WriteError
        When the disk is full or the file cannot be replaced.
    """
    target = Path(os.path.realpath(path))
    if _is_device(target):
        try:
            with open(target, "wb") as device:
                write(device)
        except OSError as error:
            raise _sentence(path, error) from error
        return
    try:
        handle, name = _open_beside(target)
    except OSError as error:
        raise _sentence(path, error) from error
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        _keep_mode(target, name)
        os.replace(name, target)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.unlink(name)
        if isinstance(error, OSError):
            raise _sentence(path, error) from error
        raise


def write_whole(path: Path, content: bytes) -> None:
    """Write content that is at hand, making the folder where it is missing.

    Raises
    ------
    WriteError
        As `write_atomically`.
    """

    def write(file: BinaryIO) -> None:
        file.write(content)

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _sentence(path, error) from error
    write_atomically(path, write)


def put(path: Path, content: bytes | None) -> None:
    """Write content that is at hand; None: remove the file, where there is one.

    Raises
    ------
    WriteError
        When that cannot be done.
    """
    if content is not None:
        write_whole(path, content)
        return
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise WriteError(f"The file {path.name} cannot be removed ({error.strerror}).") from error


def at_once(work: Callable[[], None], told: Told) -> None:
    """Do something with files now, and tell what came of it."""
    try:
        work()
    except HeatDeskError as error:
        told(error.user_message)
    else:
        told("")


def put_at_once(path: Path, content: bytes | None, told: Told) -> None:
    """Write a file now, or remove it, and tell what came of it."""
    at_once(partial(put, path, content), told)


def is_there(path: Path) -> bool:
    """Whether there is anything at a path; also where that cannot be told."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def set_aside(path: Path, word: str) -> str:
    """Keep a file that cannot be used beside its place under another name; return that name.

    Where it cannot be moved it stays as it is and keeps its name.
    """
    aside = path.with_name(f"{path.name}.{word}")
    number = 2
    while aside.exists():
        aside = path.with_name(f"{path.name}.{word}-{number}")
        number += 1
    try:
        path.rename(aside)
    except OSError:
        return path.name
    return aside.name


def _is_device(path: Path) -> bool:
    return path.exists() and not path.is_file()


def _open_beside(path: Path) -> tuple[int, str]:
    folder = Path(os.path.realpath(path)).parent
    return tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=folder)


def _keep_mode(target: Path, name: str) -> None:
    """Give the new file the rights of the old one, or those any new file gets."""
    try:
        mode = target.stat().st_mode & 0o777
    except FileNotFoundError:
        mode = 0o666 & ~_MASK
    os.chmod(name, mode)


def _sentence(path: Path, error: OSError) -> WriteError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return WriteError(f"{path} cannot be written: the disk is full. Free some space.")
    if isinstance(error, FileNotFoundError):
        return WriteError(f"{path} cannot be written: the folder does not exist.")
    why = error.strerror or type(error).__name__
    return WriteError(f"{path} cannot be written: {why}.")
