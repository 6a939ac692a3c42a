"""`HeatmapPanel`: what all panels that show a heatmap over time and price have in common."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Generic

from PySide6.QtCore import QPoint, QPointF
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QMenu

from heatdesk.frames import MarketList
from heatdesk.units import INTERVALS_MS
from heatdesk.views.colourings import COLOURINGS, colouring_after
from heatdesk.views.contrast import Contrast
from heatdesk.views.hover import hover_lines
from ui.commands.catalogue import CHART_COMMANDS, PanelCommand
from ui.heatmap.chart import HoverRows, PriceTimeChart
from ui.heatmap.choices import ChoiceButton
from ui.heatmap.memory import AUTO_MS, ContrastMemory
from ui.heatmap.menu import fill_chart_menu, fill_colour_menu
from ui.heatmap.readout import read_cell, still_filling
from ui.heatmap.typed import take_typed
from ui.panel.base import Options, Panel
from ui.panel.chart_tools import PanelTools
from ui.panel.heatmap_options import Frame, OptionsT, hover_style
from ui.panel.latency import PaintLatency
from ui.panel.linking import tie_chart

if TYPE_CHECKING:
    from heatdesk.frames import CandleWindow, Subscription
    from heatdesk.providers.base import Cost
    from heatdesk.store.heatmap import HeatmapStore
    from heatdesk.views.hover import CellReading, HoverStyle
    from heatdesk.views.target import Target
    from ui.panel.context import PanelContext


class HeatmapPanel(Panel, Generic[OptionsT]):
    """A panel around one `PriceTimeChart`: cells from the store, and what is drawn over them.

    A subclass makes its controls in `build_options`, calls `begin` at the end of its
    constructor, and overrides the hooks. What is drawn over the cells belongs into
    `draw_extras` (each time anything moved) or `take_frame` (a new frame or new candles);
    `hover_rows` says what the card reads.

    Attributes
    ----------
    options : OptionsT
        What the user chose; changed by `choose` only.
    sides : bool
        Whether bids and asks can be coloured apart.
    chart : PriceTimeChart
    contrasts : ContrastMemory
        When the colours are fitted, and what each instrument's are.
    """

    sides: ClassVar[bool] = False
    commands: ClassVar[tuple[PanelCommand, ...]] = CHART_COMMANDS

    def __init__(self, context: PanelContext, options: OptionsT) -> None:
        super().__init__(context)
        self.options = options
        self._heat: HeatmapStore | None = None
        self._fitted: tuple[object, ...] = ()
        self._drawn: tuple[object, ...] = ()
        self._candles: CandleWindow | None = None
        self._frame_revision = 0
        self._last_price = math.nan
        self._tick_size = 1.0
        self._shown: Subscription | None = None
        self._viewed: tuple[object, ...] = ()
        self._choosing = False
        self._coloured_by = ""
        self.chart = PriceTimeChart(span_s=options.home_span_s)
        self.chart.reader = self.hover_rows
        self.chart.meaning = context.meaning
        self.chart.zone_clicked.connect(self._switch_zone)
        self.chart.palette_wanted.connect(self.next_palette)
        self.chart.pause_changed.connect(self._pause_changed)
        tie_chart(self.link, self.chart)
        self.contrasts = ContrastMemory(self.chart.legend, Contrast())
        self.chart.legend.refit_wanted.connect(self._refit)
        self.chart.legend.chosen.connect(self.state_changed)
        self.chart.legend.left.connect(self.chart.view.setFocus)
        self.latency = PaintLatency()
        self.chart.view.painted.connect(lambda: self.latency.painted(context.clock.now_ms()))
        self.interval_button = ChoiceButton[int](
            "Interval",
            lambda: [(ms, label) for label, ms in self.intervals().items()],
            lambda ms: self.choose(self.with_interval(ms)),
            lambda ms: self.cost_of(self.with_interval(ms)),
        )
        self.body.addWidget(self.chart, 1)
        self.setFocusProxy(self.chart.view)

    def begin(self) -> None:
        """Build the controls and start; the last line of a subclass's constructor."""
        self.build_options()
        self.tools = PanelTools(self)
        self._start_anew()
        self.needs_changed.connect(self._start_anew)
        self.show_options()

    # -- what a heatmap panel overrides

    def build_options(self) -> None:
        """Add the controls to the options bar."""
        raise NotImplementedError

    def cost_of(self, options: OptionsT) -> Cost:
        """What a choice would cost."""
        raise NotImplementedError

    def load(self, saved: Mapping[str, object]) -> OptionsT:
        """Options from the layout file; a value that makes no sense keeps the default."""
        raise NotImplementedError

    @property
    def interval_ms(self) -> int:
        """Width of a column of what is shown."""
        return self.options.interval_ms

    @property
    def home_span_s(self) -> float:
        """Time a fresh view shows."""
        return self.options.home_span_s

    def intervals(self) -> Mapping[str, int]:
        """Widths of a column to choose from, by their words."""
        return INTERVALS_MS

    def show_span(self, span_s: float) -> None:
        """Show so much time until something else is chosen."""
        self.chart.forget(span_s)

    def with_interval(self, interval_ms: int) -> OptionsT:
        """The options with another width of a column."""
        return self.with_options(interval_ms=interval_ms)

    def view_key(self) -> tuple[object, ...]:
        """What the view is of: the same one is kept when something else is chosen."""
        raise NotImplementedError

    def contrast_key(self) -> str:
        """What the contrast is of: instrument, unit, and height of a level or band."""
        raise NotImplementedError

    def search_name(self, text: str) -> None:
        """Open the search for a symbol or coin, a text already typed."""
        raise NotImplementedError

    def fit_band(self, heat: HeatmapStore) -> int:
        """Native levels summed into one drawn band; asked for a new grid or new options."""
        del heat
        return 1

    def take_frame(self, candles: CandleWindow | None, frame: Frame | None) -> None:
        """Draw what comes from the newest frame or from new candles; None where none is held."""

    def draw_extras(self, heat: HeatmapStore) -> None:
        """Draw over the cells what may have changed with any of the data."""

    def forget_extras(self) -> None:
        """Forget what was drawn over the cells: another instrument comes."""

    def still_settling(self, heat: HeatmapStore) -> bool:
        """Whether so little has come that the colours are to be fitted once more later."""
        del heat
        return self.context.store.status(self._primary()).progress is not None

    def joined(self, heat: HeatmapStore) -> tuple[int, int | None]:
        """Parts of a sum ever heard, and the column where the last of them joined."""
        del heat
        return 0, None

    def home_span(self) -> float:
        """Height of a fresh view, quote units; NaN leaves it to the view."""
        return math.nan

    def venues_shown(self) -> str:
        """Who reports what is shown, as it is written on the hover card."""
        return ""

    def side_at(self, reading: CellReading, price: float) -> str:
        """Inferred side of a level whose side is not served."""
        del reading, price
        return ""

    def hover_rows(self, time_s: float, price: float) -> HoverRows:
        """Rows of the hover card for a time (epoch seconds) and a price."""
        reading = self.read_cell(time_s, price)
        return hover_lines(reading, self.hover_style(), self.side_at(reading, price))

    def panel_menu(self, menu: QMenu) -> None:
        """Add what else this panel offers below the entries of the view."""

    def show_options(self) -> None:
        """Write the present options on the controls."""
        if self.options.palette != self._coloured_by:
            self._coloured_by = self.options.palette
            self.chart.set_palettes(*COLOURINGS[self._coloured_by].ramps)
        self.chart.numbers.set_on(self.options.numbers)

    # -- what a heatmap panel uses

    def with_options(self, **change: object) -> OptionsT:
        """The present options with some of them changed."""
        return replace(self.options, **change)  # type: ignore[type-var]

    def choose(self, options: OptionsT) -> None:
        """Apply options."""
        if options == self.options:
            return
        before = self.needs()
        self.options = options
        if self.needs() != before:
            self.needs_changed.emit()
        self._fitted = ()
        self.show_options()
        self.invalidate()
        self.state_changed.emit()

    def add_switch(self, menu: QMenu, title: str, option: str, *, on: bool) -> None:
        """Add an entry that switches one of the options."""
        action = menu.addAction(title)
        action.setCheckable(True)
        action.setChecked(on)
        action.triggered.connect(lambda: self.choose(self.with_options(**{option: not on})))

    @property
    def block_size(self) -> float | None:
        """Height of a level of what is drawn, None while nothing is."""
        return self._heat.grid.block_size if self._heat is not None else None

    def want_markets(self) -> MarketList | None:
        """Ask for the list that helps to choose, from now on; what is held of it."""
        if not self._choosing:
            self._choosing = True
            self.needs_changed.emit()
        return self.markets()

    def markets(self) -> MarketList | None:
        """The list of markets, None while none is held."""
        found = self.context.store.latest(self.options.market_sub(self.source))
        return found if isinstance(found, MarketList) else None

    def read_cell(self, time_s: float, price: float) -> CellReading:
        """What the drawn cell at a point holds."""
        chart, sub = self.chart, self._primary()
        best, largest = chart.best.prices, chart.pointer.largest_in_view()
        return read_cell(self.context.store, sub, chart.item, time_s, price, best, largest)

    def hover_style(self) -> HoverStyle:
        """How figures of this panel are written."""
        return hover_style(self, self._tick_size, self._last_price)

    # -- what the base class asks

    def revision(self) -> object:
        """What is drawn depends on the data, the path it is drawn by, and on auto's pace."""
        pace = self._monotonic_ms() // AUTO_MS if self.chart.legend.contrast.auto else 0
        return super().revision(), self.chart.item.path_note, pace

    def refresh(self) -> None:
        """Draw what changed: cells, candles, and what the subclass draws over them."""
        self.chart.set_zone(self.context.workspace.zone)
        if self.chart.item.path_note != self._own_note:
            self.set_note(self.chart.item.path_note)
        store, sub = self.context.store, self._primary()
        price_sub = self.options.candle_sub(self.source)
        heat = store.heatmap(sub)
        if heat is None or heat.empty:
            return
        if self.chart.paused:
            if heat is self._heat:
                self._fit_colours(heat)  # a Refit is not held up by a pause
            return
        candles, revision = store.candles(price_sub), store.revision(sub)
        if candles is not self._candles or revision != self._frame_revision:
            self._candles, self._frame_revision = candles, revision
            self.take_frame(candles, store.last_book(sub))
        self._take_heat(heat)
        self.draw_extras(heat)
        newest_s = heat.grid.time.time_of(heat.last_column + 1) / 1000
        filling = still_filling(store, sub, price_sub)
        self.chart.observe(newest_s, self._last_price, self.home_span(), filling=filling)

    def _primary(self) -> Subscription:
        sub = self.primary()
        assert sub is not None, "a heatmap panel always draws something"
        return sub

    def _take_heat(self, heat: HeatmapStore) -> None:
        fitted = (heat, heat.grid.block_size)
        if fitted != self._fitted:
            self._heat, self._fitted = heat, fitted
            self.chart.item.set_band(self.fit_band(heat))
            self.contrasts.turn_to(self.contrast_key())
            self.show_options()
        self._fit_colours(heat)
        key = (heat, heat.revision, heat.generation)
        if key != self._drawn:
            self._drawn = key
            self.chart.item.set_source(heat)
            self.latency.drew(self.context.store.status(self._primary()).received_ms)

    def _fit_colours(self, heat: HeatmapStore) -> None:
        chart = self.chart
        filling = self.still_settling(heat)
        held = chart.paused or chart.gestures.dragging or chart.legend.held
        now_ms = self._monotonic_ms()
        band, (joined, since) = chart.item.band, self.joined(heat)
        self.contrasts.offer(
            heat, band, filling=filling, now_ms=now_ms, held=held, joined=joined, since=since
        )
        if self.contrasts.counting:
            self.invalidate()  # the next tick goes on with it

    def _monotonic_ms(self) -> int:
        return round(self.context.clock.monotonic_s() * 1000)

    def _start_anew(self) -> None:
        before, self._shown = self._shown, self.primary()
        if before == self._shown:
            return  # one more need, such as the market list: what is drawn stays
        view = self.view_key()
        keep_view, self._viewed = view == self._viewed, view
        self._heat = self._candles = None
        self._fitted = self._drawn = ()
        self._frame_revision = 0
        self._last_price = math.nan
        self.forget_extras()
        self.contrasts.forget_source()
        self.latency.forget()
        self.chart.forget(self.home_span_s, keep_view=keep_view)

    def save_options(self) -> Options:
        """Options, each instrument's contrast, and that of new ones."""
        return {**self.options.saved(), **self.contrasts.save()}

    def options_for_new(self) -> Options:
        """Each instrument's contrast, and that of new ones."""
        return {**self.contrasts.save()}

    def load_options(self, options: Mapping[str, object]) -> None:
        """Take over saved options, field by field."""
        self.contrasts.load(options)
        self.choose(self.load(options))

    def context_menu(self, menu: QMenu, pos: QPoint) -> None:
        """Entries for the cell under the cursor, then for the view."""
        at = QPointF(self.chart.view.mapFrom(self, pos))
        found = self.chart.at(at) if pos.x() >= 0 else None
        reading = self.read_cell(*found) if found is not None else None
        self.tools.fill_menu(menu, at, reading)
        fill_chart_menu(menu, self.chart, reading, self._tick_size, self.copy_text)
        fill_colour_menu(menu, self.options.palette, self._colour_by, sides=self.sides)
        self.add_switch(menu, "Numbers in cells", "numbers", on=self.options.numbers)
        self.panel_menu(menu)

    def target(self) -> Target:
        """The instrument shown."""
        return self.options.target()

    def show_target(self, target: Target, *, whole: bool) -> None:
        """A linked instrument, at its venue or at the ones shown."""
        self.choose(self.options.of_target(target, whole=whole))

    def perform(self, command: str) -> None:
        """Do it on the chart."""
        self.chart.gestures.perform(command)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Letters typed anywhere search a name, digits the interval."""
        if not take_typed(event, self.search_name, self.interval_button.search):
            super().keyPressEvent(event)

    # -- what the chart tells

    def next_palette(self, step: int = 1) -> None:
        """Colour by the next choice, or with -1 by the one before."""
        self._colour_by(colouring_after(self.options.palette, step, sides=self.sides))

    def _colour_by(self, name: str) -> None:
        self.choose(self.with_options(palette=name))

    def _pause_changed(self) -> None:
        self.invalidate()
        self.show_header()

    def _switch_zone(self) -> None:
        self.context.workspace.utc = not self.context.workspace.utc

    def _refit(self) -> None:
        self.contrasts.refit()
        self.invalidate()
        self.pull()
