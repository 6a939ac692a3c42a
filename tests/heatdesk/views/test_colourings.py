from __future__ import annotations

from heatdesk.views.colourings import COLOURINGS, colouring_after, offered
from heatdesk.views.palettes import PAIRS, SEQUENTIAL


def test_every_ramp_and_every_pair_is_a_choice() -> None:
    ramps = [each.ramps for each in COLOURINGS.values()]
    assert all((palette,) in ramps for palette in SEQUENTIAL)
    for pair in PAIRS:
        assert (pair.bid, pair.ask) in ramps
        assert (pair.ask, pair.bid) in ramps


def test_going_on_passes_every_choice_once_and_going_back_undoes_it() -> None:
    for sides in (True, False):
        names = [each.name for each in offered(sides=sides)]
        seen, name = [], names[0]
        for _ in names:
            seen.append(name)
            after = colouring_after(name, 1, sides=sides)
            assert colouring_after(after, -1, sides=sides) == name
            name = after
        assert seen == names
        assert name == names[0]


def test_without_sides_no_pair_is_offered() -> None:
    assert all(len(each.ramps) == 1 for each in offered(sides=False))
    assert colouring_after("pair", 1, sides=False) == offered()[0].name


def test_titles_tell_all_choices_apart_and_say_what_colour_blind_eyes_can_use() -> None:
    titles = [each.title for each in COLOURINGS.values()]
    assert len(set(titles)) == len(titles)
    for pair in PAIRS:
        assert ("blind" in COLOURINGS[pair.name].title) == pair.colour_blind_safe


def test_the_sides_of_a_pair_have_colours_of_their_own_and_swap_with_it() -> None:
    for light in (False, True):
        seen = set()
        for pair in PAIRS:
            sides = COLOURINGS[pair.name].of_sides(light)
            swapped = COLOURINGS[f"{pair.name}_swapped"].of_sides(light)
            assert sides is not None
            assert swapped == sides[::-1]
            seen |= set(sides)
        assert len(seen) == 2 * len(PAIRS)
    assert all(COLOURINGS[each.name].of_sides(False) is None for each in SEQUENTIAL)
