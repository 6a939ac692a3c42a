"""Every kind of bad answer, each a named object that a server's `inject` takes.

A fault says which providers and paths it fits, which of the two response forms it needs, and the
exit code that an export must end with when the fault never goes away (None: the specification
leaves it open, 0: the answer is odd but within the contract).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from tests.servers.base import LoopbackServer, Reply, Request, json_reply
from tests.servers.sharpe import problem

if TYPE_CHECKING:
    from collections.abc import Iterator

KIYOTAKA, SHARPE, HYPERTRACKER = "kiyotaka", "sharpe", "hypertracker"
ALL = (KIYOTAKA, SHARPE, HYPERTRACKER)
MAIN_PATHS = {
    KIYOTAKA: "/v1/points",
    SHARPE: "/heatmap/data",
    HYPERTRACKER: "/positions/heatmap",
}
KEY_HEADERS = ("x-kiyotaka-key", "x-openmarket-key", "x-api-key", "authorization")

Healthy = Callable[[], Reply]


@dataclass(frozen=True)
class Fault:
    """One kind of bad answer.

    `form` is `points`, `flat` or empty for either; `kind` the Kiyotaka type it fits, empty for
    any. A transient fault is worth a retry: injected once, the request after it must succeed.
    """

    name: str
    make: Callable[[Request, Healthy], Reply]
    providers: tuple[str, ...] = ALL
    exit_code: int | None = 6
    transient: bool = False
    path: str | None = None
    kind: str = ""
    form: str = ""

    def reply(self, request: Request, healthy: Healthy) -> Reply:
        """Return the bad answer."""
        return self.make(request, healthy)

    def path_for(self, provider: str) -> str:
        """Return the path to inject this fault at."""
        return self.path or MAIN_PATHS[provider]

    def __str__(self) -> str:
        return self.name


def _error(status: int, code: str, message: str, *, retry_after_s: int | None = None) -> Reply:
    """Return one body that all three providers' readers understand."""
    headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    return json_reply({"error": code, "message": message}, status, headers)


def status_fault(
    name: str,
    status: int,
    code: str,
    message: str,
    *,
    providers: tuple[str, ...] = ALL,
    exit_code: int,
    retry_after_s: int | None = None,
) -> Fault:
    """Return a fault that is a status with the documented error body."""

    def make(request: Request, healthy: Healthy) -> Reply:
        return _error(status, code, message, retry_after_s=retry_after_s)

    transient = status == 429 or status >= 500
    return Fault(name, make, providers, exit_code, transient)


def rate_limited(retry_after_s: int = 1) -> Fault:
    """Return a 429 whose `Retry-After` says how long."""
    return status_fault(
        f"429 with Retry-After {retry_after_s}",
        429,
        "RATE_LIMITED",
        "Rate limit exceeded",
        exit_code=5,
        retry_after_s=retry_after_s,
    )


def _body_retry_after(request: Request, healthy: Healthy) -> Reply:
    body = {"error": "RATE_LIMITED", "message": "Rate limit exceeded", "retry_after": 1}
    return json_reply(body, 429)


def _text(status: int, text: str, content_type: str) -> Callable[[Request, Healthy], Reply]:
    def make(request: Request, healthy: Healthy) -> Reply:
        return Reply(status, text.encode(), content_type=content_type)

    return make


_HTML = "<!DOCTYPE html><html><head><title>Just a moment</title></head><body>wait</body></html>"


def cut_short(part: float = 0.5) -> Fault:
    """Return a body that ends before its Content-Length."""

    def make(request: Request, healthy: Healthy) -> Reply:
        reply = healthy()
        reply.cut_after = int(len(reply.whole()) * part)
        return reply

    return Fault(f"body cut at {part:.0%}", make, exit_code=5, transient=True)


def stalled(part: float | None = 0.5) -> Fault:
    """Return a body that stops half way until the server releases it or stops.

    None stalls before the status line.
    """

    def make(request: Request, healthy: Healthy) -> Reply:
        reply = healthy()
        reply.stall_after = -1 if part is None else int(len(reply.whole()) * part)
        return reply

    where = "before the answer" if part is None else "in mid-body"
    return Fault(f"stall {where}", make, exit_code=5, transient=True)


