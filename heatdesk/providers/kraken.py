"""Kraken, live and without a key."""

from __future__ import annotations

from typing import ClassVar

from heatdesk.frames import BookSub, CandleSub, MarketSub, TradeSub
from heatdesk.net.budget import Limits
from heatdesk.providers.base import ProviderSpec
from heatdesk.providers.kraken_rules import KrakenRules
from heatdesk.providers.live.provider import LiveProvider
from heatdesk.providers.live.rules import VenueRules
from heatdesk.settings import Settings


class Kraken(LiveProvider):
    """Spot: books that add up to the venue's checksum, trades and candles."""

    spec = ProviderSpec(
        id="kraken",
        title=KrakenRules.title,
        needs_key=False,
        offers=(BookSub, TradeSub, CandleSub, MarketSub),
    )
    rules: ClassVar[VenueRules] = KrakenRules()

    @classmethod
    def limits_for(cls, settings: Settings) -> Limits:
        """About a request a second for one address."""
        return Limits(minute=50)
