from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from heatdesk.engine import Engine
from heatdesk.engine.engine import LINGER_S
from heatdesk.errors import (
    BadPayload,
    BodyCut,
    KeyMissing,
    KeyRejected,
    PlanRequired,
    RateLimited,
    Unreachable,
    UsageError,
)
from heatdesk.frames import (
    BookSub,
    CandleSub,
    CandleWindow,
    DataState,
    DotSub,
    Frame,
    KeyState,
    MarketList,
    MarketSub,
    Notice,
    Subscription,
)
from heatdesk.net.budget import Limits, RateBudget
from heatdesk.net.client import JsonClient
from heatdesk.net.ledger import Ledger
from heatdesk.providers.base import Provider, ProviderContext, ProviderSpec, Span
from heatdesk.settings import Settings
from heatdesk.store.market import MarketStore
from heatdesk.units import MINUTE_MS
from tests.heatdesk.clocks import START_MS, JumpingClock
from tests.heatdesk.store.books import book, minute

ONE, TWO, OTHER = DotSub("alpha"), DotSub("alpha", category="layer-1"), DotSub("beta")


class ScriptedProvider(Provider):
    """Plays scripts: frames are yielded, exceptions raised, numbers slept, None waits for ever."""

    spec = ProviderSpec("alpha", "Alpha", needs_key=True, offers=(DotSub, CandleSub))

    def __init__(self, context: ProviderContext, scripts: dict[Subscription, deque[Any]]) -> None:
        super().__init__(context)
        self.scripts = scripts
        self.started: list[tuple[Subscription, list[Span]]] = []
        self.open = 0
        self.key_answer: Callable[[], tuple[KeyState, str]] = lambda: (KeyState.ACCEPTED, "ok")

    async def stream(self, sub: Subscription, covered: Sequence[Span]) -> AsyncIterator[Frame]:
        self.started.append((sub, list(covered)))
        self.open += 1
        script = self.scripts.setdefault(sub, deque())
        try:
            while True:
                step = script.popleft() if script else None
                if step is None:
                    await asyncio.Event().wait()
                elif isinstance(step, Exception):
                    raise step
                elif isinstance(step, int | float):
                    await self.context.clock.sleep(step)
                elif step == "end":
                    return
                else:
                    yield step
        finally:
            self.open -= 1

    async def check_key(self) -> tuple[KeyState, str]:
        return self.key_answer()


