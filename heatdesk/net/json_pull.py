"""A JSON text read while it arrives: steps that stop where the bytes end and go on with more.

Every method that reads is a generator. It yields when it needs more bytes, so that a document is
read by ordinary nested code, of which nothing but a bounded rest of the text is ever held.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping
from typing import Any, TypeVar

import orjson

T = TypeVar("T")
Steps = Generator[None, None, T]
"""Reads something of type T; yields wherever it waits for bytes."""

MAX_TOKEN_BYTES = 1 << 20
"""Longest string, and longest value that is read as one."""
MAX_DEPTH = 512

OBJECT, LIST, QUOTE = ord("{"), ord("["), ord('"')
_CLOSING = 2
# A closing bracket stands two places behind its opening one in ASCII.
_COMMA, _COLON = ord(","), ord(":")
_LITERALS = (b"true", b"false", b"null")
_ODD_NUMBERS = (b"NaN", b"Infinity", b"-Infinity")

_BLANKS = re.compile(rb"[ \t\n\r]*+")
# Only single characters are repeated possessively: Python 3.11.2 misreads a group that is.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*"', re.DOTALL)
_WORD = re.compile(rb"[A-Za-z0-9+.\-]*+")
_NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?")
_ITEM = (
    rb"(?:-?(?:0|[1-9][0-9]{0,30}+)(?:\.[0-9]{1,30}+)?(?:[eE][+-]?[0-9]{1,4}+)?"
    rb'|true|false|null|"[ !#-\[\]-~]{0,200}+")'
)
# Elements that need no closer look: a list of them is passed over at once, not one by one.
_RUN_BYTES = 1 << 14
"""Passed over by one call, which holds the interpreter."""
_ITEMS = re.compile(rb"(?:[ \t\n\r]*+" + _ITEM + rb"[ \t\n\r]*+,)+")
_PLAIN = rb'[^{}\[\]"]*+'
_FLAT = rb"\{" + _PLAIN + rb'(?:"[^"\\]*+"' + _PLAIN + rb")*\}"
_SMALL_OBJECT = re.compile(
    rb"\{" + _PLAIN + rb'(?:(?:"[^"\\]*+"|' + _FLAT + rb")" + _PLAIN + rb")*\}"
)


class NotJson(ValueError):
    """The text is not JSON; the message says where and why."""


class JsonPull:
    """A scanner over the part of a JSON text that has come and was not read yet."""

    def __init__(self) -> None:
        self._text = b""
        self._at = 0
        self._mark: int | None = None
        self._dropped = 0
        self._ended = False

    def feed(self, data: bytes) -> None:
        """Add bytes; what was read is forgotten."""
        keep = self._at if self._mark is None else self._mark
        self._text = self._text[keep:] + data
        self._at -= keep
        self._dropped += keep
        if self._mark is not None:
            self._mark = 0

    def end(self) -> None:
        """No more bytes come."""
        self._ended = True

    def fault(self, why: str) -> NotJson:
        """Build the error for a text that breaks off the rules here."""
        return NotJson(f"{why} at byte {self._dropped + self._at}")

    # -- single steps

    def peek(self) -> Steps[int]:
        """Next byte that is not blank, left where it is; -1 at the end of the text."""
        while True:
            blanks = _BLANKS.match(self._text, self._at)
            self._at = blanks.end() if blanks else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if self._ended:
                return -1
            yield

    def begins(self, opening: int) -> Steps[bool]:
        """Tell whether the next value is an object or a list, as asked."""
        byte = yield from self.peek()
        if byte == -1:
            raise self.fault("the text ends early,")
        return byte == opening

    def string(self) -> Steps[str]:
        """Read a string."""
        yield from self._must_be(QUOTE, "no text")
        while (found := _STRING.match(self._text, self._at)) is None:
            yield from self._wait()
        text = decoded(found.group())
        if isinstance(text, orjson.JSONDecodeError):
            raise self.fault("a broken text")
        self._at = self._bounded(found.end())
        return str(text)

    def raw(self) -> Steps[bytes]:
        """Read a small value as it stands; it may still hold what strict JSON does not allow."""
        yield from self.peek()
        if found := _SMALL_OBJECT.match(self._text, self._at):
            self._at = self._bounded(found.end())
            return found.group()
        self._mark = self._at
        yield from self.skip(lenient=True)
        text = self._text[self._mark : self._at]
        self._bounded(self._at)
        self._mark = None
        return text

    def finish(self) -> Steps[None]:
        """Hold the rest of the text to be blank."""
        if (yield from self.peek()) != -1:
            raise self.fault("more than one value")

    # -- objects and lists

    def enter(self, opening: int) -> Steps[bool]:
        """Step into an object or a list; tell whether it holds anything."""
        yield from self._must_be(opening, "no " + chr(opening))
        self._at += 1
        if (yield from self.peek()) != opening + _CLOSING:
            return True
        self._at += 1
        return False

    def more(self, opening: int) -> Steps[bool]:
        """Step to the next member or element, or out behind the last one."""
        byte = yield from self.peek()
        if byte not in (_COMMA, opening + _CLOSING):
            raise self.fault("neither a comma nor " + chr(opening + _CLOSING))
        self._at += 1
        return byte == _COMMA

    def key(self) -> Steps[str]:
        """Read the name of a member, up to its value."""
        name = yield from self.string()
        yield from self._must_be(_COLON, "no colon")
        self._at += 1
        return name

    def members(
        self, handlers: Mapping[str, Callable[[], Steps[None]]], twice: Callable[[str], Exception]
    ) -> Steps[tuple[set[str], bool]]:
        """Read an object: members with a handler by it, the others are passed over.

        Parameters
        ----------
        twice : callable
            Builds the error for a name that a handler has read before.

        Returns
        -------
        set of str, bool
            Names that handlers read, and whether the object held anything at all.
        """
        seen: set[str] = set()
        more = filled = yield from self.enter(OBJECT)
        while more:
            name = yield from self.key()
            handler = handlers.get(name)
            if handler is None:
                yield from self.skip()
            elif name in seen:
                raise twice(name)
            else:
                seen.add(name)
                yield from handler()
            more = yield from self.more(OBJECT)
        return seen, filled

    def run(self, step: int) -> Steps[tuple[bytes, bool]]:
        """Text of the next numbers of a list that was entered, and whether they are its last.

        What is cut depends on the text alone, never on how it arrived: about ``step`` bytes up
        to a comma, or up to the first closing bracket. Nothing in it is looked at, and it may
        be empty.
        """
        while True:
            stop = self._text.find(b"]", self._at, self._at + step)
            if stop >= 0:
                text, self._at = self._text[self._at : stop], stop + 1
                return text, True
            if len(self._text) - self._at >= step:
                cut = self._text.rfind(b",", self._at, self._at + step)
                if cut < 0:
                    raise self.fault("no end of a number")
                text, self._at = self._text[self._at : cut], cut + 1
                return text, False
            yield from self._wait()

    def skip(self, lenient: bool = False) -> Steps[None]:
        """Pass over a value, held to the rules of JSON; ``lenient`` lets NaN and Infinity pass."""
        closing: list[int] = []
        while True:
            byte = yield from self.peek()
            if byte in (OBJECT, LIST):
                if len(closing) >= MAX_DEPTH:
                    raise self.fault("nested too deeply")
                if (yield from self.enter(byte)):
                    closing.append(byte)
                    yield from self._next(byte)
                    continue
            elif byte == QUOTE:
                yield from self.string()
            else:
                yield from self._scalar(lenient)
            while closing:
                if (yield from self.more(closing[-1])):
                    yield from self._next(closing[-1])
                    break
                closing.pop()
            else:
                return

    # -- inside

    def _next(self, opening: int) -> Steps[None]:
        """Go up to the next value of an object, or to the next one of a list worth a look."""
        if opening == OBJECT:
            yield from self.key()
        elif items := _ITEMS.match(self._text, self._at, self._at + _RUN_BYTES):
            self._at = items.end()

    def _scalar(self, lenient: bool) -> Steps[None]:
        while True:
            found = _WORD.match(self._text, self._at)
            stop = found.end() if found else self._at
            if stop < len(self._text) or self._ended:
                break
            yield from self._wait()
        word = self._text[self._at : stop]
        odd = lenient and word in _ODD_NUMBERS
        if not (odd or word in _LITERALS or is_number(word)):
            raise self.fault("no value")
        self._at = self._bounded(stop)

    def _must_be(self, byte: int, why: str) -> Steps[None]:
        if (yield from self.peek()) != byte:
            raise self.fault(why)

    def _wait(self) -> Steps[None]:
        if self._ended:
            raise self.fault("the text ends early,")
        self._bounded(len(self._text))
        yield

    def _bounded(self, stop: int) -> int:
        start = self._at if self._mark is None else self._mark
        if stop - start > MAX_TOKEN_BYTES:
            raise self.fault("a value that is too long")
        return stop


def decoded(text: bytes) -> Any:
    """Value of a strict JSON text, or the error.

    Raised, it would hang on the error that tells of it; and it holds the whole text.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return error


def is_number(word: bytes) -> bool:
    """Whether a word without blanks is a number by the rules of JSON."""
    return _NUMBER.fullmatch(word) is not None
