"""What a quiet book is held against, as each venue tells it when asked."""

from __future__ import annotations

import httpx
import pytest

from heatdesk.books.dense import DenseBook
from heatdesk.books.events import BookChange
from heatdesk.providers.binance_rules import SpotRules, UsdmRules
from heatdesk.providers.bybit_rules import BybitRules
from heatdesk.providers.gemini_rules import GeminiRules
from heatdesk.providers.kraken_rules import KrakenRules
from heatdesk.providers.live.audit import Finding, compared
from heatdesk.providers.live.rules import VenueRules
from tests.servers.venues.catalogue import VENUES
from tests.servers.venues.driving import book, play_of

ALL = (UsdmRules(), SpotRules(), BybitRules(), KrakenRules(), GeminiRules())


@pytest.mark.parametrize("rules", ALL, ids=lambda rules: rules.provider)
def test_a_venue_tells_the_best_levels_of_a_book_and_they_agree_with_it(rules: VenueRules) -> None:
    sub = book(rules.provider, 0, 100)
    with VENUES[rules.provider]() as server:
        # no part of what happens next: what is told is one state of the book
        server.ahead = False  # type: ignore[attr-defined]
        listed = [
            httpx.get(server.rest_url + ask.path, params=dict(ask.params)).content
            for ask in rules.markets_asks()
        ]
        found = rules.parse_markets(listed)
        market = next(m for m in found if (m.venue, m.symbol) == (sub.venues[0], sub.symbol))
        ask = rules.audit_ask(market)
        assert ask is not None
        with server.lock:
            # it moves on between two looks: what is true then is noted within the answer's time
            play = play_of(server, sub)
            before = play.last_ms
        body = httpx.get(server.rest_url + ask.path, params=dict(ask.params)).content
        told = rules.parse_audit(market, body)
        with server.lock:
            after = play.last_ms
            states = [
                play.journal.book_at(at_ms) for at_ms in range(before - 1, after + 1) if at_ms > 0
            ]
    assert len(told.bids) == len(told.asks) == 100
    findings = set()
    for state in states:
        true = DenseBook(market.tick_size)
        sides = [
            [(price * play.spec.price_unit, qty * play.spec.qty_unit) for price, qty in levels]
            for levels in (state.best_bids(), state.best_asks())
        ]
        true.load(BookChange(market.symbol, *sides, 0, snapshot=True))
        findings.add(compared(true, 0, told))
    assert Finding.SAME in findings
