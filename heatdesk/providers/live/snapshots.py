"""Fetching what a venue answers on request: snapshots of books."""

from __future__ import annotations

import asyncio

from heatdesk.books.events import BookChange
from heatdesk.errors import BodyCut
from heatdesk.net.budget import OnWait
from heatdesk.net.client import Reply
from heatdesk.providers.live.feed import Desk
from heatdesk.providers.live.rules import Ask, Market

MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""No honest answer of a venue is larger."""
STALL_S = 8.0
ANSWER_S = 25.0
"""An answer that drips for longer is as good as none."""


async def ask_venue(desk: Desk, ask: Ask, on_wait: OnWait | None = None) -> Reply:
    """Make a request.

    Parameters
    ----------
    on_wait : callable, optional
        Told ``(seconds, reason)`` when the venue's own limit makes it wait: then it waits as long
        as that takes. Without one nobody could say why, and it is given up.

    Raises
    ------
    ProviderError
        As `JsonClient.get`.
    """
    sentence = f"No whole answer of {desk.rules.title} came within {ANSWER_S:.0f} s."
    cut = BodyCut(desk.rules.provider, sentence)
    try:
        async with asyncio.timeout(ANSWER_S if on_wait is None else None):
            return await desk.http.get(
                ask.path,
                ask.params,
                weight=ask.weight,
                on_wait=on_wait,
                stall_s=STALL_S,
                within_s=ANSWER_S,
                body=ask.body,
                limit_bytes=MAX_ANSWER_BYTES,
            )
    except TimeoutError:
        raise cut from None


async def fetch_snapshot(
    desk: Desk, market: Market, on_wait: OnWait | None = None
) -> BookChange | None:
    """Fetch a snapshot, as `ask_venue` does; None where the venue serves none.

    Raises
    ------
    ProviderError
        As `JsonClient.get`, and `BadPayload`.
    """
    ask = desk.rules.snapshot_ask(market)
    if ask is None:
        return None
    reply = await ask_venue(desk, ask, on_wait)
    return desk.rules.parse_snapshot(market, reply.body)
