"""A plain client for the servers' own tests, and the requests they share."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from tests.servers import faults
from tests.servers.kiyotaka_limits import BOOK

if TYPE_CHECKING:
    from tests.servers.base import LoopbackServer

KEY = {"X-Kiyotaka-Key": "test-key"}
BTC = {
    "type": BOOK,
    "exchange": "BINANCE_FUTURES",
    "rawSymbol": "BTCUSDT",
    "interval": "MINUTE",
    "period": "1140",
    "blockSize": "25",
}
BEARERS = {
    faults.KIYOTAKA: KEY,
    faults.SHARPE: {"Authorization": "Bearer test-key"},
    faults.HYPERTRACKER: {"Authorization": "Bearer test-key"},
}


class Answer:
    """A reply read to its end."""

    def __init__(self, status: int, headers: Any, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def json(self) -> Any:
        return json.loads(self.body)


def get(
    server: LoopbackServer,
    path: str,
    query: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    parts = urlsplit(server.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        target = path + ("?" + urlencode(query, doseq=True) if query else "")
        connection.request("GET", target, headers=KEY if headers is None else headers)
        reply = connection.getresponse()
        return Answer(reply.status, reply.headers, reply.read())
    finally:
        connection.close()


def body_of(
    server: LoopbackServer, path: str, query: dict[str, Any], headers: dict[str, str]
) -> bytes:
    """Return what arrived, even of a body that was cut."""
    try:
        return get(server, path, query, headers).body
    except http.client.IncompleteRead as cut:
        return cut.partial
