"""Labels never cover each other."""

from __future__ import annotations

import random

from heatdesk.views.labels import Box, place_beside


def test_labels_cover_neither_each_other_nor_another_dot_nor_the_edge() -> None:
    chance = random.Random(7)
    bounds = Box(0, 0, 600, 400)
    dots = [
        (chance.uniform(0, 600), chance.uniform(0, 400), chance.uniform(2, 18)) for _ in range(60)
    ]
    boxes = place_beside(dots, [(40.0, 12.0)] * 60, bounds, limit=25)
    placed = [box for box in boxes if box is not None]
    assert 10 <= len(placed) <= 25
    for i, box in enumerate(placed):
        assert box.inside(bounds)
        assert not any(box.overlaps(other) for other in placed[i + 1 :])


def test_the_first_label_gets_its_place_before_the_others() -> None:
    boxes = place_beside([(50, 50, 4), (51, 50, 4)], [(30, 10)] * 2, Box(0, 0, 100, 100), limit=1)
    assert boxes[0] is not None
    assert boxes[1] is None


def test_the_foremost_are_named_even_where_lesser_dots_lie_around_them() -> None:
    around = [(60 + dx, 60 + dy, 6.0) for dx in (-22, 0, 22) for dy in (-22, 0, 22) if dx or dy]
    dots = [(60.0, 60.0, 14.0), *around]
    boxes = place_beside(dots, [(24.0, 12.0)] * 9, Box(0, 0, 120, 120), limit=9)
    assert boxes[0] is not None
    covered = [
        Box(x - 5, y - 5, 10, 10)
        for x, y, _ in around
        if boxes[0].overlaps(Box(x - 5, y - 5, 10, 10))
    ]
    assert len(covered) <= 2, "where it hides the least"
    crowd = [(300.0 + x, 60.0, 4.0) for x in range(5)]
    far = place_beside([*crowd, *dots], [(24.0, 12.0)] * 14, Box(0, 0, 400, 120), limit=14)
    assert far[5] is None, "the others are named only where nothing is hidden"
