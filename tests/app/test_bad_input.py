"""Every kind of bad answer, in the running desk: a clear sentence, nothing lost, nobody else hurt."""

from __future__ import annotations

import asyncio
import logging
import resource
from typing import TYPE_CHECKING

import pytest

from heatdesk.engine.statuses import NOTHING_CAME
from heatdesk.errors import VaultLocked
from heatdesk.frames import BookSub, DataState, DotSet, DotSub, LiquidationSub
from heatdesk.secrets import MemoryVault
from tests.app.fault_desk import (
    BOOK,
    CALM_PRICE,
    COHORTS,
    DOTS,
    KEY,
    LEVELS,
    PRICE,
    FaultDesk,
    check_sentence,
    held,
    still_held,
)
from tests.servers import faults
from tests.servers.kiyotaka_limits import BOOK as BOOK_TYPE
from tests.servers.kiyotaka_limits import LIQUIDATION as LEVELS_TYPE
from tests.servers.sharpe import SharpeServer

if TYPE_CHECKING:
    from pathlib import Path

    from heatdesk.frames import Subscription
    from heatdesk.store.market import MarketStore

ALL_FAULTS = [
    pytest.param(provider, fault, id=f"{provider}: {fault.name}")
    for provider in faults.ALL
    for fault in faults.faults_for(provider, form="points")
    if not fault.name.startswith("asks:")  # read by the same lines as bids
]
# Time of the fault and most requests it may provoke, by how the kind is asked again.
PERIOD_S = {faults.KIYOTAKA: 65, faults.SHARPE: 305, faults.HYPERTRACKER: 905}
FAULT_S = 300
OUTAGE = next(fault for fault in faults.TRANSIENT if fault.name == "503")
DEMO_DOTS = DotSub("demo")
MOST = {3: 1, 4: 1, 5: 12, 6: 4}


def subs_of(
    provider: str, fault: faults.Fault
) -> tuple[Subscription, Subscription, dict[str, str]]:
    """Return the stream that meets the fault, one of another provider, and the query it is at."""
    if provider == faults.SHARPE:
        return DOTS, CALM_PRICE, {}
    if provider == faults.HYPERTRACKER:
        return COHORTS, DOTS, {}
    if fault.kind == LEVELS_TYPE:
        return LEVELS, DOTS, {"type": LEVELS_TYPE}
    return BOOK, DOTS, {"type": BOOK_TYPE}


def is_blank(store: MarketStore, sub: Subscription) -> bool:
    """Tell whether a panel would have nothing to draw."""
    if isinstance(sub, BookSub | LiquidationSub):
        heatmap = store.heatmap(sub)
        return heatmap is None or heatmap.empty
    latest = store.latest(sub)
    return not (latest.ids if isinstance(latest, DotSet) else getattr(latest, "coins", ()))


def check_log(caplog: pytest.LogCaptureFixture) -> None:
    assert not [r for r in caplog.records if r.levelno >= logging.ERROR or r.exc_info]


@pytest.mark.parametrize(("provider", "fault"), ALL_FAULTS)
def test_a_fault_of_a_running_stream_costs_nothing_but_time(
    provider: str, fault: faults.Fault, caplog: pytest.LogCaptureFixture
) -> None:
    sub, neighbour, query = subs_of(provider, fault)
    path = fault.path_for(provider)

    async def scenario() -> None:
        desk = FaultDesk()
        async with desk.running(sub, neighbour):
            store, server = desk.store, desk.servers[provider]
            before, revision = held(store, sub), store.revision(sub)
            assert before is not None
            assert store.status(sub).problem == ""

            server.inject(fault, times=None, path=path, **query)
            first, others = len(server.requests), store.revision(neighbour)
            if fault.path:
                await desk.restart(provider)  # block sizes are learned once
            await desk.advance(PERIOD_S[provider] + FAULT_S)
            status, asked = store.status(sub), desk.asked(provider, path, first, *query.values())
            assert asked >= 1
            if isinstance(sub, BookSub | LiquidationSub):
                assert still_held(store, sub, before)
            if status.problem:
                check_sentence(status.problem)
                assert status.state(desk.clock.now_ms()) is not DataState.WAITING
                later = PERIOD_S[provider] // 60 if fault.exit_code == 5 else 0
                assert asked <= MOST[fault.exit_code or 6] + later
                if sub in (DOTS, COHORTS):
                    assert store.latest(sub) is before
            else:
                assert fault.exit_code in (0, None)
            if fault.exit_code:
                assert status.problem
            assert not is_blank(store, sub)
            assert store.status(neighbour).problem == ""
            assert store.revision(neighbour) > others

            server.plan = []
            if status.problem and status.next_ms is None:
                await desk.restart(provider)  # the user mended key, plan or parameters
            await desk.recover(sub, max(revision, store.revision(sub)), 600 + PERIOD_S[provider])

    with caplog.at_level(logging.WARNING):
        asyncio.run(scenario())
    check_log(caplog)


