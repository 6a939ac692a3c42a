"""A market as a loopback venue knows it: whole numbers, a plain book, steps in time, a journal.

Prices and quantities are integers (units of the last digit the venue writes), so that a text made
from them is exact and a book of them is beyond doubt.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Change = tuple[int, int]
"""Price and absolute quantity in last digits; quantity 0 removes the level."""


class Trade(NamedTuple):
    """One trade; `buy`: the aggressor bought."""

    price: int
    qty: int
    buy: bool


class Liquidation(NamedTuple):
    """One forced liquidation; `long`: a long was liquidated."""

    price: int
    qty: int
    long: bool


@dataclass(frozen=True)
class Spec:
    """What a venue lists about a market; `tick` in last digits of the price."""

    symbol: str
    coin: str
    quote: str
    price_decimals: int = 2
    qty_decimals: int = 3
    tick: int = 10
    perpetual: bool = False
    status: str = "TRADING"
    contract: str = ""

    def price_text(self, price: int) -> str:
        """Digits of a price as the venue writes them."""
        return decimal_text(price, self.price_decimals)

    def qty_text(self, qty: int) -> str:
        """Digits of a quantity as the venue writes them."""
        return decimal_text(qty, self.qty_decimals)

    def price(self, text_or_float: float) -> int:
        """The nearest price in last digits."""
        return round(text_or_float * 10**self.price_decimals)

    @property
    def tick_text(self) -> str:
        """The price step in digits."""
        return self.price_text(self.tick)

    @cached_property
    def price_unit(self) -> float:
        """One last digit of a price, quote units."""
        return 10.0**-self.price_decimals

    @cached_property
    def qty_unit(self) -> float:
        """One last digit of a quantity, coins."""
        return 10.0**-self.qty_decimals


def decimal_text(value: int, decimals: int) -> str:
    """Write a whole number of last digits as a decimal fraction."""
    if decimals == 0:
        return str(value)
    sign, value = ("-", -value) if value < 0 else ("", value)
    whole, part = divmod(value, 10**decimals)
    return f"{sign}{whole}.{part:0{decimals}d}"


@dataclass
class Step:
    """What happens to a market at one moment, milliseconds after its play began."""

    at_ms: int
    bids: list[Change] = field(default_factory=list)
    asks: list[Change] = field(default_factory=list)
    trades: list[Trade] = field(default_factory=list)
    liquidations: list[Liquidation] = field(default_factory=list)

    @property
    def changes(self) -> int:
        """Levels that change."""
        return len(self.bids) + len(self.asks)


class PlainBook:
    """Quantity by price, each side in a dict: nothing that could be wrong."""

    def __init__(self, bids: dict[int, int] | None = None, asks: dict[int, int] | None = None):
        self.bids: dict[int, int] = dict(bids or {})
        self.asks: dict[int, int] = dict(asks or {})

    def apply(self, bids: Iterable[Change], asks: Iterable[Change]) -> None:
        """Replace quantities; 0 removes."""
        for side, changes in ((self.bids, bids), (self.asks, asks)):
            for price, qty in changes:
                if qty:
                    side[price] = qty
                else:
                    side.pop(price, None)

    @property
    def is_crossed(self) -> bool:
        """Whether a bid is not below every ask."""
        return bool(self.bids and self.asks) and max(self.bids) >= min(self.asks)

    def copy(self) -> PlainBook:
        """A book of its own with the same levels."""
        return PlainBook(self.bids, self.asks)

    def best_bids(self, count: int | None = None) -> list[Change]:
        """Bids from the highest down."""
        return sorted(self.bids.items(), reverse=True)[:count]

    def best_asks(self, count: int | None = None) -> list[Change]:
        """Asks from the lowest up."""
        return sorted(self.asks.items())[:count]

    def difference(self, later: PlainBook) -> tuple[list[Change], list[Change]]:
        """The changes that make `later` of this book."""
        sides = ((self.bids, later.bids), (self.asks, later.asks))
        found = [
            [(price, 0) for price in old if price not in new]
            + [(price, qty) for price, qty in new.items() if old.get(price) != qty]
            for old, new in sides
        ]
        return found[0], found[1]


class Source(Protocol):
    """Where a market comes from: the book it begins with, and what happens to it."""

    def begin(self) -> PlainBook:
        """The book before the first step."""

    def steps(self) -> Iterator[Step]:
        """Steps in the order of their time, without end."""


class Journal:
    """Every true change of a book with the venue's time of it, as far back as `keep_ms`."""

    def __init__(self, book: PlainBook, keep_ms: int = 3_600_000) -> None:
        self.base = book.copy()
        """The book before the first entry."""
        self.base_ms = 0
        self.entries: deque[tuple[int, list[Change], list[Change]]] = deque()
        self._keep_ms = keep_ms

    def note(self, event_ms: int, step: Step) -> None:
        """Add a change; what has become too old joins the base."""
        self.entries.append((event_ms, step.bids, step.asks))
        self.forget(event_ms - self._keep_ms)

    def copied(self, until_ms: int) -> Journal:
        """A journal of its own of all that is kept before a moment."""
        copy = Journal(self.base, self._keep_ms)
        copy.base_ms = self.base_ms
        copy.entries.extend(entry for entry in self.entries if entry[0] < until_ms)
        return copy

    def forget(self, until_ms: int) -> None:
        """What happened before a moment is asked for no more: it joins the base."""
        while self.entries and self.entries[0][0] < until_ms:
            self.base_ms, bids, asks = self.entries.popleft()
            self.base.apply(bids, asks)

    def book_at(self, event_ms: int) -> PlainBook:
        """The book after everything up to a moment, that included."""
        book = self.base.copy()
        for at_ms, bids, asks in self.entries:
            if at_ms > event_ms:
                break
            book.apply(bids, asks)
        return book


