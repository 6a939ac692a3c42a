"""What a first start shows: live books where there is a network, else the demo and an offer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

VENUE_PATIENCE_S = 3.0
"""A venue that says nothing for so long is not waited for while another may answer."""
PATIENCE_S = 5.0
"""After this the demo is shown: a desk that only waits tells nothing."""

NO_NETWORK = "No exchange could be reached; live markets are offered as soon as one can."
REFUSED = "The exchanges refuse connections from this region."
SLOW = "The exchanges have not answered yet; live markets are offered as soon as one does."
NETWORK_THERE = "The exchanges can be reached now: live markets need no key."


class Outlook(Enum):
    """How the book of a venue is doing."""

    WAITING = "waiting"
    LIVE = "live"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"


class Phase(Enum):
    """Where a first start stands."""

    TRYING = "trying"
    LIVE = "live"
    DEMO = "demo"
    OFFERED = "offered"


@dataclass(frozen=True, slots=True)
class Move:
    """What is to be shown from now on.

    Attributes
    ----------
    phase : Phase
    venue : str
        Id of the venue tried, shown live, or to be offered.
    sentence : str
        Why, in words for the strip; empty when there is nothing to explain.
    """

    phase: Phase
    venue: str
    sentence: str = ""


class FirstStart:
    """Decides by looking at one venue after the other; pure, on a clock that is handed in.

    Parameters
    ----------
    venues : tuple of str
        Ids in the order they are tried; a later one is shown where those before refuse.
    now_s : float
        Monotonic seconds.

    Attributes
    ----------
    phase : Phase
    venue : str
        The one looked at now.
    """

    def __init__(self, venues: tuple[str, ...], now_s: float) -> None:
        self.phase = Phase.TRYING
        self._venues = venues
        self._at = 0
        self._since_s = self._began_s = now_s
        self._refused: set[str] = set()
        self._silent: set[str] = set()

    @property
    def venue(self) -> str:
        """Id of the venue looked at now."""
        return self._venues[self._at]

    @property
    def over(self) -> bool:
        """Whether there is nothing left to decide."""
        return self.phase in {Phase.LIVE, Phase.OFFERED}

    def look(self, outlook: Outlook, now_s: float) -> Move | None:
        """Take in how the present venue is doing; return what changes on screen, if anything."""
        if self.over:
            return None
        if outlook is Outlook.LIVE:
            return self._reached()
        if self.phase is Phase.DEMO:
            self._look_elsewhere(outlook, now_s)
            return None
        late = now_s - self._began_s >= PATIENCE_S
        if outlook is Outlook.WAITING and not late:
            if now_s - self._since_s < VENUE_PATIENCE_S or self._last:
                return None
            self._silent.add(self.venue)
        if outlook is Outlook.REFUSED:
            self._refused.add(self.venue)
        if self._last or late:
            return self._give_up(outlook)
        self._go_to(self._at + 1, now_s)
        return Move(Phase.TRYING, self.venue)

    @property
    def _last(self) -> bool:
        return self._at + 1 == len(self._venues)

    def _reached(self) -> Move:
        if self.phase is Phase.TRYING:
            self.phase = Phase.LIVE
            return Move(Phase.LIVE, self.venue)
        self.phase = Phase.OFFERED
        return Move(Phase.OFFERED, self.venue, NETWORK_THERE)

    def _give_up(self, outlook: Outlook) -> Move:
        self.phase = Phase.DEMO
        everywhere = self._refused == set(self._venues)
        waiting = self._silent or outlook is Outlook.WAITING
        sentence = REFUSED if everywhere else SLOW if waiting else NO_NETWORK
        # from now on the first venue that does not refuse is waited for
        open_ones = [at for at, venue in enumerate(self._venues) if venue not in self._refused]
        self._at = open_ones[0] if open_ones else 0
        return Move(Phase.DEMO, self.venue, sentence)

    def _look_elsewhere(self, outlook: Outlook, now_s: float) -> None:
        """While the demo is shown, leave a venue that has come to refuse."""
        if outlook is Outlook.REFUSED and self.venue not in self._refused:
            self._refused.add(self.venue)
            left = [at for at, venue in enumerate(self._venues) if venue not in self._refused]
            if left:
                self._go_to(left[0], now_s)

    def _go_to(self, at: int, now_s: float) -> None:
        self._at, self._since_s = at, now_s
