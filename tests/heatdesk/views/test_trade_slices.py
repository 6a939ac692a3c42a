from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from heatdesk.analytics.trades import TradeSums, cluster_cells, pool_trades
from heatdesk.frames import TradeBatch
from heatdesk.store.tape import TradeTape
from heatdesk.views import trade_slices
from heatdesk.views.ticks import TIME_STEPS_MS
from heatdesk.views.trade_slices import BAND_PX, SLICE_PX, TradeSlices, slice_grid
from heatdesk.views.viewport import ChartWindow

START_S = 1_776_000_000.0
START_MS = round(START_S * 1000)


def invented(n: int, span_ms: int, seed: int = 3, from_ms: int = START_MS) -> TradeBatch:
    """Trades of a walking price; quantities are sixteenths, so that sums are exact."""
    rng = np.random.default_rng(seed)
    time_ms = np.sort(rng.integers(0, span_ms, n)) + from_ms
    price = 1_000 + np.round(np.cumsum(rng.normal(0, 0.2, n)) * 8) / 8
    return TradeBatch(time_ms, price, rng.integers(1, 400, n) / 16, rng.random(n) < 0.5)


def tape_of(batch: TradeBatch) -> TradeTape:
    tape = TradeTape()
    tape.add(batch)
    return tape


def part(batch: TradeBatch, keep: slice | np.ndarray) -> TradeBatch:
    return TradeBatch(batch.time_ms[keep], batch.price[keep], batch.qty_base[keep], batch.buy[keep])


WINDOW = ChartWindow(START_S, START_S + 60, 990.0, 1_010.0, 1_000.0, 500.0)


def settle(slices: TradeSlices, tape: TradeTape, window: ChartWindow, *, live: bool = True) -> int:
    """Follow until all is done; returns in how many goes."""
    for goes in range(1, 2_000):
        if slices.follow(tape, window, live=live):
            return goes
        live = False
    raise AssertionError("it never ends")


def rows_of(sums: TradeSums) -> list[tuple[float, ...]]:
    columns = [getattr(sums, name).tolist() for name in TradeSums.__slots__]
    return list(zip(*columns, strict=True))


def expected_in(batch: TradeBatch, window: ChartWindow) -> list[tuple[float, ...]]:
    """Clusters of all trades of the slices that touch a view."""
    grid = slice_grid(window)
    first = int(window.t0_s * 1000 // grid.slice_ms)
    stop = int(window.t1_s * 1000 // grid.slice_ms) + 1
    return rows_of(cluster_cells(pool_trades(batch, grid)).between(first, stop))


def test_slices_and_bands_are_round_and_at_least_some_pixels() -> None:
    for factor in np.geomspace(0.01, 3_000, 60).tolist():
        window = WINDOW.zoomed_time(factor, START_S).zoomed_price(0.3 * factor**0.2, 1_000)
        grid = slice_grid(window)
        assert grid.slice_ms in TIME_STEPS_MS
        assert grid.slice_ms >= SLICE_PX * window.s_per_px * 1000
        assert grid.slice_ms == 10 or grid.slice_ms <= 13 * window.s_per_px * 1000
        assert grid.band / window.price_per_px * (1 + 1e-9) >= BAND_PX
        assert grid.band / window.price_per_px <= 2.01 * BAND_PX


def test_a_small_zoom_pools_nothing_again() -> None:
    wide = {slice_grid(WINDOW.zoomed_time(f, START_S)) for f in np.linspace(1.0, 1.5, 20).tolist()}
    assert len(wide) <= 2


def test_what_is_shown_is_what_pooling_all_trades_gives() -> None:
    batch = invented(5_000, 120_000)
    slices, tape = TradeSlices(), tape_of(batch)
    settle(slices, tape, WINDOW)
    assert rows_of(slices.shown(WINDOW)) == expected_in(batch, WINDOW)


def test_live_trades_late_ones_and_a_moving_view_end_where_pooling_all_at_once_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trade_slices, "PIECE_TRADES", 300)
    rng = np.random.default_rng(11)
    batch = invented(9_000, 400_000)
    # some come up to four seconds late
    came = batch.time_ms + np.where(rng.random(9_000) < 0.05, rng.integers(0, 4_000, 9_000), 0)
    tape, slices = TradeTape(), TradeSlices()
    window = WINDOW
    clock_ms = START_MS
    while clock_ms < START_MS + 404_000:
        step_ms = int(rng.integers(20, 3_000))
        some = (came >= clock_ms) & (came < clock_ms + step_ms)
        clock_ms += step_ms
        if some.any():
            tape.add(part(batch, some))
        action = rng.random()
        if action < 0.25:
            window = window.panned(float(rng.normal(0, 400)), 0.0)
        elif action < 0.4:
            window = window.zoomed_time(float(rng.choice([0.3, 0.84, 1.2, 3.5])), clock_ms / 1000)
        elif action < 0.5:
            window = window.zoomed_price(float(rng.choice([0.5, 2.0])), 1_000.0)
        elif action < 0.8:
            window = window.ending_at(clock_ms / 1000 + 0.1 * window.span_s)
        window = replace(window, width_px=1_000.0)
        slices.follow(tape, window)
        if rng.random() < 0.3:
            settle(slices, tape, window)
            held = came < clock_ms
            assert rows_of(slices.shown(window)) == expected_in(part(batch, held), window)


def test_each_go_is_bounded_whatever_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trade_slices, "PIECE_TRADES", 500)
    batch = invented(20_000, 60_000)
    tape, slices = tape_of(batch), TradeSlices()
    read: list[int] = []
    window_of = tape.window

    def counted(from_ms: int, to_ms: int) -> TradeBatch:
        found = window_of(from_ms, to_ms)
        read.append(found.time_ms.size)
        return found

    monkeypatch.setattr(tape, "window", counted)
    goes = 0
    while not slices.follow(tape, WINDOW, live=goes == 0):
        assert sum(read) <= 3 * 500
        read.clear()
        goes += 1
    assert goes > 20
    assert rows_of(slices.shown(WINDOW)) == expected_in(batch, WINDOW)


