"""How the desk looks, as the settings say: at the start, when they change, while they are tried."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pyqtgraph as pg
from PySide6.QtWidgets import QApplication

from heatdesk.settings import ViewSettings
from heatdesk.units import use_number_format
from ui import theme

if TYPE_CHECKING:
    from heatdesk.settings import Settings
    from ui.main_window import Desk

log = logging.getLogger(__name__)

MIB = 1 << 20
Look = tuple[str, str, bool, str]


def look_of(view: ViewSettings) -> Look:
    """What a desk is built with: another look is another set of panels."""
    return view.theme, view.colours, view.swap_sides, view.numbers


def prepare(view: ViewSettings) -> None:
    """Choose colours and how figures are written, before the first window is built."""
    theme.use_convention(view.colours, swapped_sides=view.swap_sides)
    use_number_format(view.numbers)


class Dressing:
    """Lets a desk look as settings say.

    Parameters
    ----------
    desk : Desk
        As it was built with ``settings``.
    """

    def __init__(self, desk: Desk, settings: Settings) -> None:
        self._desk = desk
        self._look = look_of(settings.view)
        self._pace(settings)

    def show(self, settings: Settings) -> None:
        """Show what can be shown at once: zone, pace, theme, colours, figures."""
        view = settings.view
        self._desk.context.workspace.set_zone(view.zone, utc=view.utc)
        self._pace(settings)
        look = look_of(view)
        if look != self._look:
            self._look = look
            self._dress(view)

    def limit_memory(self, settings: Settings) -> None:
        """Let heatmaps hold what the settings allow; what is too much goes, and stays gone."""
        self._desk.context.store.limit(settings.performance.memory_mib * MIB)

    def _pace(self, settings: Settings) -> None:
        self._desk.pulse.set_cap(settings.performance.frame_rate)

    def _dress(self, view: ViewSettings) -> None:
        prepare(view)
        theme.use(view.theme)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            theme.apply(app)
        pg.setConfigOptions(background=theme.Palette.GROUND, foreground=theme.Palette.TEXT_DIM)
        renew(self._desk)
        log.info("the desk looks different: %s", ", ".join(map(str, look_of(view))))


def renew(desk: Desk) -> None:
    """Make every panel anew, with its options, in its place."""
    desk.keep()
    held = list(desk.docks.values())
    desk.docks.clear()
    for dock in held:
        desk.panel_set.let_go(dock)
    desk.spaces.put_on(desk.workspace)
