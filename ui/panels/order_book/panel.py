"""The order book panel: what it wants from the store and where it goes on the chart."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtWidgets import QMenu

from heatdesk.analytics.book import BookProfile, compute_profile, profile_csv
from heatdesk.frames import (
    BookSub,
    BookWindow,
    CandleWindow,
    MarketList,
    Quote,
    StreamStatus,
    Subscription,
)
from heatdesk.providers.base import Cost
from heatdesk.store.heatmap import HeatmapStore
from heatdesk.units import INTERVALS_MS, MINUTE_MS
from heatdesk.views.camera import home_price_span, traded_reach
from heatdesk.views.candles import last_close
from heatdesk.views.colourings import COLOURINGS
from heatdesk.views.hover import format_qty
from heatdesk.views.instrument_search import merge_markets
from heatdesk.views.instruments import price_text, spread_text, unit_lines, venues_text
from heatdesk.views.ticks import is_one_tick, tick_of_prices
from ui.heatmap.chart import HoverRows
from ui.panel import Options, PanelContext
from ui.panel.header import latency_text
from ui.panel.heatmap import HeatmapPanel
from ui.panel.heatmap_options import Frame
from ui.panels.order_book.controls import BookControls
from ui.panels.order_book.drawing import edge_profiles, resting_totals
from ui.panels.order_book.flow import TITLES, BookFlow, FlowPopover, without_flow
from ui.panels.order_book.instrument import InstrumentPopover
from ui.panels.order_book.joining import Joining
from ui.panels.order_book.options import (
    KIYOTAKA,
    LIVE,
    LIVE_INTERVALS_MS,
    SUMMED,
    BookOptions,
)
from ui.panels.order_book.shares import summed_rows

LATENCY_TIP = (
    "How late this picture is: from the venue's own time to this computer (its clock counts),"
    " and from there to the end of the paint that shows it (median)."
)
WIDEST_CANDLE_PX = 40.0
"""Minutes over columns of a second: seen from afar they tell the price, close up they are in the way."""
SETTLED_MS = 15_000
"""After so long the colours of a live book are fitted for good."""
HOME_RATIO, LIVE_HOME_RATIO = 0.02, 0.004
"""Share of the price that a fresh view is high: of hours, and of minutes."""


class OrderBookPanel(HeatmapPanel[BookOptions]):
    """Resting liquidity over time and price, with candles, legend and the current book."""

    panel_id = "order-book"
    title = "Order book"
    provider_id = "kiyotaka"
    sides = True

    def __init__(self, context: PanelContext) -> None:
        super().__init__(context, BookOptions())
        self._profile: BookProfile | None = None
        self._quoted_tick = math.inf
        self._led_by = ""
        self._lists: frozenset[Subscription] = frozenset()
        self.flow = BookFlow(self.chart.flow, context.store)
        self.joining = Joining()
        self.chart.flow.strip_changed.connect(self.state_changed)
        self.begin()

    # -- options

    def build_options(self) -> None:
        """Instrument, interval, height of a level, depth, unit."""
        self.stage.note_room = lambda: self.chart.plot_rect.width()
        self.controls = BookControls(self, self.interval_button)
        self.controls.add_to(self.options_bar)

    def cost_of(self, options: BookOptions) -> Cost:
        """What a choice would cost."""
        return self.context.cost(options.book_sub(self.source_of(options)))

    def source_of(self, options: BookOptions) -> str:
        """Provider that would be asked under other options."""
        return self.source if self.demo else options.provider

    def load(self, saved: Mapping[str, object]) -> BookOptions:
        """Options from the layout file."""
        return BookOptions.loaded(saved)

    def options_for_new(self) -> Options:
        """Contrasts, and where the data comes from."""
        return {**super().options_for_new(), "source": self.options.source}

    def search_name(self, text: str) -> None:
        """Open the pop-over for venues and symbol, with a text already typed."""
        self.want_markets()
        popover = InstrumentPopover(self.options, self.markets_of, self.cost_of, self)
        popover.applied.connect(lambda: self.choose(popover.options))
        popover.looked.connect(lambda: self._look_at(popover.looked_at))
        popover.open_below(self.controls.instrument)
        popover.begin(text)

    def _look_at(self, options: BookOptions) -> None:
        """Ask for the lists of other venues too."""
        lists = frozenset(options.market_subs(self.source_of(options)))
        if not lists <= self._lists:
            self._lists |= lists
            self.needs_changed.emit()

    def markets_of(self, options: BookOptions) -> MarketList | None:
        """What is held of the lists that help to choose under some options."""
        latest, source = self.context.store.latest, self.source_of(options)
        found = [latest(sub) for sub in options.market_subs(source)]
        return merge_markets(one for one in found if isinstance(one, MarketList))

    def show_options(self) -> None:
        """Write the present options on the controls and the legend."""
        coloured_by = self._coloured_by
        super().show_options()
        if coloured_by != self._coloured_by:
            self._draw_profile()
        options, block_size = self.options, self.block_size
        told = bool(options.trade_subs(self.source))
        self.flow.show(options if told else without_flow(options))
        self.controls.show()
        fast = self.interval_ms < MINUTE_MS
        self.chart.candles.most_px = WIDEST_CANDLE_PX if fast else math.inf
        if block_size is not None:
            lines = unit_lines(options.quote, options.coin, block_size, "level")
            self.chart.legend.set_unit(*lines, usd=options.quote is Quote.USD)

    # -- what the base classes ask

    @property
    def real_source(self) -> str:
        """Feeds of the venue, their sum, or a collector."""
        return self.options.provider

    @property
    def moves(self) -> bool:
        """A live book is drawn as it comes."""
        return self.streams

    @property
    def keyless(self) -> bool:
        """A live book needs no key."""
        return self.streams

    @property
    def streams(self) -> bool:
        """Whether live columns are shown."""
        return self.options.streams(self.source)

    @property
    def interval_ms(self) -> int:
        """Width of a column of what is shown."""
        return self.options.interval_for(self.source)

    @property
    def home_span_s(self) -> float:
        """Time a fresh view shows."""
        return self.options.home_span_for(self.source)

    def intervals(self) -> Mapping[str, int]:
        """Widths of a column to choose from."""
        return LIVE_INTERVALS_MS if self.streams else INTERVALS_MS

    def with_interval(self, interval_ms: int) -> BookOptions:
        """The options with another width of a column of what is shown."""
        return self.options.with_interval(self.source, interval_ms)

    def key_works(self, provider: str) -> None:
        """A demo shows the history that a key opens; a live book stays."""
        if provider == KIYOTAKA and self.demo:
            self.choose(self.options.from_source(KIYOTAKA))
            self.demo = False

    def open_live(self, venue: str = "") -> None:
        """Show a live book instead of the demo, or of the one at another venue."""
        if not (self.demo or self.options.live):
            return  # what a key has opened stays
        self.choose(self.options.at_venue(venue) if venue else self.options.from_source(LIVE))
        self.demo = False

    def primary(self) -> Subscription:
        """The book."""
        return self.options.book_sub(self.source)

    def needs(self) -> frozenset[Subscription]:
        """The book, its price line, what happened, and the market lists once they were wanted."""
        options, source = self.options, self.source
        needs: set[Subscription] = {self.primary(), options.candle_sub(source)}
        if options.trades or options.delta:
            needs.update(options.trade_subs(source))
        if options.liquidations:
            needs.update(options.liquidation_subs(source))
        if self._choosing:
            needs.update(options.market_subs(source))
        needs |= self._lists
        return frozenset(needs)

    def header_detail(self, status: StreamStatus, now_ms: int) -> tuple[str, str]:
        """How late a live picture is."""
        if not self.streams:
            return super().header_detail(status, now_ms)
        text = latency_text(status.latency_ms, self.latency.typical_ms)
        return text, LATENCY_TIP if text else ""

    def subtitle(self) -> str:
        """Instrument, venues, interval and height of a level."""
        block_size = self.block_size
        height = price_text(block_size) if block_size is not None else ""
        text = self.options.subtitle(self.source, height)
        return f"{text} · paused" if self.chart.paused else text

    def waiting_text(self) -> str:
        """What is being waited for."""
        options = self.options
        if self.streams:
            return f"Connecting to {venues_text(options.venues)} for {options.instrument}"
        return f"Waiting for the book of {options.instrument}"

    def venues_shown(self) -> str:
        """Names of the venues."""
        return venues_text(self.options.venues)

    def view_key(self) -> tuple[object, ...]:
        """Source, venues, instrument and interval."""
        options = self.options
        return self.source, options.venues, options.instrument, self.interval_ms

    def contrast_key(self) -> str:
        """Venues, instrument, unit and height of a level."""
        options = self.options
        venues = "+".join(options.venues)
        # The invented market has walls of its own: its cuts would black out a real one.
        market = f"demo:{venues}" if self.demo else f"live:{venues}" if options.live else venues
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
        traded = self.flow.last_trade(self.context.clock.now_ms()) if self.streams else None
        self._led_by = traded.venue if traded is not None else ""
        if traded is not None:
            last, up = traded.price, traded.buy
        elif (
            top is not None and math.isfinite(top.mid) and (self.streams or not math.isfinite(last))
        ):
            last = top.mid  # of a live book the freshest there is
        self._last_price = last
        self._fix_tick(candles, book)
        self.chart.candles.set_candles(candles)
        spread = spread_text(top) if top is not None else ""
        self.chart.set_last_price(last, spread, up=up)
        self._draw_profile()

    def _fix_tick(self, candles: CandleWindow | None, book: BookWindow | None) -> None:
        tick = book.block_size if book is not None else 1.0
        if candles is not None and candles.time_ms.size:
            tick = min(tick, tick_of_prices(candles.close[-200:]))
        if book is not None and book.best_px is not None:
            # the finest seen: a round price says nothing of the next one
            self._quoted_tick = min(self._quoted_tick, tick_of_prices(book.best_px[-1]))
        tick = min(tick, self._quoted_tick)
        self._tick_size = tick
        self.chart.set_grid(self.interval_ms, tick, self._last_price)

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
        self.flow.follow(self.options, self.source)
        gap_ms = self.context.store.status(self.primary()).gap_since_ms
        self.chart.edge.set_faded(self.streams and gap_ms is not None)
        self.chart.flow.strip.set_newest(heat.grid.time.time_of(heat.last_column + 1))
        if self.streams:
            first_s = heat.grid.time.time_of(heat.first_column) / 1000
            self.chart.beginning.begins(first_s, "Book", self.chart.camera)

    @property
    def _best_shown(self) -> bool:
        """As chosen; without a choice where no candle tells the price."""
        candled = self.interval_ms >= MINUTE_MS
        priced = candled and self._candles is not None and self._candles.time_ms.size > 0
        return self.options.best if self.options.best is not None else not priced

    def forget_extras(self) -> None:
        """Forget the book and its tapes."""
        self._profile = None
        self._quoted_tick = math.inf
        self.flow.forget()
        self.joining.forget()

    def still_settling(self, heat: HeatmapStore) -> bool:
        """The first seconds of a live book say little of its walls."""
        if not self.streams:
            return super().still_settling(heat)
        held = heat.last_column + 1 - heat.first_column
        return held * self.interval_ms < SETTLED_MS

    def joined(self, heat: HeatmapStore) -> tuple[int, int | None]:
        """Venues of a sum that have been heard, and since when it has them."""
        self.joining.follow(self.context.store.status(self.primary()), heat)
        return self.joining.heard, self.joining.since

    def home_span(self) -> float:
        """What the book reaches and what was traded."""
        low, high = self._profile.reach() if self._profile is not None else (math.nan, math.nan)
        width_s = max(MINUTE_MS, self.interval_ms) / 1000
        seen = max(1, math.ceil(self.home_span_s / width_s))
        traded = traded_reach(self._candles, self._last_price, seen)
        share = LIVE_HOME_RATIO if self.interval_ms < MINUTE_MS else HOME_RATIO
        return home_price_span(self._last_price, low, high, share, traded)

    def hover_rows(self, time_s: float, price: float) -> HoverRows:
        """The cell, each venue's share of it, and what rests up to its price."""
        rows = super().hover_rows(time_s, price)
        sub, block_size = self.primary(), self.block_size
        if isinstance(sub, BookSub) and sub.provider == SUMMED and block_size is not None:
            store, led_by = self.context.store, self._led_by
            rows += summed_rows(store, sub, block_size, time_s, price, led_by)
        if self._profile is not None:
            total = self._profile.cumulative_at(price)
            if math.isfinite(total):
                text = format_qty(total, self.options.quote, self.options.coin)
                rows.append(("To price now", text))
        return rows

    def panel_menu(self, menu: QMenu) -> None:
        """Trades and the like, lines of prices, and the curve at the edge."""
        if self.options.trade_subs(self.source):
            for name, title in TITLES.items():
                self.add_switch(menu, title, name, on=getattr(self.options, name))
            menu.addSeparator()
        self.add_switch(menu, "Best bid and ask", "best", on=self._best_shown)
        self.add_switch(menu, "Mid price", "mid", on=self.options.mid)
        curve = menu.addAction("Cumulative curve at the edge")
        curve.setCheckable(True)
        curve.setChecked(self.options.cumulative)
        curve.triggered.connect(self._toggle_cumulative)

    def open_flow(self) -> None:
        """Open the switches of trades, liquidations and delta."""

        def choose(name: str, value: bool | float | None) -> None:
            self.choose(self.with_options(**{name: value}))

        popover = FlowPopover(lambda: self.options, choose, self.flow.usual_least, self)
        popover.open_below(self.controls.flow)

    def save_options(self) -> Options:
        """Options, contrasts, and the height of the delta strip."""
        return {**super().save_options(), "strip_px": self.chart.flow.strip_px}

    def load_options(self, options: Mapping[str, object]) -> None:
        """Take over saved options, field by field."""
        height = options.get("strip_px")
        if isinstance(height, int | float) and not isinstance(height, bool) and 0 < height < 2_000:
            self.chart.flow.set_strip_px(float(height))
        super().load_options(options)

    def _toggle_cumulative(self) -> None:
        self.choose(replace(self.options, cumulative=not self.options.cumulative))
        self._draw_profile()
