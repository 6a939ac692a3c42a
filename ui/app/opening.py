"""Carries out a first start: watches the book of a venue and turns the desk to what it shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, QTimer

from heatdesk.errors import ProviderError, RegionBlocked
from heatdesk.frames import Subscription
from heatdesk.store.market import MarketStore
from heatdesk.units import Clock
from ui.app.first_start import FirstStart, Move, Outlook, Phase
from ui.main_window import Desk
from ui.panels.order_book.options import STARTING_VENUES, BookOptions

LOOK_MS = 50
WAIT_MS = 1000
"""Pace while the demo is shown and a network is waited for."""


def book_of(venue: str) -> Subscription:
    """The live book that a first start shows of a venue."""
    options = BookOptions().at_venue(venue)
    return options.book_sub(options.provider)


class Opening(QObject):
    """Lives from the first start until live books are shown, offered and taken, or not wanted.

    Parameters
    ----------
    failures : mapping
        The latest failure of each stream.
    also_want : callable
        Takes what is to be asked for beside what the panels need.
    """

    def __init__(
        self,
        desk: Desk,
        store: MarketStore,
        failures: Mapping[Subscription, ProviderError],
        clock: Clock,
        also_want: Callable[[frozenset[Subscription]], None],
    ) -> None:
        super().__init__(desk)
        self._desk, self._store, self._failures = desk, store, failures
        self._clock, self._also_want = clock, also_want
        self._machine = FirstStart(STARTING_VENUES, clock.monotonic_s())
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()
        desk.live_chosen.connect(self._chosen)

    @property
    def phase(self) -> Phase:
        """Where the first start stands."""
        return self._machine.phase

    def look(self) -> None:
        """See how the venue is doing, and act on it."""
        move = self._machine.look(self._outlook(), self._clock.monotonic_s())
        if move is not None:
            self._carry_out(move)
        elif self.phase is Phase.DEMO:
            self._also_want(frozenset({book_of(self._machine.venue)}))
        if self._machine.over:
            self._timer.stop()

    def end(self) -> None:
        """Stop looking: a person has chosen."""
        self._timer.stop()
        self._also_want(frozenset())

    def _outlook(self) -> Outlook:
        sub = book_of(self._machine.venue)
        if self._store.revision(sub) > 0:
            return Outlook.LIVE
        if not self._store.status(sub).problem:
            return Outlook.WAITING
        refused = isinstance(self._failures.get(sub), RegionBlocked)
        return Outlook.REFUSED if refused else Outlook.UNREACHABLE

    def _carry_out(self, move: Move) -> None:
        desk = self._desk
        if move.phase is Phase.TRYING:
            desk.open_live(move.venue)
        elif move.phase is Phase.DEMO:
            desk.open_live(move.venue)  # which is what the demo then stands for
            desk.fall_back(move.sentence)
            self._timer.setInterval(WAIT_MS)
        elif move.phase is Phase.OFFERED:
            desk.demo_band.explain(move.sentence, inviting=True)
            # it stays warm for a while, and is no longer asked for behind a demo nobody leaves
            self._also_want(frozenset())

    def _chosen(self, live: bool) -> None:
        """A person took the strip at its word."""
        if live and self.phase in {Phase.DEMO, Phase.OFFERED}:
            self._desk.open_live(self._machine.venue)
        self.end()
