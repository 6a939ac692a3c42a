"""Memory of the process, as the system tells it."""

from __future__ import annotations

import sys

import pytest

from ui.process_memory import give_back_free, resident_bytes


def test_memory_that_is_taken_shows_and_goes_when_it_is_let_go():
    before = resident_bytes()
    assert before is not None
    assert before > 10 << 20
    taken = b"x" * (64 << 20)
    during = resident_bytes()
    assert during is not None
    assert during - before > len(taken) // 2
    del taken


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc alone keeps free pages")
def test_gaps_between_what_is_kept_go_back_to_the_system():
    pieces = [bytearray(b"x" * (16 << 10)) for _ in range(4_000)]
    kept = pieces[::8]
    full = resident_bytes()
    del pieces
    assert give_back_free()
    now = resident_bytes()
    assert full is not None
    assert now is not None
    assert full - now > 32 << 20
    assert len(kept) == 500
