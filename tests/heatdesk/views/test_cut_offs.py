from __future__ import annotations

import numpy as np
import pytest

from heatdesk.store.codes import N_CODES, CodeScale
from heatdesk.views.contrast import Contrast, carry_over, resolve_contrast
from heatdesk.views.cut_offs import LEAST_PCT, CutOffs

SCALE = CodeScale.fit(1e-3, 1e6)


def counted(qty: np.ndarray) -> np.ndarray:
    return np.bincount(SCALE.encode(qty), minlength=N_CODES).astype(np.int64)


@pytest.fixture
def cuts() -> CutOffs:
    made = CutOffs()
    made.count(counted(np.geomspace(0.1, 1000.0, 400)), SCALE.values())
    made.take(Contrast())
    return made


@pytest.mark.parametrize(("which", "typed"), [("low", "99.9"), ("low", "100"), ("high", "2")])
def test_a_typed_percentile_stays_on_its_side(cuts: CutOffs, which: str, typed: str) -> None:
    assert cuts.type(which, typed)
    contrast = cuts.contrast
    assert 0 <= contrast.low_pct <= contrast.high_pct - LEAST_PCT * 0.99
    assert contrast.high_pct <= 100
    assert cuts.cut[0] < cuts.cut[1]


def test_cut_offs_between_two_sizes_have_percentiles_apart(cuts: CutOffs) -> None:
    cuts.count(counted(np.array([1.0, 1.0, 1.0, 50.0])), SCALE.values())
    cuts.take(Contrast())
    cuts.move("low", 2.0)
    cuts.move("high", 3.0)
    assert cuts.contrast.low_pct < cuts.contrast.high_pct


def test_sizes_know_their_percentiles_here(cuts: CutOffs) -> None:
    cuts.take(cuts.by_size())
    cuts.move("low", 10.0)
    assert cuts.contrast.mode == "absolute"
    assert cuts.contrast.low_pct == pytest.approx(50.0, abs=0.5)


def test_a_size_no_cell_reaches_keeps_the_percentiles_there_were(cuts: CutOffs) -> None:
    cuts.take(Contrast(mode="absolute", low=5e4, high=9e4))
    assert (cuts.by_size().low_pct, cuts.by_size().high_pct) == (75.0, 99.5)


def test_both_modes_say_the_same(cuts: CutOffs) -> None:
    before = cuts.cut
    cuts.take(cuts.in_mode("absolute"))
    assert cuts.cut == before
    cuts.take(cuts.in_mode("percentile"))
    assert cuts.cut == pytest.approx(before, rel=0.02)


def test_exact_sizes_never_follow_the_data(cuts: CutOffs) -> None:
    cuts.take(Contrast(auto=True))
    assert cuts.type("high", "$70")
    assert cuts.contrast.mode == "absolute"
    assert not cuts.contrast.auto


@pytest.mark.parametrize("text", ["", "p", "-3", "p101", "nan", "inf", "1e999", "$0", "x7"])
def test_what_makes_no_sense_changes_nothing(cuts: CutOffs, text: str) -> None:
    before = (cuts.contrast, cuts.cut)
    assert not cuts.type("low", text)
    assert (cuts.contrast, cuts.cut) == before


def test_percentiles_are_not_understood_before_anything_was_counted() -> None:
    fresh = CutOffs()
    assert not fresh.type("low", "p80")
    assert fresh.type("low", "$0.5")


def test_sizes_become_the_same_shares_of_another_instruments_cells() -> None:
    other = counted(np.geomspace(100.0, 1e6, 400))
    mine = Contrast(mode="absolute", low_pct=50.0, high_pct=90.0, low=10.0, high=400.0)
    carried = carry_over(other, SCALE.values(), mine)
    assert carried.mode == "absolute"
    shares = resolve_contrast(other, SCALE.values(), Contrast(low_pct=50.0, high_pct=90.0))
    assert (carried.low, carried.high) == shares
    assert carried.low > 5_000
    by_share = Contrast(low_pct=20.0)
    assert carry_over(other, SCALE.values(), by_share) is by_share


def test_a_typed_percentile_survives_a_look_at_the_sizes(cuts: CutOffs) -> None:
    cuts.count(counted(np.array([1.0, 1.0, 1.0, 2.0, 3.0, 50.0])), SCALE.values())
    cuts.take(Contrast(low_pct=20.0, high_pct=90.0))
    before = cuts.cut
    cuts.take(cuts.in_mode("absolute"))
    cuts.take(cuts.in_mode("percentile"))
    assert (cuts.contrast.low_pct, cuts.contrast.high_pct) == (20.0, 90.0)
    assert cuts.cut == before


def test_typing_one_percentile_does_not_stir_the_other(cuts: CutOffs) -> None:
    cuts.count(counted(np.array([1.0, 2.0, 3.0, 50.0, 900.0])), SCALE.values())
    cuts.take(Contrast(low_pct=20.0))
    cuts.move("high", 400.0)
    assert cuts.type("low", "p50")
    assert cuts.cut == (pytest.approx(3.0, rel=1e-3), 400.0)


@pytest.mark.parametrize("text", ["$1e30", "1e8", "1.7e308", "1e-12"])
def test_a_size_far_from_every_cell_is_a_slip_of_the_hand(cuts: CutOffs, text: str) -> None:
    cuts.take(cuts.by_size())
    before = cuts.contrast, cuts.cut
    assert not cuts.type("high", text)
    assert (cuts.contrast, cuts.cut) == before


@pytest.mark.parametrize("scale", ["log", "linear"])
@pytest.mark.parametrize(
    ("low", "high"), [(1e-300, 1e300), (0.0, 1.7e308), (5e-324, 1e-320), (0.0, 5e-324)]
)
def test_sizes_no_cell_can_have_are_brought_to_those_that_one_can(
    cuts: CutOffs, low: float, high: float, scale: str
) -> None:
    contrast = Contrast(mode="absolute", low=low, high=high, scale=scale)
    for each in (cuts, CutOffs()):
        each.take(contrast)
        found_low, found_high = each.cut
        assert 0 <= found_low < found_high <= np.finfo(np.float32).max
        assert np.float32(found_high) > 0
        each.move("high", 1.7e308)
        each.move("low", 5e-324)
        assert 0 < each.cut[0] < each.cut[1] <= np.finfo(np.float32).max


def test_what_is_hidden_below_a_size_is_hidden_and_the_upper_cut_off_makes_way(
    cuts: CutOffs,
) -> None:
    high = cuts.cut[1]
    cuts.put("low", 20.0)
    assert cuts.cut == (20.0, high)
    cuts.put("low", 999.0)
    assert cuts.cut[0] == 999.0
    assert cuts.cut[1] >= 999.0 * 1.04
    cuts.put("low", 2_000.0)
    assert cuts.cut[0] == 2_000.0 < cuts.cut[1]
    assert cuts.contrast.mode == "absolute"


def test_a_typed_upper_size_pushes_the_lower_one_down(cuts: CutOffs) -> None:
    cuts.put("low", 500.0)
    assert cuts.type("high", "$2")
    assert cuts.cut[1] == 2.0
    assert 0 < cuts.cut[0] < 2.0
