from __future__ import annotations

import asyncio
import gzip
import logging
import re
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from heatdesk import __version__
from heatdesk.errors import (
    BadPayload,
    BadRequest,
    BodyCut,
    KeyMissing,
    KeyRejected,
    PlanRequired,
    ProviderError,
    RateLimited,
    RedirectRefused,
    ServerTrouble,
    Unreachable,
)
from heatdesk.net import client as client_module
from heatdesk.net.budget import Limits, RateBudget
from heatdesk.net.client import JsonClient, Reply
from heatdesk.net.ledger import Ledger
from tests.heatdesk.clocks import JumpingClock
from tests.servers import faults
from tests.servers.base import ClosedPort, LoopbackServer, Request, json_reply
from tests.servers.base import Reply as Served

MARKER = "marker-key-0123456789abcdef"
Answer = Callable[[Request], Served]


class Scripted(LoopbackServer):
    """Answers as a function says."""

    def __init__(self, answer: Answer | None = None, **options: Any) -> None:
        super().__init__(**options)
        self._answer: Answer = answer or (lambda request: json_reply({"ok": [1, 2.5]}))

    def respond(self, request: Request) -> Served:
        return self._answer(request)


def key_headers() -> dict[str, str]:
    return {"X-Kiyotaka-Key": MARKER, "Authorization": f"Bearer {MARKER}"}


def make_client(
    base_url: str,
    *,
    headers: Callable[[], dict[str, str]] = key_headers,
    transport: httpx.AsyncBaseTransport | None = None,
    clock: JumpingClock | None = None,
    own_address: bool = False,
) -> tuple[JsonClient, RateBudget]:
    clock = clock or JumpingClock()
    budget = RateBudget("kiyotaka", Limits(minute=10, burst=20), Ledger(), clock)
    client = JsonClient(
        "kiyotaka", "Kiyotaka", base_url, headers, clock, budget, transport,
        own_address=own_address,
    )  # fmt: skip
    return client, budget


def ask(client: JsonClient, path: str = "/v1/points", **options: Any) -> Reply:
    async def work() -> Reply:
        try:
            return await client.get(path, **options)
        finally:
            await client.close()

    return asyncio.run(work())


@contextmanager
def explained(kind: type[ProviderError], words: str) -> Iterator[pytest.ExceptionInfo[Any]]:
    """Expect an error whose sentence for people matches a pattern."""
    with pytest.raises(kind) as caught:
        yield caught
    assert re.search(words, caught.value.user_message)


def refused(answer: Answer, kind: type[ProviderError], **options: Any) -> Any:
    """Ask a server that answers badly; the error, checked for the key in every voice."""
    with Scripted(answer) as server:
        client, _ = make_client(server.url)
        with pytest.raises(ProviderError) as caught:
            ask(client, **options)
    error = caught.value
    assert type(error) is kind
    assert_no_key(error)
    assert error.provider == "kiyotaka"
    return error


def assert_no_key(error: BaseException) -> None:
    told = [str(error), repr(error), *map(str, error.args), str(vars(error))]
    told += traceback.format_exception(error)
    assert not any(MARKER in text for text in told)
    assert error.__context__ is None
    assert error.__cause__ is None


def test_a_healthy_answer_arrives_whole_with_its_headers_and_id() -> None:
    def answer(request: Request) -> Served:
        return json_reply({"x": 0.1 + 0.2}, headers={"X-Request-Id": "req_7"})

    with Scripted(answer) as server:
        client, budget = make_client(server.url + "/api/v1/")
        params = [("exchange", "A"), ("exchange", "B"), ("coin", "BTC")]
        reply = ask(client, "/heatmap/data", params=params, weight=3)
        (request,) = server.requests
    assert client.loads(reply) == {"x": 0.30000000000000004}
    assert reply.request_id == client.last_request_id == "req_7"
    assert reply.headers["content-type"].startswith("application/json")
    assert request.path == "/api/v1/heatmap/data"
    assert request.query == tuple(params)
    assert request.headers["x-kiyotaka-key"] == MARKER
    assert request.headers["user-agent"] == f"HeatDesk/{__version__}"
    assert budget.used_today() == 3


