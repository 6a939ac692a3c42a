"""Sharpe: the market dots, relative volume against performance.

Contract: ``GET /heatmap/data?mode=&category=``, envelope ``{"data": ..., "meta": ...}``, flat
RFC 9457 errors. One answer covers a whole category, so the pace is set by the quota: five
minutes is close to the monthly allowance of the free plan.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from functools import partial

import numpy as np

from heatdesk.errors import BadPayload
from heatdesk.frames import DotSet, DotSub, Frame, KeyState, Subscription
from heatdesk.frames.market import TIMEFRAMES, MarketFrame
from heatdesk.net.budget import Limits, OnWait
from heatdesk.net.fields import Node, number_or_nan
from heatdesk.providers.base import Cost, Provider, ProviderSpec, Span, poll
from heatdesk.settings import Settings

_TITLE = "Sharpe"
_PLANS: dict[str, Limits] = {
    "free": Limits(minute=30, month=10_000),
    "analyst": Limits(minute=500, month=500_000),
    "pro": Limits(minute=1_000, month=3_000_000),
    "enterprise": Limits(minute=5_000, month=50_000_000),
}


class Sharpe(Provider):
    """Market dots by category, narrative or ecosystem."""

    spec = ProviderSpec(
        id="sharpe",
        title=_TITLE,
        needs_key=True,
        offers=(DotSub,),
        key_hint="www.sharpe.ai, API keys (a free key is enough)",
        key_pattern=r"sk_live_[0-9a-f]{48}",
    )

    @classmethod
    def limits_for(cls, settings: Settings) -> Limits:
        """Budgets of the plan in the settings; reply headers may lower them."""
        return _PLANS[settings.providers.sharpe.tier]

    @classmethod
    def base_url(cls, settings: Settings) -> str:
        """Base that ``/heatmap/data`` is appended to."""
        return settings.providers.sharpe.base_url

    @classmethod
    def key_headers(cls, key: str, settings: Settings) -> dict[str, str]:
        """Bearer authorization."""
        return {"Authorization": f"Bearer {key}"}

    @property
    def period_s(self) -> float:
        """Polling pace."""
        return self.context.settings.providers.sharpe.period_s

    def cost(self, sub: Subscription) -> Cost:
        """One call now and one each period."""
        a_month = round(30 * 86_400 / self.period_s)
        allowance = f"{self.limits().month or 0:,} a month"
        text = f"One call every {self.period_s / 60:g} min, {a_month:,} of {allowance}."
        return Cost(first=1, update=1, period_s=self.period_s, text=text)

    async def stream(self, sub: Subscription, covered: Sequence[Span]) -> AsyncIterator[Frame]:
        """Yield the dots now and every period; none at all is no answer."""
        polling = poll(self.context.clock, partial(self._shown, sub), lambda: self.period_s)
        async with aclosing(polling) as frames:
            async for frame in frames:
                yield frame

    async def _shown(self, sub: Subscription, on_wait: OnWait) -> MarketFrame:
        frame = await self._fetch(sub, on_wait)
        if isinstance(frame, DotSet) and not frame.ids:
            # It would wipe the dots that are shown; an export may have it.
            text = "Sharpe sent a list without any dot."
            raise BadPayload("sharpe", text, field="data.dots")
        return frame

    async def fetch(self, sub: Subscription, span: Span | None = None) -> MarketFrame:
        """Ask for one set of dots.

        Raises
        ------
        ProviderError
            As the client maps it; `BadPayload` when the answer is not the contract.
        """
        return await self._fetch(sub)

    async def _fetch(self, sub: Subscription, on_wait: OnWait | None = None) -> MarketFrame:
        if not isinstance(sub, DotSub):
            raise TypeError(f"Sharpe does not serve {type(sub).__name__}")
        params = [("mode", sub.mode)]
        if sub.mode == "coins":
            params.append(("category", sub.category))
        reply = await self.context.http.get("/heatmap/data", params, weight=1, on_wait=on_wait)
        payload = self.context.http.loads(reply)
        return parse_dots(payload, sub.mode, sub.category, request_id=reply.request_id)

    async def check_key(self) -> tuple[KeyState, str]:
        """One heatmap call, counted."""
        frame = await self.fetch(DotSub("sharpe"))
        count = len(frame.ids) if isinstance(frame, DotSet) else 0
        return KeyState.ACCEPTED, f"The key works: Sharpe sent {count} dots."


def parse_dots(payload: object, mode: str, category: str, request_id: str = "") -> DotSet:
    """Payload of ``/heatmap/data`` to a frame.

    Parameters
    ----------
    payload : object
        Decoded JSON: ``data.dots[]`` with id, name, symbol, x, y by timeframe, marketCap and
        optional price and volume24h; ``data.updated_at``; ``meta.request_id``.

    Raises
    ------
    BadPayload
        Naming the field that does not fit. Null or missing figures become NaN; a dot without
        an id, or twice the same id, is refused.
    """
    root = Node(payload, "sharpe", _TITLE)
    data = root.child("data")
    dots = data.child("dots").items()
    ids = [dot.child("id").text() for dot in dots]
    seen: set[str] = set()
    for dot, dot_id in zip(dots, ids, strict=True):
        if dot_id in seen:
            raise dot.child("id").bad("appears twice")
        seen.add(dot_id)
    meta = root.get("meta")
    meta_id = meta.get("request_id") if meta is not None else None
    return DotSet(
        time_ms=data.child("updated_at").iso_ms(),
        mode=mode,
        category=category if mode == "coins" else "",
        ids=tuple(ids),
        names=tuple(dot.child("name").text() for dot in dots),
        symbols=tuple(dot.child("symbol").text() for dot in dots),
        relative_volume=_column(dots, "x"),
        change_pct=np.array(
            [_changes(dot.child("y")) for dot in dots],
            dtype=np.float64,
        ).reshape(len(dots), len(TIMEFRAMES)),
        market_cap_usd=_column(dots, "marketCap"),
        price_usd=_column(dots, "price"),
        volume_24h_usd=_column(dots, "volume24h"),
        request_id=meta_id.text() if meta_id is not None else request_id,
    )


def _changes(y: Node) -> list[float]:
    if y.value is None:
        return [math.nan] * len(TIMEFRAMES)
    return [number_or_nan(y, key) for key in TIMEFRAMES]


def _column(dots: Sequence[Node], key: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([number_or_nan(dot, key) for dot in dots], dtype=np.float64)
