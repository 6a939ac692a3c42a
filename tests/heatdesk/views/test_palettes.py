from __future__ import annotations

import itertools
import re

import numpy as np
import pytest

from heatdesk.store.codes import FIRST, N_CODES, NOT_OBSERVED
from heatdesk.views.contrast import transfer_table
from heatdesk.views.leaning import lean_rgb
from heatdesk.views.palettes import (
    BLUE_YELLOW,
    CHANGE,
    DARK,
    DIVERGING,
    LIGHT,
    PAIRS,
    PALETTES,
    SEQUENTIAL,
    Pair,
    Palette,
    Shades,
    lab_of_rgb,
    ramp,
    ramp32,
    rgb_of,
    rgb_of_lab,
    sample,
)

# 8-bit colours round lightness by about a third of a unit
ROUNDING = 0.5
ONE_WAY = [palette for palette in PALETTES.values() if not palette.diverging]
BOTH_GROUNDS = pytest.mark.parametrize("shades", [DARK, LIGHT], ids=["dark", "light"])

# Full dichromacy in linear sRGB, from G. M. Machado, M. M. Oliveira, L. A. F. Fernandes,
# "A Physiologically-based Model for Simulation of Color Vision Deficiency", IEEE Transactions
# on Visualization and Computer Graphics 15(6), 2009, supplementary table, severity 1.0.
BLINDNESS = {
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
}


def lab(palette: Palette, shades: Shades) -> np.ndarray:
    return lab_of_rgb(ramp(palette.on(shades.light)).astype(np.float64))


def away_from_ground(palette: Palette, shades: Shades) -> np.ndarray:
    """Lightness along a ramp, counted away from its ground."""
    light = lab(palette, shades)[:, 0]
    return light[0] - light if shades.light else light - light[0]


def seen_by(kind: str, palette: Palette, shades: Shades) -> np.ndarray:
    """Lab colours of a ramp as a dichromat sees them."""
    part = ramp(palette.on(shades.light)) / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear @ BLINDNESS[kind].T, 0, 1)
    part = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return lab_of_rgb(part * 255)


@BOTH_GROUNDS
@pytest.mark.parametrize("palette", ONE_WAY, ids=lambda p: p.name)
def test_a_larger_quantity_always_stands_out_more(palette: Palette, shades: Shades) -> None:
    away = away_from_ground(palette, shades)
    assert (away - np.maximum.accumulate(away)).min() > -ROUNDING
    assert away[-1] > 70


