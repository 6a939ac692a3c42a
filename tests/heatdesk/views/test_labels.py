"""Labels never cover each other."""

from __future__ import annotations

import random

from heatdesk.views.labels import Box, place_beside, spread_vertically


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


def test_crowded_labels_move_apart_and_lone_ones_stay() -> None:
    centres = spread_vertically([100.0, 102.0, 300.0, 101.0], 14.0, 0.0, 400.0)
    assert centres[2] == 300.0
    crowd = sorted([centres[0], centres[3], centres[1]])
    assert crowd == [centres[0], centres[3], centres[1]], "their order is kept"
    assert crowd[1] - crowd[0] == 14.0
    assert crowd[2] - crowd[1] == 14.0
    assert sum(crowd) / 3 == 101.0, "they move as little as possible"


def test_labels_stay_on_the_line_when_they_fit() -> None:
    centres = spread_vertically([0.0, 1.0, 399.0], 20.0, 0.0, 400.0)
    assert min(centres) >= 10.0
    assert max(centres) <= 390.0
    assert centres[1] - centres[0] >= 20.0
