"""Markets for tests of venues, and readers of recordings."""

from __future__ import annotations

import io
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import zstandard

from heatdesk.providers.live.rules import Market, MarketLookup

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Markets(MarketLookup):
    """Knows a few markets, by symbol."""

    def __init__(self, *markets: Market) -> None:
        self._by_symbol = {market.symbol: market for market in markets}

    def market(self, symbol: str, line: str = "") -> Market | None:
        return self._by_symbol.get(symbol)


class AnyMarket(MarketLookup):
    """Takes every symbol for a plain instrument: quantities stay as they are written."""

    def market(self, symbol: str, line: str = "") -> Market | None:
        return Market("BYBIT", symbol, symbol, "", 1e-8)


def encoded(message: object) -> bytes:
    """Return a message as a venue would send it."""
    return json.dumps(message, separators=(",", ":")).encode()


def zstd_lines(path: Path) -> Iterator[Any]:
    """Yield the JSON lines of a compressed recording."""
    with path.open("rb") as file:
        text = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), "utf-8")
        for line in text:
            yield json.loads(line)


def received(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield connection and text of every message that a recorded session received."""
    for row in zstd_lines(path):
        if row["t"] == "recv":
            yield row["conn"], row["data"].encode()


def fetched(path: Path, part: str) -> list[bytes]:
    """Return the answers that a recorded session got from addresses that hold a text."""
    return [
        row["data"].encode()
        for row in zstd_lines(path)
        if row["t"] == "http" and part in row["url"]
    ]


def tardis(market_data: Path, *exchanges: str) -> list[tuple[Any, list[Any]]]:
    """Return messages of some venues, each with what another reader made of it."""
    path = market_data / "tardis-fixtures" / "messages.shared.jsonl.zst"
    return [
        (row["message"], row["expected_normalized"])
        for row in zstd_lines(path)
        if row["exchange"] in exchanges and row["expected_normalized"] is not None
    ]


def epoch_ms(iso: str) -> int:
    """Return an ISO time in milliseconds, cut as the desk cuts it."""
    moment = datetime.fromisoformat(iso)
    return int(moment.timestamp()) * 1000 + moment.microsecond // 1000
