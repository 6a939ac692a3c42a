"""Price to level and time to column: the only place where that arithmetic is done."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# A served price is the edge of its level, give or take float noise: 0.30000000000000004 / 0.1
# must not fall into the level below.
LEVEL_NOISE = 1e-6
FARTHEST = 2.0**53
# A price that is no price any more (1e300) must not wrap around to a level of the other end.


@dataclass(frozen=True, slots=True)
class PriceGrid:
    """Levels of equal height; level ``n`` holds the prices from ``n * block_size`` up.

    Parameters
    ----------
    block_size : float
        Height of a level, quote units, positive.

    Raises
    ------
    ValueError
        When the block size is not a positive number.
    """

    block_size: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.block_size) and self.block_size > 0):
            raise ValueError(f"a level cannot be {self.block_size} high")

    def level_of(self, price: float) -> int:
        """Level that holds a price."""
        return math.floor(price / self.block_size + LEVEL_NOISE)

    def levels_of(self, price: NDArray[np.float64]) -> NDArray[np.int64]:
        """Levels that hold prices, any shape; a NaN lies in the lowest of all."""
        with np.errstate(over="ignore"):
            place = np.floor(price / self.block_size + LEVEL_NOISE)
        np.fmin(np.fmax(place, -FARTHEST, out=place), FARTHEST, out=place)
        return place.astype(np.int64)

    def price_of(self, level: float) -> float:
        """Lower edge of a level, quote units."""
        return level * self.block_size


@dataclass(frozen=True, slots=True)
class TimeGrid:
    """Buckets of equal width; column ``n`` starts at ``phase_ms + n * interval_ms``.

    Parameters
    ----------
    interval_ms : int
        Width of a bucket, positive.
    phase_ms : int
        Start of column 0, less than one interval after the epoch.
    """

    interval_ms: int
    phase_ms: int = 0

    def __post_init__(self) -> None:
        if self.interval_ms <= 0:
            raise ValueError(f"a bucket cannot be {self.interval_ms} ms wide")

    @classmethod
    def through(cls, time_ms: int, interval_ms: int) -> TimeGrid:
        """Make the grid one of whose columns starts at a time."""
        return cls(interval_ms, time_ms % interval_ms)

    def column_of(self, time_ms: float) -> int:
        """Column that holds a moment."""
        return math.floor((time_ms - self.phase_ms) / self.interval_ms)

    def columns_of(self, time_ms: NDArray[np.int64]) -> NDArray[np.int64]:
        """Columns that hold moments, any shape."""
        return (time_ms - self.phase_ms) // self.interval_ms

    def columns_within(self, from_ms: int, to_ms: int) -> tuple[int, int]:
        """Columns that start in a half-open stretch of time, half-open."""
        return self.column_of(from_ms + self.interval_ms - 1), self.column_of(to_ms - 1) + 1

    def time_of(self, column: int) -> int:
        """Start of a column, UTC epoch milliseconds."""
        return self.phase_ms + column * self.interval_ms


@dataclass(frozen=True, slots=True)
class GridSpec:
    """Where the cells of one heatmap lie in time and price."""

    interval_ms: int
    phase_ms: int
    block_size: float

    @property
    def price(self) -> PriceGrid:
        """The price axis."""
        return PriceGrid(self.block_size)

    @property
    def time(self) -> TimeGrid:
        """The time axis."""
        return TimeGrid(self.interval_ms, self.phase_ms)