def test_a_live_trade_reads_little_however_wide_the_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = invented(200_000, 2_000_000)
    tape, slices = tape_of(batch), TradeSlices()
    window = WINDOW.zoomed_time(2_000, START_S + 30)
    settle(slices, tape, window)
    read: list[int] = []
    window_of = tape.window

    def counted(from_ms: int, to_ms: int) -> TradeBatch:
        found = window_of(from_ms, to_ms)
        read.append(found.time_ms.size)
        return found

    monkeypatch.setattr(tape, "window", counted)
    more = invented(50, 1_000, seed=4, from_ms=START_MS + 2_000_000)
    for k in range(50):
        tape.add(part(more, slice(k, k + 1)))
        version = slices.version
        assert slices.follow(tape, window)
        assert slices.version > version
    # the last second is read again each time: 100 trades of it, and those that came
    assert max(read) < 300
    whole = TradeBatch(
        *(
            np.concatenate([getattr(batch, name), getattr(more, name)])
            for name in ("time_ms", "price", "qty_base", "buy")
        )
    )
    assert rows_of(slices.shown(window)) == expected_in(whole, window)


def test_where_nothing_came_nothing_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    tape, slices = tape_of(invented(5_000, 120_000)), TradeSlices()
    window = WINDOW.ending_at(START_S + 110)
    settle(slices, tape, window)
    version = slices.version
    monkeypatch.setattr(tape, "window", None)
    for _ in range(5):
        assert slices.follow(tape, window)
    assert slices.version == version


def test_a_view_that_is_held_takes_in_no_new_trade() -> None:
    batch = invented(5_000, 60_000)
    tape, slices = tape_of(part(batch, slice(0, 2_500))), TradeSlices()
    settle(slices, tape, WINDOW)
    tape.add(part(batch, slice(2_500, None)))
    wider = WINDOW.zoomed_time(2.5, START_S)
    settle(slices, tape, wider, live=False)
    assert rows_of(slices.shown(wider)) == expected_in(part(batch, slice(0, 2_500)), wider)
    settle(slices, tape, wider)
    assert rows_of(slices.shown(wider)) == expected_in(batch, wider)


def test_far_from_the_view_little_is_kept() -> None:
    tape, slices = tape_of(invented(40_000, 4_000_000)), TradeSlices()
    for second in range(60, 4_000, 20):
        settle(slices, tape, WINDOW.ending_at(START_S + second))
    per_window = len(slices.shown(WINDOW.ending_at(START_S + 3_900)))
    assert len(slices.settled) < 25 * per_window


def test_a_view_without_trades_is_done_at_once() -> None:
    slices, tape = TradeSlices(), TradeTape()
    assert slices.follow(tape, WINDOW)
    assert len(slices.shown(WINDOW)) == 0
    tape.add(invented(100, 1_000))
    for far in (WINDOW.ending_at(START_S - 500), WINDOW.ending_at(START_S + 5_000)):
        assert slices.follow(tape, far)
        assert len(slices.shown(far)) == 0
