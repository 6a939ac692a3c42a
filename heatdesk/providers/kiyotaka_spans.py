"""Which stretches of time to ask for: the history that is missing, and the tail."""

from __future__ import annotations

from collections.abc import Sequence

from heatdesk.units import floor_ms

Span = tuple[int, int]

LATEST_BUCKETS = 100
"""A bucket that is later than this many others is no longer waited for."""


def history_spans(
    interval_ms: int, points: int, now_ms: int, oldest_ms: int, covered: Sequence[Span]
) -> list[Span]:
    """Stretches of the wanted history that have not arrived, newest first.

    The history is the last ``points`` buckets, the forming one included, as far as the plan's
    history reaches. Where something newer than what arrived is missing, the last bucket that
    arrived is asked again: it was still forming.
    """
    end_ms = floor_ms(now_ms, interval_ms) + interval_ms
    start_ms = max(end_ms - max(1, points) * interval_ms, 0)
    if start_ms < oldest_ms:
        start_ms = min(floor_ms(oldest_ms, interval_ms) + interval_ms, end_ms - interval_ms)
    missing: list[Span] = []
    at_ms = start_ms
    for from_ms, to_ms in sorted(covered):
        if from_ms > at_ms:
            missing.append((at_ms, min(from_ms, end_ms)))
        at_ms = max(at_ms, to_ms)
        if at_ms >= end_ms:
            break
    if at_ms < end_ms:
        overlap_ms = interval_ms if at_ms > start_ms else 0
        missing.append((at_ms - overlap_ms, end_ms))
    return [span for span in reversed(missing) if span[0] < span[1]]


def resume_ms(span: Span, newest_ms: int | None, interval_ms: int) -> int:
    """Bucket to go on from after a window: the newest that was served.

    It may have been forming; and those after it, where it was not the last one asked, may only
    have been late. What is missing for longer than `LATEST_BUCKETS` stays a gap.
    """
    served_ms = span[0] if newest_ms is None else newest_ms
    forming_ms = span[1] - interval_ms
    return max(min(served_ms, forming_ms), forming_ms - LATEST_BUCKETS * interval_ms)


def tail_span(last_ms: int, now_ms: int, interval_ms: int, points: int) -> Span:
    """From the last bucket received (it was forming) to the one that forms now.

    After a long sleep of the computer at most ``points`` buckets are caught up.
    """
    end_ms = floor_ms(now_ms, interval_ms) + interval_ms
    return max(min(last_ms, end_ms - interval_ms), end_ms - points * interval_ms), end_ms
