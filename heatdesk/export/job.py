"""One export: ask, retry, check, write."""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO, Protocol, runtime_checkable

from heatdesk.engine.tapping import Parts
from heatdesk.engine.wiring import ProviderSet
from heatdesk.errors import UsageError
from heatdesk.export import tables
from heatdesk.export.arguments import subscription_from
from heatdesk.export.live_book import LIVE_PROVIDERS
from heatdesk.export.patience import Patience, Say
from heatdesk.export.recording import Recorder
from heatdesk.files import write_atomically
from heatdesk.frames import (
    BookSub,
    BookWindow,
    CohortTable,
    DotSet,
    LiquidationSub,
    LiquidationWindow,
    Subscription,
)
from heatdesk.frames.market import MarketFrame
from heatdesk.providers.base import Provider, Span
from heatdesk.units import Clock

SUFFIXES = {
    "order-book": (".csv", ".npz"),
    "liquidation": (".csv", ".npz"),
    "dots": (".csv",),
    "cohorts": (".csv",),
}


@runtime_checkable
class FlatSource(Protocol):
    """A provider that also answers in the flattened form, which marks no sides."""

    async def fetch_flat(self, sub: Subscription, span: Span) -> MarketFrame:
        """Ask once, in the flattened form."""
        ...


async def fetch_frames(
    args: argparse.Namespace, providers: ProviderSet, clock: Clock, say: Say
) -> list[MarketFrame]:
    """Ask for everything an export needs; nothing is written yet.

    Raises
    ------
    HeatDeskError
        Whose ``exit_code`` is the command's.
    """
    sub = subscription_from(args)
    provider = providers.build(sub.provider)
    if not isinstance(sub, provider.spec.offers):
        raise UsageError(f"{provider.spec.title} has no {args.kind} data.")
    if isinstance(sub, BookSub) and sub.provider in LIVE_PROVIDERS:
        return [await record(args, sub, provider, providers, clock, say)]
    if type(provider).fetch is Provider.fetch:
        raise UsageError(f"{provider.spec.title}: told from now on, there is no past to export.")
    http = provider.context.http
    http.longest_stall_s = max(1.0, args.timeout_s)
    patience = Patience(clock, provider.context.budget, http, args.timeout_s, say)
    try:
        if not isinstance(sub, BookSub | LiquidationSub):
            return [await patience.ask(lambda: provider.fetch(sub))]
        ask = _series_request(provider, sub, args.form)
        span = span_of(args)
        frames = []
        for piece in provider.requests(sub, span):
            frames.append(await patience.ask(partial(ask, piece)))
        return frames
    finally:
        await http.close()


async def record(
    args: argparse.Namespace,
    sub: BookSub,
    provider: Provider,
    providers: ProviderSet,
    clock: Clock,
    say: Say,
) -> BookWindow:
    """Listen to a live book for as long as the flags say."""
    parts = Parts(providers, clock)
    provider.context = replace(provider.context, tap=parts.tap)
    try:
        return await Recorder(provider, sub, args.for_s, args.timeout_s, clock, say).run()
    finally:
        await parts.close()
        await provider.context.http.close()


def span_of(args: argparse.Namespace) -> Span:
    """Half-open span an export of a series asks for."""
    return args.from_ms, args.from_ms + args.period_s * 1000


def write_frames(path: Path, args: argparse.Namespace, frames: list[MarketFrame]) -> str:
    """Write the file and return a line that says what is in it.

    Raises
    ------
    WriteError
        The old file is left as it was.
    """
    first = frames[0]
    if isinstance(first, DotSet):
        write_atomically(path, lambda file: tables.write_dots_csv(file, first))
        return f"{path}: {len(first.ids)} dots"
    if isinstance(first, CohortTable):
        write_atomically(path, lambda file: tables.write_cohorts_csv(file, first))
        return f"{path}: {len(first.coins)} rows"
    windows = [frame for frame in frames if isinstance(frame, BookWindow | LiquidationWindow)]
    write_atomically(path, _series_writer(path, args, windows))
    served_ms = tables.served_times(windows)
    span = _written_span(args, windows)
    asked = tables.asked_buckets(served_ms, windows[0].interval_ms, *span).size
    what = "recorded" if _is_recording(args) else "served"
    return f"{path}: {served_ms.size:,} of {asked:,} buckets were {what}"


def _is_recording(args: argparse.Namespace) -> bool:
    return getattr(args, "for_s", None) is not None


def _written_span(
    args: argparse.Namespace, windows: list[BookWindow | LiquidationWindow]
) -> tuple[int, int]:
    """Half-open span the file holds: what was asked, or what was recorded."""
    return (windows[0].from_ms, windows[0].to_ms) if _is_recording(args) else span_of(args)


def _series_writer(
    path: Path, args: argparse.Namespace, windows: list[BookWindow | LiquidationWindow]
) -> Callable[[BinaryIO], None]:
    if path.suffix.lower() == ".csv":
        return lambda file: tables.write_series_csv(file, windows)
    interval_ms, span = windows[0].interval_ms, _written_span(args, windows)
    return lambda file: tables.write_series_npz(file, windows, interval_ms, *span)


def _series_request(
    provider: Provider, sub: Subscription, form: str
) -> Callable[[Span], Awaitable[MarketFrame]]:
    if form == "points":
        return lambda span: provider.fetch(sub, span)
    if not isinstance(provider, FlatSource):
        raise UsageError(f"{provider.spec.title} has no flattened form; use --form points.")
    return lambda span: provider.fetch_flat(sub, span)
