"""HyperTracker: who leans which way on Hyperliquid, by coin and trader cohort.

Contract: ``GET /positions/heatmap?openedWithin=`` (one call covers every coin) and
``GET /segments`` for the cohorts' names. The free plan has 100 calls a UTC day and sends no
limit headers, so the calls are counted locally.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from functools import partial

import numpy as np

from heatdesk.errors import BadPayload, ProviderError
from heatdesk.frames import (
    COHORTS,
    CohortDefinition,
    CohortSub,
    CohortTable,
    Frame,
    KeyState,
    Subscription,
)
from heatdesk.frames.market import MarketFrame
from heatdesk.net.budget import Limits, OnWait
from heatdesk.net.fields import Node
from heatdesk.providers.base import (
    Cost,
    Provider,
    ProviderContext,
    ProviderSpec,
    Span,
    poll,
)
from heatdesk.settings import Settings
from heatdesk.units import DAY_MS

_TITLE = "HyperTracker"
_PLANS: dict[str, Limits] = {
    "free": Limits(day=100),
    "pulse": Limits(minute=60, month=50_000),
    "surge": Limits(minute=100, month=150_000),
    "flow": Limits(minute=200, month=400_000),
    "stream": Limits(minute=500, month=2_000_000),
}
_BUILT_IN = {cohort.id: cohort for cohort in COHORTS}


class HyperTracker(Provider):
    """Cohort biases by coin."""

    spec = ProviderSpec(
        id="hypertracker",
        title=_TITLE,
        needs_key=True,
        offers=(CohortSub,),
        key_hint="app.coinmarketman.com, HyperTracker, API dashboard",
    )

    def __init__(self, context: ProviderContext) -> None:
        super().__init__(context)
        self._definitions: tuple[CohortDefinition, ...] = ()
        self._defined_ms = 0

    @classmethod
    def limits_for(cls, settings: Settings) -> Limits:
        """Budget of the plan, less the reserve the user keeps for other tools."""
        limits = _PLANS[settings.providers.hypertracker.plan]
        if limits.day is None:
            return limits
        return Limits(day=max(1, limits.day - settings.providers.hypertracker.daily_reserve))

    @classmethod
    def base_url(cls, settings: Settings) -> str:
        """Base that ``/positions/heatmap`` and ``/segments`` are appended to."""
        return settings.providers.hypertracker.base_url

    @classmethod
    def key_headers(cls, key: str, settings: Settings) -> dict[str, str]:
        """Bearer authorization, the only scheme."""
        return {"Authorization": f"Bearer {key}"}

    def period_s(self, sub: Subscription) -> float:
        """Pace: the day's calls shared by the position ages shown, never under five minutes.

        The names of the cohorts cost one call a day as well; where every call of the day is
        planned, the day's last update waits for midnight in its place.
        """
        day = self.limits().day
        if day is None:
            return 300.0
        minutes = len({*self.context.active(), sub}) * 1440 / day
        return 60.0 * next((m for m in (15, 20, 30, 60, 120, 240) if m >= minutes), 480)

    def cost(self, sub: Subscription) -> Cost:
        """One call now and one each period."""
        limits, period_s = self.limits(), self.period_s(sub)
        allowance = f"{limits.day} a day" if limits.day else f"{limits.month or 0:,} a month"
        a_day = round(86_400 / period_s)
        text = f"One call every {period_s / 60:g} min, {a_day} a day of {allowance}."
        return Cost(first=1, update=1, period_s=period_s, text=text)

    async def stream(self, sub: Subscription, covered: Sequence[Span]) -> AsyncIterator[Frame]:
        """Yield the table now and every period; no coin at all is no answer."""
        pace = partial(self.period_s, sub)
        polling = poll(self.context.clock, partial(self._shown, sub), pace, self._learn_names)
        async with aclosing(polling) as frames:
            async for frame in frames:
                yield frame

    async def _shown(self, sub: Subscription, on_wait: OnWait) -> MarketFrame:
        frame = await self._fetch(sub, on_wait)
        if isinstance(frame, CohortTable) and not frame.coins:
            # It would wipe the table that is shown; an export may have it.
            text = "HyperTracker sent a list without any coin."
            raise BadPayload("hypertracker", text, field="heatmap")
        return frame

    async def fetch(self, sub: Subscription, span: Span | None = None) -> MarketFrame:
        """Ask for one table.

        Raises
        ------
        ProviderError
            As the client maps it; `BadPayload` when the answer is not the contract.
        """
        return await self._fetch(sub)

    async def _fetch(self, sub: Subscription, on_wait: OnWait | None = None) -> MarketFrame:
        if not isinstance(sub, CohortSub):
            raise TypeError(f"HyperTracker does not serve {type(sub).__name__}")
        params = [("openedWithin", sub.opened_within)]
        reply = await self.context.http.get("/positions/heatmap", params, weight=1, on_wait=on_wait)
        payload = self.context.http.loads(reply)
        received_ms = self.context.clock.now_ms()
        return parse_cohorts(payload, sub.opened_within, received_ms, self._definitions)

    async def check_key(self) -> tuple[KeyState, str]:
        """Ask for the cohorts' definitions, one counted call."""
        definitions = await self._fetch_names()
        return KeyState.ACCEPTED, f"The key works: HyperTracker knows {len(definitions)} cohorts."

    async def _learn_names(self) -> None:
        now_ms = self.context.clock.now_ms()
        if self._defined_ms and now_ms - self._defined_ms < DAY_MS:
            return
        # tried once a day whatever comes of it: the built-in table serves as well
        self._defined_ms = now_ms
        try:
            await self._fetch_names()
        except ProviderError as error:
            if error.exit_code == 3:
                self._defined_ms = 0
                raise

    async def _fetch_names(self) -> tuple[CohortDefinition, ...]:
        reply = await self.context.http.get("/segments", weight=1)
        self._definitions = parse_segments(self.context.http.loads(reply))
        self._defined_ms = self.context.clock.now_ms()
        return self._definitions


