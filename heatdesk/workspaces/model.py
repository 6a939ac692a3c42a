"""What a workspace holds: panels, windows, and where they are on which set of screens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

MAIN = "main"
"""Id of the window that carries the bands; the others are ``window-2`` and so on."""
KEPT_SCREEN_SETS = 6
"""Arrangements remembered for different sets of screens."""

Rect = tuple[int, int, int, int]
"""Left, top, width, height in device-independent pixels."""
Values = Mapping[str, Any]
"""Plain JSON values: options of a panel, or its link."""


@dataclass(frozen=True, slots=True)
class Screen:
    """A monitor as it was when something was placed on it.

    Attributes
    ----------
    name : str
        Connector (``DP-1``).
    serial, maker, model : str
        As the monitor tells them; empty where it does not.
    area : tuple of int
        On the whole desktop.
    """

    name: str = ""
    serial: str = ""
    maker: str = ""
    model: str = ""
    area: Rect = (0, 0, 0, 0)

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """Everything but the place."""
        return (self.name, self.serial, self.maker, self.model)


class Mode(Enum):
    """How much of a screen a window takes."""

    NORMAL = "normal"
    MAXIMISED = "maximised"
    FULL_SCREEN = "full"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a window is; ``rect`` counts from the corner of its screen."""

    screen: Screen
    rect: Rect
    mode: Mode = Mode.NORMAL


@dataclass(frozen=True, slots=True)
class WindowPlace:
    """A window and the docks in it; ``docks`` is Qt's own text, base64."""

    place: Place
    docks: str = ""


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Where everything is on one set of screens.

    Attributes
    ----------
    windows : mapping
        By window id; the first comes first.
    floats : mapping
        Panels that float, by panel id.
    """

    screens: tuple[Screen, ...]
    windows: Mapping[str, WindowPlace] = field(default_factory=dict)
    floats: Mapping[str, Place] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PanelRecord:
    """One panel.

    Attributes
    ----------
    id : str
        Its name in this workspace (``order-book``, ``order-book-2``).
    kind : str
        ``panel_id`` of its class.
    demo : bool or None
        Whether it is a demo; None leaves it to what the desk shows at present.
    window : str
        Window whose dock it is.
    link : mapping
        What it follows or leads.
    """

    id: str
    kind: str
    demo: bool | None = None
    options: Values = field(default_factory=dict)
    window: str = MAIN
    link: Values = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cell:
    """One place of a plan: a panel, or several behind tabs, and its share of the row's width."""

    share: float
    panels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a plan and its share of the height."""

    share: float
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Where panels go when nobody has moved one yet; those not named wait closed."""

    rows: tuple[Row, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every panel that it shows."""
        return tuple(name for row in self.rows for cell in row.cells for name in cell.panels)


@dataclass(frozen=True, slots=True)
class State:
    """A desk at one moment; ``arrangements`` has the latest used last."""

    panels: tuple[PanelRecord, ...] = ()
    arrangements: tuple[Arrangement, ...] = ()

    def arrangement(self, screens: tuple[Screen, ...]) -> Arrangement | None:
        """Return what fits a set of screens best, else the latest of any.

        Best is the same monitors in the same places, then the same places, then the same
        monitors.
        """
        for same in (_exactly, _areas, _identities):
            for one in reversed(self.arrangements):
                if same(one.screens) == same(screens):
                    return one
        return self.arrangements[-1] if self.arrangements else None

    def arranged(self, newest: Arrangement) -> State:
        """Return it with one more arrangement in place of the one for the same screens."""
        kept = [
            one for one in self.arrangements if _exactly(one.screens) != _exactly(newest.screens)
        ]
        return replace(self, arrangements=(*kept, newest)[-KEPT_SCREEN_SETS:])


@dataclass(frozen=True, slots=True)
class Workspace:
    """A named desk.

    Attributes
    ----------
    slug : str
        Name of its file.
    present : State or None
        As it was left; None: it was never opened.
    saved : State or None
        As it was at the last *Save*; None: never saved by hand.
    shipped : bool
        HeatDesk brings it along: there is a plan to go back to.
    """

    slug: str
    name: str
    present: State | None = None
    saved: State | None = None
    shipped: bool = False


def find_screen(wanted: Screen, screens: tuple[Screen, ...]) -> Screen | None:
    """Return the monitor that something stood on: by serial, then by name, then by place.

    A serial number counts together with maker and model; a connector counts where the monitor on
    it does not tell that it is another one.
    """
    if wanted.serial:
        for one in screens:
            if one.identity[1:] == wanted.identity[1:]:
                return one
    for one in screens:
        other = wanted.serial and one.serial and wanted.serial != one.serial
        if wanted.name and one.name == wanted.name and not other:
            return one
    if wanted.identity == ("", "", "", ""):
        for one in screens:
            if one.area == wanted.area:
                return one
    return None


def _exactly(screens: tuple[Screen, ...]) -> object:
    return sorted((one.identity, one.area) for one in screens)


def _areas(screens: tuple[Screen, ...]) -> object:
    return sorted(one.area for one in screens)


def _identities(screens: tuple[Screen, ...]) -> object:
    return sorted(one.identity for one in screens)
