"""A reader of live books that shares nothing with the product: text, dicts, the venues' own rules.

It keeps what it hears and works out columns afterwards.
"""

from __future__ import annotations

import json
import threading
import urllib.request
from decimal import Decimal
from typing import Any, NamedTuple

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

Levels = dict[int, Decimal]
"""Quantity by block."""


class Told(NamedTuple):
    """A snapshot or a difference, by the venue's time."""

    event_ms: int
    bids: list[Any]
    asks: list[Any]
    is_whole: bool


class Seen(NamedTuple):
    """A book at the end of a bucket; `low` and `high`: the prices it is known between."""

    bids: Levels
    asks: Levels
    low: Decimal
    high: Decimal


def read(text: str | bytes) -> Any:
    """Numbers with the digits they are written with."""
    return json.loads(text, parse_float=Decimal)


class PlainReader(threading.Thread):
    """Listens to one book until told to stop; None in `told`: something is missing there."""

    def __init__(self, url: str, words: list[Any], snapshot_url: str = "") -> None:
        super().__init__(daemon=True)
        self.told: list[Told | None] = []
        self.ready, self.ending = threading.Event(), threading.Event()
        self._url, self._words, self._snapshot_url = url, words, snapshot_url

    def run(self) -> None:
        while not self.ending.is_set():
            try:
                with connect(self._url, max_size=None, compression=None) as socket:
                    for word in self._words:
                        socket.send(json.dumps(word))
                    self.listen(socket)
            except (ConnectionClosed, OSError):
                self.told.append(None)

    def messages(self, socket: Any) -> Any:
        """What comes, as it comes."""
        while not self.ending.is_set():
            try:
                yield read(socket.recv(0.2))
            except TimeoutError:
                continue

    def listen(self, socket: Any) -> None:
        """Follow the venue's procedure on one connection."""
        raise NotImplementedError

    def columns(
        self, times_ms: list[int], interval_ms: int, block: int, tick: str
    ) -> list[Seen | None]:
        """The last state of each bucket; None where the book was not known throughout."""
        found: list[Seen | None] = []
        sides: list[dict[Decimal, Decimal]] = [{}, {}]
        reach = Decimal(0), Decimal(0)
        at, is_known = 0, False
        for start_ms in [times_ms[0] - interval_ms, *times_ms]:
            is_whole = is_known
            while at < len(self.told):
                told = self.told[at]
                if told is not None and told.event_ms >= start_ms + interval_ms:
                    break
                at += 1
                is_known = told is not None and (is_known or told.is_whole)
                is_whole = is_whole and is_known
                if told is None:
                    continue
                if told.is_whole:
                    sides = [{}, {}]
                for side, levels in zip(sides, (told.bids, told.asks), strict=True):
                    for price, qty in levels:
                        side[Decimal(price)] = Decimal(qty)
                if told.is_whole:
                    reach = min(sides[0]), max(sides[1]) + Decimal(tick)
            blocks: list[Levels] = [{}, {}]
            for summed, side in zip(blocks, sides, strict=True):
                for price, qty in side.items():
                    summed[int(price // block)] = summed.get(int(price // block), Decimal(0)) + qty
            found.append(Seen(blocks[0], blocks[1], *reach) if is_whole else None)
        return found[1:]


class PlainBinanceUsdm(PlainReader):
    """`U`, `u`, `pu`, and a snapshot fetched after the first difference."""

    def __init__(self, rest_url: str, ws_url: str, symbol: str) -> None:
        stream = f"{symbol.lower()}@depth@100ms"
        super().__init__(
            f"{ws_url}/public/ws/{stream}",
            [],
            f"{rest_url}/fapi/v1/depth?symbol={symbol}&limit=1000",
        )

    def listen(self, socket: Any) -> None:
        held: list[Any] = []
        last, follows = 0, False
        for message in self.messages(socket):
            held.append(message)
            last = last or self.begin(held[0])
            if not last:
                continue
            if not follows:
                # the first to enter is the one that the snapshot was taken in, or before
                held = [one for one in held if one["u"] >= last]
                if not held:
                    continue
                assert held[0]["U"] <= last or held[0]["pu"] == last
                held[0]["pu"], follows = last, True
            for one in held:
                if one["pu"] != last:
                    self.told.append(None)
                    return
                last = one["u"]
                self.told.append(Told(one["E"], one["b"], one["a"], is_whole=False))
            held = []

    def begin(self, first: Any) -> int:
        """Fetch a snapshot; its number, or 0 where it is too old."""
        with urllib.request.urlopen(self._snapshot_url, timeout=10) as answer:
            whole = read(answer.read())
        if whole["lastUpdateId"] < first["U"]:
            return 0
        self.told.append(Told(whole["E"], whole["bids"], whole["asks"], is_whole=True))
        self.ready.set()
        return int(whole["lastUpdateId"])


class PlainGemini(PlainReader):
    """The whole book on subscribing, then differences that begin with the number before."""

    def __init__(self, ws_url: str, symbol: str) -> None:
        word = {"id": "1", "method": "subscribe", "params": [f"{symbol.lower()}@depth@100ms"]}
        super().__init__(f"{ws_url}/?snapshot=-1", [word])

    def listen(self, socket: Any) -> None:
        last = 0
        for message in self.messages(socket):
            if message.get("e") != "depthUpdate":
                continue
            if last and message["U"] != last:
                self.told.append(None)
                return
            self.told.append(
                Told(message["E"] // 1_000_000, message["b"], message["a"], is_whole=not last)
            )
            last = message["u"]
            self.ready.set()
