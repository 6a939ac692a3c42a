"""The command as a process of its own: exit codes, signals, a budget shared by two."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.processes import stop, wait_until
from tests.servers import faults, payloads
from tests.servers.kiyotaka import KiyotakaServer
from tests.servers.synthetic import SyntheticSource

if TYPE_CHECKING:
    from tests.servers.base import LoopbackServer

ROOT = Path(__file__).resolve().parents[3]
T0_S = payloads.BOOK_TIME_S
BOOK = ("order-book", "--venue", "BINANCE_FUTURES", "--symbol", "BTCUSDT", "--interval", "1m")
SPAN = ("--from", "2026-04-13T11:35", "--period", "3m")


def start(server: LoopbackServer, out: Path, *flags: str, tier: str) -> subprocess.Popen[bytes]:
    environ = os.environ | {
        "HEATDESK_PROVIDERS__KIYOTAKA__BASE_URL": server.url,
        "HEATDESK_PROVIDERS__KIYOTAKA__TIER": tier,
        "HEATDESK_KEY_KIYOTAKA": "test-key",
    }
    command = [sys.executable, "main.py", "export", *BOOK, *SPAN, *flags, "--out", str(out)]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, cwd=ROOT, env=environ, stdout=pipe, stderr=pipe, preexec_fn=_HEARING
    )


def _hear_ctrl_c() -> None:
    """Tests that run in the background of a shell have it ignored, and children inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


_HEARING = None if os.name == "nt" else _hear_ctrl_c


def test_it_ends_with_the_exit_code_and_one_line(tmp_path: Path) -> None:
    with KiyotakaServer(SyntheticSource(1, 5), now_s=lambda: T0_S + 3600.0) as server:
        process = start(server, tmp_path / "a.csv", tier="advanced")
        told, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
        assert b"3 of 3 buckets" in told
        server.inject(faults.REFUSALS[2], path="/v1/points")
        process = start(server, tmp_path / "b.csv", tier="advanced")
        told, said = process.communicate(timeout=60)
    assert process.returncode == 4
    assert said.startswith(b"heatdesk: Your Kiyotaka plan does not cover this")
    assert said.count(b"\n") == 1
    assert not (tmp_path / "b.csv").exists()


@pytest.mark.skipif(os.name == "nt", reason="signals are sent otherwise on Windows")
def test_ctrl_c_ends_it_cleanly(tmp_path: Path) -> None:
    out = tmp_path / "a.csv"
    out.write_text("old")
    with KiyotakaServer(SyntheticSource(1, 5), now_s=lambda: T0_S + 3600.0) as server:
        server.inject(faults.stalled(), times=None, path="/v1/points")
        process = start(server, out, tier="advanced")
        try:
            wait_until(server.stalled.is_set, "the answer that stalls")
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=30)
        finally:
            stop(process)
    assert process.returncode == 130
    assert b"Traceback" not in said
    assert said.count(b"\n") == 1
    assert out.read_text() == "old"
    assert os.listdir(tmp_path).count("a.csv") == 1


def test_two_processes_share_one_budget(tmp_path: Path) -> None:
    """The second finds the free minute spent and says that it waits."""
    with KiyotakaServer(
        SyntheticSource(1, 5), tier="free", limits="watch", now_s=lambda: T0_S + 3600.0
    ) as server:
        first = start(server, tmp_path / "a.csv", tier="free")
        _, said = first.communicate(timeout=60)
        assert first.returncode == 0, said
        second = start(server, tmp_path / "b.csv", tier="free")
        try:
            assert second.stderr is not None
            line = second.stderr.readline()
            assert b"aiting for the minute budget" in line
            asked = [request for request in server.requests if request.path == "/v1/points"]
            assert len(asked) == 1
        finally:
            stop(second)
            second.communicate()
