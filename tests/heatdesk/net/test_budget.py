from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from heatdesk.errors import OverBudget
from heatdesk.net.budget import REASON_DAY, REASON_MINUTE, Limits, RateBudget
from heatdesk.net.ledger import Ledger
from heatdesk.units import DAY_MS, HOUR_MS, MINUTE_MS, day_start_ms, month_start_ms
from tests.heatdesk.clocks import JumpingClock

if TYPE_CHECKING:
    from pathlib import Path

FREE = Limits(minute=10, burst=20, day=1000)
NOON_MS = int(datetime(2026, 5, 14, 12, tzinfo=UTC).timestamp()) * 1000

Spent = list[tuple[int, int]]


def budget_of(
    limits: Limits = FREE, clock: JumpingClock | None = None, ledger: Ledger | None = None
) -> tuple[RateBudget, JumpingClock]:
    clock = clock or JumpingClock(NOON_MS)
    return RateBudget("kiyotaka", limits, ledger or Ledger(), clock), clock


def assert_within(spent: Spent, limits: Limits) -> None:
    """Check a history of spends against every reading of the limits."""
    assert limits.minute is not None
    capacity = limits.burst or limits.minute
    tokens, before_ms = float(capacity), spent[0][0]
    for time_ms, weight in spent:
        tokens = min(capacity, tokens + (time_ms - before_ms) * limits.minute / MINUTE_MS)
        before_ms = time_ms
        tokens -= weight
        assert tokens >= -1e-6, f"token bucket overdrawn at {time_ms}"
        window = [w for t, w in spent if time_ms - MINUTE_MS <= t <= time_ms]
        dearest = max(window)
        assert sum(window) <= (limits.minute if dearest <= limits.minute else capacity)
    for limit, start_of in ((limits.day, day_start_ms), (limits.month, month_start_ms)):
        sums: dict[int, int] = {}
        for time_ms, weight in spent:
            sums[start_of(time_ms)] = sums.get(start_of(time_ms), 0) + weight
        assert limit is None or max(sums.values()) <= limit


async def spend(budget: RateBudget, clock: JumpingClock, weight: int, into: Spent) -> None:
    await budget.acquire(weight)
    into.append((clock.now_ms(), weight))


@pytest.mark.parametrize("seed", range(6))
def test_no_sequence_of_requests_ever_exceeds_any_reading_of_the_limits(seed: int) -> None:
    draw = random.Random(seed)
    limits = Limits(minute=10, burst=20, day=draw.choice([60, 200, None]), month=700)
    budget, clock = budget_of(limits)
    spent: Spent = []

    async def one_after_another() -> None:
        for _ in range(50):
            await spend(budget, clock, draw.choice([1, 1, 2, 5, 10, 10, 16, 20]), spent)
            clock.advance(draw.choice([0, 0, 0.7, 5, 31, 70, 200]))

    asyncio.run(one_after_another())
    assert len(spent) == 50
    assert_within(spent, limits)


def test_many_requests_at_once_are_spread_and_all_are_served_in_order() -> None:
    budget, clock = budget_of()
    spent: Spent = []
    weights = [1, 10, 2, 20, 5, 5, 10, 1]

    async def all_at_once() -> None:
        await asyncio.gather(*(spend(budget, clock, weight, spent) for weight in weights))

    asyncio.run(all_at_once())
    assert [weight for _, weight in spent] == weights
    assert_within(spent, FREE)


def test_a_free_request_never_waits_and_is_not_recorded() -> None:
    budget, clock = budget_of(Limits(minute=1, day=1))

    async def work() -> None:
        await budget.acquire(1)
        for _ in range(5):
            await budget.acquire(0)

    asyncio.run(work())
    assert clock.passed_s == 0
    assert budget.used_today() == 1


@pytest.mark.parametrize(
    ("limits", "weight"),
    [(FREE, 21), (Limits(minute=10), 11), (Limits(day=5), 6), (Limits(month=5), 6)],
)
def test_a_request_dearer_than_the_tier_can_hold_is_refused_at_once(
    limits: Limits, weight: int
) -> None:
    budget, clock = budget_of(limits)
    assert budget.wait_s(weight) == float("inf")
    with pytest.raises(OverBudget, match=f"costs {weight}"):
        asyncio.run(budget.acquire(weight))
    assert clock.passed_s == 0
    assert budget.used_today() == 0


def test_a_burst_waits_until_the_bucket_is_full_and_what_follows_until_it_can_pay() -> None:
    budget, clock = budget_of()

    async def work() -> list[float]:
        moments = []
        for weight in (10, 20, 10, 10):
            await budget.acquire(weight)
            moments.append(clock.passed_s)
        return moments

    first, burst, after, last = asyncio.run(work())
    assert first == 0
    assert burst == pytest.approx(60, abs=0.1)
    assert after - burst == pytest.approx(60, abs=0.1)
    assert last - after == pytest.approx(60, abs=0.1)


