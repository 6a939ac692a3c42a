"""The JSON client: one provider, one base URL, one key, one budget.

It streams bodies, follows redirects itself (keys never leave the host they belong to) and
maps every failure to a `ProviderError`. It never retries.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

import orjson

from heatdesk import __version__
from heatdesk.errors import (
    BadPayload,
    KeyRejected,
    ProviderError,
    RateLimited,
    RedirectRefused,
    ServerTrouble,
)
from heatdesk.net.authorities import trusted_authorities
from heatdesk.net.body import Body, beginning
from heatdesk.net.budget import OnWait, RateBudget, Ticket
from heatdesk.net.failures import CONNECT_TIMEOUT_S, Place, failure_of
from heatdesk.net.headers import lower_case
from heatdesk.net.json_pull import decoded
from heatdesk.net.redirects import redirect_of
from heatdesk.net.replies import Refusal, clean, error_of, looks_like_web_page, request_id_of
from heatdesk.units import Clock

if TYPE_CHECKING:
    import httpx

Transport: TypeAlias = "httpx.AsyncBaseTransport"
"""What carries requests; tests bring their own."""

MAX_BODY_BYTES = 256 * 1024 * 1024
"""Largest body that is held whole."""
MAX_STREAMED_BYTES = 512 * 1024 * 1024
"""Largest body that is read while it comes and never held: room for 4,000 snapshots of 3,500
levels a side, and an end to an answer that has none."""
MAX_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_UNTOLD_WAIT_S = 1.0
# After a 429 that names no time, the other streams of that provider hold off this long.


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer.

    Attributes
    ----------
    body : bytes
        Unpacked.
    headers : mapping
        By lower-case name.
    request_id : str
        The provider's ``X-Request-Id``, empty when it gave none.
    """

    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    request_id: str = ""