def _half_document(request: Request, healthy: Healthy) -> Reply:
    body = healthy().whole()
    return Reply(body=body[: len(body) // 2])


def redirect_to(base_url: str, status: int = 302) -> Fault:
    """Return a redirect of the same path and query to another server."""

    def make(request: Request, healthy: Healthy) -> Reply:
        query = urlencode(request.query)
        target = f"{base_url}{request.path}" + (f"?{query}" if query else "")
        return Reply(status, b"", {"Location": target})

    return Fault(f"redirect {status} to another host", make, exit_code=4)


def huge(megabytes: int = 300, *, valid: bool = False) -> Fault:
    """Return a body of that size, generated as it is sent and never held.

    `valid` ends a healthy document with blanks; otherwise one array of numbers goes on to the end.
    """

    def make(request: Request, healthy: Healthy) -> Reply:
        head = healthy().whole() if valid else b'{"series":[{"id":{},"points":[{"Point":{"bids":[0'
        tail = b"" if valid else b"]}}]}]}"
        filler = b" " * (1 << 20) if valid else b",12345.5" * (1 << 17)
        length = len(head) + megabytes * len(filler) + len(tail)

        def body() -> Iterator[bytes]:
            yield head
            for _ in range(megabytes):
                yield filler
            yield tail

        return Reply(body=body(), length=length)

    name = f"{megabytes} MB body {'of blanks' if valid else 'of numbers'}"
    return Fault(name, make, exit_code=None)


class ElsewhereServer(LoopbackServer):
    """The other host of a redirect: `localhost` where the first server is `127.0.0.1`."""

    def __init__(self) -> None:
        super().__init__(host="localhost")

    @property
    def arrived_keys(self) -> list[tuple[str, str]]:
        """Every key header that came along; a client that minds its keys leaves this empty."""
        return [
            (name, request.headers[name])
            for request in self.requests
            for name in KEY_HEADERS
            if name in request.headers
        ]

    def respond(self, request: Request) -> Reply:
        return json_reply({"series": []})


def _plan(name: str, message: str) -> Fault:
    return status_fault(name, 403, "FORBIDDEN", message, providers=(KIYOTAKA,), exit_code=4)


REFUSALS = (
    status_fault("400", 400, "INVALID_PARAMS", "Invalid parameters", exit_code=4),
    status_fault("401", 401, "INVALID_API_KEY", "Missing or invalid API key", exit_code=3),
    _plan("403 plan", "This type is not available on your plan"),
    _plan("403 history depth", "The range is beyond the history depth of your plan"),
    _plan("403 aggregation", "Multi-exchange aggregation is not available on your plan"),
    _plan("403 point count", "Point count exceeded"),
    status_fault("403", 403, "FORBIDDEN", "Forbidden", providers=(HYPERTRACKER,), exit_code=4),
    Fault(
        "403 monthly quota",
        lambda request, healthy: problem(403, "monthly_quota_exceeded", "Quota used up"),
        (SHARPE,),
        exit_code=4,
    ),
)

TRANSIENT = (
    rate_limited(),
    Fault("429 with retry_after in the body", _body_retry_after, (KIYOTAKA,), 5, True),
    status_fault("429 bare", 429, "RATE_LIMITED", "Rate limit exceeded", exit_code=5),
    status_fault("500", 500, "INTERNAL_ERROR", "Internal error", exit_code=5),
    status_fault("503", 503, "UNAVAILABLE", "Service unavailable", exit_code=5),
    status_fault("504", 504, "TIMEOUT", "Query timed out", exit_code=5),
    Fault("502 as HTML", _text(502, _HTML, "text/html"), exit_code=5, transient=True),
    cut_short(),
    cut_short(0.0),
)

NOT_THE_CONTRACT = (
    Fault("HTML instead of JSON", _text(200, _HTML, "text/html; charset=utf-8")),
    Fault("HTML called JSON", _text(200, _HTML, "application/json")),
    Fault("empty body", _text(200, "", "application/json")),
    Fault("half a document, whole by its length", _half_document),
    Fault("null", _text(200, "null", "application/json")),
    Fault("a bare number", _text(200, "17", "application/json")),
    Fault("a list of numbers", _text(200, "[1,2,3]", "application/json")),
    Fault("a string", _text(200, json.dumps("ok"), "application/json")),
    Fault("not UTF-8", lambda request, healthy: Reply(body=b'{"series":"\xff\xfe\xfa"}')),
    Fault("a depth of ten thousand", _text(200, "[" * 10_000, "application/json")),
)


def every_fault() -> tuple[Fault, ...]:
    """Return all faults that need no second server and no waiting."""
    from tests.servers.fault_bodies import BODIES

    return REFUSALS + TRANSIENT + NOT_THE_CONTRACT + BODIES


def faults_for(provider: str, *, form: str = "", kind: str = "") -> list[Fault]:
    """Return the faults of a provider; `form` and `kind` drop those that fit another request."""
    return [
        fault
        for fault in every_fault()
        if provider in fault.providers
        and (not form or fault.form in ("", form))
        and (not kind or fault.kind in ("", kind))
    ]
