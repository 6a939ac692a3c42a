"""Hyperliquid: whole snapshots of 20 levels a side, at several aggregations; REST by POST."""

from __future__ import annotations

from math import floor, log10
from typing import TYPE_CHECKING, Any, ClassVar

import orjson

from tests.servers.base import Reply, Request, json_reply
from tests.servers.venues.candles import Candle, Candles
from tests.servers.venues.limits import MinuteCount, SlidingCount
from tests.servers.venues.market import Change, PlainBook, Play, Spec, Step
from tests.servers.venues.mischief import Kind
from tests.servers.venues.server import VenueServer
from tests.servers.venues.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LEVELS = 20
INTERVALS_MS = {
    "1m": 60_000, "3m": 180_000, "5m": 300_000, "15m": 900_000, "30m": 1_800_000,
    "1h": 3_600_000, "2h": 7_200_000, "4h": 14_400_000, "8h": 28_800_000, "12h": 43_200_000,
    "1d": 86_400_000, "3d": 259_200_000, "1w": 604_800_000,
}  # fmt: skip
_SIDE_OF_TIME = ("l2Book", "trades", "candle", "activeAssetCtx", "bbo")
_IDLE_S = 60.0


def short(text: str) -> str:
    """A quantity as Hyperliquid writes it: no trailing zeros, one digit after the point at least."""
    whole, _, part = text.partition(".")
    return f"{whole}.{part.rstrip('0') or '0'}"


def step_of(spec: Spec, price: int, figures: int | None) -> int:
    """Height of a level at a price when prices have so many figures."""
    if figures is None:
        return spec.tick
    digits = floor(log10(price * spec.price_unit)) + 1 + spec.price_decimals
    return max(spec.tick, 10 ** (digits - figures))