@pytest.mark.parametrize("path", ["v1/points", "/v1/points"])
@pytest.mark.parametrize("tail", ["", "/", "/base", "/base/"])
def test_base_url_and_path_join_with_one_slash(tail: str, path: str) -> None:
    with Scripted() as server:
        client, _ = make_client(server.url + tail)
        ask(client, path)
        assert server.requests[0].path == tail.rstrip("/") + "/v1/points"


def test_compressed_answers_are_unpacked() -> None:
    with Scripted(lambda request: json_reply({"long": "x" * 5000}), compress=True) as server:
        client, _ = make_client(server.url)
        reply = ask(client)
        accepted = server.requests[0].headers["accept-encoding"]
    assert client.loads(reply) == {"long": "x" * 5000}
    assert {"gzip", "br", "zstd"} <= {word.strip() for word in accepted.split(",")}


def test_without_a_key_nothing_is_sent_or_spent() -> None:
    def missing() -> dict[str, str]:
        raise KeyMissing("kiyotaka", "Kiyotaka needs a key: enter it in Settings > Keys.")

    with Scripted() as server:
        client, budget = make_client(server.url, headers=missing)
        with explained(KeyMissing, r"needs a key"):
            ask(client, weight=5)
        assert server.requests == []
    assert budget.used_today() == 0


@pytest.mark.parametrize(
    "key", ["two\nlines", "tab\there", "schlüssel", "a\r\nX-Evil: 1", " blank", "blank "]
)
def test_a_key_that_would_break_the_header_is_refused_before_sending(key: str) -> None:
    with Scripted() as server:
        client, _ = make_client(server.url, headers=lambda: {"X-Kiyotaka-Key": key})
        with explained(KeyRejected, r"characters no key can hold") as caught:
            ask(client)
        assert server.requests == []
    assert key not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequest),
        (401, KeyRejected),
        (402, PlanRequired),
        (403, PlanRequired),
        (404, BadRequest),
        (408, ServerTrouble),
        (409, BadRequest),
        (422, BadRequest),
        (429, RateLimited),
        (500, ServerTrouble),
        (503, ServerTrouble),
        (504, ServerTrouble),
        (599, ServerTrouble),
    ],
)
@pytest.mark.parametrize(
    "body",
    [
        {"error": "CODE", "message": "Words of the server"},
        {"type": "about:blank", "title": "T", "detail": "Words of the server"},
        {"error": "Words of the server"},
        {"error": {"message": "Words of the server"}},
        {"title": "Words of the server"},
    ],
)
def test_each_status_is_one_kind_of_error_with_the_servers_words(
    status: int, kind: type[ProviderError], body: dict[str, object]
) -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(status, json=body))
    client, _ = make_client("http://127.0.0.1", transport=transport)
    with pytest.raises(ProviderError) as caught:
        ask(client)
    assert type(caught.value) is kind
    assert "Words of the server." in caught.value.user_message
    assert_no_key(caught.value)


@pytest.mark.parametrize(
    "body", [b"", b"<html>sorry</html>", b"[1,2]", b"null", b"\xff\xfe", b'{"message": 5}']
)
def test_an_error_without_words_falls_back_to_the_http_reason(body: bytes) -> None:
    error = refused(lambda request: Served(403, body), PlanRequired)
    assert "Forbidden (HTTP 403)" in error.user_message
    assert "<" not in error.user_message


def test_a_server_in_trouble_without_words_names_its_status_once() -> None:
    error = refused(lambda request: Served(500, b""), ServerTrouble)
    assert error.user_message == "Kiyotaka is in trouble (HTTP 500)."


def test_a_used_up_monthly_quota_is_told_apart_from_a_missing_permission() -> None:
    body = {
        "type": "https://www.sharpe.ai/errors/monthly_quota_exceeded",
        "title": "Quota",
        "detail": "The quota is used up",
        "suggested_action": "Wait for the next month",
        "request_id": "req_9",
    }
    error = refused(lambda request: json_reply(body, 403), PlanRequired)
    assert error.user_message.startswith("The monthly quota of Kiyotaka is used up")
    assert "Wait for the next month." in error.user_message
    assert error.request_id == "req_9"


