"""What the pictures of live books show of gaps: read pixel by pixel, as a user would see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from heatdesk.store.block import FLAWED, GAP, OBSERVED
from ui import theme

if TYPE_CHECKING:
    from ui.panels.order_book.panel import OrderBookPanel

LEAST_SHARE = 0.35
"""Of the pixels of a marked column that must show the mark; texts, bubbles and lines lie over it."""
MOST_SHARE = 0.03
"""Of the pixels of a column without mark that may look like one: edges of other drawings."""
PERIODS_PX = {GAP: (8,), FLAWED: (16, 4)}
"""Distance of the lines of each mark; a narrow column under doubt has dashes."""
NAMES = {GAP: "gap", FLAWED: "flawed", OBSERVED: "observed"}


@dataclass
class Seen:
    """What the pictures showed so far."""

    marked: int = 0
    """Columns of pixels of gaps and doubt that were looked at; all were hatched or are `wrong`."""
    plain: int = 0
    wrong: list[str] = field(default_factory=list)


def look(panel: OrderBookPanel, seen: Seen) -> None:
    """Hold the picture of a panel against the states of its columns.

    The store stands still meanwhile. Pixels within one of an edge between states are left out:
    cells are laid on whole pixels.
    """
    chart = panel.chart
    source = chart.item.source
    if source is None:
        return
    with source.lock:
        panel.pull()
        pixels = _pixels(chart.view.grab().toImage())
        window, plot = chart.camera.window, chart.plot_rect
        shape = pixels.shape[0] / chart.view.height(), pixels.shape[1] / chart.view.width()
        width, height = int(plot.width() * shape[1]), int(plot.height() * shape[0])
        moments_s = window.t0_s + (np.arange(width) + 0.5) * window.span_s / width
        columns = np.floor(
            (moments_s * 1000 - source.grid.phase_ms) / source.grid.interval_ms
        ).astype(np.int64)
        first = int(columns[0])
        states = source.column_state(first, int(columns[-1]) + 1)[columns - first]
    sure = (states[1:-1] == states[:-2]) & (states[1:-1] == states[2:])
    name = f"{panel.primary().provider} {panel.options.symbol}"  # type: ignore[union-attr]
    for x in (np.flatnonzero(sure) + 1).tolist():
        state = int(states[x])
        if state not in NAMES:
            continue
        if state == OBSERVED:
            seen.plain += 1
        else:
            seen.marked += 1
        if problem := _problem(pixels[:height, x], x, state):
            seen.wrong.append(
                f"{name}: column of {moments_s[x]:.1f} s is {NAMES[state]}: {problem}"
            )


def _pixels(image: QImage) -> NDArray[np.uint32]:
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    flat = np.frombuffer(image.constBits(), np.uint32)
    return flat.reshape(image.height(), image.bytesPerLine() // 4)[:, : image.width()] | 0xFF000000


def _problem(column: NDArray[np.uint32], x: int, state: int) -> str:
    """What is wrong with a column of pixels; empty: nothing."""
    shades = theme.shades()
    is_line = column == (shades.gap_line | 0xFF000000)
    is_tint = column == (shades.gap_tint | 0xFF000000)
    if state == OBSERVED:
        share = float((is_line | is_tint).mean())
        return f"{share:.0%} of it looks like a gap" if share > MOST_SHARE else ""
    if state == GAP and float((is_line | is_tint).mean()) < LEAST_SHARE:
        return f"only {float((is_line | is_tint).mean()):.0%} of it is hatched"
    rows = np.arange(column.size)
    # Where the lines begin depends on where the picture lies: any place will do.
    best = max(
        float(is_line[(rows + x) % period == at].mean())
        for period in PERIODS_PX[state]
        for at in range(period)
    )
    return f"only {best:.0%} of its lines are drawn" if best < LEAST_SHARE else ""
