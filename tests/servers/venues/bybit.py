"""Bybit v5, linear and spot: snapshots in the stream, `u` by one, liquidations by position side."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from tests.servers.base import Reply, Request, json_reply
from tests.servers.venues.binance import levels, whole
from tests.servers.venues.candles import Candle, Candles
from tests.servers.venues.limits import SlidingCount
from tests.servers.venues.market import Play, Spec, Step
from tests.servers.venues.mischief import Kind
from tests.servers.venues.server import VenueServer
from tests.servers.venues.session import Session
from tests.servers.venues.topmost import Topmost

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LINEAR, SPOT = "linear", "spot"
DEPTHS = (1, 50, 200, 1000)
INTERVALS_MS = {
    "1": 60_000, "3": 180_000, "5": 300_000, "15": 900_000, "30": 1_800_000, "60": 3_600_000,
    "120": 7_200_000, "240": 14_400_000, "360": 21_600_000, "720": 43_200_000,
    "D": 86_400_000, "W": 604_800_000,
}  # fmt: skip
_TOPICS = ("publicTrade", "kline", "allLiquidation", "tickers", "orderbook")
_SPOT_ARGS, _ARGS_CHARS = 10, 21_000


class BybitServer(VenueServer):
    """`v5/market` and `v5/public`."""

    provider = "bybit"
    connects = (500, 300.0)
    line_paths = ("/v5/public/linear", "/v5/public/spot", "/v5/public/inverse")
    faults = frozenset(Kind) - {Kind.CHECKSUM, Kind.OLD, Kind.ENDLESS, Kind.REFUSE_REST}
    requests: ClassVar[tuple[float, float]] = (600, 5.0)

    def __init__(self, plays: Sequence[Callable[[int], Play]], *, port: int = 0) -> None:
        super().__init__(plays, port=port)
        self.asked = SlidingCount(*self.requests)
        self.candles: dict[str, Candles] = {}
        self.views: dict[str, Topmost] = {}
        self._seq = 753_845_000_000
        self._klines: dict[str, int] = {}
        self._held: dict[str, list[dict[str, Any]]] = {}
        self._told_ms: dict[str, int] = {}

    def key(self, play: Play) -> str:
        return f"{LINEAR if play.spec.perpetual else SPOT}:{play.spec.symbol}"

    def listed(self) -> None:
        self.candles = {key: Candles(play) for key, play in self.plays.items()}

    # ------------------------------------------------------------------------------------ streams
    def opened(self, session: Session) -> None:
        session.state["category"] = session.path.rsplit("/", 1)[-1]
        session.state["id"] = str(uuid.UUID(int=self.random.getrandbits(128)))

    def heard(self, session: Session, message: Any) -> None:
        op, args = message.get("op"), message.get("args", [])
        if op == "ping":
            session.send(self._ack(session, message, True, "pong"))
        elif op in ("subscribe", "unsubscribe") and isinstance(args, list):
            problem = self._problem(session, args)
            session.send(self._ack(session, message, not problem, problem or ""))
            if not problem:
                for name in args:
                    topic = f"{session.state['category']}:{name}"
                    (self.subscribe if op == "subscribe" else self.unsubscribe)(session, topic)
        else:
            session.send(self._ack(session, message, False, f"error:unknown op {op}"))

    def _ack(self, session: Session, message: Any, ok: bool, text: str) -> dict[str, Any]:
        return {
            "success": ok, "ret_msg": text, "conn_id": session.state["id"],
            "req_id": message.get("req_id", ""), "op": message.get("op"),
        }  # fmt: skip

    def _problem(self, session: Session, args: list[str]) -> str:
        category = session.state["category"]
        if category == SPOT and len(args) > _SPOT_ARGS:
            self.violations.append(f"{len(args)} args in one request of spot")
            return "args size >10"
        if sum(map(len, args)) > _ARGS_CHARS:
            self.violations.append("args of more than 21,000 characters")
            return "args too long"
        for name in args:
            kind, *rest = name.split(".")
            symbol = rest[-1] if rest else ""
            known = f"{category}:{symbol}" in self.plays
            if kind not in _TOPICS or (category == SPOT and kind == "allLiquidation"):
                return f"error:handler not found,topic:{name}"
            if not known:
                return f"Invalid symbol :[{name}]"
            if kind == "orderbook" and (len(rest) != 2 or whole(rest[0], 0) not in DEPTHS):
                return f"error:handler not found,topic:{name}"
        return ""

    def began(self, session: Session, topic: str) -> None:
        category, name = topic.split(":", 1)
        kind, *rest = name.split(".")
        if kind == "orderbook":
            key = f"{category}:{rest[1]}"
            view = self.views.get(topic)
            if view is None or len(self._by_topic[topic]) == 1:
                view = self.views[topic] = Topmost(
                    int(rest[0]), self.plays[key].book, tells_fallen=True
                )
                view.number = self.random.randint(10**7, 10**8)
            session.send(self._snapshot(key, name, view))

    def _snapshot(self, key: str, name: str, view: Topmost) -> dict[str, Any]:
        play = self.plays[key]
        bids, asks = view.levels()
        if self.mischief.take(frozenset({Kind.CROSSED}), key):
            bids = [(asks[0][0] + 3 * play.spec.tick, 10**play.spec.qty_decimals), *bids]
        return self._book(play, name, "snapshot", view.number, play.last_ms, bids, asks)

    def _book(
        self, play: Play, name: str, kind: str, number: int, event_ms: int, bids: Any, asks: Any
    ) -> dict[str, Any]:
        self._seq += self.random.randint(1, 40)
        spec = play.spec
        data = {
            "s": spec.symbol, "b": levels(spec, bids), "a": levels(spec, asks),
            "u": number, "seq": self._seq,
        }  # fmt: skip
        return {"topic": name, "type": kind, "ts": event_ms + 6, "data": data, "cts": event_ms}

    def moved(self, key: str, play: Play, event_ms: int, step: Step) -> None:
        category, symbol = key.split(":")
        if step.changes:
            for depth in DEPTHS:
                name = f"orderbook.{depth}.{symbol}"
                if self.wanted(f"{category}:{name}"):
                    self._tell_book(key, play, f"{category}:{name}", name, event_ms, step)
        if step.trades:
            self.candles[key].note(event_ms, step.trades)
            self._tell_trades(category, play, event_ms, step)
        for forced in step.liquidations if play.spec.perpetual else ():
            row = {
                "T": event_ms, "s": symbol, "S": "Buy" if forced.long else "Sell",
                "v": play.spec.qty_text(forced.qty), "p": play.spec.price_text(forced.price),
            }  # fmt: skip
            self._held.setdefault(key, []).append(row)

    def _tell_book(
        self, key: str, play: Play, topic: str, name: str, event_ms: int, step: Step
    ) -> None:
        view = self.views[topic]
        bids, asks = view.renew(play.book, step)
        if self.mischief.take(frozenset({Kind.RESTART}), key):
            view.number = 1
            self.tell(topic, self._book(play, name, "snapshot", 1, event_ms, *view.levels()))
        elif bids or asks:
            view.number += 1
            payload = self._book(play, name, "delta", view.number, event_ms, bids, asks)
            self.tell_book(topic, key, payload)

    def spoiled(self, payload: Any, kind: Kind) -> Any:
        data = payload["data"]
        if kind is Kind.SKIP:
            data["u"] += 5
            for topic, view in self.views.items():
                if topic.endswith(":" + payload["topic"]) and view.number == data["u"] - 5:
                    view.number += 5
            return payload
        side = data["b"] or data["a"]
        side[0] = [side[0][0], "-1.000" if kind is Kind.NEGATIVE else "NaN"]
        return payload

    def _tell_trades(self, category: str, play: Play, event_ms: int, step: Step) -> None:
        spec = play.spec
        name = f"publicTrade.{spec.symbol}"
        if not self.wanted(f"{category}:{name}"):
            return
        rows = []
        for trade in step.trades:
            self._seq += 1
            row = {
                "T": event_ms, "s": spec.symbol, "S": "Buy" if trade.buy else "Sell",
                "v": spec.qty_text(trade.qty), "p": spec.price_text(trade.price),
                "L": "ZeroPlusTick",
                "i": str(uuid.UUID(int=self.random.getrandbits(128))), "BT": False, "RPI": False,
                "seq": self._seq,
            }  # fmt: skip
            if category == SPOT:
                del row["L"]
                row["i"] = str(2_290_000_000_000_000 + self._seq)
            rows.append(row)
        message = {"topic": name, "type": "snapshot", "ts": event_ms + 3, "data": rows}
        self.tell(f"{category}:{name}", message)

    def tick(self, now_ms: int) -> None:
        """Liquidations twice a second, klines once."""
        for key, rows in list(self._held.items()):
            if now_ms - self._told_ms.get(key, 0) >= 500:
                self._told_ms[key] = now_ms
                del self._held[key]
                category, symbol = key.split(":")
                name = f"allLiquidation.{symbol}"
                message = {"topic": name, "type": "snapshot", "ts": now_ms, "data": rows}
                self.tell(f"{category}:{name}", message)
        for topic in [topic for topic in self._by_topic if ":kline." in topic]:
            if self.wanted(topic) and now_ms - self._klines.get(topic, 0) >= 1000:
                self._klines[topic] = now_ms
                self._tell_kline(topic, now_ms)

    def _tell_kline(self, topic: str, now_ms: int) -> None:
        category, name = topic.split(":", 1)
        _, interval, symbol = name.split(".")
        play = self.plays[f"{category}:{symbol}"]
        width_ms, at_ms = INTERVALS_MS[interval], now_ms + play.skew_ms
        one = self.candles[self.key(play)].at(at_ms // width_ms * width_ms, width_ms, at_ms)
        texts = _texts(play.spec, one)
        row = {
            "start": one.start_ms, "end": one.end_ms - 1, "interval": interval,
            "open": texts[0], "close": texts[3], "high": texts[1], "low": texts[2],
            "volume": texts[4], "turnover": texts[5], "confirm": False, "timestamp": at_ms,
        }  # fmt: skip
        self.tell(topic, {"topic": name, "data": [row], "ts": at_ms, "type": "snapshot"})

    # --------------------------------------------------------------------------------------- REST
    def rest(self, request: Request) -> Reply:
        if not self.asked.add():
            self.violations.append("more than 600 requests in 5 s")
            return Reply(403, b"access too frequent", content_type="text/plain")
        category = request.one("category", "")
        if request.path == "/v5/market/time":
            return self._result({"timeSecond": str(self.now_ms() // 1000)})
        if category not in (LINEAR, SPOT, "inverse", "option"):
            return self._result({}, 10001, "params error: Category is invalid")
        answers = {
            "/v5/market/instruments-info": lambda: self._instruments(category),
            "/v5/market/orderbook": lambda: self._orderbook(category, request),
            "/v5/market/kline": lambda: self._rest_klines(category, request),
        }
        answer = answers.get(request.path)
        return Reply(404, b"404 page not found") if answer is None else answer()

    def _result(self, result: object, code: int = 0, text: str = "OK") -> Reply:
        body = {"retCode": code, "retMsg": text, "result": result, "retExtInfo": {}}
        reply = json_reply({**body, "time": self.now_ms()})
        reply.headers["X-Bapi-Limit"] = "600"
        reply.headers["X-Bapi-Limit-Status"] = "599"
        return reply

    def refusal(self, status: int) -> Reply:
        return Reply(status, b"access too frequent", content_type="text/plain")

    def _instruments(self, category: str) -> Reply:
        rows = [
            _instrument(play.spec)
            for key, play in self.plays.items()
            if key.startswith(category + ":")
        ]
        return self._result({"category": category, "list": rows, "nextPageCursor": ""})

    def _orderbook(self, category: str, request: Request) -> Reply:
        play = self.plays.get(f"{category}:{request.one('symbol')}")
        if play is None:
            return self._result({}, 10001, "params error: symbol invalid")
        limit = whole(request.one("limit"), 25 if category == LINEAR else 1)
        spec, book = play.spec, play.book
        result = {
            "s": spec.symbol, "b": levels(spec, book.best_bids(limit)),
            "a": levels(spec, book.best_asks(limit)), "ts": play.last_ms + 6, "u": 1000,
            "seq": self._seq, "cts": play.last_ms,
        }  # fmt: skip
        return self._result(result)

    def _rest_klines(self, category: str, request: Request) -> Reply:
        play = self.plays.get(f"{category}:{request.one('symbol')}")
        interval = request.one("interval", "")
        if play is None or interval not in INTERVALS_MS:
            return self._result({}, 10001, "params error: symbol or interval invalid")
        width_ms, now_ms = INTERVALS_MS[interval], self.now_ms() + play.skew_ms
        limit = min(1000, whole(request.one("limit"), 200))
        end_ms = min(now_ms, whole(request.one("end"), now_ms))
        start_ms = whole(request.one("start"), end_ms - (limit - 1) * width_ms)
        first_ms = max(start_ms, end_ms // width_ms * width_ms - (limit - 1) * width_ms)
        rows = self.candles[self.key(play)].rows(width_ms, first_ms, end_ms, now_ms)
        listed = [[str(one.start_ms), *_texts(play.spec, one)] for one in reversed(rows)]
        return self._result({"symbol": play.spec.symbol, "category": category, "list": listed})


def _texts(spec: Spec, one: Candle) -> list[str]:
    px, qty = f".{spec.price_decimals}f", f".{spec.qty_decimals}f"
    prices = [f"{value:{px}}" for value in (one.open, one.high, one.low, one.close)]
    return [*prices, f"{one.volume:{qty}}", f"{one.quote_volume:.4f}"]


def _instrument(spec: Spec) -> dict[str, Any]:
    common = {"symbol": spec.symbol, "baseCoin": spec.coin, "quoteCoin": spec.quote}
    if not spec.perpetual:
        return {
            **common, "innovation": "0", "status": spec.status, "marginTrading": "utaOnly",
            "stTag": "0", "priceFilter": {"tickSize": spec.tick_text},
            "lotSizeFilter": {"basePrecision": spec.qty_text(1), "quotePrecision": "0.0000001"},
        }  # fmt: skip
    return {
        **common, "contractType": spec.contract or "LinearPerpetual", "status": spec.status,
        "launchTime": "1585526400000", "deliveryTime": "0", "deliveryFeeRate": "",
        "priceScale": str(spec.price_decimals),
        "priceFilter": {
            "minPrice": spec.tick_text, "maxPrice": "1999999.80", "tickSize": spec.tick_text,
        },
        "lotSizeFilter": {"qtyStep": spec.qty_text(1), "minOrderQty": spec.qty_text(1)},
        "settleCoin": spec.quote, "fundingInterval": 480,
    }  # fmt: skip
