"""Kiyotaka (also branded OpenMarket): order book and liquidation heatmaps, and their candles.

History comes in windows of at most a thousand buckets, newest first, because a thousand weigh
as much as one; then only the tail is asked, from the last bucket that was still forming on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from functools import partial

from heatdesk.errors import BadPayload, BadRequest
from heatdesk.frames import (
    BookSub,
    BookWindow,
    CandleSub,
    CandleWindow,
    Frame,
    KeyState,
    LiquidationSub,
    LiquidationWindow,
    MarketList,
    MarketSub,
    Notice,
    Subscription,
    is_piece,
    venue_title,
)
from heatdesk.frames.market import MarketFrame
from heatdesk.net.budget import Limits, OnWait
from heatdesk.net.client import MAX_BODY_BYTES, MAX_STREAMED_BYTES
from heatdesk.providers import kiyotaka_weight as weight
from heatdesk.providers.base import (
    Cost,
    Provider,
    ProviderContext,
    ProviderSpec,
    Span,
    ask_and_tell,
)
from heatdesk.providers.kiyotaka_checks import PROVIDER, TITLE
from heatdesk.providers.kiyotaka_frames import answer_of
from heatdesk.providers.kiyotaka_lists import (
    SeriesSub,
    block_size_params,
    parse_block_size,
    parse_markets,
    parse_usage,
    period_s_of,
    points_params,
)
from heatdesk.providers.kiyotaka_spans import history_spans, resume_ms, tail_span
from heatdesk.settings import Settings
from heatdesk.units import DAY_MS, format_age

_STALL_S = 35.0
# The server gives a query up after 30 s and says so; hear it out.
_MARKET_PAGES = 60
_MARKET_PAGE_ROWS = 1000


class Kiyotaka(Provider):
    """Book, liquidation and candle series over ``/v1/points``; lists over its neighbours."""

    spec = ProviderSpec(
        id=PROVIDER,
        title=TITLE,
        needs_key=True,
        offers=(BookSub, LiquidationSub, CandleSub, MarketSub),
        key_hint="kiyotaka.ai or openmarket.xyz, account settings, API",
    )

    def __init__(self, context: ProviderContext) -> None:
        super().__init__(context)
        self._sizes: dict[tuple[str, str, str], float] = {}

    @classmethod
    def limits_for(cls, settings: Settings) -> Limits:
        """Budgets of the tier in the settings."""
        return weight.TIERS[settings.providers.kiyotaka.tier].limits

    @classmethod
    def base_url(cls, settings: Settings) -> str:
        """Base that ``/v1/...`` is appended to."""
        return settings.providers.kiyotaka.resolved_base_url

    @classmethod
    def key_headers(cls, key: str, settings: Settings) -> dict[str, str]:
        """The header of the chosen brand."""
        return {settings.providers.kiyotaka.resolved_header: key}

    @property
    def tier(self) -> weight.Tier:
        """The plan that the settings name."""
        return weight.TIERS[self.context.settings.providers.kiyotaka.tier]

    def cost(self, sub: Subscription) -> Cost:
        """Weight of filling the history and of each update, at the pace the budget allows."""
        if not isinstance(sub, SeriesSub):
            return Cost()
        spans = self._history(sub, ())
        first = sum(weight.weight_of(sub, (b - a) / sub.interval_ms) for a, b in spans)
        update = weight.weight_of(sub, 2)
        limits, tier = self.limits(), self.tier
        paces = weight.compute_paces({*self.context.active(), sub}, limits)
        pace_s = paces[sub]
        text = f"Weight {first} to fill, then {update} every {format_age(pace_s)}"
        if limits.day is not None:
            text += f" ({update * round(86_400 / pace_s)} of {limits.day:,} a day)"
        refused = ""
        dearest = max(
            (weight.weight_of(sub, (b - a) / sub.interval_ms) for a, b in spans), default=0
        )
        if limits.largest is not None and dearest > limits.largest:
            refused = (
                f"One request weighs {dearest}; the {tier.title} plan allows {limits.largest}."
            )
        text += "." + self._doubts(sub, tier)
        return Cost(first=first, update=update, period_s=pace_s, text=text, refused=refused)

    def _doubts(self, sub: SeriesSub, tier: weight.Tier) -> str:
        """What the plan probably lacks; accounts differ, so it is said and not enforced."""
        found = ""
        if not tier.advanced and isinstance(sub, LiquidationSub):
            found = f" The {tier.title} plan may refuse the liquidation heatmap."
        if not tier.advanced and isinstance(sub, BookSub) and len(sub.venues) > 1:
            found = f" The {tier.title} plan may refuse to sum several venues."
        asked_ms = getattr(sub, "points", 0) * sub.interval_ms
        if tier.history_days is not None and asked_ms > tier.history_days * DAY_MS:
            found += f" History ends after {tier.history_days} days."
        return found

    async def check_key(self) -> tuple[KeyState, str]:
        """Ask ``/v1/usage``, which is free; its fields are not documented, so all are said."""
        reply = await self.context.http.get("/v1/usage")
        told = parse_usage(self.context.http.loads(reply))
        return KeyState.ACCEPTED, f"The key works. {TITLE} says: {told or 'nothing more'}."

    def requests(self, sub: Subscription, span: Span) -> list[Span]:
        """Cut a span into requests of at most a thousand buckets, newest first."""
        if not isinstance(sub, SeriesSub):
            return [span]
        step_ms = weight.points_per_request(sub) * sub.interval_ms
        ends = range(span[1], span[0], -step_ms)
        return [(max(end - step_ms, span[0]), end) for end in ends]

    async def fetch(self, sub: Subscription, span: Span | None = None) -> MarketFrame:
        """Ask once, in point form.

        Raises
        ------
        ProviderError
            As the client maps it; `BadPayload` naming the field that is not the contract;
            `BadRequest` where the provider has no book of that symbol.
        """
        if isinstance(sub, MarketSub):
            return await self._markets()
        return await self._whole(_series(sub), span)

    async def fetch_flat(self, sub: Subscription, span: Span) -> MarketFrame:
        """Ask once, in the flattened form, which does not mark the sides of a book."""
        return await self._whole(_series(sub), span, flat=True)

    async def stream(self, sub: Subscription, covered: Sequence[Span]) -> AsyncIterator[Frame]:
        """Yield the history that is not covered, then the tail; the market list once a day."""
        if isinstance(sub, MarketSub):
            while True:
                yield await self.fetch(sub)
                yield Notice(period_s=86_400, next_ms=self.context.clock.now_ms() + DAY_MS)
                await self.context.clock.sleep(86_400)
        sub = _series(sub)
        spans = self._history(sub, covered)
        last_ms = max((b for _, b in covered), default=0) - sub.interval_ms
        for done, span in enumerate(spans):
            yield Notice(period_s=self._pace_s(sub), progress=done / len(spans))
            newest_ms = None
            async with aclosing(self._ask(sub, span)) as frames:
                async for frame in frames:
                    newest_ms = _newer(newest_ms, frame)
                    yield frame
                    if newest_ms is not None and not isinstance(frame, Notice) and is_piece(frame):
                        drawn = (newest_ms - span[0]) / (span[1] - span[0])
                        yield Notice(progress=(done + drawn) / len(spans))
            if span[1] > last_ms + sub.interval_ms:
                last_ms = resume_ms(span, newest_ms, sub.interval_ms)
        yield Notice(progress=1.0)
        asked_ms = self.context.clock.now_ms() if spans else max(b for _, b in covered)
        tail = self._tail(sub, asked_ms, last_ms)
        async with aclosing(tail) as frames:
            async for frame in frames:
                yield frame

    async def _tail(
        self, sub: SeriesSub, asked_ms: int, last_ms: int
    ) -> AsyncGenerator[Frame, None]:
        """Ask again and again from the bucket ``last_ms`` on, the newest that was served."""
        clock = self.context.clock
        while True:
            pace_s = self._pace_s(sub)
            offset_s = weight.compute_offsets(self._active(sub), self.limits())[sub]
            next_ms = weight.next_update_ms(clock.now_ms(), asked_ms, pace_s, offset_s)
            yield Notice(period_s=pace_s, next_ms=next_ms, note="")
            await clock.sleep((next_ms - clock.now_ms()) / 1000)
            asked_ms = clock.now_ms()
            whole = tail_span(last_ms, asked_ms, sub.interval_ms, sub.points)
            # Ascending: a failure in between leaves no hole behind the newest bucket.
            for span in reversed(self.requests(sub, whole)):
                newest_ms = None
                async with aclosing(self._ask(sub, span)) as frames:
                    async for frame in frames:
                        newest_ms = _newer(newest_ms, frame)
                        yield frame
                last_ms = resume_ms(span, newest_ms, sub.interval_ms)

    def _ask(self, sub: SeriesSub, span: Span) -> AsyncGenerator[Frame, None]:
        """Yield why it has to wait, if it has to, then the frames of one request."""
        return ask_and_tell(self.context.clock, partial(self.answer, sub, span, pieces=True))

    async def _whole(self, sub: SeriesSub, span: Span | None, *, flat: bool = False) -> MarketFrame:
        """Ask once; the answer as one frame."""
        if span is None:
            raise TypeError("a series is asked for a stretch of time")
        async with aclosing(self.answer(sub, span, flat=flat)) as frames:
            (frame,) = [frame async for frame in frames]
        return frame

    async def answer(
        self,
        sub: SeriesSub,
        span: Span,
        on_wait: OnWait | None = None,
        *,
        flat: bool = False,
        pieces: bool = False,
    ) -> AsyncGenerator[MarketFrame, None]:
        """Ask once and yield the answer while it comes.

        Parameters
        ----------
        on_wait : callable, optional
            Told when the budget makes the request wait.
        flat : bool
            Ask for the flattened form, which does not mark the sides of a book.
        pieces : bool
            Whether a large answer may come in pieces, see `LevelAnswer`; otherwise it is one
            frame.

        Raises
        ------
        ProviderError
            As `fetch`; pieces that came before it are true and cover nothing.
        """
        block_size = await self._block_size(sub) if isinstance(sub, BookSub) else 0.0
        answer = answer_of(sub, span, block_size, flat=flat, pieces=pieces)
        asking = self.context.http.stream(
            "/v1/points",
            points_params(sub, span, block_size, flat),
            weight=weight.weight_of(sub, period_s_of(span) * 1000 / sub.interval_ms),
            on_wait=on_wait,
            stall_s=_STALL_S,
            limit_bytes=min(
                weight.most_bytes(sub, -(-(span[1] - span[0]) // sub.interval_ms)),
                # an answer that becomes one frame is held whole
                MAX_STREAMED_BYTES if pieces else MAX_BODY_BYTES,
            ),
        )
        async with asking as body:
            began_ms = self.context.clock.now_ms()
            try:
                async for chunk in body:
                    # Off the loop, and in pieces: nothing here holds the interpreter for long.
                    for frame in await asyncio.to_thread(answer.feed, chunk):
                        yield frame
                for frame in await asyncio.to_thread(answer.close, began_ms):
                    yield frame
            except BadPayload as error:
                error.request_id = error.request_id or body.request_id
                raise

    async def _block_size(self, sub: BookSub) -> float:
        """Height of a level: as given, else the largest any venue recommends, times 1 or 5."""
        if sub.block_size is not None:
            return sub.block_size
        sizes = [await self._recommended(venue, sub.symbol, sub.coin) for venue in sub.venues]
        largest = max(sizes, default=0.0)
        if largest <= 0:
            where = " or ".join(map(venue_title, sub.venues))
            raise BadRequest(
                PROVIDER,
                f"{TITLE} has no order book of {sub.symbol or sub.coin} on {where} for your plan;"
                " choose another symbol or venue.",
            )
        return largest * sub.resolution.multiple

    async def _recommended(self, venue: str, symbol: str, coin: str) -> float:
        key = (venue, symbol, coin)
        if key not in self._sizes:
            http = self.context.http
            reply = await http.get("/v1/block-sizes", block_size_params(venue, symbol, coin))
            size = parse_block_size(http.loads(reply))
            if size <= 0:
                return 0.0  # not kept: it may be there after a change of plan
            self._sizes[key] = size
        return self._sizes[key]

    async def _markets(self) -> MarketList:
        rows: set[tuple[str, str, str, str]] = set()
        http, offset = self.context.http, 0
        for _ in range(_MARKET_PAGES):
            params = [("type", weight.BOOK), ("pageSize", str(_MARKET_PAGE_ROWS))]
            reply = await http.get("/v1/markets", [*params, ("pageOffset", str(offset))])
            page, next_offset = parse_markets(http.loads(reply))
            rows.update(page)
            if not page or next_offset <= offset:
                break
            offset = next_offset
        return MarketList(self.context.clock.now_ms(), tuple(sorted(rows)))

    def _history(self, sub: SeriesSub, covered: Sequence[Span]) -> list[Span]:
        now_ms = self.context.clock.now_ms()
        oldest_ms = weight.oldest_ms(self.tier, now_ms)
        missing = history_spans(sub.interval_ms, sub.points, now_ms, oldest_ms, covered)
        return [piece for span in missing for piece in self.requests(sub, span)]

    def _active(self, sub: Subscription) -> list[Subscription]:
        return list({*self.context.active(), sub})

    def _pace_s(self, sub: Subscription) -> float:
        return weight.compute_paces(self._active(sub), self.limits())[sub]


def _newer(newest_ms: int | None, frame: Frame) -> int | None:
    """Newest bucket served so far, with one more frame."""
    if (
        not isinstance(frame, BookWindow | LiquidationWindow | CandleWindow)
        or not frame.time_ms.size
    ):
        return newest_ms
    return max(int(frame.time_ms[-1]), newest_ms or 0)


def _series(sub: Subscription) -> SeriesSub:
    if not isinstance(sub, SeriesSub):
        raise TypeError(f"{TITLE} does not serve {type(sub).__name__}")
    return sub
