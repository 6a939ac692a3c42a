"""A JSON text read while it arrives is held to the same rules as one that is there at once."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatdesk.net import json_pull
from heatdesk.net.json_pull import LIST, OBJECT, JsonPull, NotJson

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

FEW = settings(max_examples=150, deadline=None, database=None)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**6), 10**6)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


def read(chunks: Iterable[bytes], steps: Callable[[JsonPull], Generator[None, None, Any]]) -> Any:
    """Read a whole document from chunks."""
    pull = JsonPull()

    def whole() -> Generator[None, None, Any]:
        found = yield from steps(pull)
        yield from pull.finish()
        return found

    reading = whole()
    try:
        for chunk in chunks:
            pull.feed(chunk)
            next(reading)
        pull.end()
        next(reading)
    except StopIteration as over:
        return over.value
    raise AssertionError("it waits for more than the end")


def is_json(chunks: Iterable[bytes]) -> bool:
    try:
        read(chunks, JsonPull.skip)
    except NotJson:
        return False
    return True


def cut(text: bytes, places: Iterable[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    return [text[a:b] for a, b in pairwise(edges)]


def strictly(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError as error:
        # the rules of JSON allow a number of any size
        return "infinity when parsed" in str(error)
    return True


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"  ",
        b"{}",
        b"[]",
        b"[1,]",
        b'[1, 2, -0.5e3, true, null, "a", "\\n", "\xc3\xa9", [], 1e300, 12]',
        b"[1, 2, 03, 4]",
        b'[1, 2, "\t", 4]',
        b"[[1, 2,], 3]",
        b'{"a": [1, "b", ], "c": 2}',
        b"[" + b"1" * 50 + b", " + b'"x", "' + b"x" * 300 + b'", 2]',
        b"[,1]",
        b'{"a":1,}',
        b'{"a"}',
        b'{"a":{"b":[true,null,"\\"]}"]}}',
        b'"open',
        b'"\\u12"',
        b'"\\u00e9"',
        b'"\n"',
        b'"\xff"',
        b'"\xc3\xa9\xe2\x82\xac"',
        b"\xef\xbb\xbf{}",
        b"1.5e10",
        b"01",
        b"-",
        b"-0.0",
        b"1.",
        b"1e",
        b"nul",
        b"nulls",
        b"NaN",
        b"[Infinity]",
        b"3 4",
        b"{} []",
        b"]",
        b"[[",
        b"<html>",
    ],
)
def test_what_is_json_does_not_depend_on_where_it_was_cut(text: bytes) -> None:
    assert is_json([text]) == strictly(text)
    assert is_json([text[i : i + 1] for i in range(len(text))]) == strictly(text)


@FEW
@given(VALUES, st.lists(st.integers(0, 400), max_size=5), st.sampled_from([None, 1, "\t"]))
def test_every_document_passes_in_any_chunks(value: Any, places: list[int], indent: Any) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False).encode()
    assert is_json(cut(text, places))
    taken = read(cut(text, places), JsonPull.raw)
    assert json.loads(taken) == value


@FEW
@given(
    VALUES, st.integers(0, 400), st.binary(max_size=2), st.lists(st.integers(0, 400), max_size=4)
)
def test_a_damaged_document_is_refused_exactly_where_strict_json_refuses_it(
    value: Any, at: int, junk: bytes, places: list[int]
) -> None:
    text = json.dumps(value).encode()
    at %= len(text)
    damaged = text[:at] + junk + text[at + 1 :]
    assert is_json(cut(damaged, places)) == strictly(damaged)


def test_members_and_elements_are_read_one_by_one() -> None:
    def steps(pull: JsonPull) -> Generator[None, None, list[str]]:
        found: list[str] = []

        def numbers() -> Generator[None, None, None]:
            last = not (yield from pull.enter(LIST))
            while not last:
                text, last = yield from pull.run(8)
                found.append(text.decode())

        seen, filled = yield from pull.members({"a": numbers}, KeyError)
        return [*found, *sorted(seen), str(filled)]

    text = b'{"x": [[1]], "a": [1,22,333,4444, 5], "y": "]"}'
    whole = read([text], steps)
    assert whole == ["1,22", "333", "4444, 5", "a", "True"]
    assert read([text[i : i + 1] for i in range(len(text))], steps) == whole


def test_a_name_that_is_read_comes_once() -> None:
    def steps(pull: JsonPull) -> Generator[None, None, Any]:
        return (yield from pull.members({"a": pull.skip}, KeyError))

    assert read([b'{"b":1,"b":2,"a":3}'], steps) == ({"a"}, True)
    with pytest.raises(KeyError, match="a"):
        read([b'{"a":1,"a":2}'], steps)


def test_nothing_grows_without_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_pull, "MAX_TOKEN_BYTES", 1000)
    deep = b"[" * (json_pull.MAX_DEPTH + 1)
    for text in (b'"' + b"x" * 2000, b"1" * 2000, deep):
        assert not is_json([text[i : i + 100] for i in range(0, len(text), 100)])
    assert is_json([b"[" + b'"abc",' * 1000 + b"0]"])


def test_an_object_needs_its_opening() -> None:
    with pytest.raises(NotJson, match="at byte 2"):
        read([b"  [1]"], lambda pull: pull.enter(OBJECT))
