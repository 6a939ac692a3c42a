"""One WebSocket connection of a loopback venue."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import orjson
from websockets.asyncio.server import ServerConnection, broadcast

from tests.servers.venues.limits import SlidingCount

if TYPE_CHECKING:
    from tests.servers.venues.server import VenueServer


class Session:
    """One WebSocket connection."""

    def __init__(self, server: VenueServer, socket: ServerConnection, path: str) -> None:
        parts = urlsplit(path)
        self.server, self.socket = server, socket
        self.path = parts.path
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))
        self.topics: set[str] = set()
        self.messages = SlidingCount(server.messages_per_s, 1.0)
        self.silent_until_s = 0.0
        self.held_until_s = 0.0
        self._held: list[str | bytes] = []
        self.state: dict[str, Any] = {}
        """What a venue remembers of it."""

    def send(self, payload: object) -> None:
        """Send a message: text as it is, anything else as JSON."""
        raw = payload if isinstance(payload, str | bytes) else dumps(payload)
        now_s = time.monotonic()
        if now_s < self.silent_until_s:
            return
        if now_s < self.held_until_s or self._held:
            self._held.append(raw)
            return
        broadcast([self.socket], raw)

    def hold(self, seconds: float) -> None:
        """Let everything wait, in its order."""
        self.held_until_s = time.monotonic() + seconds

    def let_go(self) -> None:
        """Send what waited long enough."""
        if self._held and time.monotonic() >= self.held_until_s:
            held, self._held = self._held, []
            for raw in held:
                broadcast([self.socket], raw)


def dumps(payload: object) -> str:
    """Compact JSON."""
    return orjson.dumps(payload).decode()
