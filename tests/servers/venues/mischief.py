"""What a loopback venue can do wrong by command, and where that bites."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """Kinds of mischief."""

    DROP = "a book message is lost"
    DUPLICATE = "a book message comes twice"
    REORDER = "two book messages change places"
    SKIP = "a number of the sequence is left out"
    CHECKSUM = "a checksum is wrong"
    NEGATIVE = "a quantity below zero"
    NOT_A_NUMBER = "a quantity that is no number"
    GARBAGE = "a book message is broken"
    NOISE = "a message nobody knows comes in between"
    BINARY = "a frame of random bytes"
    DELAY = "messages are held up"
    SILENCE = "the connection stays open and says nothing"
    BOOK_SILENCE = "the book says nothing while other feeds go on"
    HALF_OPEN = "the peer is gone without a close, and answers nothing any more"
    CLOSE = "the connection is closed"
    ABORT = "the connection is torn"
    SHUTDOWN = "the venue says that it will close, and does"
    PING = "the venue pings"
    REFUSE = "new connections are refused"
    REFUSE_REST = "requests are refused"
    FLOOD = "1,000 messages a second"
    CROSSED = "a snapshot is crossed"
    OLD = "a snapshot is older than what was sent"
    ENDLESS = "a snapshot never ends"
    RESTART = "the venue's service starts anew and says so"


OF_A_MESSAGE = frozenset(
    {
        Kind.DROP, Kind.DUPLICATE, Kind.REORDER, Kind.SKIP, Kind.CHECKSUM, Kind.NEGATIVE,
        Kind.NOT_A_NUMBER, Kind.GARBAGE, Kind.NOISE, Kind.BINARY,
    }
)  # fmt: skip
"""They wait for the next book message."""
OF_A_SNAPSHOT = frozenset({Kind.CROSSED, Kind.OLD, Kind.ENDLESS})
"""They wait for the next snapshot."""


@dataclass
class Fault:
    """One piece of mischief.

    Attributes
    ----------
    symbol
        Whose book it bites; empty: any.
    seconds
        How long it lasts, where it lasts.
    times
        How many connections, requests or snapshots it meets.
    status
        HTTP status of a refusal.
    """

    kind: Kind
    symbol: str = ""
    seconds: float = 1.0
    times: int = 1
    status: int = 503
    done: bool = False
    """It has bitten."""
    at_s: float = 0.0
    """When it was caused, by the monotonic clock."""


class Mischief:
    """The faults that wait for their moment; used on the venue's own thread, or under its lock."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []
        self.book_silent_until_s: dict[str, float] = {}

    def add(self, fault: Fault) -> None:
        """Let a fault wait."""
        self.waiting.append(fault)

    def take(self, kinds: frozenset[Kind], symbol: str) -> Fault | None:
        """The next fault of these kinds for a market, counted as met."""
        for fault in self.waiting:
            if fault.kind in kinds and fault.symbol in ("", symbol):
                fault.times -= 1
                if fault.times <= 0:
                    self.waiting.remove(fault)
                fault.done = True
                return fault
        return None

    def end(self, fault: Fault) -> None:
        """Let a fault that waits wait no more."""
        if fault in self.waiting:
            self.waiting.remove(fault)

    def book_is_silent(self, symbol: str) -> bool:
        """Whether the book of a market is not told at present."""
        return time.monotonic() < self.book_silent_until_s.get(symbol, 0.0)
