"""Finding names by a few of their letters."""

from __future__ import annotations

import pytest

from heatdesk.views.fuzzy import fuzzy_match, fuzzy_order

NAMES = (
    "Open settings",
    "Save workspace as",
    "Show cheat sheet",
    "Next workspace",
    "Reset layout",
    "Copy picture of the panel",
)


def best(text: str) -> str:
    return NAMES[fuzzy_order(text, NAMES)[0][0]]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("os", "Open settings"),
        ("sws", "Save workspace as"),
        ("cheat", "Show cheat sheet"),
        ("reset", "Reset layout"),
        ("panel copy", "Copy picture of the panel"),
        ("NEXT", "Next workspace"),
    ],
)
def test_the_likeliest_name_comes_first(text: str, name: str) -> None:
    assert best(text) == name


def test_letters_that_do_not_run_through_a_name_do_not_fit() -> None:
    assert fuzzy_match("zz", "Open settings") is None
    assert fuzzy_match("sgnittes", "settings") is None


def test_no_letters_fit_every_name_in_the_order_they_came() -> None:
    same = ("long", "cd", "middle")
    assert [place for place, _ in fuzzy_order("", same)] == [0, 1, 2]


def test_the_letters_that_were_meant_are_told() -> None:
    match = fuzzy_match("os", "Open settings")
    assert match is not None
    assert match.places == (0, 5)
    run = fuzzy_match("sett", "Reset settings")
    assert run is not None
    assert run.places == (6, 7, 8, 9)


def test_the_very_name_beats_a_longer_one_that_begins_so() -> None:
    names = ("Save workspace as", "Save workspace")
    assert names[fuzzy_order("save workspace", names)[0][0]] == "Save workspace"
