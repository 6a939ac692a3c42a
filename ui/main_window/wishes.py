"""`Wishes`: what all open panels need, and what is true of all of them together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from heatdesk.frames import Subscription
from ui.main_window.dock import PanelDock


@dataclass(frozen=True, slots=True)
class Shown:
    """What the open panels of a desk are, taken together.

    Attributes
    ----------
    demo, real : bool
        Whether any panel is a demo, and whether any is not.
    keyless : bool
        Whether any shows something real that needs no key.
    """

    demo: bool
    real: bool
    keyless: bool


class Wishes:
    """Passes the union of needs on when it changes.

    Parameters
    ----------
    want : callable
        Takes the union.
    """

    def __init__(self, want: Callable[[frozenset[Subscription]], None]) -> None:
        self._want = want
        self._wanted: frozenset[Subscription] | None = None

    def settle(self, docks: Iterable[PanelDock], *, resting: bool = False) -> Shown:
        """Ask every open panel, and pass on what is needed now.

        Parameters
        ----------
        resting : bool
            Nothing of the desk can be seen. Real data goes on, so that no history is missed; the
            demo is not invented for nobody, for it is made up to the present when it is seen again.
        """
        panels = [dock.panel for dock in docks if dock.open]
        busy = [panel for panel in panels if not (resting and panel.demo)]
        wanted = frozenset(sub for panel in busy for sub in panel.needs())
        if wanted != self._wanted:
            self._wanted = wanted
            self._want(wanted)
        return Shown(
            demo=any(panel.demo for panel in panels),
            real=any(panel.provider_id and not panel.demo for panel in panels),
            keyless=any(panel.keyless for panel in panels),
        )
