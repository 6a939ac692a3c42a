"""A small HTTP/1.1 server on 127.0.0.1 that logs what it was asked and can misbehave on demand."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from types import TracebackType

TLS_PEM = Path(__file__).with_name("self_signed_for_tests.pem")
"""Self-signed certificate and key for 127.0.0.1, for these tests only: no client trusts it."""

_PIECE_BYTES = 1 << 18


@dataclass
class Request:
    """One request as it arrived; `status` and `weight` are filled in by the reply."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: dict[str, str]
    at_s: float
    weight: int = 0
    status: int = 0
    body: bytes = b""

    def all(self, name: str) -> list[str]:
        """Every value of a repeated parameter, in the order sent."""
        return [value for key, value in self.query if key == name]

    def one(self, name: str, default: str | None = None) -> str | None:
        """Return the last value of a parameter."""
        values = self.all(name)
        return values[-1] if values else default


@dataclass
class Reply:
    """What goes back; the wire fields make a healthy body arrive badly.

    `length` overrides the declared Content-Length. After `cut_after` bytes of body the connection
    is closed; after `stall_after` bytes nothing more comes until the server releases or stops
    (-1 stalls before the status line).
    """

    status: int = 200
    body: bytes | Iterable[bytes] = b""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    length: int | None = None
    cut_after: int | None = None
    stall_after: int | None = None

    def whole(self) -> bytes:
        """Return the body as one string of bytes."""
        if not isinstance(self.body, bytes):
            self.body = b"".join(self.body)
        return self.body

    def json(self) -> Any:
        """Parse the body."""
        return json.loads(self.whole())


