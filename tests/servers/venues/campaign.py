"""Fault upon fault on live books, and what came of it: wrong columns, times to recover, limits.

By hand: `python -m tests.servers.venues.campaign --faults 1000`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import resource
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.servers.venues.catalogue import VENUES
from tests.servers.venues.driving import LiveDesk, book, forced, play_of, trades
from tests.servers.venues.judging import Judge
from tests.servers.venues.mischief import Fault, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from heatdesk.frames import BookSub
    from tests.servers.venues.oracle import Tally
    from tests.servers.venues.server import VenueServer

PROMISED_S = 3.0
"""A book is LIVE again so soon after its gap was told, beside what the venue itself takes."""
_OF_THE_VENUE = frozenset({Kind.REFUSE, Kind.REFUSE_REST, Kind.ENDLESS, Kind.OLD, Kind.CROSSED})
"""Here the venue itself is what keeps the book from starting: its own time counts."""
_NEEDS_A_START = _OF_THE_VENUE
_PATIENCE_S = 60.0
JUDGED_EVERY_S, TOLD_EVERY = 5.0, 50
"""What is settled is judged so often; progress is told after so many faults."""
KEEP_MS = 300_000
"""Truth of so long is kept for markets nobody looks at."""
_HARMLESS = frozenset(
    {Kind.DUPLICATE, Kind.NOISE, Kind.BINARY, Kind.DELAY, Kind.PING, Kind.FLOOD, Kind.SHUTDOWN}
)
"""No gap needs to come of these."""


@dataclass
class Outcome:
    """What came of one fault."""

    provider: str
    kind: Kind
    gap_s: float = 0.0
    """The longest gap that was told of."""
    back: bool = True
    """The book was LIVE again."""
    at_limit: bool = False
    """The venue's own limit of connections or requests was reached: the desk waits."""
    over_ms: int = 0
    """When, by this computer's clock."""


@dataclass
class Report:
    """What came of all of them."""

    outcomes: list[Outcome] = field(default_factory=list)
    tallies: dict[str, Tally] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    notes: set[str] = field(default_factory=set)
    seconds: float = 0.0

    @property
    def wrong(self) -> list[str]:
        """Columns shown as live that were not true."""
        return [f"{name}: {one}" for name, t in self.tallies.items() for one in t.wrong]

    @property
    def slow(self) -> list[Outcome]:
        """Recoveries that took longer than promised, without a limit that made them wait."""
        return [
            one
            for one in self.outcomes
            if not one.at_limit
            and (not one.back or (one.kind not in _OF_THE_VENUE and one.gap_s > PROMISED_S))
        ]

    @property
    def limited(self) -> list[Outcome]:
        """Faults after which a venue allowed no more connections, or requests, for a while."""
        return [one for one in self.outcomes if one.at_limit]

    def lately(self, provider: str) -> str:
        """The newest faults of a venue and when they were over, to tell what a wrong column is of."""
        some = [one for one in self.outcomes if one.provider == provider][-12:]
        return ", ".join(f"{one.kind.name} until {one.over_ms}" for one in some)

    def table(self) -> str:
        """All of it in lines of text."""
        by_kind: defaultdict[Kind, list[float]] = defaultdict(list)
        for one in self.outcomes:
            by_kind[one.kind].append(one.gap_s)
        lines = [f"{len(self.outcomes)} faults of {len(by_kind)} kinds in {self.seconds:.0f} s"]
        for kind in Kind:
            if gaps := by_kind.get(kind):
                shown = [gap for gap in gaps if gap > 0]
                middle = statistics.median(shown) if shown else 0.0
                lines.append(
                    f"  {kind.name.lower():13} {len(gaps):4}  with a gap {len(shown):4}  "
                    f"median {middle:5.2f} s  longest {max(gaps):5.2f} s"
                )
        lines += self._by_venue()
        for name, one in self.tallies.items():
            lines.append(
                f"  {name:24} live {one.live:6}  flawed {one.flawed:5}  "
                f"missing {one.missing:5}  wrong {len(one.wrong):4}"
            )
        lines.append(f"wrong columns shown as live: {len(self.wrong)}")
        lines.append(f"recoveries longer than {PROMISED_S:.0f} s: {len(self.slow)}")
        longest_s = max((one.gap_s for one in self.limited), default=0.0)
        lines.append(
            f"faults at a venue that allowed no more connections or requests just then: "
            f"{len(self.limited)} "
            f"(longest gap {longest_s:.0f} s)"
        )
        lines.append(f"limits overstepped: {len(self.violations)}")
        return "\n".join(lines)

    def _by_venue(self) -> list[str]:
        by_venue: defaultdict[str, list[Outcome]] = defaultdict(list)
        for one in self.outcomes:
            by_venue[one.provider].append(one)
        lines = []
        for provider, some in by_venue.items():
            gaps = [one.gap_s for one in some if one.gap_s > 0]
            middle = statistics.median(gaps) if gaps else 0.0
            lines.append(
                f"  {provider:24} faults {len(some):4}  with a gap {len(gaps):4}  "
                f"median {middle:5.2f} s  longest {max(gaps, default=0.0):5.2f} s  "
                f"not back {sum(not one.back for one in some)}"
            )
        return lines


