"""Frames to CSV text and NPZ arrays, to the last digit.

CSV numbers are Python's ``repr``, which reads back to the same float64; NPZ keeps the float64.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from heatdesk.analytics.cohorts import ALL_ID, count_bias_ratio, value_bias_ratio
from heatdesk.errors import BadPayload
from heatdesk.export.recording import inside_reach, venues_known
from heatdesk.frames import BookWindow, CohortTable, DotSet, LevelRuns, LiquidationWindow
from heatdesk.frames.events import BoolArray
from heatdesk.frames.market import Float64Array, Int64Array
from heatdesk.units import floor_ms

SeriesWindow = BookWindow | LiquidationWindow

BOOK_HEADER = "time_ms,price,bid_qty,ask_qty\n"
SUM_HEADER = "time_ms,price,bid_qty,ask_qty,venues_known\n"
LEVELS_HEADER = "time_ms,price,qty\n"
DOT_HEADER = (
    *("id", "name", "symbol", "relative_volume"),
    *("change_24h_pct", "change_7d_pct", "change_30d_pct", "change_1y_pct", "change_3y_pct"),
    *("market_cap_usd", "price_usd", "volume_24h_usd"),
)
COHORT_HEADER = (
    *("coin", "segmentId", "totalValue", "totalLongValue", "totalShortValue"),
    *("count", "countLong", "countShort", "bias"),
    *("cohort", "kind", "value_bias_ratio", "count_bias_ratio"),
)


def write_series_csv(file: BinaryIO, windows: Sequence[SeriesWindow]) -> None:
    """Write snapshots by time, then price; windows in any order, without overlap."""
    ordered = sorted(windows, key=lambda window: window.from_ms)
    sided = any(isinstance(window, BookWindow) and window.bids is not None for window in ordered)
    summed = any(_is_sum(window) for window in ordered)
    header = (SUM_HEADER if summed else BOOK_HEADER) if sided else LEVELS_HEADER
    file.write(header.encode())
    for window in ordered:
        for i, time_ms in enumerate(window.time_ms.tolist()):
            arrays: list[NDArray[Any]] = [*_rows_of(window, i), *_known_of(window, i)]
            columns = [array.tolist() for array in arrays]
            texts = [map(repr, column) for column in columns]
            head = f"{time_ms},"
            lines = [head + ",".join(row) for row in zip(*texts, strict=True)]
            if lines:
                file.write(("\n".join(lines) + "\n").encode())


def write_series_npz(
    file: BinaryIO, windows: Sequence[SeriesWindow], interval_ms: int, from_ms: int, to_ms: int
) -> None:
    """Write ``time_ms (T,)``, ``price (P,)`` and ``bid`` and ``ask``, or ``qty``, ``(T, P)``.

    Every bucket asked has a row, a missing one is NaN. Within the price range a snapshot
    served, or vouches for, an absent level is 0, outside it NaN. Of a sum ``venues_known (T, P)``
    says how many venues knew each level, 0 where it is NaN.
    """
    ordered = sorted(windows, key=lambda window: window.from_ms)
    time_ms = asked_buckets(served_times(ordered), interval_ms, from_ms, to_ms)
    runs = [run for window in ordered for run in _planes(window).values()]
    price = np.unique(np.concatenate([run.price for run in runs])) if runs else np.empty(0)
    names = [name for window in ordered[:1] for name in _planes(window)]
    planes = {name: np.full((time_ms.size, price.size), np.nan) for name in names}
    for window in ordered:
        rows = np.searchsorted(time_ms, window.time_ms)
        _fill(planes, window, rows, price)
    arrays = {"time_ms": time_ms, "price": price} | planes
    if any(_is_sum(window) for window in ordered):
        known = np.zeros((time_ms.size, price.size), np.uint8)
        for window in ordered:
            for i, row in enumerate(np.searchsorted(time_ms, window.time_ms).tolist()):
                known[row] = _known_at(window, i, price)
        known[np.isnan(planes[names[0]])] = 0
        arrays["venues_known"] = known
    np.savez(file, allow_pickle=False, **arrays)


def served_times(windows: Sequence[SeriesWindow]) -> Int64Array:
    """Times of all snapshots that came, window after window."""
    return np.concatenate([np.empty(0, dtype=np.int64), *(w.time_ms for w in windows)])


def asked_buckets(served_ms: Int64Array, interval_ms: int, from_ms: int, to_ms: int) -> Int64Array:
    """Starts of all buckets in a half-open span, ascending.

    The served times tell where buckets start; without any they start on round times. Where
    the served times keep no common step, they stay as they are and the round buckets that
    hold none of them are added.
    """
    phases = np.unique(served_ms % interval_ms)
    phase_ms = int(phases[0]) if phases.size == 1 else floor_ms(0, interval_ms) % interval_ms
    first_ms = from_ms + (phase_ms - from_ms) % interval_ms
    grid = np.arange(first_ms, to_ms, interval_ms, dtype=np.int64)
    if phases.size <= 1:
        return grid
    filled = (served_ms - phase_ms) // interval_ms * interval_ms + phase_ms
    return np.union1d(served_ms, np.setdiff1d(grid, filled))


def write_dots_csv(file: BinaryIO, dots: DotSet) -> None:
    """Write one row per dot; null and missing figures are empty."""
    numbers = np.column_stack(
        (
            dots.relative_volume,
            dots.change_pct,
            dots.market_cap_usd,
            dots.price_usd,
            dots.volume_24h_usd,
        )
    ).tolist()
    names = zip(dots.ids, dots.names, dots.symbols, strict=True)
    rows = ([*name, *map(_text, row)] for name, row in zip(names, numbers, strict=True))
    _write_rows(file, DOT_HEADER, rows)


def write_cohorts_csv(file: BinaryIO, table: CohortTable) -> None:
    """Write the rows served in the payload's names, then names and biases of our own."""
    _write_rows(file, COHORT_HEADER, _cohort_rows(table))


