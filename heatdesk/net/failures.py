"""A failed connection, put into words once: httpx exceptions to a `ProviderError`."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

from heatdesk.errors import BadPayload, BodyCut, ProviderError, Unreachable
from heatdesk.net.replies import clean

CONNECT_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a provider is asked, in the words of a sentence.

    Attributes
    ----------
    title : str
        The provider's name.
    host : str
        Host and port, never the whole address.
    chosen : bool
        The address was set by the user: only then is it worth his look, and named.
    """

    title: str
    host: str
    chosen: bool = False

    @property
    def name(self) -> str:
        """Whom a sentence speaks of."""
        return f"{self.title} at {self.host}" if self.chosen else self.title

    @property
    def advice(self) -> str:
        """What may help when nothing comes through."""
        first = "Check the address in the settings" if self.chosen else "Check this network"
        return f"{first}, the VPN and the firewall."

    def refused(self) -> str:
        """A connection was refused."""
        return f"{self.name} refused the connection. {self.advice}"

    def silent(self) -> str:
        """A connection was not answered."""
        return f"No answer from {self.name} within {CONNECT_TIMEOUT_S:.0f} s. {self.advice}"

    def unreachable(self) -> str:
        """A connection failed for whatever else."""
        return f"{self.name} cannot be reached. {self.advice}"

    def unknown(self) -> str:
        """The name of the host leads nowhere: mostly there is no network."""
        if self.chosen:
            return f"The address of {self.name} is not known. {self.advice}"
        return f"{self.title} cannot be found: is this computer online? {self.advice}"


def failure_of(error: Exception, provider: str, place: Place, stall_s: float) -> ProviderError:
    """Map what httpx raised; the text never holds a header.

    A connection that is not answered at all counts as unreachable, not as transient: a
    firewall or a wrong address swallows packets for hours, while a server that is merely
    busy still accepts the connection.
    """
    import httpx

    title = place.title
    detail = f"{provider}: {type(error).__name__}: {place.host}: {clean(str(error))}"
    if isinstance(error, httpx.ConnectTimeout):
        return Unreachable(provider, place.silent(), detail)
    if isinstance(error, httpx.ConnectError | httpx.ProxyError | httpx.UnsupportedProtocol):
        return Unreachable(provider, _unreachable_words(error, place), detail)
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


def _unreachable_words(error: Exception, place: Place) -> str:
    for cause in causes_of(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = clean(cause.verify_message or str(cause))
            return f"The certificate of {place.name} cannot be trusted ({why}); no key was sent."
        if isinstance(cause, ssl.SSLError):
            why = clean(cause.reason or str(cause))
            return f"No secure connection to {place.name} ({why}); no key was sent."
        if isinstance(cause, socket.gaierror):
            return place.unknown()
        if isinstance(cause, ConnectionRefusedError):
            return place.refused()
    return place.unreachable()


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