def test_the_look_ahead_is_the_wait_and_costs_nothing() -> None:
    budget, clock = budget_of()
    asyncio.run(budget.acquire(10))
    clock.advance(25)
    foretold_s = budget.wait_s(10)
    assert foretold_s == pytest.approx(35, abs=0.1)
    assert budget.wait_s(10) == foretold_s
    before_s = clock.passed_s
    asyncio.run(budget.acquire(10))
    assert clock.passed_s - before_s == pytest.approx(foretold_s, abs=0.01)


def test_the_day_renews_at_midnight_utc_and_the_wait_is_announced() -> None:
    budget, clock = budget_of(Limits(day=3))
    told: list[tuple[float, str]] = []

    async def work() -> None:
        for _ in range(4):
            await budget.acquire(1, lambda seconds, reason: told.append((seconds, reason)))

    asyncio.run(work())
    assert clock.now_ms() == day_start_ms(NOON_MS) + DAY_MS
    assert told == [(12 * 3600, REASON_DAY)]
    assert budget.used_today() == 1


def test_the_month_renews_on_the_first() -> None:
    budget, clock = budget_of(Limits(month=2))

    async def work() -> None:
        for _ in range(3):
            await budget.acquire(1)

    asyncio.run(work())
    assert clock.now_ms() == int(datetime(2026, 6, 1, tzinfo=UTC).timestamp()) * 1000


def test_a_request_that_waits_for_tomorrow_lets_cheaper_ones_pass() -> None:
    budget, clock = budget_of(Limits(minute=10, day=12))
    spent: Spent = []

    async def work() -> None:
        await budget.acquire(10)
        await asyncio.gather(spend(budget, clock, 5, spent), spend(budget, clock, 2, spent))

    asyncio.run(work())
    assert [weight for _, weight in spent] == [2, 5]
    assert spent[0][0] < day_start_ms(NOON_MS) + DAY_MS <= spent[1][0]


def test_a_waiter_that_is_cancelled_makes_room_for_the_next() -> None:
    budget, clock = budget_of()

    async def work() -> None:
        await budget.acquire(10)
        first = asyncio.create_task(budget.acquire(20))
        second = asyncio.create_task(budget.acquire(1))
        for _ in range(4):
            await asyncio.sleep(0)
        first.cancel()
        await second

    asyncio.run(work())
    assert clock.passed_s == pytest.approx(60, abs=5.1)
    assert budget.used_today() == 11


def test_two_ledgers_on_one_file_share_one_budget(tmp_path: Path) -> None:
    clock = JumpingClock(NOON_MS)
    path = tmp_path / "budgets.sqlite"
    desk = RateBudget("kiyotaka", FREE, Ledger(path), clock)
    export = RateBudget("kiyotaka", FREE, Ledger(path), clock)
    spent: Spent = []

    async def work() -> None:
        jobs = [spend(b, clock, w, spent) for w in (3, 10, 20, 4) for b in (desk, export)]
        await asyncio.gather(*jobs)

    asyncio.run(work())
    assert len(spent) == 8
    assert_within(sorted(spent), FREE)
    assert desk.used_today() == export.used_today() == 74


def test_what_was_spent_survives_a_restart(tmp_path: Path) -> None:
    clock = JumpingClock(NOON_MS)
    ledger = Ledger(tmp_path / "budgets.sqlite")
    asyncio.run(RateBudget("kiyotaka", FREE, ledger, clock).acquire(10))
    ledger.close()
    again = RateBudget("kiyotaka", FREE, Ledger(tmp_path / "budgets.sqlite"), clock)
    assert again.used_today() == 10
    assert again.wait_s(1) == pytest.approx(60, abs=0.1)
    assert again.wait_s(20) == pytest.approx(60, abs=0.1)


def test_providers_do_not_pay_for_each_other() -> None:
    ledger, clock = Ledger(), JumpingClock(NOON_MS)
    asyncio.run(RateBudget("kiyotaka", FREE, ledger, clock).acquire(10))
    assert RateBudget("sharpe", FREE, ledger, clock).wait_s(10) == 0


def test_a_slow_request_counts_from_the_moment_its_answer_began() -> None:
    budget, clock = budget_of()

    async def work() -> None:
        ticket = await budget.acquire(10, open_s=30)
        assert budget.wait_s(1) > 60
        clock.advance(25)
        budget.settle(ticket)
        assert budget.wait_s(1) == pytest.approx(60, abs=0.1)
        clock.advance(20)
        budget.settle(ticket)  # the end of the body changes nothing

    asyncio.run(work())
    assert budget.wait_s(1) == pytest.approx(40, abs=0.1)
    assert budget.wait_s(20) == pytest.approx(40, abs=0.1)


