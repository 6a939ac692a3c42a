"""What alerts read from the store, and what they refuse to read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from heatdesk.alerts.alert_list import AlertList
from heatdesk.alerts.judging import Event, Happened, Phase, phase_of
from heatdesk.alerts.reading import MarketReader
from heatdesk.alerts.rules import Kind, Rule, Watched
from heatdesk.frames import (
    BookSub,
    CandleSub,
    CandleWindow,
    StreamStatus,
    TradeBatch,
    TradeSub,
)
from heatdesk.store.market import MarketStore
from tests.heatdesk.alerts.made import BOOK, TRADES, crossing, resting
from tests.heatdesk.store.books import MINUTE, book, minute

CANDLES = CandleSub("kiyotaka")


class Watch:
    """A store, one alert, and a clock."""

    def __init__(self, rule: Rule) -> None:
        self.store, self.rule = MarketStore(), rule
        self.reader, self.list = MarketReader(self.store), AlertList()
        self.now_ms = minute(0)
        self.list.put(rule)
        self.tell()

    def tell(self, **status: object) -> None:
        known = {"data_time_ms": self.now_ms, "received_ms": self.now_ms, **status}
        self.store.set_status(self.rule.sub, StreamStatus(**known))  # type: ignore[arg-type]

    def look(self, after_ms: int = 250) -> list[Event]:
        self.now_ms += after_ms
        return self.list.look(self.reader, self.now_ms)[0]

    def trade(self, *prices: float) -> None:
        self.now_ms += 10
        ones = np.ones(len(prices))
        times = np.full(len(prices), self.now_ms, np.int64)
        batch = TradeBatch(times, np.array(prices), ones, ones > 0)
        self.store.apply(self.rule.sub, batch)

    @property
    def why(self) -> str:
        return self.list.state("a").why

    @property
    def value(self) -> float:
        return self.list.state("a").value


def test_a_trade_through_the_level_between_two_looks_fires() -> None:
    watch = Watch(crossing())
    watch.trade(69_950.0)
    assert watch.look() == []
    watch.trade(69_990.0, 70_004.0, 69_970.0)
    assert [event.happened for event in watch.look()] == [Happened.FIRED]
    assert watch.value == 69_970.0


def test_nothing_is_read_while_no_revision_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch(crossing())
    watch.trade(69_950.0)
    watch.look()
    monkeypatch.setattr(MarketStore, "trades", lambda *_: pytest.fail("it was read"))
    watch.look()


def test_trades_before_an_alert_was_made_do_not_count() -> None:
    watch = Watch(crossing())
    watch.trade(69_950.0)
    watch.look()
    watch.trade(70_100.0)
    watch.list.put(Rule("b", Kind.CROSSES, TRADES, 70_050.0))
    events = watch.look()
    assert [event.rule_id for event in events] == ["a"]
    assert watch.list.state("b").side == 1


def test_a_gap_in_the_feed_is_waited_out_and_its_crossing_is_missed() -> None:
    watch = Watch(crossing())
    watch.trade(69_950.0)
    watch.look()
    watch.tell(gap_since_ms=watch.now_ms)
    assert watch.look() == []
    assert watch.why == "the feed is interrupted"
    watch.trade(70_100.0)
    watch.tell()
    assert [event.happened for event in watch.look()] == [Happened.MISSED]
    watch.trade(70_200.0)
    assert watch.look() == []


def test_a_real_alert_does_not_believe_invented_data() -> None:
    watch = Watch(crossing())
    watch.trade(69_950.0)
    watch.look()
    watch.trade(70_100.0)
    watch.tell(demo=True)
    assert watch.look() == []
    assert watch.why == "invented and real data are mixed"


def test_an_alert_that_heard_nothing_yet_says_so() -> None:
    watch = Watch(crossing())
    watch.look()
    assert watch.why == "waiting for the first data"


def candles(first: int, stop: int, close: list[float], high: list[float]) -> CandleWindow:
    times = np.array([minute(n) for n in range(first, stop)], np.int64)
    prices = np.array(close)
    return CandleWindow(
        minute(first),
        minute(stop),
        MINUTE,
        times,
        prices,
        np.array(high),
        prices - 5,
        prices,
        np.ones(prices.size),
        minute(stop - 1),
    )


class CandleWatch(Watch):
    def __init__(self) -> None:
        super().__init__(crossing(sub=CANDLES))

    def ask(self, frame: CandleWindow) -> list[Event]:
        self.store.apply(CANDLES, frame)
        self.tell(period_s=60.0)
        return self.look()


def test_the_wick_of_a_candle_that_was_forming_counts_from_when_it_was_seen() -> None:
    watch = CandleWatch()
    # the candle had been above before anybody looked
    assert watch.ask(candles(0, 2, [69_900, 69_950], [69_905, 70_100])) == []
    assert watch.ask(candles(1, 2, [69_960], [70_100])) == []
    assert len(watch.ask(candles(1, 2, [69_970], [70_150]))) == 1


def test_minutes_that_are_filled_in_after_a_silence_count() -> None:
    watch = CandleWatch()
    watch.ask(candles(0, 2, [69_900, 69_950], [69_905, 69_960]))
    watch.look(5 * MINUTE)
    assert watch.why == "the newest data is 5 min old"
    came = watch.ask(candles(1, 6, [69_950] * 5, [69_960, 69_960, 70_030, 69_960, 69_960]))
    assert [event.happened for event in came] == [Happened.FIRED]


def test_minutes_that_never_came_do_not_count() -> None:
    watch = CandleWatch()
    watch.ask(candles(0, 2, [69_900, 69_950], [69_905, 69_960]))
    watch.look(5 * MINUTE)
    came = watch.ask(candles(5, 7, [70_100] * 2, [70_200] * 2))
    assert [event.happened for event in came] == [Happened.MISSED]


class BookWatch(Watch):
    def show(self, bids: dict[float, float], n: int, **more: object) -> list[Event]:
        frame = book({n: bids}, {n: {70_000.0: 2.0}}, block_size=5.0)
        for name, value in more.items():
            object.__setattr__(frame, name, value)
        self.store.apply(BOOK, frame)
        self.tell()
        return self.look()


DEEP = {69_900.0: 5.0, 69_700.0: 1.0}


def test_what_rests_at_a_price_is_what_the_book_shows_there() -> None:
    watch = BookWatch(resting(Kind.APPEARS))
    assert watch.show(DEEP, 0) == []
    assert watch.value == 0.0
    came = watch.show({**DEEP, 69_800.0: 120.0}, 1)
    assert [event.value for event in came] == ["120 BTC"]


def test_of_a_stretch_the_largest_level_counts() -> None:
    watch = BookWatch(resting(Kind.APPEARS, height=25.0))
    watch.show({**DEEP, 69_800.0: 60.0, 69_820.0: 70.0, 69_825.0: 500.0}, 0)
    assert watch.value == 70.0


def test_a_price_that_the_book_does_not_reach_is_not_known() -> None:
    watch = BookWatch(resting(Kind.SHRINKS))
    watch.show({**DEEP, 69_800.0: 120.0}, 0)
    assert watch.show({69_900.0: 5.0}, 1) == []
    assert watch.why == "its price is outside the range that is reported"


def test_a_column_with_a_flaw_is_not_believed() -> None:
    watch = BookWatch(resting(Kind.SHRINKS))
    watch.show({**DEEP, 69_800.0: 120.0}, 0)
    flawed = np.array([1], np.uint8)
    assert watch.show(DEEP, 1, flaws=flawed) == []
    assert "interrupted" in watch.why
    assert [event.happened for event in watch.show(DEEP, 2)] == [Happened.MISSED]


def test_a_sum_that_lacks_a_venue_is_not_believed() -> None:
    watch = BookWatch(resting(Kind.SHRINKS))
    watch.show({**DEEP, 69_800.0: 120.0}, 0)
    watch.tell(parts=2, missing=("Kraken",))
    watch.look()
    assert watch.why == "Kraken missing in the sum"


def test_a_book_that_is_late_is_waited_for() -> None:
    watch = BookWatch(resting(Kind.SHRINKS))
    watch.show({**DEEP, 69_800.0: 120.0}, 0)
    watch.tell(period_s=1.0)
    watch.look(10_000)
    assert watch.why == "the newest data is 10 s old"


@pytest.mark.parametrize("sub", [TRADES, CANDLES, BOOK, BookSub("exchanges", ("BYBIT", "KRAKEN"))])
def test_only_alerts_that_can_fire_are_asked_for(sub: Watched) -> None:
    alerts = AlertList()
    alerts.put(crossing(sub=sub))
    assert alerts.needs() == {sub}
    alerts.put(crossing(sub=sub, enabled=False))
    assert alerts.needs() == frozenset()


def test_an_alert_whose_provider_is_gone_waits_and_says_why() -> None:
    watch = Watch(crossing(sub=TradeSub("gone")))
    watch.store.set_status(watch.rule.sub, StreamStatus(problem="There is no provider so called."))
    assert watch.look() == []
    assert watch.why == "There is no provider so called."
    assert phase_of(watch.rule, watch.list.state("a"), watch.now_ms) is Phase.WAITING


def test_an_alert_that_cannot_be_judged_says_so_and_the_others_fire(
    caplog: pytest.LogCaptureFixture,
) -> None:
    watch = Watch(crossing())
    beyond = replace(resting(Kind.APPEARS), id="b", price=1e308)
    watch.list = AlertList()
    for rule in (beyond, watch.rule):
        watch.list.put(rule)
    watch.store.apply(BOOK, book({0: {69_800.0: 5.0}}, {0: {70_000.0: 2.0}}, block_size=0.5))
    for _ in range(3):
        known = StreamStatus(data_time_ms=watch.now_ms, received_ms=watch.now_ms)
        watch.store.set_status(BOOK, known)
        watch.trade(69_950.0)
        watch.look()
    assert "could not be read" in watch.list.state("b").why
    watch.trade(70_100.0)
    assert [event.rule_id for event in watch.look()] == ["a"]
    told = [one for one in caplog.records if "could not be judged" in one.getMessage()]
    assert len(told) == 1, "it is logged once"


def test_what_cannot_be_read_keeps_no_other_market_from_being_read(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    watch = Watch(crossing())
    watch.list.put(replace(resting(Kind.APPEARS), id="b"))
    known = StreamStatus(data_time_ms=watch.now_ms, received_ms=watch.now_ms)
    watch.store.set_status(BOOK, known)

    def fail(*_: object) -> None:
        raise ValueError("no book")

    with monkeypatch.context() as patch:
        patch.setattr(MarketStore, "last_book", fail)
        watch.trade(69_950.0)
        watch.look()
        watch.trade(70_100.0)
        assert [event.rule_id for event in watch.look()] == ["a"]
        assert "could not be read" in watch.list.state("b").why
    assert len([one for one in caplog.records if "could not be read" in one.getMessage()]) == 1
    watch.look()
    assert watch.list.state("b").why == "waiting for the first data"
