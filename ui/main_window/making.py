"""`PanelMaker`: makes a panel with its dock, as real or as invented as it should be."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow

from ui.main_window.dock import PanelDock
from ui.main_window.focus_order import order_focus
from ui.panel import Panel, PanelContext
from ui.panel.heatmap import HeatmapPanel

log = logging.getLogger(__name__)

LEAST_PX = (150, 90)


class PanelMaker:
    """Makes panels by kind.

    Parameters
    ----------
    demo_only : bool
        Every panel stays a demo.
    starts_live : callable
        Whether a provider's key is known at the start, by id: its panels start live.
    opens_live : bool
        Panels that are new start with what is real without a key.
    """

    def __init__(
        self,
        context: PanelContext,
        kinds: tuple[type[Panel], ...],
        *,
        demo_only: bool,
        starts_live: Callable[[str], bool],
        opens_live: bool,
    ) -> None:
        self.kinds = {kind.panel_id: kind for kind in kinds}
        self.demo_only = demo_only
        self.opens_live = opens_live
        self.keyed: set[str] = set()
        self._context = context
        self._starts_live = starts_live

    def make(
        self,
        kind: str,
        name: str,
        window: QMainWindow,
        *,
        demo: bool | None,
        options: Mapping[str, object] | None,
    ) -> PanelDock:
        """Create a panel in a dock of its own; it has no place yet."""
        panel = self.kinds[kind](self._context)
        panel.setMinimumSize(*LEAST_PX)
        if options:
            try:
                panel.load_options(options)
            except Exception:  # an odd workspace must not keep the desk from opening
                log.exception("options of the panel %s make no sense", name)
        self._open_source(panel, demo)
        dock = PanelDock(name, panel, window)
        panel.setAccessibleName(panel.title)
        if isinstance(panel, HeatmapPanel):
            panel.chart.view.setAccessibleName(f"{panel.title}, chart")
        order_focus(panel)
        return dock

    def is_keyed(self, provider: str) -> bool:
        """Whether a key of a provider is known to work, or was there at the start."""
        return provider in self.keyed or self._starts_live(provider)

    def _open_source(self, panel: Panel, demo: bool | None) -> None:
        """Open a panel as it was (None: it is new), or better where a key is known by now."""
        if not panel.provider_id:
            return
        panel.demo = self.demo_only or demo is None or demo
        if not panel.demo or self.demo_only:
            return
        if self.is_keyed(panel.provider_id):
            panel.key_works(panel.provider_id)
        elif demo is None and self.opens_live:
            panel.open_live()


def add_actions(
    dock: PanelDock, duplicate: Callable[[], object], remove: Callable[[], object]
) -> None:
    """Give a panel's menu what the desk can do with it."""
    panel = dock.panel
    if panel.provider_id:
        again = QAction("Duplicate", dock)
        again.triggered.connect(duplicate)
        panel.extra_actions.insert(0, again)
    gone = QAction("Remove", dock)
    gone.triggered.connect(remove)
    gone.setVisible(dock.objectName() != panel.panel_id)
    dock.objectNameChanged.connect(lambda name: gone.setVisible(name != panel.panel_id))
    panel.extra_actions.append(gone)
