"""The frame of every answer, read while it comes: an object, its series, what identifies them.

One way through a document for all forms of an answer; what a series holds is the business of the
form. Everything found is handed out in groups of snapshots that were checked.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

import orjson

from heatdesk.errors import BadPayload
from heatdesk.net.json_pull import LIST, OBJECT, JsonPull, NotJson, Steps, decoded
from heatdesk.providers.kiyotaka_checks import PROVIDER, TITLE, bad

G = TypeVar("G")
T = TypeVar("T")
Handlers = Mapping[str, Callable[[], Steps[None]]]

_LATEST_S = 10**11


@dataclass(slots=True)
class Series:
    """What an answer says about one of its series.

    Attributes
    ----------
    path : str
        Where it stands, such as ``series[0]``.
    identity : dict or None
        Its ``id``; None until that was read, or where there is none.
    snapshots : int
        How many were read so far.
    """

    path: str
    identity: dict[str, Any] | None = None
    snapshots: int = 0

    @property
    def name(self) -> str:
        """What the server calls it, for people; may be empty."""
        identity = self.identity or {}
        words = [identity[key] for key in ("rawSymbol", "exchange", "coin") if key in identity]
        return " ".join(str(word) for word in words)


class AnswerReader(ABC, Generic[G]):
    """Reads ``{"series": [{"id": {...}, <content>: [...]}]}`` as its bytes come.

    Keys may come in any order and unknown ones are passed over; a known one that comes twice
    in an object is refused, for nobody can tell which is meant (inside small values, which are
    read as one, the last of them counts). The result depends on the bytes alone, never on how
    they were cut into chunks.

    Attributes
    ----------
    series : list of Series
        Those met so far.
    """

    content: str

    def __init__(self) -> None:
        self.series: list[Series] = []
        self.pull = JsonPull()
        self._found: list[G] = []
        self._web_page = False
        self._steps = self._document()

    def feed(self, data: bytes) -> list[G]:
        """Read on; give the groups that became whole.

        Raises
        ------
        BadPayload
            Naming the field that does not fit. Nothing can be read afterwards.
        """
        self.pull.feed(data)
        return self._advance()

    def close(self) -> list[G]:
        """Take note that the answer is over; give the rest.

        Raises
        ------
        BadPayload
        """
        self.pull.end()
        return self._advance()

    @abstractmethod
    def read_content(self, series: Series) -> Steps[None]:
        """Read what a series holds."""

    @abstractmethod
    def flush(self, series: Series) -> None:
        """Hand out what is left of a series that was read to its end."""

    def hand_out(self, group: G) -> None:
        """Note a group that is whole."""
        self._found.append(group)

    def read_object(self, path: str, handlers: Handlers) -> Steps[set[str]]:
        """Read an object; give the names that handlers read."""
        if not (yield from self.pull.begins(OBJECT)):
            raise bad(path, "is not an object")
        seen, _ = yield from self.pull.members(handlers, partial(_twice, path))
        return seen

    def read_list(self, path: str, element: Callable[[int], Steps[None]]) -> Steps[None]:
        """Read a list, its elements by a function of their position."""
        if not (yield from self.pull.begins(LIST)):
            raise bad(path, "is not a list")
        at = 0
        more = yield from self.pull.enter(LIST)
        while more:
            yield from element(at)
            at += 1
            more = yield from self.pull.more(LIST)

    def read_small(self, read: Callable[[Any], T]) -> Steps[T]:
        """Read a small value whole; ``read`` judges it once decoded."""
        text = yield from self.pull.raw()
        value = decoded(text)
        if isinstance(value, orjson.JSONDecodeError):
            # Strict JSON has no NaN: name the field that holds it, if that is all.
            with suppress(ValueError, RecursionError):
                read(json.loads(text.decode()))
            raise self.pull.fault(f"{value}, in what ends")
        return read(value)

    def _advance(self) -> list[G]:
        why = ""
        try:
            next(self._steps, None)
        except NotJson as error:
            why = str(error)
        if why:  # raised out here, so that nothing that knows the text hangs on it
            kind = "a web page" if self._web_page else "something that is not JSON"
            text = f"{TITLE} sent {kind} instead of data."
            raise BadPayload(PROVIDER, text, f"{PROVIDER}: not JSON: {why}")
        found, self._found = self._found, []
        return found

    def _document(self) -> Steps[None]:
        first = yield from self.pull.peek()
        if first != OBJECT:
            self._web_page = first == ord("<")
            yield from self.pull.skip()
            yield from self.pull.finish()
            raise bad("", "is not an object")
        series = partial(self.read_list, "series", self._one_series)
        seen, filled = yield from self.pull.members({"series": series}, partial(_twice, ""))
        yield from self.pull.finish()
        if filled and not seen:  # ``{}`` is the proto-JSON of no series at all
            raise bad("series", "is missing")

    def _one_series(self, at: int) -> Steps[None]:
        series = Series(f"series[{at}]")
        self.series.append(series)
        handlers: Handlers = {
            "id": partial(self._identity, series),
            self.content: partial(self.read_content, series),
        }
        seen = yield from self.read_object(series.path, handlers)
        require(seen, series.path, self.content)
        self.flush(series)

    def _identity(self, series: Series) -> Steps[None]:
        def judge(value: Any) -> None:
            if value is not None and not isinstance(value, dict):
                raise bad(f"{series.path}.id", "is not an object")
            series.identity = value

        yield from self.read_small(judge)


def require(seen: set[str], path: str, *keys: str) -> None:
    """Hold an object to have its members."""
    for key in keys:
        if key not in seen:
            raise bad(f"{path}.{key}", "is missing")


def time_ms_of(stamp: Any, path: str) -> int:
    """Milliseconds of ``{"s", "ns"}``, or of ``{"seconds", "nanoseconds"}``."""
    if not isinstance(stamp, dict):
        raise bad(path, "is not an object")
    long = "s" not in stamp and "seconds" in stamp
    seconds_key, nanos_key = ("seconds", "nanoseconds") if long else ("s", "ns")
    require(set(stamp), path, seconds_key)
    seconds, nanos = stamp[seconds_key], stamp.get(nanos_key, 0)
    if not _is_whole(seconds) or not 0 < seconds < _LATEST_S:
        raise bad(f"{path}.{seconds_key}", "is not a time in whole seconds")
    if not _is_whole(nanos) or not 0 <= nanos < 10**9:
        raise bad(f"{path}.{nanos_key}", "is not a number of nanoseconds")
    return int(seconds) * 1000 + int(nanos) // 1_000_000


def _twice(path: str, name: str) -> BadPayload:
    return bad(f"{path}.{name}" if path else name, "is there twice")


def _is_whole(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