class Truth(NamedTuple):
    """What is needed to tell true columns: a market and all its changes."""

    spec: Spec
    journal: Journal


class Play:
    """A market that runs: the steps due by now, the true book after them, and its journal.

    Parameters
    ----------
    rate
        How many times faster than its source it runs.
    skew_ms
        How far the venue's clock runs ahead of the computer's.
    """

    def __init__(
        self,
        spec: Spec,
        source: Source,
        start_ms: int,
        *,
        rate: float = 1.0,
        skew_ms: int = 0,
        keep_ms: int = 3_600_000,
    ) -> None:
        self.spec = spec
        self.source = source
        self.rate = rate
        self.start_ms = start_ms
        self.skew_ms = skew_ms
        self.book = source.begin()
        self.journal = Journal(self.book, keep_ms)
        self.last_ms = start_ms + skew_ms
        """Venue's time of the newest step."""
        self._steps = source.steps()
        self.next = next(self._steps)
        """The step that comes; nobody was told of it yet."""
        self.extra: deque[Step] = deque()
        """Steps put in by hand; they happen at once."""
        self.next_is_promised = False
        """A snapshot already holds part of the next step: nothing may come before it."""
        self._by_hand: tuple[set[int], set[int]] = (set(), set())
        # Prices that the source knows nothing of: it will never take them back.

    def due(self, now_ms: int) -> Iterator[tuple[int, Step]]:
        """Steps up to a moment with the venue's time of each; the book holds each as it comes."""
        while self.extra and not self.next_is_promised:
            step = self._fitting(self.extra.popleft())
            if step.changes or step.trades or step.liquidations:
                yield self._happen(max(self.last_ms, now_ms + self.skew_ms), step)
        while (at_ms := self.start_ms + round(self.next.at_ms / self.rate)) <= now_ms:
            self.clear_way()
            step, self.next = self.next, next(self._steps)
            self.next_is_promised = False
            yield self._happen(max(self.last_ms, at_ms + self.skew_ms), step)

    def clear_way(self) -> None:
        """Let the next step trade away what was put in by hand and would cross it.

        A real venue matches orders that meet; a source removes only what it placed itself.
        """
        if not any(self._by_hand):
            return
        if not any(self._by_hand):
            return
        step, after = self.next, self.book.copy()
        changes = (step.bids, step.asks)
        after.apply(*changes)
        for prices, side, held in zip(
            self._by_hand, changes, (after.bids, after.asks), strict=True
        ):
            prices.difference_update([price for price, _ in side])
            prices.intersection_update(held)
        bids, asks = self._by_hand
        if not (bids or asks) or not after.is_crossed:
            return
        bid = max(after.bids.keys() - bids, default=0)
        ask = min(after.asks.keys() - asks, default=math.inf)
        step.bids += [(price, 0) for price in sorted(bids) if price > bid]
        step.asks += [(price, 0) for price in sorted(asks) if price < ask]

    def _fitting(self, step: Step) -> Step:
        """A step put in by hand, without what would cross the book by now."""
        bid, ask = max(self.book.bids, default=0), min(self.book.asks, default=math.inf)
        step.bids = [change for change in step.bids if change[0] < ask or not change[1]]
        bid = max([bid, *(price for price, qty in step.bids if qty)])
        step.asks = [change for change in step.asks if change[0] > bid or not change[1]]
        books = (self.book.bids, self.book.asks)
        for prices, side, held in zip(self._by_hand, (step.bids, step.asks), books, strict=True):
            prices.update(price for price, _ in side if price not in held)
        return step

    def _happen(self, event_ms: int, step: Step) -> tuple[int, Step]:
        self.last_ms = event_ms
        if step.changes:
            self.book.apply(step.bids, step.asks)
            self.journal.note(event_ms, step)
        return event_ms, step