@BOTH_GROUNDS
@pytest.mark.parametrize("palette", ONE_WAY, ids=lambda p: p.name)
def test_lightness_runs_without_a_flat_stretch(palette: Palette, shades: Shades) -> None:
    tenths = away_from_ground(palette, shades)[:: len(ramp(palette)) // 10]
    assert np.diff(tenths).min() > 1.5


@BOTH_GROUNDS
@pytest.mark.parametrize("palette", SEQUENTIAL, ids=lambda p: p.name)
def test_the_field_is_calm_and_the_walls_are_loud(palette: Palette, shades: Shades) -> None:
    away = away_from_ground(palette, shades)
    third = len(away) // 3
    assert away[third] < 0.34 * away[-1]
    assert away[-1] - away[2 * third] > 0.28 * away[-1]


@BOTH_GROUNDS
@pytest.mark.parametrize("palette", ONE_WAY, ids=lambda p: p.name)
def test_a_ramp_starts_at_its_ground(palette: Palette, shades: Shades) -> None:
    assert ramp32(palette.on(shades.light))[0] == shades.ground


@pytest.mark.parametrize("palette", PALETTES.values(), ids=lambda p: p.name)
def test_points_run_from_0_to_1_and_have_six_digits(palette: Palette) -> None:
    for points in (palette.points, palette.light_points):
        places = [place for place, _ in points]
        assert (places[0], places[-1]) == (0, 1)
        assert all(a < b for a, b in itertools.pairwise(places))
        assert all(re.fullmatch("#[0-9a-f]{6}", colour) for _, colour in points)


def test_there_are_enough_ramps_and_each_is_named_once() -> None:
    assert len(SEQUENTIAL) >= 4
    assert len({palette.name for palette in SEQUENTIAL} | {pair.name for pair in PAIRS}) == len(
        SEQUENTIAL
    ) + len(PAIRS)
    assert any(pair.colour_blind_safe for pair in PAIRS)


@BOTH_GROUNDS
def test_ramps_are_told_from_each_other(shades: Shades) -> None:
    for one, other in itertools.combinations(SEQUENTIAL, 2):
        apart = np.linalg.norm(lab(one, shades) - lab(other, shades), axis=1)
        assert apart.max() > 20, (one.name, other.name)


@BOTH_GROUNDS
@pytest.mark.parametrize("kind", BLINDNESS)
def test_the_safe_ramp_looks_almost_the_same_to_red_green_blind_eyes(
    kind: str, shades: Shades
) -> None:
    seen, meant = seen_by(kind, BLUE_YELLOW, shades), lab(BLUE_YELLOW, shades)
    assert np.linalg.norm(seen - meant, axis=1).max() < 9
    away = (seen[0, 0] - seen[:, 0]) if shades.light else (seen[:, 0] - seen[0, 0])
    assert (away - np.maximum.accumulate(away)).min() > -ROUNDING


@BOTH_GROUNDS
@pytest.mark.parametrize("kind", BLINDNESS)
@pytest.mark.parametrize("palette", SEQUENTIAL, ids=lambda p: p.name)
def test_no_ramp_turns_back_for_red_green_blind_eyes(
    palette: Palette, kind: str, shades: Shades
) -> None:
    light = seen_by(kind, palette, shades)[:, 0]
    away = light[0] - light if shades.light else light - light[0]
    assert (away - np.maximum.accumulate(away)).min() > -1.5
    assert away[-1] > 65


@BOTH_GROUNDS
@pytest.mark.parametrize("kind", BLINDNESS)
@pytest.mark.parametrize("pair", [p for p in PAIRS if p.colour_blind_safe], ids=lambda p: p.name)
def test_red_green_blind_eyes_tell_bids_from_asks(pair: Pair, kind: str, shades: Shades) -> None:
    apart = np.linalg.norm(
        seen_by(kind, pair.bid, shades) - seen_by(kind, pair.ask, shades), axis=1
    )
    # from where a cell is clearly off the ground, up to the largest wall
    assert apart[len(apart) // 6 :].min() > 14
    assert apart[len(apart) // 3 :].min() > 25


@BOTH_GROUNDS
@pytest.mark.parametrize("pair", PAIRS, ids=lambda p: p.name)
def test_both_sides_of_a_pair_are_equally_loud(pair: Pair, shades: Shades) -> None:
    apart = lab(pair.bid, shades)[:, 0] - lab(pair.ask, shades)[:, 0]
    assert np.abs(apart).max() < 9


@BOTH_GROUNDS
def test_a_diverging_ramp_is_nearest_the_ground_in_the_middle_and_even_at_the_ends(
    shades: Shades,
) -> None:
    light = lab(DIVERGING, shades)[:, 0]
    middle = int(light.argmax() if shades.light else light.argmin())
    assert abs(middle - len(light) // 2) < len(light) // 20
    assert abs(light[0] - light[-1]) < 6
    ground = lab_of_rgb(np.array([rgb_of(shades.ground)], np.float64))[0, 0]
    assert abs(light[len(light) // 2] - ground) < 14


@BOTH_GROUNDS
@pytest.mark.parametrize("kind", BLINDNESS)
@pytest.mark.parametrize("palette", [DIVERGING, CHANGE], ids=lambda p: p.name)
def test_red_green_blind_eyes_tell_the_halves_of_a_diverging_ramp_apart(
    palette: Palette, kind: str, shades: Shades
) -> None:
    seen = seen_by(kind, palette, shades)
    half = len(seen) // 2
    apart = np.linalg.norm(seen[:half] - seen[: half - 1 : -1], axis=1)
    assert apart[0] > 60
    assert apart[: half // 2].min() > 45, "half of the way to an end"
    assert np.diff(apart[::32]).max() < 2, "the farther from the middle, the plainer"


@BOTH_GROUNDS
@pytest.mark.parametrize("palette", [DIVERGING, CHANGE], ids=lambda p: p.name)
def test_the_diverging_ends_differ_in_blue_against_yellow(palette: Palette, shades: Shades) -> None:
    # the axis that red-green blindness leaves intact
    ends = lab(palette, shades)[[0, -1]]
    assert ends[0, 2] > 30
    assert ends[1, 2] < -20


@BOTH_GROUNDS
def test_not_observed_is_told_from_the_ground_but_not_loud(shades: Shades) -> None:
    ground, unknown, tint, line = lab_of_rgb(
        np.array(
            [
                rgb_of(shade)
                for shade in (shades.ground, shades.not_observed, shades.gap_tint, shades.gap_line)
            ],
            np.float64,
        )
    )
    assert 1 < np.linalg.norm(ground - unknown) < 6
    assert 3 < np.linalg.norm(ground - tint) < 12
    assert np.linalg.norm(tint - line) > 8


@BOTH_GROUNDS
def test_a_table_takes_the_form_of_its_shades(shades: Shades) -> None:
    values = np.zeros(N_CODES)
    values[FIRST:] = np.geomspace(1e-3, 1e3, N_CODES - FIRST)
    for palette in SEQUENTIAL:
        table = transfer_table(values, 0.1, 10, "log", palette, shades)
        assert table[FIRST] == shades.ground
        assert table[-1] == ramp32(palette.on(shades.light))[-1]
        assert table[NOT_OBSERVED] == shades.not_observed


def test_a_lean_takes_the_form_of_its_ground() -> None:
    assert lean_rgb(1.0) == tuple(ramp(DIVERGING)[0].tolist())
    assert lean_rgb(1.0, light=True) == tuple(ramp(DIVERGING.on(True))[0].tolist())
    assert lean_rgb(1.0, light=True) != lean_rgb(1.0)


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
