"""How a loopback venue does what it was told to do wrong."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from websockets.exceptions import ConnectionClosed

from tests.servers.venues.market import Play, Step
from tests.servers.venues.mischief import Fault, Kind

if TYPE_CHECKING:
    from tests.servers.venues.server import VenueServer
    from tests.servers.venues.session import Session

_OF_CONNECTIONS = (
    Kind.DELAY, Kind.SILENCE, Kind.HALF_OPEN, Kind.CLOSE, Kind.ABORT, Kind.SHUTDOWN, Kind.PING,
)  # fmt: skip


def do(venue: VenueServer, fault: Fault) -> None:
    """Do something wrong, now or at the next fitting moment; on the venue's own thread."""
    with venue.lock:
        _do(venue, fault)


def _do(venue: VenueServer, fault: Fault) -> None:
    kind = fault.kind
    if kind is Kind.BOOK_SILENCE:
        for key in [fault.symbol] if fault.symbol else list(venue.plays):
            venue.mischief.book_silent_until_s[key] = time.monotonic() + fault.seconds
    elif kind is Kind.FLOOD:
        for key in [fault.symbol] if fault.symbol else list(venue.plays):
            _flood(venue, venue.plays[key], fault.seconds)
    elif kind in _OF_CONNECTIONS:
        for session in list(venue.sessions):
            _disturb(venue, session, fault)
    else:
        venue.mischief.add(fault)
        return
    fault.done = True


def _disturb(venue: VenueServer, session: Session, fault: Fault) -> None:
    kind, loop = fault.kind, asyncio.get_running_loop()
    if kind is Kind.DELAY:
        session.hold(fault.seconds)
    elif kind is Kind.SILENCE:
        session.silent_until_s = time.monotonic() + fault.seconds
    elif kind is Kind.HALF_OPEN:
        venue.lose(session)
    elif kind is Kind.ABORT:
        session.socket.transport.abort()
    elif kind is Kind.PING:
        venue.spawn(_ping(venue, session))
    else:
        if kind is Kind.SHUTDOWN and (notice := venue.shutdown_notice()) is not None:
            session.send(notice)
        wait_s = fault.seconds if kind is Kind.SHUTDOWN else 0.0
        code = 1012 if kind is Kind.SHUTDOWN else 1006 - 5
        loop.call_later(wait_s, lambda: venue.spawn(session.socket.close(code)))


async def _ping(venue: VenueServer, session: Session) -> None:
    try:
        await asyncio.wait_for(await session.socket.ping(b"%d" % venue.now_ms()), 10.0)
        venue.pongs += 1
    except (TimeoutError, ConnectionClosed):
        venue.violations.append("no pong within 10 s")


def _flood(venue: VenueServer, play: Play, seconds: float) -> None:
    """Steps of one level each, a thousand for a second, beside the usual ones."""
    count = round(1000 * seconds)
    bid, ask = max(play.book.bids), min(play.book.asks)
    loop = asyncio.get_running_loop()

    def push(left: int) -> None:
        for _ in range(min(10, left)):
            qty = venue.random.randint(1, 10**play.spec.qty_decimals)
            away = venue.random.randint(40, 90) * play.spec.tick
            on_bid = venue.random.random() < 0.5
            step = Step(0, [(bid - away, qty)], []) if on_bid else Step(0, [], [(ask + away, qty)])
            play.extra.append(step)
        if left > 10:
            loop.call_later(0.01, push, left - 10)

    push(count)
