"""Who holds what: classes of traders, and their positions by coin."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Float64Array = NDArray[np.float64]
Int64Array = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class CohortDefinition:
    """A class of traders.

    Attributes
    ----------
    id : int
        The provider's segment id.
    kind : str
        ``size`` (perp equity) or ``pnl`` (all-time result): two partitions of the same
        wallets, never added together; ``unknown`` for an id nobody described.
    range_text : str
        What makes a wallet a member ("$500k-1M").
    """

    id: int
    name: str
    kind: str
    range_text: str = ""


COHORTS: tuple[CohortDefinition, ...] = (
    CohortDefinition(16, "Shrimp", "size", "$0-250"),
    CohortDefinition(1, "Fish", "size", "$250-10k"),
    CohortDefinition(2, "Dolphin", "size", "$10k-50k"),
    CohortDefinition(3, "Apex Predator", "size", "$50k-100k"),
    CohortDefinition(4, "Small Whale", "size", "$100k-500k"),
    CohortDefinition(5, "Whale", "size", "$500k-1M"),
    CohortDefinition(6, "Tidal Whale", "size", "$1M-5M"),
    CohortDefinition(7, "Leviathan", "size", "over $5M"),
    CohortDefinition(8, "Money Printer", "pnl", "over +$1M"),
    CohortDefinition(9, "Smart Money", "pnl", "+$100k-1M"),
    CohortDefinition(10, "Grinder", "pnl", "+$10k-100k"),
    CohortDefinition(11, "Humble Earner", "pnl", "+$0-10k"),
    CohortDefinition(12, "Exit Liquidity", "pnl", "-$10k-0"),
    CohortDefinition(13, "Semi-Rekt", "pnl", "-$100k-10k"),
    CohortDefinition(14, "Full Rekt", "pnl", "-$1M-100k"),
    CohortDefinition(15, "Giga-Rekt", "pnl", "under -$1M"),
)
"""The cohorts in display order: by size, then by result."""


@dataclass(frozen=True, slots=True)
class CohortTable:
    """Positions by coin and cohort at one moment.

    One row per coin and cohort served, plus one per coin with ``cohort_id == -1``: the coin's
    own totals (row ALL), which differ slightly from the sums of its cohorts.

    Parameters
    ----------
    time_ms : int
        When it was received (the payload carries no time).
    coins : tuple of str, length n
    cohort_id : (n,) int64
    total_usd, long_usd, short_usd : (n,) float64
        Open position value.
    count, count_long, count_short : (n,) int64
        Number of positions.
    bias_ratio : (n,) float64
        The provider's own bias (long share, 0 to 1, rounded there); NaN in ALL rows and where
        it was not served.
    definitions : tuple of CohortDefinition
        Every cohort that appears, in display order.
    """

    time_ms: int
    opened_within: str
    coins: tuple[str, ...] = field(repr=False)
    cohort_id: Int64Array = field(repr=False)
    total_usd: Float64Array = field(repr=False)
    long_usd: Float64Array = field(repr=False)
    short_usd: Float64Array = field(repr=False)
    count: Int64Array = field(repr=False)
    count_long: Int64Array = field(repr=False)
    count_short: Int64Array = field(repr=False)
    bias_ratio: Float64Array = field(repr=False)
    definitions: tuple[CohortDefinition, ...] = field(repr=False)

    def __post_init__(self) -> None:
        n = len(self.coins)
        columns: tuple[NDArray[np.generic], ...] = (
            self.cohort_id,
            self.total_usd,
            self.long_usd,
            self.short_usd,
            self.count,
            self.count_long,
            self.count_short,
            self.bias_ratio,
        )
        if any(column.shape != (n,) for column in columns):
            raise ValueError("cohort columns differ in length")
        for column in columns:
            column.setflags(write=False)