def _cohort_rows(table: CohortTable) -> Iterator[list[str]]:
    known = {definition.id: definition for definition in table.definitions}
    values = np.column_stack((table.total_usd, table.long_usd, table.short_usd)).tolist()
    counts = np.column_stack((table.count, table.count_long, table.count_short)).tolist()
    biases = np.column_stack(
        (table.bias_ratio, value_bias_ratio(table), count_bias_ratio(table))
    ).tolist()
    for i, cohort_id in enumerate(table.cohort_id.tolist()):
        figures = [*map(repr, values[i]), *map(str, counts[i])]
        if cohort_id == ALL_ID:
            yield [table.coins[i], "", *figures, "", "ALL", "", "", ""]
            continue
        bias, value_bias, count_bias = map(_text, biases[i])
        cohort = known[cohort_id]
        names = [cohort.name, cohort.kind]
        yield [table.coins[i], str(cohort_id), *figures, bias, *names, value_bias, count_bias]


def _write_rows(file: BinaryIO, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    file.write(text.getvalue().encode())


def _text(number: float) -> str:
    return "" if np.isnan(number) else repr(number)


def _planes(window: SeriesWindow) -> dict[str, LevelRuns]:
    if isinstance(window, LiquidationWindow):
        return {"qty": window.levels}
    if window.bids is not None and window.asks is not None:
        return {"bid": window.bids, "ask": window.asks}
    if window.unsided is not None:
        return {"qty": window.unsided}
    raise BadPayload("", "A book window without levels cannot be written.")


def _is_sum(window: SeriesWindow) -> bool:
    return isinstance(window, BookWindow) and window.parts_reach_px is not None


def _known_at(window: SeriesWindow, i: int, price: Float64Array) -> NDArray[np.uint8]:
    """How many venues of a sum knew each price of one snapshot."""
    assert isinstance(window, BookWindow)
    assert window.parts_reach_px is not None
    return venues_known(price, window.block_size, window.parts_reach_px[i])


def _known_of(window: SeriesWindow, i: int) -> tuple[NDArray[np.uint8], ...]:
    """A further column of one snapshot where it is a sum, in step with `_rows_of`."""
    return (_known_at(window, i, _rows_of(window, i)[0]),) if _is_sum(window) else ()


def _rows_of(window: SeriesWindow, i: int) -> tuple[Float64Array, ...]:
    """Columns of one snapshot, by ascending price."""
    planes = list(_planes(window).values())
    if len(planes) == 1:
        price, qty = planes[0].at(i)
        order = np.argsort(price, kind="stable")
        return price[order], qty[order]
    (bid_px, bid_qty), (ask_px, ask_qty) = planes[0].at(i), planes[1].at(i)
    price = np.union1d(bid_px, ask_px)
    bid, ask = np.zeros(price.size), np.zeros(price.size)
    bid[np.searchsorted(price, bid_px)] = bid_qty
    ask[np.searchsorted(price, ask_px)] = ask_qty
    return price, bid, ask


def _fill(
    planes: dict[str, Float64Array],
    window: SeriesWindow,
    rows: Int64Array,
    price: Float64Array,
) -> None:
    """Lay the snapshots of one window into their rows."""
    runs = _planes(window)
    reach_px = window.reach_px if isinstance(window, BookWindow) else None
    places = {name: np.searchsorted(price, run.price) for name, run in runs.items()}
    for i, row in enumerate(rows.tolist()):
        cells = {
            name: places[name][run.offsets[i] : run.offsets[i + 1]] for name, run in runs.items()
        }
        levels = np.concatenate(list(cells.values()))
        if isinstance(window, BookWindow) and reach_px is not None:
            seen: slice | BoolArray = inside_reach(price, window.block_size, reach_px[i])
        else:
            seen = slice(int(levels.min()), int(levels.max()) + 1) if levels.size else slice(0)
        for name, run in runs.items():
            planes[name][row, seen] = 0.0
            # A form without sides may serve one price twice, as a bid and as an ask.
            np.add.at(planes[name][row], cells[name], run.at(i)[1])
