"""Trades, liquidations and delta of an order book panel: which are drawn, and from which tapes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from heatdesk.store.joined_tapes import JoinedLiquidations, JoinedTrades
from heatdesk.store.tape import EventTape, LiquidationTape, TradeTape
from heatdesk.views.hover import format_qty
from ui import theme
from ui.heatmap.choices import Popover
from ui.panels.order_book.bar import rung

if TYPE_CHECKING:
    from heatdesk.frames import Subscription, TradeSub
    from heatdesk.store.market import MarketStore
    from ui.heatmap.flow import TradeFlow
    from ui.panels.order_book.options import BookOptions

TapeT = TypeVar("TapeT", bound=EventTape)

TITLES = {
    "trades": "Trades as bubbles",
    "liquidations": "Liquidations",
    "delta": "Cumulative delta",
}
STEPS = 9
"""Steps of 1, 2, 5 the slider goes down and up from the usual least bubble."""


PATIENT_MS = 3_000
"""So long the price of a sum stays with a venue that is gone: a hiccup must not move it."""


@dataclass(frozen=True, slots=True)
class LastTrade:
    """The newest trade at one venue, and whether the aggressor bought."""

    price: float
    buy: bool
    venue: str


class BookFlow:
    """Hands the tapes of the venues shown to the drawings of a chart."""

    def __init__(self, flow: TradeFlow, store: MarketStore) -> None:
        self._flow, self._store = flow, store
        self._subs: tuple[TradeSub, ...] = ()
        self._tapes: tuple[tuple[EventTape, ...], tuple[EventTape, ...]] = ((), ())
        self._trades: TradeTape | JoinedTrades | None = None
        self._liquidations: LiquidationTape | JoinedLiquidations | None = None

    def show(self, options: BookOptions) -> None:
        """Switch the drawings as chosen."""
        self._flow.show(
            bubbles=options.trades, liquidations=options.liquidations, delta=options.delta
        )
        self._flow.set_unit(options.quote, options.coin)
        self._flow.bubbles.set_least(options.least_bubble)

    def follow(self, options: BookOptions, source: str) -> None:
        """Take in what came; a venue whose first trade comes later joins then."""
        store = self._store
        self._subs = options.trade_subs(source)
        trades = held(store.trades, self._subs)
        events = held(store.liquidations, options.liquidation_subs(source))
        if (trades, events) != self._tapes:
            self._tapes = trades, events
            self._trades = JoinedTrades(trades) if len(trades) > 1 else next(iter(trades), None)
            self._liquidations = (
                JoinedLiquidations(events) if len(events) > 1 else next(iter(events), None)
            )
        self._flow.follow(self._trades, self._liquidations)

    def forget(self) -> None:
        """Another instrument comes."""
        self._subs = ()
        self._tapes = ((), ())
        self._trades = self._liquidations = None

    def last_trade(self, now_ms: int) -> LastTrade | None:
        """The newest trade of the venue that leads; None before any.

        Of several venues the first that is heard leads: prices of spot and perpetual markets lie
        apart, and the newest trade of all would jump between them. While none is heard it is the
        first that ever traded.
        """
        gone: LastTrade | None = None
        for sub in self._subs:
            tape = self._store.trades(sub)
            newest = tape.newest(1) if tape is not None else None
            if newest is None or newest.price.size == 0:
                continue
            last = LastTrade(float(newest.price[0]), bool(newest.buy[0]), sub.venue)
            since_ms = self._store.status(sub).gap_since_ms
            if since_ms is None or now_ms - since_ms < PATIENT_MS:
                return last
            gone = gone or last
        return gone

    @property
    def usual_least(self) -> float:
        """Volume below which bubbles in view stay hidden unless another was chosen."""
        return self._flow.bubbles.usual_least


def without_flow(options: BookOptions) -> BookOptions:
    """The options of a source that tells of no trades: nothing of them is drawn."""
    return replace(options, trades=False, liquidations=False, delta=False)


def held(
    found: Callable[[Subscription], TapeT | None], subs: tuple[Subscription, ...]
) -> tuple[TapeT, ...]:
    """Tapes there are of some subscriptions."""
    tapes = (found(sub) for sub in subs)
    return tuple(tape for tape in tapes if tape is not None)


class FlowPopover(Popover):
    """Three switches, and a slider for the least bubble; everything takes effect at once.

    Parameters
    ----------
    options : callable
        The present options.
    choose : callable
        Takes an option by name and its value.
    usual_least : float
        Volume below which bubbles are hidden while nobody says otherwise.
    """

    def __init__(
        self,
        options: Callable[[], BookOptions],
        choose: Callable[[str, bool | float | None], None],
        usual_least: float,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._options, self._choose = options, choose
        self._usual = usual_least if usual_least > 0 else 1.0
        self._middle = round(3 * math.log10(self._usual))
        self.switches: dict[str, QCheckBox] = {}
        for name, title in TITLES.items():
            box = QCheckBox(title)
            box.setChecked(getattr(options(), name))
            box.toggled.connect(lambda on, name=name: self._choose(name, on))
            self.switches[name] = box
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(-STEPS - 1, STEPS)
        self.slider.setPageStep(3)  # beside the handle: ten times more or less
        self.slider.setAccessibleName("Least bubble")
        self.slider.setFixedWidth(190)
        self.told = QLabel()
        self.told.setFont(theme.font(theme.SMALL_PX, tabular=True))
        self.usual_button = QPushButton("Usual")
        self.usual_button.setToolTip("Hide the smaller nine tenths of what is in view")
        self.usual_button.clicked.connect(lambda: self._take(None))
        self._lay_out()
        self._show_least()
        self.slider.valueChanged.connect(lambda value: self._take(self._least_at(value)))

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(6)
        for box in self.switches.values():
            column.addWidget(box)
        heading = QLabel("Smallest bubble")
        heading.setProperty("quiet", True)
        column.addSpacing(4)
        column.addWidget(heading)
        row = QHBoxLayout()
        row.addWidget(self.slider)
        row.addWidget(self.usual_button)
        column.addLayout(row)
        column.addWidget(self.told)

    def _least_at(self, value: int) -> float:
        return 0.0 if value < -STEPS else rung(self._middle + value)

    def _take(self, least: float | None) -> None:
        self._choose("least_bubble", least)
        self._show_least()

    def _show_least(self) -> None:
        options = self._options()
        least = options.least_bubble
        place = 0 if least is None else -STEPS - 1
        if least is not None and least > 0:
            place = round(3 * math.log10(least)) - self._middle
        self.slider.blockSignals(True)
        self.slider.setValue(max(-STEPS - 1, min(STEPS, place)))
        self.slider.blockSignals(False)
        shown = format_qty(self._usual if least is None else least, options.quote, options.coin)
        words = f"usual: from {shown} on" if least is None else f"from {shown} on"
        self.told.setText("every trade is drawn" if least == 0 else words)
