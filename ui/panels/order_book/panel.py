"""The order book panel: what it wants from the store and where it goes on the chart."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QMenu, QToolButton

from heatdesk.analytics.book import BookProfile, compute_profile, profile_csv
from heatdesk.frames import (
    BookWindow,
    CandleWindow,
    MarketList,
    Quote,
    Resolution,
    Subscription,
    venue_title,
)
from heatdesk.providers.base import Cost
from heatdesk.store.heatmap import HeatmapStore
from heatdesk.units import INTERVALS_MS, MINUTE_MS, interval_label
from heatdesk.views.camera import home_price_span, traded_reach
from heatdesk.views.candles import last_close
from heatdesk.views.contrast import Contrast
from heatdesk.views.hover import HoverStyle, format_qty, hover_lines
from heatdesk.views.instruments import depth_text, price_text, unit_lines
from heatdesk.views.palettes import ASK, BID, PALETTES
from heatdesk.views.ticks import tick_of_prices
from ui.heatmap.chart import HoverRows, PriceTimeChart
from ui.heatmap.choices import ChoiceButton
from ui.heatmap.memory import ContrastMemory
from ui.heatmap.menu import fill_chart_menu
from ui.heatmap.readout import read_cell, still_filling
from ui.heatmap.typed import take_typed
from ui.panel import Panel, PanelContext
from ui.panels.order_book.drawing import NO_LINES, best_price_lines, edge_profiles
from ui.panels.order_book.instrument import InstrumentPopover
from ui.panels.order_book.options import DEPTHS, HOME_COLUMNS, BookOptions

_NEXT_PALETTE = {"liquidity": "pair", "pair": "grey", "grey": "liquidity"}
_PALETTE_TITLES = {
    "liquidity": "One ramp for liquidity",
    "pair": "Bids and asks apart",
    "grey": "Grey",
}


class OrderBookPanel(Panel):
    """Resting liquidity over time and price, with candles, legend and the current book."""

    panel_id = "order-book"
    title = "Order book"
    provider_id = "kiyotaka"

    def __init__(self, context: PanelContext) -> None:
        super().__init__(context)
        self.options = BookOptions()
        self._choosing = False
        self._drawn: tuple[object, ...] = ()
        self._heat: HeatmapStore | None = None
        self._candles: CandleWindow | None = None
        self._book_revision = 0
        self._profile: BookProfile | None = None
        self._last_price = math.nan
        self._tick_size = 1.0
        self.chart = PriceTimeChart(span_s=self.options.home_span_s)
        self.chart.reader = self._hover
        self.chart.zone_clicked.connect(self._switch_zone)
        self.chart.palette_wanted.connect(self._next_palette)
        self.chart.pause_changed.connect(self._pause_changed)
        self.contrasts = ContrastMemory(self.chart.legend, Contrast())
        self.chart.legend.refit_wanted.connect(self._refit)
        self.chart.legend.changed.connect(self.state_changed)
        self.body.addWidget(self.chart, 1)
        self.setFocusProxy(self.chart.view)
        self._build_options()
        self._shown: Subscription | None = None
        self._viewed: tuple[object, ...] = ()
        self._start_anew()
        self.needs_changed.connect(self._start_anew)
        self._show_options()

    # -- options

    def _build_options(self) -> None:
        self.instrument_button = QToolButton()
        self.instrument_button.setAccessibleName("Venues and symbol")
        self.instrument_button.clicked.connect(lambda: self.choose_instrument())
        self.interval_button = ChoiceButton[int](
            "Interval",
            lambda: [(ms, label) for label, ms in INTERVALS_MS.items()],
            lambda ms: self.choose(replace(self.options, interval_ms=ms)),
            lambda ms: self.cost_of(replace(self.options, interval_ms=ms)),
        )
        self.resolution_button = ChoiceButton[Resolution](
            "Height of a level",
            lambda: [(r, self._resolution_text(r)) for r in Resolution],
            lambda r: self.choose(replace(self.options, resolution=r, block_size=None)),
            lambda r: self.cost_of(replace(self.options, resolution=r, block_size=None)),
        )
        self.depth_button = ChoiceButton[int](
            "Levels per side",
            lambda: [(d, depth_text(d, self._block_size())) for d in DEPTHS],
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

    def choose(self, options: BookOptions) -> None:
        """Apply options."""
        if options == self.options:
            return
        before, self.options = self.options, options
        needs = (options.book_sub(""), options.candle_sub(""))
        if needs != (before.book_sub(""), before.candle_sub("")):
            self.needs_changed.emit()
        self._show_options()
        self.invalidate()
        self.state_changed.emit()

    def choose_instrument(self, text: str = "") -> None:
        """Open the pop-over for venues and symbol, with a text already typed."""
        if not self._choosing:
            self._choosing = True
            self.needs_changed.emit()
        popover = InstrumentPopover(self.options, self._markets(), self.cost_of, self)
        popover.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        popover.applied.connect(lambda: self.choose(popover.options))
        popover.adjustSize()
        button = self.instrument_button
        popover.move(button.mapToGlobal(QPoint(0, button.height() + 2)))
        popover.show()
        popover.begin(text)

    def _markets(self) -> MarketList | None:
        found = self.context.store.latest(self.options.market_sub(self.source))
        return found if isinstance(found, MarketList) else None

    def _resolution_text(self, resolution: Resolution) -> str:
        block_size = self._block_size()
        name = resolution.value.upper()
        if block_size is None or self.options.block_size is not None:
            return name
        own = block_size / self.options.resolution.multiple
        return f"{name}  {price_text(float(f'{own * resolution.multiple:.8g}'))} levels"

    def _block_size(self) -> float | None:
        return self._heat.grid.block_size if self._heat is not None else None

    def _show_options(self) -> None:
        options = self.options
        self.instrument_button.setText(f"{options.instrument}  \u25be")
        names = " + ".join(venue_title(venue) for venue in options.venues)
        self.instrument_button.setToolTip(f"Venues and symbol: {names}")
        self.interval_button.show_choice(options.interval_ms, interval_label(options.interval_ms))
        self.resolution_button.show_choice(options.resolution, options.resolution_text)
        depth = options.depth
        self.depth_button.show_choice(depth or 0, depth_text(depth, self._block_size()))
        unit = options.coin if options.quote is Quote.COIN else "USD"
        self.quote_button.show_choice(options.quote, unit)
        palette = options.palette
        self.chart.set_palettes(*((BID, ASK) if palette == "pair" else (PALETTES[palette],)))
        if self._heat is not None:
            block = self._heat.grid.block_size
            self.chart.legend.set_unit(
                *unit_lines(options.quote, options.coin, block, "level"),
                usd=options.quote is Quote.USD,
            )

    # -- what the base class asks

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
        block_size = self._block_size()
        text = self.options.subtitle(price_text(block_size) if block_size is not None else "")
        return f"{text} · paused" if self.chart.paused else text

    def waiting_text(self) -> str:
        """What is being waited for."""
        return f"Waiting for the book of {self.options.instrument}"

    def refresh(self) -> None:
        """Draw what changed: cells, candles, profile, prices."""
        self.chart.set_zone(self.context.workspace.zone)
        if self.chart.paused:
            return
        store, sub = self.context.store, self.primary()
        heat = store.heatmap(sub)
        if heat is None or heat.empty:
            return
        self._take_heat(heat)
        candles = store.candles(self.options.candle_sub(self.source))
        revision = store.revision(sub)
        if candles is not self._candles or revision != self._book_revision:
            self._book_revision = revision
            book = store.last_book(sub)
            self._take_prices(candles, book if isinstance(book, BookWindow) else None)
        priced = candles is not None and candles.time_ms.size > 0
        self.chart.best.set_lines(*(NO_LINES if priced else best_price_lines(heat)))
        newest_s = heat.grid.time.time_of(heat.last_column + 1) / 1000
        filling = still_filling(store, sub, self.options.candle_sub(self.source))
        self.chart.observe(newest_s, self._last_price, self._home_span(), filling=filling)

    def _take_heat(self, heat: HeatmapStore) -> None:
        block_size = heat.grid.block_size
        if heat is not self._heat:
            self._heat = heat
            options = self.options
            venues = "+".join(options.venues)
            quote = options.quote.value
            # The invented market has walls of its own: its cuts would black out a real one.
            market = f"demo:{venues}" if self.demo else venues
            self.contrasts.turn_to(f"{market}:{options.instrument}:{quote}:{block_size:.10g}")
            self._show_options()
        key = (heat, heat.revision, heat.generation)
        filling = self.context.store.status(self.primary()).progress is not None
        self.contrasts.offer(lambda: (heat.histogram(), heat.values), filling=filling)
        if key != self._drawn:
            self._drawn = key
            self.chart.item.set_source(heat)

    def _take_prices(self, candles: CandleWindow | None, book: BookWindow | None) -> None:
        self._candles = candles
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
        sides = edge_profiles(profile, cumulative=self.options.cumulative)
        self.chart.edge.set_profile(sides, profile.block_size)

    def _home_span(self) -> float:
        low, high = self._profile.reach() if self._profile is not None else (math.nan, math.nan)
        traded = traded_reach(self._candles, self._last_price, HOME_COLUMNS)
        return home_price_span(self._last_price, low, high, traded=traded)

    def _start_anew(self) -> None:
        options = self.options
        before, self._shown = self._shown, self.primary()
        if before == self._shown:
            return  # one more need, such as the market list: what is drawn stays
        view = (self.source, options.venues, options.instrument, options.interval_ms)
        keep_view, self._viewed = view == self._viewed, view
        self._heat = self._candles = self._profile = None
        self._book_revision = 0
        self._drawn = ()
        self._last_price = math.nan
        self.chart.best.set_lines(*NO_LINES)
        self.chart.forget(options.home_span_s, keep_view=keep_view)

    def save_options(self) -> dict[str, str | int | float | bool | list[str]]:
        """Options and each instrument's contrast."""
        return {**self.options.saved(), "contrast": self.contrasts.save()}

    def load_options(self, options: Mapping[str, object]) -> None:
        """Take over saved options, field by field."""
        self.contrasts.load(options.get("contrast"))
        self.choose(BookOptions.loaded(options))

    def csv(self) -> str | None:
        """The current book."""
        return profile_csv(self._profile) if self._profile is not None else None

    # -- the thing under the cursor

    def _hover(self, time_s: float, price: float) -> HoverRows:
        reading = read_cell(self.context.store, self.primary(), self.chart.item, time_s, price)
        options = self.options
        style = HoverStyle(
            options.interval_ms,
            self._tick_size,
            self._block_size() or 1.0,
            options.quote,
            options.coin,
            self.context.workspace.zone,
            self._last_price,
        )
        rows = hover_lines(reading, style)
        if self._profile is not None:
            total = self._profile.cumulative_at(price)
            if math.isfinite(total):
                rows.append(("To price now", format_qty(total, options.quote, options.coin)))
        return rows

    def context_menu(self, menu: QMenu, pos: QPoint) -> None:
        """Entries for the cell under the cursor, then for the view."""
        at = QPointF(self.chart.view.mapFrom(self, pos))
        reading = None
        found = self.chart.at(at) if pos.x() >= 0 else None
        if found is not None:
            reading = read_cell(self.context.store, self.primary(), self.chart.item, *found)
        fill_chart_menu(menu, self.chart, reading, self._tick_size, self.copy_text)
        view = menu.addMenu("Colours")
        for name, title in _PALETTE_TITLES.items():
            action = view.addAction(title)
            action.setCheckable(True)
            action.setChecked(name == self.options.palette)
            action.triggered.connect(
                lambda _=False, name=name: self.choose(replace(self.options, palette=name))
            )
        curve = menu.addAction("Cumulative curve at the edge")
        curve.setCheckable(True)
        curve.setChecked(self.options.cumulative)
        curve.triggered.connect(self._toggle_cumulative)

    def _toggle_cumulative(self) -> None:
        self.choose(replace(self.options, cumulative=not self.options.cumulative))
        self._draw_profile()

    def _next_palette(self) -> None:
        self.choose(replace(self.options, palette=_NEXT_PALETTE[self.options.palette]))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Letters typed anywhere search a symbol, digits the interval."""
        if not take_typed(event, self.choose_instrument, self.interval_button.search):
            super().keyPressEvent(event)

    def _pause_changed(self) -> None:
        self.invalidate()
        self.show_header()

    def _switch_zone(self) -> None:
        self.context.workspace.utc = not self.context.workspace.utc

    def _refit(self) -> None:
        self.contrasts.refit()
        self._drawn = ()
        self.refresh()
