"""Runs `export` in this process against a loopback server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from heatdesk.export import command_line
from heatdesk.units import SystemClock
from tests.servers.client import BEARERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers.base import LoopbackServer


class HurriedClock(SystemClock):
    """The real clock, but a wait takes no time: it is skipped."""

    def __init__(self) -> None:
        self.skipped_s = 0.0
        self.waits_s: list[float] = []

    def now_ms(self) -> int:
        return super().now_ms() + round(self.skipped_s * 1000)

    def monotonic_s(self) -> float:
        return super().monotonic_s() + self.skipped_s

    async def sleep(self, seconds: float) -> None:
        if seconds > 0:
            self.skipped_s += seconds
            self.waits_s.append(seconds)
        await super().sleep(0)


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    code: int
    out: Path
    said: str
    told: str

    @property
    def text(self) -> str:
        """Content of the file."""
        return self.out.read_text(encoding="utf-8")


def key_of(provider: str) -> str:
    """Return the key that the loopback server of a provider takes."""
    return next(iter(BEARERS[provider].values())).removeprefix("Bearer ")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> HurriedClock:
    """Clock of the exports of this test."""
    hurried = HurriedClock()
    monkeypatch.setattr(command_line, "SystemClock", lambda: hurried)
    return hurried


@pytest.fixture
def export(
    clock: HurriedClock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., Outcome]:
    """Run ``export ...`` with the output file, base URLs and keys filled in."""

    def run(
        server: LoopbackServer | str,
        *flags: str,
        out: str = "out.csv",
        tier: str = "advanced",
        key: str | None = None,
        provider: str = "kiyotaka",
    ) -> Outcome:
        base = server if isinstance(server, str) else server.url
        name = provider.upper()
        monkeypatch.setenv(f"HEATDESK_PROVIDERS__{name}__BASE_URL", base)
        monkeypatch.setenv("HEATDESK_PROVIDERS__KIYOTAKA__TIER", tier)
        monkeypatch.setenv(f"HEATDESK_KEY_{name}", key_of(provider) if key is None else key)
        path = tmp_path / out
        code = command_line.main(["export", *flags, "--out", str(path)])
        printed = capsys.readouterr()
        return Outcome(code, path, printed.err, printed.out)

    return run
