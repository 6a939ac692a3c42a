"""Binance, spot and USD-M futures: what both have in common, and where they differ."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from tests.servers.base import Reply, Request, json_reply
from tests.servers.faults import huge
from tests.servers.venues.candles import Candle, Candles
from tests.servers.venues.limits import MinuteCount
from tests.servers.venues.market import Change, PlainBook, Play, Spec, Step
from tests.servers.venues.mischief import Kind
from tests.servers.venues.server import Session, VenueServer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

INTERVALS_MS = {
    "1s": 1000, "1m": 60_000, "3m": 180_000, "5m": 300_000, "15m": 900_000, "30m": 1_800_000,
    "1h": 3_600_000, "2h": 7_200_000, "4h": 14_400_000, "6h": 21_600_000, "8h": 28_800_000,
    "12h": 43_200_000, "1d": 86_400_000, "3d": 259_200_000, "1w": 604_800_000,
}  # fmt: skip
FORMS = ("stream", "ws")
_SKIPPED_IDS = 1000


@dataclass
class Numbers:
    """Update numbers of one book."""

    last: int = 5_123_107_832_000
    """Of the newest message."""
    first_next: int = 0
    """First number of the message to come."""
    history: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=400))
    trade_id: int = 5_266_583_000


class BinanceServer(VenueServer):
    """What spot and USD-M share: numbers, snapshots, candles, weights, stream names.

    Parameters
    ----------
    ahead
        Snapshots run ahead of the stream by part of the next message, as the real ones do.
    """

    connects: ClassVar[tuple[float, float]] = (300, 300.0)
    faults = frozenset(Kind) - {Kind.CHECKSUM, Kind.RESTART}
    depth_weights: ClassVar[tuple[tuple[int, int], ...]]
    depth_limits: ClassVar[tuple[int, ...] | None] = None
    depth_default: ClassVar[int]
    weight_per_minute: ClassVar[int]
    streams_per_connection: ClassVar[int]
    kline_limit: ClassVar[int]
    rest_root: ClassVar[str]
    number_gap: ClassVar[int] = 0

    def __init__(
        self, plays: Sequence[Callable[[int], Play]], *, port: int = 0, ahead: bool = True
    ) -> None:
        super().__init__(plays, port=port)
        self.weights = MinuteCount(self.weight_per_minute)
        self.banned_requests = 0
        self.ahead = ahead
        self.numbers: dict[str, Numbers] = {}
        self.candles: dict[str, Candles] = {}
        self._klines: dict[str, int] = {}

    def listed(self) -> None:
        for key, play in self.plays.items():
            self.numbers[key] = numbers = Numbers()
            self.candles[key] = Candles(play)
            self._number_next(numbers)

    def _number_next(self, numbers: Numbers) -> None:
        gap = self.random.randint(1, self.number_gap) if self.number_gap else 1
        numbers.first_next = numbers.last + gap

    # ------------------------------------------------------------------------------------ streams
    def moved(self, key: str, play: Play, event_ms: int, step: Step) -> None:
        numbers = self.numbers[key]
        if step.trades:
            self.candles[key].note(event_ms, step.trades)
        if step.changes:
            self._tell_depth(key, play, numbers, event_ms, step)
        self.tell_trades(key, play, numbers, event_ms, step)

    def _tell_depth(
        self, key: str, play: Play, numbers: Numbers, event_ms: int, step: Step
    ) -> None:
        before, first = numbers.last, numbers.first_next
        numbers.last = first + max(1, step.changes) - 1
        numbers.history.append((event_ms, numbers.last))
        self._number_next(numbers)
        name = f"{key.lower()}@depth@100ms"
        for form in FORMS:
            topic = f"{self.book_line}/{form}:{name}"
            if self.wanted(topic):
                payload = self.depth_payload(play.spec, event_ms, first, numbers.last, before)
                payload["b"] = levels(play.spec, step.bids)
                payload["a"] = levels(play.spec, step.asks)
                self.tell_book(topic, key, enveloped(form, name, payload))

    book_line: ClassVar[str]

    def depth_payload(
        self, spec: Spec, event_ms: int, first: int, last: int, before: int
    ) -> dict[str, Any]:
        """A depth update without its levels."""
        raise NotImplementedError

    def tell_trades(
        self, key: str, play: Play, numbers: Numbers, event_ms: int, step: Step
    ) -> None:
        """Tell trades and liquidations."""
        raise NotImplementedError

    def tell_stream(self, line: str, name: str, payload: dict[str, Any]) -> None:
        """Send to those who listen to a stream, raw and combined."""
        for form in FORMS:
            topic = f"{line}/{form}:{name}"
            if self.wanted(topic):
                self.tell(topic, enveloped(form, name, payload))

    def spoiled(self, payload: Any, kind: Kind) -> Any:
        data = payload.get("data", payload)
        if kind is Kind.SKIP:
            for name in {"U", "u", "pu"} & data.keys():
                data[name] += _SKIPPED_IDS
            self.numbers[data["s"]].last += _SKIPPED_IDS
            self.numbers[data["s"]].first_next += _SKIPPED_IDS
            return payload
        side = data["b"] or data["a"]
        side[0] = [side[0][0], "-1.000" if kind is Kind.NEGATIVE else "NaN"]
        return payload

    def line_of(self, path: str) -> tuple[str, str, str]:
        """Line, form and the streams a path names."""
        raise NotImplementedError

    def opened(self, session: Session) -> None:
        line, form, names = self.line_of(session.path)
        session.state["topic"] = f"{line}/{form}:"
        asked = session.query.get("streams", "") if form == "stream" else names
        for name in filter(None, asked.split("/")):
            self._take(session, name)

    def _take(self, session: Session, name: str) -> None:
        if len(session.topics) >= self.streams_per_connection:
            self.violations.append(f"more than {self.streams_per_connection} streams")
            return
        self.subscribe(session, session.state["topic"] + name)

    def heard(self, session: Session, message: Any) -> None:
        method, params = message.get("method"), message.get("params", [])
        if method == "SUBSCRIBE" and isinstance(params, list):
            session.send({"result": None, "id": message.get("id")})
            for name in params:
                self._take(session, name)
        elif method == "UNSUBSCRIBE" and isinstance(params, list):
            session.send({"result": None, "id": message.get("id")})
            for name in params:
                self.unsubscribe(session, session.state["topic"] + name)
        elif method == "LIST_SUBSCRIPTIONS":
            names = sorted(topic.split(":", 1)[1] for topic in session.topics)
            session.send({"result": names, "id": message.get("id")})
        else:
            error = {"code": 2, "msg": f"Invalid request: unknown variant `{method}`"}
            session.send({"error": error, "id": message.get("id")})

    def shutdown_notice(self) -> object:
        event = {"e": "serverShutdown", "E": self.now_ms()}
        return {"stream": "!serverShutdown", "data": event}

    def tick(self, now_ms: int) -> None:
        """Klines, once a second for each that is listened to."""
        for topic in [topic for topic in self._by_topic if "@kline_" in topic]:
            if not self.wanted(topic) or now_ms - self._klines.get(topic, 0) < 1000:
                continue
            self._klines[topic] = now_ms
            place, name = topic.split(":", 1)
            line, form = place.rsplit("/", 1)
            symbol, _, interval = name.partition("@kline_")
            play = self.plays.get(symbol.upper())
            if line == self.kline_line and play is not None and interval in INTERVALS_MS:
                self.tell(topic, enveloped(form, name, self._kline(play, interval, now_ms)))

    kline_line: ClassVar[str]

    def _kline(self, play: Play, interval: str, now_ms: int) -> dict[str, Any]:
        width_ms, at_ms = INTERVALS_MS[interval], now_ms + play.skew_ms
        spec = play.spec
        one = self.candles[self.key(play)].at(at_ms // width_ms * width_ms, width_ms, at_ms)
        row = kline_row(spec, one)
        k = {
            "t": row[0], "T": row[6], "s": spec.symbol, "i": interval, "f": 100, "L": 200,
            "o": row[1], "c": row[4], "h": row[2], "l": row[3], "v": row[5], "n": row[8],
            "x": False, "q": row[7], "V": row[9], "Q": row[10], "B": "0",
        }  # fmt: skip
        return {"e": "kline", "E": at_ms, "s": spec.symbol, "k": k}

    # --------------------------------------------------------------------------------------- REST
    def rest(self, request: Request) -> Reply:
        path = request.path.removeprefix(self.rest_root)
        answers = {
            "/ping": (1, lambda: json_reply({})),
            "/time": (1, lambda: json_reply({"serverTime": self._venue_ms()})),
            "/exchangeInfo": (self.info_weight, lambda: json_reply(self.info())),
            "/depth": (self._depth_weight(request), lambda: self._depth(request)),
            "/klines": (self.kline_weight(request), lambda: self._rest_klines(request)),
        }
        if path == request.path or path not in answers:
            return Reply(404, b"<html>404 Not Found</html>", content_type="text/html")
        weight, answer = answers[path]
        request.weight = weight
        if not self.weights.add(weight):
            self.violations.append(f"more than {self.weights.limit} weight in a minute")
            self.banned_requests += 1
            message = "Too much request weight used; please use WebSocket Streams for live updates."
            status = 418 if self.banned_requests > 10 else 429
            headers = {"Retry-After": str(self.weights.left_s)}
            return json_reply({"code": -1003, "msg": message}, status, headers)
        reply = answer()
        reply.headers["X-MBX-USED-WEIGHT-1M"] = str(self.weights.used)
        return reply

    info_weight: ClassVar[int] = 1

    def _venue_ms(self) -> int:
        return self.now_ms() + next((play.skew_ms for play in self.plays.values()), 0)

    def info(self) -> dict[str, Any]:
        """The list of instruments."""
        raise NotImplementedError

    def kline_weight(self, request: Request) -> int:
        """Weight of a request for candles."""
        raise NotImplementedError

    def _depth_weight(self, request: Request) -> int:
        limit = whole(request.one("limit"), self.depth_default)
        return next((weight for most, weight in self.depth_weights if limit <= most), 250)

    def _depth(self, request: Request) -> Reply:
        play, problem = self._market(request)
        if play is None:
            return problem
        limit = whole(request.one("limit"), self.depth_default)
        if limit <= 0 or (self.depth_limits and limit not in self.depth_limits):
            return refused(-1130, "Data sent for parameter 'limit' is not valid.")
        key = self.key(play)
        fault = self.mischief.take(frozenset({Kind.CROSSED, Kind.OLD, Kind.ENDLESS}), key)
        body = self._snapshot(
            play, key, min(limit, self.depth_weights[-1][0]), fault and fault.kind
        )
        reply = json_reply(body)
        if fault is not None and fault.kind is Kind.ENDLESS:
            return huge(400).reply(request, lambda: reply)
        return reply

    def _snapshot(self, play: Play, key: str, limit: int, fault: Kind | None) -> dict[str, Any]:
        numbers, book, event_ms = self.numbers[key], play.book, play.last_ms
        last = numbers.last
        if fault is Kind.OLD and len(numbers.history) > 2:
            event_ms, last = numbers.history[max(0, len(numbers.history) - 60)]
            book = play.journal.book_at(event_ms)
        elif self.ahead and play.next.changes > 1 and not play.extra:
            play.clear_way()
            part = self.random.randrange(0, play.next.changes)
            if part:
                book = begun(book, play.next, part)
                last = numbers.first_next + part - 1
                play.next_is_promised = True
        if fault is Kind.CROSSED:
            book = book.copy()
            book.bids[min(book.asks) + 3 * play.spec.tick] = 10**play.spec.qty_decimals
        body: dict[str, Any] = {"lastUpdateId": last, **self.snapshot_times(event_ms)}
        body["bids"] = levels(play.spec, book.best_bids(limit))
        body["asks"] = levels(play.spec, book.best_asks(limit))
        return body

    def snapshot_times(self, event_ms: int) -> dict[str, int]:
        """Times a snapshot carries."""
        return {}

    def _market(self, request: Request) -> tuple[Play | None, Reply]:
        symbol = request.one("symbol")
        if not symbol:
            text = "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed."
            return None, refused(-1102, text)
        play = self.plays.get(symbol)
        return play, refused(-1121, "Invalid symbol.")

    def _rest_klines(self, request: Request) -> Reply:
        play, problem = self._market(request)
        if play is None:
            return problem
        interval = request.one("interval", "")
        if interval not in INTERVALS_MS:
            return refused(-1120, "Invalid interval.")
        width_ms, now_ms = INTERVALS_MS[interval], self.now_ms() + play.skew_ms
        limit = whole(request.one("limit"), 500)
        if not 0 < limit <= self.kline_limit:
            return refused(-1130, "Data sent for parameter 'limit' is not valid.")
        start, end = request.one("startTime"), request.one("endTime")
        end_ms = min(now_ms, int(end) if end else now_ms)
        if start is None:
            start_ms = end_ms // width_ms * width_ms - (limit - 1) * width_ms
        else:
            start_ms = int(start)
        candles = self.candles[self.key(play)]
        most_ms = -(-start_ms // width_ms) * width_ms + (limit - 1) * width_ms
        rows = candles.rows(width_ms, start_ms, min(end_ms, most_ms), now_ms)
        return json_reply([kline_row(play.spec, one) for one in rows])


def whole(text: str | None, default: int) -> int:
    try:
        return default if text is None else int(text)
    except ValueError:
        return -1


def begun(book: PlainBook, step: Step, part: int) -> PlainBook:
    """A book after the first changes of a step; what goes goes first, so that it never crosses."""
    changes = [(0, one) for one in step.bids] + [(1, one) for one in step.asks]
    changes.sort(key=lambda change: change[1][1] > 0)
    book = book.copy()
    book.apply(*([one for side, one in changes[:part] if side == which] for which in (0, 1)))
    return book


def refused(code: int, message: str, status: int = 400) -> Reply:
    """An error of Binance."""
    return json_reply({"code": code, "msg": message}, status)


def enveloped(form: str, name: str, payload: dict[str, Any]) -> dict[str, Any]:
    """A payload as a combined stream sends it, or as it is."""
    return {"stream": name, "data": payload} if form == "stream" else payload


def levels(spec: Spec, changes: Sequence[Change]) -> list[list[str]]:
    """Price and quantity as texts."""
    price_text, qty_text = spec.price_text, spec.qty_text
    return [[price_text(price), qty_text(qty)] for price, qty in changes]


def kline_row(spec: Spec, one: Candle) -> list[Any]:
    """A candle as REST answers it."""
    px, qty = f".{spec.price_decimals}f", f".{spec.qty_decimals}f"
    bought = one.buy_volume
    return [
        one.start_ms, f"{one.open:{px}}", f"{one.high:{px}}", f"{one.low:{px}}",
        f"{one.close:{px}}", f"{one.volume:{qty}}", one.end_ms - 1,
        f"{one.quote_volume:.5f}", one.count, f"{bought:{qty}}",
        f"{bought * one.close:.5f}", "0",
    ]  # fmt: skip
