"""Runs of numbers to arrays: simdjson where it is installed, orjson otherwise.

Whatever the fast way does not like is read once more, number by number: that run alone, and its
complaint names the number. So there is one wording, and nothing passes the one that the other
refuses.
"""

from __future__ import annotations

import logging
from importlib import import_module
from typing import Any

import numpy as np
import orjson

from heatdesk.frames.market import Float64Array
from heatdesk.net.json_pull import is_number
from heatdesk.providers.kiyotaka_checks import bad

try:
    simdjson: Any = import_module("simdjson")
except ImportError:  # optional: no build for every platform
    simdjson = None

log = logging.getLogger(__name__)

RUN_BYTES = 64 * 1024
"""A run of this size holds the interpreter for a fraction of a millisecond."""
_BLANKS = b" \t\n\r"
_ODD = (b"NaN", b"Infinity", b"-Infinity")


class RunDecoder:
    """Decodes one run after the other.

    Parameters
    ----------
    fast : bool
        Whether simdjson may be used.
    """

    def __init__(self, fast: bool = True) -> None:
        self._parser = simdjson.Parser() if fast and simdjson is not None else None

    def decode(self, text: bytes, path: str, first: int) -> Float64Array:
        """Numbers between commas.

        Parameters
        ----------
        text : bytes
            Holds no closing bracket, so that no nested list can look like numbers.
        path : str
            Where the list stands.
        first : int
            Position of the first number in its list.

        Raises
        ------
        BadPayload
            Naming the number by its position in the list.
        """
        try:
            if self._parser is not None:
                buffer = self._parser.parse(b"[%b]" % text).as_buffer(of_type="d")
                values = np.frombuffer(buffer, dtype=np.float64)
            else:
                values = _of_objects(orjson.loads(b"[%b]" % text))
        except (ValueError, TypeError, RuntimeError) as error:
            log.debug("reading the numbers of %s from %d on one by one: %s", path, first, error)
        else:
            if values.size:
                return values
        return _one_by_one(text, path, first)


def _of_objects(values: list[object]) -> Float64Array:
    if not set(map(type, values)) <= {int, float}:
        raise TypeError("not only numbers")
    return np.array(values, dtype=np.float64)


def _one_by_one(text: bytes, path: str, first: int) -> Float64Array:
    """Read slowly; NaN and infinities pass, for the checks of what they stand for refuse them."""
    values: list[float] = []
    for word in text.split(b","):
        word = word.strip(_BLANKS)
        if not (is_number(word) or word in _ODD):
            raise bad(f"{path}[{first + len(values)}]", "is not a number")
        values.append(float(word))
    return np.array(values, dtype=np.float64)
