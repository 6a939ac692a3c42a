"""The order book of the demo market, column by column.

Resting orders are laid in layers that hold for minutes, hours and days at a level, so that the
picture consists of bands; liquidity rises then falls with the distance from the price, gathers
at round prices, is thin where the price has just been, and carries the walls of `demo_walls`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heatdesk.frames import BookWindow, LevelRuns, Quote
from heatdesk.providers.demo_candles import bars_of
from heatdesk.providers.demo_noise import (
    Floats,
    Ints,
    hash_1,
    join,
    key_of,
    lognormal,
    look_up,
    uniform,
)
from heatdesk.providers.demo_price import PricePath
from heatdesk.providers.demo_walls import WallCells, wall_cells
from heatdesk.units import DAY_MS, HOUR_MS, MINUTE_MS

_THIN_MINUTES = 24
_ROUND_STEPS = ((10, 1.5), (20, 1.5), (50, 1.5), (100, 1.8), (200, 2.0))
"""Round prices, in native levels, and how much more rests there (they multiply)."""

_LAYERS = (
    # holding time of the shortest-lived level, weight, sigma
    (int(1.5 * MINUTE_MS), 0.16, 0.9),
    (9 * MINUTE_MS, 0.28, 1.2),
    (70 * MINUTE_MS, 0.34, 1.3),
    (13 * HOUR_MS, 0.30, 1.35),
    (6 * DAY_MS, 0.12, 1.2),
)


@dataclass(frozen=True, slots=True)
class VenueCharacter:
    """How a venue's book differs from the deepest one.

    ``size`` scales quantities, ``holes`` is the share of empty levels far out, ``walls`` scales
    its walls, ``reach`` the distance over which its liquidity fades.
    """

    size: float
    holes: float
    walls: float
    reach: float


_CHARACTERS = {
    "BINANCE_FUTURES": VenueCharacter(1.0, 0.02, 1.0, 1.0),
    "BYBIT": VenueCharacter(0.62, 0.04, 0.75, 0.9),
    "OKEX_SWAP": VenueCharacter(0.55, 0.05, 0.8, 0.85),
    "BITGET": VenueCharacter(0.45, 0.06, 0.6, 0.7),
    "HYPERLIQUID_FUTURES": VenueCharacter(0.5, 0.10, 0.7, 0.6),
    "DERIBIT": VenueCharacter(0.3, 0.25, 0.4, 0.6),
    "BINANCE": VenueCharacter(0.34, 0.08, 0.55, 1.2),
    "COINBASE": VenueCharacter(0.3, 0.10, 0.7, 1.4),
}
_OTHER_DERIVATIVES = VenueCharacter(0.25, 0.18, 0.4, 0.7)


def character_of(venue: str) -> VenueCharacter:
    """Return how a venue's book looks; venues without a line of their own are small."""
    return _CHARACTERS.get(venue, _OTHER_DERIVATIVES)


@dataclass(frozen=True, slots=True)
class BookRequest:
    """What to draw: the book of a coin at one or several venues, on one grid."""

    venues: tuple[str, ...]
    interval_ms: int
    block_size: float
    depth: int
    quote: Quote


@dataclass(frozen=True, slots=True)
class _Moments:
    """The market at the moments of the snapshots, in native levels.

    ``best_bid`` is the highest native level that lies below the price, ``centre`` where it
    has been lately; the arrays
    ``high_level`` and ``low_level`` (minutes back, n) hold the extremes since then.
    """

    time_ms: Ints
    best_bid: Ints
    centre: Ints
    high_level: Ints
    low_level: Ints


def _recent_extremes(path: PricePath, venue: str, time_ms: Ints) -> tuple[Floats, Floats]:
    """Highest and lowest price of the last 1, 2, ... minutes at each moment."""
    first_ms = int(time_ms[0]) - _THIN_MINUTES * MINUTE_MS
    last_ms = int(time_ms[-1])
    bars = bars_of(path, venue, MINUTE_MS, first_ms, last_ms, last_ms)
    own = np.searchsorted(bars.time_ms, time_ms) - 1
    rows = np.maximum(own[None, :] - np.arange(_THIN_MINUTES)[:, None], 0)
    return (
        np.maximum.accumulate(bars.high[rows], axis=0),
        np.minimum.accumulate(bars.low[rows], axis=0),
    )


def _moments(
    path: PricePath, venue: str, native: float, interval_ms: int, time_ms: Ints
) -> _Moments:
    first_ms, last_ms = int(time_ms[0]) - interval_ms, int(time_ms[-1])
    step_ms = min(interval_ms, HOUR_MS)
    bars = bars_of(path, venue, step_ms, first_ms, last_ms, last_ms)
    price = bars.close[np.searchsorted(bars.time_ms, time_ms) - 1]
    if interval_ms <= 15 * MINUTE_MS:
        high, low = _recent_extremes(path, venue, time_ms)
    else:
        high = low = np.broadcast_to(price, (_THIN_MINUTES, price.size))
    return _Moments(
        time_ms,
        np.ceil(price / native - 1e-9).astype(np.int64) - 1,
        np.floor((high + low).mean(axis=0) / (2 * native)).astype(np.int64),
        np.floor(high / native).astype(np.int64),
        np.floor(low / native).astype(np.int64),
    )


