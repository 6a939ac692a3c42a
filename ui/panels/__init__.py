"""Every kind of panel, in the order of the menus. A new panel is one file and one line here."""

from __future__ import annotations

from ui.panel import Panel
from ui.panels.status import StatusPanel

PANELS: tuple[type[Panel], ...] = (StatusPanel,)
