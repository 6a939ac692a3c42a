"""Every kind of panel, in the order of the menus. A new panel is one file and one line here."""

from __future__ import annotations

from ui.panel import Panel
from ui.panels.alerts import AlertPanel
from ui.panels.cohorts import CohortPanel
from ui.panels.dots import DotPanel
from ui.panels.favourites import FavouritesPanel
from ui.panels.liquidation import LiquidationPanel
from ui.panels.order_book import OrderBookPanel
from ui.panels.status import StatusPanel
from ui.panels.tape import TapePanel

PANELS: tuple[type[Panel], ...] = (
    OrderBookPanel,
    LiquidationPanel,
    DotPanel,
    CohortPanel,
    TapePanel,
    FavouritesPanel,
    AlertPanel,
    StatusPanel,
)
