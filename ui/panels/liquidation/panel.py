"""The liquidation panel: what it wants from the store and where it goes on the chart."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QLineEdit

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
    LIQUIDATION_VENUES,
    CandleWindow,
    KeyState,
    LiquidationWindow,
    Quote,
    Subscription,
    venue_title,
)
from heatdesk.providers.base import Cost
from heatdesk.store.heatmap import HeatmapStore
from heatdesk.store.joined_tapes import JoinedLiquidations
from heatdesk.units import interval_label as label_of
from heatdesk.views.camera import home_price_span, traded_reach
from heatdesk.views.candles import close_at, last_close
from heatdesk.views.hover import CellReading, format_qty
from heatdesk.views.instruments import coins_called, coins_known, price_text, unit_lines
from heatdesk.views.legend import parse_cut
from heatdesk.views.offscreen import RestingTotals
from heatdesk.views.ticks import quantity_label, tick_of_prices
from ui.heatmap.chart import HoverRows
from ui.heatmap.choices import ChoiceButton
from ui.heatmap.typed import NameSearch
from ui.panel import PanelContext
from ui.panel.base import Options
from ui.panel.heatmap import HeatmapPanel
from ui.panel.heatmap_options import Frame
from ui.panels.liquidation.drawing import cluster_labels, edge_profiles, happened_profiles
from ui.panels.liquidation.options import (
    BAND_RATIOS,
    DEPTHS,
    HAPPENED,
    HAPPENED_SUBTITLE,
    HAPPENED_TEXT,
    LEVELS,
    LEVELS_TEXT,
    LIVE_INTERVALS_MS,
    VENUE,
    LiquidationOptions,
    depth_choice_text,
)

_ALL_TIME = (0, 2**62)


class LiquidationPanel(HeatmapPanel[LiquidationOptions]):
    """Liquidations by price and time, in bands: the largest clusters, and what lies on the way."""

    panel_id = "liquidation"
    title = "Liquidations"
    provider_id = "kiyotaka"

    def __init__(self, context: PanelContext) -> None:
        super().__init__(context, LiquidationOptions())
        self._levels: LiquidationWindow | None = None
        self._curves: LiquidationCurves | None = None
        self._band = 1.0
        self._priced = False
        self._keyed = context.key_state(LEVELS) is KeyState.ACCEPTED
        self._tape: JoinedLiquidations | None = None
        self.clusters: list[Cluster] = []
        self.chart.legend.changed.connect(self._show_threshold)
        self.begin()

    # -- options

    def build_options(self) -> None:
        """Coin, what of it, interval, unit, height of a band, depth, least size."""
        self.stage.note_room = lambda: self.chart.plot_rect.width()
        self.kind_button = ChoiceButton[bool](
            "Would-be liquidations of open positions, or those that happened",
            lambda: [(True, HAPPENED_TEXT), (False, LEVELS_TEXT)],
            lambda happened: self.choose(replace(self.options, happened=happened)),
        )
        self.coin_button = ChoiceButton[str](
            "Coin",
            lambda: [(coin, coin) for coin in coins_known(self.markets(), 40)],
            lambda coin: self.choose(replace(self.options, coin=coin)),
            lambda coin: self.cost_of(replace(self.options, coin=coin)),
        )
        self.quote_button = ChoiceButton[Quote](
            "What quantities are counted in",
            lambda: [(Quote.USD, "USD"), (Quote.COIN, self.options.coin)],
            lambda quote: self.choose(replace(self.options, quote=quote)),
            lambda quote: self.cost_of(replace(self.options, quote=quote)),
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
            lambda depth: self.cost_of(replace(self.options, depth=depth)),
        )
        self.threshold = QLineEdit()
        self.threshold.setPlaceholderText("Hide below")
        self.threshold.setAccessibleName("Hide bands below")
        self.threshold.setToolTip("Hide bands that hold less (1M, 250K); empty shows the usual")
        self.threshold.setFixedWidth(84)
        self.threshold.editingFinished.connect(self._take_threshold)
        for widget in (
            self.coin_button,
            self.kind_button,
            self.interval_button,
            self.quote_button,
            self.band_button,
            self.depth_button,
            self.threshold,
        ):
            self.options_bar.addWidget(widget)
        self.options_bar.addStretch(1)

    def cost_of(self, options: LiquidationOptions) -> Cost:
        """What a choice would cost."""
        return self.context.cost(options.sub(self.source))

    def load(self, saved: Mapping[str, object]) -> LiquidationOptions:
        """Options from the layout file; those of earlier versions had a key, or were a demo."""
        self._keyed = self._keyed or saved.get("keyed") is True or "happened" not in saved
        return LiquidationOptions.loaded(saved)

    def save_options(self) -> Options:
        """Options, and whether a key for would-be liquidations is known."""
        return {**super().save_options(), "keyed": self._keyed}

    def search_name(self, text: str) -> None:
        """Open a search for a coin with a text already typed."""
        self.want_markets()
        search = NameSearch(
            lambda typed: coins_called(typed, coins_known(self.markets())),
            lambda coin: self.cost_of(replace(self.options, coin=coin)),
            self,
        )
        search.taken.connect(lambda coin: self.choose(replace(self.options, coin=coin)))
        search.open_at(self.coin_button.mapToGlobal(QPoint(0, 24)), text)

    def _take_threshold(self) -> None:
        if not self.threshold.isModified():
            return
        self.threshold.setModified(False)
        text = self.threshold.text().strip()
        if not text:
            self.chart.legend.reset()
            return
        kind, figure = parse_cut(text.lstrip("\u2265 "), "absolute")
        if kind == "absolute":
            self.chart.legend.hide_below(figure)
        self._show_threshold()

    def _show_threshold(self) -> None:
        usd = self.options.quote is Quote.USD
        self.threshold.setText(f"\u2265 {quantity_label(self.chart.legend.cut[0], usd)}")
        self.threshold.setModified(False)

    def _band_text(self, ratio: float) -> str:
        share = f"{ratio * 100:.3g} %"
        native = self.block_size
        if native is None or not math.isfinite(self._last_price):
            return f"{share} bands"
        height = band_levels(self._last_price, native, ratio) * native
        return f"{price_text(float(f'{height:.8g}'))} bands ({share})"

    def show_options(self) -> None:
        """Write the present options on the controls and the legend."""
        super().show_options()
        options = self.options
        happened = self.happened
        self.coin_button.show_choice(options.coin, options.coin)
        self.kind_button.show_choice(happened, "Happened" if happened else "Levels")
        self.kind_button.setVisible(not self.demo)
        self.depth_button.setVisible(not happened)
        self.interval_button.show_choice(self.interval_ms, label_of(self.interval_ms))
        unit = "USD" if options.quote is Quote.USD else options.coin
        self.quote_button.show_choice(options.quote, unit)
        text = self._band_text(options.band_ratio).split(" (")[0]
        self.band_button.show_choice(options.band_ratio, text)
        self.depth_button.show_choice(options.depth, depth_choice_text(options.depth))
        if self.block_size is not None:
            lines = unit_lines(options.quote, options.coin, self._band, "band")
            self.chart.legend.set_unit(*lines, usd=options.quote is Quote.USD)

    # -- what the base classes ask

    @property
    def happened(self) -> bool:
        """Whether liquidations that happened are shown: as they happen, and without a key."""
        return self.source == HAPPENED

    moves = keyless = happened

    @property
    def real_source(self) -> str:
        """Would-be liquidations where there is a key for them, unless the others were chosen."""
        chosen = self.options.happened
        return HAPPENED if (not self._keyed if chosen is None else chosen) else LEVELS

    def key_works(self, provider: str) -> None:
        """A key for would-be liquidations is known."""
        if provider == LEVELS:
            self._keyed = True
            self.demo = False
            self.needs_changed.emit()

    @property
    def interval_ms(self) -> int:
        """Width of a column of what is shown."""
        return self.options.interval_for(self.source)

    @property
    def home_span_s(self) -> float:
        """Time a fresh view shows."""
        return self.options.points_for(self.source) * self.interval_ms / 1000

    def intervals(self) -> Mapping[str, int]:
        """Widths of a column to choose from, by their words."""
        return LIVE_INTERVALS_MS if self.happened else super().intervals()

    def with_interval(self, interval_ms: int) -> LiquidationOptions:
        """The options with another width of a column."""
        if self.happened:
            return replace(self.options, live_interval_ms=interval_ms)
        return replace(self.options, interval_ms=interval_ms)

    def primary(self) -> Subscription:
        """The levels."""
        return self.options.sub(self.source)

    def needs(self) -> frozenset[Subscription]:
        """Levels and candles of the same venue, and the market list once it was wanted."""
        needs: set[Subscription] = {self.primary(), self.options.candle_sub(self.source)}
        if self.happened:
            needs.update(self.options.event_subs())
        if self._choosing:
            needs.add(self.options.market_sub(self.source))
        return frozenset(needs)

    def subtitle(self) -> str:
        """What is shown, and whose it is."""
        text = f"{self.options.coin} · {label_of(self.interval_ms)}"
        text = f"{HAPPENED_SUBTITLE} · {text}" if self.happened else f"Hyperliquid only · {text}"
        return f"{text} · paused" if self.chart.paused else text

    def waiting_text(self) -> str:
        """What is being waited for."""
        if self.happened:
            return f"Waiting for the price of {self.options.coin} and its first liquidation"
        return f"Waiting for the liquidation levels of {self.options.coin}"

    def venues_shown(self) -> str:
        """The venues whose liquidations these are."""
        if self.happened:
            return " + ".join(venue.title for venue in LIQUIDATION_VENUES.values())
        return venue_title(VENUE)

    def view_key(self) -> tuple[object, ...]:
        """Source, coin and interval."""
        return self.source, self.options.coin, self.options.interval_ms

    def contrast_key(self) -> str:
        """Coin, unit and height of a band."""
        options = self.options
        # The invented market's clusters are its own: its cuts would black out real ones.
        market = f"demo:{options.coin}" if self.demo else options.coin
        market = f"{HAPPENED}:{market}" if self.happened else market
        return f"{market}:{options.quote.value}:{self._band:.10g}"

    def csv(self) -> str | None:
        """The largest clusters."""
        return clusters_csv(self.clusters, self.options.quote.value) if self.clusters else None

    # -- what is drawn over the cells

    def fit_band(self, heat: HeatmapStore) -> int:
        """Levels of a band: a share of the price, made a round figure."""
        native = heat.grid.block_size
        count = band_levels(self._last_price, native, self.options.band_ratio)
        self._band, self._curves = count * native, None
        return count

    def take_frame(self, candles: CandleWindow | None, frame: Frame | None) -> None:
        """Candles, last price, and the levels that clusters and curves are made of."""
        self._levels = frame if isinstance(frame, LiquidationWindow) else None
        self._curves = None
        last, up = last_close(candles)
        if candles is not None and math.isfinite(last):
            self._tick_size = tick_of_prices(candles.close[-200:])
            if not self._priced:
                # bands were a share of a guess: fit them, and what is remembered for them
                self._priced, self._fitted = True, ()
        elif self._levels is not None and len(self._levels.levels.price):
            # no price line: the middle of what is served is all there is to centre on
            last = float(np.median(self._levels.levels.price))
        self._last_price = last
        self.chart.candles.set_candles(candles)
        self.chart.set_grid(self.interval_ms, self._tick_size, last)
        self.chart.set_last_price(last, up=up)

    def draw_extras(self, heat: HeatmapStore) -> None:
        """Clusters, curves, bars and sums of the newest column; or the marks of what happened."""
        if self.happened:
            first_s = heat.grid.time.time_of(heat.first_column) / 1000
            self.chart.beginning.begins(first_s, "Heard", self.chart.camera)
            self._draw_events()
            return
        if self._curves is not None:
            return
        levels = self._levels
        if levels is None or not math.isfinite(self._last_price):
            self.clusters = []
            self.chart.labels.set_labels(())
            self.chart.edge.set_profile((), 1.0)
            self.chart.offscreen.set_totals(None, self.options.quote, "")
            return
        price, qty = levels.levels.at(len(levels.levels) - 1)
        bands = sum_bands(price, qty, self._band)
        self.clusters = find_clusters(bands, self._last_price)
        self._curves = compute_curves(price, qty, self._last_price)
        sides = edge_profiles(bands, self._curves, self._last_price)
        self.chart.edge.set_profile(sides, self._band)
        self.chart.labels.set_labels(cluster_labels(self.clusters, self.options))
        totals = RestingTotals.of(price, qty, heat.grid.block_size)
        self.chart.offscreen.set_totals(totals, self.options.quote, self.options.coin)

    def _draw_events(self) -> None:
        store, options = self.context.store, self.options
        if self._tape is None:
            tapes = [store.liquidations(sub) for sub in options.event_subs()]
            held = [tape for tape in tapes if tape is not None]
            joined = JoinedLiquidations(held)
            if len(held) < len(tapes):  # one that comes later joins then
                self.chart.flow.follow(None, joined)
                return
            self._tape = joined
        flow = self.chart.flow
        flow.set_unit(options.quote, options.coin)
        flow.show(bubbles=False, liquidations=True, delta=False)
        flow.follow(None, self._tape)
        batch = self._tape.window(*_ALL_TIME)
        self.chart.edge.set_profile(happened_profiles(batch, self._band, options), self._band)

    def forget_extras(self) -> None:
        """Forget levels, curves, clusters and the least size shown."""
        self._tape = None
        self.chart.flow.show(bubbles=False, liquidations=False, delta=False)
        self.chart.labels.set_labels(())
        self.chart.edge.set_profile((), 1.0)
        self.chart.offscreen.set_totals(None, self.options.quote, "")
        self.threshold.clear()
        self._priced = False
        self._levels = self._curves = None
        self.clusters = []

    def home_span(self) -> float:
        """An eighth of the price, or what was traded where that is more; of what happened less."""
        points = self.options.points_for(self.source)
        traded = traded_reach(self._candles, self._last_price, points)
        share = 0.02 if self.happened else 0.12
        return home_price_span(self._last_price, math.nan, math.nan, share, traded)

    def side_at(self, reading: CellReading, price: float) -> str:
        """Inferred from the price of that moment, not from the present one."""
        if self.happened:
            return ""
        then = close_at(self._candles, reading.time_ms, self._last_price)
        return inferred_side(price, then) if math.isfinite(then) else ""

    def hover_rows(self, time_s: float, price: float) -> HoverRows:
        """The band, and what lies on the way to its price."""
        rows = super().hover_rows(time_s, price)
        if self._curves is not None:
            total = self._curves.at(price)
            text = format_qty(total, self.options.quote, self.options.coin)
            rows.append(("On the way there now", text))
        return rows
