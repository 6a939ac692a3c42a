"""Recording a live book: its columns as they come, each in its last form, for so long."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from heatdesk.errors import BadPayload, BadRequest, ProviderError, RateLimited, Retry, Unreachable
from heatdesk.frames import BookSub, BookWindow, Flaw, Frame, LevelRuns, Notice
from heatdesk.frames.market import Float64Array
from heatdesk.providers.base import Provider
from heatdesk.units import Clock, floor_ms

_LOOK_EVERY_S = 0.1
_FIRST_DELAY_S, _MOST_DELAY_S = 1.0, 15.0
_NOISE = 1e-6
_WHOLE_TRUTH = 0

Levels = tuple[Float64Array, Float64Array]


@dataclass(frozen=True, slots=True)
class _Row:
    """One bucket: the state at its end, what it vouches for, and what is wrong with it."""

    bids: Levels
    asks: Levels
    reach_px: tuple[float, float]
    flaws: int
    parts_reach_px: Float64Array | None = None


class Columns:
    """What came of a book, by bucket; a later form of a bucket replaces an earlier one."""

    def __init__(self, sub: BookSub) -> None:
        self._sub = sub
        self._rows: dict[int, _Row] = {}
        self._block_size = 0.0
        self._first_ms: int | None = None
        self._known_ms = 0

    @property
    def began(self) -> bool:
        """Whether any column came."""
        return self._first_ms is not None

    def take(self, window: BookWindow) -> None:
        """Take in a frame.

        Raises
        ------
        BadPayload
            When the levels have another height than those that came before.
        """
        times = window.time_ms.tolist()
        if times and self._first_ms is None:
            self._first_ms, self._block_size = times[0], window.block_size
        if times and not math.isclose(window.block_size, self._block_size, rel_tol=1e-9):
            raise BadPayload(
                self._sub.provider,
                "The height of a level changed on the way; choose one with --block-size.",
            )
        self._known_ms = max(self._known_ms, window.complete_ms)
        for i, time_ms in enumerate(times):
            self._rows[time_ms] = _row(window, i)

    def whole(self) -> BookWindow:
        """Flawless buckets that lie wholly inside the recorded time; what is missing is a gap.

        The first bucket began before the recording did. A level that does not lie wholly inside
        what its snapshot vouches for is left out.
        """
        interval_ms = self._sub.interval_ms
        from_ms = (self._first_ms or 0) + interval_ms
        to_ms = max(from_ms, from_ms + floor_ms(self._known_ms - from_ms, interval_ms))
        times = [
            time_ms
            for time_ms, row in sorted(self._rows.items())
            if from_ms <= time_ms < to_ms and row.flaws == _WHOLE_TRUTH
        ]
        rows = [self._rows[time_ms] for time_ms in times]
        bids, asks = (self._runs([getattr(row, side) for row in rows], rows) for side in _SIDES)
        return BookWindow(
            from_ms,
            to_ms,
            interval_ms,
            np.array(times, np.int64),
            self._block_size or 1.0,
            self._sub.quote,
            bids,
            asks,
            complete_ms=to_ms,
            reach_px=np.array([row.reach_px for row in rows], np.float64).reshape(-1, 2),
            parts_reach_px=_stacked([row.parts_reach_px for row in rows]),
        )

    @property
    def any_whole(self) -> bool:
        """Whether a flawless bucket came."""
        return any(row.flaws == _WHOLE_TRUTH for row in self._rows.values())

    def _runs(self, sides: list[Levels], rows: list[_Row]) -> LevelRuns:
        prices, quantities = [np.zeros(0)], [np.zeros(0)]
        for (price, qty), row in zip(sides, rows, strict=True):
            inside = inside_reach(price, self._block_size, row.reach_px)
            prices.append(price[inside])
            quantities.append(qty[inside])
        ends = np.cumsum([0, *(part.size for part in prices[1:])]).astype(np.int64)
        return LevelRuns(ends, np.concatenate(prices), np.concatenate(quantities))


_SIDES = ("bids", "asks")


class Recorder:
    """Listens to one book until it has been heard for long enough.

    Parameters
    ----------
    for_s : float
        How long, from the first column on.
    timeout_s : float
        How long it may bring nothing that can be trusted.
    say : callable
        Takes one line for the user.
    """

    def __init__(
        self,
        provider: Provider,
        sub: BookSub,
        for_s: float,
        timeout_s: float,
        clock: Clock,
        say: Callable[[str], None],
    ) -> None:
        self._provider = provider
        self._sub = sub
        self._for_s = for_s
        self._timeout_s = timeout_s
        self._clock = clock
        self._say = say
        self._columns = Columns(sub)
        self._began_s = math.inf
        self._failing_s = clock.monotonic_s()
        self._error: ProviderError | None = None
        self._note = ""
        self._failures = 0

    async def run(self) -> BookWindow:
        """Record.

        Raises
        ------
        ProviderError
            What ended it, or what it waited for in vain.
        """
        tasks = [asyncio.ensure_future(work) for work in (self._listen(), self._watch())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        window = self._columns.whole()
        if window.time_ms.size == 0:
            raise self._in_vain("no bucket of it could be trusted from beginning to end")
        return window

    async def _listen(self) -> None:
        while True:
            try:
                stream = self._provider.stream(self._sub, [])
                async with aclosing(cast("AsyncGenerator[Frame, None]", stream)) as frames:
                    async for frame in frames:
                        self._take(frame)
                return
            except ProviderError as error:
                transient = error.retry is Retry.SOON
                if not transient and (error.retry is Retry.NEVER or not self._columns.began):
                    raise
                await self._hold_off(error)

    def _take(self, frame: Frame) -> None:
        if isinstance(frame, BookWindow):
            self._columns.take(frame)
            if frame.time_ms.size:
                self._failing_s, self._error, self._failures = math.inf, None, 0
                if math.isinf(self._began_s):
                    self._began_s = self._clock.monotonic_s()
                    self._say(f"Recording for {self._for_s:.0f} s.")
        elif isinstance(frame, Notice):
            self._note = self._note if frame.note is None else frame.note
            if frame.gap_since_ms and math.isinf(self._failing_s):
                self._failing_s = self._clock.monotonic_s()
            if frame.refused and not self._columns.any_whole:
                text = f"A sum is recorded whole: {frame.refused}. Leave out who has no part in it."
                raise BadRequest(self._sub.provider, text)

    async def _hold_off(self, error: ProviderError) -> None:
        now_s = self._clock.monotonic_s()
        self._error, self._failing_s = error, min(self._failing_s, now_s)
        delay_s = min(_FIRST_DELAY_S * 2.0**self._failures, _MOST_DELAY_S)
        if isinstance(error, RateLimited) and error.retry_after_s is not None:
            delay_s = max(delay_s, error.retry_after_s)
        if now_s + delay_s - self._failing_s > self._timeout_s:
            raise error
        self._failures += 1
        self._say(f"{error.user_message} Trying again in {delay_s:.0f} s.")
        await self._clock.sleep(delay_s)

    async def _watch(self) -> None:
        """Return when the time is over; raise when patience is."""
        while True:
            now_s = self._clock.monotonic_s()
            left_s = self._began_s + self._for_s - now_s
            if left_s <= 0:
                return
            if now_s - self._failing_s > self._timeout_s:
                raise self._error or self._in_vain(f"nothing came for {self._timeout_s:.0f} s")
            await self._clock.sleep(min(_LOOK_EVERY_S, left_s))

    def _in_vain(self, what: str) -> ProviderError:
        title = self._provider.spec.title
        said = f" ({self._note})" if self._note else ""
        return Unreachable(
            self._sub.provider, f"The book of {title} was not recorded: {what}{said}."
        )


def inside_reach(
    price: Float64Array, block_size: float, reach_px: tuple[float, float] | Float64Array
) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Whether levels, by their lower edge, lie wholly inside a half-open price range."""
    noise = block_size * _NOISE
    inside: np.ndarray[tuple[int, ...], np.dtype[np.bool_]] = (price >= reach_px[0] - noise) & (
        price + block_size <= reach_px[1] + noise
    )
    return inside


