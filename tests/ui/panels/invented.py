"""Panels on a store that holds the demo market, and the mouse."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import closing

from PySide6.QtCore import QEvent, QPointF, QSize, Qt
from PySide6.QtGui import QImage, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from heatdesk.engine.wiring import ProviderSet
from heatdesk.frames import KeyState, StreamStatus, Subscription
from heatdesk.frames.market import MarketFrame
from heatdesk.net.ledger import Ledger
from heatdesk.providers.base import Cost
from heatdesk.secrets import Keys, MemoryVault
from heatdesk.settings import Settings
from heatdesk.store.market import MarketStore
from heatdesk.units import FixedClock
from ui.panel import Panel, PanelContext, Workspace

NOON_MS = 1_774_612_800_000  # 2026-03-27T12:00Z
LEFT = Qt.MouseButton.LeftButton


class InventedMarket:
    """What panels are given, and a way to let the demo market arrive."""

    def __init__(self) -> None:
        self.store = MarketStore()
        self.clock = FixedClock(NOON_MS)
        self.context = PanelContext(
            store=self.store,
            clock=self.clock,
            workspace=Workspace(utc=True),
            cost=lambda sub: Cost(),
            key_state=lambda provider: KeyState.ACCEPTED,
            open_keys=lambda provider: None,
        )

    def frame(self, sub: Subscription) -> MarketFrame:
        with closing(Ledger()) as ledger:
            providers = ProviderSet(Settings(), Keys(MemoryVault(), {}), ledger, self.clock)
            return asyncio.run(providers.build("demo").fetch(sub))

    def arrive(self, sub: Subscription, frame: MarketFrame | None = None) -> None:
        self.store.apply(sub, self.frame(sub) if frame is None else frame)
        now_ms = self.clock.now_ms()
        self.store.set_status(sub, StreamStatus(now_ms, now_ms, 300.0, demo=True))

    def show(self, panel: Panel, width: int = 768, height: int = 360) -> None:
        """Let the panel's data arrive and draw it."""
        panel.demo = True
        panel.resize(width, height)
        panel.show()
        for sub in panel.needs():
            self.arrive(sub)
        panel.pull()
        QApplication.processEvents()


def press(widget: QWidget, at: QPointF, kind: QEvent.Type, held: bool = True) -> None:
    """Send one mouse event: a press, a move, a release or a double click."""
    down = kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick)
    moving = kind == QEvent.Type.MouseMove
    buttons = LEFT if down or (moving and held) else Qt.MouseButton.NoButton
    event = QMouseEvent(
        kind,
        at,
        widget.mapToGlobal(at),
        Qt.MouseButton.NoButton if moving else LEFT,
        buttons,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(widget, event)


def move(widget: QWidget, at: QPointF) -> None:
    press(widget, at, QEvent.Type.MouseMove, held=False)


def drag(widget: QWidget, places: Sequence[QPointF], let_go: bool = True) -> None:
    press(widget, places[0], QEvent.Type.MouseButtonPress)
    for place in places[1:]:
        press(widget, place, QEvent.Type.MouseMove)
    if let_go:
        press(widget, places[-1], QEvent.Type.MouseButtonRelease)


def click(widget: QWidget, at: QPointF) -> None:
    drag(widget, [at])


def wheel(
    widget: QWidget,
    at: QPointF,
    turns: int,
    keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    event = QWheelEvent(
        at,
        widget.mapToGlobal(at),
        QPointF(0, 0).toPoint(),
        QPointF(0, 120 * turns).toPoint(),
        Qt.MouseButton.NoButton,
        keys,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


def picture_of(widget: QWidget, ratio: float = 1.0) -> QImage:
    """What the widget paints."""
    size = widget.size().expandedTo(QSize(1, 1))
    image = QImage(
        round(size.width() * ratio), round(size.height() * ratio), QImage.Format.Format_RGB32
    )
    image.setDevicePixelRatio(ratio)
    widget.render(image)
    return image
