"""The bridge: wishes reach the engine on its loop, and the thread always ends."""

from __future__ import annotations

import asyncio
import threading

import pytest

from heatdesk.frames import CohortSub, KeyState
from ui.feed_thread import FeedThread


class Recorder:
    """An engine that writes down what it was told, and on which thread."""

    def __init__(self) -> None:
        self.told: list[tuple[str, object, str]] = []
        self.stubborn = False
        self.failure: Exception | None = None
        self.cancelled = False
        self._end = asyncio.Event()

    def _note(self, word: str, value: object) -> None:
        self.told.append((word, value, threading.current_thread().name))

    async def run(self) -> None:
        self._note("run", None)
        if self.failure is not None:
            raise self.failure
        try:
            await self._end.wait()
            if self.stubborn:
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise

    def want(self, subs: frozenset) -> None:
        self._note("want", subs)

    def stop(self) -> None:
        self._end.set()

    def restart(self, provider_id: str) -> None:
        self._note("restart", provider_id)

    async def check_key(self, provider_id: str) -> tuple[KeyState, str]:
        if provider_id == "broken":
            raise RuntimeError("a bug")
        return KeyState.ACCEPTED, "The key works."


@pytest.fixture
def engine():
    return Recorder()


@pytest.fixture
def feed(engine, qapp):
    made = FeedThread(engine)
    yield made
    made.stop()


SUBS = frozenset({CohortSub("demo")})


def test_wishes_made_before_the_start_are_kept_and_served_on_the_loop(engine, feed, qtbot):
    feed.want(SUBS)
    assert engine.told == []
    feed.start()
    qtbot.waitUntil(lambda: len(engine.told) >= 2)
    assert [word for word, _, _ in engine.told] == ["run", "want"]
    assert engine.told[1][1] == SUBS
    assert engine.told[1][2] != threading.current_thread().name


def test_wishes_arrive_in_order(engine, feed, qtbot):
    feed.start()
    for number in range(50):
        feed.want(frozenset({CohortSub("demo", str(number))}))
    feed.restart_provider("sharpe")
    qtbot.waitUntil(lambda: len(engine.told) == 52)
    ages = [next(iter(value)).opened_within for word, value, _ in engine.told if word == "want"]
    assert ages == [str(number) for number in range(50)]
    assert engine.told[-1][:2] == ("restart", "sharpe")


def test_a_key_test_answers_by_signal(feed, qtbot):
    feed.start()
    with qtbot.waitSignal(feed.key_checked) as answer:
        feed.check_key("kiyotaka")
    assert answer.args == ["kiyotaka", "accepted", "The key works."]


def test_a_bug_in_a_key_test_answers_too_and_the_thread_lives_on(feed, qtbot):
    feed.start()
    with qtbot.waitSignal(feed.key_checked) as answer:
        feed.check_key("broken")
    assert answer.args[1] == "untested"
    with qtbot.waitSignal(feed.key_checked):
        feed.check_key("kiyotaka")


def test_stopping_ends_the_thread_and_later_wishes_are_dropped(feed):
    feed.start()
    assert feed.stop()
    assert feed.isFinished()
    feed.want(SUBS)
    feed.check_key("kiyotaka")


def test_an_engine_that_does_not_end_is_cancelled(engine, feed, qtbot):
    engine.stubborn = True
    feed.start()
    qtbot.waitUntil(lambda: bool(engine.told))
    assert feed.stop()
    assert engine.cancelled


def test_an_engine_that_breaks_is_told_in_one_sentence(engine, feed, qtbot):
    engine.failure = RuntimeError("secret detail")
    with qtbot.waitSignal(feed.failed) as told:
        feed.start()
    assert "secret detail" not in told.args[0]
    assert feed.stop()


def test_a_thread_that_never_started_can_be_stopped(feed):
    assert feed.stop()
