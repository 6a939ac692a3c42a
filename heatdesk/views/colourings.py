"""Ways to colour a heatmap that a user can choose from: one ramp, or one for each side."""

from __future__ import annotations

from dataclasses import dataclass

from heatdesk.views.palettes import PAIRS, SEQUENTIAL, Pair, Palette, sample


@dataclass(frozen=True, slots=True)
class Colouring:
    """One choice.

    Attributes
    ----------
    name, title : str
        Id for saved options, and what a menu says.
    ramps : tuple of Palette
        One ramp, or two: bids, then asks.
    """

    name: str
    title: str
    ramps: tuple[Palette, ...]

    def of_sides(self, light: bool) -> tuple[str, str] | None:
        """Colours ``#rrggbb`` of bids and of asks; None where one ramp colours both."""
        if len(self.ramps) == 1:
            return None
        bid, ask = ("#{:02x}{:02x}{:02x}".format(*sample(r.on(light), 0.6)) for r in self.ramps)
        return bid, ask


def _both_ways(pair: Pair) -> tuple[Colouring, Colouring]:
    swapped = Colouring(f"{pair.name}_swapped", f"{pair.title}, swapped", (pair.ask, pair.bid))
    return Colouring(pair.name, pair.title, (pair.bid, pair.ask)), swapped


COLOURINGS: dict[str, Colouring] = {
    colouring.name: colouring
    for colouring in (
        *(Colouring(palette.name, palette.title, (palette,)) for palette in SEQUENTIAL),
        *(colouring for pair in PAIRS for colouring in _both_ways(pair)),
    )
}
"""Every choice by name, in the order of menus and keys; a new ramp or pair is one more."""


def offered(*, sides: bool = True) -> list[Colouring]:
    """Choices for a heatmap with, or without, bids and asks to be told apart."""
    return [each for each in COLOURINGS.values() if sides or len(each.ramps) == 1]


def colouring_after(name: str, step: int = 1, *, sides: bool = True) -> str:
    """Name of the choice some steps on, around the end."""
    names = [each.name for each in offered(sides=sides)]
    if name not in names:
        return names[0]
    return names[(names.index(name) + step) % len(names)]