def _rise(depth: int, level_share: float) -> Floats:
    """Little rests right at the touch: factor by distance from the price, in levels."""
    factor: Floats = 0.30 + 0.70 * (1 - np.exp(-(np.arange(depth) + 0.5) * level_share / 0.00045))
    return factor


def _slope(reach_levels: int, level_share: float, reach: float) -> Floats:
    """A hump and a long slope: factor by distance from where the price has been lately."""
    distance = np.arange(reach_levels) * level_share
    hump = 1 + 1.0 * np.exp(-((distance / 0.0036) ** 2))
    factor: Floats = hump / (1 + (distance / (0.021 * reach)) ** 1.7)
    return factor


def _thinning(moments: _Moments, depth: int, bid: bool) -> Floats:
    """Share still missing where the price has just been, (n, depth); it fills up again."""
    n = moments.time_ms.size
    edge = moments.best_bid
    reached = moments.high_level - (edge + 1) if not bid else edge - moments.low_level
    lag = np.arange(_THIN_MINUTES + 1)
    refill = np.exp(-lag / 7.0)
    weight = np.repeat((refill[:-1] - refill[1:])[:, None], n, axis=1)
    inside = reached >= 0
    column = np.minimum(reached, depth - 1) + np.arange(n) * depth
    flat = np.bincount(column[inside], weights=weight[inside], minlength=n * depth)
    missing = flat.astype(np.float64, copy=False).reshape(n, depth)
    total: Floats = np.cumsum(missing[:, ::-1], axis=1)[:, ::-1]
    return 0.8 * total


