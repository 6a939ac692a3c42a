"""A large answer is drawn while it comes: true pieces first, and complete only at its end."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from heatdesk.engine import Engine
from heatdesk.errors import BadPayload, BadRequest, BodyCut
from heatdesk.frames import (
    BookSub,
    BookWindow,
    LiquidationSub,
    LiquidationWindow,
    Notice,
    is_piece,
)
from heatdesk.net import body as body_module
from heatdesk.providers import kiyotaka_wire as wire
from heatdesk.providers.kiyotaka_frames import LevelAnswer, answer_of
from heatdesk.providers.kiyotaka_weight import most_bytes
from heatdesk.store.market import MarketStore
from tests.heatdesk.providers.test_kiyotaka import (
    BUCKET_MS,
    ME,
    MINUTE_MS,
    Desk,
    SteppingClock,
    data_of,
)
from tests.servers import faults
from tests.servers.base import json_reply
from tests.servers.kiyotaka import KiyotakaServer
from tests.servers.synthetic import SyntheticSource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from heatdesk.frames import Frame
    from heatdesk.providers.base import Provider

T0_S = 1_700_000_040
SUB = BookSub(ME, venues=("BYBIT",), symbol="BTCUSDT", block_size=1.0)
LEVELS_SUB = LiquidationSub(ME)
NAMED = {"rawSymbol": "BTCUSDT", "exchange": "BYBIT"}
SPAN = (T0_S * 1000, (T0_S + 60 * 40) * 1000)
LATER_MS = SPAN[1] + 5


@pytest.fixture(autouse=True)
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "GROUP_LEVELS", 40)
    monkeypatch.setattr(wire, "RUN_BYTES", 64)
    monkeypatch.setattr(body_module, "CHUNK_BYTES", 1024)


def book_points(times_s: list[int], qty: float = 1.0) -> list[dict[str, Any]]:
    return [
        {
            "Point": {
                "timestamp": {"s": t},
                "bids": [x for j in range(4) for x in (99 - j, qty + j)],
                "asks": [x for j in range(4) for x in (101 + j, qty + 2 * j)],
            }
        }
        for t in times_s
    ]


def minutes(*numbers: int) -> list[int]:
    return [T0_S + 60 * k for k in numbers]


def answer(*series: dict[str, Any]) -> bytes:
    return json.dumps({"series": list(series)}).encode()


def read(
    text: bytes, sub: Any = SUB, *, flat: bool = False, pieces: bool = True, step: int = 100
) -> tuple[list[Any], list[Any]]:
    """Frames that came before the end of an answer, and those that came with it."""
    making = answer_of(sub, SPAN, 1.0, flat=flat, pieces=pieces)
    early = [f for i in range(0, len(text), step) for f in making.feed(text[i : i + step])]
    return early, making.close(LATER_MS)


def filled(sub: Any, frames: list[Any]) -> Any:
    """Everything a store tells after these frames."""
    store = MarketStore()
    for frame in frames:
        store.apply(sub, frame)
    heat = store.heatmap(sub)
    assert heat is not None
    columns = heat.first_column, heat.last_column + 1
    levels = heat.first_level, heat.last_level + 1
    cells = {
        name: [f"{qty:.2g}" for qty in heat.values[heat.codes(name, *columns, *levels)].ravel()]
        for name in heat.planes
    }
    return columns, levels, cells, heat.column_state(*columns).tolist(), store.covered(sub)


def test_pieces_cover_nothing_and_the_last_frame_covers_all() -> None:
    text = answer({"id": NAMED, "points": book_points(minutes(*range(5, 30)))})
    early, late = read(text)
    assert len(early) >= 2
    assert all(is_piece(frame) for frame in [*early, *late[:-1]])
    assert not is_piece(late[-1])
    assert late[-1].time_ms.size == 0
    assert (late[-1].from_ms, late[-1].to_ms, late[-1].complete_ms) == (*SPAN, LATER_MS)
    assert all((frame.from_ms, frame.to_ms) == SPAN for frame in early)
    store = MarketStore()
    for frame in [*early, *late[:-1]]:
        store.apply(SUB, frame)
    assert store.covered(SUB) == []
    (whole,) = read(text, pieces=False)[1]
    assert filled(SUB, [*early, *late]) == filled(SUB, [whole])
    assert filled(SUB, [whole])[-1] == [SPAN]


def test_a_small_answer_is_one_frame() -> None:
    for count in (0, 1, 4):
        early, late = read(answer({"id": NAMED, "points": book_points(minutes(*range(count)))}))
        assert early == []
        (frame,) = late
        assert frame.time_ms.size == count
        assert frame.complete_ms == LATER_MS


@pytest.mark.parametrize(
    "identity",
    [{}, None, {"rawSymbol": "BTCUSDC"}, NAMED | {"exchange": "BINANCE"}, {"coin": "BTC"}],
)
def test_a_series_that_does_not_say_what_it_is_waits_for_the_end(identity: Any) -> None:
    text = answer({"id": identity, "points": book_points(minutes(*range(30)))})
    early, late = read(text)
    assert early == []
    assert len(late) > 2
    assert [is_piece(frame) for frame in late] == [True] * (len(late) - 1) + [False]


def test_a_coin_or_a_sum_of_venues_is_judged_when_all_has_come() -> None:
    points = book_points(minutes(*range(30)))
    by_coin = BookSub(ME, venues=("BYBIT",), symbol="", coin="BTC", block_size=1.0)
    several = BookSub(ME, venues=("BYBIT", "BINANCE"), symbol="", coin="BTC", block_size=1.0)
    for sub in (by_coin, several):
        assert read(answer({"id": {"coin": "BTC"}, "points": points}), sub)[0] == []


def test_an_id_behind_its_points_opens_the_way_when_it_comes() -> None:
    text = answer({"points": book_points(minutes(*range(30))), "id": NAMED, "more": "x" * 300})
    early, late = read(text)
    assert len(early) > 1
    assert text.index(b'"id"') > len(text) / 2
    assert sum(frame.time_ms.size for frame in [*early, *late]) == 30


def test_of_several_series_nothing_but_the_one_that_was_asked_is_ever_given() -> None:
    asked = {"id": NAMED, "points": book_points(minutes(*range(30)))}
    other = {"id": {"rawSymbol": "BTCUSDC"}, "points": book_points(minutes(*range(30)), 7.0)}
    for series, given in (((asked, other), True), ((other, asked), False)):
        making = LevelAnswer(SUB, SPAN, 1.0, flat=False, pieces=True)
        text = answer(*series)
        early = [f for i in range(0, len(text), 99) for f in making.feed(text[i : i + 99])]
        assert bool(early) == given
        assert all(frame.bids.qty.max() == 4.0 for frame in early)
        with pytest.raises(BadRequest, match="2 series for BTCUSDT") as refusal:
            making.close(LATER_MS)
        assert "BTCUSDC" in refusal.value.user_message


def test_what_is_served_last_wins_over_an_earlier_piece() -> None:
    old, new = book_points(minutes(*range(30)), 1.0), book_points(minutes(*range(10)), 50.0)
    text = answer({"id": NAMED, "points": [*old, *reversed(new)]})
    early, late = read(text)
    (whole,) = read(text, pieces=False)[1]
    assert len(early) > 2
    assert filled(SUB, [*early, *late]) == filled(SUB, [whole])
    assert whole.time_ms.size == 30
    assert whole.bids.at(3)[1].max() == 53.0
    for frame in early:
        assert np.all(np.diff(frame.time_ms) > 0)


def test_snapshots_outside_the_span_are_left_out_of_every_piece() -> None:
    text = answer({"id": NAMED, "points": book_points(minutes(*range(-20, 60)))})
    early, late = read(text)
    times = np.concatenate([frame.time_ms for frame in [*early, *late]])
    assert times.tolist() == [1000 * t for t in minutes(*range(40))]


def test_the_flattened_form_comes_in_pieces_too() -> None:
    numbers: list[float] = []
    for t in minutes(*range(30)):
        numbers += [5, t * 1e6, *(x for j in range(5) for x in (100 + j, j))]
    text = answer({"id": NAMED, "flat_points": numbers})
    early, late = read(text, flat=True)
    assert len(early) > 2
    assert all(frame.unsided is not None for frame in [*early, *late])
    (whole,) = read(text, flat=True, pieces=False)[1]
    assert filled(SUB, [*early, *late]) == filled(SUB, [whole])


def test_the_step_of_liquidation_levels_is_the_smallest_seen_so_far() -> None:
    points = [
        {"Point": {"timestamp": {"s": t}, "levels": [100, 1, 100 + step, 2, 200, 3]}}
        for t, step in zip(minutes(*range(30)), [10] * 15 + [5] * 15, strict=True)
    ]
    early, late = read(answer({"id": {"coin": "BTC"}, "points": points}), LEVELS_SUB)
    frames = [*early, *late]
    assert all(isinstance(frame, LiquidationWindow) for frame in frames)
    steps = [frame.tick_size for frame in frames]
    assert steps == sorted(steps, reverse=True)
    assert (steps[0], steps[-1]) == (10.0, 5.0)


def test_what_breaks_in_a_later_piece_is_named_by_its_place_in_the_answer() -> None:
    points = book_points(minutes(*range(30)))
    points[25]["Point"]["asks"][3] = -1.0
    text = answer({"id": NAMED, "points": points})
    making = answer_of(SUB, SPAN, 1.0, pieces=True)
    early: list[Frame] = []

    def whole() -> None:
        for i in range(0, len(text), 100):
            early.extend(making.feed(text[i : i + 100]))
        making.close(LATER_MS)

    with pytest.raises(BadPayload, match="asks") as refusal:
        whole()
    assert refusal.value.field == "series[0].points[25].Point.asks[3]"
    assert "only what came before that is shown" in refusal.value.user_message
    assert early
    assert all(is_piece(frame) for frame in data_of(early))


# ------------------------------------------------------------------------ against a server
@pytest.fixture
def desk() -> Iterator[Desk]:
    clock = SteppingClock()
    with KiyotakaServer(
        SyntheticSource(1, 4),
        limits="strict",
        clock_s=clock.monotonic_s,
        now_s=lambda: clock.now_ms() / 1000,
    ) as server:
        made = Desk(server, clock, "advanced")
        yield made
        made.ledger.close()


BOOK = BookSub(ME, depth=3, points=60)


def take_requests(provider: Provider, sub: Any, asked: int, server: KiyotakaServer) -> Any:
    async def work() -> list[Frame]:
        got: list[Frame] = []
        stream: Any = provider.stream(sub, ())
        async with aclosing(stream):
            async for frame in stream:
                got.append(frame)
                points = [r for r in server.requests if r.path == "/v1/points"]
                if not isinstance(frame, Notice) and not is_piece(frame) and len(points) == asked:
                    break
        return got

    return work()


def test_a_stream_goes_on_from_the_newest_bucket_of_all_pieces(desk: Desk) -> None:
    frames = desk.run(lambda provider: take_requests(provider, BOOK, 3, desk.server))
    start_s = BUCKET_MS // 1000
    assert desk.windows()[1:] == [(start_s, start_s + 120), (start_s + 60, start_s + 180)]
    windows = data_of(frames)
    assert sum(map(is_piece, windows)) > 2
    assert sum(not is_piece(frame) for frame in windows) == 3
    told = [f.progress for f in frames if isinstance(f, Notice) and f.progress is not None]
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0.0, 1.0)
    assert len(set(told)) > 4, "it moves with every piece"
    tail = windows[-1]
    assert tail.time_ms.size, "a small answer holds its own snapshots"


def test_one_frame_is_fetched_in_either_form(desk: Desk) -> None:
    span = (BUCKET_MS - 30 * MINUTE_MS, BUCKET_MS + MINUTE_MS)

    async def work(provider: Any) -> tuple[BookWindow, BookWindow]:
        sub = BookSub(ME, depth=3, block_size=5.0)
        return await provider.fetch(sub, span), await provider.fetch_flat(sub, span)

    sided, flat = desk.run(work)
    assert sided.time_ms.size == flat.time_ms.size == 31
    assert not is_piece(sided)
    assert flat.unsided is not None
    assert sided.bids.price.size + sided.asks.price.size == flat.unsided.price.size


def test_no_answer_is_read_that_is_larger_than_what_was_asked_can_be(desk: Desk) -> None:
    desk.server.inject(faults.huge(40), path="/v1/points")
    span = (BUCKET_MS - 30 * MINUTE_MS, BUCKET_MS + MINUTE_MS)
    with pytest.raises(BadPayload, match="larger than 8 MiB"):
        desk.run(lambda provider: provider.fetch(BookSub(ME, depth=3, block_size=5.0), span))
    desk.server.broken_connections.clear()


@pytest.mark.parametrize("depth", [10, 3500, None])
def test_every_answer_that_was_asked_for_fits_the_limit(depth: int | None) -> None:
    levels = 2 * (depth or 3500)
    longest = len(b'{"Point":{"timestamp":{"s":1700000040},"bids":[],"asks":[]}},') + levels * len(
        b"70800.000000000007,0.079230000000000001,"
    )
    assert most_bytes(BookSub(ME, depth=depth), 1000) > 1000 * longest


def test_buckets_that_end_while_an_answer_comes_were_not_complete(desk: Desk) -> None:
    span = (BUCKET_MS - 30 * MINUTE_MS, BUCKET_MS + MINUTE_MS)
    asked_ms = desk.clock.now_ms()

    async def work(provider: Any) -> list[Any]:
        frames = []
        sub = BookSub(ME, depth=3, block_size=5.0)
        async for frame in provider.answer(sub, span, pieces=True):
            frames.append(frame)
            desk.clock.time_ms += 2 * MINUTE_MS
        return frames

    frames = desk.run(work)
    assert len(frames) > 3
    assert frames[-1].complete_ms == asked_ms < span[1]


def _negative_late(payload: Any) -> None:
    payload["series"][0]["points"][50]["Point"]["bids"][1] = -1


def _spoiled(request: Any, healthy: Any) -> Any:
    payload = healthy().json()
    _negative_late(payload)
    return json_reply(payload)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [(faults.cut_short(0.8), BodyCut), (faults.Fault("late", _spoiled), BadPayload)],
    ids=["cut", "spoiled"],
)
def test_an_answer_that_fails_midway_leaves_true_columns_uncovered_and_is_asked_again(
    desk: Desk, fault: faults.Fault, kind: type[Exception]
) -> None:
    desk.server.inject(fault, path="/v1/points")
    store = MarketStore()
    before: list[Any] = []

    async def scenario() -> None:
        def failed(sub: Any, error: Any) -> None:
            held = store.heatmap(BOOK)
            assert held is not None
            states = held.column_state(held.first_column, held.last_column + 1)
            before.append((type(error), set(states.tolist()), store.covered(BOOK)))

        engine = Engine(store, desk.set.build, desk.clock, lambda: 0.0, on_error=failed)
        engine.want(frozenset({BOOK}))
        running = asyncio.create_task(engine.run())
        for _ in range(2000):
            await asyncio.sleep(0.002)
            if store.covered(BOOK):
                break
        engine.stop()
        await running

    asyncio.run(scenario())
    assert before == [(kind, {1}, [])], "nothing is a gap, nothing is complete"
    asked = desk.windows()
    waited_s = asked[1][0] - asked[0][0]
    assert waited_s in (0, 60), "the same stretch is asked again"
    (covered,) = store.covered(BOOK)
    assert covered[0] == asked[1][0] * 1000
