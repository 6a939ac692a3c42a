"""Gemini's new market data API: `U` and `u`, times in nanoseconds, the book on subscribing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tests.servers.base import Reply, Request, json_reply
from tests.servers.venues.binance import levels, whole
from tests.servers.venues.candles import Candles
from tests.servers.venues.limits import SlidingCount
from tests.servers.venues.market import Play, Spec, Step
from tests.servers.venues.mischief import Kind
from tests.servers.venues.server import VenueServer
from tests.servers.venues.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_NS = 1_000_000
_DEPTH, _TRADE, _BEST = "@depth@100ms", "@trade", "@bookTicker"
_SKIPPED_IDS = 100
INTERVALS_MS = {
    "1m": 60_000, "5m": 300_000, "15m": 900_000, "30m": 1_800_000, "1hr": 3_600_000,
    "6hr": 21_600_000, "1day": 86_400_000,
}  # fmt: skip


class GeminiServer(VenueServer):
    """`ws.gemini.com` and `api.gemini.com`.

    Parameters
    ----------
    plain_snapshot
        The first message of a book has no event around it (`lastUpdateId`, `bids`, `asks`); the
        documentation leaves that open.
    """

    provider = "gemini"
    line_paths = ("/",)
    faults = frozenset(Kind) - {
        Kind.CHECKSUM,
        Kind.OLD,
        Kind.ENDLESS,
        Kind.RESTART,
        Kind.REFUSE_REST,
    }
    requests: ClassVar[tuple[float, float]] = (120, 60.0)

    def __init__(
        self,
        plays: Sequence[Callable[[int], Play]],
        *,
        port: int = 0,
        plain_snapshot: bool = False,
    ) -> None:
        super().__init__(plays, port=port)
        self.asked = SlidingCount(*self.requests)
        self.candles: dict[str, Candles] = {}
        self.last_id: dict[str, int] = {}
        self._plain = plain_snapshot
        self._trade_id = 2_840_140_956_000_000

    def listed(self) -> None:
        self.candles = {key: Candles(play) for key, play in self.plays.items()}
        self.last_id = dict.fromkeys(self.plays, 1_000_000)

    # ------------------------------------------------------------------------------------ streams
    def heard(self, session: Session, message: Any) -> None:
        method, params, number = message.get("method"), message.get("params", []), message.get("id")
        if method in ("subscribe", "unsubscribe") and isinstance(params, list):
            unknown = [name for name in params if name.split("@")[0].upper() not in self.plays]
            if unknown:
                error = {"code": -1121, "msg": f"Invalid symbol: {unknown[0]}"}
                session.send({"id": number, "status": 400, "error": error})
                return
            session.send({"id": number, "status": 200})
            for name in params:
                (self.subscribe if method == "subscribe" else self.unsubscribe)(session, name)
        elif method == "list_subscriptions":
            session.send({"id": number, "status": 200, "result": sorted(session.topics)})
        elif method == "time":
            session.send({"id": number, "status": 200, "result": {"serverTime": self.now_ms()}})
        elif method in ("ping", "conninfo"):
            session.send({"id": number, "status": 200, "result": {}})
        else:
            error = {"code": -1000, "msg": f"Unknown method: {method}"}
            session.send({"id": number, "status": 400, "error": error})

    def began(self, session: Session, topic: str) -> None:
        symbol, _, rest = topic.partition("@")
        count = whole(session.query.get("snapshot"), 0)
        if not rest.startswith("depth@") or count == 0:
            return
        key = symbol.upper()
        play, book, last = self.plays[key], self.snapshot_book(key), self.last_id[key]
        most = None if count < 0 else count
        sides = {"b": levels(play.spec, book.best_bids(most)),
                 "a": levels(play.spec, book.best_asks(most))}  # fmt: skip
        if self._plain:
            session.send({"lastUpdateId": last, "bids": sides["b"], "asks": sides["a"]})
            return
        event = {"e": "depthUpdate", "E": play.last_ms * _NS, "s": symbol, "U": last, "u": last}
        session.send({**event, **sides})

    def moved(self, key: str, play: Play, event_ms: int, step: Step) -> None:
        symbol, spec = key.lower(), play.spec
        if step.changes:
            # A difference begins with the last id before it; only a whole book has U equal to u.
            first = self.last_id[key]
            last = self.last_id[key] = first + step.changes
            event = {"e": "depthUpdate", "E": event_ms * _NS, "s": symbol, "U": first, "u": last}
            sides = {"b": levels(spec, step.bids), "a": levels(spec, step.asks)}
            if self.wanted(symbol + _DEPTH):
                self.tell_book(symbol + _DEPTH, key, {**event, **sides})
            self._tell_best(symbol, play, event_ms, last)
        if step.trades:
            self.candles[key].note(event_ms, step.trades)
        for trade in step.trades:
            self._trade_id += 1
            payload = {
                "E": event_ms * _NS, "s": symbol, "t": self._trade_id,
                "p": spec.price_text(trade.price), "q": spec.qty_text(trade.qty),
                "m": not trade.buy,
            }  # fmt: skip
            self.tell(symbol + _TRADE, payload)

    def _tell_best(self, symbol: str, play: Play, event_ms: int, last: int) -> None:
        if self.wanted(symbol + _BEST):
            spec, book = play.spec, play.book
            bid, ask = max(book.bids), min(book.asks)
            payload = {
                "u": last, "E": event_ms * _NS, "s": symbol,
                "b": spec.price_text(bid), "B": spec.qty_text(book.bids[bid]),
                "a": spec.price_text(ask), "A": spec.qty_text(book.asks[ask]),
            }  # fmt: skip
            self.tell(symbol + _BEST, payload)

    def spoiled(self, payload: Any, kind: Kind) -> Any:
        if kind is Kind.SKIP:
            payload["U"] += _SKIPPED_IDS
            payload["u"] += _SKIPPED_IDS
            self.last_id[payload["s"].upper()] += _SKIPPED_IDS
            return payload
        side = payload["b"] or payload["a"]
        side[0] = [side[0][0], "-1.000" if kind is Kind.NEGATIVE else "NaN"]
        return payload

    # --------------------------------------------------------------------------------------- REST
    def rest(self, request: Request) -> Reply:
        if not self.asked.add():
            self.violations.append("more than 120 requests in a minute")
            return _error("RateLimit", "Requests were made too frequently", 429)
        parts = request.path.strip("/").split("/")
        if parts == ["v1", "symbols"]:
            return json_reply([key.lower() for key in self.plays])
        if parts[:3] == ["v1", "symbols", "details"] and len(parts) == 4:
            play = self.plays.get(parts[3].upper())
            return _unknown(parts[3]) if play is None else json_reply(_details(play.spec))
        if parts[:2] == ["v1", "book"] and len(parts) == 3:
            play = self.plays.get(parts[2].upper())
            return _unknown(parts[2]) if play is None else self._book(play, request)
        if parts[:2] == ["v2", "candles"] and len(parts) == 4:
            play = self.plays.get(parts[2].upper())
            return _unknown(parts[2]) if play is None else self._candles(play, parts[3])
        return _error("EndpointNotFound", "API entry point not found", 404)

    def refusal(self, status: int) -> Reply:
        return _error("RateLimit" if status == 429 else "Maintenance", "Refused", status)

    def _book(self, play: Play, request: Request) -> Reply:
        spec, book, stamp = play.spec, play.book, str(play.last_ms // 1000)
        bids = book.best_bids(whole(request.one("limit_bids"), 50) or None)
        asks = book.best_asks(whole(request.one("limit_asks"), 50) or None)
        rows = [
            [
                {"price": spec.price_text(px), "amount": spec.qty_text(qty), "timestamp": stamp}
                for px, qty in side
            ]
            for side in (bids, asks)
        ]
        return json_reply({"bids": rows[0], "asks": rows[1]})

    def _candles(self, play: Play, interval: str) -> Reply:
        if interval not in INTERVALS_MS:
            return _error("InvalidTimeInterval", "Time interval is not supported", 400)
        width_ms, now_ms = INTERVALS_MS[interval], self.now_ms() + play.skew_ms
        first_ms = now_ms // width_ms * width_ms - 1440 * width_ms
        rows = self.candles[play.spec.symbol].rows(width_ms, first_ms, now_ms, now_ms)
        return json_reply(
            [[c.start_ms, c.open, c.high, c.low, c.close, c.volume] for c in reversed(rows)]
        )


def _error(reason: str, message: str, status: int) -> Reply:
    return json_reply({"result": "error", "reason": reason, "message": message}, status)


def _unknown(symbol: str) -> Reply:
    return _error("InvalidSymbol", f"Supplied value '{symbol}' is not a valid symbol", 400)


def _details(spec: Spec) -> dict[str, Any]:
    """A market; what Gemini calls `tick_size` is the step of the quantity."""
    return {
        "symbol": spec.symbol, "base_currency": spec.coin, "quote_currency": spec.quote,
        "tick_size": 10.0**-spec.qty_decimals, "quote_increment": spec.tick * spec.price_unit,
        "min_order_size": "0.00001", "status": spec.status, "wrap_enabled": False,
        "product_type": "spot", "contract_type": "vanilla",
        "contract_price_currency": spec.quote,
    }  # fmt: skip