def test_the_words_of_a_server_are_cut_cleaned_and_scrubbed_of_the_key() -> None:
    message = f"bad key {MARKER}\n\x1b[31m\x00 Bearer {MARKER} " + "long " * 200
    error = refused(
        lambda request: json_reply({"message": message}, 400, {"X-Request-Id": f"id-{MARKER}"}),
        BadRequest,
    )
    assert "***" in error.user_message
    assert len(error.user_message) < 260
    assert error.user_message.isprintable()
    assert error.request_id == "id-***"


@pytest.mark.parametrize(
    ("headers", "body", "expected_s"),
    [
        ({"Retry-After": "7"}, {}, 7.0),
        ({"retry-after": " 2.5 "}, {"retry_after": 9}, 2.5),
        ({"Retry-After": "-4"}, {}, 0.0),
        ({}, {"retry_after": 12}, 12.0),
        ({}, {"retry_after": "12"}, 12.0),
        ({}, {"retry_after": True}, None),
        ({}, {"retry_after": [1]}, None),
        ({"Retry-After": "soon"}, {}, None),
        ({"Retry-After": "nan"}, {}, None),
        ({"X-RateLimit-Reset": "1780000030"}, {}, 30.0),
        (
            {
                "Date": "Fri, 15 May 2026 10:00:00 GMT",
                "Retry-After": "Fri, 15 May 2026 10:00:45 GMT",
            },
            {},
            45.0,
        ),
        ({}, {}, None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_the_time_to_wait_is_read_from_wherever_it_stands(
    status: int, headers: dict[str, str], body: dict[str, object], expected_s: float | None
) -> None:
    transport = httpx.MockTransport(
        lambda request: httpx.Response(status, json=body, headers=headers)
    )
    client, budget = make_client("http://127.0.0.1", transport=transport)
    with pytest.raises(RateLimited) as caught:
        ask(client)
    assert caught.value.retry_after_s == expected_s
    held_s = budget.wait_s(1)
    untold_s = 1.0 if status == 429 else 0.0
    assert held_s == pytest.approx(untold_s if expected_s is None else expected_s)


def test_reply_headers_feed_the_budget() -> None:
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "30"}
    with Scripted(lambda request: json_reply({}, headers=headers)) as server:
        client, budget = make_client(server.url)
        ask(client, weight=1)
    assert budget.wait_s(1) == pytest.approx(30, abs=2)


def test_a_budget_wait_is_announced_and_then_the_request_is_sent() -> None:
    clock = JumpingClock()
    told: list[str] = []

    async def work(client: JsonClient) -> None:
        for _ in range(2):
            await client.get("/x", weight=10, on_wait=lambda seconds, reason: told.append(reason))
        await client.close()

    with Scripted() as server:
        client, _ = make_client(server.url, clock=clock)
        asyncio.run(work(client))
        assert len(server.requests) == 2
    assert told == ["waiting for the minute budget"]
    assert clock.passed_s >= 60


# ------------------------------------------------------------------------------------ the wire
def test_a_body_cut_before_its_length_is_a_cut() -> None:
    for part in (0.0, 0.5, 0.99):
        error = refused(
            lambda request, part=part: faults.cut_short(part).reply(
                request, lambda: json_reply({"long": "x" * 200_000})
            ),
            BodyCut,
        )
        assert "cut before the end" in error.user_message


def test_a_refusal_whose_words_are_cut_is_still_that_refusal() -> None:
    body = Served(status=401, body=b'{"message": "no such key', cut_after=10)
    with Scripted(lambda request: body) as server:
        client, _ = make_client(server.url)
        with explained(KeyRejected, "refused the key"):
            ask(client)


def test_a_length_that_is_not_reached_is_a_cut_on_any_transport() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        async def body() -> Any:
            yield b'{"a":'

        return httpx.Response(200, content=body(), headers={"Content-Length": "100"})

    client, _ = make_client("http://127.0.0.1", transport=httpx.MockTransport(answer))
    with pytest.raises(BodyCut) as caught:
        ask(client)
    assert "5 of 100" in str(caught.value)


@pytest.mark.parametrize("part", [0.5, None])
def test_a_stall_before_or_inside_the_answer_is_a_cut(part: float | None) -> None:
    error = refused(
        lambda request: faults.stalled(part).reply(
            request, lambda: json_reply({"long": "x" * 100_000})
        ),
        BodyCut,
        stall_s=0.2,
    )
    assert "went silent" in error.user_message


def test_a_refused_connection_names_the_provider_and_what_may_stand_between() -> None:
    with ClosedPort() as port:
        client, _ = make_client(port.url)
        with explained(Unreachable, r"^Kiyotaka refused .* network.*VPN.*firewall") as caught:
            ask(client)
    assert "127.0.0.1" not in caught.value.user_message
    assert "settings" not in caught.value.user_message
    assert_no_key(caught.value)


def test_an_address_that_the_user_set_is_named_beside_the_provider() -> None:
    with ClosedPort() as port:
        client, _ = make_client(port.url, own_address=True)
        with explained(
            Unreachable, r"^Kiyotaka at 127\.0\.0\.1:\d+ refused.*address in the settings"
        ):
            ask(client)


def test_an_untrusted_certificate_is_named_and_no_key_leaves() -> None:
    with Scripted(tls=True) as server:
        client, _ = make_client(server.url)
        with explained(Unreachable, r"certificate of .* cannot be trusted") as caught:
            ask(client)
        assert server.requests == []
    assert "self-signed" in caught.value.user_message
    assert_no_key(caught.value)


def test_plain_http_on_a_tls_address_is_a_tls_problem() -> None:
    with Scripted() as server:
        client, _ = make_client(server.url.replace("http:", "https:"))
        with explained(Unreachable, r"No secure connection"):
            ask(client)


def test_an_unknown_host_says_so() -> None:
    import socket

    def answer(request: httpx.Request) -> httpx.Response:
        try:
            raise socket.gaierror(-2, "Name or service not known")
        except socket.gaierror as error:
            raise httpx.ConnectError("All connection attempts failed") from error

    transport = httpx.MockTransport(answer)
    client, _ = make_client("http://nowhere.test", transport=transport, own_address=True)
    with explained(Unreachable, r"Kiyotaka at nowhere.test is not known"):
        ask(client)
    client, _ = make_client("http://nowhere.test", transport=transport)
    with explained(Unreachable, r"^Kiyotaka cannot be found: is this computer online"):
        ask(client)


def test_a_connection_that_nobody_answers_is_unreachable() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectTimeout("timed out", request=request)

    client, _ = make_client("http://10.0.0.1:9000", transport=httpx.MockTransport(answer))
    with explained(Unreachable, r"No answer from Kiyotaka within"):
        ask(client)


@pytest.mark.parametrize("base_url", ["", "nonsense", "ftp://x.test", "http://", "http://[::1"])
def test_an_address_that_is_none_is_explained(base_url: str) -> None:
    client, _ = make_client(base_url)
    with pytest.raises(Unreachable) as caught:
        ask(client)
    assert_no_key(caught.value)


def test_a_loopback_address_is_never_asked_through_a_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Scripted() as server, ClosedPort() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        client, _ = make_client(server.url)
        ask(client)
        assert len(server.requests) == 1


# --------------------------------------------------------------------------------- redirects
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_is_refused_and_nothing_is_sent_there(status: int) -> None:
    with faults.ElsewhereServer() as elsewhere:
        error = refused(
            lambda request: Served(status, b"", {"Location": elsewhere.url + "/v1/points"}),
            RedirectRefused,
        )
        assert elsewhere.requests == []
    assert "localhost" in error.user_message


def test_a_redirect_to_another_port_or_scheme_is_refused() -> None:
    with Scripted() as other:
        for target in (other.url + "/x", "https://127.0.0.1/x", "//user:pw@evil.test/x"):
            error = refused(
                lambda request, target=target: Served(302, b"", {"Location": target}),
                RedirectRefused,
            )
            assert "user" not in error.user_message
        assert other.requests == []


@pytest.mark.parametrize("location", ["", "http://[bad", "http://"])
def test_a_redirect_to_nowhere_is_refused(location: str) -> None:
    refused(lambda request: Served(302, b"", {"Location": location}), RedirectRefused)


def test_a_redirect_on_the_same_host_is_followed_with_the_key() -> None:
    def answer(request: Request) -> Served:
        if request.path == "/old":
            return Served(302, b"", {"Location": "/new?a=1"})
        return json_reply({"at": request.path})

    with Scripted(answer) as server:
        client, budget = make_client(server.url)
        reply = ask(client, "/old", weight=2)
        arrived = server.requests[-1]
    assert client.loads(reply) == {"at": "/new"}
    assert arrived.query == (("a", "1"),)
    assert arrived.headers["x-kiyotaka-key"] == MARKER
    assert budget.used_today() == 2


def test_a_redirect_that_never_ends_is_given_up() -> None:
    count = 0

    def answer(request: Request) -> Served:
        nonlocal count
        count += 1
        return Served(302, b"", {"Location": f"/again{count}"})

    refused(answer, RedirectRefused)
    assert count == 6


# ------------------------------------------------------------------------------------- bodies
def test_an_announced_size_over_the_limit_is_refused_before_it_is_read() -> None:
    error = refused(
        lambda request: faults.huge(300).reply(request, lambda: json_reply({})), BadPayload
    )
    assert "lower the depth or the period" in error.user_message


@pytest.mark.parametrize("packed", [False, True])
def test_a_body_is_given_up_where_it_passes_the_limit(
    packed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "MAX_BODY_BYTES", 1 << 20)
    whole = gzip.compress(bytes(1 << 24)) if packed else bytes(1 << 24)
    piece = len(whole) // 64
    sent = 0

    async def body() -> Any:
        nonlocal sent
        for start in range(0, len(whole), piece):
            sent += 1
            yield whole[start : start + piece]

    headers = {"Content-Encoding": "gzip"} if packed else {}
    transport = httpx.MockTransport(
        lambda request: httpx.Response(200, content=body(), headers=headers)
    )
    client, _ = make_client("http://127.0.0.1", transport=transport)
    with explained(BadPayload, r"larger than 1 MiB"):
        ask(client)
    assert sent <= 8


def test_a_packed_body_that_is_broken_is_no_data() -> None:
    error = refused(
        lambda request: Served(200, b"no gzip at all", {"Content-Encoding": "gzip"}), BadPayload
    )
    assert "cannot be unpacked" in error.user_message


@pytest.mark.parametrize(
    ("body", "content_type", "words"),
    [
        (b"<html>log in</html>", "application/json", "web page came back"),
        (b"log in", "text/html; charset=utf-8", "web page came back"),
        (b"", "application/json", "empty answer"),
        (b'{"a": NaN}', "application/json", "not valid JSON"),
        (b'{"a": Infinity}', "application/json", "not valid JSON"),
        (b'{"a": 1', "application/json", "not valid JSON"),
        (b'{"a": "\xff"}', "application/json", "not valid JSON"),
        (b"[" * 10_000, "application/json", "not valid JSON"),
    ],
)
def test_what_is_not_json_is_named(body: bytes, content_type: str, words: str) -> None:
    client, _ = make_client("http://127.0.0.1")
    with explained(BadPayload, words) as caught:
        client.loads(Reply(body, {"content-type": content_type}, "req_1"))
    assert caught.value.request_id == "req_1"
    assert_no_key(caught.value)


def test_the_key_is_in_no_log_line_and_no_repr(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), Scripted() as server:
        client, budget = make_client(server.url)
        reply = ask(client, weight=1)
    assert caplog.records
    texts = [repr(client), repr(budget), repr(reply), caplog.text]
    assert not any(MARKER in text for text in texts)
