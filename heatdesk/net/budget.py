"""Budgets of one provider: minute, burst, day and month, never exceeded.

Providers word their limits loosely, so every rule holds under each reading of them: a
sliding minute, a clock minute, or a token bucket of ``burst`` that refills ``minute`` a minute.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from heatdesk.errors import OverBudget
from heatdesk.net.headers import holds_in
from heatdesk.net.ledger import (
    Hold,
    Ledger,
    Tally,
    add_spend,
    read_tally,
    restamp_spend,
    write_deficit,
    write_hold,
)
from heatdesk.units import DAY_MS, MINUTE_MS, Clock, day_start_ms, month_start_ms

OnWait = Callable[[float, str], None]
"""Told how many seconds a request will wait, and why, in words for a panel header."""

REASON_MINUTE = "waiting for the minute budget"
REASON_DAY = "today's budget is used up, it renews at 00:00 UTC"
REASON_MONTH = "this month's budget is used up"
REASON_ASKED = "the provider asked to wait"
_LONG = (REASON_DAY, REASON_MONTH)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a tier allows; None is unlimited.

    Attributes
    ----------
    minute : int or None
        Weight per minute.
    burst : int or None
        Most a single request may weigh after a quiet time; None means ``minute``.
    day, month : int or None
        Weight per UTC day and UTC month.
    """

    minute: int | None = None
    burst: int | None = None
    day: int | None = None
    month: int | None = None

    @property
    def largest(self) -> int | None:
        """Weight of the dearest request that can ever be sent, None when any can."""
        caps = [cap for cap in (self.capacity, self.day, self.month) if cap is not None]
        return min(caps) if caps else None

    @property
    def capacity(self) -> int | None:
        """Size of the token bucket, None without a minute limit."""
        return None if self.minute is None else max(self.minute, self.burst or 0)


@dataclass(frozen=True, slots=True)
class BudgetState:
    """The scarcest budget: how much is used, of how much, and which one it is."""

    used: int | None = None
    limit: int | None = None
    budget: str = ""


@dataclass(frozen=True, slots=True)
class Ticket:
    """Proof of a spend; hand it back with `RateBudget.settle` when the answer begins."""

    row_id: int = 0
    weight: int = 0
    time_ms: int = 0


@dataclass(eq=False, slots=True)
class _Waiter:
    turn: asyncio.Event = field(default_factory=asyncio.Event)
    steps_aside: bool = False


