"""The vocabulary: what is traded, what a panel can want, and every message that travels.

Frames are constants: frozen dataclasses whose arrays are read-only. A provider builds them,
the engine passes them on, the store keeps them; nobody changes one. To add a kind of data,
add its subscription in `subscriptions`, its frame in `market`, and both to the unions there.
"""

from heatdesk.frames.instruments import VENUES, Venue, venue_title
from heatdesk.frames.market import (
    COHORTS,
    BookWindow,
    CandleWindow,
    CohortDefinition,
    CohortTable,
    DotSet,
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
    LiquidationSub,
    MarketSub,
    Quote,
    Resolution,
    Subscription,
)

__all__ = [
    "COHORTS",
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
    "Frame",
    "KeyState",
    "LevelRuns",
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
    "Venue",
    "is_piece",
    "venue_title",
]
