"""Placing labels so that none covers another, a dot's centre or the edge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_SURE = 3
"""So many dots are named wherever there is room between other labels."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels, origin top left."""

    x: float
    y: float
    width: float
    height: float

    def overlaps(self, other: Box) -> bool:
        """Tell whether two boxes share any area."""
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )

    def inside(self, other: Box) -> bool:
        """Tell whether this box lies wholly in another."""
        return (
            self.x >= other.x
            and self.y >= other.y
            and self.x + self.width <= other.x + other.width
            and self.y + self.height <= other.y + other.height
        )


def place_beside(
    anchors: Sequence[tuple[float, float, float]],
    sizes: Sequence[tuple[float, float]],
    bounds: Box,
    limit: int,
    gap_px: float = 3.0,
    obstacles: Sequence[Box] = (),
) -> list[Box | None]:
    """Place labels beside round dots, the first ones first.

    Parameters
    ----------
    anchors : sequence of (x, y, radius)
        Dots in pixels, in the order in which they deserve a label.
    sizes : sequence of (width, height)
        Label of each dot, pixels.
    bounds : Box
        Labels stay inside.
    limit : int
        At most this many labels.
    obstacles : sequence of Box
        Places no label may cover.

    Returns
    -------
    list of Box or None
        One per dot; None where no free place was found.
    """
    placed: list[Box | None] = []
    taken: list[Box] = list(obstacles)
    limit += len(taken)
    cores = [Box(x - r * 0.85, y - r * 0.85, r * 1.7, r * 1.7) for x, y, r in anchors]
    for i, ((x, y, radius), (width, height)) in enumerate(zip(anchors, sizes, strict=True)):
        choice = None
        if len(taken) < limit:
            free = [
                box
                for box in _beside(x, y, radius + gap_px, width, height)
                if box.inside(bounds) and not any(box.overlaps(other) for other in taken)
            ]
            others = [core for j, core in enumerate(cores) if j != i]
            covered = [sum(box.overlaps(core) for core in others) for box in free]
            # the foremost have their name, even over a lesser dot
            if covered and (i < _SURE or not min(covered)):
                choice = free[covered.index(min(covered))]
            if choice is not None:
                taken.append(choice)
        placed.append(choice)
    return placed


def _beside(x: float, y: float, reach: float, width: float, height: float) -> list[Box]:
    """Places of a label around a point, the best first."""
    diagonal = 0.7 * reach
    corners = (
        (x + reach, y - height / 2),
        (x - reach - width, y - height / 2),
        (x - width / 2, y - reach - height),
        (x - width / 2, y + reach),
        (x + diagonal, y - diagonal - height),
        (x + diagonal, y + diagonal),
        (x - diagonal - width, y - diagonal - height),
        (x - diagonal - width, y + diagonal),
    )
    return [Box(left, top, width, height) for left, top in corners]
