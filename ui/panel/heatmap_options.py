"""What `HeatmapPanel` knows of a panel's options and frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self, TypeAlias, TypeVar

from heatdesk.views.hover import HoverStyle

if TYPE_CHECKING:
    from heatdesk.frames import (
        BookWindow,
        CandleSub,
        LiquidationWindow,
        Quote,
        Subscription,
        TradeSub,
    )
    from heatdesk.views.target import Target
    from ui.panel.base import Options
    from ui.panel.heatmap import HeatmapPanel

Frame: TypeAlias = "BookWindow | LiquidationWindow"
"""What `take_frame` is handed."""


class HeatmapOptions(Protocol):
    """What the options of such a panel have, whatever else is in them."""

    @property
    def interval_ms(self) -> int:
        """Width of a column."""
        ...

    @property
    def quote(self) -> Quote:
        """What quantities are counted in."""
        ...

    @property
    def coin(self) -> str:
        """What is counted when it is not dollars."""
        ...

    @property
    def palette(self) -> str:
        """Name of one of `heatdesk.views.colourings.COLOURINGS`."""
        ...

    @property
    def numbers(self) -> bool:
        """Whether large cells say what they hold."""
        ...

    @property
    def home_span_s(self) -> float:
        """Time a fresh view shows."""
        ...

    def candle_sub(self, provider: str) -> CandleSub:
        """The price line."""
        ...

    def price_sub(self, provider: str) -> CandleSub | TradeSub:
        """Whose price the last price is; the same as is shown, so that it costs nothing more."""
        ...

    def market_sub(self, provider: str) -> Subscription:
        """The list that helps to choose."""
        ...

    def saved(self) -> Options:
        """Plain values for the layout file."""
        ...

    def target(self) -> Target:
        """The instrument as linked panels understand it."""
        ...

    def of_target(self, target: Target, *, whole: bool) -> Self:
        """The options for a linked instrument."""
        ...


OptionsT = TypeVar("OptionsT", bound=HeatmapOptions)


def hover_style(panel: HeatmapPanel[OptionsT], tick_size: float, last_price: float) -> HoverStyle:
    """How the figures of a panel's hover card are written."""
    options = panel.options
    return HoverStyle(
        panel.interval_ms,
        tick_size,
        (panel.block_size or 1.0) * panel.chart.item.band,
        options.quote,
        options.coin,
        panel.context.workspace.zone,
        last_price,
        panel.venues_shown(),
    )
