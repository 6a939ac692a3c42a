"""The vocabulary: what is traded, what a panel can want, and every message that travels.

Frames are constants: frozen dataclasses whose arrays are read-only. A provider builds them,
the engine passes them on, the store keeps them; nobody changes one. To add a kind of data,
add its subscription in `subscriptions`, its frame in `market`, and both to the unions there.
"""

from heatdesk.frames.cohorts import COHORTS, CohortDefinition, CohortTable
from heatdesk.frames.events import LiquidationBatch, TradeBatch
from heatdesk.frames.instruments import LIQUIDATION_VENUES, LIVE_VENUES, VENUES, Venue, venue_title
from heatdesk.frames.market import (
    BookWindow,
    CandleWindow,
    DotSet,
    Flaw,
    Frame,
    LevelRuns,
    LiquidationWindow,
    MarketList,
    Notice,
    is_piece,
)
from heatdesk.frames.status import DataState, KeyState, ProviderStatus, StreamStatus
from heatdesk.frames.subscriptions import (
    BookSub,
    CandleSub,
    CohortSub,
    DotSub,
    LiquidationEventSub,
    LiquidationSub,
    MarketSub,
    Quote,
    Resolution,
    Subscription,
    TradeSub,
)

__all__ = [
    "COHORTS",
    "LIQUIDATION_VENUES",
    "LIVE_VENUES",
    "VENUES",
    "BookSub",
    "BookWindow",
    "CandleSub",
    "CandleWindow",
    "CohortDefinition",
    "CohortSub",
    "CohortTable",
    "DataState",
    "DotSet",
    "DotSub",
    "Flaw",
    "Frame",
    "KeyState",
    "LevelRuns",
    "LiquidationBatch",
    "LiquidationEventSub",
    "LiquidationSub",
    "LiquidationWindow",
    "MarketList",
    "MarketSub",
    "Notice",
    "ProviderStatus",
    "Quote",
    "Resolution",
    "StreamStatus",
    "Subscription",
    "TradeBatch",
    "TradeSub",
    "Venue",
    "is_piece",
    "venue_title",
]
