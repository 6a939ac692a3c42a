"""Cumulative delta: what aggressors bought minus what they sold, running on."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from heatdesk.frames import TradeBatch

Float64Array = NDArray[np.float64]
Int64Array = NDArray[np.int64]

BUCKET_MS = 100
"""Finest step in which delta is kept."""
_FIRST_ROOM = 1 << 12
_MOST = 1 << 20
"""Buckets kept; the oldest quarter goes then, and the running sums stay what they are."""


class TradeFeed(Protocol):
    """What is read of trades that are held elsewhere."""

    @property
    def revision(self) -> int:
        """One more with each batch that came."""
        ...

    @property
    def first_ms(self) -> int | None:
        """Time of the oldest trade held."""
        ...

    @property
    def last_ms(self) -> int | None:
        """Time of the newest trade."""
        ...

    @property
    def gaps(self) -> tuple[tuple[int, int | None], ...]:
        """Stretches of which trades are unknown, half-open; None: without an end yet."""
        ...

    @property
    def blind(self) -> tuple[tuple[int, int | None], ...]:
        """The parts of these of which no trade at all is known: at one of several is not all."""
        ...

    def changed_from_ms(self, revision: int) -> int | None:
        """Time of the earliest trade that came after a revision."""
        ...

    def window(self, from_ms: int, to_ms: int) -> TradeBatch:
        """Trades in a half-open stretch of time."""
        ...


class DeltaLedger:
    """Running sums of delta by buckets of `BUCKET_MS`, 0 before the first trade taken in.

    Only buckets with trades take memory.

    Attributes
    ----------
    first_ms : int or None
        Start of the bucket of the first trade: where the sums begin.
    """

    def __init__(self, most: int = _MOST) -> None:
        self.first_ms: int | None = None
        self._most = most
        self._size = 0
        self._start_ms = np.empty(_FIRST_ROOM, np.int64)
        self._sums = np.empty((2, _FIRST_ROOM))

    def __len__(self) -> int:
        return self._size

    @property
    def last_ms(self) -> int | None:
        """End of the newest bucket."""
        return int(self._start_ms[self._size - 1]) + BUCKET_MS if self._size else None

    def cut(self, time_ms: int) -> int:
        """Forget the bucket of a moment and all later ones; returns where it begins."""
        start_ms = time_ms // BUCKET_MS * BUCKET_MS
        self._size = int(np.searchsorted(self._start_ms[: self._size], start_ms))
        if self.first_ms is not None and start_ms < self.first_ms:
            self.first_ms = None
        return start_ms

    def add(self, batch: TradeBatch) -> None:
        """Take in trades that are later than all buckets held."""
        good = (batch.qty_base > 0) & np.isfinite(batch.qty_base) & np.isfinite(batch.price)
        time_ms, qty, price = batch.time_ms[good], batch.qty_base[good], batch.price[good]
        if time_ms.size == 0:
            return
        bucket_ms = time_ms // BUCKET_MS * BUCKET_MS
        starts = np.flatnonzero(np.concatenate([[True], bucket_ms[1:] != bucket_ms[:-1]]))
        signed = np.where(batch.buy[good], qty, -qty)
        rows = np.stack([signed, signed * price])
        sums = np.cumsum(np.add.reduceat(rows, starts, axis=1), axis=1)
        if self._size:
            sums += self._sums[:, self._size - 1 : self._size]
        elif self.first_ms is None:
            self.first_ms = int(bucket_ms[0])
        self._make_room(starts.size)
        stop = self._size + starts.size
        self._start_ms[self._size : stop] = bucket_ms[starts]
        self._sums[:, self._size : stop] = sums
        self._size = stop

    def before(self, moments_ms: Int64Array, *, quote: bool) -> Float64Array:
        """Delta of all trades before each moment; the moments are starts of buckets.

        Parameters
        ----------
        moments_ms : (n,) int64
        quote : bool
            In quote units; else in coins.

        Returns
        -------
        (n,) float64
            NaN before the oldest bucket held, 0 where that is the first trade.
        """
        return self._read(1 if quote else 0, moments_ms)

    def _read(self, row: int, moments_ms: Int64Array) -> Float64Array:
        found = np.searchsorted(self._start_ms[: self._size], moments_ms) - 1
        if self._size == 0:
            return np.full(moments_ms.shape, np.nan)
        values: Float64Array = self._sums[row, np.maximum(found, 0)]
        whole = int(self._start_ms[0]) == self.first_ms
        return np.where(found >= 0, values, 0.0 if whole else np.nan)

    def _make_room(self, more: int) -> None:
        if self._size + more > self._most:
            gone = min(self._size, max(self._most // 4, self._size + more - self._most))
            kept = slice(gone, self._size)
            self._size -= gone
            self._start_ms[: self._size] = self._start_ms[kept].copy()
            self._sums[:, : self._size] = self._sums[:, kept].copy()
        room = self._start_ms.size
        if self._size + more <= room:
            return
        room = max(2 * room, self._size + more)
        start_ms, sums = np.empty(room, np.int64), np.empty((2, room))
        start_ms[: self._size] = self._start_ms[: self._size]
        sums[:, : self._size] = self._sums[:, : self._size]
        self._start_ms, self._sums = start_ms, sums