def test_a_request_under_way_at_midnight_counts_for_both_days() -> None:
    clock = JumpingClock(day_start_ms(NOON_MS) + DAY_MS - 5000)
    budget, _ = budget_of(Limits(day=10), clock)

    async def work() -> None:
        ticket = await budget.acquire(6, open_s=30)
        assert budget.used_today() == 6
        clock.advance(10)
        budget.settle(ticket)

    asyncio.run(work())
    assert budget.used_today() == 6
    assert budget.wait_s(5) > 0


@pytest.mark.parametrize("name", ["X-RateLimit-Remaining", "x-ratelimit-remaining"])
def test_a_lower_remainder_of_the_provider_wins_until_its_reset(name: str) -> None:
    budget, clock = budget_of()
    reset_s = clock.now_ms() // 1000 + 42
    budget.observe({name: "3", "X-RateLimit-Reset": str(reset_s)})
    assert budget.wait_s(3) == 0
    assert budget.wait_s(4) == pytest.approx(42, abs=1)
    asyncio.run(budget.acquire(2))
    assert budget.wait_s(2) == pytest.approx(42, abs=1)
    clock.advance(43)
    assert budget.wait_s(4) == 0


def test_a_higher_remainder_of_the_provider_does_not_raise_our_own() -> None:
    budget, _ = budget_of()
    asyncio.run(budget.acquire(10))
    budget.observe({"X-RateLimit-Remaining": "500"})
    assert budget.wait_s(1) == pytest.approx(60, abs=0.1)


def test_a_used_up_quota_waits_until_it_renews() -> None:
    budget, _ = budget_of(Limits(minute=30, month=10_000))
    budget.observe({"x-quota-remaining": "0", "x-quota-reset": "2026-05-15T00:00:00Z"})
    assert budget.wait_s(1) == 12 * 3600
    assert budget.state().used == 10_000


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-RateLimit-Remaining": "many", "X-RateLimit-Reset": "soon"},
        {"X-RateLimit-Remaining": "nan"},
        {"X-Quota-Remaining": "", "X-Quota-Reset": "never"},
        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"},
        {"X-RateLimit-Remaining": "9" * 400},
        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1500000000"},
    ],
)
def test_odd_headers_never_stop_a_desk_for_long(headers: dict[str, str]) -> None:
    budget, _ = budget_of()
    budget.observe(headers)
    assert budget.wait_s(1) <= 1


def test_a_provider_whose_clock_is_off_means_its_own_clock() -> None:
    budget, clock = budget_of()
    ahead_s = clock.now_ms() // 1000 + 7200
    date = datetime.fromtimestamp(ahead_s, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    budget.observe(
        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(ahead_s + 20), "Date": date}
    )
    assert budget.wait_s(1) == pytest.approx(20, abs=1)


def test_a_block_holds_everything_that_costs_and_a_shorter_one_does_not_lift_it() -> None:
    budget, clock = budget_of()
    budget.block_s(30)
    budget.block_s(5)
    assert budget.wait_s(1) == pytest.approx(30, abs=0.1)
    assert budget.wait_s(0) == 0
    asyncio.run(budget.acquire(1))
    assert clock.passed_s == pytest.approx(30, abs=0.1)


def test_the_state_names_the_budget_of_which_most_is_used() -> None:
    budget, clock = budget_of()
    assert budget.state().used == 0
    asyncio.run(budget.acquire(10))
    state = budget.state()
    assert (state.used, state.limit, state.budget) == (10, 10, "minute")
    clock.advance(HOUR_MS / 1000)
    state = budget.state()
    assert (state.used, state.limit, state.budget) == (10, 1000, "day")
    unlimited, _ = budget_of(Limits())
    assert unlimited.state().budget == ""


def test_a_short_wait_is_announced_once_with_its_reason() -> None:
    budget, _ = budget_of()
    told: list[tuple[float, str]] = []

    async def work() -> None:
        await budget.acquire(10)
        await budget.acquire(10, lambda seconds, reason: told.append((seconds, reason)))

    asyncio.run(work())
    assert [reason for _, reason in told] == [REASON_MINUTE]
    assert told[0][0] == pytest.approx(60, abs=0.1)


def test_a_computer_clock_that_is_set_back_does_not_lock_the_desk() -> None:
    ledger = Ledger()
    wrong = JumpingClock(NOON_MS + 300 * DAY_MS)
    asyncio.run(RateBudget("kiyotaka", FREE, ledger, wrong).acquire(10))
    budget, _ = budget_of(ledger=ledger)
    assert budget.used_today() == 0
    assert budget.wait_s(10) <= 60.1
