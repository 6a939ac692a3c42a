"""Who leans which way: biases by coin and cohort, their order and their dispersion.

Size cohorts and PnL cohorts are two partitions of the same wallets: nothing here ever adds
one to the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from heatdesk.frames import CohortDefinition, CohortTable

Float64Array = NDArray[np.float64]
Int64Array = NDArray[np.int64]

ALL_ID = -1
"""Cohort id of a coin's own totals."""

FIRST_COINS = ("BTC", "ETH")
"""Coins a trader expects on top whatever the values."""

THIN_COUNT = 10
"""A cell with fewer positions says little."""


def share(part: Float64Array, whole: Float64Array) -> Float64Array:
    """Divide elementwise; NaN (no data) where the whole is zero.

    Parameters
    ----------
    part, whole : float64 arrays of one shape
        Any unit, the same for both.
    """
    out = np.full(np.shape(whole), np.nan)
    np.divide(part, whole, out=out, where=whole > 0)
    return out


def value_bias_ratio(table: CohortTable) -> Float64Array:
    """Long share of the open value per row, (n,) 0 to 1; NaN where there is none."""
    return share(table.long_usd, table.total_usd)


def count_bias_ratio(table: CohortTable) -> Float64Array:
    """Long share of the positions per row, (n,) 0 to 1; NaN where there is none."""
    return share(table.count_long.astype(np.float64), table.count.astype(np.float64))


@dataclass(frozen=True, slots=True)
class CohortMatrix:
    """Coins by cohorts.

    Attributes
    ----------
    coins : tuple of str, length n
    cohorts : tuple of CohortDefinition, length m
        Display order.
    total_usd, value_bias_ratio, count_bias_ratio : (n, m) float64
        NaN where the cohort was not served or has no positions.
    count : (n, m) int64
        Positions; 0 where not served.
    coin_total_usd : (n,) float64
        The coin's own row (ALL); NaN when it has none.
    coin_count, coin_count_long : (n,) int64
    dispersion_ratio : (n,) float64
        How far the cohorts disagree, see `dispersion_ratio`.
    """

    coins: tuple[str, ...]
    cohorts: tuple[CohortDefinition, ...]
    total_usd: Float64Array = field(repr=False)
    value_bias_ratio: Float64Array = field(repr=False)
    count_bias_ratio: Float64Array = field(repr=False)
    count: Int64Array = field(repr=False)
    coin_total_usd: Float64Array = field(repr=False)
    coin_count: Int64Array = field(repr=False)
    coin_count_long: Int64Array = field(repr=False)
    dispersion_ratio: Float64Array = field(repr=False)

    def take(self, rows: Int64Array) -> CohortMatrix:
        """Return the matrix with only these coins, in this order."""
        return CohortMatrix(
            tuple(self.coins[i] for i in rows),
            self.cohorts,
            self.total_usd[rows],
            self.value_bias_ratio[rows],
            self.count_bias_ratio[rows],
            self.count[rows],
            self.coin_total_usd[rows],
            self.coin_count[rows],
            self.coin_count_long[rows],
            self.dispersion_ratio[rows],
        )


def compute_matrix(table: CohortTable) -> CohortMatrix:
    """Pivot a table into coins by cohorts, coins in the order served."""
    coins = tuple(dict.fromkeys(table.coins))
    cohorts = table.definitions
    row_of = {coin: i for i, coin in enumerate(coins)}
    column_of = {cohort.id: j for j, cohort in enumerate(cohorts)}
    shape = (len(coins), len(cohorts))
    total = np.full(shape, np.nan)
    value_bias = np.full(shape, np.nan)
    count_bias = np.full(shape, np.nan)
    count = np.zeros(shape, dtype=np.int64)
    coin_total = np.full(len(coins), np.nan)
    coin_count = np.zeros(len(coins), dtype=np.int64)
    coin_long = np.zeros(len(coins), dtype=np.int64)
    by_value, by_count = value_bias_ratio(table), count_bias_ratio(table)
    for k, (coin, cohort_id) in enumerate(zip(table.coins, table.cohort_id, strict=True)):
        i = row_of[coin]
        if cohort_id == ALL_ID:
            coin_total[i] = table.total_usd[k]
            coin_count[i] = table.count[k]
            coin_long[i] = table.count_long[k]
            continue
        j = column_of[int(cohort_id)]
        total[i, j] = table.total_usd[k]
        value_bias[i, j] = by_value[k]
        count_bias[i, j] = by_count[k]
        count[i, j] = table.count[k]
    dispersion = dispersion_ratio(total, value_bias, [cohort.kind for cohort in cohorts])
    return CohortMatrix(
        coins, cohorts, total, value_bias, count_bias, count, coin_total, coin_count, coin_long,
        dispersion,
    )  # fmt: skip


