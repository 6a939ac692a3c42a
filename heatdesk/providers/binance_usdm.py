"""Binance USD-M futures, live and without a key."""

from __future__ import annotations

from typing import ClassVar

from heatdesk.frames import BookSub, CandleSub, LiquidationEventSub, MarketSub, TradeSub
from heatdesk.net.budget import Limits
from heatdesk.providers.base import ProviderSpec
from heatdesk.providers.binance_rules import UsdmRules
from heatdesk.providers.live.provider import LiveProvider
from heatdesk.providers.live.rules import VenueRules
from heatdesk.settings import Settings


class BinanceUsdm(LiveProvider):
    """Books, trades, liquidations (one a second for each symbol) and candles."""

    spec = ProviderSpec(
        id="binance-usdm",
        title=UsdmRules.title,
        needs_key=False,
        offers=(BookSub, TradeSub, LiquidationEventSub, CandleSub, MarketSub),
    )
    rules: ClassVar[VenueRules] = UsdmRules()

    @classmethod
    def limits_for(cls, settings: Settings) -> Limits:
        """Weight a minute for one address; a part of it is left to other programs."""
        return Limits(minute=2_000)
