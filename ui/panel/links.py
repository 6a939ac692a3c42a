"""Linking: panels of one colour share the instrument, the crosshair and, if wanted, the time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

from PySide6.QtCore import QObject, Signal

from heatdesk.views.target import Target

COLOURS = ("blue", "orange", "violet", "green", "yellow")
"""Colours of links, in the order the menu offers them; red-green blind eyes tell them apart."""


class Role(Enum):
    """What a panel does with the instrument of its colour."""

    FOLLOW = "follow"
    """Takes it over, and changes it for all when another is chosen here."""
    LEAD = "lead"
    """Changes it for all when another is chosen here, and takes none over."""
    LOCKED = "locked"
    """Keeps its own; crosshair and time are shared all the same."""


@dataclass(frozen=True, slots=True)
class LinkState:
    """How one panel is linked.

    Attributes
    ----------
    colour : str
        One of `COLOURS`, empty: not linked.
    time : bool
        Whether the stretch of time in view is shared too.
    """

    colour: str = ""
    role: Role = Role.FOLLOW
    time: bool = False

    @property
    def takes(self) -> bool:
        """Whether the colour's instrument is taken over."""
        return bool(self.colour) and self.role is Role.FOLLOW

    @property
    def gives(self) -> bool:
        """Whether another instrument chosen here becomes the colour's."""
        return bool(self.colour) and self.role is not Role.LOCKED

    def saved(self) -> dict[str, object]:
        """What a workspace keeps of it: plain JSON values."""
        return {"colour": self.colour, "role": self.role.value, "time": self.time}

    def loaded(self, saved: Mapping[str, object]) -> LinkState:
        """This state with what was saved; a value that makes no sense keeps what is here."""
        state = self
        colour, role = saved.get("colour"), saved.get("role")
        if colour == "" or colour in COLOURS:
            state = replace(state, colour=str(colour))
        if role in [one.value for one in Role]:
            state = replace(state, role=Role(role))
        if isinstance(saved.get("time"), bool):
            state = replace(state, time=bool(saved["time"]))
        return state


@dataclass(frozen=True, slots=True)
class Pointed:
    """What a crosshair points at.

    Attributes
    ----------
    time_s : float
        Epoch seconds; NaN where the panel knows no time.
    price : float
        Quote units; NaN where the panel knows no price.
    coin : str
        Whose price it is: it means nothing over another coin.
    """

    time_s: float
    price: float
    coin: str


class LinkHub(QObject):
    """What the panels of each colour share now. Hands move it, never market data.

    Signals
    -------
    targeted : a colour's instrument changed; carries the colour.
    pointed : its crosshair moved or went.
    spanned : its stretch of time changed.
    """

    targeted = Signal(str)
    pointed = Signal(str)
    spanned = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._targets: dict[str, Target] = {}
        self._before: dict[str, Target] = {}
        self._points: dict[str, tuple[Pointed, object]] = {}
        self._spans: dict[str, tuple[float, float]] = {}

    def target(self, colour: str) -> Target | None:
        """Instrument of a colour, None while none was chosen."""
        return self._targets.get(colour)

    def publish(self, colour: str, target: Target) -> None:
        """Make an instrument that of a colour."""
        present = self._targets.get(colour)
        if colour and present != target:
            if present is not None:
                self._before[colour] = present
            self._targets[colour] = target
            self.targeted.emit(colour)

    def in_step(self, colour: str, target: Target) -> bool:
        """Whether a target was the very instrument of a colour before its present one."""
        return self._before.get(colour) == target

    def point(self, colour: str, pointed: Pointed | None, by: object) -> None:
        """Move a colour's crosshair, None hides it; only who showed it can hide it."""
        if not colour:
            return
        held = self._points.get(colour)
        if pointed is None:
            if held is None or held[1] is not by:
                return
            del self._points[colour]
        elif held == (pointed, by):
            return
        else:
            self._points[colour] = (pointed, by)
        self.pointed.emit(colour)

    def pointed_at(self, colour: str, but: object = None) -> Pointed | None:
        """Where a colour's crosshair is; None where there is none, or it is one's own."""
        held = self._points.get(colour)
        return None if held is None or held[1] is but else held[0]

    def share_span(self, colour: str, t0_s: float, t1_s: float) -> None:
        """Make a stretch of time, epoch seconds, that of a colour."""
        if colour and t1_s > t0_s and self._spans.get(colour) != (t0_s, t1_s):
            self._spans[colour] = (t0_s, t1_s)
            self.spanned.emit(colour)

    def span(self, colour: str) -> tuple[float, float] | None:
        """Stretch of time of a colour, epoch seconds; None while none was shared."""
        return self._spans.get(colour)

    def forget(self) -> None:
        """Forget everything: another workspace comes."""
        self._targets.clear()
        self._before.clear()
        self._points.clear()
        self._spans.clear()
