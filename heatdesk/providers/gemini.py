"""Gemini, live and without a key."""

from __future__ import annotations

from typing import ClassVar

from heatdesk.frames import BookSub, CandleSub, MarketSub, TradeSub
from heatdesk.net.budget import Limits
from heatdesk.providers.base import ProviderSpec
from heatdesk.providers.gemini_rules import GeminiRules
from heatdesk.providers.live.provider import LiveProvider
from heatdesk.providers.live.rules import VenueRules
from heatdesk.settings import Settings


class Gemini(LiveProvider):
    """Spot and perpetuals: books, trades and candles."""

    spec = ProviderSpec(
        id="gemini",
        title=GeminiRules.title,
        needs_key=False,
        offers=(BookSub, TradeSub, CandleSub, MarketSub),
    )
    rules: ClassVar[VenueRules] = GeminiRules()

    @classmethod
    def limits_for(cls, settings: Settings) -> Limits:
        """A request a second, as the venue advises."""
        return Limits(minute=60)
