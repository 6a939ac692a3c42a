"""Books kept by Binance's own procedure from real recordings, against its best prices."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import msgspec
import pytest

from heatdesk.books.dense import Best, DenseBook
from heatdesk.books.events import BookChange, Traded
from heatdesk.books.sync import BookSync, SyncState
from heatdesk.providers.binance_rules import BinanceRules, SpotRules, UsdmRules
from heatdesk.providers.live.rules import Market, MarketLookup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Ticker(msgspec.Struct):
    """Best prices as the venue told them, and the update they belong to."""

    u: int
    b: float
    B: float
    a: float
    A: float


class Told(msgspec.Struct):
    data: Ticker


TOLD = msgspec.json.Decoder(Told, strict=False)


@dataclass
class Recording(MarketLookup):
    """Files of one session, and whose."""

    rules: BinanceRules
    only: Market
    files: tuple[str, ...]
    differences: int
    comparable: int
    trades: int

    def market(self, symbol: str, line: str = "") -> Market | None:
        return self.only if symbol == self.only.symbol else None

    def lines(self, folder: Path) -> Iterator[tuple[int, bytes]]:
        """Local time and text of each message."""
        for name in self.files:
            with gzip.open(folder / name) as file:
                for line in file:
                    time_ns, raw = line.split(b" ", 1)
                    yield int(time_ns) // 1_000_000, raw


USDM = Recording(
    UsdmRules(),
    Market("BINANCE_FUTURES", "BTCUSDT", "BTC", "USDT", 0.1, perpetual=True),
    ("binance-usdm-hft/btcusdt_20240808.gz",),
    differences=6_551,
    comparable=629,
    trades=21_313,
)
SPOT = Recording(
    SpotRules(),
    Market("BINANCE", "BTCUSDT", "BTC", "USDT", 0.01),
    ("binance-spot-hft/btcusdt_20240808.gz", "binance-spot-hft/btcusdt_20240809.gz"),
    differences=6_495,
    comparable=1_072,
    trades=19_904,
)
COINM = Recording(
    UsdmRules(),
    Market(
        "BINANCE_DELIVERY", "BTCUSD_PERP", "BTC", "USD", 0.1, 100.0, inverse=True, perpetual=True
    ),
    ("binance-coinm-hft/btcusd_perp_20240808.gz", "binance-coinm-hft/btcusd_perp_20240809.gz"),
    differences=44_795,
    comparable=1_885,
    trades=5_235,
)
EACH = pytest.mark.parametrize("recording", [USDM, SPOT, COINM], ids=["usdm", "spot", "coinm"])


@dataclass
class Replay:
    """A session run through rules, sequence and book.

    ``mine`` and ``theirs`` are best prices by the number of the update they belong to.
    """

    recording: Recording
    spoil: Callable[[int, BookChange], list[BookChange]] = field(default=lambda _, change: [change])
    mine: dict[int, Best] = field(default_factory=dict)
    theirs: dict[int, Best] = field(default_factory=dict)
    traded: list[Traded] = field(default_factory=list)
    differences: int = 0
    gaps: int = 0
    crossed: int = 0

    def run(self, folder: Path) -> BookSync:
        rules, market = self.recording.rules, self.recording.only
        sync = BookSync(DenseBook(market.tick_size), rules.sequence(market))
        sync.begin(0)
        for now_ms, raw in self.recording.lines(folder):
            if b"@bookTicker" in raw[:64]:
                told = TOLD.decode(raw).data
                self.theirs[told.u] = Best(told.b, told.B, told.a, told.A)
            elif raw.startswith(b'{"lastUpdateId"'):
                assert sync.snapshot(rules.parse_snapshot(market, raw), now_ms)
                assert sync.state is SyncState.LIVE
            else:
                for event in rules.parse("public", raw, self.recording):
                    self._take(sync, event, now_ms)
        return sync

    def _take(self, sync: BookSync, event: object, now_ms: int) -> None:
        if isinstance(event, Traded):
            self.traded.append(event)
        if not isinstance(event, BookChange):
            return
        self.differences += 1
        for change in self.spoil(self.differences, event):
            was_live = sync.state is SyncState.LIVE
            sync.take(change, now_ms)
            if sync.state is SyncState.LIVE:
                self.crossed += sync.book.crossed
                self.mine[change.last_id] = sync.book.best()
            self.gaps += was_live and sync.state is SyncState.GAP

    @property
    def comparable(self) -> list[int]:
        """Updates after which both tell the best prices."""
        return [number for number in self.theirs if number in self.mine]


@EACH
def test_best_prices_and_their_quantities_equal_the_venues_own(
    market_data: Path, recording: Recording
) -> None:
    replay = Replay(recording)
    sync = replay.run(market_data)
    assert (sync.state, replay.gaps, replay.crossed) == (SyncState.LIVE, 0, 0)
    assert replay.differences == recording.differences
    assert len(replay.comparable) == recording.comparable
    wrong = [n for n in replay.comparable if replay.mine[n] != replay.theirs[n]]
    assert wrong == []
    assert len(replay.traded) == recording.trades
    sample = replay.traded[-1].batch
    assert sample.qty_base[0] > 0
    if recording is COINM:
        contracts = sample.qty_base[0] * sample.price[0] / 100
        assert contracts == pytest.approx(round(contracts)), "contracts are whole"


def test_a_missing_difference_is_found_at_the_next_one(market_data: Path) -> None:
    replay = Replay(USDM, lambda number, change: [] if number == 3_000 else [change])
    sync = replay.run(market_data)
    assert (sync.state, replay.gaps) == (SyncState.GAP, 1)
    assert "missing" in sync.reason
    assert all(replay.mine[n] == replay.theirs[n] for n in replay.comparable)


def test_differences_told_twice_change_nothing(market_data: Path) -> None:
    def twice(number: int, change: BookChange) -> list[BookChange]:
        return [change, change] if number % 3 == 0 else [change]

    replay = Replay(SPOT, twice)
    sync = replay.run(market_data)
    assert (sync.state, replay.gaps) == (SyncState.LIVE, 0)
    assert [n for n in replay.comparable if replay.mine[n] != replay.theirs[n]] == []


def test_an_old_snapshot_is_asked_for_again(market_data: Path) -> None:
    """What the venue answers from before the first difference cannot be continued."""
    for recording in (USDM, SPOT):
        rules, market = recording.rules, recording.only
        sync = BookSync(DenseBook(market.tick_size), rules.sequence(market))
        sync.begin(0)
        for now_ms, raw in recording.lines(market_data):
            if raw.startswith(b'{"lastUpdateId"'):
                fresh = rules.parse_snapshot(market, raw)
                old = replace(fresh, last_id=fresh.last_id - 1_000_000)
                assert not sync.snapshot(old, now_ms)
                assert sync.wants_snapshot
                assert sync.snapshot(fresh, now_ms)
                assert sync.state is SyncState.LIVE
                break
            for event in rules.parse("public", raw, recording):
                if isinstance(event, BookChange):
                    sync.take(event, now_ms)