def _layers(key: int, level: Ints, time_ms: Ints, bid: bool) -> Floats:
    """Sum of the layers of resting orders at native levels (n, depth), median about 1."""
    total: Floats | None = None
    hashed = hash_1(key + int(bid), level)
    # every level has its own pace and phase, so that columns do not change all at once
    pace = 1.0 / (1.0 + 3.0 * uniform(hashed))
    phase = uniform(join(hashed, np.array([1])))
    for number, (hold_ms, weight, sigma) in enumerate(_LAYERS):
        epoch = np.floor((time_ms[:, None] / hold_ms) * pace + phase * 7.0).astype(np.int64)
        part = look_up(weight * lognormal(sigma), join(hashed + np.uint64(number), epoch))
        total = part if total is None else total + part
    assert total is not None
    # neighbours are alike: whole zones are busy or deserted for hours
    zone = hash_1(key + 3 + int(bid), level // 7)
    epoch = np.floor(time_ms[:, None] / (100 * MINUTE_MS) + uniform(zone)).astype(np.int64)
    busy: Floats = look_up(lognormal(0.45), join(zone, epoch))
    total *= busy
    return total


def _magnets(key: int, level: Ints) -> Floats:
    """How much more rests at round prices, by native level."""
    factor = np.ones(level.shape)
    for step, more in _ROUND_STEPS:
        factor *= np.where(level % step == 0, more, 1.0)
    liking = look_up(lognormal(0.35), hash_1(key, level))
    return np.where(factor > 1.0, factor * liking, 1.0)


def _by_level(first: int, values: Floats, level: Ints) -> Floats:
    return np.take(values, level - first)


class BookMaker:
    """Builds windows of one coin's demo book.

    Parameters
    ----------
    path : PricePath
    seed : int
    """

    def __init__(self, path: PricePath, seed: int) -> None:
        self._path = path
        self._seed = seed

    def window(
        self, ask: BookRequest, from_ms: int, to_ms: int, time_ms: Ints, now_ms: int
    ) -> BookWindow:
        """Build the snapshots of the buckets that start at ``time_ms`` (ascending).

        A snapshot is taken at the end of its bucket, or now when the bucket is still forming.
        """
        moment_ms = np.minimum(time_ms + ask.interval_ms, now_ms)
        sides = {True: self._empty(ask), False: self._empty(ask)}
        if time_ms.size:
            sides = self._sides(ask, moment_ms)
        return BookWindow(
            from_ms,
            to_ms,
            ask.interval_ms,
            time_ms.copy(),
            ask.block_size,
            ask.quote,
            bids=sides[True],
            asks=sides[False],
            complete_ms=min(now_ms, to_ms),
        )

    @staticmethod
    def _empty(ask: BookRequest) -> LevelRuns:
        return LevelRuns(np.zeros(1, dtype=np.int64), np.empty(0), np.empty(0))

    def _grid(self, ask: BookRequest) -> tuple[float, int]:
        """Native level height and how many of them one level asked for is high."""
        native = self._path.coin.block_size
        ratio = ask.block_size / native
        if 1 <= round(ratio) <= 10 and abs(ratio - round(ratio)) < 1e-9:
            return native, round(ratio)
        return ask.block_size, 1

    def _sides(self, ask: BookRequest, moment_ms: Ints) -> dict[bool, LevelRuns]:
        native, multiple = self._grid(ask)
        walls = {
            venue: wall_cells(
                self._path, ask.venues[0], key_of(self._seed, venue), native,
                ask.interval_ms, moment_ms,
            )
            for venue in ask.venues
        }  # fmt: skip
        # one price for all venues: a sum must not cross
        market = _moments(self._path, ask.venues[0], native, ask.interval_ms, moment_ms)
        sides = {}
        for bid in (True, False):
            # the outermost level is only whole when its last native level is there
            depth = ask.depth * multiple + multiple - 1
            total = np.zeros((moment_ms.size, depth))
            for venue in ask.venues:
                total += self._venue_side(venue, native, market, walls[venue], depth, bid)
            sides[bid] = self._runs(ask, native, multiple, market, total, bid)
        return sides

    def _venue_side(
        self, venue: str, native: float, market: _Moments, walls: WallCells, depth: int, bid: bool
    ) -> Floats:
        """Coins at each native level of one side, best first, (n, depth)."""
        coin, character = self._path.coin, character_of(venue)
        key = key_of(self._seed, "book", venue, coin.symbol, repr(native))
        offset = np.arange(depth, dtype=np.int64)
        near = market.best_bid[:, None] + (0 if bid else 1)
        level = near - offset if bid else near + offset
        first, last = int(level.min()), int(level.max())
        every = np.arange(first, last + 1, dtype=np.int64)
        qty = _layers(key, level, market.time_ms, bid)
        share = native / coin.price_usd
        away = np.abs(level - market.centre[:, None])
        qty *= np.take(_slope(int(away.max()) + 1, share, character.reach), away)
        qty *= _rise(depth, share)
        far = np.minimum(1.0, offset / 400.0)
        empty = uniform(
            join(
                hash_1(key + 5, level),
                (market.time_ms[:, None] + level * 97_001) // (47 * MINUTE_MS),
            )
        )
        qty *= empty >= character.holes * (0.15 + far)
        qty *= _by_level(first, _magnets(key + 9, every), level)
        self._add_walls(qty, walls, near[:, 0], character, bid)
        qty *= 1.0 - _thinning(market, depth, bid)
        # the very largest would drown the rest: the tail is long, not endless
        huge = qty > _HUGE
        qty[huge] = _HUGE * np.power(qty[huge] / _HUGE, 0.35)
        unit = coin.minute_usd / coin.price_usd * _LEVEL_PER_MINUTE
        return qty * (unit * character.size * native / coin.block_size)

    @staticmethod
    def _add_walls(
        qty: Floats, walls: WallCells, near: Ints, character: VenueCharacter, bid: bool
    ) -> None:
        mine = walls.bid == int(bid)
        column, level = walls.column[mine], walls.level[mine]
        away = near[column] - level if bid else level - near[column]
        seen = (away >= 0) & (away < qty.shape[1])
        flat = column[seen] * qty.shape[1] + away[seen]
        added = np.bincount(flat, weights=walls.qty[mine][seen] * character.walls)
        qty.reshape(-1)[: added.size] += added

    def _runs(
        self, ask: BookRequest, native: float, multiple: int, market: _Moments, total: Floats,
        bid: bool,
    ) -> LevelRuns:  # fmt: skip
        """Gather native levels into the levels asked for and lay the snapshots end to end."""
        n = market.time_ms.size
        near = market.best_bid if bid else market.best_bid + 1
        if multiple == 1:
            qty = total[:, : ask.depth]
            own = near
        else:
            own = near // multiple
            # how far into its level the best native level lies
            lead = (own + 1) * multiple - 1 - near if bid else near - own * multiple
            place = np.arange(total.shape[1]) + lead[:, None]
            place = place // multiple
            place += np.arange(n)[:, None] * (ask.depth + 1)
            kept = (place - np.arange(n)[:, None] * (ask.depth + 1)) < ask.depth
            flat = np.bincount(
                place[kept], weights=total[kept], minlength=n * (ask.depth + 1)
            ).astype(np.float64, copy=False)
            qty = flat.reshape(n, ask.depth + 1)[:, : ask.depth]
        step = np.arange(ask.depth, dtype=np.int64)
        level = own[:, None] - step if bid else own[:, None] + step
        price = np.round(level * ask.block_size, 12)
        qty = np.round(qty, self._path.coin.lot_decimals)
        if ask.quote is Quote.USD:
            qty = qty * price
        offsets = np.arange(n + 1, dtype=np.int64) * ask.depth
        return LevelRuns(offsets, price.reshape(-1), np.ascontiguousarray(qty).reshape(-1))


_HUGE = 240.0
"""Usual levels above which sizes grow more slowly."""

_LEVEL_PER_MINUTE = 0.0105
"""Usual quantity of a level against the turnover of a usual minute."""