class Desk:
    """An engine over scripted providers and a real store."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.clock = JumpingClock()
        self.store = MarketStore()
        self.scripts: dict[Subscription, deque[Any]] = {}
        self.built: list[ScriptedProvider] = []
        self.limits = limits or Limits()
        self.ledger = Ledger()
        self.engine = Engine(self.store, self.build, self.clock, jitter=lambda: 0.0)

    def build(
        self, provider_id: str, active: Callable[[], Sequence[Subscription]]
    ) -> ScriptedProvider:
        budget = RateBudget(provider_id, self.limits, self.ledger, self.clock)
        http = JsonClient(provider_id, provider_id.title(), "", dict, self.clock, budget)
        context = ProviderContext(self.clock, http, budget, Settings(), active)
        kind = type(
            provider_id,
            (ScriptedProvider,),
            {
                "spec": ProviderSpec(
                    provider_id,
                    provider_id.title(),
                    provider_id != "demo",
                    (),
                    demo=provider_id == "demo",
                )
            },
        )
        provider: ScriptedProvider = kind(context, self.scripts)
        self.built.append(provider)
        return provider

    def play(self, sub: Subscription, *steps: Any) -> None:
        self.scripts.setdefault(sub, deque()).extend(steps)

    def run(self, scenario: Callable[[Desk], Any]) -> None:
        async def work() -> None:
            running = asyncio.create_task(self.engine.run())
            try:
                await scenario(self)
            finally:
                self.engine.stop()
                await running
            others = asyncio.all_tasks() - {asyncio.current_task()}
            assert not others, "a task is left at the end"

        asyncio.run(work())


async def settle(rounds: int = 150) -> None:
    """Let everything happen that can happen now."""
    for _ in range(rounds):
        await asyncio.sleep(0)


def rows(time_ms: int = START_MS) -> MarketList:
    return MarketList(time_ms, (("BINANCE", "BTCUSDT", "BTC", "SPOT"),))


def candles(from_ms: int, count: int) -> CandleWindow:
    values = np.ones(count)
    time_ms = from_ms + MINUTE_MS * np.arange(count, dtype=np.int64)
    end_ms = from_ms + count * MINUTE_MS
    columns = (values.copy() for _ in range(5))
    return CandleWindow(from_ms, end_ms, MINUTE_MS, time_ms, *columns, complete_ms=end_ms)


def test_frames_reach_the_store_and_the_status_tells_their_age() -> None:
    desk = Desk()
    desk.play(ONE, Notice(period_s=300, progress=0.4), rows(START_MS - 7000), Notice(progress=1.0))

    async def scenario(desk: Desk) -> None:
        desk.engine.want(frozenset({ONE}))
        await settle()
        status = desk.store.status(ONE)
        assert desk.store.latest(ONE) == rows(START_MS - 7000)
        assert status.age_s(START_MS) == 7
        assert status.received_ms == START_MS
        assert (status.period_s, status.progress) == (300, None)
        assert status.state(START_MS) is DataState.LIVE
        assert status.state(START_MS + 601_000) is DataState.STALE

    desk.run(scenario)


def test_the_newest_bucket_counts_even_when_history_arrives_newest_first() -> None:
    desk = Desk()
    sub = CandleSub("alpha")
    newest = candles(START_MS - 5 * MINUTE_MS, 6)  # its last bucket is still forming
    desk.play(sub, newest, candles(START_MS - 50 * MINUTE_MS, 45))

    async def scenario(desk: Desk) -> None:
        desk.engine.want(frozenset({sub}))
        await settle()
        assert desk.store.status(sub).data_time_ms == START_MS

    desk.run(scenario)


def test_a_transient_failure_is_retried_with_growing_delays_and_covered_spans_are_told() -> None:
    desk = Desk()
    sub = CandleSub("alpha")
    cut = BodyCut("alpha", "cut")
    first = candles(START_MS - 50 * MINUTE_MS, 50)
    desk.play(sub, first, cut, cut, cut, candles(START_MS, 1), cut)

    async def scenario(desk: Desk) -> None:
        desk.engine.want(frozenset({sub}))
        await settle(400)
        starts = desk.built[0].started
        assert len(starts) == 5
        assert starts[0][1] == []
        assert starts[1][1] == [(first.from_ms, first.to_ms)]
        assert desk.clock.slept == [1, 2, 4, 1]

    desk.run(scenario)


def test_an_answer_that_breaks_off_again_and_again_is_asked_less_and_less() -> None:
    """Its pieces are shown, but they are no success."""
    desk = Desk()
    sub, cut = BookSub("alpha"), BodyCut("alpha", "cut")
    piece = replace(book({0: {100.0: 1.0}}, {0: {}}, asked=(0, 9)), complete_ms=minute(0))
    whole = book({0: {100.0: 1.0}}, {0: {}}, asked=(0, 9))
    desk.play(sub, piece, cut, piece, piece, cut, piece, cut, piece, whole, cut)

    async def scenario(desk: Desk) -> None:
        desk.engine.want(frozenset({sub}))
        await settle(400)
        assert desk.clock.slept == [1, 2, 4, 1]
        told = [covered for _, covered in desk.built[0].started]
        assert told == [[], [], [], [], [(minute(0), minute(9))]]

    desk.run(scenario)


def test_a_retry_after_is_honoured_and_shown_as_the_next_moment() -> None:
    desk = Desk()
    desk.play(ONE, RateLimited("alpha", "patience", retry_after_s=33), rows())

    async def scenario(desk: Desk) -> None:
        desk.engine.want(frozenset({ONE}))
        seen = None
        for _ in range(150):
            await asyncio.sleep(0)
            if desk.store.status(ONE).problem:
                seen = seen or desk.store.status(ONE)
        assert seen is not None
        assert seen.next_ms == START_MS + 33_000
        assert desk.clock.slept == [33]
        assert desk.store.status(ONE).problem == ""

    desk.run(scenario)


@pytest.mark.parametrize("kind", [Unreachable, BadPayload])
def test_what_is_not_transient_is_asked_again_at_a_calm_pace(kind: type[Unreachable]) -> None:
    desk = Desk()
    desk.play(ONE, *(kind("alpha", "trouble") for _ in range(6)))

    async def scenario(desk: Desk) -> None:
        desk.engine.want(frozenset({ONE}))
        await settle(600)
        assert desk.clock.slept == [60, 120, 240, 480, 600, 600]

    desk.run(scenario)


@pytest.mark.parametrize(
    ("error", "needs_key", "key"),
    [
        (KeyMissing("alpha", "enter a key"), True, KeyState.MISSING),
        (KeyRejected("alpha", "wrong key"), True, KeyState.REJECTED),
        (PlanRequired("alpha", "not on this plan"), False, KeyState.UNTESTED),
    ],
)
def test_what_only_the_user_can_mend_stops_until_a_restart(
    error: KeyMissing, needs_key: bool, key: KeyState
) -> None:
    desk = Desk()
    desk.play(ONE, error, rows())

    async def scenario(desk: Desk) -> None:
        desk.engine.want(frozenset({ONE}))
        await settle()
        status = desk.store.status(ONE)
        assert (status.problem, status.needs_key) == (error.user_message, needs_key)
        assert status.state(START_MS) is DataState.PROBLEM
        assert desk.clock.slept == []
        (provider,) = desk.store.providers()
        assert (provider.key, provider.last_error) == (key, error.user_message)
        desk.engine.restart("alpha")
        await settle()
        assert len(desk.built) == 2
        assert desk.store.status(ONE).state(START_MS) is DataState.LIVE
        assert desk.store.providers()[0].key is KeyState.ACCEPTED

    desk.run(scenario)


def test_a_provider_that_is_gone_is_said_to_be_and_the_others_run(
    caplog: pytest.LogCaptureFixture,
) -> None:
    desk = Desk()
    build, gone = desk.build, DotSub("gone")

    def build_known(
        provider_id: str, active: Callable[[], Sequence[Subscription]]
    ) -> ScriptedProvider:
        if provider_id == "gone":
            raise UsageError("There is no provider 'gone'; known are 'alpha'.")
        return build(provider_id, active)

    desk.engine = Engine(desk.store, build_known, desk.clock, jitter=lambda: 0.0)
    desk.play(ONE, rows())

    async def scenario(desk: Desk) -> None:
        desk.engine.want(frozenset({ONE, gone}))
        await settle()
        status = desk.store.status(gone)
        assert status.problem == "This HeatDesk has no provider called gone."
        assert status.state(START_MS) is DataState.PROBLEM
        assert desk.store.revision(ONE) == 1

    desk.run(scenario)
    assert not [one for one in caplog.records if one.exc_info]


def test_a_bug_in_one_stream_stops_that_stream_alone_and_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    desk = Desk()
    desk.play(ONE, ZeroDivisionError("a bug"))
    desk.play(TWO, rows(), 5, rows())
    desk.play(OTHER, rows())

    async def scenario(desk: Desk) -> None:
        desk.engine.want(frozenset({ONE, TWO, OTHER}))
        await settle(200)
        assert "internal error" in desk.store.status(ONE).problem
        assert desk.store.revision(TWO) == 2
        assert desk.store.revision(OTHER) == 1

    with caplog.at_level(logging.ERROR):
        desk.run(scenario)
    assert "ZeroDivisionError" in caplog.text


def test_a_provider_that_cannot_be_built_touches_no_other() -> None:
    desk = Desk()
    desk.play(OTHER, rows())
    build = desk.build

    def fail_for_alpha(provider_id: str, active: Any) -> ScriptedProvider:
        if provider_id == "alpha":
            raise RuntimeError("cannot be built")
        return build(provider_id, active)

    desk.engine = Engine(desk.store, fail_for_alpha, desk.clock)

    async def scenario(desk: Desk) -> None:
        desk.engine.want(frozenset({ONE, OTHER}))
        await settle()
        assert desk.store.status(ONE).problem
        assert desk.store.revision(OTHER) == 1

    desk.run(scenario)


def test_an_unwanted_stream_ends_at_once_and_its_data_a_little_later() -> None:
    desk = Desk()
    desk.play(ONE, rows())

    async def scenario(desk: Desk) -> None:
        desk.engine.want(frozenset({ONE}))
        await settle()
        provider = desk.built[0]
        assert provider.open == 1
        desk.engine.want(frozenset())
        await settle(15)  # no time passes yet
        assert provider.open == 0
        assert desk.store.latest(ONE) is not None
        await settle()
        assert desk.clock.passed_s == LINGER_S
        assert desk.store.latest(ONE) is None

    desk.run(scenario)


def test_a_stream_wanted_again_soon_goes_on_with_what_it_had() -> None:
    desk = Desk()
    sub = CandleSub("alpha")
    window = candles(START_MS - 50 * MINUTE_MS, 50)
    desk.play(sub, window)

    async def scenario(desk: Desk) -> None:
        desk.engine.want(frozenset({sub}))
        await settle()
        desk.engine.want(frozenset())
        await settle(15)  # no time passes yet
        desk.engine.want(frozenset({sub}))
        await settle()
        assert desk.clock.passed_s < LINGER_S
        assert desk.built[0].started[1] == (sub, [(window.from_ms, window.to_ms)])
        assert desk.store.candles(sub) is not None

    desk.run(scenario)


def test_a_stream_that_ends_is_not_started_again() -> None:
    desk = Desk()
    sub = MarketSub("alpha")
    desk.play(sub, rows(), "end")

    async def scenario(desk: Desk) -> None:
        desk.engine.want(frozenset({sub}))
        await settle()
        desk.engine.want(frozenset({sub, OTHER}))
        await settle()
        assert [started for started, _ in desk.built[0].started] == [sub]

    desk.run(scenario)


def test_streams_of_a_demo_provider_are_marked() -> None:
    desk = Desk()
    sub = DotSub("demo")
    desk.play(sub, rows())

    async def scenario(desk: Desk) -> None:
        desk.engine.want(frozenset({sub}))
        await settle()
        assert desk.store.status(sub).state(START_MS) is DataState.DEMO
        assert desk.store.providers()[0].key is KeyState.NOT_NEEDED

    desk.run(scenario)


def test_a_provider_learns_which_of_its_subscriptions_run() -> None:
    desk = Desk()

    async def scenario(desk: Desk) -> None:
        desk.engine.want(frozenset({ONE, TWO, OTHER}))
        await settle()
        alpha = next(p for p in desk.built if p.spec.id == "alpha")
        assert set(alpha.context.active()) == {ONE, TWO}
        desk.engine.want(frozenset({TWO}))
        await settle(15)  # no time passes yet
        assert alpha.context.active() == (TWO,)
        assert {p.provider: p.streams for p in desk.store.providers()} == {"alpha": 1, "beta": 0}

    desk.run(scenario)


def test_a_refused_subscription_takes_no_share_of_the_budget() -> None:
    desk = Desk()
    desk.play(ONE, Notice(progress=0.0), PlanRequired("alpha", "not on this plan"))

    async def scenario(desk: Desk) -> None:
        desk.engine.want(frozenset({ONE, TWO}))
        await settle()
        assert desk.built[0].context.active() == (TWO,)
        assert desk.store.status(ONE).progress is None, "nothing is on its way"

    desk.run(scenario)


def test_the_provider_status_shows_the_scarcest_budget() -> None:
    desk = Desk(Limits(day=10))
    desk.play(ONE, rows())

    async def scenario(desk: Desk) -> None:
        budget = RateBudget("alpha", desk.limits, desk.ledger, desk.clock)
        await budget.acquire(4)
        desk.engine.want(frozenset({ONE}))
        await settle()
        (status,) = desk.store.providers()
        assert (status.used, status.limit, status.budget) == (4, 10, "day")
        assert status.last_ok_ms == START_MS

    desk.run(scenario)


def test_a_live_feed_that_is_lost_is_a_problem_of_its_provider_until_it_is_back() -> None:
    desk = Desk()
    desk.play(ONE, rows(), Notice(gap_since_ms=START_MS, note="Alpha is in trouble."), rows())

    async def scenario(desk: Desk) -> None:
        desk.engine.want(frozenset({ONE}))
        await settle()
        (status,) = desk.store.providers()
        assert (status.last_error, status.last_error_ms) == ("Alpha is in trouble.", START_MS)
        assert status.last_ok_ms == START_MS

    desk.run(scenario)
    again = Desk()
    again.play(ONE, Notice(gap_since_ms=START_MS, note="Alpha is in trouble."), rows())

    async def lost(desk: Desk) -> None:
        desk.engine.want(frozenset({ONE}))
        await settle()
        assert desk.store.providers()[0].last_ok_ms is None, "what goes by in a gap is no success"

    again.run(lost)
    back = Desk()
    back.play(ONE, Notice(gap_since_ms=START_MS), Notice(gap_since_ms=0))

    async def found(desk: Desk) -> None:
        desk.engine.want(frozenset({ONE}))
        await settle()
        status = desk.store.providers()[0]
        assert status.last_ok_ms == START_MS
        assert status.last_error

    back.run(found)


def test_a_key_that_is_accepted_starts_the_streams_that_waited_for_it() -> None:
    desk = Desk()
    desk.play(ONE, KeyMissing("alpha", "enter a key"), rows())

    async def scenario(desk: Desk) -> None:
        desk.engine.want(frozenset({ONE}))
        await settle()
        assert await desk.engine.check_key("alpha") == (KeyState.ACCEPTED, "ok")
        await settle()
        assert desk.store.revision(ONE) == 1

    desk.run(scenario)


def test_a_key_check_puts_every_failure_into_words() -> None:
    desk = Desk()
    answers: list[tuple[Exception, KeyState]] = [
        (KeyMissing("alpha", "no key"), KeyState.MISSING),
        (KeyRejected("alpha", "bad key"), KeyState.REJECTED),
        (Unreachable("alpha", "no network"), KeyState.UNTESTED),
        (ZeroDivisionError("a bug"), KeyState.UNTESTED),
    ]

    async def scenario(desk: Desk) -> None:
        await desk.engine.check_key("alpha")
        for error, expected in answers:

            def fail(error: Exception = error) -> tuple[KeyState, str]:
                raise error

            desk.built[0].key_answer = fail
            state, text = await desk.engine.check_key("alpha")
            assert state is expected
            assert text
            assert "a bug" not in text

    desk.run(scenario)


def test_stopping_leaves_no_stream_open() -> None:
    desk = Desk()
    desk.play(ONE, rows())
    desk.play(OTHER, BodyCut("beta", "cut"), *(BodyCut("beta", "cut") for _ in range(3)))

    async def scenario(desk: Desk) -> None:
        desk.engine.want(frozenset({ONE, OTHER}))
        await settle(20)

    desk.run(scenario)
    assert all(provider.open == 0 for provider in desk.built)
