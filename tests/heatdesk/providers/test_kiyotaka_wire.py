"""Kiyotaka's answers become frames, or an error that names the field."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from heatdesk.errors import BadPayload, BadRequest
from heatdesk.frames import (
    BookSub,
    BookWindow,
    CandleSub,
    CandleWindow,
    LiquidationSub,
    LiquidationWindow,
)
from heatdesk.providers import kiyotaka_numbers
from heatdesk.providers.kiyotaka_frames import BOOK_SIDES, LIQUIDATION_SIDES, answer_of
from heatdesk.providers.kiyotaka_lists import parse_block_size, parse_markets, parse_usage
from heatdesk.providers.kiyotaka_wire import FlatReader, LevelGroup, PointsReader
from tests.servers import payloads

if TYPE_CHECKING:
    from collections.abc import Callable

BOOK: dict[str, Any] = json.loads(payloads.BOOK_POINTS)
LEVELS: dict[str, Any] = json.loads(payloads.LIQUIDATION_POINTS)
FLAT: dict[str, Any] = json.loads(payloads.BOOK_FLAT)
T_MS = payloads.BOOK_TIME_S * 1000
ALL_TIME = (0, 10**14)
ME = "kiyotaka"


def body(payload: object) -> bytes:
    return json.dumps(payload).encode()


def edited(payload: dict[str, Any], edit: Callable[[dict[str, Any]], object]) -> bytes:
    changed = copy.deepcopy(payload)
    edit(changed)
    return body(changed)


def point(payload: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = payload["series"][0]["points"][0]["Point"]
    return found


def book_of(snapshots: list[tuple[Any, list[float], list[float]]]) -> bytes:
    points = [
        {"Point": {"timestamp": stamp, "bids": bids, "asks": asks}}
        for stamp, bids, asks in snapshots
    ]
    return body({"series": [{"id": {}, "points": points}]})


def read_points(text: bytes, sides: Any, fast: bool = True) -> list[LevelGroup]:
    reader = PointsReader(sides, fast)
    return reader.feed(text) + reader.close()


def read_flat(text: bytes, sides: int, **rules: Any) -> list[LevelGroup]:
    reader = FlatReader(sides, **rules)
    return reader.feed(text) + reader.close()


def frame_of(text: bytes, sub: Any, span: Any, block_size: float, now_ms: int, flat: bool) -> Any:
    """Read a whole answer at once."""
    answer = answer_of(sub, span, block_size, flat=flat)
    (frame,) = answer.feed(text) + answer.close(now_ms)
    return frame


def parse_book(
    text: bytes, sub: BookSub, span: Any, block_size: float, now_ms: int, flat: bool = False
) -> BookWindow:
    frame: BookWindow = frame_of(text, sub, span, block_size, now_ms, flat)
    return frame


def parse_liquidation(
    text: bytes, sub: LiquidationSub, span: Any, now_ms: int, flat: bool = False
) -> LiquidationWindow:
    frame: LiquidationWindow = frame_of(text, sub, span, 0.0, now_ms, flat)
    return frame


def parse_candles(text: bytes, sub: CandleSub, span: Any, now_ms: int) -> CandleWindow:
    frame: CandleWindow = frame_of(text, sub, span, 0.0, now_ms, False)
    return frame


def test_the_documented_book_keeps_its_order_and_numbers() -> None:
    frame = parse_book(payloads.BOOK_POINTS.encode(), BookSub(ME), ALL_TIME, 25.0, 7)
    assert frame.time_ms.tolist() == [T_MS]
    assert frame.bids is not None
    assert frame.asks is not None
    assert frame.bids.price.tolist() == [70800, 70775, 70750]
    assert frame.bids.qty.tolist() == [156.241, 44.591, 45.816]
    assert frame.asks.price.tolist() == [70825, 70850, 70875]
    assert frame.asks.qty.tolist() == [43.533, 64.607, 100.674]
    assert (frame.block_size, frame.complete_ms) == (25.0, 7)


def test_the_documented_liquidations_keep_their_numbers() -> None:
    sub = LiquidationSub(ME)
    frame = parse_liquidation(payloads.LIQUIDATION_POINTS.encode(), sub, ALL_TIME, 0)
    assert frame.levels.price.tolist() == [66210, 66220, 66230]
    assert frame.levels.qty.tolist() == [0.07923, 1.6482400000000001, 0.16869]
    assert frame.tick_size == 10.0
    flat = parse_liquidation(payloads.LIQUIDATION_FLAT.encode(), sub, ALL_TIME, 0, flat=True)
    assert flat.time_ms.tolist() == [1776080040000, 1776080100000]
    assert flat.levels.at(1)[0].tolist() == [70300, 70310, 70350, 70370]
    assert flat.levels.at(1)[1].tolist() == [0.0077, 0.00027, 1.50843, 0.00486]


BOOK_MUTATIONS: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (lambda p: p.pop("series"), "series"),
    (lambda p: p.update(series={}), "series"),
    (lambda p: p["series"][0].pop("points"), "series[0].points"),
    (lambda p: p["series"][0].update(points=None), "series[0].points"),
    (lambda p: p["series"][0]["points"][0].pop("Point"), "series[0].points[0].Point"),
    (lambda p: p["series"][0]["points"].append(3), "series[0].points[1]"),
    (lambda p: point(p).pop("timestamp"), "series[0].points[0].Point.timestamp"),
    (lambda p: point(p).update(timestamp=5), "series[0].points[0].Point.timestamp"),
    (lambda p: point(p).update(timestamp={}), "series[0].points[0].Point.timestamp.s"),
    (lambda p: point(p).update(timestamp={"s": "5"}), "series[0].points[0].Point.timestamp.s"),
    (lambda p: point(p).update(timestamp={"s": T_MS}), "series[0].points[0].Point.timestamp.s"),
    (
        lambda p: point(p).update(timestamp={"s": 5, "ns": -1}),
        "series[0].points[0].Point.timestamp.ns",
    ),
    (lambda p: point(p).pop("bids"), "series[0].points[0].Point.bids"),
    (lambda p: point(p).pop("asks"), "series[0].points[0].Point.asks"),
    (lambda p: point(p).update(bids={}), "series[0].points[0].Point.bids"),
    (lambda p: point(p)["bids"].pop(), "series[0].points[0].Point.bids"),
    (lambda p: point(p)["bids"].__setitem__(2, "x"), "series[0].points[0].Point.bids[2]"),
    (lambda p: point(p)["bids"].__setitem__(3, None), "series[0].points[0].Point.bids[3]"),
    (lambda p: point(p)["bids"].__setitem__(3, True), "series[0].points[0].Point.bids[3]"),
    (lambda p: point(p)["bids"].__setitem__(3, [1]), "series[0].points[0].Point.bids[3]"),
    (lambda p: point(p)["asks"].__setitem__(1, -0.5), "series[0].points[0].Point.asks[1]"),
    (lambda p: point(p)["asks"].__setitem__(1, np.nan), "series[0].points[0].Point.asks[1]"),
    (lambda p: point(p)["asks"].__setitem__(5, np.inf), "series[0].points[0].Point.asks[5]"),
    (lambda p: point(p)["asks"].__setitem__(0, 0), "series[0].points[0].Point.asks[0]"),
    (lambda p: point(p)["asks"].__setitem__(4, 1e300), "series[0].points[0].Point.asks[4]"),
    (lambda p: point(p)["bids"].__setitem__(4, 5e-324), "series[0].points[0].Point.bids[4]"),
    (lambda p: point(p)["asks"].__setitem__(4, 70830), "series[0].points[0].Point.asks[4]"),
    (lambda p: point(p)["bids"].__setitem__(2, 70900), "series[0].points[0].Point.bids[2]"),
    (lambda p: point(p)["bids"].__setitem__(2, 70800), "series[0].points[0].Point.bids[2]"),
]


@pytest.mark.parametrize("fast", [True, False], ids=["simdjson", "orjson"])
@pytest.mark.parametrize(("edit", "field"), BOOK_MUTATIONS, ids=[f for _, f in BOOK_MUTATIONS])
def test_a_mutilated_book_names_its_field(
    edit: Callable[[dict[str, Any]], object], field: str, fast: bool
) -> None:
    damaged = edited(BOOK | {"more": 1}, edit)
    with pytest.raises(BadPayload) as refusal:
        read_points(damaged, BOOK_SIDES, fast)
    assert refusal.value.field == field
    assert field in refusal.value.user_message


def flat_of(payload: dict[str, Any]) -> list[Any]:
    found: list[Any] = payload["series"][0]["flat_points"]
    return found


FLAT_MUTATIONS: list[tuple[Callable[[dict[str, Any]], object], int]] = [
    (lambda p: flat_of(p).__setitem__(0, 21), 0),
    (lambda p: flat_of(p).__setitem__(0, -1), 0),
    (lambda p: flat_of(p).__setitem__(0, 2.5), 0),
    (lambda p: flat_of(p).__setitem__(0, 1e300), 0),
    (lambda p: flat_of(p).append(0), 42),
    (lambda p: flat_of(p).__setitem__(1, -5), 1),
    (lambda p: flat_of(p).__setitem__(1, 1e30), 1),
    (lambda p: flat_of(p).__setitem__(4, "x"), 4),
    (lambda p: flat_of(p).__setitem__(5, -1), 5),
    (lambda p: flat_of(p).__setitem__(4, 70575 - 25), 4),
]


@pytest.mark.parametrize(("edit", "index"), FLAT_MUTATIONS)
def test_a_mutilated_flattened_book_names_its_number(
    edit: Callable[[dict[str, Any]], object], index: int
) -> None:
    with pytest.raises(BadPayload) as refusal:
        read_flat(edited(FLAT, edit), sides=2)
    assert refusal.value.field == f"series[0].flat_points[{index}]"


def flat_book(*prices: float) -> bytes:
    levels = [number for price in prices for number in (price, 1.0)]
    return body({"series": [{"flat_points": [len(prices), 1.7e15, *levels]}]})


def test_a_flattened_book_may_hold_one_price_on_both_sides() -> None:
    assert read_flat(flat_book(90, 100, 100, 110), sides=2)
    with pytest.raises(BadPayload, match="duplicate"):
        read_flat(flat_book(90, 90, 100, 100), sides=2)
    with pytest.raises(BadPayload, match="duplicate"):
        read_flat(flat_book(90, 100, 100, 110), sides=1)
    # With two levels a side asked for, only the middle can be the boundary.
    with pytest.raises(BadPayload, match="duplicate"):
        read_flat(flat_book(90, 90, 100, 110), sides=2, depth=2)


def test_only_a_sum_of_venues_may_cross() -> None:
    crossed = flat_book(90, 100, 95, 110)
    assert read_flat(crossed, sides=2, crossed=True)
    with pytest.raises(BadPayload, match="out of order"):
        read_flat(crossed, sides=2)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"<html><body>wait</body></html>",
        b"[1,2",
        b'{"series":[}',
        b'{"series":"\xff"}',
        b"[" * 10_000,
        b"null",
        b"3",
    ],
)
def test_what_is_not_an_answer_is_said_in_words(text: bytes) -> None:
    with pytest.raises(BadPayload) as refusal:
        read_points(text, BOOK_SIDES)
    assert "Kiyotaka" in refusal.value.user_message


def test_both_decoders_give_equal_arrays() -> None:
    rng = np.random.default_rng(4)
    snapshots = []
    for k in range(30):
        qty = rng.exponential(size=40) * 10.0 ** rng.integers(-12, 12, size=40)
        bids = np.column_stack((1000.0 - np.arange(40) * 0.1, qty)).ravel().tolist()
        asks = np.column_stack((1000.1 + np.arange(40) * 0.1, qty[::-1])).ravel().tolist()
        snapshots.append(({"s": 1_700_000_000 + 60 * k}, bids, asks))
    text = book_of(snapshots)
    (fast,), (slow,) = (read_points(text, BOOK_SIDES, fast) for fast in (True, False))
    assert np.array_equal(fast.time_ms, slow.time_ms)
    for side, (a, b) in enumerate(zip(fast.sides, slow.sides, strict=True)):
        assert np.array_equal(a.price, b.price)
        assert np.array_equal(a.qty, b.qty)
        assert np.array_equal(a.offsets, b.offsets)
        assert a.price.tolist() == [p for snap in snapshots for p in snap[side + 1][::2]]


def test_it_works_without_simdjson(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kiyotaka_numbers, "simdjson", None)
    (series,) = read_points(payloads.LIQUIDATION_POINTS.encode(), LIQUIDATION_SIDES)
    assert series.sides[0].price.tolist() == [66210, 66220, 66230]


def test_nested_lists_never_pass_as_numbers() -> None:
    text = book_of([({"s": 5}, [[7.0], [8.0]], [])])  # type: ignore[list-item]
    with pytest.raises(BadPayload, match=r"bids\[0\]"):
        read_points(text, BOOK_SIDES)


def test_both_spellings_of_a_timestamp_are_read() -> None:
    stamps = [
        {"s": 1_700_000_000},
        {"s": 1_700_000_001, "ns": 250_000_000},
        {"seconds": 1_700_000_002, "nanoseconds": 999_999_999},
    ]
    text = book_of([(stamp, [1.0, 1.0], []) for stamp in stamps])
    (series,) = read_points(text, BOOK_SIDES)
    assert series.time_ms.tolist() == [1_700_000_000_000, 1_700_000_001_250, 1_700_000_002_999]


def test_snapshots_are_sorted_cut_to_the_span_and_of_one_time_the_last_is_kept() -> None:
    text = book_of(
        [
            ({"s": 300}, [3.0, 1.0], []),
            ({"s": 120}, [1.0, 1.0], []),
            ({"s": 180}, [2.0, 1.0, 1.0, 5.0], []),
            ({"s": 120}, [1.0, 9.0], []),
        ]
    )
    frame = parse_book(text, BookSub(ME), (120_000, 300_000), 1.0, 0)
    assert frame.time_ms.tolist() == [120_000, 180_000]
    assert frame.bids is not None
    assert frame.bids.at(0)[1].tolist() == [9.0]
    assert frame.bids.at(1)[0].tolist() == [2.0, 1.0]


@pytest.mark.parametrize("text", [b"{}", b'{"series":[]}', b'{"series":[{"points":[]}]}'])
def test_no_data_is_a_legal_answer(text: bytes) -> None:
    frame = parse_book(text, BookSub(ME), (0, 60_000), 5.0, 0)
    assert frame.time_ms.size == 0
    assert (frame.from_ms, frame.to_ms) == (0, 60_000)


def test_several_books_for_one_coin_are_refused_by_name() -> None:
    one = BOOK["series"][0]
    two = [one | {"id": {"rawSymbol": name}} for name in ("BTCUSDT", "BTCUSDC")]
    with pytest.raises(BadRequest, match="BTCUSDT, BTCUSDC"):
        parse_book(body({"series": two}), BookSub(ME, symbol="", coin="BTC"), ALL_TIME, 5.0, 0)


def candle(time_s: int, volume: float, **prices: float) -> dict[str, Any]:
    return {"Point": {"timestamp": {"s": time_s}, "volume": volume, **prices}}


def test_of_several_candle_series_the_busiest_is_taken() -> None:
    quiet = {"points": [candle(60, 1.0, open=1, high=1, low=1, close=1)]}
    busy = {"points": [candle(60, 9.0, open=2, high=4, low=1, close=3)]}
    frame = parse_candles(body({"series": [quiet, busy]}), CandleSub(ME), ALL_TIME, 0)
    assert frame.close.tolist() == [3.0]


def test_a_candle_that_left_fields_out_has_no_price_and_no_volume() -> None:
    text = body({"series": [{"points": [{"Point": {"timestamp": {"s": 60}, "open": 5}}]}]})
    frame = parse_candles(text, CandleSub(ME), ALL_TIME, 0)
    assert frame.open.tolist() == [5.0]
    assert np.isnan(frame.close[0])
    assert frame.volume_base.tolist() == [0.0]
    begun = body({"series": [{"points": [candle(60, 0, open=0, high=0, low=0, close=0)]}]})
    assert np.isnan(parse_candles(begun, CandleSub(ME), ALL_TIME, 0).open[0])


def test_a_wrong_candle_names_its_field() -> None:
    text = body({"series": [{"points": [candle(60, -1.0, open=1)]}]})
    with pytest.raises(BadPayload, match=r"points\[0\]\.Point\.volume"):
        parse_candles(text, CandleSub(ME), ALL_TIME, 0)


@pytest.mark.parametrize(
    ("payload", "size"),
    [
        ({"blockSizes": [3]}, 3.0),
        ({"blockSize": 0.05}, 0.05),
        ([{"blockSize": 5}], 5.0),
        ({"blockSizes": [25, 5]}, 5.0),
        ({"blockSizes": [0]}, 0.0),
        ({"blockSizes": []}, 0.0),
    ],
)
def test_block_sizes_are_read_in_every_shape(payload: object, size: float) -> None:
    assert parse_block_size(payload) == size


@pytest.mark.parametrize("payload", [{}, {"blockSizes": [-1]}, {"blockSizes": ["a"]}, [3], "x"])
def test_anything_else_is_no_block_size(payload: object) -> None:
    with pytest.raises(BadPayload):
        parse_block_size(payload)


def test_markets_come_in_pages() -> None:
    row = {"exchange": "BYBIT", "rawSymbol": "BTCUSDT", "coin": "BTC"}
    assert parse_markets({"symbols": [row], "nextOffset": 7}) == (
        [("BYBIT", "BTCUSDT", "BTC", "")],
        7,
    )
    with pytest.raises(BadPayload, match=r"symbols\[0\]\.exchange"):
        parse_markets({"symbols": [{"rawSymbol": "X"}]})


def test_usage_is_told_as_it_comes() -> None:
    assert parse_usage({"tier": "free", "left": {"day": 7}}) == "tier free, left.day 7"


def test_usage_never_tells_a_key() -> None:
    served = {"apiKey": "abc-123", "user": {"access_token": ["def"]}, "keys": 2, "tier": "free"}
    assert parse_usage(served) == "keys 2, tier free"
