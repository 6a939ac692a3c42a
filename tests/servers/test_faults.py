"""Every fault spoils exactly what it says, over real sockets."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.servers import faults, payloads
from tests.servers.base import ClosedPort, LoopbackServer
from tests.servers.client import BEARERS, BTC, body_of, get
from tests.servers.hypertracker import HyperTrackerServer
from tests.servers.kiyotaka import KiyotakaServer
from tests.servers.kiyotaka_limits import LIQUIDATION
from tests.servers.sharpe import SharpeServer
from tests.servers.synthetic import SyntheticSource

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW_S = payloads.BOOK_TIME_S


@pytest.fixture
def kiyotaka() -> Iterator[LoopbackServer]:
    with servers_of(faults.KIYOTAKA) as server:
        yield server


def servers_of(provider: str) -> LoopbackServer:
    if provider == faults.SHARPE:
        return SharpeServer(key="test-key", per_minute=1000)
    if provider == faults.HYPERTRACKER:
        return HyperTrackerServer(per_day=1000)
    return KiyotakaServer(SyntheticSource(1, 20), now_s=lambda: NOW_S, limits="off")


def request_for(provider: str, fault: faults.Fault) -> tuple[str, dict[str, Any]]:
    path = fault.path_for(provider)
    if path != "/v1/points":
        return path, {name: BTC[name] for name in ("exchange", "rawSymbol")}
    query: dict[str, Any] = dict(BTC)
    if fault.kind == LIQUIDATION:
        query = {"type": LIQUIDATION, "coin": "BTC", "interval": "MINUTE", "period": "300"}
    if fault.form == "flat":
        query["flatten"] = "true"
    return path, query


@pytest.mark.parametrize("provider", faults.ALL)
def test_every_fault_spoils_one_answer_and_the_next_is_healthy(provider: str) -> None:
    with servers_of(provider) as server:
        for fault in faults.faults_for(provider):
            path, query = request_for(provider, fault)
            healthy = get(server, path, query, BEARERS[provider]).body
            server.inject(fault, path=path)
            spoiled = body_of(server, path, query, BEARERS[provider])
            assert spoiled != healthy, fault.name
            assert get(server, path, query, BEARERS[provider]).status == 200, fault.name


def test_fault_names_are_unique() -> None:
    for provider in faults.ALL:
        names = [fault.name for fault in faults.faults_for(provider)]
        assert len(names) == len(set(names))


def test_a_redirect_leads_to_another_host_that_sees_which_keys_came_along(
    kiyotaka: LoopbackServer,
) -> None:
    with faults.ElsewhereServer() as elsewhere:
        kiyotaka.inject(faults.redirect_to(elsewhere.url), path="/v1/points")
        answer = get(kiyotaka, "/v1/points", BTC)
        assert answer.status == 302
        target = answer.headers["Location"]
        assert urlsplit(target).hostname == "localhost"
        careless = urllib.request.Request(target, headers=BEARERS[faults.KIYOTAKA])
        with urllib.request.urlopen(careless, timeout=30) as reply:
            reply.read()
        assert elsewhere.arrived_keys == [("x-kiyotaka-key", "test-key")]


def test_a_huge_body_has_the_length_it_declares(kiyotaka: LoopbackServer) -> None:
    healthy = get(kiyotaka, "/v1/points", BTC).json()
    kiyotaka.inject(faults.huge(2, valid=True))
    kiyotaka.inject(faults.huge(2))
    assert get(kiyotaka, "/v1/points", BTC).json() == healthy
    numbers = get(kiyotaka, "/v1/points", BTC)
    assert len(numbers.body) == int(numbers.headers["Content-Length"]) > 2 << 20
    assert len(numbers.json()["series"][0]["points"][0]["Point"]["bids"]) == 1 + (2 << 17)


def test_a_self_signed_server_and_a_closed_port_are_network_failures() -> None:
    with (
        SharpeServer(tls=True) as server,
        pytest.raises(urllib.error.URLError, match="CERTIFICATE"),
    ):
        urllib.request.urlopen(server.url, timeout=30)
    with ClosedPort() as closed, pytest.raises(urllib.error.URLError, match="refused"):
        urllib.request.urlopen(closed.url, timeout=30)
