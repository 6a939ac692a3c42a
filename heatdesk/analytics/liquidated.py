"""Liquidations that happened, joined where their marks would lie on one another."""

from __future__ import annotations

from dataclasses import dataclass

from heatdesk.frames import LiquidationBatch


@dataclass(frozen=True, slots=True)
class LiquidationGroup:
    """One or several liquidations of one side that share a mark.

    Attributes
    ----------
    first_ms, last_ms : int
        Times of the first and the last of them.
    price : float
        Weighted by value, quote units.
    value_usd, qty_base : float
        Sums.
    count : int
    long : bool
        Whether LONG positions were liquidated.
    largest_usd : float
        The largest single one.
    """

    first_ms: int
    last_ms: int
    price: float
    value_usd: float
    qty_base: float
    count: int
    long: bool
    largest_usd: float

    @property
    def time_ms(self) -> float:
        """Middle of their times."""
        return (self.first_ms + self.last_ms) / 2


class _Open:
    """A group that still takes in what is near its first liquidation."""

    __slots__ = ("count", "first_ms", "largest", "last_ms", "price_value", "qty", "start", "value")

    def __init__(self, time_ms: int, price: float) -> None:
        self.first_ms = self.last_ms = time_ms
        self.start = price
        self.count = 0
        self.value = self.qty = self.price_value = self.largest = 0.0

    def add(self, time_ms: int, price: float, qty: float, value: float) -> None:
        self.last_ms = time_ms
        self.count += 1
        self.value += value
        self.qty += qty
        self.price_value += price * value
        self.largest = max(self.largest, value)

    def closed(self, long: bool) -> LiquidationGroup:
        return LiquidationGroup(
            self.first_ms,
            self.last_ms,
            self.price_value / self.value,
            self.value,
            self.qty,
            self.count,
            long,
            self.largest,
        )


def join_liquidations(
    batch: LiquidationBatch, near_ms: float, near_price: float
) -> list[LiquidationGroup]:
    """Groups of liquidations, ascending by the time of their first.

    A liquidation joins a group of its side whose first one is less than ``near_ms`` and
    ``near_price`` away; one without a value is left out. Groups reach from their first member,
    so that a later liquidation never moves one to another group.

    Parameters
    ----------
    near_ms, near_price : float
        Width and height of a mark.
    """
    groups: list[tuple[bool, _Open]] = []
    recent: dict[bool, list[_Open]] = {True: [], False: []}
    columns = (batch.time_ms, batch.price, batch.qty_base, batch.value_usd, batch.long)
    for time_ms, price, qty, value, long in zip(*(c.tolist() for c in columns), strict=True):
        if not (value > 0 and price > 0 and qty > 0 and value < float("inf")):
            continue
        open_groups = [one for one in recent[long] if time_ms - one.first_ms < near_ms]
        near = [one for one in open_groups if abs(one.start - price) < near_price]
        if near:
            chosen = min(near, key=lambda one: abs(one.start - price))
        else:
            chosen = _Open(time_ms, price)
            open_groups.append(chosen)
            groups.append((long, chosen))
        recent[long] = open_groups
        chosen.add(time_ms, price, qty, value)
    return [one.closed(long) for long, one in groups]
