"""One book from its venue to frames: snapshots, gaps, connections that come and go."""

from __future__ import annotations

import asyncio

import pytest

from tests.heatdesk.providers.live.listening import BOOK, listening
from tests.heatdesk.providers.live.venue import Venue, provider_of, until


def run(work: object) -> None:
    asyncio.run(work)  # type: ignore[arg-type]


@pytest.mark.parametrize("in_stream", [False, True])
def test_a_book_comes_from_its_snapshot_and_differences(in_stream: bool) -> None:
    async def work() -> None:
        venue = Venue(in_stream=in_stream)
        async with venue.serving(), listening(provider_of(venue), BOOK) as (book,):
            await until(lambda: bool(venue.sockets) and all(venue.sockets.values()))
            await venue.change(qty=8.0)
            await until(lambda: book.last(99.0) == (8.0, 0.0))
            await venue.change(qty=3.0)
            await until(lambda: book.last(99.0) == (3.0, 0.0))
            assert book.last(101.0) == (0.0, 5.0)
            assert venue.asked.count("/book") == (0 if in_stream else 1)

    run(work())
