"""The demo market as a provider: it streams every kind of frame and keeps to its clock."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest

from heatdesk.errors import BadRequest
from heatdesk.frames import (
    BookSub,
    BookWindow,
    CandleSub,
    CandleWindow,
    CohortSub,
    CohortTable,
    DotSet,
    DotSub,
    LiquidationBatch,
    LiquidationEventSub,
    LiquidationSub,
    LiquidationWindow,
    MarketList,
    MarketSub,
    Notice,
    Quote,
    Resolution,
    TradeBatch,
    TradeSub,
)
from heatdesk.providers.base import ProviderContext, Span
from heatdesk.providers.demo import Demo
from heatdesk.units import HOUR_MS, MINUTE_MS, FixedClock
from tests.heatdesk.clocks import JumpingClock

if TYPE_CHECKING:
    from heatdesk.frames import Frame, Subscription
    from heatdesk.units import Clock

NOW_MS = 1_795_000_000_000 // MINUTE_MS * MINUTE_MS + 35_000
BOOK = BookSub("demo", points=600, depth=120)
CANDLES = CandleSub("demo", points=600)
LIQUIDATIONS = LiquidationSub("demo", points=200)
SUBS: list[tuple[Subscription, type]] = [
    (BOOK, BookWindow),
    (CANDLES, CandleWindow),
    (LIQUIDATIONS, LiquidationWindow),
    (DotSub("demo"), DotSet),
    (CohortSub("demo"), CohortTable),
    (MarketSub("demo"), MarketList),
    (TradeSub("demo"), TradeBatch),
    (LiquidationEventSub("demo"), LiquidationBatch),
]


def demo(clock: Clock | None = None, seed: int = 7) -> Demo:
    nothing = cast("Any", None)
    return Demo(
        ProviderContext(clock or FixedClock(NOW_MS), nothing, nothing, settings=nothing), seed
    )


async def first_frames(
    provider: Demo, sub: Subscription, count: int, covered: list[Span] | None = None
) -> list[Frame]:
    """Frames of a stream, at most ``count``; ends early where the stream goes to sleep."""
    frames: list[Frame] = []

    async def collect() -> None:
        async for frame in provider.stream(sub, covered or []):
            frames.append(frame)
            if len(frames) == count:
                return

    task = asyncio.ensure_future(collect())
    for _ in range(20 * count):
        await asyncio.sleep(0)
        if task.done():
            break
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return frames


def windows_of(frames: list[Frame]) -> list[Any]:
    return [frame for frame in frames if not isinstance(frame, Notice)]


def run(provider: Demo, sub: Subscription, count: int = 60) -> list[Frame]:
    return asyncio.run(first_frames(provider, sub, count))


def fetch(sub: Subscription, span: Span | None = None, seed: int = 7) -> Any:
    return asyncio.run(demo(seed=seed).fetch(sub, span))


@pytest.mark.parametrize(("sub", "kind"), SUBS)
def test_every_subscription_offered_yields_its_frame(sub: Subscription, kind: type) -> None:
    assert type(sub) in Demo.spec.offers
    windows = windows_of(run(demo(), sub))
    assert windows
    assert all(type(window) is kind for window in windows)
    assert type(fetch(sub)) is kind


def test_all_that_is_offered_is_tested() -> None:
    assert {type(sub) for sub, _ in SUBS} == set(Demo.spec.offers)


@pytest.mark.parametrize("sub", [BOOK, CANDLES, LIQUIDATIONS])
def test_history_comes_newest_first_and_leaves_no_stretch_out(sub: Any) -> None:
    windows = windows_of(run(demo(), sub))
    spans = [(window.from_ms, window.to_ms) for window in windows]
    assert spans == sorted(spans, reverse=True)
    assert all(newer[0] == older[1] for newer, older in itertools.pairwise(spans))
    newest_ms = NOW_MS // sub.interval_ms * sub.interval_ms + sub.interval_ms
    assert spans[0][1] == newest_ms
    assert spans[-1][0] == newest_ms - sub.points * sub.interval_ms


def test_progress_grows_to_one_and_the_next_update_is_named() -> None:
    notices = [frame for frame in run(demo(), BOOK) if isinstance(frame, Notice)]
    progress = [notice.progress for notice in notices if notice.progress is not None]
    assert progress == sorted(progress)
    assert progress[-1] == 1.0
    assert notices[0].period_s == 5.0
    assert notices[-1].next_ms == NOW_MS + 5_000


def test_every_stream_shows_something_before_one_shows_more() -> None:
    subs = [BOOK, replace(BOOK, symbol="ETHUSDT"), CANDLES, LIQUIDATIONS, *(s for s, _ in SUBS[3:])]
    provider, shown = demo(), list[Any]()

    async def collect(sub: Subscription) -> None:
        async for frame in provider.stream(sub, []):
            if not isinstance(frame, Notice):
                shown.append(sub)

    async def all_at_once() -> None:
        tasks = [asyncio.ensure_future(collect(sub)) for sub in subs]
        for _ in range(200):
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(all_at_once())
    assert set(shown[: len(subs)]) == set(subs)
    charts = {BOOK, subs[1], CANDLES, LIQUIDATIONS}
    assert charts.isdisjoint(shown[shown.index(CohortSub("demo")) : len(subs)])
    assert shown.count(BOOK) > 2


def test_what_is_covered_is_not_built_again() -> None:
    newest_ms = NOW_MS // MINUTE_MS * MINUTE_MS
    covered = [(newest_ms - 10_000 * MINUTE_MS, newest_ms + MINUTE_MS)]
    windows = windows_of(asyncio.run(first_frames(demo(), BOOK, 30, covered)))
    assert [(w.from_ms, w.to_ms) for w in windows] == [(newest_ms, newest_ms + MINUTE_MS)]
    hole = [(newest_ms - 600 * MINUTE_MS, newest_ms - 90 * MINUTE_MS), (newest_ms, newest_ms)]
    windows = windows_of(asyncio.run(first_frames(demo(), BOOK, 30, hole)))
    assert windows[0].from_ms == newest_ms - 90 * MINUTE_MS


class CountingClock(FixedClock):
    """A clock that stands still and counts who waits."""

    waits: int = 0

    async def sleep(self, seconds: float) -> None:
        if seconds > 0:
            CountingClock.waits += 1
        await super().sleep(seconds)


@pytest.mark.parametrize(("sub", "kind"), SUBS)
def test_on_a_fixed_clock_history_arrives_and_the_stream_sleeps_once(
    sub: Subscription, kind: type
) -> None:
    CountingClock.waits = 0
    frames = run(demo(CountingClock(NOW_MS)), sub, 200)
    assert 0 < len(frames) < 40, kind
    assert CountingClock.waits == 1


def test_as_the_clock_runs_the_forming_bucket_completes_and_the_next_begins() -> None:
    clock = JumpingClock(NOW_MS)
    sub = replace(CANDLES, points=3)
    frames = asyncio.run(first_frames(demo(clock), sub, 40))
    tail = windows_of(frames)[1:]
    forming = [window for window in tail if window.complete_ms < window.to_ms]
    assert len({window.close[-1] for window in forming}) > 2, "the price moves inside the minute"
    crossing = next(window for window in tail if window.to_ms - window.from_ms > MINUTE_MS)
    whole = fetch(sub, (crossing.from_ms, crossing.from_ms + MINUTE_MS))
    later = asyncio.run(
        demo(FixedClock(NOW_MS + HOUR_MS)).fetch(
            sub, (crossing.from_ms, crossing.from_ms + MINUTE_MS)
        )
    )
    assert isinstance(later, CandleWindow)
    assert crossing.close[0] == later.close[0]
    assert crossing.high[0] == later.high[0] >= whole.high[0]
    assert clock.passed_s > 60


def same(a: Any, b: Any) -> bool:
    runs = ("bids", "asks", "levels")
    for name in runs:
        one, two = getattr(a, name, None), getattr(b, name, None)
        if one is not None and not (
            np.array_equal(one.price, two.price) and np.array_equal(one.qty, two.qty)
        ):
            return False
    columns = ("open", "high", "low", "close", "volume_base", "time_ms")
    return all(np.array_equal(getattr(a, n, ()), getattr(b, n, ())) for n in columns)


@pytest.mark.parametrize("sub", [BOOK, CANDLES, LIQUIDATIONS])
def test_the_same_seed_and_clock_give_the_same_figures(sub: Any) -> None:
    sub = replace(sub, points=60)
    assert same(fetch(sub), fetch(sub))
    assert not same(fetch(sub), fetch(sub, seed=8))


def one_by_one(window: Any, name: str, a: int, b: int) -> list[tuple[list[float], list[float]]]:
    runs = getattr(window, name)
    return [tuple(part.tolist() for part in runs.at(i)) for i in range(a, b)]  # type: ignore[misc]


@pytest.mark.parametrize(("sub", "sides"), [(BOOK, ("bids", "asks")), (LIQUIDATIONS, ("levels",))])
def test_a_snapshot_is_the_same_in_whatever_window_it_is_asked(
    sub: Any, sides: tuple[str, ...]
) -> None:
    end_ms = NOW_MS // sub.interval_ms * sub.interval_ms - 400 * sub.interval_ms
    long = fetch(sub, (end_ms - 90 * sub.interval_ms, end_ms))
    short = fetch(sub, (end_ms - 50 * sub.interval_ms, end_ms - 30 * sub.interval_ms))
    assert short.time_ms.tolist() == long.time_ms[40:60].tolist()
    for side in sides:
        assert one_by_one(long, side, 40, 60) == one_by_one(short, side, 0, 20)


def test_what_was_shown_live_stays_true_in_history() -> None:
    start_ms = NOW_MS // MINUTE_MS * MINUTE_MS
    span = (start_ms, start_ms + MINUTE_MS)
    live = asyncio.run(demo(FixedClock(span[1])).fetch(BOOK, span))
    later = asyncio.run(demo(FixedClock(span[1] + 5 * MINUTE_MS)).fetch(BOOK, span))
    assert same(live, later)


def test_the_interruption_lies_in_the_last_hours_but_not_in_the_newest_minutes() -> None:
    window = fetch(replace(BOOK, points=180))
    asked = np.arange(window.from_ms, window.to_ms, MINUTE_MS)
    missing = np.setdiff1d(asked, window.time_ms)
    assert 3 <= missing.size <= 5
    assert missing.max() - missing.min() == (missing.size - 1) * MINUTE_MS
    assert missing.max() < NOW_MS - 20 * MINUTE_MS


def test_requests_cover_the_span_newest_first() -> None:
    span = (0, 2500 * MINUTE_MS)
    pieces = demo().requests(BOOK, span)
    assert [b - a for a, b in pieces] == [1000 * MINUTE_MS, 1000 * MINUTE_MS, 500 * MINUTE_MS]
    assert pieces[0][1] == span[1]
    assert pieces[-1][0] == span[0]


@pytest.mark.parametrize("interval_ms", [5 * MINUTE_MS, HOUR_MS, 24 * HOUR_MS, 168 * HOUR_MS])
@pytest.mark.parametrize("sub", [BOOK, LIQUIDATIONS, CANDLES])
def test_every_interval_is_served(sub: Any, interval_ms: int) -> None:
    window = fetch(replace(sub, interval_ms=interval_ms, points=20))
    assert window.time_ms.size == 20
    assert np.all(np.diff(window.time_ms) == interval_ms)


@pytest.mark.parametrize("symbol", ["ETHUSDT", "SOL-USDT-SWAP", "DOGEUSDT", "NOSUCHUSDT"])
def test_any_symbol_has_a_market_at_its_own_scale(symbol: str) -> None:
    book = fetch(replace(BOOK, symbol=symbol, points=10, quote=Quote.USD))
    candles = fetch(replace(CANDLES, symbol=symbol, points=10))
    middle = (book.bids.at(9)[0][0] + book.asks.at(9)[0][0]) / 2
    assert middle == pytest.approx(candles.close[9], rel=1e-3)
    assert book.bids.qty.max() > 1000


def test_a_book_without_height_or_depth_is_refused() -> None:
    for wrong in (replace(BOOK, block_size=0.0), replace(BOOK, depth=0), replace(BOOK, venues=())):
        with pytest.raises(BadRequest):
            fetch(wrong)


def test_resolution_decides_the_block_size() -> None:
    assert fetch(replace(BOOK, points=2)).block_size == 5.0
    assert fetch(replace(BOOK, points=2, resolution=Resolution.HD)).block_size == 25.0
    assert fetch(replace(BOOK, symbol="ETHUSDT", points=2)).block_size == 0.25
