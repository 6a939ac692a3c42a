"""What ties the lines of a chart to the lists of the desk: drawn lines, and alerts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QPointF

from heatdesk.alerts.judging import Phase, phase_of
from heatdesk.alerts.rules import (
    SIZE_SLACK_RATIO,
    Kind,
    Market,
    Rule,
    Watched,
    market_of,
    size_text,
)
from heatdesk.drawings import instrument_key
from heatdesk.frames import BookSub, LiquidationSub
from heatdesk.units import format_price
from heatdesk.views.measure import rounded_size
from ui.heatmap.drawn_lines import DrawnLine
from ui.panel.alert_asking import change
from ui.panel.alert_desk import usual_sound

if TYPE_CHECKING:
    from PySide6.QtWidgets import QMenu

    from heatdesk.views.hover import CellReading
    from ui.panel.heatmap import HeatmapPanel

_QUIET = {Phase.OFF, Phase.SPENT, Phase.WAITING}


class PanelTools(QObject):
    """Shows the lines of a panel's instrument, and does what a hand wants of them.

    Parameters
    ----------
    panel : HeatmapPanel
    """

    def __init__(self, panel: HeatmapPanel[Any]) -> None:
        super().__init__(panel)
        self._panel = panel
        context, tools = panel.context, panel.chart.tools
        self._alerts, self._lines, self._tools = context.alerts, context.lines, tools
        tools.moved.connect(self._move)
        tools.removed.connect(self.remove)
        tools.line_wanted.connect(self.add_line)
        tools.alert_wanted.connect(self.add_price_alert)
        self._alerts.changed.connect(self.show)
        self._alerts.moved.connect(self.show)
        self._lines.changed.connect(self._lines_changed)
        panel.needs_changed.connect(self.show)
        self.show()

    # -- what the panel shows

    @property
    def key(self) -> str:
        """Key of the instrument whose lines are shown; lines over the demo are its own."""
        target = self._panel.target()
        key = instrument_key(target.coin, target.symbol)
        return f"demo:{key}" if self._panel.demo else key

    @property
    def price_sub(self) -> Watched:
        """Whose price an alert made here reads."""
        sub: Watched = self._panel.options.price_sub(self._panel.source)
        return sub

    @property
    def size_sub(self) -> BookSub | LiquidationSub | None:
        """Whose sizes an alert made here reads."""
        sub = self._panel.primary()
        return sub if isinstance(sub, BookSub | LiquidationSub) else None

    def markets(self) -> frozenset[Market]:
        """Markets whose alerts belong on this chart."""
        subs = (self.price_sub, self.size_sub)
        return frozenset(market_of(sub) for sub in subs if sub is not None)

    def show(self) -> None:
        """Show the lines as they are now."""
        now_ms = self._panel.context.clock.now_ms()
        lines = [DrawnLine(line.id, line.price) for line in self._lines.lines(self.key)]
        for rule in self._alerts.at(*self.markets()):
            faint = phase_of(rule, self._alerts.state(rule), now_ms) in _QUIET
            named = rule.name or rule.of_size
            caption = rule.title if named else ""
            lines.append(
                DrawnLine(rule.id, rule.price, rule.height, caption, alert=True, faint=faint)
            )
        self._tools.set_lines(lines)

    # -- what is wanted

    def add_line(self, price: float) -> None:
        """Draw a line at a price."""
        line = self._lines.add(self.key, price)
        if line is not None:
            self._tools.select(line.id)

    def add_price_alert(self, price: float) -> None:
        """Watch the price for a crossing."""
        self._add(Rule("", Kind.CROSSES, self.price_sub, price))

    def add_size_alert(self, kind: Kind, reading: CellReading, size: float) -> None:
        """Watch what rests in a cell."""
        sub = self.size_sub
        if sub is not None:
            height, slack = reading.pooled_price, SIZE_SLACK_RATIO
            self._add(Rule("", kind, sub, reading.price, height, size, slack_ratio=slack))

    def remove(self, line_id: str) -> None:
        """Remove a line or an alert."""
        if self._alerts.list.rule(line_id) is not None:
            self._alerts.remove(line_id)
        else:
            self._lines.remove(self.key, line_id)

    def fill_menu(self, menu: QMenu, at: QPointF, reading: CellReading | None) -> None:
        """Add what can be done with a line under the cursor, and what is wanted at its price.

        Parameters
        ----------
        at : QPointF
            Where, in the view's pixels.
        reading : CellReading or None
            The cell under the cursor.
        """
        if reading is None:
            return
        line = self._tools.line_at(at)
        if line is not None:
            self._fill_line(menu, line)
        price = self._tools.price_at(at)
        shown = format_price(price, self._panel.chart.tick_size)
        _act(menu, f"Add line at {shown}\tAlt+H", partial(self.add_line, price))
        _act(menu, f"Alert when price crosses {shown}\tAlt+A", partial(self.add_price_alert, price))
        self._fill_sizes(menu, reading)
        menu.addSeparator()

    # -- inside

    def _fill_line(self, menu: QMenu, line: DrawnLine) -> None:
        rule = self._alerts.list.rule(line.id)
        shown = format_price(line.price, self._panel.chart.tick_size)
        if rule is None:
            _act(menu, f"Delete line at {shown}\tDel", partial(self.remove, line.id))
            key = self.key
            if len(self._lines.lines(key)) > 1:
                _act(menu, f"Delete all lines of {key}", partial(self._lines.remove, key))
        else:
            _act(menu, f"Delete alert: {rule.title}\tDel", partial(self.remove, line.id))
            _act(menu, "Change the alert...", partial(change, self._panel, rule))
            if self._alerts.state(rule).spent or not rule.enabled:
                _act(menu, "Arm the alert again", partial(self._alerts.rearm, line.id))
            else:
                off = partial(self._alerts.enable, line.id, enabled=False)
                _act(menu, "Switch the alert off", off)
        menu.addSeparator()

    def _fill_sizes(self, menu: QMenu, reading: CellReading) -> None:
        sub, options = self.size_sub, self._panel.options
        if sub is None:
            return
        present = rounded_size(reading.value)
        large = present or rounded_size(self._panel.chart.legend.cut[1])
        rests = "rests here" if isinstance(sub, BookSub) else "would be liquidated here"
        for kind, size, words in (
            (Kind.APPEARS, large, "Alert when \u2265 {size} " + rests),
            (Kind.SHRINKS, rounded_size(present / 2), "Alert when it shrinks below {size}"),
        ):
            if size > 0:
                text = words.format(size=size_text(size, sub.quote, options.coin))
                _act(menu, text, partial(self.add_size_alert, kind, reading, size))

    def _add(self, rule: Rule) -> None:
        panel = self._panel
        rule = replace(
            rule,
            coin=panel.options.coin,
            tick_size=panel.chart.tick_size,
            sound=usual_sound(rule.kind),
        )
        added = self._alerts.add(rule)
        if added is not None:
            self._tools.select(added.id)

    def _move(self, line_id: str, price: float) -> None:
        if self._alerts.list.rule(line_id) is not None:
            self._alerts.move(line_id, price)
        else:
            self._lines.move(self.key, line_id, price)

    def _lines_changed(self, key: str) -> None:
        if key == self.key:
            self.show()


def _act(menu: QMenu, text: str, act: Callable[[], object]) -> None:
    menu.addAction(text).triggered.connect(lambda: act())
