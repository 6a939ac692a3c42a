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
