from __future__ import annotations

import numpy as np
import pytest

from heatdesk.views.palettes import (
    DARK,
    DIVERGING,
    PALETTES,
    Palette,
    lab_of_rgb,
    ramp,
    ramp32,
    rgb_of_lab,
    sample,
)

# 8-bit colours round lightness by about a third of a unit
ROUNDING = 0.5
SEQUENTIAL = [palette for palette in PALETTES.values() if not palette.diverging]


def lightness(palette: Palette) -> np.ndarray:
    return lab_of_rgb(ramp(palette).astype(np.float64))[:, 0]


@pytest.mark.parametrize("palette", SEQUENTIAL, ids=lambda p: p.name)
def test_a_larger_quantity_is_never_darker(palette: Palette) -> None:
    light = lightness(palette)
    assert (light - np.maximum.accumulate(light)).min() > -ROUNDING
    assert light[-1] - light[0] > 70


@pytest.mark.parametrize("palette", SEQUENTIAL, ids=lambda p: p.name)
def test_lightness_rises_without_a_flat_stretch(palette: Palette) -> None:
    tenths = lightness(palette)[:: len(ramp(palette)) // 10]
    assert np.diff(tenths).min() > 2


@pytest.mark.parametrize("palette", SEQUENTIAL, ids=lambda p: p.name)
def test_a_ramp_starts_at_the_ground(palette: Palette) -> None:
    assert ramp32(palette)[0] == DARK.ground


def test_the_diverging_ramp_is_darkest_in_the_middle_and_even_at_both_ends() -> None:
    light = lightness(DIVERGING)
    assert abs(int(light.argmin()) - len(light) // 2) < len(light) // 20
    assert abs(light[0] - light[-1]) < 6


def test_the_diverging_ends_differ_in_blue_against_yellow() -> None:
    # the axis that red-green blindness leaves intact
    ends = lab_of_rgb(ramp(DIVERGING)[[0, -1]].astype(np.float64))
    assert ends[0, 2] > 30
    assert ends[1, 2] < -20


def test_not_observed_is_told_from_the_ground_but_not_loud() -> None:
    def lab(colour: int) -> np.ndarray:
        rgb = [colour >> 16 & 255, colour >> 8 & 255, colour & 255]
        return lab_of_rgb(np.array([rgb], np.float64))[0]

    difference = float(np.linalg.norm(lab(DARK.ground) - lab(DARK.not_observed)))
    assert 1 < difference < 6


def test_colours_survive_the_way_to_lab_and_back() -> None:
    rng = np.random.default_rng(0)
    rgb = rng.integers(0, 256, (500, 3))
    assert np.array_equal(rgb_of_lab(lab_of_rgb(rgb.astype(np.float64))), rgb)


def test_white_and_black_have_the_lightness_their_names_say() -> None:
    found = lab_of_rgb(np.array([[255.0, 255, 255], [0, 0, 0]]))
    np.testing.assert_allclose(found, [[100, 0, 0], [0, 0, 0]], atol=0.01)


def test_a_sample_is_the_colour_of_the_ramp_and_stays_on_it() -> None:
    palette = PALETTES["liquidity"]
    assert sample(palette, 0.5) == tuple(ramp(palette)[round(0.5 * 1023)].tolist())
    assert sample(palette, -3) == sample(palette, 0)
    assert sample(palette, 7) == (255, 255, 255)
