"""Sharing memory: what each subscription may hold when all together have a limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_PYRAMID_SHARE = 11
# what cells are pooled into takes a tenth of their bytes: an eleventh of all


@dataclass(frozen=True, slots=True)
class Budget:
    """What one subscription may hold.

    Attributes
    ----------
    heatmap, exact : int
        Bytes of its cells, and of its snapshots as served.
    """

    heatmap: int
    exact: int

    @property
    def whole(self) -> int:
        """Both together, bytes."""
        return self.heatmap + self.exact

    def part(self, ratio: float) -> Budget:
        """The same, smaller."""
        return Budget(int(self.heatmap * ratio), int(self.exact * ratio))


def shared(usual: Sequence[Budget], total_bytes: int | None) -> list[Budget]:
    """Return what each may hold: its usual budget while all fit, else the same part of it."""
    wanted = sum(one.whole for one in usual)
    if total_bytes is None or wanted <= total_bytes:
        return list(usual)
    return [one.part(total_bytes / wanted) for one in usual]


def cells_of(budget_bytes: int) -> int:
    """What of a budget is left for cells, beside what they are pooled into."""
    return budget_bytes - budget_bytes // _PYRAMID_SHARE
