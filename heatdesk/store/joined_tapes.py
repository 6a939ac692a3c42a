"""Tapes of several venues read as one: a summed book is traded at all of them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from heatdesk.frames.events import LiquidationBatch, TradeBatch
from heatdesk.store.tape import EventTape, LiquidationTape, TradeTape

_REMEMBERED = 256
_NO_TRADES = TradeBatch(np.zeros(0, np.int64), np.zeros(0), np.zeros(0), np.zeros(0, np.bool_))
_NO_LIQUIDATIONS = LiquidationBatch(
    np.zeros(0, np.int64), np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0, np.bool_), ()
)


Gap = tuple[int, int | None]
_NEVER_MS = 2**62


def _lacking(tapes: Sequence[EventTape], at_least: int) -> tuple[Gap, ...]:
    """Stretches that so many of the tapes lack, half-open, ascending."""
    ends: list[tuple[int, int]] = []
    for tape in tapes:
        for from_ms, to_ms in tape.gaps:
            ends += [(from_ms, -1), (_NEVER_MS if to_ms is None else to_ms, 1)]
    found: list[Gap] = []
    lacking, since_ms = 0, 0
    for at_ms, change in sorted(ends):  # one gap begins before another ends: they touch
        before, lacking = lacking, lacking - change
        if before < at_least <= lacking:
            since_ms = at_ms
        elif lacking < at_least <= before and at_ms > since_ms:
            found.append((since_ms, None if at_ms == _NEVER_MS else at_ms))
    return tuple(found)


class _Joined:
    """What both kinds share; reading only, from any one thread."""

    def __init__(self, tapes: Sequence[EventTape]) -> None:
        self._tapes = tuple(tapes)
        self._seen: OrderedDict[int, tuple[int, ...]] = OrderedDict()

    @property
    def revision(self) -> int:
        """Grows with each batch that came to any of them."""
        seen = tuple(tape.revision for tape in self._tapes)
        total = sum(seen)
        self._seen[total] = seen
        while len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return total

    @property
    def first_ms(self) -> int | None:
        """Time of the oldest row held; None while there is none."""
        found = [tape.first_ms for tape in self._tapes]
        return min((one for one in found if one is not None), default=None)

    @property
    def last_ms(self) -> int | None:
        """Time of the newest row; None while there is none."""
        found = [tape.last_ms for tape in self._tapes]
        return max((one for one in found if one is not None), default=None)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Stretches of which something is unknown: what any of them lacks, ascending."""
        return _lacking(self._tapes, 1)

    @property
    def blind(self) -> tuple[Gap, ...]:
        """Stretches of which nothing is known: what all of them lack, ascending."""
        return _lacking(self._tapes, len(self._tapes))

    def changed_from_ms(self, revision: int) -> int | None:
        """Time of the earliest row that came after a revision read here; None when none did."""
        seen = self._seen.get(revision)
        if seen is None:
            return self.first_ms
        pairs = zip(self._tapes, seen, strict=True)
        found = [tape.changed_from_ms(one) for tape, one in pairs]
        return min((one for one in found if one is not None), default=None)


class JoinedTrades(_Joined):
    """Trades of several subscriptions as one tape."""

    def __init__(self, tapes: Sequence[TradeTape]) -> None:
        super().__init__(tapes)
        self._trades = tuple(tapes)

    def window(self, from_ms: int, to_ms: int) -> TradeBatch:
        """Trades in a half-open stretch of time."""
        return _joined_trades([tape.window(from_ms, to_ms) for tape in self._trades])

    def newest(self, n: int) -> TradeBatch:
        """The last so many trades."""
        batch = _joined_trades([tape.newest(n) for tape in self._trades])
        return TradeBatch(batch.time_ms[-n:], batch.price[-n:], batch.qty_base[-n:], batch.buy[-n:])


class JoinedLiquidations(_Joined):
    """Liquidations of several subscriptions as one tape."""

    def __init__(self, tapes: Sequence[LiquidationTape]) -> None:
        super().__init__(tapes)
        self._liquidations = tuple(tapes)

    @property
    def sampled(self) -> bool:
        """Whether any venue publishes some of them only."""
        return any(tape.sampled for tape in self._liquidations)

    def window(self, from_ms: int, to_ms: int) -> LiquidationBatch:
        """Liquidations in a half-open stretch of time."""
        parts = [tape.window(from_ms, to_ms) for tape in self._liquidations]
        if not parts:
            return _NO_LIQUIDATIONS
        time_ms = np.concatenate([part.time_ms for part in parts])
        order = np.argsort(time_ms, kind="stable")
        sides = [side for part in parts for side in part.raw_side]
        return LiquidationBatch(
            time_ms[order],
            np.concatenate([part.price for part in parts])[order],
            np.concatenate([part.qty_base for part in parts])[order],
            np.concatenate([part.value_usd for part in parts])[order],
            np.concatenate([part.long for part in parts])[order],
            tuple(sides[i] for i in order.tolist()),
            self.sampled,
        )


def _joined_trades(parts: Sequence[TradeBatch]) -> TradeBatch:
    if not parts:
        return _NO_TRADES
    time_ms = np.concatenate([part.time_ms for part in parts])
    order = np.argsort(time_ms, kind="stable")
    return TradeBatch(
        time_ms[order],
        np.concatenate([part.price for part in parts])[order],
        np.concatenate([part.qty_base for part in parts])[order],
        np.concatenate([part.buy for part in parts])[order],
    )
