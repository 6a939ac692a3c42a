"""Labels beside a chart, moved just enough that none covers another."""

from __future__ import annotations

from collections.abc import Sequence


def spread_labels(
    centres_px: Sequence[float], height_px: float, top_px: float, bottom_px: float
) -> list[float]:
    """Centres of labels of one height, as near to where they belong as they fit.

    Labels that would overlap form a pile around the mean of their wishes; piles that meet
    become one. Order is kept. When there is no room for all, the pile fills from the top.

    Parameters
    ----------
    centres_px : sequence of float
        Where each label belongs.
    height_px : float
        Height of one label with its spacing.
    top_px, bottom_px : float
        Room there is.

    Returns
    -------
    list of float
        New centres, in the order given.
    """
    order = sorted(range(len(centres_px)), key=lambda i: centres_px[i])
    piles: list[tuple[list[int], float]] = []
    for i in order:
        members, middle = [i], _held(centres_px[i], 1, height_px, top_px, bottom_px)
        while piles:
            above, above_middle = piles[-1]
            room = (len(above) + len(members)) / 2 * height_px
            if middle - above_middle >= room - 1e-9:
                break
            members = above + members
            wish = sum(centres_px[j] for j in members) / len(members)
            middle = _held(wish, len(members), height_px, top_px, bottom_px)
            piles.pop()
        piles.append((members, middle))
    placed = [0.0] * len(centres_px)
    for members, middle in piles:
        first = middle - (len(members) - 1) / 2 * height_px
        for k, i in enumerate(members):
            placed[i] = first + k * height_px
    return placed


def _held(middle: float, count: int, height_px: float, top_px: float, bottom_px: float) -> float:
    half = count * height_px / 2
    return max(top_px + half, min(bottom_px - half, middle))
