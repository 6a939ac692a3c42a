"""Columns are what a reader of the whole recording would compute, however they come out."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatdesk.books.dense import DenseBook
from heatdesk.books.reference import DictBook
from heatdesk.books.sampling import Sampler
from heatdesk.books.sync import BookSync, SyncState
from heatdesk.frames import Flaw, Quote
from heatdesk.store.grid import PriceGrid
from tests.heatdesk.books.streams import Streamed, Whole, snapshot, update

LINEAR = SimpleNamespace(contract_size=1.0, inverse=False)
INVERSE = SimpleNamespace(contract_size=100.0, inverse=True)
START = 1_000_000


class Told:
    """What frames say, laid over one another as a store does."""

    def __init__(self, sampler: Sampler) -> None:
        self.sampler = sampler
        self.columns: dict[int, dict] = {}
        self.spanned: set[int] = set()

    def ask(self, until_ms: int) -> None:
        frame = self.sampler.frame(until_ms)
        if frame is None:
            return
        width = frame.interval_ms
        assert frame.from_ms % width == frame.to_ms % width == 0
        assert (np.diff(frame.time_ms) > 0).all()
        assert frame.complete_ms > frame.from_ms
        last = min(frame.to_ms, frame.complete_ms // width * width)
        self.spanned |= set(range(frame.from_ms, last, width))
        for i, start in enumerate(frame.time_ms.tolist()):
            assert frame.from_ms <= start < frame.to_ms
            runs = {
                "bids": frame.bids,
                "asks": frame.asks,
                "last_bids": frame.last_bids,
                "last_asks": frame.last_asks,
            }
            told = {name: self.levels(run.at(i), frame) for name, run in runs.items()}
            told["reach"] = tuple(frame.reach_px[i])
            told["last_reach"] = tuple(frame.last_reach_px[i])
            told["touched"] = bool(frame.flaws[i] & Flaw.TOUCHED)
            told["updates"] = int(frame.updates[i])
            told["best"] = tuple(None if math.isnan(px) else px for px in frame.best_px[i].tolist())
            self.columns[start] = told

    @staticmethod
    def levels(part, frame) -> dict[int, float]:
        grid = PriceGrid(frame.block_size)
        levels = [grid.level_of(price) for price in part[0].tolist()]
        assert len(set(levels)) == len(levels)
        return dict(zip(levels, part[1].tolist(), strict=True))


class Truth:
    """Every message of a session, replayed from the start for each state that is asked for."""

    def __init__(self, block_size: float) -> None:
        self.block_size = block_size
        self.messages: list[tuple[int, str, tuple]] = []
        self.doubts: list[tuple[int, float]] = []

    def note(self, event_ms: int, kind: str, *args) -> None:
        self.messages.append((event_ms, kind, args))

    def state(self, before_ms: int) -> tuple[dict, dict, tuple[float, float], tuple]:
        book = DictBook(1.0)
        for event_ms, kind, args in self.messages:
            if event_ms < before_ms:
                getattr(book, kind)(*args)
        column = book.column(self.block_size)
        sides = (
            {column.low + int(i): float(side[i]) for i in np.flatnonzero(side)}
            for side in (column.bids, column.asks)
        )
        bid = max((px for px, qty in book.bids.items() if qty > 0), default=None)
        ask = min((px for px, qty in book.asks.items() if qty > 0), default=None)
        return *sides, book.reach, (bid, ask)

    def column(self, start: int, width: int) -> dict:
        ends = range(start + 100, start + width + 1, 100)
        states = [self.state(end) for end in ends if end > self.messages[0][0]]
        found = {"bids": {}, "asks": {}}
        low, high = math.inf, -math.inf
        for bids, asks, reach, _ in states:
            for side, name in ((bids, "bids"), (asks, "asks")):
                for level, qty in side.items():
                    found[name][level] = max(qty, found[name].get(level, 0.0))
            low, high = min(low, reach[0]), max(high, reach[1])
        bids, asks, reach, best = states[-1]
        found["best"] = (None, None) if crossing(best) else best
        found |= {"last_bids": bids, "last_asks": asks, "last_reach": reach, "reach": (low, high)}
        inside = [m for m in self.messages[1:] if start <= m[0] < start + width]
        found["updates"] = len(inside)
        found["touched"] = start <= self.messages[0][0] or any(
            crossing(state[3]) for state in states
        )
        return found


def crossing(best: tuple) -> bool:
    return None not in best and best[0] >= best[1]


@st.composite
def level_lists(draw):
    level = st.tuples(st.integers(80, 120).map(float), st.sampled_from([0.0, 1.0, 2.0, 7.0]))
    return draw(st.lists(level, max_size=3))


@st.composite
def steps(draw):
    kinds = ["apply"] * 8 + ["ask"] * 4 + ["load"]
    wait = draw(st.sampled_from([0, 0, 7, 60, 99, 100, 101, 250, 1_300]))
    kind = draw(st.sampled_from(kinds))
    return wait, kind, draw(level_lists()), draw(level_lists()), draw(st.integers(-150, 700))


@given(
    st.lists(steps(), max_size=25),
    st.sampled_from([100, 200, 1_000]),
    st.sampled_from([1.0, 2.0, 5.0]),
    st.integers(0, 250),
)
def test_columns_equal_a_replay_of_everything(session, width, block_size, offset):
    book, truth = DenseBook(1.0), Truth(block_size)
    sampler = Sampler(book, LINEAR, width, block_size)
    sync = BookSync(book, Whole())
    sync.listen(sampler)
    told = Told(sampler)
    now = START + offset
    first = snapshot([(99.0, 1.0)], [(101.0, 1.0)], now, 0, reach=(82.0, 118.0))
    sync.take(first, 0)
    truth.note(now, "load", first)
    number = 0
    for wait, kind, bids, asks, ahead in session:
        if kind == "ask":
            told.ask(now + ahead)
            continue
        now += wait
        if kind == "load":
            bids = [(min(price, 99.0), qty) for price, qty in bids]
            asks = [(max(price, 100.0), qty) for price, qty in asks]
            change = snapshot(bids, asks, now, number, reach=(84.0, 116.0))
            truth.note(now, "load", change)
        else:
            number += 1
            change = update(bids, asks, now, number)
            truth.note(now, "apply", bids, asks)
        sync.take(change, 0)
        assert sync.state is SyncState.LIVE
    end = now // width * width + 2 * width
    told.ask(end)
    for start in range((START + offset) // width * width, end + 1, width):
        expected = truth.column(start, width)
        assert told.columns.pop(start) == expected, start
    # a clock that ran ahead may have told of buckets to come
    assert all(start > end for start in told.columns)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([20, 80, 100, 150, 400, 1_500]),
            st.sampled_from(
                ["apply"] * 5 + ["ask"] * 3 + ["lose", "lose", "wrong", "again", "over"]
            ),
            st.integers(0, 1_200),
        ),
        max_size=40,
    ),
    st.sampled_from([100, 500]),
)
def test_no_column_in_doubt_is_told_as_sound(session, width):
    """A book that goes wrong for a while: what is told without a mark is the truth."""
    book = DenseBook(1.0)
    sampler = Sampler(book, LINEAR, width, 1.0)
    sync = BookSync(book, Streamed())
    sync.listen(sampler)
    told = Told(sampler)
    now = START
    sync.take(snapshot([(99.0, 1.0)], [(101.0, 1.0)], now, 0), 0)
    truth = [(now, 1.0)]
    doubts: list[list[float]] = []
    for number, (wait, kind, back) in enumerate(session, 1):
        now += wait
        if kind == "ask":
            told.ask(now)
        elif kind == "again" and sync.state is not SyncState.LIVE:
            truth.append((now, float(number)))
            sync.take(snapshot([(99.0, float(number))], [(101.0, 1.0)], now, number), 0)
            doubts[-1][1] = now
        elif kind == "over" and sync.state is SyncState.LIVE:
            # a snapshot that comes to a LIVE book: what was in between nobody told
            doubts.append([sync.event_ms, now])
            truth.append((now, float(number)))
            sync.take(snapshot([(99.0, float(number))], [(101.0, 1.0)], now, number), 0)
        elif kind == "apply" and sync.state is SyncState.LIVE:
            truth.append((now, float(number)))
            sync.take(update([(99.0, float(number))], [], now, sync.sequence.last + 1), 0)
        elif kind in ("lose", "wrong") and sync.state is SyncState.LIVE:
            at_ms = max(truth[0][0], now - back)
            if kind == "wrong":
                # from then on the book was not the venue's, and nobody knew
                at_ms = sync.event_ms
                sync.sequence.wrong = "it does not add up"
                sync.take(update([(99.0, 1e6)], [], now, sync.sequence.last + 1), 0)
                sync.sequence.wrong = ""
            else:
                sync.lose("in doubt", at_ms)
            doubts.append([at_ms, math.inf])
    end = now // width * width + width
    told.ask(end)

    def quantity(before_ms: int) -> float:
        return [qty for at, qty in truth if at < before_ms][-1]

    for start in range(START // width * width, end, width):
        stop = start + width
        hit = [d for d in doubts if d[0] < stop and d[1] >= start]
        column = told.columns.get(start)
        if not hit:
            assert column is not None, start
            assert not column["touched"] or start <= START, start
            assert column["last_bids"] == {99: quantity(stop)}
            assert column["best"] == (99.0, 101.0)
            assert column["bids"] == {
                99: max(quantity(end) for end in range(start + 100, stop + 1, 100))
            }
        elif column is not None:
            assert column["touched"], start
        else:
            assert start in told.spanned, start
        if hit and column is not None:
            # what was in doubt when the bucket ended has no best price to be believed
            doubted = any(d[0] < stop <= d[1] for d in doubts)
            assert column["best"] == ((None, None) if doubted else (99.0, 101.0)), start
        whole = any(d[0] <= start and d[1] >= stop for d in doubts)
        if whole and column is not None:
            assert column["bids"] == column["asks"] == column["last_bids"] == {}
            assert column["reach"] == (0.0, 0.0)


@pytest.mark.parametrize(
    ("market", "quote", "expected"),
    [
        (LINEAR, Quote.COIN, 3.0),
        (LINEAR, Quote.USD, 300.0),
        (SimpleNamespace(contract_size=0.01, inverse=False), Quote.COIN, 0.03),
        (INVERSE, Quote.USD, 300.0),
        (INVERSE, Quote.COIN, 3.0),
    ],
)
def test_contracts_and_inverse_instruments_are_converted(market, quote, expected):
    book = DenseBook(1.0)
    sampler = Sampler(book, market, 100, 1.0, quote)
    book.load(snapshot([(100.0, 3.0)], [(101.0, 1.0)]))
    sampler.live(START)
    frame = sampler.frame(START)
    assert frame.quote is quote
    assert frame.bids.qty.tolist() == pytest.approx([expected])


def test_the_bucket_in_which_a_book_begins_is_marked_also_where_it_begins_at_its_very_start():
    """A fetched snapshot may hold a part of what the next message tells."""
    sampler = Sampler(DenseBook(1.0), LINEAR, 100, 1.0)
    sync = BookSync(sampler.book, Streamed())
    sync.listen(sampler)
    told = Told(sampler)
    sync.take(snapshot([(99.0, 2.0)], [(101.0, 1.0)], START, 0), 0)
    sync.take(update([(99.0, 3.0)], [], START + 100, 1), 0)
    told.ask(START + 200)
    assert told.columns[START]["touched"]
    assert not told.columns[START + 100]["touched"]


def test_nothing_new_is_no_frame_and_a_quiet_book_is_observed_unchanged():
    book = DenseBook(1.0)
    sampler = Sampler(book, LINEAR, 100, 1.0)
    assert sampler.frame(START) is None
    book.load(snapshot([(100.0, 3.0)], [(101.0, 1.0)]))
    sampler.live(START)
    assert sampler.frame(START + 20).time_ms.tolist() == [START]
    assert sampler.frame(START + 60) is None
    assert sampler.frame(START + 260).time_ms.tolist() == [START + 100, START + 200]
    assert sampler.frame(START + 270) is None


def test_a_wall_that_was_pulled_before_the_column_ended_is_still_painted():
    book = DenseBook(1.0)
    sync = BookSync(book, Streamed())
    sampler = Sampler(book, LINEAR, 60_000, 1.0)
    sync.listen(sampler)
    minute = 60_000 * 1_000
    first = snapshot([(100.0, 3.0)], [(101.0, 1.0)], minute, 0, reach=(90.0, 110.0))
    sync.take(first, 0)
    sync.take(update([(95.0, 500.0)], [], minute + 10_000, 1), 0)
    sync.take(update([(95.0, 0.0)], [], minute + 59_000, 2), 0)
    frame = sampler.frame(minute + 59_950)
    assert dict(zip(*map(np.ndarray.tolist, frame.bids.at(0)), strict=True)) == {
        100.0: 3.0,
        95.0: 500.0,
    }
    assert frame.last_bids.price.tolist() == [100.0]


@pytest.mark.parametrize("interval_ms", [0, -100, 150, 50])
def test_a_column_is_a_multiple_of_100_ms_wide(interval_ms):
    with pytest.raises(ValueError, match="cannot be"):
        Sampler(DenseBook(1.0), LINEAR, interval_ms, 1.0)


@pytest.mark.parametrize("block_size", [0.0, -1.0, math.nan, math.inf])
def test_a_level_has_a_height(block_size):
    with pytest.raises(ValueError, match="cannot be"):
        Sampler(DenseBook(1.0), LINEAR, 100, block_size)


@pytest.mark.parametrize("reach", [(0.0, 1e15), (5.0, 1_000.0)])
def test_what_a_column_is_too_short_for_is_not_told_as_empty(reach):
    book = DenseBook(0.01)
    far = snapshot([(100.0, 3.0), (10.0, 7.0)], [(100.01, 1.0), (900.0, 4.0)], reach=reach)
    book.load(far)
    sampler = Sampler(book, LINEAR, 100, 0.01)
    sampler.live(START)
    frame = sampler.frame(START)
    low, high = frame.reach_px[0]
    assert low < 90
    assert high > 110
    assert low > 10.0
    assert high < 900.0
    assert frame.bids.price.tolist() == [100.0]
    assert frame.asks.price.tolist() == [100.01]


def test_a_book_lost_before_it_was_looked_at_leaves_nothing_of_the_one_before_it():
    sync = BookSync(DenseBook(1.0), Streamed())
    sampler = Sampler(sync.book, SimpleNamespace(contract_size=1.0, inverse=False), 1_000, 1.0)
    sync.listen(sampler)
    sync.take(snapshot([(99.0, 7.0)], [(101.0, 7.0)], 1_050, 1), 0)
    sampler.frame(1_100)
    sync.lose("silence", 1_200)
    sampler.frame(5_000)
    sync.begin(0)
    sync.take(snapshot([(89.0, 1.0)], [(91.0, 1.0)], 5_050, 2), 0)
    sync.lose("silence", 5_060)
    frame = sampler.frame(5_300)
    for runs in (frame.bids, frame.asks, frame.last_bids, frame.last_asks):
        assert not {99.0, 101.0} & set(runs.price.tolist())
