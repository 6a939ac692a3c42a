"""Summed books: any set of venues on one grid of prices, each venue a part that runs by itself."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from heatdesk.errors import BadRequest, UnknownMarket
from heatdesk.frames import BookSub, BookWindow, Frame, Notice, Subscription, venue_title
from heatdesk.providers.base import Provider, ProviderSpec, Span, Tap
from heatdesk.providers.exchanges_parts import PART_MS, PROVIDER, parts_of
from heatdesk.providers.exchanges_sum import BookSum, Part
from heatdesk.units import Clock

__all__ = ["Exchanges", "parts_of"]

log = logging.getLogger(__name__)

PERIOD_S = 5.0
"""A sum without news for twice as long is shown as stale."""
_PAUSE_S = 0.03
_SKEW_MS = 10_000
"""Venues whose clocks differ by more are put side by side by when their messages come."""
_VERDICT_S = 3.0
"""So long after the first venue that lacks a coin the others are waited for, to name them all."""
_LATENCY_MS, _LATENCY_SHARE = 10.0, 0.25
_BROKEN = "An internal error stopped this part; the log tells more."


class Exchanges(Provider):
    """Sums of books of several venues, in USD or in coins.

    Each venue is counted in the same unit by its own provider: contracts and inverse instruments
    are converted there. One that is missing is told and marked, never taken for empty.
    """

    spec = ProviderSpec(PROVIDER, "Exchanges", needs_key=False, offers=(BookSub,))

    def stream(self, sub: Subscription, covered: Sequence[Span]) -> AsyncIterator[Frame]:
        """Yield columns of the sum for as long as they are wanted."""
        if not isinstance(sub, BookSub):
            raise BadRequest(PROVIDER, f"{self.spec.title} serves order books only.")
        if len(parts_of(sub)) < 2 or not sub.coin or sub.interval_ms % PART_MS:
            text = "A summed book takes a coin and at least two venues with live feeds."
            raise BadRequest(PROVIDER, text)
        return self._sum(sub)

    async def _sum(self, sub: BookSub) -> AsyncGenerator[Frame, None]:
        yield Notice(period_s=PERIOD_S)
        hearing = _Hearing(sub, self.context.tap, self.context.clock)
        try:
            while True:
                await hearing.wait()
                for frame in hearing.news():
                    yield frame
                await self.context.clock.sleep(_PAUSE_S)
        finally:
            await hearing.close()


@dataclass(slots=True)
class _Said:
    """What is known of one part beside its book."""

    part: Part
    skew_ms: float | None = None
    latency_ms: float | None = None
    shift_ms: int = 0
    refused: str = ""


class _Hearing:
    """Listens to the parts and adds up what they say.

    Until the first of them has brought a book nobody knows how high a level is: then all are asked
    anew with its height.
    """

    def __init__(self, sub: BookSub, tap: Tap, clock: Clock) -> None:
        self._sub = sub
        self._tap = tap
        self._clock = clock
        self._heard: asyncio.Queue[tuple[int, int, Frame]] = asyncio.Queue()
        self._round = 0
        self._sum: BookSum | None = None
        titles = [venue_title(part.venues[0]) for part in parts_of(sub)]
        self._said = [_Said(Part(title)) for title in titles]
        self._leader: _Said | None = None
        self._told: Notice | None = None
        self._gap_since_ms = 0
        self._refused_s = math.inf
        self._leaving: dict[int, asyncio.Task[None]] = {}
        self._tasks = self._listen(parts_of(sub))
        if sub.block_size is not None:
            self._begin(sub.block_size)

    async def wait(self) -> None:
        """Wait until a part says something, and take in all that was said."""
        self._take(*await self._heard.get())
        while not self._heard.empty():
            self._take(*self._heard.get_nowait())

    def news(self) -> list[Frame]:
        """What is new of the sum.

        Raises
        ------
        UnknownMarket
            When none of the venues will ever bring its part.
        """
        if all(said.refused for said in self._said):
            why = "; ".join(_first_sentence(said.refused) for said in self._said)
            text = f"{self._sub.coin} is at none of these venues: {why}. Choose another."
            raise UnknownMarket(PROVIDER, text)
        found: list[Frame] = []
        notice = self._notice()
        if self._told is None or not _alike(notice, self._told):
            self._told = notice
            found.append(notice)
        window = self._sum.frame() if self._sum is not None else None
        return found if window is None else [*found, window]

    async def close(self) -> None:
        """Listen no more."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _listen(self, parts: Sequence[BookSub]) -> list[asyncio.Task[None]]:
        return [
            asyncio.create_task(self._hear(self._round, place, part), name=f"part {part.provider}")
            for place, part in enumerate(parts)
        ]

    async def _hear(self, round_: int, place: int, part: BookSub) -> None:
        try:
            async with aclosing(self._tap(part)) as frames:
                async for frame in frames:
                    self._heard.put_nowait((round_, place, frame))
        except Exception:
            log.exception("the part %r of a sum stopped", part)
            notice = Notice(gap_since_ms=self._clock.now_ms(), note=_BROKEN)
            self._heard.put_nowait((round_, place, notice))

    def _begin(self, block_size: float) -> None:
        parts = [said.part for said in self._said]
        self._sum = BookSum(parts, self._sub.interval_ms, block_size, self._sub.quote)

    def _take(self, round_: int, place: int, frame: Frame) -> None:
        if round_ != self._round:
            return
        said = self._said[place]
        if isinstance(frame, Notice):
            self._take_notice(said, frame)
        elif isinstance(frame, BookWindow):
            if self._sum is not None and (left := self._leaving.pop(place, None)) is not None:
                left.cancel()
            if self._sum is None and frame.time_ms.size:
                self._decide(frame.block_size)
            if self._sum is not None:
                self._sum.take(said.part, self._aligned(said, frame))

    def _decide(self, block_size: float) -> None:
        """The first part has spoken: listen to all of them in levels of its height."""
        self._round += 1
        self._begin(block_size)
        # a connection stays open when its next reader is there before the last one goes
        self._leaving = dict(enumerate(self._tasks))
        self._tasks += self._listen(parts_of(self._sub, block_size))

    def _take_notice(self, said: _Said, notice: Notice) -> None:
        part = said.part
        part.word = part.word if notice.note is None else notice.note
        if notice.latency_ms is not None:
            said.latency_ms = notice.latency_ms
        if notice.refused:
            self._refused_s = min(self._refused_s, self._clock.monotonic_s())
        if notice.refused or notice.gap_since_ms == 0:
            said.refused = notice.refused
        if notice.gap_since_ms == 0:
            part.find()
        elif notice.gap_since_ms and part.came and self._sum is not None:
            self._sum.lose(part)
            said.skew_ms = None

    def _aligned(self, said: _Said, window: BookWindow) -> BookWindow:
        """A frame of a venue whose clock is far off, at the time of the one that leads.

        What counts is when messages come, on a clock that nobody sets: venues are compared among
        each other, not with this computer.
        """
        if window.time_ms.size:
            newest_ms = int(window.time_ms[-1]) + PART_MS
            said.skew_ms = newest_ms - self._clock.monotonic_s() * 1000
        if self._leader is None or self._leader.skew_ms is None:
            self._leader = said
        if said.skew_ms is None or self._leader.skew_ms is None:
            return window
        off_ms = said.skew_ms - self._leader.skew_ms
        if abs(off_ms - said.shift_ms) > _SKEW_MS:
            # once chosen it stays: columns must not jump with every delay
            said.shift_ms = round(off_ms / PART_MS) * PART_MS if abs(off_ms) > _SKEW_MS else 0
        shift_ms = said.shift_ms
        if not shift_ms:
            return window
        return replace(
            window,
            from_ms=window.from_ms - shift_ms,
            to_ms=window.to_ms - shift_ms,
            complete_ms=window.complete_ms - shift_ms,
            time_ms=window.time_ms - shift_ms,
        )

    def _notice(self) -> Notice:
        missing = [said.part for said in self._said if said.part.missing]
        late = [s.latency_ms for s in self._said if s.latency_ms is not None and not s.part.missing]
        all_gone = len(missing) == len(self._said) and any(part.came for part in missing)
        if not all_gone:
            self._gap_since_ms = 0
        elif not self._gap_since_ms:
            self._gap_since_ms = self._clock.now_ms()
        return Notice(
            note=missing_text(missing, len(self._said)),
            gap_since_ms=self._gap_since_ms,
            latency_ms=max(late, default=None),
            parts=len(self._said),
            missing=tuple(part.title for part in missing),
            refused=self._verdict(),
        )

    def _verdict(self) -> str:
        """Why venues will not come, once the others have spoken or had the time to."""
        refused = [_first_sentence(said.refused) for said in self._said if said.refused]
        spoken = all(said.refused or said.part.came for said in self._said)
        waited = self._clock.monotonic_s() - self._refused_s > _VERDICT_S
        return "; ".join(refused) if refused and (spoken or waited) else ""


def _first_sentence(text: str) -> str:
    return text.split(". ")[0].rstrip(".")


def _alike(one: Notice, other: Notice) -> bool:
    """Whether two words say the same; a latency that hardly moved is the same."""
    if one.latency_ms is not None and other.latency_ms is not None:
        moved_ms = abs(one.latency_ms - other.latency_ms)
        if moved_ms > max(_LATENCY_MS, _LATENCY_SHARE * other.latency_ms):
            return False
        one = replace(one, latency_ms=other.latency_ms)
    return one == other


def missing_text(missing: Sequence[Part], parts: int) -> str:
    """Which venues a sum is without, and why where there is one; empty when it is whole."""
    if not missing:
        return ""
    names = ", ".join(part.title for part in missing)
    if len(missing) > 1:
        text = f"{len(missing)} of {parts} venues missing: {names}"
        word = missing[0].word.rstrip(".") if len(missing) == parts else ""
        return f"{text}; {word}" if word else text
    word = missing[0].word.rstrip(".")
    return f"without {names}: {word}" if word else f"without {names}"
