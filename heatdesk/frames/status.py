"""How a stream is doing, in the words a panel header shows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

STALE_AFTER_PERIODS = 2.0
"""Data older than this many of its own update periods is shown as stale."""


class DataState(Enum):
    """What a panel header says about its data."""

    WAITING = "waiting"
    LIVE = "live"
    STALE = "stale"
    DEMO = "demo"
    REPLAY = "replay"
    KEY_NEEDED = "key needed"
    PROBLEM = "problem"


class KeyState(Enum):
    """What is known about a provider's key."""

    NOT_NEEDED = "not needed"
    MISSING = "missing"
    UNTESTED = "untested"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """State of one subscription; written by the engine, read by panels.

    Attributes
    ----------
    data_time_ms : int or None
        Moment the newest data speaks of, None before any arrived.
    received_ms : int or None
        When the last good answer came.
    period_s : float
        Pace at which fresh data is expected; 0 while unknown.
    next_ms : int or None
        When the next request is planned.
    progress : float or None
        Share of the history that has arrived, 0 to 1; None when not filling.
    note : str
        One more fact for the header ("waiting for the minute budget").
    problem : str
        What is wrong and what to do, in one sentence; empty when nothing is.
    needs_key : bool
        The problem is a missing or refused key.
    demo : bool
        The data is invented.
    gap_since_ms : int or None
        Since when a live feed tells nothing that can be trusted; None while it does.
    latency_ms : float or None
        How long after the venue's own time its newest message was in the store.
    skew_ms : float
        How far this computer's clock is ahead of the venue's, whose times the data bears.
    parts : int
        Of how many venues it is a sum; 0 where it is none.
    missing : tuple of str
        Names of the venues the sum is without at present.
    """

    data_time_ms: int | None = None
    received_ms: int | None = None
    period_s: float = 0.0
    next_ms: int | None = None
    progress: float | None = None
    note: str = ""
    problem: str = ""
    needs_key: bool = False
    demo: bool = False
    gap_since_ms: int | None = None
    latency_ms: float | None = None
    skew_ms: float = 0.0
    parts: int = 0
    missing: tuple[str, ...] = ()

    def state(self, now_ms: int) -> DataState:
        """Resolve the state to show at a moment.

        A problem that left nothing to show is a problem; a problem over data that is still
        fresh stays live (the note tells), and old data is stale whatever the reason.
        """
        if self.received_ms is None:
            return DataState.PROBLEM if self.problem else DataState.WAITING
        if self.needs_key:
            return DataState.PROBLEM
        if self.demo:
            return DataState.DEMO
        if self.gap_since_ms is not None:
            return DataState.STALE
        if self.period_s > 0 and self.age_s(now_ms) > STALE_AFTER_PERIODS * self.period_s:
            return DataState.STALE
        return DataState.LIVE

    def age_s(self, now_ms: int) -> float:
        """Seconds since the moment the newest data speaks of (0 before any)."""
        newest_ms = self.data_time_ms if self.data_time_ms is not None else self.received_ms
        if newest_ms is None:
            return 0.0
        # a clock behind the venue's needs nothing: no data counts as newer than now
        ahead_ms = max(0.0, self.skew_ms) if self.data_time_ms is not None else 0.0
        return max(0.0, (now_ms - ahead_ms - newest_ms) / 1000)


@dataclass(frozen=True, slots=True)
class ProviderStatus:
    """State of one provider for the status bar.

    Attributes
    ----------
    used, limit : int or None
        Weight or calls used of the scarcest budget, and that budget (None: unlimited).
    budget : str
        Which budget that is ("day", "minute", "month"), empty when there is none.
    """

    provider: str
    title: str
    key: KeyState = KeyState.NOT_NEEDED
    last_ok_ms: int | None = None
    last_error: str = ""
    last_error_ms: int | None = None
    request_id: str = ""
    used: int | None = None
    limit: int | None = None
    budget: str = ""
    streams: int = 0
