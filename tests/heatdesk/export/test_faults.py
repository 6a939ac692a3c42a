"""Every fault of a server ends in its exit code, one clear sentence and an untouched file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from heatdesk.net.ledger import FILE_NAME, Ledger, add_spend
from heatdesk.units import DAY_MS
from tests.servers import faults, payloads
from tests.servers.base import ClosedPort, LoopbackServer
from tests.servers.hypertracker import HyperTrackerServer
from tests.servers.kiyotaka import KiyotakaServer
from tests.servers.kiyotaka_limits import LIQUIDATION
from tests.servers.sharpe import SharpeServer
from tests.servers.synthetic import SyntheticSource

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.heatdesk.export.conftest import HurriedClock, Outcome

    Export = Callable[..., Outcome]

T0_S = payloads.BOOK_TIME_S
SPAN = ("--interval", "1m", "--from", "2026-04-13T11:35", "--period", "3m")
BOOK = ("order-book", "--venue", "BINANCE_FUTURES", "--symbol", "BTCUSDT", *SPAN)
OLD = "what was there before\n"

# Where the specification leaves the outcome open, what this program does.
DECIDED = {
    "prices out of order": 6,
    "duplicate level": 6,
    "array missing": 6,
    "points null": 6,
    "block size 0": 4,
    "no block sizes": 4,
    "duplicate timestamp": 0,
    "late timestamp": 0,
    "no points": 0,
    "series empty": 0,
    "series missing": 0,
}


def server_of(provider: str) -> LoopbackServer:
    if provider == faults.SHARPE:
        return SharpeServer(key="test-key", per_minute=10_000)
    if provider == faults.HYPERTRACKER:
        return HyperTrackerServer(per_day=10_000)
    return KiyotakaServer(SyntheticSource(1, 20), now_s=lambda: T0_S + 3600.0, limits="off")


def flags_for(provider: str, fault: faults.Fault) -> tuple[str, ...]:
    if provider == faults.SHARPE:
        return ("dots",)
    if provider == faults.HYPERTRACKER:
        return ("cohorts",)
    form = ("--form", "flat") if fault.form == "flat" else ()
    if fault.kind == LIQUIDATION:
        return ("liquidation", "--coin", "BTC", *SPAN, *form)
    return (*BOOK, *form)


def one_line(said: str) -> str:
    lines = [line for line in said.splitlines() if "not encrypted" not in line]
    assert lines, "nothing was said"
    assert all(line.startswith("heatdesk: ") for line in lines), said
    assert "Traceback" not in said
    return lines[-1]


ALL_FAULTS = [
    pytest.param(provider, fault, id=f"{provider}: {fault.name}")
    for provider in faults.ALL
    for fault in faults.faults_for(provider)
]


@pytest.mark.parametrize(("provider", "fault"), ALL_FAULTS)
def test_a_fault_that_never_goes_away_ends_in_its_exit_code(
    export: Export, tmp_path: Path, provider: str, fault: faults.Fault
) -> None:
    decided = next((code for name, code in DECIDED.items() if fault.name.endswith(name)), None)
    expected = fault.exit_code if fault.exit_code is not None else decided
    (tmp_path / "out.csv").write_text(OLD)
    with server_of(provider) as server:
        server.inject(fault, times=None, path=fault.path_for(provider))
        flags = flags_for(provider, fault)
        outcome = export(server, *flags, "--timeout", "5", provider=provider)
    if expected is None:
        assert outcome.code in (0, 6)
    else:
        assert outcome.code == expected, outcome.said
    if outcome.code:
        one_line(outcome.said)
        assert outcome.text == OLD
        assert os.listdir(tmp_path).count("out.csv") == 1
        assert not [name for name in os.listdir(tmp_path) if name.endswith(".part")]
    if outcome.code == 6:
        assert len([r for r in server.requests if r.path == fault.path_for(provider)]) == 1


@pytest.mark.parametrize("fault", faults.TRANSIENT, ids=[fault.name for fault in faults.TRANSIENT])
def test_a_transient_fault_is_survived(
    export: Export, clock: HurriedClock, fault: faults.Fault
) -> None:
    with server_of(faults.KIYOTAKA) as server:
        healthy = export(server, *BOOK, out="healthy.csv").text
        server.inject(fault, times=2, path="/v1/points")
        outcome = export(server, *BOOK)
    assert outcome.code == 0, outcome.said
    assert "Trying again in" in outcome.said
    assert outcome.text == healthy


def test_retries_come_after_one_two_and_four_seconds(export: Export, clock: HurriedClock) -> None:
    with server_of(faults.KIYOTAKA) as server:
        server.inject(faults.TRANSIENT[4], times=3, path="/v1/points")
        assert "503" in str(faults.TRANSIENT[4])
        assert export(server, *BOOK).code == 0
    assert clock.waits_s == [1.0, 2.0, 4.0]


def test_retry_after_is_honoured(export: Export, clock: HurriedClock) -> None:
    with server_of(faults.KIYOTAKA) as server:
        server.inject(faults.rate_limited(7), path="/v1/points")
        outcome = export(server, *BOOK)
    assert outcome.code == 0, outcome.said
    assert clock.waits_s[0] == 7.0


def test_the_timeout_counts_only_failing_since_the_last_good_answer(
    export: Export, clock: HurriedClock
) -> None:
    flags = ("--interval", "1m", "--from", "2026-04-13T11:35", "--period", "3000m")
    book = ("order-book", "--venue", "BINANCE_FUTURES", "--symbol", "BTCUSDT")
    windows = [str(T0_S + 60_000 * k) for k in range(3)]
    with KiyotakaServer(
        SyntheticSource(1, 2), now_s=lambda: T0_S + 200_000.0, limits="off"
    ) as server:
        for start in windows:
            # Seven seconds of failing for each window: 21 in all.
            server.inject(faults.TRANSIENT[4], times=3, path="/v1/points", **{"from": start})
        outcome = export(server, *book, *flags, "--block-size", "25", "--timeout", "10")
    assert outcome.code == 0, outcome.said
    assert sum(clock.waits_s) == 21.0


def test_every_good_answer_restarts_the_timeout_and_the_delays(
    export: Export, clock: HurriedClock
) -> None:
    flags = ("order-book", "--venue", "BINANCE_FUTURES", "--symbol", "BTCUSDT", *SPAN)
    with server_of(faults.KIYOTAKA) as server:
        server.inject(faults.TRANSIENT[4], times=3, path="/v1/block-sizes")
        server.inject(faults.TRANSIENT[4], times=3, path="/v1/points")
        outcome = export(server, *flags, "--timeout", "8")
    assert outcome.code == 0, outcome.said
    assert clock.waits_s == [1.0, 2.0, 4.0, 1.0, 2.0, 4.0]


def test_a_failing_server_is_given_up_after_the_timeout(
    export: Export, clock: HurriedClock
) -> None:
    with server_of(faults.KIYOTAKA) as server:
        server.inject(faults.TRANSIENT[4], times=None, path="/v1/points")
        outcome = export(server, *BOOK, "--timeout", "10")
    assert outcome.code == 5
    assert sum(clock.waits_s) == pytest.approx(10.0, abs=0.5)


def test_a_stall_in_mid_body_ends_with_the_patience(export: Export) -> None:
    with server_of(faults.KIYOTAKA) as server:
        server.inject(faults.stalled(), times=None, path="/v1/points")
        outcome = export(server, *BOOK, "--timeout", "1")
    assert outcome.code == 5
    assert "silent" in one_line(outcome.said)


def test_a_used_up_day_is_told_in_hours_and_waited_for(
    export: Export, clock: HurriedClock, heatdesk_home: Path
) -> None:
    six_hours_ms = DAY_MS // 4 - 30_000
    clock.skipped_s = (DAY_MS - clock.now_ms() % DAY_MS + six_hours_ms) / 1000
    spent = Ledger(heatdesk_home / FILE_NAME)
    spent.atomically(lambda c: add_spend(c, "kiyotaka", clock.now_ms() - 3_600_000, 995))
    spent.close()
    before_s = clock.skipped_s
    with server_of(faults.KIYOTAKA) as server:
        outcome = export(server, *BOOK, "--timeout", "1", tier="free")
    assert outcome.code == 0, outcome.said
    assert one_line(outcome.said).endswith("renews at 00:00 UTC, 18 h 00 min. Ctrl-C stops.")
    assert clock.skipped_s - before_s == pytest.approx(18 * 3600, abs=120)


def test_a_refused_connection_is_told_at_once(export: Export, clock: HurriedClock) -> None:
    with ClosedPort() as nobody:
        outcome = export(nobody.url, *BOOK)
    assert outcome.code == 5
    assert "refused the connection" in one_line(outcome.said)
    assert clock.waits_s == []


def test_an_untrusted_certificate_is_told_at_once(export: Export) -> None:
    with KiyotakaServer(SyntheticSource(1, 2), tls=True) as server:
        outcome = export(server, *BOOK)
        assert not server.requests
    assert outcome.code == 5
    assert "certificate" in one_line(outcome.said)


def test_no_key_follows_a_redirect_to_another_host(export: Export) -> None:
    with server_of(faults.KIYOTAKA) as server, faults.ElsewhereServer() as elsewhere:
        server.inject(faults.redirect_to(elsewhere.url), times=None, path="/v1/points")
        outcome = export(server, *BOOK)
        assert elsewhere.requests == []
        assert elsewhere.arrived_keys == []
    assert outcome.code == 4
    assert "redirects to another address" in one_line(outcome.said)


def test_a_body_of_300_megabytes_is_refused(export: Export) -> None:
    with server_of(faults.KIYOTAKA) as server:
        server.inject(faults.huge(300), times=None, path="/v1/points")
        outcome = export(server, *BOOK)
        server.broken_connections.clear()
    assert outcome.code == 6
    assert "larger than" in one_line(outcome.said)


@pytest.mark.parametrize("key", ["", "   "])
def test_an_empty_variable_is_a_missing_key(export: Export, key: str) -> None:
    with server_of(faults.KIYOTAKA) as server:
        outcome = export(server, *BOOK, key=key)
        assert server.requests == []
    assert outcome.code == 3
    assert "HEATDESK_KEY_KIYOTAKA" in one_line(outcome.said)


def test_a_refused_key_is_told_and_never_written_anywhere(
    export: Export, heatdesk_home: Path
) -> None:
    marker = "marker-key-5f2e91"
    with server_of(faults.KIYOTAKA) as server:
        outcome = export(server, *BOOK, key=marker)
    assert outcome.code == 3
    assert marker not in outcome.said + outcome.told
    files = [path for path in heatdesk_home.rglob("*") if path.is_file()]
    assert any(path.name == "export.log" for path in files)
    assert all(marker.encode() not in path.read_bytes() for path in files)


def test_a_plan_without_the_symbol_is_told_by_name(export: Export) -> None:
    with server_of(faults.KIYOTAKA) as server:
        flags = ("order-book", "--venue", "BYBIT", "--symbol", "NOSUCH", *SPAN)
        outcome = export(server, *flags)
    assert outcome.code == 4
    assert "NOSUCH on Bybit Perp" in one_line(outcome.said)


def test_a_full_disk_is_one_sentence(
    export: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out.csv").write_text(OLD)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("heatdesk.export.tables.write_series_csv", full)
    with server_of(faults.KIYOTAKA) as server:
        outcome = export(server, *BOOK)
    assert outcome.code == 1
    assert "disk is full" in one_line(outcome.said)
    assert outcome.text == OLD


def test_an_internal_error_is_one_sentence_and_a_log(
    export: Export, monkeypatch: pytest.MonkeyPatch, heatdesk_home: Path
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr("heatdesk.export.tables.write_series_csv", broken)
    with server_of(faults.KIYOTAKA) as server:
        outcome = export(server, *BOOK)
    assert outcome.code == 1
    assert "internal error" in one_line(outcome.said)
    assert "planted" in (heatdesk_home / "logs" / "export.log").read_text()


@pytest.mark.parametrize("out", ["no/such/folder/out.csv", "out.txt", "out"])
def test_a_file_that_cannot_be_written_costs_nothing(export: Export, out: str) -> None:
    with server_of(faults.KIYOTAKA) as server:
        outcome = export(server, *BOOK, out=out)
        assert server.requests == []
    assert outcome.code == (1 if "folder" in out else 2)
    one_line(outcome.said)
