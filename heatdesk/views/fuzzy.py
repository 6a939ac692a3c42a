"""Finding names by a few of their letters: how well they fit, and which letters fitted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_WHOLE, _WORD_START, _CONTIGUOUS, _LETTER = 1000, 12, 13, 1
_SKIPPED = 2
"""Points: for the very name, for the first letter of a word, for a letter right after the one
before, for any letter; and what each word that was begun and left out costs."""


@dataclass(frozen=True, slots=True)
class Match:
    """How a text fits a name.

    Attributes
    ----------
    score : int
        The higher the better; comparable for one text only.
    places : tuple of int
        Which letters of the name were meant, in order.
    """

    score: int
    places: tuple[int, ...]


def fuzzy_match(text: str, name: str) -> Match | None:
    """Return how the letters of a text run through a name, None where they do not.

    Blanks in the text separate parts that may stand in any order. The best way through a name
    is found, not the first: ``os`` means the capitals of *Open Settings*.
    """
    parts = text.lower().split()
    if not parts:
        return Match(0, ())
    low = name.lower()
    places: list[int] = []
    score = _WHOLE if text.strip().lower() == low else 0
    for part in parts:
        found = _best_run(part, low)
        if found is None:
            return None
        score += found.score
        places += found.places
    return Match(score * 4 - len(low), tuple(sorted(set(places))))


def fuzzy_order(text: str, names: Iterable[str]) -> list[tuple[int, Match]]:
    """Return the places in ``names`` of those that fit, the best first, ties as they came."""
    found = [
        (place, match)
        for place, name in enumerate(names)
        if (match := fuzzy_match(text, name)) is not None
    ]
    return sorted(found, key=lambda one: -one[1].score)


def _starts(name: str) -> list[bool]:
    return [
        letter.isalnum() and (place == 0 or not name[place - 1].isalnum())
        for place, letter in enumerate(name)
    ]


def _best_run(part: str, name: str) -> Match | None:
    """Best way of a part through a name: best[j] is the best that ends with letter j."""
    starts = _starts(name)
    best: dict[int, Match] = {}
    for number, letter in enumerate(part):
        ending: dict[int, Match] = {}
        for place, one in enumerate(name):
            if one != letter:
                continue
            points = _LETTER + (_WORD_START if starts[place] else 0)
            if number == 0:
                ending[place] = Match(points, (place,))
                continue
            ways = [
                Match(
                    run.score
                    + (points + _CONTIGUOUS if place == last + 1 else points)
                    - _SKIPPED * sum(starts[last + 1 : place]),
                    (*run.places, place),
                )
                for last, run in best.items()
                if last < place
            ]
            if ways:
                ending[place] = max(ways, key=lambda way: way.score)
        best = ending
        if not best:
            return None
    return max(best.values(), key=lambda way: way.score)
