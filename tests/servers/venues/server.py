"""What every loopback venue has in common: REST, WebSocket sessions, the pump, limits, mischief."""

from __future__ import annotations

import asyncio
import http
import math
import random
import threading
import time
from abc import ABC, abstractmethod
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import orjson
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.servers.base import LoopbackServer, Reply, Request, json_reply
from tests.servers.venues.disturbance import do
from tests.servers.venues.generated import Generated
from tests.servers.venues.limits import SlidingCount
from tests.servers.venues.market import PlainBook, Play, Step
from tests.servers.venues.mischief import OF_A_MESSAGE, Fault, Kind, Mischief
from tests.servers.venues.session import Session, dumps

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from websockets.http11 import Request as Handshake
    from websockets.http11 import Response

_PUMP_S = 0.004
_GARBAGE = ('{"e":"depthUpdate","b":[["', "[1,2", "null", '"maintenance"', "{}", "\ufffd\ufffd", "")
_NOISE = '{"channel":"news","stream":"!news","topic":"news","e":"news","data":{"e":"news"}}'


class _Rest(LoopbackServer):
    def __init__(self, venue: VenueServer, port: int) -> None:
        super().__init__(port=port)
        self._venue = venue

    def respond(self, request: Request) -> Reply:
        return self._venue.meet(request)


