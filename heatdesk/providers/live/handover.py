"""What a new connection told about a book while the old one still leads."""

from __future__ import annotations

from collections import deque

from heatdesk.books.events import BookChange

MOST_WAITING = 5_000


class Handover:
    """Keeps what the heir tells until the book can go on with it without a gap.

    Parameters
    ----------
    in_stream : bool
        The subscription brings a snapshot: the heir's own replaces the book once each has caught
        up with the other. Otherwise the numbers tell where in the heir's differences the book
        stands.
    most_apart_ms : int
        See `heatdesk.books.sequence.Sequence`.
    """

    def __init__(self, in_stream: bool, most_apart_ms: int = 0) -> None:
        self._in_stream = in_stream
        self._most_apart_ms = most_apart_ms
        self._waiting: deque[BookChange] = deque(maxlen=MOST_WAITING)
        self._last_id = 0

    @property
    def waiting(self) -> int:
        """How many messages are kept."""
        return len(self._waiting)

    @property
    def last_id(self) -> int:
        """The venue's number of the newest message that entered the book; 0: it has none."""
        return self._last_id

    def clear(self) -> None:
        """Forget what is kept."""
        self._waiting.clear()

    def entered(self, change: BookChange) -> None:
        """A message entered the book."""
        self._last_id = change.last_id or self._last_id

    def keep(self, change: BookChange) -> None:
        """Keep a message of the heir."""
        if self._in_stream and change.snapshot:
            self._waiting.clear()  # nothing before it is needed
        elif self._in_stream and not self._waiting:
            return
        self._waiting.append(change)

    @property
    def snapshot(self) -> BookChange | None:
        """The heir's snapshot, which all that is kept follows; None: there is none, or no longer."""
        return self._waiting[0] if self._waiting and self._waiting[0].snapshot else None

    def is_ready(self, event_ms: int) -> bool:
        """Whether the book, whose newest message has that time, can go on with the heir."""
        if self._in_stream:
            if (first := self.snapshot) is None:
                return False
            # a snapshot of later than the book would leave a hole between the two
            return first.event_ms - self._most_apart_ms <= event_ms <= self._waiting[-1].event_ms
        return any(self._continues(change) for change in self._waiting)

    def missed(self) -> list[BookChange]:
        """What the book has not seen of the heir's messages."""
        if self._in_stream:
            return [] if self.snapshot is None else list(self._waiting)
        return [change for change in self._waiting if change.last_id > self._last_id]

    def _continues(self, change: BookChange) -> bool:
        if change.last_id == self._last_id:
            return True
        if change.prev_id:
            return change.prev_id == self._last_id
        return change.first_id <= self._last_id + 1 <= change.last_id
