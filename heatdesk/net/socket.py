"""A WebSocket connection: bounded messages, no compression, failures put into words once.

It never reconnects: who owns it decides when.
"""

from __future__ import annotations

import asyncio
import errno
import socket as sockets
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from heatdesk import __version__
from heatdesk.errors import (
    BadPayload,
    BodyCut,
    ProviderError,
    RedirectRefused,
    Retry,
    Unreachable,
)
from heatdesk.net.authorities import trusted_authorities
from heatdesk.net.failures import CONNECT_TIMEOUT_S, Place, causes_of
from heatdesk.net.headers import lower_case
from heatdesk.net.replies import Refusal, clean, error_of

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection
    from websockets.exceptions import InvalidStatus

MAX_MESSAGE_BYTES = 32 * 1024 * 1024
"""Largest message: room for a whole book of a hundred thousand levels, and an end to one that
has none."""
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_CLOSE_S = 0.5
_MAX_QUEUE = 64
_MAX_BODY_BYTES = 2_000
_NO_WAY = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL)


class Socket:
    """An open connection; made by `open_socket`.

    Attributes
    ----------
    provider, title : str
        Id, and the name used in sentences.
    """

    def __init__(self, connection: ClientConnection, provider: str, title: str) -> None:
        self.provider = provider
        self.title = title
        self._connection = connection
        self._broken = _what_is_raised()

    def __repr__(self) -> str:
        return f"Socket({self.provider!r})"

    async def receive(self) -> bytes:
        """Wait for the next message.

        Raises
        ------
        ProviderError
            `BodyCut` when the connection ended, `BadPayload` when a message was too large or the
            other side broke the protocol. No exception of the library hangs on it.
        """
        failure: ProviderError
        try:
            return await self._connection.recv(decode=False)
        except self._broken as error:
            failure = _ended(error, self.provider, self.title)
        raise failure

    async def send(self, text: str) -> None:
        """Send a text message.

        Raises
        ------
        ProviderError
            `BodyCut` when the connection ended.
        """
        failure: ProviderError
        try:
            return await self._connection.send(text)
        except self._broken as error:
            failure = _ended(error, self.provider, self.title)
        raise failure

    async def ping(self) -> None:
        """Send a ping and wait until it came back: all that was sent before has arrived.

        Raises
        ------
        ProviderError
            `BodyCut` when the connection ended.
        """
        failure: ProviderError
        try:
            await (await self._connection.ping())
            return
        except self._broken as error:
            failure = _ended(error, self.provider, self.title)
        raise failure

    async def close(self) -> None:
        """Say goodbye shortly, and let the connection go whatever the other side does."""
        try:
            await self._connection.close()
        finally:
            self._connection.transport.abort()


async def open_socket(
    provider: str,
    title: str,
    url: str,
    *,
    max_bytes: int = MAX_MESSAGE_BYTES,
    own_address: bool = False,
) -> Socket:
    """Connect.

    Parameters
    ----------
    provider, title : str
        Id, and the name used in sentences.
    url : str
        ``ws://`` or ``wss://`` with path and query.
    max_bytes : int
        Largest message that is read.
    own_address : bool
        The address was set by the user: sentences name its host.

    Raises
    ------
    ProviderError
        `Unreachable`, `RegionBlocked` (451, 403), `RateLimited` (429), `ServerTrouble` (5xx and
        other refusals of the handshake), `RedirectRefused`.
    """
    from websockets.asyncio.client import connect

    class Straight(connect):
        """Connects to the address it was given and to no other."""

        def process_redirect(self, exc: Exception) -> Exception | str:
            return exc

    secure = url.lower().startswith("wss:")
    broken: tuple[type[Exception], ...] = (*_what_is_raised(), ValueError)
    failure: ProviderError
    try:
        connection = await Straight(
            url,
            ssl=await asyncio.to_thread(trusted_authorities) if secure else None,
            compression=None,
            max_size=max_bytes,
            max_queue=_MAX_QUEUE,
            open_timeout=CONNECT_TIMEOUT_S,
            close_timeout=_CLOSE_S,
            # pings are the owner's: it counts them, and reads from them how old the silence is
            ping_interval=None,
            user_agent_header=f"HeatDesk/{__version__}",
            # a proxy of the environment cannot see this computer's own addresses
            proxy=None if _host_of(url) in _LOOPBACK else True,
        )
        return Socket(connection, provider, title)
    except broken as error:
        failure = _refused(error, provider, Place(title, _host_of(url), own_address))
    raise failure


