"""What reply headers say about limits and waiting; anything odd counts as not said."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime

from heatdesk.errors import UsageError
from heatdesk.net.ledger import Hold
from heatdesk.units import DAY_MS, MINUTE_MS, day_start_ms, month_start_ms, parse_iso_ms

MAX_WAIT_S = 40 * 86_400.0
_MAX_RATE_WINDOW_MS = 60 * MINUTE_MS
_EPOCH_FROM_S = 1_000_000_000
# A reset below this is seconds from now, above it a moment.


def lower_case(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers by lower-case name."""
    return {name.lower(): value for name, value in headers.items()}


def retry_after_s(headers: Mapping[str, str], now_ms: int, told: object = None) -> float | None:
    """Seconds to wait, from ``Retry-After``, the body's word, or ``X-RateLimit-Reset``.

    Parameters
    ----------
    told : object
        ``retry_after`` of the body, as decoded.
    """
    found = lower_case(headers)
    now_ms = _server_now_ms(found, now_ms)
    text = found.get("retry-after", "").strip()
    seconds = _number(text)
    if seconds is None and text:
        moment_ms = _http_date_ms(text)
        seconds = None if moment_ms is None else (moment_ms - now_ms) / 1000
    if seconds is None and isinstance(told, int | float | str) and not isinstance(told, bool):
        seconds = _number(str(told))
    if seconds is None:
        reset_ms = _reset_ms(found.get("x-ratelimit-reset", ""), now_ms)
        seconds = None if reset_ms is None else (reset_ms - now_ms) / 1000
    return None if seconds is None else min(max(0.0, seconds), MAX_WAIT_S)


def holds_in(headers: Mapping[str, str], now_ms: int, *, daily_quota: bool = False) -> list[Hold]:
    """What ``X-RateLimit-*`` and ``X-Quota-*`` leave to spend, and until when.

    Without a usable reset the rate lasts a minute, and the quota until the next UTC month
    (``daily_quota``: the next UTC day).
    """
    found = lower_case(headers)
    server_ms = _server_now_ms(found, now_ms)
    holds = []
    left = _number(found.get("x-ratelimit-remaining", ""))
    if left is not None:
        reset_ms = _reset_ms(found.get("x-ratelimit-reset", ""), server_ms)
        ahead_ms = MINUTE_MS if reset_ms is None else reset_ms - server_ms
        if ahead_ms > 0:
            until_ms = now_ms + min(ahead_ms, _MAX_RATE_WINDOW_MS)
            holds.append(Hold("minute", until_ms, max(0, int(left))))
    left = _number(found.get("x-quota-remaining", ""))
    if left is not None:
        reset_ms = _reset_ms(found.get("x-quota-reset", ""), server_ms)
        if reset_ms is None:
            day_ms, month_ms = day_start_ms(server_ms), month_start_ms(server_ms)
            reset_ms = day_ms + DAY_MS if daily_quota else month_start_ms(month_ms + 32 * DAY_MS)
        ahead_ms = min(reset_ms - server_ms, int(MAX_WAIT_S) * 1000)
        if ahead_ms > 0:
            holds.append(Hold("quota", now_ms + ahead_ms, max(0, int(left))))
    return holds


def _server_now_ms(found: Mapping[str, str], now_ms: int) -> int:
    """Read the provider's own clock where it tells: its moments are meant by that clock."""
    return _http_date_ms(found.get("date", "")) or now_ms


def _reset_ms(text: str, now_ms: int) -> int | None:
    seconds = _number(text)
    if seconds is not None:
        return int(seconds * 1000) if seconds >= _EPOCH_FROM_S else now_ms + int(seconds * 1000)
    try:
        return parse_iso_ms(text) if text.strip() else None
    except (UsageError, OverflowError):
        return None


def _number(text: str) -> float | None:
    try:
        value = float(text.strip())
    except ValueError:
        return None
    return value if math.isfinite(value) and abs(value) < 1e12 else None


def _http_date_ms(text: str) -> int | None:
    from email.utils import parsedate_to_datetime  # late: a start without network needs no mail

    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)