AT_FIRST_CONTACT = [
    param
    for param in ALL_FAULTS
    for fault in [param.values[1]]
    if isinstance(fault, faults.Fault)
    and (fault in faults.REFUSALS + faults.TRANSIENT or fault.path or "empty" in fault.name)
]


@pytest.mark.parametrize(("provider", "fault"), AT_FIRST_CONTACT)
def test_a_fault_at_first_contact_is_told_and_never_an_endless_wait(
    provider: str, fault: faults.Fault, caplog: pytest.LogCaptureFixture
) -> None:
    sub, _, query = subs_of(provider, fault)
    path = fault.path_for(provider)

    async def scenario() -> None:
        desk = FaultDesk()
        server = desk.servers[provider]
        server.inject(fault, times=None, path=path, **query)
        async with desk.running(sub):
            status = desk.store.status(sub)
            if fault.exit_code or status.problem:
                check_sentence(status.problem)
                assert status.state(desk.clock.now_ms()) is DataState.PROBLEM
                assert status.needs_key is (fault.exit_code == 3)
                assert desk.asked(provider, path) == 1
                if status.problem != NOTHING_CAME:  # a good answer without a single bucket
                    assert is_blank(desk.store, sub)
                    [told] = desk.store.providers()
                    assert told.last_error == status.problem
            server.plan = []
            if status.problem and status.next_ms is None:
                await desk.restart(provider)
            await desk.recover(sub, desk.store.revision(sub), 700 + PERIOD_S[provider])

    with caplog.at_level(logging.WARNING):
        asyncio.run(scenario())
    check_log(caplog)


def test_a_server_that_goes_away_and_comes_back_is_found_again() -> None:
    async def scenario() -> None:
        desk = FaultDesk()
        async with desk.running(BOOK, DOTS):
            server, before = desk.servers[faults.KIYOTAKA], held(desk.store, BOOK)
            port = int(server.url.rpartition(":")[2])
            server.stop()
            await desk.advance(300)
            status = desk.store.status(BOOK)
            check_sentence(status.problem)
            assert "refused the connection" in status.problem
            assert "127.0.0.1" in status.problem  # the address is not the service's own
            assert status.problem.endswith("It is asked again by itself.")
            assert status.state(desk.clock.now_ms()) is DataState.STALE
            assert still_held(desk.store, BOOK, before)
            assert desk.store.status(DOTS).problem == ""
            server._port = port
            server.start()
            await desk.recover(BOOK, desk.store.revision(BOOK), 700)

    asyncio.run(scenario())


def test_an_untrusted_certificate_is_told_and_no_key_is_sent() -> None:
    async def scenario() -> None:
        with SharpeServer(key=KEY, tls=True) as secure:
            desk = FaultDesk({faults.SHARPE: secure.url})
            async with desk.running(DOTS, COHORTS):
                status = desk.store.status(DOTS)
                check_sentence(status.problem)
                assert "certificate" in status.problem
                assert status.state(desk.clock.now_ms()) is DataState.PROBLEM
                assert desk.store.latest(COHORTS) is not None
            assert secure.requests == []

    asyncio.run(scenario())


def test_a_stall_in_mid_body_is_borne_for_a_while_and_then_told() -> None:
    async def scenario() -> None:
        desk = FaultDesk(stall_s=0.25)
        async with desk.running(BOOK, DOTS):
            server, before = desk.servers[faults.KIYOTAKA], held(desk.store, BOOK)
            server.inject(faults.stalled(), times=None, path="/v1/points")
            await desk.advance(61)
            status = desk.store.status(BOOK)
            check_sentence(status.problem)
            assert "silent" in status.problem
            assert still_held(desk.store, BOOK, before)
            assert desk.store.status(DOTS).problem == ""
            server.plan = []
            await desk.recover(BOOK, desk.store.revision(BOOK), 60)

    asyncio.run(scenario())