class RateBudget:
    """Spends of one provider, kept under its limits.

    Used on one event loop; the looks (`wait_s`, `state`, `used_today`) are safe anywhere.

    Parameters
    ----------
    provider : str
        Provider id; all keys of a provider share one count.
    limits : Limits
    ledger : Ledger
        Where spends are kept; shared with other processes.
    clock : Clock

    Attributes
    ----------
    on_wait : callable or None
        Told of every wait, besides the caller's own listener.
    """

    def __init__(self, provider: str, limits: Limits, ledger: Ledger, clock: Clock) -> None:
        self.on_wait: OnWait | None = None
        self.provider = provider
        self.limits = limits
        self._ledger = ledger
        self._clock = clock
        self._waiters: list[_Waiter] = []
        self._held: tuple[float, str] | None = None
        self._under_way: set[int] = set()

    def wait_s(self, weight: int) -> float:
        """Seconds until a request of that weight could be sent; infinite when never."""
        largest = self.limits.largest
        if largest is not None and weight > largest:
            return float("inf")
        if weight <= 0:
            return 0.0
        now_ms = self._clock.now_ms()
        return _wait(self._look(now_ms), self.limits, weight, now_ms)[0] / 1000

    async def acquire(
        self, weight: int, on_wait: OnWait | None = None, *, open_s: float = 0.0
    ) -> Ticket:
        """Wait until a request may be sent, and record it as spent.

        Waiters are served in order, so that a dear request is not starved by cheap ones;
        one that waits for the next day or month lets the others pass.

        Parameters
        ----------
        weight : int
            What the request costs; 0 is free and never waits.
        on_wait : callable, optional
            Told ``(seconds, reason)`` when a wait begins and when its reason changes.
        open_s : float
            How long the request may be under way: until `settle` it counts as sent just now.

        Raises
        ------
        OverBudget
            When the request is dearer than the tier can ever hold; nothing is recorded.
        """
        if weight <= 0:
            return Ticket()
        waiter = _Waiter()
        self._waiters.append(waiter)
        self._pass_turns()
        told = ""
        try:
            while True:
                if not waiter.turn.is_set() and self._held and on_wait is not None:
                    on_wait(*self._held)  # it will wait for what the one before it waits for
                await waiter.turn.wait()
                self._refuse_if_too_dear(weight)
                ticket, wait_ms, reason = self._try_spend(weight, open_s)
                self._held = None if ticket is not None else (wait_ms / 1000, reason)
                if ticket is not None:
                    self._under_way.add(ticket.row_id)
                    return ticket
                waiter.steps_aside = reason in _LONG
                self._pass_turns()
                if reason != told:
                    for hear in (on_wait, self.on_wait):
                        if hear is not None:
                            hear(wait_ms / 1000, reason)
                    told = reason
                await self._clock.sleep(_slice_s(wait_ms / 1000))
        finally:
            self._waiters.remove(waiter)
            self._pass_turns()

    def settle(self, ticket: Ticket) -> None:
        """The answer began, or failed: the provider counted the request by now at the latest.

        Only the first call for a ticket does anything.
        """
        if ticket.row_id not in self._under_way:
            return
        self._under_way.discard(ticket.row_id)
        now_ms = self._clock.now_ms()

        def work(connection: sqlite3.Connection) -> None:
            restamp_spend(connection, ticket.row_id, now_ms)
            if self.limits.minute is not None:
                tally = read_tally(connection, self.provider, now_ms)
                # The bucket may have been charged only now: take back what it regained since.
                regained = self.limits.minute / MINUTE_MS * max(0, now_ms - ticket.time_ms)
                deficit = _deficit(tally, self.limits, now_ms) + min(ticket.weight, regained)
                write_deficit(connection, self.provider, now_ms, deficit)

        self._ledger.atomically(work)

    def observe(self, headers: Mapping[str, str]) -> None:
        """Take the provider's word where it leaves less than our own count."""
        now_ms = self._clock.now_ms()
        for hold in holds_in(headers, now_ms, daily_quota=self.limits.day is not None):
            self._hold(hold, now_ms)

    def block_s(self, seconds: float) -> None:
        """Send nothing that costs weight for so long (a 429 said so)."""
        now_ms = self._clock.now_ms()
        until_ms = now_ms + int(max(0.0, seconds) * 1000)
        self._hold(Hold("block", until_ms, 0), now_ms)

    def state(self) -> BudgetState:
        """Tell the budget of which the largest share is used."""
        limits = self.limits
        if limits == Limits():
            return BudgetState()
        tally = self._look(self._clock.now_ms())
        told = {hold.name: hold.remaining for hold in tally.holds}
        quota = "month" if limits.month is not None else "day"
        rows = (
            ("day", limits.day, tally.day, told.get("quota") if quota == "day" else None),
            ("month", limits.month, tally.month, told.get("quota") if quota == "month" else None),
            ("minute", limits.minute, tally.minute, told.get("minute")),
        )
        states = [
            BudgetState(max(used, limit - left) if left is not None else used, limit, name)
            for name, limit, used, left in rows
            if limit is not None
        ]
        return max(states, key=_share, default=BudgetState())

    def used_today(self) -> int:
        """Weight spent since 00:00 UTC."""
        return self._look(self._clock.now_ms()).day

    def _look(self, now_ms: int) -> Tally:
        return self._ledger.read(lambda c: read_tally(c, self.provider, now_ms))

    def _try_spend(self, weight: int, open_s: float) -> tuple[Ticket | None, int, str]:
        now_ms = self._clock.now_ms()

        def work(connection: sqlite3.Connection) -> tuple[Ticket | None, int, str]:
            tally = read_tally(connection, self.provider, now_ms)
            wait_ms, reason = _wait(tally, self.limits, weight, now_ms)
            if wait_ms > 0:
                return None, wait_ms, reason
            stamp_ms = now_ms + int(open_s * 1000)
            row_id = add_spend(connection, self.provider, stamp_ms, weight)
            deficit = _deficit(tally, self.limits, now_ms) + weight
            write_deficit(connection, self.provider, now_ms, deficit)
            return Ticket(row_id, weight, now_ms), 0, ""

        return self._ledger.atomically(work)

    def _hold(self, hold: Hold, now_ms: int) -> None:
        def work(connection: sqlite3.Connection) -> None:
            tally = read_tally(connection, self.provider, now_ms)
            for known in tally.holds:
                # Answers overtake each other: within one window the stricter word stands.
                same_window = abs(known.until_ms - hold.until_ms) <= 1500
                if known.name != hold.name:
                    continue
                if known.name == "block" and known.until_ms >= hold.until_ms:
                    return
                if known.name != "block" and same_window and known.remaining <= hold.remaining:
                    return
            write_hold(connection, self.provider, hold, now_ms)

        self._ledger.atomically(work)

    def _refuse_if_too_dear(self, weight: int) -> None:
        largest = self.limits.largest
        if largest is not None and weight > largest:
            raise OverBudget(
                self.provider,
                f"This one request costs {weight}, but the plan never allows more than {largest}"
                " at once. Ask for less depth or a shorter period, or set a higher tier.",
            )

    def _pass_turns(self) -> None:
        """Let the first waiter try, and those before it that wait for another day."""
        open_turn = True
        for waiter in self._waiters:
            if open_turn:
                waiter.turn.set()
            else:
                waiter.turn.clear()
            open_turn = open_turn and waiter.steps_aside


