"""A refusal, put into words once: HTTP status and error body to a `ProviderError`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

import orjson

from heatdesk.errors import (
    BadRequest,
    KeyRejected,
    PlanRequired,
    ProviderError,
    RateLimited,
    RegionBlocked,
    ServerTrouble,
)
from heatdesk.net.headers import retry_after_s

MAX_TEXT = 200
_TRANSIENT_4XX = (408, 425)
_TOO_MANY = (418, 429)
_BANNED_S = 600.0
# Of an exchange that says so by 403: it wants silence for ten minutes.


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reply with an error status.

    Attributes
    ----------
    status : int
    headers : mapping
        By lower-case name.
    body : bytes
        Possibly only its beginning.
    secrets : iterable of str
        What must not appear in any text.
    keyless : bool
        Nobody needs a key there: a 403 is about where the request came from, or its pace.
    """

    provider: str
    title: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    secrets: tuple[str, ...] = ()
    keyless: bool = False


def error_of(refusal: Refusal, now_ms: int) -> ProviderError:
    """Map a refusal to its kind of error, with the provider's own words in it."""
    fields = _fields(refusal.body)
    request_id = request_id_of(refusal.headers, fields, refusal.secrets)
    words = _words(refusal, fields)
    provider, title, status = refusal.provider, refusal.title, refusal.status
    detail = f"{provider}: HTTP {status}: {words}"
    if status == 401:
        text = f"{title} refused the key: {words} Check it in Settings > Keys."
        return KeyRejected(provider, text, detail, request_id)
    if status == 451 or (refusal.keyless and status == 403):
        return _turned_away(refusal, words, detail, request_id, now_ms)
    if status in (402, 403):
        text = f"Your {title} plan does not cover this: {words}"
        if _slug(fields) == "monthly_quota_exceeded":
            text = f"The monthly quota of {title} is used up: {words}"
        return PlanRequired(provider, text, detail, request_id)
    wait_s = retry_after_s(refusal.headers, now_ms, fields.get("retry_after"))
    if status in _TOO_MANY:
        text = f"{title} asks for patience (too many requests): {words}"
        return RateLimited(provider, text, detail, request_id, retry_after_s=wait_s)
    if status >= 500 or status in _TRANSIENT_4XX:
        told = "." if words == _sentence(_phrase(status)) else f": {words}"
        text = f"{title} is in trouble (HTTP {status}){told}"
        return ServerTrouble(provider, text, detail, request_id, retry_after_s=wait_s)
    return BadRequest(provider, f"{title} refused the request: {words}", detail, request_id)


def _turned_away(
    refusal: Refusal, words: str, detail: str, request_id: str, now_ms: int
) -> ProviderError:
    provider, title = refusal.provider, refusal.title
    if refusal.status == 403 and b"too frequent" in refusal.body.lower():
        wait_s = retry_after_s(refusal.headers, now_ms) or _BANNED_S
        text = f"{title} asks for patience (too many requests): {words}"
        return RateLimited(provider, text, detail, request_id, retry_after_s=wait_s)
    text = f"{title} does not serve this region (HTTP {refusal.status}). Choose another venue."
    return RegionBlocked(provider, text, detail, request_id)


def request_id_of(
    headers: Mapping[str, str], fields: Mapping[str, object], secrets: Iterable[str] = ()
) -> str:
    """Find the provider's own id of a request, empty when it gave none."""
    meta = fields.get("meta")
    nested = meta.get("request_id") if isinstance(meta, dict) else None
    for value in (headers.get("x-request-id"), fields.get("request_id"), nested):
        if isinstance(value, str) and value.strip():
            return clean(value, secrets, limit=80)
    return ""


def clean(text: str, secrets: Iterable[str] = (), limit: int = MAX_TEXT) -> str:
    """Make foreign text fit to show: one line, short, printable, without any key."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    for secret in sorted(secrets, key=len, reverse=True):
        line = line.replace(secret, "***") if secret else line
    return line if len(line) <= limit else line[: limit - 3].rstrip() + "..."


def looks_like_web_page(headers: Mapping[str, str], body: bytes) -> bool:
    """Tell a web page (of a proxy, a login, a wrong address) from data."""
    return "html" in headers.get("content-type", "").lower() or body[:256].lstrip().startswith(b"<")


def _words(refusal: Refusal, fields: Mapping[str, object]) -> str:
    title = _text(fields.get("title"))
    message = _text(fields.get("message")) or _text(fields.get("detail")) or title
    message = message or _text(fields.get("msg"))
    error, status = fields.get("error"), fields.get("status")
    if not message and isinstance(status, dict):
        message = _text(status.get("error_message"))
    if not message:
        message = _text(error.get("message")) if isinstance(error, dict) else _text(error)
    if not message:
        message = _phrase(refusal.status)
    parts = [_sentence(message), _sentence(_text(fields.get("suggested_action")))]
    return clean(" ".join(part for part in parts if part), refusal.secrets)


def _fields(body: bytes) -> dict[str, object]:
    try:
        decoded = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return decoded if isinstance(decoded, dict) else {}


def _slug(fields: Mapping[str, object]) -> str:
    return _text(fields.get("type")).rstrip("/").rsplit("/", 1)[-1]


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _sentence(text: str) -> str:
    return text if not text or text[-1] in ".!?" else text + "."


def _phrase(status: int) -> str:
    try:
        return f"{HTTPStatus(status).phrase} (HTTP {status})"
    except ValueError:
        return f"HTTP {status}"