def parse_segments(payload: object) -> tuple[CohortDefinition, ...]:
    """Payload of ``/segments`` to cohort definitions, in display order.

    Accepts a bare list, or objects around one list; ranges of known ids keep our wording.

    Raises
    ------
    BadPayload
        Naming the field that does not fit.
    """
    found: dict[int, CohortDefinition] = {}
    for row in _the_list(Node(payload, "hypertracker", _TITLE)).items():
        cohort_id = row.child("id").count()
        known = _BUILT_IN.get(cohort_id)
        category = row.get("category")
        kind = category.text().lower() if category is not None else ""
        if kind not in ("size", "pnl"):
            kind = known.kind if known else "unknown"
        found[cohort_id] = CohortDefinition(
            cohort_id, row.child("name").text(), kind, known.range_text if known else ""
        )
    return _in_display_order(found)


def parse_cohorts(
    payload: object,
    opened_within: str,
    received_ms: int,
    definitions: Sequence[CohortDefinition] = (),
) -> CohortTable:
    """Payload of ``/positions/heatmap`` to a frame.

    Parameters
    ----------
    received_ms : int
        When it came; the payload carries no time.
    definitions : sequence of CohortDefinition
        Fetched names; the built-in table fills in, an id neither knows is ``Segment 77``.

    Raises
    ------
    BadPayload
        Naming the field that does not fit (negative amounts, a bias outside 0 to 1, one
        segment twice in a coin, one coin twice).
    """
    root = Node(payload, "hypertracker", _TITLE)
    coins: list[str] = []
    rows: list[tuple[int, float, float, float, int, int, int, float]] = []
    seen: set[tuple[str, int]] = set()
    for coin_row in root.child("heatmap").items():
        coin = coin_row.child("coin").text()
        segments = coin_row.get("segments")
        entries = [(coin_row, -1)] + [
            (row, row.child("segmentId").count())
            for row in (segments.items() if segments is not None else ())
        ]
        for row, cohort_id in entries:
            if (coin, cohort_id) in seen:
                raise row.bad("appears twice")
            seen.add((coin, cohort_id))
            coins.append(coin)
            rows.append((cohort_id, *_figures(row), _bias(row) if cohort_id >= 0 else np.nan))
    columns = list(zip(*rows, strict=True)) if rows else [()] * 8
    whole, real = np.int64, np.float64
    present = {row[0] for row in rows if row[0] >= 0}
    known = _BUILT_IN | {definition.id: definition for definition in definitions}
    named = {i: known.get(i) or CohortDefinition(i, f"Segment {i}", "unknown") for i in present}
    return CohortTable(
        time_ms=received_ms,
        opened_within=opened_within,
        coins=tuple(coins),
        cohort_id=np.array(columns[0], dtype=whole),
        total_usd=np.array(columns[1], dtype=real),
        long_usd=np.array(columns[2], dtype=real),
        short_usd=np.array(columns[3], dtype=real),
        count=np.array(columns[4], dtype=whole),
        count_long=np.array(columns[5], dtype=whole),
        count_short=np.array(columns[6], dtype=whole),
        bias_ratio=np.array(columns[7], dtype=real),
        definitions=_in_display_order(named),
    )


def _the_list(root: Node) -> Node:
    """Find the list of definitions; what it is wrapped in is not documented."""
    while isinstance(root.value, dict):
        lists = [name for name, member in root.value.items() if isinstance(member, list)]
        told = next((name for name in ("segments", "data") if name in root.value), "segments")
        root = root.child(lists[0] if len(lists) == 1 else told)
    return root


def _figures(row: Node) -> tuple[float, float, float, int, int, int]:
    return (
        row.child("totalValue").amount(),
        row.child("totalLongValue").amount(),
        row.child("totalShortValue").amount(),
        row.child("count").count(),
        row.child("countLong").count(),
        row.child("countShort").count(),
    )


def _bias(row: Node) -> float:
    node = row.get("bias")
    if node is None:
        return float("nan")
    bias = node.amount()
    if bias > 1:
        raise node.bad("is above 1")
    return bias


def _in_display_order(found: dict[int, CohortDefinition]) -> tuple[CohortDefinition, ...]:
    order = {cohort.id: i for i, cohort in enumerate(COHORTS)}
    return tuple(sorted(found.values(), key=lambda c: (order.get(c.id, len(order)), c.id)))