def _wait(tally: Tally, limits: Limits, weight: int, now_ms: int) -> tuple[int, str]:
    """Milliseconds until ``weight`` may be spent, and what it waits for."""
    waits = [(0, "")]
    for hold in tally.holds:
        if weight > hold.remaining:
            quota_reason = REASON_MONTH if limits.day is None else REASON_DAY
            reason = {"minute": REASON_MINUTE, "quota": quota_reason}.get(hold.name, REASON_ASKED)
            waits.append((hold.until_ms - now_ms, reason))
    if limits.day is not None and tally.day + weight > limits.day:
        waits.append((day_start_ms(now_ms) + DAY_MS - now_ms, REASON_DAY))
    if limits.month is not None and tally.month + weight > limits.month:
        # 32 days after the first always falls into the next month
        next_month_ms = month_start_ms(month_start_ms(now_ms) + 32 * DAY_MS)
        waits.append((next_month_ms - now_ms, REASON_MONTH))
    if limits.minute is not None:
        waits.append((_minute_wait_ms(tally, limits, weight, now_ms), REASON_MINUTE))
    return max(waits, key=lambda wait: wait[0])


def _minute_wait_ms(tally: Tally, limits: Limits, weight: int, now_ms: int) -> int:
    minute, capacity = limits.minute or 0, limits.capacity or 0
    is_burst = weight > minute
    # A dear request wants the whole bucket; under a sliding reading it must fit the burst.
    room = (capacity if is_burst else minute) - weight
    wait_ms, used = 0, tally.minute
    for time_ms, spent in tally.recent:
        if used <= room:
            break
        used -= spent
        wait_ms = time_ms + MINUTE_MS + 1 - now_ms
    missing = _deficit(tally, limits, now_ms) - (0 if is_burst else capacity - weight)
    if missing > 1e-9:
        wait_ms = max(wait_ms, int(missing / minute * MINUTE_MS) + 2)
    return wait_ms


def _deficit(tally: Tally, limits: Limits, now_ms: int) -> float:
    """Weight missing from the token bucket now."""
    if limits.minute is None:
        return 0.0
    regained = limits.minute / MINUTE_MS * max(0, now_ms - tally.deficit_ms)
    return max(0.0, tally.deficit - regained)


def _slice_s(wait_s: float) -> float:
    """Sleep in slices: a new day, a new tier or a provider's word must be noticed."""
    return min(wait_s, 60.0 if wait_s > 600 else 5.0)


def _share(state: BudgetState) -> float:
    return (state.used or 0) / state.limit if state.limit else 1.0
