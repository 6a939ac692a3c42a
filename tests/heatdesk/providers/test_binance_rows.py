"""A long difference is read into arrays, and means what the decoder of all messages makes of it."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatdesk.books.events import BookChange
from heatdesk.books.rows import Rows
from heatdesk.errors import BadPayload
from heatdesk.providers import binance_wire as wire
from heatdesk.providers.binance_rules import UsdmRules
from heatdesk.providers.live import reading
from heatdesk.providers.live.reading import Source

SOURCE = Source("binance-usdm", "Binance Perp")
DIGITS = st.text("0123456789", min_size=1, max_size=20)
WRITTEN = st.one_of(
    st.decimals(0, 10**9, allow_nan=False, places=3).map(str),
    st.builds("{}.{}".format, DIGITS, DIGITS),
    DIGITS,
)


def message(bids: list[list[str]], asks: list[list[str]], **more: Any) -> bytes:
    data = {"e": "depthUpdate", "E": 5, "T": 5, "s": "BTCUSDT", "U": 7, "u": 9, "pu": 6}
    data |= {"b": bids, "a": asks} | more
    envelope = {"stream": "btcusdt@depth@100ms", "data": data}
    return json.dumps(envelope, separators=(",", ":")).encode()


def plain(count: int = 80, first: int = 600_000) -> list[list[str]]:
    return [[f"{(first + i) / 10:.2f}", f"{i / 1000:.3f}"] for i in range(count)]


def without_arrays(raw: bytes, monkeypatch: pytest.MonkeyPatch) -> wire.Envelope | str | None:
    """What the message is when nothing is read into arrays."""
    with monkeypatch.context() as patch:
        patch.setattr(wire, "_ROWS_BYTES", len(raw) + 1)
        return outcome(raw)


def outcome(raw: bytes) -> wire.Envelope | str | None:
    try:
        found = wire.read_message(raw, SOURCE)
    except BadPayload as error:
        return f"{error.field}: {error}"
    if found is not None and isinstance(found.data, wire.DepthUpdate):
        found.data.b, found.data.a = list(found.data.b), list(found.data.a)
    return found


@pytest.fixture(params=["simdjson", "msgspec"], autouse=True)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "msgspec":
        monkeypatch.setattr(reading, "_parser", None)
    elif reading._parser is None:
        pytest.skip("no simdjson here")


def test_a_long_difference_becomes_arrays_and_says_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raw = message(plain(70), plain(55, 700_000))
    (event,) = UsdmRules().parse("public", raw, None)  # type: ignore[arg-type]
    assert isinstance(event, BookChange)
    assert isinstance(event.bids, Rows)
    assert isinstance(event.asks, Rows)
    assert (event.symbol, event.event_ms) == ("BTCUSDT", 5)
    assert (event.first_id, event.last_id, event.prev_id) == (7, 9, 6)
    assert outcome(raw) == without_arrays(raw, monkeypatch)


@given(st.lists(st.tuples(WRITTEN, WRITTEN).map(list), min_size=1, max_size=30), st.data())
def test_every_number_is_what_float_makes_of_its_text(levels: list[list[str]], data: Any) -> None:
    bids = levels[: data.draw(st.integers(1, len(levels)))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wire, "_ROWS_BYTES", 0)
        raw = message(bids, levels)
        found = outcome(raw)
        assert found == without_arrays(raw, patch)
    if isinstance(found, wire.Envelope):
        assert isinstance(found.data, wire.DepthUpdate)
        assert found.data.b == [(float(price), float(qty)) for price, qty in bids]
        assert found.data.a == [(float(price), float(qty)) for price, qty in levels]


def test_twelve_decimals_and_many_digits_are_exact() -> None:
    price, qty = "0.000001234567", "123456789012.345678901234"
    found = wire.read_message(message([[price, qty]] * 90, [["0.1", "1"]]), SOURCE)
    assert found is not None
    assert isinstance(found.data, wire.DepthUpdate)
    assert isinstance(found.data.b, Rows)
    assert found.data.b[89] == (float(Decimal(price)), float(Decimal(qty)))


@pytest.mark.parametrize(
    "odd",
    [
        ["60000.1", "-1"],
        ["0", "1"],
        ["0.00", "1"],
        ["-5", "1"],
        ["", "1"],
        ["1e5", "1.5e-3"],
        ["NaN", "1"],
        ["1", "Infinity"],
        ["1.2.3", "1"],
        ["1.", "1"],
        [".5", "1"],
        ["007", "1"],
        ["1000000000000000", "1"],
        ["1" + "0" * 300, "1"],
        ["1" + "0" * 400 + ".5", "1"],
        ["5", "1000000000000000000"],
        ["5", "500000000000000000"],
        ["0." + "0" * 400 + "1", "1"],
        ["5", "1", "2"],
        ["5"],
        [],
        [60000.1, 2],
        ["60000.1", None],
        ["60 000", "1"],
        ['6"', "1"],
        "text",
        None,
        [["5", "1"]],
        {"p": "5"},
    ],
    ids=repr,
)
def test_an_odd_level_among_many_passes_or_fails_as_it_does_alone(
    odd: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for at in (0, 40, 80):
        levels: list[Any] = plain()
        levels.insert(at, odd)
        for raw in (message(levels, plain()), message(plain(), levels)):
            assert outcome(raw) == without_arrays(raw, monkeypatch)


def test_a_bad_level_among_many_is_named() -> None:
    levels = plain()
    levels[41] = ["60000.1", "-1"]
    with pytest.raises(BadPayload) as caught:
        wire.read_message(message(plain(), levels), SOURCE)
    assert caught.value.field == "data.a[41][1]"


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.replace(b'"E":5', b'"E":-5'),
        lambda raw: raw.replace(b'"u":9', b'"u":"x"'),
        lambda raw: raw.replace(b'"U":7,', b""),
        lambda raw: raw.replace(b"depthUpdate", b"depthRumour"),
        lambda raw: raw.replace(b"depthUpdate", b"trade"),
        lambda raw: raw[:-1],
        lambda raw: raw[:-2],
        lambda raw: raw + b"}",
        lambda raw: raw[: len(raw) // 2],
        lambda raw: raw.replace(b'"],["', b'"], ["'),
        lambda raw: raw.replace(b'"],["', b'"]["', 1),
        lambda raw: raw.replace(b'"],["', b'",["', 1),
        lambda raw: raw.replace(b'"],["', b'"],5["', 1),
        lambda raw: raw.replace(b'"],["', b'"5],["', 1),
        lambda raw: raw.replace(b'"],["', b'"],[5"', 1),
        lambda raw: raw.replace(b'"],["', b'"].,["', 1),
        lambda raw: raw.replace(b'","', b'"5,"', 60),
        lambda raw: raw.replace(b'","', b'",5"', 60),
        lambda raw: raw.replace(b'],"a":[', b'],"a5":['),
        lambda raw: raw.replace(b'],"a":[', b'],"a":5['),
        lambda raw: raw.replace(b'],"a":[', b'], "a": ['),
        lambda raw: raw.replace(b'],"a":[', b'],"x":['),
        lambda raw: raw.replace(b'"s":', b'"b":[],"s":'),
        lambda raw: raw[:-2] + b',"b":[]}}',
        lambda raw: raw[:-2] + b',"\\u0061":[]}}',
        lambda raw: raw[:-2] + b',"b": []}}',
        lambda raw: raw[:-2] + b',"b":null}}',
        lambda raw: raw[:-2] + b',"x":[]}}',
        lambda raw: raw[:-2] + b',"x":"["}}',
        lambda raw: raw.replace(b'"b":', b'"x\\"b":'),
        lambda raw: raw[:-2] + b',"a" :[]}}',
        lambda raw: raw.replace(b'"b":', b'"x":{"b":').replace(b"}}", b'},"b":[],"a":[]}}'),
        lambda raw: raw.replace(b'"stream"', b'"x"'),
        lambda raw: raw[raw.index(b'"data":') + 7 : -1],
        lambda raw: raw.replace(b'"a":[', b'"a":[],"a":['),
        lambda raw: raw.replace(b"BTCUSDT", b"BTC\xff"),
        lambda raw: raw.replace(b"BTCUSDT", b'[[\\"]]'),
        lambda raw: raw.replace(b'"pu":6', b'"pu":6,"x":[["1","2"]]'),
        lambda raw: raw[:-2] + b',"x":[["1","2"]]}}',
    ],
)
def test_a_message_that_is_written_otherwise_is_read_as_ever(
    change: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = change(message(plain(), plain(60, 700_000)))
    assert outcome(raw) == without_arrays(raw, monkeypatch)


@pytest.mark.parametrize(("bids", "asks"), [(200, 0), (0, 200), (1, 199), (199, 1)])
def test_either_side_may_be_short_or_empty(
    bids: int, asks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = message(plain(bids), plain(asks, 700_000))
    found = outcome(raw)
    assert found == without_arrays(raw, monkeypatch)
    assert isinstance(found, wire.Envelope)
    assert isinstance(found.data, wire.DepthUpdate)
    assert (len(found.data.b), len(found.data.a)) == (bids, asks)
