"""Bybit, live and without a key."""

from __future__ import annotations

from typing import ClassVar

from heatdesk.frames import BookSub, CandleSub, LiquidationEventSub, MarketSub, TradeSub
from heatdesk.net.budget import Limits
from heatdesk.providers.base import ProviderSpec
from heatdesk.providers.bybit_rules import BybitRules
from heatdesk.providers.live.provider import LiveProvider
from heatdesk.providers.live.rules import VenueRules
from heatdesk.settings import Settings


class Bybit(LiveProvider):
    """Linear perpetuals and spot: books, trades, candles; liquidations of perpetuals."""

    spec = ProviderSpec(
        id="bybit",
        title=BybitRules.title,
        needs_key=False,
        offers=(BookSub, TradeSub, LiquidationEventSub, CandleSub, MarketSub),
    )
    rules: ClassVar[VenueRules] = BybitRules()

    @classmethod
    def limits_for(cls, settings: Settings) -> Limits:
        """Requests a minute for one address, far below what it bears."""
        return Limits(minute=600)