def venues_known(
    price: Float64Array, block_size: float, parts_reach_px: Float64Array
) -> NDArray[np.uint8]:
    """How many venues of a sum knew each level, (n,) uint8.

    Parameters
    ----------
    price : (n,) float64
        Lower edges of levels.
    parts_reach_px : (n_part, 2) float64
        Price range each venue vouched for.
    """
    known = [inside_reach(price, block_size, reach_px) for reach_px in parts_reach_px]
    counted: NDArray[np.uint8] = np.sum(known, axis=0, dtype=np.uint8)
    return counted


def _row(window: BookWindow, i: int) -> _Row:
    bids = window.bids if window.last_bids is None else window.last_bids
    asks = window.asks if window.last_asks is None else window.last_asks
    assert bids is not None
    assert asks is not None
    sides = [tuple(part.copy() for part in runs.at(i)) for runs in (bids, asks)]
    reach_px = window.reach_px if window.last_reach_px is None else window.last_reach_px
    if reach_px is not None:
        reach = (float(reach_px[i, 0]), float(reach_px[i, 1]))
    else:
        price = np.concatenate([side[0] for side in sides])
        ends = (price.min(), price.max() + window.block_size) if price.size else (0.0, 0.0)
        reach = (float(ends[0]), float(ends[1]))
    flaws = 0 if window.flaws is None else int(Flaw(int(window.flaws[i])))
    parts = None if window.parts_reach_px is None else window.parts_reach_px[i].copy()
    return _Row(cast("Levels", sides[0]), cast("Levels", sides[1]), reach, flaws, parts)


def _stacked(parts: list[Float64Array | None]) -> Float64Array | None:
    told = [part for part in parts if part is not None]
    return np.stack(told) if told and len(told) == len(parts) else None
