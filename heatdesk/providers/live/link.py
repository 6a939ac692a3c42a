"""A lasting connection: opened again when it ends, renewed before its life is over.

Physical connections come and go (`wire`); which of them speaks for the data is told to the owner.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Protocol

from heatdesk.errors import (
    BadPayload,
    BodyCut,
    ProviderError,
    RateLimited,
    Retry,
    Unreachable,
)
from heatdesk.net.backoff import RETRY_MOST_S, Retries
from heatdesk.providers.live.attempts import Attempts
from heatdesk.providers.live.clock_skew import ClockSkew
from heatdesk.providers.live.rules import Topic, VenueRules
from heatdesk.providers.live.wire import Wire, WireState
from heatdesk.units import Clock, format_age

RENEW_SHARE = 0.97
"""A connection is renewed at this share of its lifetime."""
RENEW_EARLIEST_S, RENEW_LATEST_S = 1.0, 600.0
"""Never nearer to the end than the first, never further than the second."""
HANDOVER_S = 20.0
"""After so long a new connection takes over, whether or not its data has caught up."""

RARE_SILENCE_S = 300.0
"""A connection without a book may say nothing for so long, as long as its other end answers."""
LEAST_CEILING_S, CEILING_PACES = 4.0, 3.0
"""The longest pause between attempts: so many times the pace a venue bears for ever."""
NEAR_CEILING_S = 2.0
"""The same while no attempt gets as far as the venue: nothing is asked of it."""
PATIENT_FAILURES = 3
"""Failures in a row after which streams that never had data are told so."""


class LinkOwner(Protocol):
    """Who is told what a link's connections do."""

    def heard(self, link: Link, wire: Wire, raw: bytes) -> None:
        """A message came on a connection."""

    def opened(self, link: Link, wire: Wire) -> None:
        """A connection was opened."""

    def broken(self, link: Link, wire: Wire, error: ProviderError, retry_s: float) -> None:
        """The leading connection ended, or could not be opened; it is tried again."""

    def handed_over(self, link: Link, wire: Wire) -> bool:
        """Whether nobody needs that old connection any more."""

    def retired(self, link: Link, wire: Wire) -> None:
        """A connection ended and another leads."""

    def is_lively(self, link: Link) -> bool:
        """Whether something on it never stands still for long."""


