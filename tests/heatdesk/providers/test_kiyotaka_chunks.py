"""However an answer is cut into chunks, it means the same; and nothing broken passes."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatdesk.errors import BadPayload
from heatdesk.providers import kiyotaka_wire as wire
from heatdesk.providers.kiyotaka_frames import BOOK_SIDES
from heatdesk.providers.kiyotaka_wire import FlatReader, LevelReader, PointsReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SETTINGS = settings(max_examples=120, deadline=None, database=None)
PLACES = st.lists(st.integers(0, 3000), max_size=6)
QTY = st.one_of(
    st.integers(0, 10**6), st.floats(0, 1e12, allow_nan=False), st.sampled_from([0, 1e-300, 5e21])
)


@pytest.fixture(autouse=True, scope="module")
def small_steps() -> Iterator[None]:
    """Runs and groups so small that a short answer has many of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wire, "RUN_BYTES", 48)
        patch.setattr(wire, "GROUP_LEVELS", 6)
        yield


@st.composite
def snapshots(draw: st.DrawFn) -> list[tuple[int, list[Any], list[Any]]]:
    """Times, bids and asks as flat lists."""
    found = []
    for k in range(draw(st.integers(0, 6))):
        sides = []
        for direction in (-1, 1):
            qty = draw(st.lists(QTY, max_size=7))
            side = [x for j, q in enumerate(qty) for x in (1000 + direction * (j + 0.5), q)]
            sides.append(side)
        found.append((1_700_000_000 + 60 * k + draw(st.integers(0, 2)), *sides))
    return found


