"""What ties one panel to the hub of links."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from heatdesk.views.target import Target
from ui.panel.links import LinkHub, LinkState, Pointed

if TYPE_CHECKING:
    from ui.heatmap.chart import PriceTimeChart
    from ui.panel.base import Panel


class PanelLink(QObject):
    """Hands on what a hand does in a panel, and does in it what came from the others.

    A panel that was at the very instrument of its colour goes on with it, venue and all; one at
    another venue keeps that and takes the coin.

    Parameters
    ----------
    panel : Panel
    hub : LinkHub

    Attributes
    ----------
    show_pointed : callable
        Shows where a linked crosshair is (None: nowhere); the panel sets it if it can.
    show_time : callable
        Shows a stretch of time, epoch seconds; the panel sets it if it can.
    """

    def __init__(self, panel: Panel, hub: LinkHub) -> None:
        super().__init__(panel)
        self._panel, self._hub = panel, hub
        self._busy = False
        self.show_pointed: Callable[[Pointed | None], object] = _nowhere
        self.show_time: Callable[[float, float], object] = _no_time
        self._told: object = None
        self.state = LinkState()
        hub.targeted.connect(self._targeted)
        hub.pointed.connect(self._pointed)
        hub.spanned.connect(self._spanned)
        self._chip = panel.header.chip
        self._chip.setVisible(panel.linkable)
        self._chip.chosen.connect(self.choose)
        panel.needs_changed.connect(self.hand_on)
        panel.state_changed.connect(self.hand_on)

    def choose(self, state: LinkState) -> None:
        """Link the panel otherwise; a colour without an instrument takes this panel's."""
        before, self.state = self.state, state
        if state.colour != before.colour:
            self._hub.point(before.colour, None, self._panel)
            self.show_pointed(None)
        target = self._hub.target(state.colour)
        if state.colour and target is None:
            self._told = None
            self.hand_on()
        elif state.takes and target is not None and not before.takes:
            self._show(whole=True)
        span = self._hub.span(state.colour)
        if state.time and span is not None and not before.time:
            self.show_time(*span)
        self._chip.show_state(state)
        self._panel.state_changed.emit()

    def save(self) -> dict[str, object]:
        """What a workspace keeps of the link: plain JSON values."""
        return self.state.saved()

    def load(self, saved: Mapping[str, object]) -> None:
        """Be linked as saved, without a change of what is shown here or elsewhere.

        A value that makes no sense keeps what is here.
        """
        self.state = self.state.loaded(saved)
        self._told = target = self._panel.target()
        if self.state.gives and target is not None and self._hub.target(self.state.colour) is None:
            self._hub.publish(self.state.colour, target)
        self._chip.show_state(self.state)
        self._panel.state_changed.emit()

    def hand_on(self) -> None:
        """Tell the colour what this panel shows, where it is another instrument than before."""
        target = self._panel.target()
        if target is None or self._busy or target == self._told:
            return
        self._told = target
        if self.state.gives:
            self._hub.publish(self.state.colour, target)

    def lead_to(self, coin: str) -> None:
        """A coin was picked in a panel that shows many: make it the colour's."""
        self.lead(Target(coin))

    def lead(self, target: Target) -> None:
        """An instrument was picked in a panel that shows many: make it the colour's."""
        if self.state.gives:
            self._hub.publish(self.state.colour, target)

    def point(self, time_s: float, price: float) -> None:
        """The mouse is at a time and a price of this panel, or left it (neither is known).

        Parameters
        ----------
        time_s, price : float
            Epoch seconds, quote units; NaN for what the panel does not know.
        """
        if not (math.isfinite(time_s) or math.isfinite(price)):
            self._hub.point(self.state.colour, None, self._panel)
            return
        target = self._panel.target()
        coin = target.coin if target is not None else ""
        self._hub.point(self.state.colour, Pointed(time_s, price, coin), self._panel)

    def moved(self, t0_s: float, t1_s: float) -> None:
        """A hand brought another stretch of time into view, epoch seconds."""
        if self.state.time and not self._busy:
            self._hub.share_span(self.state.colour, t0_s, t1_s)

    def _targeted(self, colour: str) -> None:
        if colour == self.state.colour and self.state.takes:
            present = self._panel.target()
            self._show(whole=present is not None and self._hub.in_step(colour, present))

    def _show(self, *, whole: bool) -> None:
        target = self._hub.target(self.state.colour)
        present = self._panel.target()
        if target is None or target == present:
            return
        if not whole and present is not None and present.coin == target.coin:
            return
        self._busy = True
        try:
            self._panel.show_target(target, whole=whole)
        finally:
            self._busy = False
        self._told = self._panel.target()

    def _pointed(self, colour: str) -> None:
        if colour != self.state.colour:
            return
        pointed = self._hub.pointed_at(colour, but=self._panel)
        target = self._panel.target()
        if pointed is not None and target is not None and target.coin != pointed.coin:
            # a price of another coin means nothing here; the moment does
            pointed = Pointed(pointed.time_s, math.nan, target.coin)
        self.show_pointed(pointed)

    def _spanned(self, colour: str) -> None:
        span = self._hub.span(colour)
        if colour == self.state.colour and self.state.time and span is not None:
            self._busy = True
            try:
                self.show_time(*span)
            finally:
                self._busy = False


def tie_chart(link: PanelLink, chart: PriceTimeChart) -> None:
    """Share crosshair and time of a chart over a panel's link."""

    def show(pointed: Pointed | None) -> None:
        chart.linked.show_at(None if pointed is None else (pointed.time_s, pointed.price))

    link.show_pointed, link.show_time = show, chart.show_time
    chart.pointed.connect(link.point)
    chart.looked.connect(link.moved)


def _nowhere(pointed: Pointed | None) -> None:
    """A panel without a place for crosshairs."""


def _no_time(t0_s: float, t1_s: float) -> None:
    """A panel without an axis of time."""
