"""What exchanges need of the client: requests with a body, and refusals that are about a place."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from heatdesk.errors import BadPayload, PlanRequired, ProviderError, RateLimited, RegionBlocked
from heatdesk.net.budget import Limits, RateBudget
from heatdesk.net.client import JsonClient, Reply
from heatdesk.net.ledger import Ledger
from tests.heatdesk.clocks import JumpingClock


def client_of(answer: httpx.Response | None = None, *, keyless: bool = True) -> JsonClient:
    """Build a client whose requests come back, unless there is another answer to all of them."""

    def reply(request: httpx.Request) -> httpx.Response:
        if answer is not None:
            return answer
        sent = [request.method, request.headers.get("content-type", ""), request.content.decode()]
        return httpx.Response(200, json=sent)

    clock = JumpingClock()
    budget = RateBudget("alpha", Limits(), Ledger(), clock)
    transport = httpx.MockTransport(reply)
    return JsonClient(
        "alpha", "Alpha", "http://a.test", dict, clock, budget, transport, keyless=keyless
    )


async def asked(client: JsonClient, body: bytes | None, limit_bytes: int | None) -> Reply:
    try:
        return await client.get("/x", body=body, limit_bytes=limit_bytes)
    finally:
        await client.close()


def ask(client: JsonClient, body: bytes | None = None, limit_bytes: int | None = None) -> Reply:
    return asyncio.run(asked(client, body, limit_bytes))


def test_a_request_with_a_body_is_a_post_of_json() -> None:
    client = client_of()
    assert client.loads(ask(client, b'{"type":"meta"}')) == [
        "POST",
        "application/json",
        '{"type":"meta"}',
    ]


def test_a_request_without_one_is_a_get() -> None:
    client = client_of()
    assert client.loads(ask(client)) == ["GET", "", ""]


@pytest.mark.parametrize(
    ("status", "body", "keyless", "kind"),
    [
        (451, "", True, RegionBlocked),
        (451, "", False, RegionBlocked),
        (403, "", True, RegionBlocked),
        (403, "", False, PlanRequired),
        (403, "access too frequent", True, RateLimited),
        (418, "", True, RateLimited),
    ],
)
def test_a_refusal_is_about_the_region_a_plan_or_the_pace(
    status: int, body: str, keyless: bool, kind: type[ProviderError]
) -> None:
    with pytest.raises(ProviderError) as refused:
        ask(client_of(httpx.Response(status, text=body), keyless=keyless))
    assert type(refused.value) is kind


def test_a_venue_that_bans_by_403_is_left_alone_for_ten_minutes() -> None:
    with pytest.raises(RateLimited) as refused:
        ask(client_of(httpx.Response(403, text="access too frequent")))
    assert refused.value.retry_after_s == 600


def test_an_answer_without_end_is_given_up_at_the_limit_of_its_request() -> None:
    with pytest.raises(BadPayload):
        ask(client_of(httpx.Response(200, content=b"x" * 2_000)), limit_bytes=1_000)
