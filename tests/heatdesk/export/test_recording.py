"""Rules of a recorded book: the end of each whole bucket, NaN for what nobody can vouch for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from heatdesk.errors import (
    BadPayload,
    BadRequest,
    BodyCut,
    ProviderError,
    Unreachable,
    UsageError,
)
from heatdesk.export.arguments import parse_arguments, subscription_from
from heatdesk.export.job import write_frames
from heatdesk.export.recording import Columns, Recorder
from heatdesk.frames import BookSub, BookWindow, Flaw, Notice, Quote, Subscription
from heatdesk.net.budget import Limits, RateBudget
from heatdesk.net.client import JsonClient
from heatdesk.net.ledger import Ledger
from heatdesk.providers.base import Provider, ProviderContext, ProviderSpec, Span
from heatdesk.settings import Settings
from tests.heatdesk.clocks import JumpingClock
from tests.heatdesk.store.books import Snapshot
from tests.heatdesk.store.live import START_MS, live

SUB = BookSub("binance-usdm", interval_ms=100, block_size=5.0)
REACH = (90.0, 120.0)
BOOK = ["export", "order-book", "--provider", "binance-usdm", "--symbol", "BTCUSDT"]
FOR = ["--interval", "200ms", "--for", "60s", "--out", "a.npz"]


def one(bid: float) -> tuple[Snapshot, Snapshot]:
    return {100.0: bid}, {105.0: 1.0}


def recorded(*frames: BookWindow) -> BookWindow:
    columns = Columns(SUB)
    for frame in frames:
        columns.take(frame)
    return columns.whole()


def written(window: BookWindow, path: Path) -> dict[str, Any]:
    args = parse_arguments([*BOOK, *FOR[:-1], str(path)])
    args.told = write_frames(path, args, [window])
    with np.load(path) as arrays:
        return {**arrays, "told": args.told}


def numbers(window: BookWindow) -> list[int]:
    return ((window.time_ms - START_MS) // 100).astype(int).tolist()  # type: ignore[no-any-return]


def test_first_and_last_bucket_are_left_out_and_the_last_form_of_each_counts(
    tmp_path: Path,
) -> None:
    window = recorded(
        live({0: one(1.0), 1: one(1.0)}, reach_px=REACH, complete=1.5),
        live({1: one(9.0), 2: one(3.0)}, {1: one(2.0)}, reach_px=REACH, complete=2.5),
        live({3: one(4.0), 4: one(4.0)}, reach_px=REACH, complete=4.5),
    )
    assert numbers(window) == [1, 2, 3]
    assert (window.from_ms, window.to_ms) == (START_MS + 100, START_MS + 400)
    found = written(window, tmp_path / "book.npz")
    assert found["price"].tolist() == [100.0, 105.0]
    assert found["bid"].tolist() == [[2.0, 0.0], [3.0, 0.0], [4.0, 0.0]]
    assert found["ask"][:, 1].tolist() == [1.0, 1.0, 1.0]
    assert found["told"].endswith("3 of 3 buckets were recorded")


def test_what_a_gap_touched_what_is_missing_and_what_is_outside_the_reach_is_nan(
    tmp_path: Path,
) -> None:
    window = recorded(
        live({0: one(1.0), 1: one(1.0)}, reach_px=REACH),
        live({2: one(1.0)}, reach_px=REACH, flaws=[Flaw.TOUCHED]),
        live({5: ({100.0: 5.0, 85.0: 7.0}, {115.0: 2.0})}, asked=(3, 6), reach_px=(82.0, 118.0)),
        live({6: ({100.0: 6.0}, {})}, reach_px=(99.0, 105.0)),
        live({7: one(7.0)}, reach_px=REACH, flaws=[Flaw.PARTIAL]),
    )
    found = written(window, tmp_path / "book.npz")
    assert found["time_ms"].tolist() == [START_MS + n * 100 for n in range(1, 8)]
    # the level of 115 is cut by the reach; it is no level of the file
    assert found["price"].tolist() == [85.0, 100.0, 105.0]
    nan = np.nan
    expected = [
        [nan, 1.0, 0.0],
        [nan, nan, nan],
        [nan, nan, nan],
        [nan, nan, nan],
        [7.0, 5.0, 0.0],
        [nan, 6.0, nan],
        [nan, nan, nan],
    ]
    np.testing.assert_array_equal(found["bid"], expected)
    assert found["told"].endswith("3 of 7 buckets were recorded")


def test_the_text_form_holds_the_same_levels(tmp_path: Path) -> None:
    window = recorded(
        live({0: one(1.0), 1: one(0.1)}, reach_px=REACH),
        live({2: one(1.0)}, reach_px=REACH, flaws=[Flaw.TOUCHED]),
    )
    path = tmp_path / "book.csv"
    write_frames(path, parse_arguments([*BOOK, *FOR[:-1], str(path)]), [window])
    rows = path.read_text(encoding="utf-8").splitlines()
    time_ms = START_MS + 100
    assert rows[1:] == [f"{time_ms},100.0,0.1,0.0", f"{time_ms},105.0,0.0,1.0"]


def sum_of_two() -> BookWindow:
    """Three columns of a sum whose second venue knows from 105 on, and less in the last."""
    book: tuple[Snapshot, Snapshot] = ({95.0: 1.0, 100.0: 2.0}, {105.0: 3.0})
    window = live({0: book, 1: book, 2: book}, reach_px=REACH, complete=3.0)
    first, second = (90.0, 120.0), (105.0, 120.0)
    parts = [[first, second], [first, second], [first, (107.0, 120.0)]]
    return recorded(replace(window, parts_reach_px=np.array(parts)))


def test_a_recorded_sum_says_how_many_venues_knew_each_level(tmp_path: Path) -> None:
    found = written(sum_of_two(), tmp_path / "sum.npz")
    assert found["venues_known"].dtype == np.uint8
    assert found["price"].tolist() == [95.0, 100.0, 105.0]
    assert found["venues_known"].tolist() == [[1, 1, 2], [1, 1, 1]]
    path = tmp_path / "sum.csv"
    write_frames(path, parse_arguments([*BOOK, *FOR[:-1], str(path)]), [sum_of_two()])
    rows = [row.split(",") for row in path.read_text(encoding="utf-8").splitlines()]
    assert rows[0] == ["time_ms", "price", "bid_qty", "ask_qty", "venues_known"]
    assert [(row[1], row[4]) for row in rows[1:4]] == [
        ("95.0", "1"),
        ("100.0", "1"),
        ("105.0", "2"),
    ]


def test_where_a_sum_knows_nothing_no_venue_is_counted(tmp_path: Path) -> None:
    book = ({95.0: 1.0}, {105.0: 3.0})
    window = live({0: book, 1: book, 4: book}, reach_px=REACH, complete=5.0)
    parts = np.tile(np.array([REACH, REACH]), (3, 1, 1))
    found = written(recorded(replace(window, parts_reach_px=parts)), tmp_path / "sum.npz")
    assert found["venues_known"].tolist() == [[2, 2], [0, 0], [0, 0], [2, 2]]
    lone = written(recorded(window), tmp_path / "one.npz")
    assert "venues_known" not in lone


def test_levels_that_change_their_height_end_a_recording() -> None:
    columns = Columns(SUB)
    columns.take(live({0: one(1.0)}))
    with pytest.raises(BadPayload, match="height of a level"):
        columns.take(live({1: one(1.0)}, block_size=10.0))


class Venue(Provider):
    """Plays steps: frames, errors, and numbers it sleeps."""

    spec = ProviderSpec("binance-usdm", "Binance Perp", needs_key=False, offers=(BookSub,))
    steps: list[Any]

    async def stream(self, sub: Subscription, covered: Sequence[Span]) -> AsyncIterator[Any]:
        while self.steps:
            step = self.steps.pop(0)
            if isinstance(step, ProviderError):
                raise step
            if isinstance(step, int | float):
                await self.context.clock.sleep(step)
            else:
                yield step
        await asyncio.Event().wait()


def record(steps: list[Any], for_s: float = 3.0, timeout_s: float = 20.0) -> tuple[Any, list[str]]:
    clock = JumpingClock()
    said: list[str] = []
    budget = RateBudget("venue", Limits(), Ledger(), clock)
    http = JsonClient("venue", "venue", "", dict, clock, budget)
    venue = Venue(ProviderContext(clock, http, budget, Settings()))
    venue.steps = steps

    async def work() -> BookWindow:
        window = await Recorder(venue, SUB, for_s, timeout_s, clock, said.append).run()
        assert not asyncio.all_tasks() - {asyncio.current_task()}
        return window

    return asyncio.run(work()), said


def seconds(first: int, stop: int) -> list[Any]:
    """A column each 100 ms, as it comes."""
    return [step for n in range(first, stop) for step in (live({n: one(1.0)}, reach_px=REACH), 0.1)]


def test_it_records_for_as_long_as_it_was_told_from_the_first_column_on() -> None:
    window, said = record([Notice(note="connecting"), 7.5, *seconds(0, 100)])
    assert 26 <= window.time_ms.size <= 31
    assert said == ["Recording for 3 s."]


def test_a_failure_on_the_way_is_asked_again_and_leaves_a_gap() -> None:
    cut = BodyCut("venue", "The connection was cut.")
    window, said = record([*seconds(0, 10), cut, *seconds(20, 60)])
    assert set(range(10, 20)).isdisjoint(numbers(window))
    assert {5, 25} <= set(numbers(window))
    assert said[1] == "The connection was cut. Trying again in 1 s."


def test_a_failure_at_once_that_waiting_does_not_help_ends_it() -> None:
    with pytest.raises(Unreachable, match="no route"):
        record([Unreachable("venue", "no route")])


@pytest.mark.parametrize(
    "steps",
    [
        [Notice(note="waiting for the book")],
        [*seconds(0, 5), Notice(gap_since_ms=START_MS, note="waiting for the book")],
    ],
)
def test_patience_ends_with_the_reason_in_words(steps: list[Any]) -> None:
    with pytest.raises(Unreachable, match=r"nothing came for 20 s \(waiting for the book\)"):
        record(steps, for_s=300.0)


def test_a_sum_that_lacks_a_venue_for_good_is_refused_at_once() -> None:
    partial = live({0: one(1.0)}, reach_px=REACH, flaws=[Flaw.PARTIAL])
    refusal = Notice(refused="Kraken has no market FOO/USD")
    with pytest.raises(BadRequest, match="Kraken has no market FOO/USD"):
        record([partial, refusal, *seconds(1, 60)])
    window, _ = record([*seconds(0, 20), refusal, *seconds(20, 60)])
    assert window.time_ms.size > 20, "what was recorded before is not thrown away"


def test_a_recording_without_one_whole_bucket_is_none() -> None:
    frames = [live({n: one(1.0)}, reach_px=REACH, flaws=[Flaw.TOUCHED]) for n in range(30)]
    with pytest.raises(Unreachable, match="no bucket"):
        record(frames)


@pytest.mark.parametrize(
    ("flags", "word"),
    [
        (["--interval", "200ms"], "--for 60s"),
        ([*FOR, "--from", "2026-04-13T12:00"], "no past"),
        ([*FOR, "--period", "1h"], "no past"),
        ([*FOR, "--form", "flat"], "no past"),
        ([*FOR, "--depth", "20"], "--depth"),
        ([*FOR, "--coin", "BTC"], "--symbol"),
        ([*FOR, "--venue", "KRAKEN"], "BINANCE_FUTURES"),
        ([*FOR, "--venue", "BINANCE_FUTURES", "--venue", "KRAKEN"], "--provider exchanges"),
        (["--interval", "1m", "--for", "90s"], "too short"),
        ([*FOR, "--for", "soon"], "duration"),
    ],
)
def test_a_wrong_recording_is_refused_in_one_sentence(flags: list[str], word: str) -> None:
    out = [] if "--out" in flags else ["--out", "a.npz"]
    with pytest.raises(UsageError) as refusal:
        parse_arguments([*BOOK, *flags, *out])
    assert word in refusal.value.user_message


@pytest.mark.parametrize(
    ("flags", "word"),
    [
        (["--symbol", "BTCUSDT"], "--coin"),
        (["--coin", "BTC"], "at least two"),
        (["--coin", "BTC", "--venue", "KRAKEN"], "at least two"),
        (["--coin", "BTC", "--venue", "KRAKEN", "--venue", "CME"], "CME has no live feed"),
    ],
)
def test_a_sum_names_a_coin_and_two_venues(flags: list[str], word: str) -> None:
    with pytest.raises(UsageError) as refusal:
        parse_arguments(["export", "order-book", "--provider", "exchanges", *flags, *FOR])
    assert word in refusal.value.user_message


def test_a_source_with_a_past_is_not_recorded() -> None:
    kiyotaka = ["export", "order-book", "--venue", "BYBIT", "--coin", "BTC", "--out", "a.csv"]
    for flags, word in (
        (["--interval", "1m", "--for", "60s"], "live book"),
        (["--interval", "200ms", "--for", "60s"], "live book"),
        (["--interval", "1m"], "--from and --period"),
        (["--interval", "200ms", "--from", "2026-04-13T12:00", "--period", "1h"], "under a minute"),
    ):
        with pytest.raises(UsageError) as refusal:
            parse_arguments([*kiyotaka, *flags])
        assert word in refusal.value.user_message


def test_flags_of_a_recording_name_one_book_of_the_venue() -> None:
    sub = subscription_from(parse_arguments([*BOOK, *FOR, "--block-size", "1"]))
    assert sub == BookSub(
        "binance-usdm", ("BINANCE_FUTURES",), "BTCUSDT", "", 200, block_size=1.0, depth=None
    )
    kraken = [*BOOK[:3], "kraken", "--symbol", "BTC/USD", *FOR]
    assert subscription_from(parse_arguments(kraken)).venues == ("KRAKEN",)  # type: ignore[union-attr]
    flags = ["--coin", "BTC", "--venue", "BINANCE_FUTURES", "--venue", "BYBIT_SPOT", *FOR]
    summed = subscription_from(parse_arguments([*BOOK[:3], "exchanges", *flags]))
    assert isinstance(summed, BookSub)
    assert (summed.quote, summed.coin, summed.symbol) == (Quote.USD, "BTC", "")