class Troublemaker:
    """Causes faults at one venue, one after the other, and waits each time for the book."""

    def __init__(
        self,
        desk: LiveDesk,
        server: VenueServer,
        subs: Sequence[BookSub],
        seed: int,
        kinds: frozenset[Kind],
    ) -> None:
        self._desk, self._server, self._subs = desk, server, subs
        self._random = random.Random(f"{seed} {server.provider}")
        kinds = sorted(server.faults & kinds, key=lambda kind: kind.name)
        self._random.shuffle(kinds)
        self._kinds = kinds
        self._at_limit = False

    async def run(self, count: int, pause_s: float, report: Report) -> None:
        """Cause so many faults, every kind in its turn."""
        for number in range(count):
            kind = self._kinds[number % len(self._kinds)]
            report.outcomes.append(await self._one(kind, pause_s))

    async def _one(self, kind: Kind, pause_s: float) -> Outcome:
        sub = self._random.choice(self._subs)
        play = play_of(self._server, sub)
        fault = Fault(kind, self._server.key(play), self._seconds(kind))
        fault.status = self._random.choice((429, 500, 503)) if kind is Kind.REFUSE else 503
        before = {one: len(self._desk.store.story(one).gaps) for one in self._subs}
        if kind in (Kind.REFUSE, Kind.REFUSE_REST):
            fault.symbol = ""
        self._server.cause(fault)
        if kind in _NEEDS_A_START:
            # What waits for a start gets one.
            self._server.cause(Fault(Kind.ABORT))
        self._at_limit = False
        back = await self._wait(fault, before)
        await asyncio.sleep(pause_s * self._random.uniform(1.0, 1.3))
        gaps = [
            end - begin
            for one in self._subs
            for begin, end in self._desk.store.story(one).gaps[before[one] :]
        ]
        longest_s = max(gaps, default=0.0)
        return Outcome(
            self._server.provider, kind, longest_s, back, self._at_limit, self._server.now_ms()
        )

    def _seconds(self, kind: Kind) -> float:
        if kind is Kind.FLOOD:
            return 0.5
        if kind in (Kind.SILENCE, Kind.BOOK_SILENCE):
            return self._server.silence_to_notice_s or self._random.uniform(0.3, 1.5)
        return self._random.uniform(0.1, 1.2)

    async def _wait(self, fault: Fault, before: dict[BookSub, int]) -> bool:
        """Until the fault has bitten, its gap was told where one must be, and the book is back."""
        begun_s = time.monotonic()
        lasting_s = fault.seconds if fault.kind in (Kind.SILENCE, Kind.BOOK_SILENCE) else 0.0
        while time.monotonic() - begun_s < _PATIENCE_S + lasting_s:
            await asyncio.sleep(0.02)
            self._at_limit |= self._desk.is_at_limit(self._server.provider)
            over = fault.done and time.monotonic() - begun_s >= lasting_s
            live = all(self._desk.is_live(sub) for sub in self._subs)
            told = fault.kind in _HARMLESS or any(
                len(self._desk.store.story(sub).gaps) > before[sub] for sub in self._subs
            )
            if over and live and (told or time.monotonic() - begun_s > lasting_s + 1.5):
                return True
        return False


