"""Waiting for things and ending them, for tests that start other programs."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def wait_until(question: Callable[[], T], what: str, timeout_s: float = 90.0) -> T:
    """Ask until the answer is true and return it; fail the test, naming ``what``, otherwise."""
    deadline_s = time.monotonic() + timeout_s
    while not (answer := question()):
        if time.monotonic() > deadline_s:
            pytest.fail(f"waited {timeout_s:g} s in vain for {what}")
        time.sleep(0.05)
    return answer


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process, gently first, and wait until it is gone."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()