def _what_is_raised() -> tuple[type[Exception], ...]:
    from websockets.exceptions import WebSocketException

    return WebSocketException, OSError, EOFError


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url


def _ended(error: Exception, provider: str, title: str) -> ProviderError:
    """Map what a running connection raised."""
    from websockets.exceptions import ConnectionClosed

    detail = f"{provider}: {type(error).__name__}: {clean(str(error))}"
    if isinstance(error, ConnectionClosed):
        if error.sent is not None and error.sent.code == 1009:
            text = f"{title} sent a message that does not end; it was not read further."
            return BadPayload(provider, text, detail)
        if error.sent is not None and error.sent.code in (1002, 1007) and error.rcvd is None:
            text = f"{title} sent something that is no message of a live feed."
            return BadPayload(provider, text, detail)
        if error.rcvd is not None:
            why = clean(error.rcvd.reason, limit=120)
            text = f"{title} closed the connection" + (f" ({why})." if why else ".")
            return BodyCut(provider, text, detail)
    return BodyCut(provider, f"The connection to {title} was cut.", detail)


def _refused(error: Exception, provider: str, place: Place) -> ProviderError:
    """Map what opening a connection raised; the text never holds the whole address."""
    from websockets.exceptions import InvalidStatus, InvalidURI

    title = place.title
    detail = f"{provider}: {type(error).__name__}: {place.host}: {clean(str(error))}"
    if isinstance(error, InvalidStatus):
        return _status_error(error, provider, place)
    if isinstance(error, InvalidURI):
        text = f"The address of {title}'s live feed cannot be used; check it in the settings."
        return Unreachable(provider, text, detail)
    if isinstance(error, TimeoutError):
        return Unreachable(provider, place.silent(), detail)
    for cause in causes_of(error):
        if isinstance(cause, ssl.SSLError):
            why = clean(getattr(cause, "verify_message", "") or cause.reason or str(cause))
            return Unreachable(provider, f"No secure connection to {place.name} ({why}).", detail)
        if isinstance(cause, sockets.gaierror):
            return Unreachable(provider, place.unknown(), detail, sent=False)
        if isinstance(cause, ConnectionRefusedError):
            return Unreachable(provider, place.refused(), detail, sent=False)
    if isinstance(error, OSError):
        sent = not _is_near(error)
        return Unreachable(provider, place.unreachable(), detail, sent=sent)
    text = f"{place.name} does not answer as a live feed does. {place.advice}"
    return Unreachable(provider, text, detail)


def _is_near(error: OSError) -> bool:
    """Whether no packet got as far as the other side."""
    # of several addresses asyncio tells all failures in one text, without a number
    if error.errno is None and str(error).startswith("Multiple exceptions"):
        return True
    return error.errno in _NO_WAY


def _status_error(error: InvalidStatus, provider: str, place: Place) -> ProviderError:
    title, response = place.title, error.response
    status = response.status_code
    if 300 <= status < 400:
        text = f"{title} redirects its live feed to another address; it was not followed."
        return RedirectRefused(provider, text)
    headers = lower_case(dict(response.headers.raw_items()))
    body = bytes(response.body or b"")[:_MAX_BODY_BYTES]
    refusal = Refusal(provider, title, status, headers, body, keyless=True)
    found = error_of(refusal, now_ms=0)  # only a date needs to know, and its answer has one too
    if found.retry is Retry.NEVER:
        what = "Check the address in the settings" if place.chosen else "It is asked again later"
        text = f"{place.name} has no live feed there (HTTP {status}). {what}."
        return Unreachable(provider, text, str(found))
    return found