def dispersion_ratio(
    total_usd: Float64Array, bias_ratio: Float64Array, kinds: list[str]
) -> Float64Array:
    """How far the cohorts of a coin disagree.

    Every contract has a long and a short side, so the value-weighted mean bias of a whole
    partition is one half by construction: only the spread around it carries information.

    Parameters
    ----------
    total_usd, bias_ratio : (n, m) float64
        NaN where not served.
    kinds : list of str, length m
        ``size`` or ``pnl``; other kinds do not count.

    Returns
    -------
    (n,) float64
        Value-weighted standard deviation of the bias, of the partition that disagrees more;
        0 to 0.5, NaN for a coin without cohorts.
    """
    known = np.isfinite(bias_ratio) & np.isfinite(total_usd)
    weight = np.where(known, total_usd, 0.0)
    bias = np.where(known, bias_ratio, 0.0)
    spreads = np.full((2, total_usd.shape[0]), np.nan)
    for row, kind in enumerate(("size", "pnl")):
        member = np.array([name == kind for name in kinds], dtype=bool)
        whole = weight[:, member].sum(axis=1)
        mean = share((weight * bias)[:, member].sum(axis=1), whole)
        offset = np.where(known[:, member], bias[:, member] - mean[:, None], 0.0)
        spreads[row] = np.sqrt(share((weight[:, member] * offset**2).sum(axis=1), whole))
    spread: Float64Array = np.fmax(spreads[0], spreads[1])
    return spread


def order_coins(
    matrix: CohortMatrix, by: str, limit: int, search: str = "", *, descending: bool = True
) -> Int64Array:
    """Rows to show, in order.

    Parameters
    ----------
    by : str
        ``value`` (BTC and ETH first, then by open value), ``dispersion``, or a cohort id as
        text (by that cohort's value bias).
    limit : int
        At most this many coins; the largest by open value are kept, then sorted.
    search : str
        Only coins whose name contains this.

    Returns
    -------
    (k,) int64
        Row indices into the matrix. Coins without a figure to sort by come last.
    """
    wanted = search.strip().upper()
    rows = np.array(
        [i for i, coin in enumerate(matrix.coins) if wanted in coin.upper()], dtype=np.int64
    )
    leading = np.array([matrix.coins[i] not in FIRST_COINS for i in rows], dtype=bool)
    value = np.nan_to_num(matrix.coin_total_usd[rows], nan=-1.0)
    kept = rows[np.lexsort((-value, leading))][:limit]
    if by == "value":
        return kept if descending else kept[::-1]
    if by == "dispersion":
        key = matrix.dispersion_ratio[kept]
    else:
        ids = [str(cohort.id) for cohort in matrix.cohorts]
        if by not in ids:
            return kept
        key = matrix.value_bias_ratio[kept, ids.index(by)]
    missing = np.isnan(key)
    filled = np.where(missing, 0.0, key)
    return kept[np.lexsort((-filled if descending else filled, missing))]


def disagrees(value_bias: float, count_bias: float) -> bool:
    """Tell whether money and heads lean to opposite sides, clearly (over two points each)."""
    if not (np.isfinite(value_bias) and np.isfinite(count_bias)):
        return False
    return (value_bias - 0.5) * (count_bias - 0.5) < 0 and (
        min(abs(value_bias - 0.5), abs(count_bias - 0.5)) > 0.02
    )
