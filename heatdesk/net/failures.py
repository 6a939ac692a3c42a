"""A failed connection, put into words once: httpx exceptions to a `ProviderError`."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

from heatdesk.errors import BadPayload, BodyCut, ProviderError, Unreachable
from heatdesk.net.replies import clean

CONNECT_TIMEOUT_S = 10.0


def failure_of(
    error: Exception, provider: str, title: str, host: str, stall_s: float
) -> ProviderError:
    """Map what httpx raised; the text names the host, never a header.

    A connection that is not answered at all counts as unreachable, not as transient: a
    firewall or a wrong address swallows packets for hours, while a server that is merely
    busy still accepts the connection.
    """
    import httpx

    detail = f"{provider}: {type(error).__name__}: {clean(str(error))}"
    if isinstance(error, httpx.ConnectTimeout):
        text = f"No answer from {host} within {CONNECT_TIMEOUT_S:.0f} s. Check the connection."
        return Unreachable(provider, text, detail)
    if isinstance(error, httpx.ConnectError | httpx.ProxyError | httpx.UnsupportedProtocol):
        return Unreachable(provider, _unreachable_words(error, title, host), detail)
    if isinstance(error, httpx.TimeoutException):
        text = f"{title} went silent for {stall_s:.0f} s in the middle of an answer."
        return BodyCut(provider, text, detail)
    if isinstance(error, httpx.TransportError):
        return BodyCut(provider, f"The connection to {title} was cut before the end.", detail)
    if isinstance(error, httpx.DecodingError):
        text = f"The compressed answer of {title} cannot be unpacked."
        return BadPayload(provider, text, detail)
    text = f"The address of {title} cannot be used; check the base URL in the settings."
    return Unreachable(provider, text, detail)


def _unreachable_words(error: Exception, title: str, host: str) -> str:
    for cause in causes_of(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = clean(cause.verify_message or str(cause))
            return f"The certificate of {host} cannot be trusted ({why}); no key was sent."
        if isinstance(cause, ssl.SSLError):
            why = clean(cause.reason or str(cause))
            return f"No secure connection to {host} ({why}); no key was sent."
        if isinstance(cause, socket.gaierror):
            return f"The address {host} is not known. Check the network and the base URL."
        if isinstance(cause, ConnectionRefusedError):
            return f"{host} refused the connection. Check the base URL, or try again later."
    return f"{title} cannot be reached at {host}. Check the network."


def causes_of(error: BaseException) -> Iterator[BaseException]:
    """Walk an exception, what caused it, and the members of groups, each once."""
    seen: set[int] = set()
    todo: list[BaseException | None] = [error]
    while todo:
        current = todo.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        todo += [current.__cause__, current.__context__]
        if isinstance(current, BaseExceptionGroup):
            todo += current.exceptions