def json_reply(payload: object, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    """Return `payload` as JSON; floats are written by repr and so come back bit for bit."""
    body = json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()
    return Reply(status, body, dict(headers or {}))


class ReplyFault(Protocol):
    """Anything that can stand between a request and its healthy reply."""

    def reply(self, request: Request, healthy: Callable[[], Reply]) -> Reply:
        """Return what is sent in place of `healthy()`."""


@dataclass
class Planned:
    """A fault waiting for its request: `times` hits (None: for ever) on matching requests."""

    fault: ReplyFault
    times: int | None = 1
    path: str | None = None
    query: tuple[tuple[str, str], ...] = ()

    def matches(self, request: Request) -> bool:
        """Tell whether this request gets the fault."""
        path_fits = self.path is None or request.path == self.path
        return path_fits and all(pair in request.query for pair in self.query)


Plan = list[Planned] | Callable[[Request], ReplyFault | None]


class _HttpServer(ThreadingHTTPServer):
    # Threads are joined at close, so that a test leaves none behind.
    daemon_threads = False
    request_queue_size = 64

    def __init__(self, owner: LoopbackServer, port: int) -> None:
        self.owner = owner
        self.connections: set[socket.socket] = set()
        self.guard = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        if self.owner.tls_context is not None:
            # The handshake happens at the first read, in the connection's own thread.
            connection = self.owner.tls_context.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        with self.guard:
            self.connections.add(connection)
        return connection, address

    def close_request(self, request: Any) -> None:
        with self.guard:
            self.connections.discard(request)
        super().close_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exc_info()[1]
        if isinstance(error, Exception):
            expected = isinstance(error, ConnectionError | ssl.SSLError | TimeoutError)
            (self.owner.broken_connections if expected else self.owner.failures).append(error)

    def hang_up(self) -> None:
        with self.guard:
            for connection in self.connections:
                try:
                    # Not SSLSocket.shutdown: it pulls the session from under a reading thread.
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)
                except OSError:
                    continue


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "Loopback"
    disable_nagle_algorithm = True
    server: _HttpServer

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

    def _answer(self, body: bytes = b"") -> None:
        owner = self.server.owner
        parts = urlsplit(self.path)
        request = Request(
            self.command,
            parts.path,
            tuple(parse_qsl(parts.query, keep_blank_values=True)),
            {name.lower(): value for name, value in self.headers.items()},
            time.monotonic(),
            body=body,
        )
        reply = owner.answer(request)
        request.status = reply.status
        self._send(owner, request, reply)

    def _send(self, owner: LoopbackServer, request: Request, reply: Reply) -> None:
        if reply.stall_after == -1 and not owner.hold():
            self.close_connection = True
            return
        if owner.compress and "gzip" in request.headers.get("accept-encoding", ""):
            reply.body = gzip.compress(reply.whole(), 1)
            reply.headers["Content-Encoding"] = "gzip"
        if reply.length is None:
            body = reply.body if isinstance(reply.body, bytes | list) else reply.whole()
            reply.length = len(body) if isinstance(body, bytes) else sum(map(len, body))
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(reply.length))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        sent = 0
        stall_after = reply.stall_after
        for piece in _pieces(reply, stall_after):
            if stall_after is not None and stall_after >= 0 and sent >= stall_after:
                self.wfile.flush()
                stall_after = None
                if not owner.hold():
                    self.close_connection = True
                    return
            self.wfile.write(piece)
            sent += len(piece)
        self.wfile.flush()
        if sent < reply.length:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Stay quiet: the request log is `LoopbackServer.requests`."""


def _pieces(reply: Reply, stall_after: int | None) -> Iterator[bytes]:
    """Cut the body so that one piece ends exactly where the wire misbehaves."""
    marks = sorted(
        {mark for mark in (stall_after, reply.cut_after) if mark is not None and mark > 0}
    )
    sent = 0
    for part in [reply.body] if isinstance(reply.body, bytes) else reply.body:
        at = 0
        while at < len(part):
            if reply.cut_after is not None and sent >= reply.cut_after:
                return
            room = next((mark - sent for mark in marks if mark > sent), _PIECE_BYTES)
            piece = part[at : at + min(room, _PIECE_BYTES)]
            yield piece
            at += len(piece)
            sent += len(piece)


class LoopbackServer:
    """A server on a free port of 127.0.0.1, running while the `with` block does.

    Subclasses override `respond`. `requests` is the log; `plan` holds the faults to come, either a
    list that is used up in order or a callable that is asked for each request. An exception in a
    handler is kept in `failures` and raised when the block ends.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        tls: bool = False,
        compress: bool = False,
        host: str = "127.0.0.1",
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self.requests: list[Request] = []
        self.plan: Plan = []
        self.failures: list[Exception] = []
        self.broken_connections: list[Exception] = []
        self.compress = compress
        self.now_s = now_s
        self.stalled = threading.Event()
        self.lock = threading.Lock()
        self.tls_context: ssl.SSLContext | None = None
        if tls:
            self.tls_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls_context.load_cert_chain(TLS_PEM)
        self._host = host
        self._port = port
        self._released = threading.Event()
        self._stopping = False
        self._http: _HttpServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Base URL without a trailing slash; `host` may be another name of the same address."""
        if self._http is None:
            raise RuntimeError("the server is not running")
        scheme = "https" if self.tls_context else "http"
        return f"{scheme}://{self._host}:{self._http.server_port}"

    def respond(self, request: Request) -> Reply:
        """Return the healthy reply to a request."""
        return json_reply({"error": "NOT_FOUND", "message": request.path}, 404)

    def answer(self, request: Request) -> Reply:
        """Log the request and reply, through the next planned fault if one fits."""
        with self.lock:
            self.requests.append(request)
            fault = self._next_fault(request)
        if fault is None:
            return self.respond(request)
        return fault.reply(request, lambda: self.respond(request))

    def inject(
        self,
        fault: ReplyFault,
        *,
        times: int | None = 1,
        path: str | None = None,
        **query: str,
    ) -> None:
        """Let the next `times` requests that fit `path` and `query` meet `fault`."""
        if not isinstance(self.plan, list):
            raise TypeError("the plan of this server is a callable")
        self.plan.append(Planned(fault, times, path, tuple(query.items())))

    def _next_fault(self, request: Request) -> ReplyFault | None:
        if not isinstance(self.plan, list):
            return self.plan(request)
        for planned in self.plan:
            if planned.matches(request):
                if planned.times is not None:
                    planned.times -= 1
                    if planned.times <= 0:
                        self.plan.remove(planned)
                return planned.fault
        return None

    def hold(self) -> bool:
        """Block a reply until `release` (True: go on) or `stop` (False: hang up)."""
        self.stalled.set()
        self._released.wait()
        return not self._stopping

    def release(self) -> None:
        """Let every stalled reply go on."""
        self._released.set()

    def start(self) -> Self:
        """Bind and serve."""
        self._http = _HttpServer(self, self._port)
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, name="loopback"
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Hang up every connection, join every thread and free the port."""
        if self._http is None or self._thread is None:
            return
        self._stopping = True
        self._released.set()
        self._http.shutdown()
        self._thread.join()
        self._http.hang_up()
        self._http.server_close()
        self._http = self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        if error is None and self.failures:
            raise self.failures[0]


class ClosedPort:
    """An address that refuses every connection while the block runs."""

    def __init__(self) -> None:
        self._socket = socket.socket()

    @property
    def url(self) -> str:
        """Base URL nobody answers."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> Self:
        # Bound but never listening: refused, and no other program can take the port meanwhile.
        self._socket.bind(("127.0.0.1", 0))
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()


def run_in_foreground(server: LoopbackServer) -> None:
    """Serve until Ctrl+C, for driving the desk by hand."""
    with server:
        print(server.url, flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print()
