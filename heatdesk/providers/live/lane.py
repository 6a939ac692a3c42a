"""A stream's seat at a feed: woken when there is something new, told when there never will be."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from heatdesk.errors import ProviderError
from heatdesk.frames import Notice

LATENCY_STEP = 0.1
"""A latency that moved by less than this share of itself is not told again."""


@dataclass(frozen=True, slots=True)
class Health:
    """How a feed is doing, for the header of a panel.

    Attributes
    ----------
    gap_since_ms : int
        Local time since when nothing is to be believed; 0 while it is.
    note : str
        Why, or what else a reader must know.
    next_ms : int or None
        When it is tried again.
    latency_ms : float or None
    skew_ms : float
        How far the local clock is ahead of the venue's.
    """

    gap_since_ms: int = 0
    note: str = ""
    next_ms: int | None = None
    latency_ms: float | None = None
    skew_ms: float = 0.0


class Lane:
    """One stream's seat at a feed."""

    def __init__(self) -> None:
        self.failure: ProviderError | None = None
        self.had_data = False
        self._event = asyncio.Event()
        self._told = Health(note="-")

    def poke(self) -> None:
        """There is something new."""
        self._event.set()

    def fail(self, error: ProviderError) -> None:
        """There will be nothing more: the stream ends with this."""
        self.failure = self.failure or error
        self._event.set()

    async def turn(self) -> None:
        """Wait until there is something new.

        Raises
        ------
        ProviderError
            What the lane was failed with.
        """
        await self._event.wait()
        self._event.clear()
        if self.failure is not None:
            raise self.failure

    def notice(self, health: Health) -> Notice | None:
        """What changed since the last call, None when nothing did."""
        told = self._told
        if health.latency_ms is not None and told.latency_ms is not None:
            moved = abs(health.latency_ms - told.latency_ms)
            same_latency = moved <= max(1.0, LATENCY_STEP * told.latency_ms)
        else:
            same_latency = health.latency_ms == told.latency_ms
        same = (health.gap_since_ms, health.note, health.next_ms, health.skew_ms) == (
            told.gap_since_ms,
            told.note,
            told.next_ms,
            told.skew_ms,
        )
        if same and same_latency:
            return None
        self._told = health
        return Notice(
            note=health.note,
            next_ms=health.next_ms,
            gap_since_ms=health.gap_since_ms,
            latency_ms=health.latency_ms,
            skew_ms=health.skew_ms,
        )
