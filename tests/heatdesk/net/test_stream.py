"""An answer that is read while it comes keeps every promise of one that is read whole."""

from __future__ import annotations

import asyncio
import gzip
import random
from typing import TYPE_CHECKING, Any

import brotli
import httpx
import pytest
import zstandard

from heatdesk.errors import (
    BadPayload,
    BodyCut,
    KeyMissing,
    KeyRejected,
    ProviderError,
    RateLimited,
    RedirectRefused,
    Unreachable,
)
from heatdesk.net import client as client_module
from heatdesk.net.body import CHUNK_BYTES
from tests.heatdesk.net.test_client import MARKER, Scripted, assert_no_key, make_client
from tests.servers import faults
from tests.servers.base import ClosedPort, Request, json_reply
from tests.servers.base import Reply as Served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from heatdesk.net.client import JsonClient

LONG = bytes(range(256)) * 4096


def take(client: JsonClient, most: int | None = None, **options: Any) -> list[bytes]:
    """Read the chunks of one answer, or the first of them."""

    async def work() -> list[bytes]:
        got: list[bytes] = []
        try:
            async with client.stream("/v1/points", **options) as body:
                async for chunk in body:
                    got.append(chunk)
                    if len(got) == most:
                        break
            return got
        finally:
            await client.close()
            assert len(asyncio.all_tasks()) == 1

    return asyncio.run(work())


def served(body: bytes = LONG, **options: Any) -> Scripted:
    return Scripted(lambda request: Served(body=body), **options)


def test_a_body_comes_in_order_and_in_bounded_chunks() -> None:
    for compress in (False, True):
        with served(compress=compress) as server:
            client, budget = make_client(server.url)
            chunks = take(client, weight=3)
        assert b"".join(chunks) == LONG
        assert len(chunks) > 1
        assert max(map(len, chunks)) <= CHUNK_BYTES
        assert budget.used_today() == 3
        assert client.last_good_s > float("-inf")


@pytest.mark.parametrize("name", ["gzip", "br", "zstd"])
def test_every_way_of_packing_is_unpacked_while_it_comes(name: str) -> None:
    pack = {"gzip": gzip.compress, "br": brotli.compress, "zstd": zstandard.compress}[name]
    packed = pack(random.Random(4).randbytes(1 << 19) + LONG)

    async def body() -> AsyncIterator[bytes]:
        for start in range(0, len(packed), 1000):
            yield packed[start : start + 1000]

    headers = {"Content-Encoding": name}
    transport = httpx.MockTransport(
        lambda request: httpx.Response(200, content=body(), headers=headers)
    )
    client, _ = make_client("http://127.0.0.1", transport=transport)
    chunks = take(client)
    assert b"".join(chunks).endswith(LONG)
    assert max(map(len, chunks)) <= CHUNK_BYTES


def test_headers_and_request_id_are_there_before_the_body() -> None:
    def answer(request: Request) -> Served:
        return json_reply({}, headers={"X-Request-Id": "req_7"})

    async def work(client: JsonClient) -> tuple[str, str, bytes]:
        async with client.stream("/x") as body:
            before = body.request_id, body.headers["content-type"]
            whole = b"".join([chunk async for chunk in body])
        await client.close()
        return *before, whole

    with Scripted(answer) as server:
        client, _ = make_client(server.url)
        request_id, kind, whole = asyncio.run(work(client))
    assert (request_id, whole) == ("req_7", b"{}")
    assert kind.startswith("application/json")
    assert client.last_request_id == "req_7"


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (faults.cut_short(0.5), BodyCut),
        (faults.stalled(0.5), BodyCut),
        (faults.stalled(None), BodyCut),
        (faults.rate_limited(7), RateLimited),
        (faults.REFUSALS[1], KeyRejected),
    ],
    ids=str,
)
def test_what_goes_wrong_has_one_kind_and_no_key_in_it(
    fault: faults.Fault, kind: type[ProviderError]
) -> None:
    with Scripted(lambda request: fault.reply(request, lambda: Served(body=LONG))) as server:
        client, budget = make_client(server.url)
        with pytest.raises(ProviderError) as caught:
            take(client, weight=2, stall_s=0.2)
    assert type(caught.value) is kind
    assert_no_key(caught.value)
    assert budget.used_today() == 2
    assert client.last_good_s == float("-inf")
    if kind is RateLimited:
        assert budget.wait_s(1) == pytest.approx(7.0)


