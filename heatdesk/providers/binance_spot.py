"""Binance spot, live and without a key."""

from __future__ import annotations

from typing import ClassVar

from heatdesk.frames import BookSub, CandleSub, MarketSub, TradeSub
from heatdesk.net.budget import Limits
from heatdesk.providers.base import ProviderSpec
from heatdesk.providers.binance_rules import SpotRules
from heatdesk.providers.live.provider import LiveProvider
from heatdesk.providers.live.rules import VenueRules
from heatdesk.settings import Settings


class BinanceSpot(LiveProvider):
    """Books, trades and candles."""

    spec = ProviderSpec(
        id="binance-spot",
        title=SpotRules.title,
        needs_key=False,
        offers=(BookSub, TradeSub, CandleSub, MarketSub),
    )
    rules: ClassVar[VenueRules] = SpotRules()

    @classmethod
    def limits_for(cls, settings: Settings) -> Limits:
        """Weight a minute for one address; a part of it is left to other programs."""
        return Limits(minute=5_000)
