"""One physical connection to a venue: opened, subscribed, read until it ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterable
from enum import Enum
from typing import Protocol

from heatdesk.errors import BodyCut, ProviderError
from heatdesk.net.socket import Socket, open_socket
from heatdesk.providers.live.probe import MOST_QUIET_S, Probe
from heatdesk.providers.live.rules import Topic, VenueRules
from heatdesk.units import Clock

log = logging.getLogger(__name__)

PING_AFTER_S = MOST_QUIET_S
"""A connection that is quiet for so long is pinged, at the latest."""
_LOG_EVERY_S = 10.0
_PACE_RESERVE = 1.25
# Pongs to the venue's own pings count too: a fifth of its message limit is left to them.


class WireState(Enum):
    """Where a connection stands."""

    OPENING = "opening"
    OPEN = "open"
    ENDED = "ended"


class WireOwner(Protocol):
    """Who is told of what happens on a connection."""

    def heard(self, wire: Wire, raw: bytes) -> None:
        """A message came."""

    def turned(self, wire: Wire) -> None:
        """Its state changed."""


class Wire:
    """One connection; `run` lives as long as it does.

    Attributes
    ----------
    number : int
        Which connection of its line it is; later ones have higher numbers.
    wanted : set of Topic
        What it should be subscribed to; call `nudge` after a change.
    opened_s, heard_s : float
        When it was opened, and when the last message came, monotonic.
    probe : Probe
        Asks the other end for a sign where it gives none.
    heard_ms : int
        When the last message came, local clock.
    error : ProviderError or None
        Why it ended.
    closing : bool
        The venue said that it will close it.
    """

    def __init__(
        self,
        rules: VenueRules,
        line: str,
        url: str,
        clock: Clock,
        owner: WireOwner,
        number: int,
        *,
        own_address: bool = False,
        answers_pings: bool = False,
    ) -> None:
        self.rules = rules
        self.line = line
        self.number = number
        self.wanted: set[Topic] = set()
        self.state = WireState.OPENING
        self.opened_s = self.heard_s = clock.monotonic_s()
        self.probe = Probe(clock, answers_pings)
        self.heard_ms = clock.now_ms()
        self.error: ProviderError | None = None
        self.closing = False
        self._url, self._own_address = url, own_address
        self._clock = clock
        self._owner = owner
        self._subscribed: set[Topic] = set()
        self._again: set[Topic] = set()
        self._asked: dict[str, tuple[Topic, ...]] = {}
        self._last_id = 0
        self._free_s = 0.0
        self._nudged = asyncio.Event()
        self._ended: asyncio.Future[ProviderError] | None = None
        self._logged_s = -_LOG_EVERY_S

    def __repr__(self) -> str:
        return f"Wire({self.rules.provider} {self.line} {self.number}, {self.state.value})"

    @property
    def alive_s(self) -> float:
        """When the other end last gave any sign, the answer to a ping too, monotonic."""
        return self.probe.alive_s

    def explained(self) -> None:
        """Its silence was found to be that of its market: it counts from now."""
        self.heard_s = self._clock.monotonic_s()

    def nudge(self) -> None:
        """Look at `wanted` again."""
        self._nudged.set()

    def again(self, topics: Iterable[Topic]) -> None:
        """End subscriptions and make them anew: the venue then sends a snapshot."""
        self._again.update(topics)
        self._nudged.set()

    def end(self, error: ProviderError) -> None:
        """Let it end for a reason."""
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(error)

    def topics_of(self, request_id: str) -> tuple[Topic, ...]:
        """What a request asked for."""
        return self._asked.get(request_id, ())

    def complain(self, error: ProviderError) -> None:
        """Log what is wrong with a message; a flood of them costs a line now and then."""
        now_s = self._clock.monotonic_s()
        if now_s - self._logged_s >= _LOG_EVERY_S:
            self._logged_s = now_s
            log.warning("%s: %s", type(error).__name__, error)

    async def run(self) -> None:
        """Connect, read and write until it ends; leaves nothing open."""
        self._ended = asyncio.get_running_loop().create_future()
        socket: Socket | None = None
        tasks: list[asyncio.Task[None]] = []
        try:
            provider, title = self.rules.provider, self.rules.title
            socket = await open_socket(provider, title, self._url, own_address=self._own_address)
            self._turn(WireState.OPEN)
            works = [self._read(socket), self._write(socket), self._ask(socket)]
            if self.rules.limits.ping_s:
                works.append(self._keep(socket))
            name = f"wire {self.rules.provider} {self.line}"
            tasks = [asyncio.create_task(self._guarded(work), name=name) for work in works]
            self.error = await self._ended
        except ProviderError as error:
            self.error = error
        finally:
            # said first: the next connection need not wait until this one is buried
            self._turn(WireState.ENDED)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if socket is not None:
                await socket.close()

    def _turn(self, state: WireState) -> None:
        self.state = state
        if state is WireState.OPEN:
            self.opened_s = self.heard_s = self._clock.monotonic_s()
            self.probe.opened()
            self.heard_ms = self._clock.now_ms()
        self._owner.turned(self)

    async def _guarded(self, work: Coroutine[None, None, None]) -> None:
        """Turn whatever ends a part into the end of the whole."""
        try:
            await work
        except ProviderError as error:
            self.end(error)
        except Exception:
            log.exception("a connection of %s stopped", self.rules.provider)
            text = "An internal error stopped this connection; the log tells more."
            self.end(BodyCut(self.rules.provider, text))

    async def _read(self, socket: Socket) -> None:
        while True:
            raw = await socket.receive()
            self.heard_s = self._clock.monotonic_s()
            self.probe.heard(self.heard_s)
            self.heard_ms = self._clock.now_ms()
            self._owner.heard(self, raw)

    async def _write(self, socket: Socket) -> None:
        """Keep the subscriptions as they are wanted."""
        while True:
            self._nudged.clear()
            for text, subscribes in self._changes():
                await self._paced()
                if subscribes:
                    log.debug("%s subscribes: %s", self.rules.provider, text)
                await socket.send(text)
            await self._nudged.wait()
            await self._clock.sleep(0)  # what is wanted in one go is asked in one message

    def _changes(self) -> list[tuple[str, bool]]:
        wanted = set(self.wanted)
        gone = self._subscribed - wanted
        again = self._again & wanted & self._subscribed
        fresh = (wanted - self._subscribed) | again
        self._again = set()
        self._subscribed = wanted
        messages = []
        if gone | again:
            self._last_id += 1
            topics = sorted(gone | again, key=_name)
            messages += [(text, False) for text in self.rules.unsubscribe(topics, self._last_id)]
        if fresh:
            self._last_id += 1
            topics = sorted(fresh, key=_name)
            self._asked[str(self._last_id)] = tuple(topics)
            messages += [(text, True) for text in self.rules.subscribe(topics, self._last_id)]
        return messages

    async def _paced(self) -> None:
        """Wait until another message is within the venue's limit."""
        now_s = self._clock.monotonic_s()
        wait_s = self._free_s - now_s
        self._free_s = max(now_s, self._free_s) + _PACE_RESERVE / self.rules.limits.messages_per_s
        if wait_s > 0:
            await self._clock.sleep(wait_s)

    async def _keep(self, socket: Socket) -> None:
        """Ping the venue's own way, at its pace."""
        while True:
            await self._clock.sleep(self.rules.limits.ping_s)
            self._last_id += 1
            text = self.rules.ping(self._last_id)
            await self._paced()
            await socket.send(text)

    async def _ask(self, socket: Socket) -> None:
        """Ask the other end for a sign where it gives none: it may be gone without a word."""
        while True:
            await self.probe.until_due()
            await self._paced()
            if await self.probe.is_dead(socket):
                text = f"{self.rules.title} does not answer any more."
                raise BodyCut(self.rules.provider, text)


def _name(topic: Topic) -> str:
    return topic.name
