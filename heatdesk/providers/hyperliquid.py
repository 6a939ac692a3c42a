"""Hyperliquid, live and without a key."""

from __future__ import annotations

from typing import ClassVar

from heatdesk.frames import BookSub, CandleSub, MarketSub, TradeSub
from heatdesk.net.budget import Limits
from heatdesk.providers.base import ProviderContext, ProviderSpec
from heatdesk.providers.hyperliquid_rules import HyperliquidRules
from heatdesk.providers.live.provider import LiveProvider
from heatdesk.providers.live.rules import VenueRules
from heatdesk.settings import Settings


class Hyperliquid(LiveProvider):
    """Perpetuals: books out of bands, trades and candles."""

    spec = ProviderSpec(
        id="hyperliquid",
        title=HyperliquidRules.title,
        needs_key=False,
        offers=(BookSub, TradeSub, CandleSub, MarketSub),
    )
    rules: ClassVar[VenueRules] = HyperliquidRules()

    def __init__(self, context: ProviderContext) -> None:
        # the rules hold bands of the books that this provider hears
        self.rules = HyperliquidRules()  # type: ignore[misc]
        super().__init__(context)

    @classmethod
    def limits_for(cls, settings: Settings) -> Limits:
        """Weight a minute for one address; a part of it is left to other programs."""
        return Limits(minute=1000)
