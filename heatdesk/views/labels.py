"""Placing labels so that none covers another, a dot's centre or the edge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


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

    Returns
    -------
    list of Box or None
        One per dot; None where no free place was found.
    """
    placed: list[Box | None] = []
    taken: list[Box] = []
    cores = [Box(x - r * 0.6, y - r * 0.6, r * 1.2, r * 1.2) for x, y, r in anchors]
    for i, ((x, y, radius), (width, height)) in enumerate(zip(anchors, sizes, strict=True)):
        choice = None
        if len(taken) < limit:
            reach = radius + gap_px
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
            for left, top in corners:
                box = Box(left, top, width, height)
                free = box.inside(bounds) and not any(box.overlaps(other) for other in taken)
                if free and not any(box.overlaps(core) for j, core in enumerate(cores) if j != i):
                    choice = box
                    taken.append(box)
                    break
        placed.append(choice)
    return placed


def spread_vertically(
    centres: Sequence[float], height: float, top: float, bottom: float
) -> list[float]:
    """Move labels of one height apart along a line, as little as possible.

    Parameters
    ----------
    centres : sequence of float
        Wanted centres, pixels, in any order.
    height : float
        Height of every label.
    top, bottom : float
        The line's ends.

    Returns
    -------
    list of float
        Centres without overlap, in the order given; they may leave the line at the bottom only
        when the labels cannot all fit.
    """
    order = sorted(range(len(centres)), key=lambda i: centres[i])
    blocks: list[tuple[float, list[int]]] = []
    for i in order:
        blocks.append((centres[i], [i]))
        while len(blocks) > 1:
            (above, upper), (below, lower) = blocks[-2], blocks[-1]
            if below - above >= height * (len(upper) + len(lower)) / 2:
                break
            members = upper + lower
            middle = sum(centres[j] for j in members) / len(members)
            blocks[-2:] = [(_kept(middle, len(members) * height, top, bottom), members)]
    out = [0.0] * len(centres)
    for middle, members in blocks:
        start = _kept(middle, len(members) * height, top, bottom) - (len(members) - 1) * height / 2
        for k, i in enumerate(members):
            out[i] = start + k * height
    return out


def _kept(middle: float, length: float, top: float, bottom: float) -> float:
    return max(top + length / 2, min(middle, bottom - length / 2))