class Link:
    """Keeps one connection with its topics alive.

    Attributes
    ----------
    line : str
        Which kind of connection it is.
    lead, heir : Wire or None
        The connection in charge, and the one that is to follow it.
    topics : dict
        How often each topic is wanted.
    """

    def __init__(
        self,
        rules: VenueRules,
        line: str,
        base_url: str,
        clock: Clock,
        jitter: Callable[[], float],
        attempts: Attempts,
        owner: LinkOwner,
        *,
        own_address: bool = False,
    ) -> None:
        self.line = line
        self.lead: Wire | None = None
        self.heir: Wire | None = None
        self.topics: dict[Topic, int] = {}
        self.skew = ClockSkew()
        self._rules = rules
        self._base_url, self._own_address = base_url, own_address
        self._clock = clock
        self._attempts = attempts
        self._owner = owner
        most_s = min(max(LEAST_CEILING_S, CEILING_PACES * attempts.pace_s), RETRY_MOST_S)
        self._retries = Retries(clock, jitter, most_s=most_s)
        self._answers_pings = False
        self._retry_s = 0.0
        self._count = 0
        self._wake = asyncio.Event()
        self._tasks: dict[Wire, asyncio.Task[None]] = {}

    def __repr__(self) -> str:
        return f"Link({self._rules.provider} {self.line}, {len(self.topics)} topics)"

    @property
    def failures(self) -> int:
        """Attempts in a row that led to no connection."""
        return self._retries.failures

    def is_hopeless(self, error: ProviderError) -> bool:
        """Whether a stream without data is better told of a failure than kept waiting."""
        return is_hopeless(error, self.failures)

    def add(self, topics: Iterable[Topic]) -> None:
        """Want topics once more."""
        for topic in topics:
            self.topics[topic] = self.topics.get(topic, 0) + 1
        self._tell_wires()

    def remove(self, topics: Iterable[Topic]) -> None:
        """Want topics once less."""
        for topic in topics:
            self.topics[topic] = self.topics.get(topic, 0) - 1
            if self.topics[topic] <= 0:
                del self.topics[topic]
        self._tell_wires()

    def again(self, topics: Iterable[Topic]) -> None:
        """Subscribe anew on the leading connection."""
        if self.lead is not None:
            self.lead.again(topics)

    def restart(self, error: ProviderError) -> None:
        """End what there is and connect at once."""
        for wire in (self.heir, self.lead):
            if wire is not None:
                wire.end(error)

    async def run(self) -> None:
        """Serve until cancelled; leaves no connection behind."""
        try:
            while True:
                self._wake.clear()
                wait_s = self._step()
                with suppress(TimeoutError):
                    # not wait_for: it may swallow a cancellation
                    async with asyncio.timeout(wait_s):
                        await self._wake.wait()
        finally:
            tasks = list(self._tasks.values())
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._tasks.clear()
            self.lead = self.heir = None

    # --- what its connections tell

    def heard(self, wire: Wire, raw: bytes) -> None:
        """A message came."""
        self._owner.heard(self, wire, raw)

    def turned(self, wire: Wire) -> None:
        """A connection was opened, or ended."""
        if wire.state is WireState.OPEN and wire in (self.lead, self.heir):
            self._owner.opened(self, wire)
            if wire is self.lead:
                self._retries.well()
        self._wake.set()

    # --- decisions

    def _step(self) -> float:
        """Do what is due; seconds until something may be due again."""
        now_s = self._clock.monotonic_s()
        self._bury(now_s)
        if self.lead is None and now_s >= self._retry_s and self._may_connect():
            self.lead = self._start()
        self._watch_silence(now_s)
        self._renew(now_s)
        waits_s = [1.0]
        if self.lead is None:
            waits_s.append(self._retry_s - now_s)
        if self.heir is not None:
            waits_s.append(0.05)
        elif self.lead is not None and self.lead.state is WireState.OPEN:
            waits_s.append(self.lead.opened_s + self._renewal_s() - now_s)
        return max(0.01, min(waits_s))

    def _bury(self, now_s: float) -> None:
        """Let connections that ended go, and the heir take over."""
        if self.heir is not None and self.heir.state is WireState.ENDED:
            heir, self.heir = self.heir, None
            self._retry_s = now_s + self._delay_s(heir.error)
            self._owner.retired(self, heir)
        lead = self.lead
        if lead is None or lead.state is not WireState.ENDED:
            return
        if self.heir is not None:
            self.lead, self.heir = self.heir, None
            self._owner.retired(self, lead)
            return
        error = lead.error or BodyCut(self._rules.provider, f"{self._rules.title} hung up.")
        self.lead = None
        delay_s = self._delay_s(error)
        if (wait_s := self._attempts.wait_s()) > delay_s:
            delay_s = wait_s
            error = BodyCut(self._rules.provider, f"{error.user_message} {self._attempts.said}")
        self._retry_s = now_s + delay_s
        self._owner.broken(self, lead, error, delay_s)

    def _delay_s(self, error: ProviderError | None) -> float:
        """How long to wait after a failure; an attempt that reached nobody is not counted."""
        if isinstance(error, Unreachable) and not error.sent:
            self._attempts.take_back()
            return self._retries.delay_s(most_s=NEAR_CEILING_S)
        return self._retries.delay_s(_told_s(error))

    def _watch_silence(self, now_s: float) -> None:
        silence_s = self._rules.limits.silence_s
        for wire in (self.lead, self.heir):
            if wire is None or wire.state is not WireState.OPEN or not wire.wanted:
                continue
            alive_s = wire.heard_s
            if not self._owner.is_lively(self) and now_s - wire.heard_s < RARE_SILENCE_S:
                alive_s = wire.alive_s
            if now_s - alive_s > silence_s:
                text = f"{self._rules.title} has been silent for {format_age(now_s - alive_s)}."
                wire.end(BodyCut(self._rules.provider, text))

    def _renewal_s(self) -> float:
        life_s = self._rules.limits.lifetime_s
        spare_s = min(max(life_s * (1 - RENEW_SHARE), RENEW_EARLIEST_S), RENEW_LATEST_S)
        return max(life_s / 2, life_s - spare_s)

    def _renew(self, now_s: float) -> None:
        """Open the connection that is to follow, and let it take over once it can."""
        lead, heir = self.lead, self.heir
        if lead is None or lead.state is not WireState.OPEN:
            return
        if heir is None:
            due = lead.closing or now_s - lead.opened_s >= self._renewal_s()
            if due and now_s >= self._retry_s and self._may_connect():
                self.heir = self._start()
            return
        if heir.state is not WireState.OPEN:
            return
        if self._owner.handed_over(self, lead) or now_s - heir.opened_s > HANDOVER_S:
            self.lead, self.heir = heir, None
            self._retries.well()
            self._owner.retired(self, lead)
            lead.end(BodyCut(self._rules.provider, "Renewed."))

    def _may_connect(self) -> bool:
        if not self.topics:
            return False
        wait_s = self._attempts.wait_s()
        if wait_s > 0:
            self._retry_s = self._clock.monotonic_s() + wait_s
            return False
        self._attempts.note()
        return True

    def _start(self) -> Wire:
        self._count += 1
        url = self._rules.line_url(self._base_url, self.line, ())
        if self.lead is not None:
            self._learn(self.lead)
        wire = Wire(
            self._rules,
            self.line,
            url,
            self._clock,
            self,
            self._count,
            own_address=self._own_address,
            answers_pings=self._answers_pings,
        )
        wire.wanted = set(self.topics)
        task = asyncio.create_task(wire.run(), name=f"wire {self._rules.provider} {self.line}")
        self._tasks[wire] = task
        task.add_done_callback(lambda _: self._forget(wire))
        return wire

    def _learn(self, wire: Wire) -> None:
        if wire.probe.answered is not None:
            self._answers_pings = wire.probe.answered

    def _forget(self, wire: Wire) -> None:
        self._tasks.pop(wire, None)
        self._learn(wire)
        if wire.state is not WireState.ENDED:
            wire.state = WireState.ENDED  # a bug ended it before it could say so
        self._wake.set()

    def _tell_wires(self) -> None:
        for wire in (self.lead, self.heir):
            if wire is not None:
                wire.wanted = set(self.topics)
                wire.nudge()
        self._wake.set()


def is_hopeless(error: ProviderError, failures: int) -> bool:
    """Whether trying once more at once is unlikely to help."""
    transient = error.retry is Retry.SOON or isinstance(error, BadPayload)
    return not transient or failures >= PATIENT_FAILURES


def _told_s(error: ProviderError | None) -> float | None:
    return error.retry_after_s if isinstance(error, RateLimited) else None