@st.composite
def texts(draw: st.DrawFn, book: list[tuple[int, list[Any], list[Any]]], flat: bool) -> bytes:
    """Write a book the way servers may: keys in any order, blanks, things nobody knows."""
    extra = draw(
        st.sampled_from([{}, {"x": [[{"]": "}"}], '\\"]']}, {"x": None, "y": {"z": -1e9}}])
    )
    if flat:
        numbers: list[Any] = []
        for time_s, bids, asks in book:
            pairs = [bids[i : i + 2] for i in range(0, len(bids), 2)][::-1]
            levels = [x for pair in pairs for x in pair] + asks
            numbers += [len(levels) // 2, time_s * 10**6, *levels]
        content: dict[str, Any] = {"flat_points": numbers}
    else:
        points = [
            {"Point": shuffled(draw, {"timestamp": {"s": t}, "bids": b, "asks": a} | extra)}
            for t, b, a in book
        ]
        content = {"points": points}
    identity = {
        "id": draw(st.sampled_from([{}, None, {"rawSymbol": "B\u20acT]", "exchange": 'A"'}]))
    }
    series = [shuffled(draw, content | identity | extra)]
    whole = shuffled(draw, {"series": series} | extra)
    indent = draw(st.sampled_from([None, 1, "\t"]))
    return json.dumps(whole, indent=indent, ensure_ascii=draw(st.booleans())).encode()


def shuffled(draw: st.DrawFn, members: dict[str, Any]) -> dict[str, Any]:
    return {key: members[key] for key in draw(st.permutations(sorted(members)))}


def cut(text: bytes, places: Iterable[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    return [text[a:b] for a, b in pairwise(edges)]


def outcome(reader: LevelReader, chunks: Iterable[bytes]) -> Any:
    """What came of an answer, in values that can be compared."""
    try:
        groups = [group for chunk in chunks for group in reader.feed(chunk)] + reader.close()
    except BadPayload as error:
        # a decoder's error holds the whole text
        return error.field, error.user_message, error.__context__
    sides = [
        [(run.offsets.tolist(), run.price.tolist(), run.qty.tolist()) for run in group.sides]
        for group in groups
    ]
    times = [group.time_ms.tolist() for group in groups]
    return times, sides, [(series.name, series.snapshots) for series in reader.series]


def reader(flat: bool, fast: bool = True) -> LevelReader:
    return FlatReader(2, fast=fast) if flat else PointsReader(BOOK_SIDES, fast)


def bytewise(text: bytes) -> list[bytes]:
    return [text[i : i + 1] for i in range(len(text))]


@SETTINGS
@given(st.data(), st.booleans(), PLACES)
def test_chunks_change_nothing_and_every_number_arrives(
    data: st.DataObject, flat: bool, places: list[int]
) -> None:
    book = data.draw(snapshots())
    text = data.draw(texts(book, flat))
    whole = outcome(reader(flat), [text])
    assert outcome(reader(flat), cut(text, places)) == whole
    assert outcome(reader(flat), bytewise(text)) == whole
    assert outcome(reader(flat, fast=False), cut(text, places)) == whole
    times, sides, _ = whole
    assert [t for group in times for t in group] == [t * 1000 for t, _, _ in book]
    price = [p for group in sides for p in group[0][1]]
    qty = [q for group in sides for q in group[0][2]]
    if flat:
        assert sorted(price) == sorted(x for _, b, a in book for x in b[::2] + a[::2])
    else:
        assert price == [x for _, bids, _ in book for x in bids[::2]]
        assert qty == [float(x) for _, bids, _ in book for x in bids[1::2]]


@SETTINGS
@given(
    st.data(),
    st.booleans(),
    PLACES,
    st.integers(0, 10**6),
    st.sampled_from(
        [
            *(bytes([byte]) for byte in b']}[{,"-e70 :<\\\xff'),
            *(b"", b",,", b"NaN", b"Infinity", b"null", b"true", b"[1]", b"{}", b"1e999", b'"a,b"'),
        ]
    ),
    st.integers(0, 3),
)
def test_a_damaged_answer_fails_the_same_however_it_was_cut_and_never_passes_broken(
    data: st.DataObject, flat: bool, places: list[int], at: int, junk: bytes, gone: int
) -> None:
    text = data.draw(texts(data.draw(snapshots()), flat))
    at %= len(text)
    damaged = text[:at] + junk + text[at + gone :]
    whole = outcome(reader(flat), [damaged])
    assert outcome(reader(flat), cut(damaged, places)) == whole
    assert outcome(reader(flat), bytewise(damaged)) == whole
    assert outcome(reader(flat, fast=False), [damaged]) == whole
    if isinstance(whole[0], list):
        # what is read is strict JSON; a number that nobody reads may have any size
        orjson.loads(damaged.replace(b"1e999", b"1"))
    else:
        assert "Kiyotaka" in whole[1]
        assert whole[2] is None


@pytest.mark.parametrize("end", [0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("flat", [False, True])
def test_an_answer_that_ends_early_is_not_json(end: float, flat: bool) -> None:
    levels = [x for j in range(9) for x in (1000 + j, 1.5)]
    content: dict[str, Any] = {"flat_points": [9, 1.7e15, *levels]}
    if not flat:
        point = {"timestamp": {"s": 5}, "bids": [], "asks": levels}
        content = {"points": [{"Point": point}, {"Point": point}]}
    text = json.dumps({"series": [content]}).encode()
    field, message, _ = outcome(reader(flat), [text[: int(len(text) * end)]])
    assert field == ""
    assert "not JSON" in message


@pytest.mark.parametrize(
    ("numbers", "at"),
    [
        ("7, 1, 8, [2], 9, 3", 3),
        ("7, 1, 8,", 3),
        ("7,, 8, 2", 1),
        (",7, 1", 0),
        ('7, "1, 8, 2', 1),
        ('7, "]", 8, 2', 1),
        ("7, 1 2, 8, 2", 1),
        ("7, 01, 8, 2", 1),
        ("7, +1, 8, 2", 1),
        ("7, 1., 8, 2", 1),
        ("7, 0x1, 8, 2", 1),
        ("7, 1, true, 2", 2),
        ("7, 1, {}, 2", 2),
        ("7, -Infinity, 8, 2", 1),
        ("7, 1e999, 8, 2", 1),
    ],
)
@pytest.mark.parametrize("before", [0, 40])
@pytest.mark.parametrize("fast", [True, False], ids=["simdjson", "orjson"])
def test_a_number_that_is_none_is_named_by_its_place_in_the_whole_list(
    numbers: str, at: int, before: int, fast: bool
) -> None:
    """Whether it stands in the first run that is decoded or in a later one."""
    good = [f"{100 + k / 8!r}, 1" for k in range(-before, 0)]
    text = ", ".join([*good, numbers.replace("7", "200").replace("8", "300")])
    body = f'{{"series":[{{"points":[{{"Point":{{"timestamp":{{"s":5}},"bids":[],"asks":[{text}]}}}}]}}]}}'
    field, _, _ = outcome(PointsReader(BOOK_SIDES, fast), [body.encode()])
    assert field == f"series[0].points[0].Point.asks[{2 * before + at}]"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ('{"series":[],"series":[]}', "series"),
        ('{"series":[{"points":[],"points":[]}]}', "series[0].points"),
        ('{"series":[{"id":{},"points":[],"id":{}}]}', "series[0].id"),
        (
            '{"series":[{"points":[{"Point":{"bids":[],"bids":[1,2]}}]}]}',
            "series[0].points[0].Point.bids",
        ),
        ('{"series":[{"id":7,"points":[]}]}', "series[0].id"),
        ('{"series":[{"points":[]},{"points":{}}]}', "series[1].points"),
    ],
)
def test_what_is_told_twice_or_is_of_another_kind_is_named(body: str, field: str) -> None:
    assert outcome(PointsReader(BOOK_SIDES), [body.encode()])[0] == field


def test_a_side_without_an_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_LEVELS", 50)
    bids = ",".join(f"{1000 - k},1" for k in range(60))
    points = f'{{"series":[{{"points":[{{"Point":{{"timestamp":{{"s":5}},"asks":[],"bids":[{bids}'
    field, message, _ = outcome(PointsReader(BOOK_SIDES), [points.encode()])
    assert field.endswith("Point.bids")
    assert "more than 50 levels" in message
    field, _, _ = outcome(FlatReader(1), [b'{"series":[{"flat_points":[101,1.7e15,1,1,2,2'])
    assert field == ""
    numbers = ",".join(map(str, range(1, 60)))
    field, _, _ = outcome(
        FlatReader(1), [f'{{"series":[{{"flat_points":[101,1.7e15,{numbers}'.encode()]
    )
    assert field == "series[0].flat_points[0]"


def test_arrays_of_a_group_are_its_own() -> None:
    """A snapshot that is kept must not keep the whole answer alive."""
    levels = [x for j in range(5) for x in (1000 + j, 1.5)]
    text = json.dumps({"series": [{"flat_points": [5, 1.7e15, *levels] * 20}]}).encode()
    flat = FlatReader(1)
    groups = flat.feed(text) + flat.close()
    assert len(groups) > 5
    for group in groups:
        for array in (group.time_ms, group.sides[0].price, group.sides[0].qty):
            owner = array if array.base is None else array.base
            assert isinstance(owner, np.ndarray)
            assert owner.nbytes == array.nbytes
