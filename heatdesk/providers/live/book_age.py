"""Until when a book is known: a claim about time, made only as far as messages bear it out."""

from __future__ import annotations

from heatdesk.providers.live.clock_skew import ClockSkew

MARGIN_MS = 500
"""Messages may be this much later than the quickest ones."""
LEAST_PATIENCE_MS = 1_000
PATIENCE_GAPS = 8.0
"""A book that usually changes every 100 ms and has not for eight times as long may have stopped;
a quiet one may not."""
_WEIGHT = 0.05


class BookAge:
    """Tells until when a book without news can be called unchanged.

    A message says that all before it has arrived. Without one, other messages of the connection
    vouch for a while that depends on how often this book usually changes: longer silence is not
    shown as anything until the next message comes, or the book is lost.

    Parameters
    ----------
    silence_ms : int
        Longest time in which the book of a healthy market does not change.
    most_apart_ms : int
        Longest time between two messages where they come at a steady pace (see
        `heatdesk.books.sequence.Sequence`): past it some are missing. 0: there is no such pace.
    """

    def __init__(self, skew: ClockSkew, silence_ms: int, most_apart_ms: int = 0) -> None:
        self._skew = skew
        self._most_ms = most_apart_ms or max(LEAST_PATIENCE_MS, silence_ms)
        self._gap_ms = 100.0
        self._last_ms = 0

    def changed(self, event_ms: int) -> None:
        """The book changed."""
        if 0 < self._last_ms < event_ms:
            gap_ms = min(event_ms - self._last_ms, self._most_ms)
            self._gap_ms += _WEIGHT * (gap_ms - self._gap_ms)
        self._last_ms = event_ms

    def known_until_ms(self, event_ms: int, heard_ms: int) -> int:
        """Until when a LIVE book is known.

        Parameters
        ----------
        event_ms : int
            Time of its newest message.
        heard_ms : int
            Local time of the connection's newest message.
        """
        patience_ms = min(max(LEAST_PATIENCE_MS, PATIENCE_GAPS * self._gap_ms), self._most_ms)
        # what is heard of a connection that lags behind was said long ago
        said_ms = self._skew.venue_ms(heard_ms) - self._skew.lateness_ms - MARGIN_MS
        return max(event_ms, round(min(said_ms, event_ms + patience_ms)))

    def lost_until_ms(self, now_ms: int) -> int:
        """Until when a lost book is missing."""
        return self._skew.venue_ms(now_ms) - MARGIN_MS
