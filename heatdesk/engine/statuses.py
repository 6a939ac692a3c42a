"""What the store is told about streams and providers: pure steps from one status to the next."""

from __future__ import annotations

from dataclasses import replace

from heatdesk.errors import KeyMissing, KeyRejected, ProviderError, Unreachable
from heatdesk.frames import (
    BookWindow,
    CandleWindow,
    KeyState,
    LiquidationBatch,
    LiquidationWindow,
    Notice,
    StreamStatus,
    TradeBatch,
)
from heatdesk.frames.market import MarketFrame

NOTHING_CAME = (
    "Nothing was served for this instrument and time. Choose another, or wait: it is asked again."
)
ASKED_AGAIN = "It is asked again by itself."
"""What a person need not do once the network is back."""


def newest_ms(frame: MarketFrame, now_ms: int) -> int | None:
    """Moment the newest data of a frame speaks of, never ahead of now; None when it is empty."""
    if isinstance(frame, BookWindow | LiquidationWindow | CandleWindow):
        if frame.time_ms.size == 0:
            return None
        return min(int(frame.time_ms[-1]) + frame.interval_ms, now_ms)
    if isinstance(frame, TradeBatch | LiquidationBatch):
        # where nothing trades the stream is as good as new: it was heard
        return now_ms
    return min(frame.time_ms, now_ms)


def after_data(status: StreamStatus, frame: MarketFrame, now_ms: int) -> StreamStatus:
    """Data came: it is as old as its newest part, and nothing is wrong any more.

    An empty answer before any data is not data: a blank chart must not call itself live.
    """
    times_ms = [t for t in (status.data_time_ms, newest_ms(frame, now_ms)) if t is not None]
    if not times_ms:
        return replace(status, problem=NOTHING_CAME, needs_key=False)
    return replace(
        status,
        data_time_ms=max(times_ms, default=None),
        received_ms=now_ms,
        problem="",
        needs_key=False,
    )


def after_notice(status: StreamStatus, notice: Notice) -> StreamStatus:
    """A provider said something about its stream; a full progress is no progress to show."""
    progress = status.progress if notice.progress is None else notice.progress
    return replace(
        status,
        period_s=status.period_s if notice.period_s is None else notice.period_s,
        next_ms=status.next_ms if notice.next_ms is None else notice.next_ms,
        progress=None if progress is not None and progress >= 1.0 else progress,
        note=status.note if notice.note is None else notice.note,
        gap_since_ms=(
            status.gap_since_ms if notice.gap_since_ms is None else notice.gap_since_ms or None
        ),
        latency_ms=status.latency_ms if notice.latency_ms is None else notice.latency_ms,
        skew_ms=status.skew_ms if notice.skew_ms is None else notice.skew_ms,
        parts=status.parts if notice.parts is None else notice.parts,
        missing=status.missing if notice.missing is None else notice.missing,
    )


def after_error(status: StreamStatus, error: ProviderError, retry_ms: int | None) -> StreamStatus:
    """Asking failed; ``retry_ms`` is when it is tried again, None when it is not."""
    again = isinstance(error, Unreachable) and retry_ms is not None
    return replace(
        status,
        problem=f"{error.user_message} {ASKED_AGAIN}" if again else error.user_message,
        needs_key=isinstance(error, KeyMissing | KeyRejected),
        next_ms=retry_ms,
        progress=None if retry_ms is None else status.progress,
        note="",
    )


def key_state_after(error: ProviderError, before: KeyState) -> KeyState:
    """Tell what a failure says about the key."""
    if isinstance(error, KeyMissing):
        return KeyState.MISSING
    return KeyState.REJECTED if isinstance(error, KeyRejected) else before