class JsonClient:
    """Asks one provider.

    Parameters
    ----------
    provider, title : str
        Id, and the name used in sentences.
    base_url : str
        May carry a path; a trailing slash does not matter.
    key_headers : callable
        Headers that carry the key, asked for each request on a worker thread (a keyring may
        block); raises `KeyMissing` when there is none.
    clock : Clock
    budget : RateBudget
    transport : Transport, optional
        Stands in for the network in tests.
    keyless : bool
        The provider never needs a key: a 403 is about the region, not a plan.
    own_address : bool
        The base URL was set by the user: sentences name its host.

    Attributes
    ----------
    longest_stall_s : float
        No request bears a longer silence, whatever it asks for.
    last_good_s : float
        When the last good answer was whole, on the clock's monotonic scale.
    """

    def __init__(
        self,
        provider: str,
        title: str,
        base_url: str,
        key_headers: Callable[[], dict[str, str]],
        clock: Clock,
        budget: RateBudget,
        transport: Transport | None = None,
        *,
        keyless: bool = False,
        own_address: bool = False,
    ) -> None:
        self.provider = provider
        self.title = title
        self.base_url = base_url.strip().rstrip("/")
        self.last_request_id = ""
        self.longest_stall_s = float("inf")
        self.last_good_s = float("-inf")
        self._key_headers = key_headers
        self._clock = clock
        self._budget = budget
        self._transport = transport
        self._keyless = keyless
        self._own_address = own_address
        self._client: httpx.AsyncClient | None = None

    def __repr__(self) -> str:
        return f"JsonClient({self.provider!r}, {self.base_url!r})"

    async def get(
        self,
        path: str,
        params: Sequence[tuple[str, str]] = (),
        *,
        weight: int = 0,
        on_wait: OnWait | None = None,
        stall_s: float = 20.0,
        within_s: float | None = None,
        body: bytes | None = None,
        limit_bytes: int | None = None,
    ) -> Reply:
        """Ask once, after waiting for the budget.

        Parameters
        ----------
        path : str
            Appended to the base URL.
        params : sequence of (name, value)
            Names may repeat.
        weight : int
            What the request costs.
        on_wait : callable, optional
            Told ``(seconds, reason)`` when the budget makes it wait.
        stall_s : float
            Longest silence that is borne, before the answer and inside it.
        within_s : float, optional
            Longest time from the sending to the end of the answer, however it drips.
        body : bytes, optional
            JSON that is sent: the request is a POST.
        limit_bytes : int, optional
            Largest answer that is read, `MAX_BODY_BYTES` unless it is told.

        Raises
        ------
        ProviderError
            Any kind but `StreamGap`. Texts and traces hold no key.
        TimeoutError
            When the answer did not end ``within_s``.
        """
        buffer = io.BytesIO()  # getvalue() hands its memory over without a copy
        asking = self.stream(
            path,
            params,
            weight=weight,
            on_wait=on_wait,
            stall_s=stall_s,
            within_s=within_s,
            limit_bytes=MAX_BODY_BYTES if limit_bytes is None else limit_bytes,
            body=body,
        )
        async with asking as came:
            async for chunk in came:
                buffer.write(chunk)
        return Reply(buffer.getvalue(), came.headers, came.request_id)

    @asynccontextmanager
    async def stream(
        self,
        path: str,
        params: Sequence[tuple[str, str]] = (),
        *,
        weight: int = 0,
        on_wait: OnWait | None = None,
        stall_s: float = 20.0,
        within_s: float | None = None,
        limit_bytes: int | None = None,
        body: bytes | None = None,
    ) -> AsyncIterator[Body]:
        """Ask once, as `get` does, and hand the body out while it comes.

        Parameters
        ----------
        limit_bytes : int, optional
            Largest body that is read, `MAX_STREAMED_BYTES` unless it is told.

        Raises
        ------
        ProviderError
            As `get`; those of the body come out of the iteration.
        """
        stall_s = min(stall_s, self.longest_stall_s)
        limit_bytes = MAX_STREAMED_BYTES if limit_bytes is None else limit_bytes
        await asyncio.to_thread(self._checked_key_headers)  # no key: nothing is spent
        ticket = await self._budget.acquire(weight, on_wait, open_s=stall_s + CONNECT_TIMEOUT_S)
        ends_s = None if within_s is None else asyncio.get_running_loop().time() + within_s
        outcome: Body | ProviderError
        try:
            async with asyncio.timeout_at(ends_s):
                outcome = await self._exchange(path, params, body, ticket, stall_s, limit_bytes)
        finally:
            self._budget.settle(ticket)
        self.last_request_id = outcome.request_id or self.last_request_id
        # Raised out here so that no httpx exception, which knows the headers, hangs on it.
        if isinstance(outcome, ProviderError):
            if isinstance(outcome, RateLimited):
                self._hold_off(outcome)
            raise outcome
        try:
            async with asyncio.timeout_at(ends_s):
                yield outcome
        finally:
            await outcome.close()

    def loads(self, reply: Reply) -> object:
        """Decode strict JSON: no NaN, no Infinity, no web page.

        Raises
        ------
        BadPayload
        """
        value: object = decoded(reply.body)
        if not isinstance(value, orjson.JSONDecodeError):
            return value
        if looks_like_web_page(reply.headers, reply.body):
            first = "the address in the settings" if self._own_address else "this network's login"
            text = (
                f"A web page came back instead of data from {self.title};"
                f" check {first}, or a proxy in between."
            )
        elif not reply.body.strip():
            text = f"{self.title} sent an empty answer."
        else:
            text = f"{self.title} sent something that is not valid JSON."
        detail = f"{self.provider}: {clean(str(value))}"
        raise BadPayload(self.provider, text, detail, reply.request_id)

    async def close(self) -> None:
        """Close all connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _exchange(
        self,
        path: str,
        params: Sequence[tuple[str, str]],
        sent: bytes | None,
        ticket: Ticket,
        stall_s: float,
        limit_bytes: int,
    ) -> Body | ProviderError:
        import httpx

        try:
            url = httpx.URL(self.base_url + "/" + path.lstrip("/"), params=list(params))
            for _ in range(MAX_REDIRECTS + 1):
                answer = await self._send(url, sent, ticket, stall_s, limit_bytes)
                if not isinstance(answer, httpx.URL):
                    return answer
                url = answer
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError) as error:
            return self._failure_of(error, stall_s)
        except ProviderError as error:
            return error
        text = f"{self.title} keeps redirecting; check the base URL in the settings."
        return RedirectRefused(self.provider, text)

    async def _send(
        self,
        url: httpx.URL,
        sent: bytes | None,
        ticket: Ticket,
        stall_s: float,
        limit_bytes: int,
    ) -> Body | ProviderError | httpx.URL:
        """Send one request; an URL is where a redirect on the same host leads."""
        import httpx

        headers = await asyncio.to_thread(self._checked_key_headers)
        secrets = _secrets_in(headers)
        timeout = httpx.Timeout(stall_s, connect=CONNECT_TIMEOUT_S)
        client = self._open_client()
        async with AsyncExitStack() as held:
            method = "GET" if sent is None else "POST"
            if sent is not None:
                headers = {**headers, "Content-Type": "application/json"}
            request = client.stream(method, url, content=sent, headers=headers, timeout=timeout)
            response = await held.enter_async_context(request)
            found = lower_case(response.headers)
            self._budget.settle(ticket)
            self._budget.observe(found)
            if response.status_code in _REDIRECTS:
                return redirect_of(url, found.get("location", ""), self.provider, self.title)
            if not response.is_success:
                body = await beginning(response)
                refusal = Refusal(
                    self.provider,
                    self.title,
                    response.status_code,
                    found,
                    body,
                    secrets,
                    self._keyless,
                )
                return error_of(refusal, self._clock.now_ms())
            opened = Body(
                response,
                found,
                request_id_of(found, {}, secrets),
                (self.provider, self.title),
                limit_bytes,
                partial(self._failure_of, stall_s=stall_s),
                self._note_good,
            )
            opened.keep(held.pop_all())
            return opened

    def _failure_of(self, error: Exception, stall_s: float) -> ProviderError:
        place = Place(self.title, self._host(), self._own_address)
        return failure_of(error, self.provider, place, stall_s)

    def _note_good(self) -> None:
        self.last_good_s = self._clock.monotonic_s()

    def _host(self) -> str:
        try:
            netloc = urlsplit(self.base_url).netloc
        except ValueError:
            netloc = ""
        return netloc.rpartition("@")[2] or self.base_url

    def _checked_key_headers(self) -> dict[str, str]:
        headers = self._key_headers()
        # What httpx would refuse it would also quote.
        if all(v.isascii() and v.isprintable() and v == v.strip() for v in headers.values()):
            return headers
        text = f"The {self.title} key holds characters no key can hold. Enter it again."
        raise KeyRejected(self.provider, text)

    def _hold_off(self, error: RateLimited) -> None:
        if error.retry_after_s is not None:
            self._budget.block_s(error.retry_after_s)
        elif not isinstance(error, ServerTrouble):
            self._budget.block_s(_UNTOLD_WAIT_S)

    def _open_client(self) -> httpx.AsyncClient:
        if self._client is None:
            import httpx

            # A proxy of the environment cannot see this computer's own addresses.
            direct = {f"all://{host}": None for host in _LOOPBACK}
            self._client = httpx.AsyncClient(
                transport=self._transport,
                verify=trusted_authorities(),
                mounts=None if self._transport is not None else direct,
                headers={"User-Agent": f"HeatDesk/{__version__}", "Accept": "application/json"},
                follow_redirects=False,
            )
        return self._client


def _secrets_in(headers: Mapping[str, str]) -> tuple[str, ...]:
    words = {word for value in headers.values() for word in (value, *value.split())}
    return tuple(word for word in words if len(word) >= 4 and word.lower() != "bearer")