class VenueServer(ABC):
    """One venue on two free ports of 127.0.0.1, running while the `with` block does.

    Subclasses say what the venue answers (`rest`), what a client's message does (`heard`), what
    is sent when a market moves (`moved`) and how a subscription begins (`began`). All of them run
    under `lock`.
    """

    provider: ClassVar[str]
    messages_per_s: ClassVar[float] = 1e9
    """Most messages a client may send on one connection."""
    connects: ClassVar[tuple[float, float]] = (300, 300.0)
    """Most connection attempts, and in how many seconds."""
    faults: ClassVar[frozenset[Kind]] = frozenset(Kind)
    """What can go wrong here in a way a client can notice, or must survive."""
    silence_to_notice_s: ClassVar[float] = 0.0
    """A loss by silence is noticed only if it lasts so long; 0: by the next message, always."""
    line_paths: ClassVar[tuple[str, ...]] = ("/",)
    """Beginnings of the paths that accept a WebSocket."""

    def __init__(self, plays: Sequence[Callable[[int], Play]], *, port: int = 0) -> None:
        self.lock = threading.RLock()
        self.rest_server = _Rest(self, port)
        self.mischief = Mischief()
        self.violations: list[str] = []
        self.attempts = SlidingCount(*self.connects)
        self.sessions: set[Session] = set()
        self.lost: set[Session] = set()
        """Connections that only their client believes in."""
        self.connections_made = 0
        self.pongs = 0
        self.plays: dict[str, Play] = {}
        self.failures: list[BaseException] = []
        self.random = random.Random(7)
        self._make = plays
        self._by_topic: defaultdict[str, set[Session]] = defaultdict(set)
        self._swapped: dict[str, list[str | bytes]] = {}
        self._ports = (port, port + 1 if port else 0)
        self._ws_port = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ending: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._serve, name=f"venue {self.provider}")
        self._ready = threading.Event()

    # ------------------------------------------------------------------------- life and addresses
    @property
    def rest_url(self) -> str:
        return self.rest_server.url

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self._ws_port}"

    def environment(self) -> dict[str, str]:
        """What lets a desk find this venue instead of the real one."""
        name = f"HEATDESK_PROVIDERS__{self.provider.upper().replace('-', '_')}"
        return {f"{name}__REST_URL": self.rest_url, f"{name}__WS_URL": self.ws_url}

    def start(self) -> Self:
        """Bind and serve; the markets begin to move."""
        start_ms = self.now_ms()
        for make in self._make:
            play = make(start_ms)
            self.plays[self.key(play)] = play
        self.listed()
        self.rest_server.start()
        self._thread.start()
        self._ready.wait(10.0)
        return self

    def stop(self) -> None:
        """Close every connection and free the ports."""
        loop, ending = self._loop, self._ending
        if loop is not None and ending is not None and self._thread.is_alive():
            loop.call_soon_threadsafe(ending.set)
        self._thread.join(10.0)
        self.rest_server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self.stop()
        if error is None and (failures := [*self.failures, *self.rest_server.failures]):
            raise failures[0]

    def now_ms(self) -> int:
        """The computer's clock; a play adds the venue's skew."""
        return time.time_ns() // 1_000_000

    # ------------------------------------------------------------------------ what a venue decides
    def key(self, play: Play) -> str:
        """Under which name a market is kept."""
        return play.spec.symbol

    def listed(self) -> None:  # noqa: B027
        """All markets are there; the first moves have not happened yet."""

    @abstractmethod
    def rest(self, request: Request) -> Reply:
        """Answer a request."""

    @abstractmethod
    def heard(self, session: Session, message: Any) -> None:
        """A client sent a JSON message."""

    @abstractmethod
    def moved(self, key: str, play: Play, event_ms: int, step: Step) -> None:
        """A market moved: tell whoever subscribed."""

    def opened(self, session: Session) -> None:  # noqa: B027
        """A connection was made; its address may ask for something at once."""

    def began(self, session: Session, topic: str) -> None:  # noqa: B027
        """A session subscribed to a topic: send what a subscription begins with."""

    def shutdown_notice(self) -> object | None:
        """What the venue says before it closes a connection; None: nothing."""
        return None

    def spoiled(self, payload: Any, kind: Kind) -> Any:
        """The payload with its numbers (SKIP), checksum or a quantity made wrong."""
        raise NotImplementedError

    # --------------------------------------------------------------------------------- subscribers
    def wanted(self, topic: str) -> bool:
        """Whether anybody listens."""
        return bool(self._by_topic.get(topic))

    def subscribe(self, session: Session, topic: str) -> None:
        """Add a topic to a session."""
        session.topics.add(topic)
        self._by_topic[topic].add(session)
        self.began(session, topic)

    def snapshot_book(self, key: str, fault: Fault | None = None) -> PlainBook:
        """The book a subscription begins with; crossed where that is asked for."""
        play = self.plays[key]
        fault = fault or self.mischief.take(frozenset({Kind.CROSSED}), key)
        if fault is None:
            return play.book
        book = play.book.copy()
        book.bids[min(book.asks) + 3 * play.spec.tick] = 10**play.spec.qty_decimals
        return book

    def unsubscribe(self, session: Session, topic: str) -> None:
        """Take a topic from a session."""
        session.topics.discard(topic)
        self._by_topic[topic].discard(session)

    def tell(self, topic: str, payload: object) -> None:
        """Send to all who listen to a topic."""
        sessions = self._by_topic.get(topic)
        if sessions:
            raw = dumps(payload)
            for session in sessions:
                session.send(raw)

    def tell_book(self, topic: str, key: str, payload: Any, *, telling: bool = True) -> None:
        """Send a book message, through the next fault that waits for one."""
        sessions = self._by_topic.get(topic)
        if not sessions or self.mischief.book_is_silent(key):
            return
        fault = self.mischief.take(OF_A_MESSAGE & self.faults, key) if telling else None
        for raw in self._mangled(topic, payload, fault):
            for session in sessions:
                session.send(raw)

    def _mangled(self, topic: str, payload: Any, fault: Fault | None) -> list[str | bytes]:
        swapped = self._swapped.pop(topic, [])
        if fault is None:
            return [dumps(payload), *swapped]
        kind = fault.kind
        if kind in (Kind.SKIP, Kind.CHECKSUM, Kind.NEGATIVE, Kind.NOT_A_NUMBER):
            return [dumps(self.spoiled(payload, kind)), *swapped]
        raw = dumps(payload)
        if kind is Kind.REORDER:
            self._swapped[topic] = [raw]
            return swapped
        made: dict[Kind, list[str | bytes]] = {
            Kind.DROP: [],
            Kind.DUPLICATE: [raw, raw],
            Kind.GARBAGE: [self.random.choice((*_GARBAGE, raw[: len(raw) // 2]))],
            Kind.NOISE: [_NOISE, raw],
            Kind.BINARY: [self.random.randbytes(64), raw],
        }
        return [*made[kind], *swapped]

    # ------------------------------------------------------------------------------------ mischief
    def cause(self, fault: Fault) -> Fault:
        """Do something wrong, now or at the next fitting moment; any thread may ask."""
        fault.at_s = time.monotonic()
        assert self._loop is not None
        self._loop.call_soon_threadsafe(do, self, fault)
        return fault

    def retick(self, key: str, tick: int) -> None:
        """Let a generated market trade in other price steps from now on."""
        with self.lock:
            play = self.plays[key]
            play.spec = replace(play.spec, tick=tick)
            assert isinstance(play.source, Generated)
            play.source.retick(tick)

    def lose(self, session: Session) -> None:
        """Vanish without a word: nothing is sent or read any more, a ping is not answered."""
        self._forget(session)
        self.lost.add(session)
        session.silent_until_s = math.inf
        session.socket.transport.pause_reading()

    def spawn(self, work: Any) -> None:
        """Let something run on the venue's loop until the venue ends."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ---------------------------------------------------------------------------------------- REST
    def meet(self, request: Request) -> Reply:
        """Answer a request, unless a refusal waits."""
        with self.lock:
            refusal = self.mischief.take(frozenset({Kind.REFUSE_REST}), "")
            if refusal is not None:
                return self.refusal(refusal.status)
            return self.rest(request)

    def refusal(self, status: int) -> Reply:
        """How the venue refuses a request."""
        headers = {"Retry-After": "1"} if status in (429, 418, 503) else {}
        return json_reply({"code": -1003, "msg": "Refused."}, status, headers)

    # ----------------------------------------------------------------------------------- WebSocket
    def _serve(self) -> None:
        try:
            asyncio.run(self._run())
        except BaseException as error:  # noqa: BLE001  # told when the block ends
            self.failures.append(error)
        finally:
            self._ready.set()

    async def _run(self) -> None:
        self._loop, self._ending = asyncio.get_running_loop(), asyncio.Event()
        self._tasks: set[asyncio.Future[Any]] = set()
        async with serve(
            self._handle, "127.0.0.1", self._ports[1],
            process_request=self._meet_handshake, compression=None,
            ping_interval=None, close_timeout=0.5, max_queue=4096,
        ) as server:  # fmt: skip
            self._ws_port = server.sockets[0].getsockname()[1]
            pump = asyncio.ensure_future(self._pump())
            self._ready.set()
            await asyncio.wait({pump, ending := asyncio.ensure_future(self._ending.wait())},
                               return_when=asyncio.FIRST_COMPLETED)  # fmt: skip
            for task in (pump, ending, *self._tasks):
                task.cancel()
            for session in (*self.sessions, *self.lost):
                session.socket.transport.abort()
            if pump.done() and not pump.cancelled() and (error := pump.exception()):
                raise error

    def _meet_handshake(self, socket: ServerConnection, request: Handshake) -> Response | None:
        with self.lock:
            if not self.attempts.add():
                self.violations.append(f"more than {self.attempts.limit:.0f} connection attempts")
            if not any(request.path.startswith(path) for path in self.line_paths):
                return socket.respond(http.HTTPStatus.NOT_FOUND, "Not Found\n")
            refusal = self.mischief.take(frozenset({Kind.REFUSE}), "")
        if refusal is None:
            return None
        return socket.respond(http.HTTPStatus(refusal.status), "Refused.\n")

    async def _handle(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        session = Session(self, socket, socket.request.path)
        with self.lock:
            self.sessions.add(session)
            self.connections_made += 1
            self.opened(session)
        try:
            async for raw in socket:
                with self.lock:
                    is_calm = session.messages.add()
                    if is_calm:
                        self._hear(session, raw)
                    else:
                        self.violations.append(
                            f"more than {self.messages_per_s:.0f} messages in a second"
                        )
                if not is_calm:
                    await socket.close(1008, "Too many requests")
                    break
        except ConnectionClosed:
            pass
        finally:
            with self.lock:
                self._forget(session)

    def _forget(self, session: Session) -> None:
        self.sessions.discard(session)
        for topic in list(session.topics):
            self.unsubscribe(session, topic)

    def _hear(self, session: Session, raw: str | bytes) -> None:
        try:
            message = orjson.loads(raw)
        except orjson.JSONDecodeError:
            self.violations.append(f"not JSON: {raw[:60]!r}")
            return
        self.heard(session, message)

    async def _pump(self) -> None:
        while True:
            with self.lock:
                now_ms = self.now_ms()
                for key, play in self.plays.items():
                    for event_ms, step in play.due(now_ms):
                        self.moved(key, play, event_ms, step)
                self.tick(now_ms)
                for session in self.sessions:
                    session.let_go()
            await asyncio.sleep(_PUMP_S)

    def tick(self, now_ms: int) -> None:  # noqa: B027
        """Time went on: heartbeats."""
