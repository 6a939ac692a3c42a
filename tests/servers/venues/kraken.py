"""Kraken, spot, WebSocket v2: numbers with their digits, a CRC32 over the best ten a side."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

import orjson

from tests.servers.base import Reply, Request, json_reply
from tests.servers.venues.binance import whole
from tests.servers.venues.candles import Candle, Candles
from tests.servers.venues.limits import SlidingCount
from tests.servers.venues.market import Change, PlainBook, Play, Spec, Step
from tests.servers.venues.mischief import Kind
from tests.servers.venues.server import VenueServer
from tests.servers.venues.session import Session
from tests.servers.venues.topmost import Topmost

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DEPTHS = (10, 25, 100, 500, 1000)
INTERVALS_MIN = (1, 5, 15, 30, 60, 240, 1440, 10080, 21600)
_SUMMED = 10
_LOSSES = frozenset({Kind.DROP, Kind.REORDER})
_ROOT = "/0/public/"
_CHANNELS = ("book", "trade", "ohlc", "ticker", "instrument")


def written(text: str) -> orjson.Fragment:
    """A JSON number with exactly these digits."""
    return orjson.Fragment(text.encode())


def rfc3339(time_ms: int) -> str:
    """A moment with microseconds."""
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def checksum(spec: Spec, bids: Sequence[Change], asks: Sequence[Change]) -> int:
    """CRC32 of the best ten asks, then bids: digits without the point and leading zeros."""
    # Whole numbers of last digits are those digits already.
    rows = [*asks[:_SUMMED], *bids[:_SUMMED]]
    return zlib.crc32("".join(f"{price}{qty}" for price, qty in rows).encode())


class KrakenServer(VenueServer):
    """`/v2` and `/0/public`."""

    provider = "kraken"
    connects = (150, 600.0)
    line_paths = ("/v2",)
    faults = frozenset(Kind) - {Kind.SKIP, Kind.OLD, Kind.ENDLESS, Kind.RESTART, Kind.REFUSE_REST}
    # Ten levels a side are summed: a shorter silence may go by that only deeper ones tell of.
    silence_to_notice_s = 32.0
    requests: ClassVar[tuple[float, float]] = (15, 15.0)

    def __init__(self, plays: Sequence[Callable[[int], Play]], *, port: int = 0) -> None:
        super().__init__(plays, port=port)
        self.asked = SlidingCount(*self.requests)
        self.candles: dict[str, Candles] = {}
        self.views: dict[str, Topmost] = {}
        self._trade_id = 71_000_000
        self._ohlc_ms: dict[str, int] = {}
        self._beat_ms = 0

    def listed(self) -> None:
        self.candles = {key: Candles(play) for key, play in self.plays.items()}

    # ------------------------------------------------------------------------------------ streams
    def opened(self, session: Session) -> None:
        state = {"api_version": "v2", "connection_id": self.random.getrandbits(63)}
        data = [{**state, "system": "online", "version": "2.0.9"}]
        session.send({"channel": "status", "data": data, "type": "update"})

    def heard(self, session: Session, message: Any) -> None:
        method, params = message.get("method"), message.get("params", {})
        if method == "ping":
            session.send({"method": "pong", **self._stamped(message)})
        elif method in ("subscribe", "unsubscribe"):
            self._change(session, message, method, params)
        else:
            session.send(
                {"error": "Unsupported method", "success": False, **self._stamped(message)}
            )

    def _stamped(self, message: Any) -> dict[str, Any]:
        now = rfc3339(self.now_ms())
        echoed = {"req_id": message["req_id"]} if "req_id" in message else {}
        return {"time_in": now, "time_out": now, **echoed}

    def _change(self, session: Session, message: Any, method: str, params: Any) -> None:
        channel = params.get("channel")
        symbols = params.get("symbol", [""] if channel == "instrument" else [])
        for symbol in symbols:
            problem = self._problem(channel, symbol, params)
            topic = self._topic(channel, symbol, params)
            if not problem and (topic in session.topics) is (method == "subscribe"):
                problem = (
                    "Already subscribed" if method == "subscribe" else "Subscription Not Found"
                )
            if problem:
                said = {"error": problem, "method": method, "success": False, "symbol": symbol}
                session.send({**said, **self._stamped(message)})
                continue
            result = {
                name: params[name] for name in ("depth", "interval", "snapshot") if name in params
            }
            result |= {"channel": channel, **({"symbol": symbol} if symbol else {})}
            if channel == "book":
                result = {"depth": 10, "snapshot": True, **result}
            said = {"method": method, "result": result, "success": True}
            session.send({**said, **self._stamped(message)})
            if method == "subscribe":
                session.state[topic] = params
                self.subscribe(session, topic)
            else:
                self.unsubscribe(session, topic)

    def _topic(self, channel: str, symbol: str, params: Any) -> str:
        detail = {"book": params.get("depth", 10), "ohlc": params.get("interval", 1)}
        return f"{channel}/{detail.get(channel, '')}/{symbol}"

    def _problem(self, channel: str, symbol: str, params: Any) -> str:
        if channel not in _CHANNELS:
            return f"Channel {channel} not supported"
        if symbol and symbol not in self.plays:
            return f"Currency pair not supported {symbol}"
        if channel == "book" and params.get("depth", 10) not in DEPTHS:
            return "Subscription depth not supported"
        if channel == "ohlc" and params.get("interval", 1) not in INTERVALS_MIN:
            return "Subscription ohlc interval not supported"
        return ""

    def began(self, session: Session, topic: str) -> None:
        channel, detail, symbol = topic.split("/", 2)
        wants_all = session.state[topic].get("snapshot", channel != "trade")
        if channel == "book":
            view = self.views.get(topic)
            if view is None or len(self._by_topic[topic]) == 1:
                book = self.plays[symbol].book
                view = self.views[topic] = Topmost(int(detail), book, tells_fallen=False)
            if wants_all:
                session.send(self._snapshot(symbol, view))
        elif channel == "instrument" and wants_all:
            pairs = [_pair(play.spec) for play in self.plays.values()]
            data = {"assets": [], "pairs": pairs}
            session.send({"channel": "instrument", "type": "snapshot", "data": data})

    def _snapshot(self, symbol: str, view: Topmost) -> dict[str, Any]:
        play = self.plays[symbol]
        bids, asks = view.levels()
        if self.mischief.take(frozenset({Kind.CROSSED}), symbol):
            bids = [(asks[0][0] + 3 * play.spec.tick, 10**play.spec.qty_decimals), *bids]
        total = checksum(play.spec, bids, asks)
        return self._book(play, "snapshot", play.last_ms, bids, asks, total)

    def _book(
        self, play: Play, kind: str, event_ms: int, bids: Any, asks: Any, total: int
    ) -> dict[str, Any]:
        spec = play.spec
        one = {
            "symbol": spec.symbol, "bids": _levels(spec, bids), "asks": _levels(spec, asks),
            "checksum": total, "timestamp": rfc3339(event_ms),
        }  # fmt: skip
        return {"channel": "book", "type": kind, "data": [one]}

    def moved(self, key: str, play: Play, event_ms: int, step: Step) -> None:
        if step.changes:
            for depth in DEPTHS:
                topic = f"book/{depth}/{key}"
                if self.wanted(topic):
                    self._tell_book(topic, key, play, event_ms, step)
        if step.trades:
            self.candles[key].note(event_ms, step.trades)
            self._tell_trades(key, play, event_ms, step)

    def _tell_book(self, topic: str, key: str, play: Play, event_ms: int, step: Step) -> None:
        view = self.views[topic]
        before = self._summed(view)
        lost = self._lossy(key) and PlainBook(view.bids, view.asks)
        bids, asks = view.renew(play.book, step)
        if bids or asks:
            after = self._summed(view)
            total = checksum(play.spec, *after)
            payload = self._book(play, "update", event_ms, bids, asks, total)
            # A loss that the best ten do not show is beyond what the contract can tell.
            telling = before != after and not (lost and self._mends(view, lost, play))
            self.tell_book(topic, key, payload, telling=telling)

    def _lossy(self, key: str) -> bool:
        waiting = self.mischief.waiting
        return any(one.kind in _LOSSES and one.symbol in ("", key) for one in waiting)

    def _mends(self, view: Topmost, lost: PlainBook, play: Play) -> bool:
        """Whether the next message hides the loss of this one from the best ten."""
        later = play.book.copy()
        later.apply(play.next.bids, play.next.asks)
        probe = Topmost(view.depth, PlainBook(view.bids, view.asks), tells_fallen=False)
        lost.apply(*probe.renew(later, play.next))
        mended = lost.best_bids(_SUMMED), lost.best_asks(_SUMMED)
        return mended == probe.best(_SUMMED)

    def _summed(self, view: Topmost) -> tuple[list[Change], list[Change]]:
        return view.best(_SUMMED)

    def spoiled(self, payload: Any, kind: Kind) -> Any:
        data = payload["data"][0]
        if kind is Kind.CHECKSUM:
            data["checksum"] ^= 0xFFFF
            return payload
        side = data["bids"] or data["asks"]
        side[0]["qty"] = -1.5 if kind is Kind.NEGATIVE else "NaN"
        return payload

    def _tell_trades(self, key: str, play: Play, event_ms: int, step: Step) -> None:
        spec, rows = play.spec, []
        for trade in step.trades:
            self._trade_id += 1
            rows.append(
                {
                    "symbol": key, "side": "buy" if trade.buy else "sell",
                    "price": written(spec.price_text(trade.price)),
                    "qty": written(spec.qty_text(trade.qty)), "ord_type": "market",
                    "trade_id": self._trade_id, "timestamp": rfc3339(event_ms),
                }
            )  # fmt: skip
        self.tell(f"trade//{key}", {"channel": "trade", "type": "update", "data": rows})

    def tick(self, now_ms: int) -> None:
        """A heartbeat each second, candles each second for those that listen."""
        if now_ms - self._beat_ms >= 1000:
            self._beat_ms = now_ms
            for session in self.sessions:
                if session.topics:
                    session.send({"channel": "heartbeat"})
        for topic in [topic for topic in self._by_topic if topic.startswith("ohlc/")]:
            if self.wanted(topic) and now_ms - self._ohlc_ms.get(topic, 0) >= 1000:
                self._ohlc_ms[topic] = now_ms
                _, minutes, symbol = topic.split("/", 2)
                self._tell_ohlc(topic, int(minutes), symbol, now_ms)

    def _tell_ohlc(self, topic: str, minutes: int, symbol: str, now_ms: int) -> None:
        play, width_ms = self.plays[symbol], minutes * 60_000
        at_ms = now_ms + play.skew_ms
        one = self.candles[symbol].at(at_ms // width_ms * width_ms, width_ms, at_ms)
        row = {
            "symbol": symbol, "open": one.open, "high": one.high, "low": one.low,
            "close": one.close, "trades": one.count, "volume": one.volume, "vwap": one.close,
            "interval_begin": rfc3339(one.start_ms).replace(".000000Z", ".000000000Z"),
            "interval": minutes, "timestamp": rfc3339(one.end_ms),
        }  # fmt: skip
        message = {"channel": "ohlc", "type": "update", "timestamp": rfc3339(at_ms), "data": [row]}
        self.tell(topic, message)

    # --------------------------------------------------------------------------------------- REST
    def rest(self, request: Request) -> Reply:
        if not self.asked.add():
            self.violations.append("more than a request a second")
            return json_reply({"error": ["EAPI:Rate limit exceeded"]})
        name = request.path.removeprefix(_ROOT)
        if name == "AssetPairs":
            return _result({_rest_name(p.spec): _rest_pair(p.spec) for p in self.plays.values()})
        if name == "Time":
            return _result({"unixtime": self.now_ms() // 1000})
        if name not in ("OHLC", "Depth"):
            return json_reply({"error": ["EGeneral:Unknown method"]})
        play = self._pair(request.one("pair", ""))
        if play is None:
            return json_reply({"error": ["EQuery:Unknown asset pair"]})
        return self._rest_ohlc(play, request) if name == "OHLC" else self._depth(play, request)

    def refusal(self, status: int) -> Reply:
        if status == 429:
            return json_reply({"error": ["EGeneral:Too many requests"]}, 429)
        return Reply(status, b"error code: 1015", content_type="text/plain")

    def _pair(self, name: str) -> Play | None:
        for play in self.plays.values():
            row = _rest_pair(play.spec)
            if name in (_rest_name(play.spec), row["altname"], row["wsname"]):
                return play
        return None

    def _depth(self, play: Play, request: Request) -> Reply:
        spec, count = play.spec, min(500, whole(request.one("count"), 100))
        stamp = play.last_ms // 1000
        sides = {"asks": play.book.best_asks(count), "bids": play.book.best_bids(count)}
        rows = {
            side: [[spec.price_text(price), spec.qty_text(qty), stamp] for price, qty in changes]
            for side, changes in sides.items()
        }
        return _result({_rest_name(spec): rows})

    def _rest_ohlc(self, play: Play, request: Request) -> Reply:
        minutes = whole(request.one("interval"), 1)
        if minutes not in INTERVALS_MIN:
            return json_reply({"error": ["EGeneral:Invalid arguments"]})
        width_ms, now_ms = minutes * 60_000, self.now_ms() + play.skew_ms
        first_ms = now_ms // width_ms * width_ms - 719 * width_ms
        since_ms = whole(request.one("since"), 0) * 1000
        candles = self.candles[play.spec.symbol].rows(
            width_ms, max(first_ms, since_ms + 1), now_ms, now_ms
        )
        rows = [_ohlc_row(play.spec, one) for one in candles]
        last = rows[-2][0] if len(rows) > 1 else 0
        return _result({_rest_name(play.spec): rows, "last": last})


def _result(result: object) -> Reply:
    return json_reply({"error": [], "result": result})


def _levels(spec: Spec, changes: Sequence[Change]) -> list[dict[str, Any]]:
    return [
        {"price": written(spec.price_text(price)), "qty": written(spec.qty_text(qty))}
        for price, qty in changes
    ]


def _ohlc_row(spec: Spec, one: Candle) -> list[Any]:
    px = f".{spec.price_decimals}f"
    prices = [f"{value:{px}}" for value in (one.open, one.high, one.low, one.close, one.close)]
    return [one.start_ms // 1000, *prices, f"{one.volume:.8f}", one.count]


def _rest_coin(coin: str) -> str:
    return "XBT" if coin == "BTC" else coin


def _rest_name(spec: Spec) -> str:
    return f"X{_rest_coin(spec.coin)}Z{spec.quote}"


def _rest_pair(spec: Spec) -> dict[str, Any]:
    coin = _rest_coin(spec.coin)
    return {
        "altname": f"{coin}{spec.quote}", "wsname": f"{coin}/{spec.quote}",
        "aclass_base": "currency", "base": f"X{coin}", "aclass_quote": "currency",
        "quote": f"Z{spec.quote}", "lot": "unit", "cost_decimals": 5,
        "pair_decimals": spec.price_decimals, "lot_decimals": spec.qty_decimals,
        "lot_multiplier": 1, "leverage_buy": [2, 3], "leverage_sell": [2, 3],
        "fees": [[0, 0.4]], "fees_maker": [[0, 0.25]], "fee_volume_currency": "ZUSD",
        "margin_call": 80, "margin_stop": 40, "ordermin": "0.00005", "costmin": "0.5",
        "tick_size": spec.tick_text, "status": spec.status,
    }  # fmt: skip


def _pair(spec: Spec) -> dict[str, Any]:
    return {
        "symbol": spec.symbol, "base": spec.coin, "quote": spec.quote, "status": spec.status,
        "qty_precision": spec.qty_decimals, "qty_increment": written(spec.qty_text(1)),
        "price_precision": spec.price_decimals, "cost_precision": 5, "marginable": True,
        "has_index": True, "cost_min": 0.5, "price_increment": written(spec.tick_text),
        "qty_min": 0.00005, "tick_size": written(spec.tick_text),
    }  # fmt: skip
