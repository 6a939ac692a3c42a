"""Sockets of live feeds against a server on this computer."""

from __future__ import annotations

import asyncio
import errno
import socket as sockets
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from heatdesk.errors import (
    BadPayload,
    BodyCut,
    ProviderError,
    RateLimited,
    RedirectRefused,
    RegionBlocked,
    ServerTrouble,
    Unreachable,
)
from heatdesk.net.socket import open_socket
from tests.servers.base import ClosedPort

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable


@asynccontextmanager
async def serving(
    talk: Callable[[ServerConnection], Awaitable[None]], answer: Any = None
) -> AsyncIterator[str]:
    """Serve a conversation; gives its address."""

    async def guarded(connection: ServerConnection) -> None:
        try:
            await talk(connection)
        except ConnectionClosed:
            return

    async with serve(guarded, "127.0.0.1", 0, process_request=answer, close_timeout=0.1) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"ws://127.0.0.1:{port}/feed"


async def silent(connection: ServerConnection) -> None:
    await connection.wait_closed()


def refusal(status: int, headers: dict[str, str] | None = None) -> ProviderError:
    """Return what a refused handshake is told as."""

    def answer(connection: ServerConnection, request: object) -> object:
        response = connection.respond(status, "no")
        for name, value in (headers or {}).items():
            response.headers[name] = value
        return response

    async def work() -> ProviderError:
        async with serving(silent, answer) as url:
            with pytest.raises(ProviderError) as refused:
                await open_socket("alpha", "Alpha", url)
            return refused.value

    return asyncio.run(work())


def test_messages_go_both_ways_and_a_ping_comes_back() -> None:
    async def talk(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(f"heard {message}")

    async def work() -> None:
        async with serving(talk) as url:
            socket = await open_socket("alpha", "Alpha", url)
            await socket.send("you")
            assert await socket.receive() == b"heard you"
            await socket.ping()
            await socket.close()

    asyncio.run(work())


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (451, RegionBlocked),
        (403, RegionBlocked),
        (429, RateLimited),
        (418, RateLimited),
        (500, ServerTrouble),
        (503, ServerTrouble),
        (404, Unreachable),
        (200, Unreachable),
    ],
)
def test_a_refused_handshake_is_mapped_to_its_kind(status: int, kind: type[ProviderError]) -> None:
    error = refusal(status)
    assert type(error) is kind
    assert error.provider == "alpha"
    assert error.user_message.endswith(".")


def test_a_venue_that_asks_for_patience_says_for_how_long() -> None:
    error = refusal(429, {"Retry-After": "17"})
    assert isinstance(error, RateLimited)
    assert error.retry_after_s == 17


def test_a_redirect_is_not_followed() -> None:
    error = refusal(302, {"Location": "ws://127.0.0.1:1/other"})
    assert isinstance(error, RedirectRefused)


@pytest.mark.parametrize("own_address", [False, True])
def test_a_closed_port_is_unreachable_and_only_an_address_of_the_user_is_named(
    own_address: bool,
) -> None:
    with ClosedPort() as nobody:
        url = nobody.url.replace("http", "ws")
        with pytest.raises(Unreachable) as refused:
            asyncio.run(open_socket("alpha", "Alpha", url, own_address=own_address))
    said = refused.value.user_message
    assert said.startswith("Alpha ")
    assert ("127.0.0.1" in said) is own_address
    assert ("settings" in said) is own_address
    assert "firewall" in said


@pytest.mark.parametrize("url", ["nonsense", "ws://", "http://127.0.0.1:1"])
def test_an_address_that_is_none_is_told(url: str) -> None:
    with pytest.raises(Unreachable):
        asyncio.run(open_socket("alpha", "Alpha", url))


@pytest.mark.parametrize("how", ["closed", "torn"])
def test_a_connection_that_ends_is_told_with_the_words_of_the_venue(how: str) -> None:
    async def talk(connection: ServerConnection) -> None:
        if how == "torn":
            connection.transport.abort()
        else:
            await connection.close(1001, "maintenance")

    async def work() -> str:
        async with serving(talk) as url:
            socket = await open_socket("alpha", "Alpha", url)
            with pytest.raises(BodyCut) as ended:
                await socket.receive()
            await socket.close()
            return ended.value.user_message

    assert ("maintenance" if how == "closed" else "cut") in asyncio.run(work())


def test_a_message_without_end_is_refused() -> None:
    async def talk(connection: ServerConnection) -> None:
        await connection.send("x" * 5_000)

    async def work() -> None:
        async with serving(talk) as url:
            socket = await open_socket("alpha", "Alpha", url, max_bytes=1_000)
            with pytest.raises(BadPayload):
                await socket.receive()
            await socket.close()

    asyncio.run(work())


def test_a_proxy_of_the_environment_is_not_asked_for_this_computer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)

    async def work() -> None:
        async with serving(silent) as url:
            await (await open_socket("alpha", "Alpha", url)).close()

    asyncio.run(work())


@pytest.mark.parametrize(
    ("error", "sent"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), False),
        (sockets.gaierror(sockets.EAI_NONAME, "unknown"), False),
        (OSError(errno.ENETUNREACH, "no network"), False),
        (OSError("Multiple exceptions: [Errno 111] first, [Errno 111] second"), False),
        (ConnectionResetError(errno.ECONNRESET, "reset"), True),
        (TimeoutError("no answer"), True),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_a_failure_tells_whether_anything_may_have_reached_the_other_side(
    error: Exception, sent: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise error

    async def work() -> None:
        monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", fail)
        with pytest.raises(Unreachable) as told:
            await open_socket("alpha", "Alpha", "ws://alpha.example/feed")
        assert told.value.sent is sent

    asyncio.run(work())
