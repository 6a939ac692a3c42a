"""Recorded sessions, replayed through a venue's rules and the machine into a book."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from typing import TYPE_CHECKING

from heatdesk.books.dense import DenseBook
from heatdesk.books.events import BookChange
from heatdesk.books.sync import BookSync
from heatdesk.providers.live.rules import Market, MarketLookup

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from heatdesk.providers.live.rules import VenueRules


@dataclass
class Only(MarketLookup):
    """Knows one market."""

    one: Market

    def market(self, symbol: str, line: str = "") -> Market | None:
        return self.one if symbol == self.one.symbol else None


def frames(path: Path) -> Iterator[bytes]:
    """The messages of a file whose lines are ``<received ns> <message>``."""
    with gzip.open(path) as file:
        for line in file:
            yield line.split(b" ", 1)[1].strip()


def replay(path: Path, rules: VenueRules, market: Market) -> Iterator[tuple[BookSync, BookChange]]:
    """The machine after each book message of a recording, the snapshot's included."""
    sync = BookSync(DenseBook(market.tick_size), rules.sequence(market))
    sync.begin(0)
    only = Only(market)
    for raw in frames(path):
        if b'"lastUpdateId"' in raw[:300]:
            change = rules.parse_snapshot(market, raw)
            assert sync.snapshot(change, 0)
            yield sync, change
        elif b"depthUpdate" in raw[:100]:
            for event in rules.parse("public", raw, only):
                assert isinstance(event, BookChange)
                sync.take(event, 0)
                yield sync, event