def test_no_key_follows_a_redirect_to_another_host() -> None:
    async def scenario() -> None:
        desk = FaultDesk()
        with faults.ElsewhereServer() as elsewhere:
            async with desk.running(BOOK, DOTS, COHORTS):
                before = [held(desk.store, sub) for sub in (BOOK, DOTS, COHORTS)]
                for name, server in desk.servers.items():
                    fault = faults.redirect_to(elsewhere.url)
                    server.inject(fault, times=None, path=faults.MAIN_PATHS[name])
                await desk.advance(1000)
                for sub, earlier in zip((BOOK, DOTS, COHORTS), before, strict=True):
                    check_sentence(desk.store.status(sub).problem)
                    assert held(desk.store, sub) == earlier
                assert elsewhere.requests == []

    asyncio.run(scenario())


def test_a_body_of_300_megabytes_is_refused_unread() -> None:
    async def scenario() -> None:
        desk = FaultDesk()
        async with desk.running(BOOK, DOTS):
            server, before = desk.servers[faults.KIYOTAKA], held(desk.store, BOOK)
            server.inject(faults.huge(300), times=None, path="/v1/points")
            peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            await desk.advance(300)
            grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak_kib
            check_sentence(desk.store.status(BOOK).problem)
            assert desk.asked(faults.KIYOTAKA, "/v1/points") <= 5
            assert grown_kib < 150 * 1024
            assert still_held(desk.store, BOOK, before)
            server.plan = []
            server.broken_connections.clear()
            await desk.recover(BOOK, desk.store.revision(BOOK), 700)

    asyncio.run(scenario())


def test_minutes_lost_for_good_are_a_gap_and_nothing_is_carried_forward() -> None:
    async def scenario() -> None:
        desk = FaultDesk()
        async with desk.running(BOOK):
            heatmap = desk.store.heatmap(BOOK)
            assert heatmap is not None
            last = heatmap.last_column
            lost_s = (last + 1) * 60
            desk.source.lost_s = range(lost_s, lost_s + 300)
            server = desk.servers[faults.KIYOTAKA]
            server.inject(OUTAGE, times=None, path="/v1/points")
            await desk.advance(300)
            check_sentence(desk.store.status(BOOK).problem)
            server.plan = []
            await desk.advance(240)
            states = heatmap.column_state(last, last + 8).tolist()
            assert states == [1, 2, 2, 2, 2, 2, 1, 1]
            levels = heatmap.first_level, heatmap.last_level + 1
            for plane in ("bid", "ask"):
                assert not heatmap.codes(plane, last + 1, last + 6, *levels, 0, 0).any()
                assert heatmap.codes(plane, last + 6, last + 8, *levels, 0, 0).any()

    asyncio.run(scenario())


def test_a_locked_keyring_is_told_in_the_panel_and_stops_only_what_needs_it() -> None:
    class LockedVault(MemoryVault):
        """A keyring that asks for a password nobody types."""

        def get(self, provider: str) -> str | None:
            raise VaultLocked("The keyring is locked. Unlock it, or use the key for this run only.")

    async def scenario() -> None:
        desk = FaultDesk(vault=LockedVault())
        async with desk.running(BOOK, DEMO_DOTS):
            status = desk.store.status(BOOK)
            check_sentence(status.problem)
            assert "locked" in status.problem
            assert status.needs_key
            assert desk.servers[faults.KIYOTAKA].requests == []
            assert desk.store.latest(DEMO_DOTS) is not None
            assert desk.store.status(DEMO_DOTS).problem == ""

    asyncio.run(scenario())


def test_a_full_disk_under_the_budget_file_stops_no_stream(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        desk = FaultDesk(ledger=tmp_path / "budgets.sqlite")
        async with desk.running(PRICE):
            desk.ledger.atomically(lambda c: c.execute("PRAGMA max_page_count = 1"))
            revision = desk.store.revision(PRICE)
            await desk.advance(3000)
            assert desk.store.revision(PRICE) > revision + 40
            assert desk.store.status(PRICE).problem == ""

    with caplog.at_level(logging.WARNING):
        asyncio.run(scenario())
    check_log(caplog)
