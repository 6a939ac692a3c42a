"""Streams of messages with a plain account of what was true when."""

from __future__ import annotations

from dataclasses import dataclass, field

from heatdesk.books.events import BookChange
from heatdesk.books.sequence import Sequence, Verdict


class Counting(Sequence):
    """Updates are numbered 1, 2, 3, ...; a snapshot is fetched and names the last it holds."""

    snapshot_in_stream = False

    def __init__(self) -> None:
        self.last = 0

    def takes(self, snapshot, first) -> bool:
        return first is None or snapshot.last_id >= first.first_id - 1

    def start(self, snapshot) -> None:
        self.last = snapshot.last_id

    def judge(self, change) -> Verdict:
        if change.last_id <= self.last:
            return Verdict.IGNORE
        if change.first_id > self.last + 1:
            return Verdict.GAP
        self.last = change.last_id
        return Verdict.APPLY


class Streamed(Counting):
    """The same with the snapshot in the stream, and a book that is right as long as it says so."""

    snapshot_in_stream = True

    def __init__(self) -> None:
        super().__init__()
        self.wrong = ""

    def after(self, book, change) -> str:
        return self.wrong


class Whole(Streamed):
    """Whole books may come at any time, as long as no ten seconds pass between two messages."""

    most_apart_ms = 10_000


def snapshot(bids, asks, event_ms=0, last_id=0, reach=None) -> BookChange:
    return BookChange(
        "X", bids, asks, event_ms, snapshot=True, first_id=last_id, last_id=last_id, reach=reach
    )


def update(bids, asks, event_ms, number) -> BookChange:
    return BookChange("X", bids, asks, event_ms, first_id=number, last_id=number)


@dataclass
class Recorder:
    """A listener that writes down what it heard."""

    heard: list[tuple[str, int]] = field(default_factory=list)

    def live(self, at_ms: int) -> None:
        self.heard.append(("live", at_ms))

    def before(self, event_ms: int) -> None:
        self.heard.append(("before", event_ms))

    def lost(self, at_ms: int) -> None:
        self.heard.append(("lost", at_ms))
