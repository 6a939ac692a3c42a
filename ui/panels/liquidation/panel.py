"""The liquidation panel: what it wants from the store and where it goes on the chart."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QPoint, QPointF
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QMenu

from heatdesk.analytics.liquidation import (
    Cluster,
    LiquidationCurves,
    band_levels,
    clusters_csv,
    compute_curves,
    find_clusters,
    inferred_side,
    sum_bands,
)
from heatdesk.frames import (
    CandleWindow,
    LiquidationWindow,
    MarketList,
    MarketSub,
    Quote,
    Subscription,
)
from heatdesk.providers.base import Cost
from heatdesk.store.heatmap import HeatmapStore
from heatdesk.units import INTERVALS_MS
from heatdesk.units import interval_label as label_of
from heatdesk.views.camera import home_price_span, traded_reach
from heatdesk.views.candles import close_at, last_close
from heatdesk.views.contrast import Contrast
from heatdesk.views.hover import HoverStyle, format_qty, hover_lines
from heatdesk.views.instruments import coins_called, coins_known, price_text, unit_lines
from heatdesk.views.legend import parse_cut
from heatdesk.views.palettes import GREY, LIQUIDATION
from heatdesk.views.ticks import quantity_label, tick_of_prices
from ui.heatmap.chart import HoverRows, PriceTimeChart
from ui.heatmap.choices import ChoiceButton
from ui.heatmap.memory import ContrastMemory
from ui.heatmap.menu import fill_chart_menu
from ui.heatmap.readout import read_cell, still_filling
from ui.heatmap.typed import NameSearch, take_typed
from ui.panel import Panel, PanelContext
from ui.panels.liquidation.drawing import cluster_labels, edge_profiles
from ui.panels.liquidation.options import (
    BAND_RATIOS,
    DEPTHS,
    LiquidationOptions,
    depth_choice_text,
)


class LiquidationPanel(Panel):
    """Levels summed into bands, the largest clusters, and what lies on the way to a price."""

    panel_id = "liquidation"
    title = "Liquidations"
    provider_id = "kiyotaka"

    def __init__(self, context: PanelContext) -> None:
        super().__init__(context)
        self.options = LiquidationOptions()
        self._drawn: tuple[object, ...] = ()
        self._heat: HeatmapStore | None = None
        self._candles: CandleWindow | None = None
        self._levels: LiquidationWindow | None = None
        self._levels_revision = 0
        self._curves: LiquidationCurves | None = None
        self._last_price = math.nan
        self._tick_size = 1.0
        self._band = 1.0
        self.clusters: list[Cluster] = []
        self.chart = PriceTimeChart(span_s=self.options.home_span_s)
        self.chart.reader = self._hover
        self.chart.zone_clicked.connect(self._switch_zone)
        self.chart.palette_wanted.connect(self._next_palette)
        self.chart.pause_changed.connect(self._pause_changed)
        self.contrasts = ContrastMemory(self.chart.legend, Contrast())
        self.chart.legend.refit_wanted.connect(self._refit)
        self.chart.legend.changed.connect(self._contrast_changed)
        self.body.addWidget(self.chart, 1)
        self.setFocusProxy(self.chart.view)
        self._build_options()
        self._shown: Subscription | None = None
        self._viewed: tuple[object, ...] = ()
        self._choosing = False
        self._start_anew()
        self.needs_changed.connect(self._start_anew)
        self._show_options()

    # -- options

    def _build_options(self) -> None:
        self.coin_button = ChoiceButton[str](
            "Coin",
            lambda: [(coin, coin) for coin in coins_known(self._markets(), 40)],
            lambda coin: self.choose(replace(self.options, coin=coin)),
            lambda coin: self._cost_of(coin=coin),
        )
        self.interval_button = ChoiceButton[int](
            "Interval",
            lambda: [(ms, label) for label, ms in INTERVALS_MS.items()],
            lambda ms: self.choose(replace(self.options, interval_ms=ms)),
            lambda ms: self._cost_of(interval_ms=ms),
        )
        self.quote_button = ChoiceButton[Quote](
            "What quantities are counted in",
            lambda: [(Quote.USD, "USD"), (Quote.COIN, self.options.coin)],
            lambda quote: self.choose(replace(self.options, quote=quote)),
            lambda quote: self._cost_of(quote=quote),
        )
        self.band_button = ChoiceButton[float](
            "Height of a band; levels are summed into it",
            lambda: [(ratio, self._band_text(ratio)) for ratio in BAND_RATIOS],
            lambda ratio: self.choose(replace(self.options, band_ratio=ratio)),
        )
        self.depth_button = ChoiceButton[int](
            "How many levels are asked for",
            lambda: [(depth, depth_choice_text(depth)) for depth in DEPTHS],
            lambda depth: self.choose(replace(self.options, depth=depth)),
            lambda depth: self._cost_of(depth=depth),
        )
        self.threshold = QLineEdit()
        self.threshold.setPlaceholderText("Hide below")
        self.threshold.setToolTip("Hide bands that hold less (1M, 250K); empty shows the usual")
        self.threshold.setFixedWidth(84)
        self.threshold.editingFinished.connect(self._take_threshold)
        for widget in (
            self.coin_button,
            self.interval_button,
            self.quote_button,
            self.band_button,
            self.depth_button,
            self.threshold,
        ):
            self.options_bar.addWidget(widget)
        self.options_bar.addStretch(1)

    def _cost_of(self, **change: object) -> Cost:
        return self.context.cost(self._with(**change).sub(self.source))

    def _with(self, **change: object) -> LiquidationOptions:
        return replace(self.options, **change)  # type: ignore[arg-type]

    def choose(self, options: LiquidationOptions) -> None:
        """Apply options."""
        if options == self.options:
            return
        before, self.options = self.options, options
        if options.sub("") != before.sub(""):
            self.needs_changed.emit()
        self._drawn, self._curves = (), None
        self._show_options()
        self.invalidate()
        self.state_changed.emit()

    def _take_threshold(self) -> None:
        if not self.threshold.isModified():
            return
        self.threshold.setModified(False)
        text = self.threshold.text().strip()
        if not text:
            self.chart.legend.reset()
            return
        kind, figure = parse_cut(text.lstrip("\u2265 "), "absolute")
        if kind == "absolute" and figure > 0:
            self.chart.legend.hide_below(figure)
        self._show_threshold()

    def _show_threshold(self) -> None:
        usd = self.options.quote is Quote.USD
        self.threshold.setText(f"\u2265 {quantity_label(self.chart.legend.cut[0], usd)}")
        self.threshold.setModified(False)

    def _contrast_changed(self) -> None:
        self._show_threshold()
        self.state_changed.emit()

    def _band_text(self, ratio: float) -> str:
        share = f"{ratio * 100:.3g} %"
        if self._heat is None or not math.isfinite(self._last_price):
            return f"{share} bands"
        native = self._native()
        height = band_levels(self._last_price, native, ratio) * native
        return f"{price_text(float(f'{height:.8g}'))} bands ({share})"

    def _native(self) -> float:
        return self._heat.grid.block_size if self._heat is not None else 0.0

    def _show_options(self) -> None:
        options = self.options
        self.coin_button.show_choice(options.coin, options.coin)
        self.interval_button.show_choice(options.interval_ms, label_of(options.interval_ms))
        unit = "USD" if options.quote is Quote.USD else options.coin
        self.quote_button.show_choice(options.quote, unit)
        text = self._band_text(options.band_ratio).split(" (")[0]
        self.band_button.show_choice(options.band_ratio, text)
        self.depth_button.show_choice(options.depth, depth_choice_text(options.depth))
        self.chart.set_palettes(GREY if options.grey else LIQUIDATION)
        if self._heat is not None:
            self.chart.legend.set_unit(
                *unit_lines(options.quote, options.coin, self._band, "band"),
                usd=options.quote is Quote.USD,
            )

    def _markets(self) -> MarketList | None:
        found = self.context.store.latest(MarketSub(self.source))
        return found if isinstance(found, MarketList) else None

    # -- what the base class asks

    def primary(self) -> Subscription:
        """The levels."""
        return self.options.sub(self.source)

    def needs(self) -> frozenset[Subscription]:
        """Levels and candles of the same venue, and the market list once it was wanted."""
        needs: set[Subscription] = {self.primary(), self.options.candle_sub(self.source)}
        return frozenset(needs | ({MarketSub(self.source)} if self._choosing else set()))

    def subtitle(self) -> str:
        """What is shown, and that it is one venue's."""
        text = f"Hyperliquid only · {self.options.coin} · {label_of(self.options.interval_ms)}"
        return f"{text} · paused" if self.chart.paused else text

    def waiting_text(self) -> str:
        """What is being waited for."""
        return f"Waiting for the liquidation levels of {self.options.coin}"

    def refresh(self) -> None:
        """Draw what changed: bands, candles, clusters, curves."""
        self.chart.set_zone(self.context.workspace.zone)
        if self.chart.paused:
            return
        store, sub = self.context.store, self.primary()
        price_sub = self.options.candle_sub(self.source)
        heat = store.heatmap(sub)
        if heat is None or heat.empty:
            return
        candles = store.candles(price_sub)
        revision = store.revision(sub)
        if candles is not self._candles or revision != self._levels_revision:
            self._levels_revision, self._curves = revision, None
            levels = store.last_book(sub)
            self._levels = levels if isinstance(levels, LiquidationWindow) else None
            self._take_price(candles, self._levels)
        self._take_heat(heat)
        if self._curves is None:
            self._take_levels(self._levels)
        newest_s = heat.grid.time.time_of(heat.last_column + 1) / 1000
        traded = traded_reach(candles, self._last_price, self.options.points)
        span = home_price_span(self._last_price, math.nan, math.nan, 0.12, traded)
        filling = still_filling(store, sub, price_sub)
        self.chart.observe(newest_s, self._last_price, span, filling=filling)

    def _take_price(self, candles: CandleWindow | None, levels: LiquidationWindow | None) -> None:
        self._candles = candles
        last, up = last_close(candles)
        if candles is not None and math.isfinite(last):
            self._tick_size = tick_of_prices(candles.close[-200:])
        elif levels is not None and len(levels.levels.price):
            # no price line: the middle of what is served is all there is to centre on
            last = float(np.median(levels.levels.price))
        self._last_price = last
        self.chart.candles.set_candles(candles)
        self.chart.set_grid(self.options.interval_ms, self._tick_size, last)
        self.chart.set_last_price(last, up=up)

    def _take_heat(self, heat: HeatmapStore) -> None:
        block = heat.grid.block_size
        if heat is not self._heat or self._drawn == ():
            self._heat = heat
            count = band_levels(self._last_price, block, self.options.band_ratio)
            self._band = count * block
            self.chart.item.set_band(count)
            options = self.options
            # The invented market's clusters are its own: its cuts would black out real ones.
            market = f"demo:{options.coin}" if self.demo else options.coin
            self.contrasts.turn_to(f"{market}:{options.quote.value}:{self._band:.10g}")
            self._show_options()
        count = self.chart.item.band
        filling = self.context.store.status(self.primary()).progress is not None
        self.contrasts.offer(lambda: (heat.histogram(None, count), heat.values), filling=filling)
        key = (heat, heat.revision, heat.generation)
        if key != self._drawn:
            self._drawn = key
            self.chart.item.set_source(heat)

    def _take_levels(self, levels: LiquidationWindow | None) -> None:
        """Clusters, curves and bars of the newest column."""
        if levels is None or not math.isfinite(self._last_price):
            self.clusters = []
            self.chart.labels.set_labels(())
            self.chart.edge.set_profile((), 1.0)
            return
        price, qty = levels.levels.at(len(levels.levels) - 1)
        bands = sum_bands(price, qty, self._band)
        self.clusters = find_clusters(bands, self._last_price)
        self._curves = compute_curves(price, qty, self._last_price)
        sides = edge_profiles(bands, self._curves, self._last_price)
        self.chart.edge.set_profile(sides, self._band)
        self.chart.labels.set_labels(cluster_labels(self.clusters, self.options))

    def _start_anew(self) -> None:
        options = self.options
        before, self._shown = self._shown, self.primary()
        if before == self._shown:
            return  # only the market list came: what is drawn stays
        view = (self.source, options.coin, options.interval_ms)
        keep_view, self._viewed = view == self._viewed, view
        self._heat = self._candles = self._levels = self._curves = None
        self._drawn, self.clusters = (), []
        self._levels_revision = 0
        self._last_price = math.nan
        self.chart.forget(options.home_span_s, keep_view=keep_view)

    def save_options(self) -> dict[str, str | int | float | bool | list[str]]:
        """Options and each coin's contrast."""
        return {**self.options.saved(), "contrast": self.contrasts.save()}

    def load_options(self, options: Mapping[str, object]) -> None:
        """Take over saved options, field by field."""
        self.contrasts.load(options.get("contrast"))
        self.choose(LiquidationOptions.loaded(options))

    def csv(self) -> str | None:
        """The largest clusters."""
        return clusters_csv(self.clusters, self.options.quote.value) if self.clusters else None

    # -- the thing under the cursor

    def _hover(self, time_s: float, price: float) -> HoverRows:
        reading = read_cell(self.context.store, self.primary(), self.chart.item, time_s, price)
        options = self.options
        style = HoverStyle(
            options.interval_ms,
            self._tick_size,
            self._band,
            options.quote,
            options.coin,
            self.context.workspace.zone,
            self._last_price,
        )
        # the side is inferred from the price of that moment, not from the present one
        then = close_at(self._candles, reading.time_ms, self._last_price)
        side = inferred_side(price, then) if math.isfinite(then) else ""
        rows = hover_lines(reading, style, side)
        if self._curves is not None:
            total = format_qty(self._curves.at(price), options.quote, options.coin)
            rows.append(("On the way there now", total))
        return rows

    def context_menu(self, menu: QMenu, pos: QPoint) -> None:
        """Entries for the band under the cursor, then for the view."""
        found = self.chart.at(QPointF(self.chart.view.mapFrom(self, pos)))
        reading = None
        if found is not None and pos.x() >= 0:
            reading = read_cell(self.context.store, self.primary(), self.chart.item, *found)
        fill_chart_menu(menu, self.chart, reading, self._tick_size, self.copy_text)

    def search_coin(self, text: str) -> None:
        """Open a search for a coin with a text already typed."""
        if not self._choosing:
            self._choosing = True
            self.needs_changed.emit()
        search = NameSearch(
            lambda typed: coins_called(typed, coins_known(self._markets())),
            lambda coin: self._cost_of(coin=coin),
            self,
        )
        search.taken.connect(lambda coin: self.choose(self._with(coin=coin)))
        search.open_at(self.coin_button.mapToGlobal(QPoint(0, 24)), text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Letters typed anywhere search a coin, digits the interval."""
        if not take_typed(event, self.search_coin, self.interval_button.search):
            super().keyPressEvent(event)

    def _next_palette(self) -> None:
        self.choose(self._with(grey=not self.options.grey))

    def _pause_changed(self) -> None:
        self.invalidate()
        self.show_header()

    def _switch_zone(self) -> None:
        self.context.workspace.utc = not self.context.workspace.utc

    def _refit(self) -> None:
        self.contrasts.refit()
        self.refresh()
