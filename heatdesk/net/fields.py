"""Reading decoded JSON field by field: a misfit names its field.

Providers build their frames with these, so that every broken payload ends in the same clear
sentence and a path that an engineer can look up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from heatdesk.errors import BadPayload

NOTHING_SHOWN = "nothing of it is shown"
"""How a sentence about a broken answer ends; whoever has shown a part of it says so instead."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Node:
    """A decoded JSON value together with where it stands.

    Attributes
    ----------
    value : object
        What the decoder gave.
    provider, title : str
        Whose payload it is, for the error.
    path : str
        Where it stands, such as ``data.dots[3].y``.
    """

    value: object
    provider: str
    title: str
    path: str = ""

    def bad(self, expected: str) -> BadPayload:
        """Build the error for a value that is not what the contract says."""
        where = self.path or "the answer"
        return BadPayload(
            self.provider,
            f"{self.title} sent an answer HeatDesk does not understand ({where} {expected}); "
            f"{NOTHING_SHOWN}.",
            field=self.path,
        )

    def child(self, key: str) -> Node:
        """Member ``key`` of an object; missing is an error."""
        members = self.members()
        path = f"{self.path}.{key}" if self.path else key
        if key not in members:
            raise Node(None, self.provider, self.title, path).bad("is missing")
        return Node(members[key], self.provider, self.title, path)

    def get(self, key: str) -> Node | None:
        """Member ``key`` of an object, None when it is missing or null."""
        return self.child(key) if self.members().get(key) is not None else None

    def members(self) -> dict[str, object]:
        """Members of an object."""
        if not isinstance(self.value, dict):
            raise self.bad("is not an object")
        return self.value

    def items(self) -> list[Node]:
        """Elements of an array."""
        if not isinstance(self.value, list):
            raise self.bad("is not a list")
        return [
            Node(element, self.provider, self.title, f"{self.path}[{i}]")
            for i, element in enumerate(self.value)
        ]

    def text(self) -> str:
        """Return the text."""
        if not isinstance(self.value, str):
            raise self.bad("is not text")
        return self.value

    def number(self) -> float:
        """Return the finite number."""
        # bool is an int in Python, never a number in a contract
        if isinstance(self.value, bool) or not isinstance(self.value, (int, float)):
            raise self.bad("is not a number")
        try:
            number = float(self.value)
        except OverflowError:
            raise self.bad("is not a finite number") from None
        if not math.isfinite(number):
            raise self.bad("is not a finite number")
        return number

    def amount(self) -> float:
        """Return the finite number, zero or more."""
        number = self.number()
        if number < 0:
            raise self.bad("is negative")
        return number

    def count(self) -> int:
        """Return the whole number, zero or more."""
        number = self.amount()
        if number != int(number) or number >= 2**63:
            raise self.bad("is not a whole number")
        return int(number)

    def iso_ms(self) -> int:
        """Milliseconds of the ISO 8601 time (UTC where it names no zone)."""
        try:
            moment = datetime.fromisoformat(self.text())
        except ValueError:
            raise self.bad("is not an ISO time") from None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return (moment - _EPOCH) // timedelta(milliseconds=1)


def number_or_nan(parent: Node, key: str) -> float:
    """Member ``key`` as a number; NaN when missing or null."""
    node = parent.get(key)
    return node.number() if node is not None else math.nan
