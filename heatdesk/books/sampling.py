"""From a live book to columns: states every 100 ms, the largest to paint, the last to read."""

from __future__ import annotations

from typing import Protocol

from heatdesk.books.dense import DenseBook
from heatdesk.frames import BookWindow, Quote

STATE_MS = 100
"""Width of the buckets at whose ends the book is looked at."""


class Instrument(Protocol):
    """What is needed of a market to count in coins or USD (see `providers.live.rules.Market`)."""

    @property
    def contract_size(self) -> float:
        """Coins in one unit of quantity; of an inverse instrument USD in one contract."""

    @property
    def inverse(self) -> bool:
        """Whether a contract is worth a fixed amount of USD, whatever the price."""


class Sampler:
    """Columns of one height and width, made of one book that others change.

    It listens to a `heatdesk.books.sync.BookSync`; all times are the venue's.

    Parameters
    ----------
    book : DenseBook
        Whose states are sampled.
    market : Instrument
        How its quantities are counted.
    interval_ms : int
        Width of a column, a multiple of 100 ms.
    block_size : float
        Height of a level, quote units.
    quote : Quote
        Unit of the quantities in the frames.
    """

    def __init__(
        self,
        book: DenseBook,
        market: Instrument,
        interval_ms: int,
        block_size: float,
        quote: Quote = Quote.COIN,
    ) -> None:
        raise NotImplementedError

    def live(self, at_ms: int) -> None:
        """The book is to be believed from that time on."""
        raise NotImplementedError

    def before(self, event_ms: int) -> None:
        """The book is about to change, by a message of that time."""
        raise NotImplementedError

    def lost(self, at_ms: int) -> None:
        """The book was not to be believed from that time on."""
        raise NotImplementedError

    def frame(self, until_ms: int) -> BookWindow | None:
        """All columns that changed since the last call, the forming one too; None: none did.

        ``until_ms`` is what the venue's clock shows: until then a LIVE book without messages was
        observed, unchanged, and without a LIVE book buckets that passed are a gap.
        """
        raise NotImplementedError
