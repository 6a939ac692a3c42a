"""The body of an answer while it comes: bounded chunks, a size limit, failures in words."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from heatdesk.errors import BadPayload, BodyCut, ProviderError

if TYPE_CHECKING:
    import httpx

CHUNK_BYTES = 512 * 1024
"""Largest chunk handed out: a reader that holds the interpreter for one holds it shortly."""
_MAX_ERROR_BYTES = 64 * 1024


class Body:
    """An unpacked body, chunk by chunk; an asynchronous iterator that is used up once.

    Parameters
    ----------
    response : httpx.Response
        Open, its headers read.
    headers : mapping
        By lower-case name.
    request_id : str
        The provider's ``X-Request-Id``, empty when it gave none.
    source : (str, str)
        Id and title of the provider.
    limit_bytes : int
        Largest body that is read.
    failure_of : callable
        Maps what httpx raises.
    on_whole : callable
        Told when the body has come to its end.

    Raises
    ------
    BadPayload
        At once, when a body over the limit is announced.
    """

    def __init__(
        self,
        response: httpx.Response,
        headers: Mapping[str, str],
        request_id: str,
        source: tuple[str, str],
        limit_bytes: int,
        failure_of: Callable[[Exception], ProviderError],
        on_whole: Callable[[], None],
    ) -> None:
        self.headers = headers
        self.request_id = request_id
        self._response = response
        self._held = AsyncExitStack()
        self._provider, self._title = source
        self._limit_bytes = limit_bytes
        self._failure_of = failure_of
        self._on_whole = on_whole
        announced = headers.get("content-length", "")
        digits = announced.isascii() and announced.isdigit()
        self._announced = int(announced) if digits else None
        if self._announced is not None and self._announced > limit_bytes:
            raise self._too_large()
        self._came = 0
        self._chunks: AsyncGenerator[bytes, None] = self._read()

    def __repr__(self) -> str:
        return f"Body({self._provider!r}, {self._came} bytes)"

    def __aiter__(self) -> Body:
        return self

    async def __anext__(self) -> bytes:
        """Give the next chunk, of at most `CHUNK_BYTES`.

        Raises
        ------
        ProviderError
            `BodyCut`, `BadPayload` or `Unreachable`; no httpx exception hangs on it.
        """
        import httpx

        failure: ProviderError | None = None
        chunk: bytes | None = None
        try:
            chunk = await anext(self._chunks, None)
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            failure = self._failure_of(error)
        failure = failure or (self._ending() if chunk is None else self._after(chunk))
        if failure is not None:
            raise failure
        if chunk is None:
            self._on_whole()
            raise StopAsyncIteration
        return chunk

    def keep(self, held: AsyncExitStack) -> None:
        """Take over what closes the response."""
        self._held = held

    async def close(self) -> None:
        """Let the connection go, at whatever point."""
        import httpx

        try:
            await self._chunks.aclose()
            await self._held.aclose()
        except (httpx.HTTPError, httpx.StreamError, OSError):
            return  # a connection that breaks while it is closed is closed

    async def _read(self) -> AsyncGenerator[bytes, None]:
        async for chunk in self._response.aiter_bytes(CHUNK_BYTES):
            yield chunk

    def _after(self, chunk: bytes) -> ProviderError | None:
        self._came += len(chunk)
        return self._too_large() if self._came > self._limit_bytes else None

    def _ending(self) -> ProviderError | None:
        came = self._response.num_bytes_downloaded or self._came
        if self._announced is None or came >= self._announced:
            return None
        text = f"The connection to {self._title} was cut before the end."
        detail = f"{self._provider}: {came} of {self._announced} bytes came"
        return BodyCut(self._provider, text, detail)

    def _too_large(self) -> BadPayload:
        return BadPayload(
            self._provider,
            f"The answer of {self._title} is larger than {self._limit_bytes >> 20} MiB;"
            " lower the depth or the period.",
        )


async def beginning(response: httpx.Response) -> bytes:
    """Read as much of an error body as a sentence needs; the status says enough without it."""
    import httpx

    body = b""
    try:
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > _MAX_ERROR_BYTES:
                break
    except (httpx.HTTPError, httpx.StreamError):
        return body
    return body
