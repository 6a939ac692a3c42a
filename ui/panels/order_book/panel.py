"""The order book panel: what it wants from the store and where it goes on the chart."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu, QToolButton

from heatdesk.analytics.book import BookProfile, compute_profile, profile_csv
from heatdesk.frames import (
    BookWindow,
    CandleWindow,
    Quote,
    Resolution,
    Subscription,
    venue_title,
)
from heatdesk.providers.base import Cost
from heatdesk.store.heatmap import HeatmapStore
from heatdesk.units import MINUTE_MS, interval_label
from heatdesk.views.camera import home_price_span, traded_reach
from heatdesk.views.candles import last_close
from heatdesk.views.colourings import COLOURINGS
from heatdesk.views.hover import format_qty
from heatdesk.views.instruments import depth_text, price_text, unit_lines, venues_text
from heatdesk.views.ticks import is_one_tick, tick_of_prices
from ui.heatmap.chart import HoverRows
from ui.heatmap.choices import ChoiceButton
from ui.panel import PanelContext
from ui.panel.heatmap import HeatmapPanel
from ui.panel.heatmap_options import Frame
from ui.panels.order_book.drawing import edge_profiles, resting_totals
from ui.panels.order_book.instrument import InstrumentPopover
from ui.panels.order_book.options import DEPTHS, HOME_COLUMNS, BookOptions


class OrderBookPanel(HeatmapPanel[BookOptions]):
    """Resting liquidity over time and price, with candles, legend and the current book."""

    panel_id = "order-book"
    title = "Order book"
    provider_id = "kiyotaka"
    sides = True

    def __init__(self, context: PanelContext) -> None:
        super().__init__(context, BookOptions())
        self._profile: BookProfile | None = None
        self.begin()

    # -- options

    def build_options(self) -> None:
        """Instrument, interval, height of a level, depth, unit."""
        self.instrument_button = QToolButton()
        self.instrument_button.setAccessibleName("Venues and symbol")
        self.instrument_button.clicked.connect(lambda: self.search_name(""))
        self.resolution_button = ChoiceButton[Resolution](
            "Height of a level",
            lambda: [(r, self._resolution_text(r)) for r in Resolution],
            lambda r: self.choose(replace(self.options, resolution=r, block_size=None)),
            lambda r: self.cost_of(replace(self.options, resolution=r, block_size=None)),
        )
        self.depth_button = ChoiceButton[int](
            "Levels per side",
            lambda: [(d, depth_text(d, self.block_size)) for d in DEPTHS],
            lambda d: self.choose(replace(self.options, depth=d)),
            lambda d: self.cost_of(replace(self.options, depth=d)),
        )
        self.quote_button = ChoiceButton[Quote](
            "What quantities are counted in",
            lambda: [(Quote.COIN, self.options.coin), (Quote.USD, "USD")],
            lambda q: self.choose(replace(self.options, quote=q)),
            lambda q: self.cost_of(replace(self.options, quote=q)),
        )
        for button in (
            self.instrument_button,
            self.interval_button,
            self.resolution_button,
            self.depth_button,
            self.quote_button,
        ):
            self.options_bar.addWidget(button)
        self.options_bar.addStretch(1)

    def cost_of(self, options: BookOptions) -> Cost:
        """What a choice would cost."""
        return self.context.cost(options.book_sub(self.source))

    def load(self, saved: Mapping[str, object]) -> BookOptions:
        """Options from the layout file."""
        return BookOptions.loaded(saved)

    def search_name(self, text: str) -> None:
        """Open the pop-over for venues and symbol, with a text already typed."""
        popover = InstrumentPopover(self.options, self.want_markets(), self.cost_of, self)
        popover.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        popover.applied.connect(lambda: self.choose(popover.options))
        popover.adjustSize()
        button = self.instrument_button
        popover.move(button.mapToGlobal(QPoint(0, button.height() + 2)))
        popover.show()
        popover.begin(text)

    def _resolution_text(self, resolution: Resolution) -> str:
        block_size = self.block_size
        name = resolution.value.upper()
        if block_size is None or self.options.block_size is not None:
            return name
        own = block_size / self.options.resolution.multiple
        return f"{name}  {price_text(float(f'{own * resolution.multiple:.8g}'))} levels"

    def show_options(self) -> None:
        """Write the present options on the controls and the legend."""
        coloured_by = self._coloured_by
        super().show_options()
        if coloured_by != self._coloured_by:
            self._draw_profile()
        options, block_size = self.options, self.block_size
        self.instrument_button.setText(f"{options.instrument}  \u25be")
        names = " + ".join(venue_title(venue) for venue in options.venues)
        self.instrument_button.setToolTip(f"Venues and symbol: {names}")
        self.interval_button.show_choice(options.interval_ms, interval_label(options.interval_ms))
        self.resolution_button.show_choice(options.resolution, options.resolution_text)
        self.depth_button.show_choice(options.depth or 0, depth_text(options.depth, block_size))
        unit = options.coin if options.quote is Quote.COIN else "USD"
        self.quote_button.show_choice(options.quote, unit)
        if block_size is not None:
            lines = unit_lines(options.quote, options.coin, block_size, "level")
            self.chart.legend.set_unit(*lines, usd=options.quote is Quote.USD)

    # -- what the base classes ask

    def primary(self) -> Subscription:
        """The book."""
        return self.options.book_sub(self.source)

    def needs(self) -> frozenset[Subscription]:
        """The book, its price line, and the market list once it was wanted."""
        needs: set[Subscription] = {self.primary()}
        if self.options.interval_ms >= MINUTE_MS:
            needs.add(self.options.candle_sub(self.source))
        if self._choosing:
            needs.add(self.options.market_sub(self.source))
        return frozenset(needs)

    def subtitle(self) -> str:
        """Instrument, venues, interval and height of a level."""
        block_size = self.block_size
        text = self.options.subtitle(price_text(block_size) if block_size is not None else "")
        return f"{text} · paused" if self.chart.paused else text

    def waiting_text(self) -> str:
        """What is being waited for."""
        return f"Waiting for the book of {self.options.instrument}"

    def venues_shown(self) -> str:
        """Names of the venues."""
        return venues_text(self.options.venues)

    def view_key(self) -> tuple[object, ...]:
        """Source, venues, instrument and interval."""
        options = self.options
        return self.source, options.venues, options.instrument, options.interval_ms

    def contrast_key(self) -> str:
        """Venues, instrument, unit and height of a level."""
        options = self.options
        venues = "+".join(options.venues)
        # The invented market has walls of its own: its cuts would black out a real one.
        market = f"demo:{venues}" if self.demo else venues
        size = f"{self.block_size or 0.0:.10g}"
        return f"{market}:{options.instrument}:{options.quote.value}:{size}"

    def csv(self) -> str | None:
        """The current book."""
        return profile_csv(self._profile) if self._profile is not None else None

    # -- what is drawn over the cells

    def take_frame(self, candles: CandleWindow | None, frame: Frame | None) -> None:
        """Candles, last price and spread, and the current book at the edge."""
        book = frame if isinstance(frame, BookWindow) else None
        last, up = last_close(candles)
        self._profile = compute_profile(book, last) if book is not None else None
        top = self._profile.top if self._profile is not None else None
        if not math.isfinite(last) and top is not None:
            last = top.mid
        self._last_price = last
        self._fix_tick(candles, book)
        self.chart.candles.set_candles(candles)
        spread = ""
        if top is not None and math.isfinite(top.mid):
            spread = f"spr \u2264 {price_text(float(f'{top.spread_bound:.6g}'))[1:]}"
        self.chart.set_last_price(last, spread, up=up)
        self._draw_profile()

    def _fix_tick(self, candles: CandleWindow | None, book: BookWindow | None) -> None:
        tick = book.block_size if book is not None else 1.0
        if candles is not None and candles.time_ms.size:
            tick = min(tick, tick_of_prices(candles.close[-200:]))
        self._tick_size = tick
        self.chart.set_grid(self.options.interval_ms, tick, self._last_price)

    def _draw_profile(self) -> None:
        profile = self._profile
        if profile is None:
            self.chart.edge.set_profile((), 1.0)
            return
        options = self.options
        colouring = COLOURINGS[options.palette]
        sides = edge_profiles(profile, colouring, cumulative=options.cumulative)
        self.chart.edge.set_profile(sides, profile.block_size)
        totals = resting_totals(profile)
        self.chart.offscreen.set_totals(totals, options.quote, options.coin)

    def draw_extras(self, heat: HeatmapStore) -> None:
        """Lines of the best prices; those that changed are read, whether they are shown or not."""
        closes = self._candles.close if self._candles is not None else None
        if not self.chart.best.follow(heat, exact=is_one_tick(heat.grid.block_size, closes)):
            self.invalidate()  # the next tick goes on with it
        self.chart.best.show_lines(best=self._best_shown, mid=self.options.mid)

    @property
    def _best_shown(self) -> bool:
        """As chosen; without a choice where no candle tells the price."""
        priced = self._candles is not None and self._candles.time_ms.size > 0
        return self.options.best if self.options.best is not None else not priced

    def forget_extras(self) -> None:
        """Forget the book."""
        self._profile = None

    def home_span(self) -> float:
        """What the book reaches and what was traded."""
        low, high = self._profile.reach() if self._profile is not None else (math.nan, math.nan)
        traded = traded_reach(self._candles, self._last_price, HOME_COLUMNS)
        return home_price_span(self._last_price, low, high, traded=traded)

    def hover_rows(self, time_s: float, price: float) -> HoverRows:
        """The cell, and what rests up to its price."""
        rows = super().hover_rows(time_s, price)
        if self._profile is not None:
            total = self._profile.cumulative_at(price)
            if math.isfinite(total):
                text = format_qty(total, self.options.quote, self.options.coin)
                rows.append(("To price now", text))
        return rows

    def panel_menu(self, menu: QMenu) -> None:
        """Lines of prices, and the curve at the edge."""
        self.add_switch(menu, "Best bid and ask", "best", on=self._best_shown)
        self.add_switch(menu, "Mid price", "mid", on=self.options.mid)
        curve = menu.addAction("Cumulative curve at the edge")
        curve.setCheckable(True)
        curve.setChecked(self.options.cumulative)
        curve.triggered.connect(self._toggle_cumulative)

    def _toggle_cumulative(self) -> None:
        self.choose(replace(self.options, cumulative=not self.options.cumulative))
        self._draw_profile()
