"""A market computed from a seed: a walking price, walls that come and are pulled, forced sales."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from tests.servers.venues.market import Change, Liquidation, PlainBook, Step, Trade

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.venues.market import Spec

_FAR_SLACK = 60
_WALL_TIMES = 40


class Generated:
    """A deterministic `Source`.

    Parameters
    ----------
    price
        Where it begins, quote units.
    levels
        Levels a side.
    changes
        Levels that change in a step, about.
    trades
        Trades in a step, about.
    liquidations
        Share of the steps that bring one.
    volatility
        Ticks the price may move in a step.
    """

    def __init__(
        self,
        spec: Spec,
        price: float,
        seed: int = 1,
        *,
        levels: int = 1200,
        step_ms: int = 100,
        changes: int = 14,
        trades: float = 1.5,
        liquidations: float = 0.04,
        volatility: int = 3,
        trade_usd: float = 20_000.0,
    ) -> None:
        self.spec = spec
        self.tick = spec.tick
        self.step_ms = step_ms
        self._rng = random.Random(f"{spec.symbol} {seed}")
        self._levels, self._changes, self._trades = levels, changes, trades
        self._liquidations, self._volatility = liquidations, volatility
        self._unit_qty = max(2.0, trade_usd / price * 10**spec.qty_decimals)
        # Where ticks are fine, levels lie apart and the price moves by more than one of them.
        self._gap = max(1, round(price * 1.5e-6 / (spec.tick * spec.price_unit)))
        start = round(price * 10**spec.price_decimals) // spec.tick * spec.tick
        self.best_bid, self.best_ask = start, start + spec.tick
        self._walls: list[tuple[int, int, bool]] = []
        self._book = PlainBook()
        self._fill_far(self._book.bids, self.best_bid, -1, [])
        self._fill_far(self._book.asks, self.best_ask, 1, [])

    def begin(self) -> PlainBook:
        return self._book.copy()

    def steps(self) -> Iterator[Step]:
        at_ms = 0
        while True:
            at_ms += self.step_ms
            yield self._step(at_ms)

    def retick(self, tick: int) -> None:
        """Trade in other price steps from now on."""
        self._gap = max(1, self._gap * self.tick // tick)
        self.tick = tick

    def _qty(self, times: float = 1.0) -> int:
        return 1 + int(self._rng.expovariate(1.0) * self._unit_qty * times)

    def _fill_far(self, side: dict[int, int], best: int, sign: int, told: list[Change]) -> None:
        """Let a side reach as far as it should; near the best price they lie dense."""
        price = best if not side else (min(side) if sign < 0 else max(side)) + sign * self.tick
        while len(side) < self._levels and price > 0:
            side[price] = self._qty(3.0)
            told.append((price, side[price]))
            near = abs(price - best) < 150 * self._gap * self.tick
            price += sign * self.tick * self._rng.randint(1, (2 if near else 5) * self._gap)

    def _step(self, at_ms: int) -> Step:
        bids: dict[int, int] = {}
        asks: dict[int, int] = {}
        step = Step(at_ms)
        self._trade(step)
        self._move(bids, asks)
        for _ in range(self._rng.randint(1, 2 * self._changes)):
            self._touch(bids, asks)
        self._tend_walls(at_ms, bids, asks)
        self._book.apply(bids.items(), asks.items())
        step.bids, step.asks = list(bids.items()), list(asks.items())
        self._keep_length(step)
        return step

    def _trade(self, step: Step) -> None:
        count = int(self._rng.expovariate(1.0 / self._trades)) if self._trades else 0
        for _ in range(count):
            buy = self._rng.random() < 0.5
            price = self.best_ask if buy else self.best_bid
            step.trades.append(Trade(price, self._qty(0.6), buy))
        if self._rng.random() < self._liquidations:
            is_long = self._rng.random() < 0.5
            price = self.best_bid if is_long else self.best_ask
            step.liquidations.append(Liquidation(price, self._qty(12.0), is_long))

    def _move(self, bids: dict[int, int], asks: dict[int, int]) -> None:
        ticks = self._rng.randint(-self._volatility, self._volatility)
        ticks = ticks if self._rng.random() < 0.6 else 0
        ticks *= self._gap
        shift = ticks * self.tick
        if self.best_bid + shift <= 10 * self.tick:
            return
        self.best_bid = (self.best_bid + shift) // self.tick * self.tick
        wide = 2 if self._rng.random() < 0.1 else 1
        self.best_ask = self.best_bid + wide * self.tick
        for price in [price for price in self._book.bids if price > self.best_bid]:
            bids[price] = 0
        for price in [price for price in self._book.asks if price < self.best_ask]:
            asks[price] = 0
        low = self.best_bid - max(0, ticks) * self.tick
        for price in range(self.best_bid, low - 1, -self._gap * self.tick):
            bids[price] = self._qty()
        high = self.best_ask + max(0, -ticks) * self.tick
        for price in range(self.best_ask, high + 1, self._gap * self.tick):
            asks[price] = self._qty()

    def _touch(self, bids: dict[int, int], asks: dict[int, int]) -> None:
        away = int(self._rng.expovariate(1 / 60.0) * self._gap)
        qty = 0 if away and self._rng.random() < 0.25 else self._qty(2.0)
        if self._rng.random() < 0.5:
            price = self.best_bid - away * self.tick
            if price > 0:
                bids[price] = qty
        else:
            asks[self.best_ask + away * self.tick] = qty

    def _tend_walls(self, at_ms: int, bids: dict[int, int], asks: dict[int, int]) -> None:
        standing = []
        for until_ms, price, is_bid in self._walls:
            changes = bids if is_bid else asks
            if until_ms > at_ms:
                standing.append((until_ms, price, is_bid))
            elif (is_bid and price < self.best_bid) or (not is_bid and price > self.best_ask):
                changes[price] = 0
        self._walls = standing
        if self._rng.random() < 0.03:
            is_bid, away = (
                self._rng.random() < 0.5,
                self._rng.randint(20, 400) * self._gap * self.tick,
            )
            price = self.best_bid - away if is_bid else self.best_ask + away
            if price > 0:
                (bids if is_bid else asks)[price] = self._qty() + int(self._unit_qty * _WALL_TIMES)
                lasting_ms = self._rng.randint(300, 60_000)
                self._walls.append((at_ms + lasting_ms, price, is_bid))

    def _keep_length(self, step: Step) -> None:
        """Far levels come and go as the price moves on."""
        for side, best, sign, told in (
            (self._book.bids, self.best_bid, -1, step.bids),
            (self._book.asks, self.best_ask, 1, step.asks),
        ):
            if len(side) < self._levels - _FAR_SLACK:
                self._fill_far(side, best, sign, told)
            elif len(side) > self._levels + _FAR_SLACK:
                for price in sorted(side, reverse=sign > 0)[:_FAR_SLACK]:
                    del side[price]
                    told.append((price, 0))