def test_a_cut_comes_after_the_chunks_before_it() -> None:
    got: list[bytes] = []

    async def work(client: JsonClient) -> None:
        try:
            async with client.stream("/x") as body:
                async for chunk in body:
                    got.append(chunk)
        finally:
            await client.close()

    with Scripted(
        lambda request: faults.cut_short(0.9).reply(request, lambda: Served(body=LONG))
    ) as server:
        client, _ = make_client(server.url)
        with pytest.raises(BodyCut, match="RemoteProtocolError") as caught:
            asyncio.run(work(client))
    assert_no_key(caught.value)
    assert LONG.startswith(b"".join(got))
    assert got


@pytest.mark.parametrize("packed", [False, True])
def test_a_body_is_given_up_where_it_passes_its_limit(packed: bool) -> None:
    whole = gzip.compress(bytes(1 << 24)) if packed else bytes(1 << 24)
    sent = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        for start in range(0, len(whole), len(whole) // 64):
            sent += 1
            yield whole[start : start + len(whole) // 64]

    headers = {"Content-Encoding": "gzip"} if packed else {}
    transport = httpx.MockTransport(
        lambda request: httpx.Response(200, content=body(), headers=headers)
    )
    client, _ = make_client("http://127.0.0.1", transport=transport)
    with pytest.raises(BadPayload, match="larger than 1 MiB") as caught:
        take(client, limit_bytes=1 << 20)
    assert_no_key(caught.value)
    assert sent <= 8


def test_an_announced_size_over_the_limit_is_refused_before_it_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client_module, "MAX_STREAMED_BYTES", 1 << 20)
    with Scripted(lambda request: faults.huge(2).reply(request, lambda: json_reply({}))) as server:
        client, _ = make_client(server.url)
        with pytest.raises(BadPayload, match="larger than 1 MiB"):
            take(client)
        server.broken_connections.clear()


def test_a_reader_may_leave_at_any_point() -> None:
    with served() as server:
        client, _ = make_client(server.url)
        assert take(client, most=1) == [LONG[:CHUNK_BYTES]]
        assert client.last_good_s == float("-inf"), "the answer was not whole"
        server.broken_connections.clear()


def test_an_error_of_the_reader_closes_the_answer_and_stays_as_it_is() -> None:
    async def work(client: JsonClient) -> None:
        try:
            async with client.stream("/x") as body:
                async for _ in body:
                    raise BadPayload("kiyotaka", "not what was meant")
        finally:
            await client.close()

    with served() as server:
        client, _ = make_client(server.url)
        with pytest.raises(BadPayload, match="not what was meant") as caught:
            asyncio.run(work(client))
        server.broken_connections.clear()
    assert_no_key(caught.value)


def test_redirects_are_followed_at_home_and_refused_elsewhere() -> None:
    def answer(request: Request) -> Served:
        if request.path == "/v1/points":
            return Served(302, b"", {"Location": "/new"})
        return Served(body=LONG)

    with Scripted(answer) as server:
        client, budget = make_client(server.url)
        assert b"".join(take(client, weight=2)) == LONG
        assert server.requests[-1].headers["x-kiyotaka-key"] == MARKER
        assert budget.used_today() == 2
    with faults.ElsewhereServer() as elsewhere:
        away = Served(302, b"", {"Location": elsewhere.url + "/v1/points"})
        with Scripted(lambda request: away) as server:
            client, _ = make_client(server.url)
            with pytest.raises(RedirectRefused) as caught:
                take(client)
        assert elsewhere.requests == []
    assert_no_key(caught.value)


def test_without_a_key_or_a_connection_nothing_begins() -> None:
    def missing() -> dict[str, str]:
        raise KeyMissing("kiyotaka", "Kiyotaka needs a key.")

    with served() as server:
        client, budget = make_client(server.url, headers=missing)
        with pytest.raises(KeyMissing):
            take(client, weight=5)
        assert server.requests == []
        assert budget.used_today() == 0
    with ClosedPort() as port:
        client, _ = make_client(port.url)
        with pytest.raises(Unreachable) as caught:
            take(client)
    assert_no_key(caught.value)


def test_a_packed_body_that_breaks_half_way_is_no_data() -> None:
    whole = gzip.compress(random.Random(3).randbytes(1 << 20))
    broken = whole[: 1 << 19] + bytes(1 << 19)
    with Scripted(lambda request: Served(200, broken, {"Content-Encoding": "gzip"})) as server:
        client, _ = make_client(server.url)
        with pytest.raises(BadPayload, match="DecodingError") as caught:
            take(client)
    assert "cannot be unpacked" in caught.value.user_message
    assert_no_key(caught.value)