def aggregated(spec: Spec, book: PlainBook, figures: int | None) -> list[list[Change]]:
    """The best levels a side: bids rounded down to whole steps, asks up."""
    sides = []
    for levels, up in ((book.best_bids(), False), (book.best_asks(), True)):
        found: dict[int, int] = {}
        for price, qty in levels:
            step = step_of(spec, price, figures)
            at = -(-price // step) * step if up else price // step * step
            if at not in found and len(found) == LEVELS:
                break
            found[at] = found.get(at, 0) + qty
        sides.append(list(found.items()))
    return sides


class HyperliquidServer(VenueServer):
    """`/ws` and `/info`."""

    provider = "hyperliquid"
    connects = (100, 60.0)
    messages_per_s = 2000.0 / 60 * 5
    line_paths = ("/ws",)
    # Nothing numbers or sums these snapshots: a lost one is not to be noticed by anybody.
    faults = frozenset(Kind) - {
        Kind.DROP, Kind.REORDER, Kind.SKIP, Kind.CHECKSUM, Kind.OLD, Kind.ENDLESS, Kind.RESTART,
        Kind.REFUSE_REST,
    }  # fmt: skip
    silence_to_notice_s = 1.5
    subscriptions: ClassVar[int] = 1000

    def __init__(self, plays: Sequence[Callable[[int], Play]], *, port: int = 0) -> None:
        super().__init__(plays, port=port)
        self.weights = MinuteCount(1200)
        self.heard_count = SlidingCount(2000, 60.0)
        self.candles: dict[str, Candles] = {}
        self._candle_ms: dict[str, int] = {}
        self._trade_id = 121_451_470_000_000

    def listed(self) -> None:
        self.candles = {key: Candles(play) for key, play in self.plays.items()}

    # ------------------------------------------------------------------------------------ streams
    def heard(self, session: Session, message: Any) -> None:
        if not self.heard_count.add():
            self.violations.append("more than 2,000 messages in a minute")
        method, what = message.get("method"), message.get("subscription")
        session.state["heard_ms"] = self.now_ms()
        if method == "ping":
            session.send({"channel": "pong"})
        elif method in ("subscribe", "unsubscribe") and self._knows(what):
            said = {"method": method, "subscription": {**what, **self._filled(what)}}
            session.send({"channel": "subscriptionResponse", "data": said})
            if method == "subscribe":
                self.subscribe(session, self._topic(what))
            else:
                self.unsubscribe(session, self._topic(what))
        else:
            text = "Invalid subscription " + orjson.dumps(what).decode()
            session.send({"channel": "error", "data": text})

    def opened(self, session: Session) -> None:
        session.state["heard_ms"] = self.now_ms()

    def _filled(self, what: Any) -> dict[str, Any]:
        missing = {"nSigFigs": None, "mantissa": None} if what["type"] == "l2Book" else {}
        return {name: value for name, value in missing.items() if name not in what}

    def _knows(self, what: Any) -> bool:
        if not isinstance(what, dict) or what.get("type") not in _SIDE_OF_TIME:
            return False
        if what.get("nSigFigs") not in (None, 2, 3, 4, 5):
            return False
        if what["type"] == "candle" and what.get("interval") not in INTERVALS_MS:
            return False
        return what.get("coin") in self.plays

    def _topic(self, what: Any) -> str:
        detail = {"l2Book": what.get("nSigFigs"), "candle": what.get("interval")}
        return f"{what['type']}/{detail.get(what['type'], '')}/{what['coin']}"

    def began(self, session: Session, topic: str) -> None:
        kind, detail, coin = topic.split("/", 2)
        if kind == "l2Book":
            play = self.plays[coin]
            figures = None if detail == "None" else int(detail)
            book = self.snapshot_book(coin)
            session.send(self._book(play, book, play.last_ms, figures))
        elif kind == "trades":
            session.send({"channel": "trades", "data": []})

    def _book(
        self, play: Play, book: PlainBook, event_ms: int, figures: int | None
    ) -> dict[str, Any]:
        spec = play.spec
        rows = [
            [
                {
                    "px": short(spec.price_text(px)),
                    "sz": short(spec.qty_text(qty)),
                    "n": 1 + qty % 7,
                }
                for px, qty in side
            ]
            for side in aggregated(spec, book, figures)
        ]
        return {
            "channel": "l2Book",
            "data": {"coin": spec.symbol, "time": event_ms, "levels": rows},
        }

    def moved(self, key: str, play: Play, event_ms: int, step: Step) -> None:
        if step.changes:
            for figures in (None, 5, 4, 3, 2):
                topic = f"l2Book/{figures}/{key}"
                if self.wanted(topic):
                    self.tell_book(topic, key, self._book(play, play.book, event_ms, figures))
        if step.trades:
            self.candles[key].note(event_ms, step.trades)
            self._tell_trades(key, play, event_ms, step)

    def _tell_trades(self, key: str, play: Play, event_ms: int, step: Step) -> None:
        spec, rows = play.spec, []
        for trade in step.trades:
            self._trade_id += self.random.randint(1, 10**6)
            rows.append(
                {
                    "coin": key, "side": "B" if trade.buy else "A",
                    "px": short(spec.price_text(trade.price)),
                    "sz": short(spec.qty_text(trade.qty)), "time": event_ms,
                    "hash": f"0x{self._trade_id:064x}", "tid": self._trade_id,
                    "users": ["0x" + "1" * 40, "0x" + "2" * 40],
                }
            )  # fmt: skip
        self.tell(f"trades//{key}", {"channel": "trades", "data": rows})

    def spoiled(self, payload: Any, kind: Kind) -> Any:
        side = payload["data"]["levels"][0]
        side[0]["sz"] = "-1.5" if kind is Kind.NEGATIVE else "NaN"
        return payload

    def tick(self, now_ms: int) -> None:
        """Candles once a second; who says nothing for a minute is closed."""
        for topic in [topic for topic in self._by_topic if topic.startswith("candle/")]:
            if self.wanted(topic) and now_ms - self._candle_ms.get(topic, 0) >= 1000:
                self._candle_ms[topic] = now_ms
                _, interval, coin = topic.split("/", 2)
                play, width_ms = self.plays[coin], INTERVALS_MS[interval]
                at_ms = now_ms + play.skew_ms
                one = self.candles[coin].at(at_ms // width_ms * width_ms, width_ms, at_ms)
                self.tell(topic, {"channel": "candle", "data": _candle(play.spec, interval, one)})
        for session in self.sessions:
            if now_ms - session.state["heard_ms"] > _IDLE_S * 1000:
                session.state["heard_ms"] = now_ms
                self.violations.append("a connection without a ping for a minute")
                self.spawn(session.socket.close(1000, "Inactive"))

    # --------------------------------------------------------------------------------------- REST
    def rest(self, request: Request) -> Reply:
        if request.path != "/info" or request.method != "POST":
            return Reply(405, b"", content_type="text/plain")
        try:
            asked = orjson.loads(request.body)
            kind = asked["type"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            text = b"Failed to deserialize the JSON body into the target type"
            return Reply(422, text, content_type="text/plain")
        request.weight = 2 if kind in ("l2Book", "allMids") else 20
        if not self.weights.add(request.weight):
            self.violations.append("more than 1,200 weight in a minute")
            return Reply(429, b"null")
        answers = {
            "meta": lambda: {"universe": [_asset(play.spec) for play in self.plays.values()]},
            "metaAndAssetCtxs": self._contexts,
            "allMids": self._mids,
            "l2Book": lambda: self._rest_book(asked),
            "candleSnapshot": lambda: self._rest_candles(asked["req"]),
        }
        answer = answers.get(kind)
        return Reply(422, b"unknown type") if answer is None else json_reply(answer())

    def refusal(self, status: int) -> Reply:
        return Reply(status, b"null")

    def _contexts(self) -> list[Any]:
        assets = [_asset(play.spec) for play in self.plays.values()]
        mids = self._mids()
        contexts = [{"midPx": mids[asset["name"]], "openInterest": "100.0"} for asset in assets]
        return [{"universe": assets}, contexts]

    def _mids(self) -> dict[str, str]:
        return {
            key: str((max(play.book.bids) + min(play.book.asks)) / 2 * play.spec.price_unit)
            for key, play in self.plays.items()
        }

    def _rest_book(self, asked: Any) -> Any:
        play = self.plays.get(asked.get("coin"))
        if play is None:
            return None
        return self._book(play, play.book, play.last_ms, asked.get("nSigFigs"))["data"]

    def _rest_candles(self, asked: Any) -> Any:
        play, interval = self.plays.get(asked.get("coin")), asked.get("interval")
        if play is None or interval not in INTERVALS_MS:
            return None
        width_ms, now_ms = INTERVALS_MS[interval], self.now_ms() + play.skew_ms
        end_ms = min(now_ms, int(asked.get("endTime") or now_ms))
        first_ms = max(int(asked["startTime"]), now_ms - 5000 * width_ms)
        rows = self.candles[play.spec.symbol].rows(
            width_ms, first_ms // width_ms * width_ms, end_ms, now_ms
        )
        return [_candle(play.spec, interval, one) for one in rows[:5000]]


def _candle(spec: Spec, interval: str, one: Candle) -> dict[str, Any]:
    px, qty = f".{spec.price_decimals}f", f".{spec.qty_decimals}f"
    return {
        "t": one.start_ms, "T": one.end_ms - 1, "s": spec.symbol, "i": interval,
        "o": f"{one.open:{px}}", "c": f"{one.close:{px}}", "h": f"{one.high:{px}}",
        "l": f"{one.low:{px}}", "v": f"{one.volume:{qty}}", "n": one.count,
    }  # fmt: skip


def _asset(spec: Spec) -> dict[str, Any]:
    asset = {"szDecimals": spec.qty_decimals, "name": spec.symbol, "maxLeverage": 40}
    return asset | ({"isDelisted": True} if spec.status == "DELISTED" else {})
