"""Which venues of a sum have ever been heard, and from which column on it has them all."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from heatdesk.frames import StreamStatus
    from heatdesk.store.heatmap import HeatmapStore


class Joining:
    """Follows how the venues of a sum join it; one that goes and comes back joins once.

    Attributes
    ----------
    heard : int
        Venues that have ever been heard; 0 of what is no sum.
    since : int or None
        Newest column when the last of them joined.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Another instrument comes."""
        self.heard = 0
        self.since: int | None = None
        self._silent: frozenset[str] | None = None

    def follow(self, status: StreamStatus, heat: HeatmapStore) -> None:
        """Take in who is missing at present."""
        if not status.parts:
            return
        missing = frozenset(status.missing)
        silent = missing if self._silent is None else self._silent & missing
        if silent != self._silent:
            self._silent, self.heard = silent, status.parts - len(silent)
            self.since = heat.last_column
