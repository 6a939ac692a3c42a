"""A panel kind without a market and a context around a real store, for tests of the shell."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from heatdesk.frames import CohortSub, KeyState, MarketList, StreamStatus, Subscription
from heatdesk.providers.base import Cost
from heatdesk.store.market import MarketStore
from heatdesk.units import FixedClock
from ui.panel import Options, Panel, PanelContext, Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping

NOON_MS = 1_774_612_800_000  # 2026-03-27T12:00Z


class Plain(Panel):
    """Counts how often it is drawn; fails on demand."""

    panel_id: ClassVar[str] = "order-book"
    title: ClassVar[str] = "Order book"
    provider_id: ClassVar[str] = "kiyotaka"

    def __init__(self, context: PanelContext) -> None:
        super().__init__(context)
        self.drawn = 0
        self.failure: Exception | None = None
        self.symbol = "BTCUSDT"
        self.mood = "usual"

    def primary(self) -> Subscription:
        return CohortSub(self.source, f"{self.panel_id} {self.symbol}")

    def refresh(self) -> None:
        self.drawn += 1
        if self.failure is not None:
            raise self.failure

    def subtitle(self) -> str:
        return self.symbol

    def save_options(self) -> Options:
        return {"symbol": self.symbol}

    def options_for_new(self) -> Options:
        return {"mood": self.mood}

    def load_options(self, options: Mapping[str, object]) -> None:
        self.mood = str(options.get("mood", self.mood))
        symbol = options.get("symbol")
        if isinstance(symbol, str):
            self.symbol = symbol
            self.needs_changed.emit()
            self.state_changed.emit()


def kind(panel_id: str, title: str, provider: str) -> type[Plain]:
    """Return another kind of plain panel."""
    return type(
        f"Plain{title}", (Plain,), {"panel_id": panel_id, "title": title, "provider_id": provider}
    )


class Desk:
    """A store, a clock that a test moves, and what panels are given."""

    def __init__(self) -> None:
        self.store = MarketStore()
        self.clock = FixedClock(NOON_MS)
        self.workspace = Workspace(utc=True)
        self.keys_asked: list[str] = []
        self.key = KeyState.ACCEPTED
        self.context = PanelContext(
            store=self.store,
            clock=self.clock,
            workspace=self.workspace,
            cost=lambda sub: Cost(),
            key_state=lambda provider: self.key,
            open_keys=self.keys_asked.append,
        )

    def data(self, sub: Subscription, **status: object) -> None:
        """Let data of a subscription arrive, fresh unless told otherwise."""
        now_ms = self.clock.now_ms()
        self.store.apply(sub, MarketList(now_ms, ()))
        known = {"data_time_ms": now_ms, "received_ms": now_ms, "period_s": 60.0, **status}
        self.store.set_status(sub, StreamStatus(**known))  # type: ignore[arg-type]
