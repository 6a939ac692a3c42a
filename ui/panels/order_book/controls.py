"""The row of controls over an order book."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtWidgets import QToolButton

from heatdesk.frames import Quote, venue_title
from heatdesk.units import interval_label
from heatdesk.views.instruments import depth_text
from ui.heatmap.choices import ChoiceButton
from ui.panels.order_book.bar import Height, height_choices, height_text, with_height
from ui.panels.order_book.options import DEPTHS

if TYPE_CHECKING:
    from heatdesk.providers.base import Cost
    from ui.panel.options_row import OptionsRow
    from ui.panels.order_book.options import BookOptions
    from ui.panels.order_book.panel import OrderBookPanel

T = TypeVar("T")


class BookControls:
    """Instrument, interval, height of a level, depth, unit, and what of trades is drawn.

    Parameters
    ----------
    panel : OrderBookPanel
        Whose options they show and choose.
    interval : ChoiceButton
        The panel's own, which every heatmap has.
    """

    def __init__(self, panel: OrderBookPanel, interval: ChoiceButton[int]) -> None:
        self._panel = panel
        self.interval = interval
        self.instrument = QToolButton()
        self.instrument.setAccessibleName("Venues and symbol")
        self.instrument.clicked.connect(lambda: panel.search_name(""))
        self.height = ChoiceButton[Height](
            "Height of a level",
            lambda: height_choices(panel.options, panel.block_size, live=panel.streams),
            *self._taking(with_height),
        )
        self.depth = ChoiceButton[int](
            "Levels per side",
            lambda: [(depth, depth_text(depth, panel.block_size)) for depth in DEPTHS],
            *self._taking(_with_depth),
        )
        self.quote = ChoiceButton[Quote](
            "What quantities are counted in",
            lambda: [(Quote.COIN, panel.options.coin), (Quote.USD, "USD")],
            *self._taking(_with_quote),
        )
        self.flow = QToolButton()
        self.flow.setText("Trades  \u25be")
        self.flow.setToolTip("Trades, liquidations and cumulative delta")
        self.flow.clicked.connect(panel.open_flow)

    def add_to(self, bar: OptionsRow) -> None:
        """Put them into the options bar."""
        for button in (
            self.instrument,
            self.interval,
            self.height,
            self.depth,
            self.quote,
            self.flow,
        ):
            bar.addWidget(button)
        bar.addStretch(1)

    def show(self) -> None:
        """Write the present options on them."""
        panel = self._panel
        options, block_size, live = panel.options, panel.block_size, panel.streams
        self.instrument.setText(f"{options.instrument}  \u25be")
        names = " + ".join(venue_title(venue) for venue in options.venues)
        self.instrument.setToolTip(f"Venues and symbol: {names}")
        self.interval.show_choice(panel.interval_ms, interval_label(panel.interval_ms))
        height = options.resolution if options.block_size is None else options.block_size
        self.height.show_choice(height, height_text(options, block_size, live=live))
        self.depth.show_choice(options.depth or 0, depth_text(options.depth, block_size))
        self.depth.setHidden(live)
        unit = options.coin if options.quote is Quote.COIN else "USD"
        self.quote.show_choice(options.quote, unit)
        self.flow.setHidden(not options.trade_subs(panel.source))

    def _taking(
        self, changed: Callable[[BookOptions, T], BookOptions]
    ) -> tuple[Callable[[T], None], Callable[[T], Cost]]:
        """What a choice does, and what it would cost."""
        panel = self._panel
        return (
            lambda value: panel.choose(changed(panel.options, value)),
            lambda value: panel.cost_of(changed(panel.options, value)),
        )


def _with_depth(options: BookOptions, depth: int) -> BookOptions:
    return replace(options, depth=depth)


def _with_quote(options: BookOptions, quote: Quote) -> BookOptions:
    return options.counted_in(quote)