async def campaign(
    servers: Sequence[VenueServer],
    home: Path,
    faults: int,
    *,
    seed: int = 1,
    pause_s: float = 0.6,
    intervals_ms: Sequence[int] = (100, 500),
    kinds: frozenset[Kind] = frozenset(Kind),
    tell: Callable[[str], None] = lambda text: None,
) -> Report:
    """Let so many faults befall the books of running venues.

    What was told is judged, and forgotten, on the way; `tell` gets the progress in words.
    """
    report, judge = Report(), Judge(servers)
    desk = LiveDesk(servers, home, judge.note)
    subs = {
        server: [
            book(server.provider, 0, intervals_ms[0]),
            book(server.provider, 1, intervals_ms[-1]),
        ]
        for server in servers
    }
    books = [sub for each in subs.values() for sub in each]
    others = [trades(server.provider) for server in servers]
    others += [forced(p) for p in ("binance-usdm", "bybit") if p in desk.servers]
    begun_s = time.monotonic()
    async with desk.running(*books, *others):
        await desk.until_live(*books)
        makers = [Troublemaker(desk, server, subs[server], seed, kinds) for server in servers]
        share = [faults // len(makers) + (i < faults % len(makers)) for i in range(len(makers))]
        works = [m.run(n, pause_s, report) for m, n in zip(makers, share, strict=True)]
        over = asyncio.Event()
        judging = asyncio.create_task(_judge_on_the_way(judge, report, over, tell))
        await asyncio.gather(*works)
        over.set()
        await judging
        await desk.until_live(*books, patience_s=30.0)
        await asyncio.sleep(1.0)
        # what a busy machine has still to tell is not judged
        until_ms = {
            sub: min(play_of(s, sub).last_ms, judge.newest_ms(sub)) - 700
            for s, each in subs.items()
            for sub in each
        }
    report.seconds = time.monotonic() - begun_s
    for server, each in subs.items():
        report.violations += [f"{server.provider}: {text}" for text in server.violations]
        for sub in each:
            judge.look(sub, until_ms[sub])
            report.tallies[f"{sub.provider} {sub.symbol}"] = judge.tallies[sub]
            report.notes |= desk.store.story(sub).notes
    return report


async def _judge_on_the_way(
    judge: Judge, report: Report, over: asyncio.Event, tell: Callable[[str], None]
) -> None:
    """Hold against the truth what is settled, and tell how it goes."""
    told, begun_s = 0, time.monotonic()
    while not over.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), JUDGED_EVERY_S)
        for sub in judge.subs:
            for text in await asyncio.to_thread(judge.look, sub):
                tell(f"wrong: {sub.provider} {sub.symbol}: {text}; {report.lately(sub.provider)}")
        if len(report.outcomes) // TOLD_EVERY > told:
            told = len(report.outcomes) // TOLD_EVERY
            wrong = sum(len(one.wrong) for one in judge.tallies.values())
            live = sum(one.live for one in judge.tallies.values())
            tell(
                f"{len(report.outcomes)} faults in {(time.monotonic() - begun_s) / 60:.1f} min; "
                f"{live} columns right, {wrong} wrong; {len(report.slow)} slow; "
                f"{peak_mib():.0f} MiB at most"
            )


def peak_mib() -> float:
    """Most memory this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> int:
    """Run a campaign at all venues, print what came of it; 1 when a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pause", type=float, default=2.1, help="seconds between faults, about")
    parser.add_argument("--venue", action="append", choices=list(VENUES))
    parser.add_argument("--kind", action="append", help="only this; again for more")
    args = parser.parse_args()
    kinds = frozenset(Kind[name.upper()] for name in args.kind) if args.kind else frozenset(Kind)
    with contextlib.ExitStack() as stack:
        names = args.venue or list(VENUES)
        servers = [stack.enter_context(VENUES[name](keep_ms=KEEP_MS)) for name in names]
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        report = asyncio.run(
            campaign(
                servers, home, args.faults, seed=args.seed, pause_s=args.pause, kinds=kinds,
                tell=lambda text: print(text, flush=True),
            )
        )  # fmt: skip
    print(f"memory: {peak_mib():.0f} MiB at most")
    print(report.table())
    for text in (*report.wrong[:20], *report.violations[:20]):
        print("BROKEN:", text)
    for one in report.slow[:40]:
        print("SLOW:", one)
    for note in sorted(report.notes):
        print("said:", note)
    return 1 if report.wrong or report.violations or report.slow else 0


if __name__ == "__main__":
    sys.exit(main())
