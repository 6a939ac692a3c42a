"""Contrast by instrument: worked out once, then frozen, and remembered."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from heatdesk.views.cell_count import CellCount
from heatdesk.views.contrast import Contrast, carry_over, makes_sense

if TYPE_CHECKING:
    from heatdesk.views.heatmap import HeatmapSource
    from ui.heatmap.legend import ContrastLegend

MOST = 60
"""Instruments remembered."""
AUTO_MS = 5_000
"""Least time between two fits that nobody asked for."""
JOIN_MS = 1_000
"""So long after a part of a sum has joined the colours are fitted again: others may follow."""
ENOUGH_CELLS = 64
"""Of fewer cells with a quantity little can be said."""
MORE_RATIO = 8
"""While they are few, so many times as many or as much as at the last fit is worth another one."""


class ContrastMemory:
    """Decides when a legend is fitted, and keeps each instrument's contrast.

    A fit happens for a new instrument or block, again when its first history is complete, when
    another part of a sum joins, and on request; of fewer than `ENOUGH_CELLS` again when they have
    become many more, or hold much more. Else fresh data never causes one, except in the legend's
    auto mode. It counts the native cells of everything that is held (a liquidation panel: the
    bands it sums them into at full detail; a sum: since its last part joined), so the colours are
    the same at every zoom. Counting a large store takes several offers; the first of them already
    gives a new instrument colours by its newest columns.

    An instrument never seen before takes the last setting that was made for any.
    """

    def __init__(self, legend: ContrastLegend, usual: Contrast) -> None:
        self.legend = legend
        self._last = usual
        self._kept: dict[str, Contrast] = {}
        self._key = ""
        self._between = True
        self._meant: Contrast | None = None
        self._due = self._new = True
        self._filling = False
        self._count: CellCount | None = None
        self._seen: tuple[object, ...] = ()
        self._partial = False
        self._fitted_ms = 0
        self._fitted_cells, self._fitted_largest = 0, 0.0
        self._joined = 0
        self._joined_ms: int | None = None
        legend.set_initial(usual)
        legend.chosen.connect(self._keep)

    @property
    def counting(self) -> bool:
        """Whether a count is under way: the next offer is awaited soon."""
        return self._count is not None and not self._count.done

    def turn_to(self, key: str) -> None:
        """Another instrument, or another height of its levels."""
        if key != self._key:
            self._key, self._due, self._new, self._filling = key, True, True, False
            self._fitted_cells, self._joined, self._joined_ms = 0, 0, None
            self._count, self._seen = None, ()
        self._between = False
        if self._meant is not None:
            self._remember(self._meant)
            self._meant, self._due = None, True

    def forget_source(self) -> None:
        """Let go of the cells counted last; what is chosen now is meant for those that come."""
        self._count, self._seen, self._between = None, (), True
        self.legend.forget()

    def refit(self) -> None:
        """Fit at the next offers; asking again does not set a count back."""
        if not (self._due and self.counting):
            self._due, self._count = True, None

    def offer(
        self,
        source: HeatmapSource,
        band: int,
        *,
        filling: bool,
        now_ms: int,
        held: bool,
        joined: int = 0,
        since: int | None = None,
    ) -> None:
        """Fit if it is time to, or go on with it.

        Parameters
        ----------
        band : int
            Native levels pooled into the cells that are counted.
        filling : bool
            The first history is still arriving.
        held : bool
            A hand is on the picture: only what was asked for may change under it.
        joined : int
            Parts of a sum that have ever been heard.
        since : int or None
            Column from which on cells count: where the last of them joined.
        """
        count = self._count
        if count is not None and (count.source is not source or count.band != band):
            count = self._count = None
        self._note_joined(joined, now_ms)
        if count is None:
            if not self._wanted(source, filling=filling, now_ms=now_ms, held=held):
                return
            count = self._count = CellCount(source, band, since)
        if not count.step():
            if self._new and count.any_quantity:
                # colours at once, from what is newest; the rest settles them
                self._new = False
                self._fit(count, settled=False)
            return
        if held and not self._due:
            return
        self._count, self._partial = None, filling
        self._seen = (source, count.revision, count.generation)
        if not count.any_quantity:
            return
        if not (self._due or self.legend.contrast.auto or self._many_more(count)):
            # the same instrument in another interval: its own histogram, the same colours
            self.legend.recount(count.counts, count.values)
            self._fitted_ms = now_ms
            return
        self._due = self._new = False
        self._filling, self._fitted_ms = filling, now_ms
        self._fitted_cells, self._fitted_largest = count.quantities, count.largest
        self._fit(count, settled=not filling)

    def _note_joined(self, joined: int, now_ms: int) -> None:
        if joined > self._joined:
            first = self._new or self._joined == 0
            self._joined = joined
            if not first and self._joined_ms is None:
                self._joined_ms = now_ms

    def _many_more(self, count: CellCount) -> bool:
        """Whether so few cells were held at the last fit that those of now say much more."""
        before, now = self._fitted_cells, count.quantities
        grown = now >= MORE_RATIO * before or count.largest >= MORE_RATIO * self._fitted_largest
        return 0 < before < ENOUGH_CELLS and grown

    def _wanted(self, source: HeatmapSource, *, filling: bool, now_ms: int, held: bool) -> bool:
        if self._filling and not filling:
            self._due = True
        if self._joined_ms is not None and not held and now_ms - self._joined_ms >= JOIN_MS:
            self._due, self._joined_ms = True, None
        unseen = (source, source.revision, source.generation) != self._seen
        if self._due:
            # a store without any quantity is not counted again before it changes
            return unseen or not self._new
        if not self._seen or self._seen[0] is not source or (self._partial and not filling):
            return True
        early = 0 <= now_ms - self._fitted_ms < AUTO_MS
        few = 0 < self._fitted_cells < ENOUGH_CELLS
        return (self.legend.contrast.auto or few) and unseen and not early and not held

    def _fit(self, count: CellCount, *, settled: bool) -> None:
        contrast = self._kept.get(self._key)
        if contrast is None or not makes_sense(count.counts, count.values, contrast):
            contrast = carry_over(count.counts, count.values, contrast or self._last)
        self.legend.fit(count.counts, count.values, contrast)
        if settled and self._key:
            self._remember(contrast)

    def _keep(self) -> None:
        """Take over what the user chose."""
        self._last = self.legend.contrast
        if self._between:
            self._meant = self._last
        elif self._key:
            self._remember(self._last)

    def _remember(self, contrast: Contrast) -> None:
        self._kept.pop(self._key, None)
        self._kept[self._key] = contrast
        while len(self._kept) > MOST:
            del self._kept[next(iter(self._kept))]

    # -- the layout file

    def save(self) -> dict[str, str | list[str]]:
        """One line per instrument, and the setting that a new one takes."""
        lines = [f"{key}|{_line(contrast)}" for key, contrast in self._kept.items()]
        return {"contrast": lines, "contrast_default": _line(self._last)}

    def load(self, saved: Mapping[str, object]) -> None:
        """Take saved lines over; one that makes no sense is left out."""
        last = saved.get("contrast_default")
        if isinstance(last, str):
            self._last = _parse(f"|{last}")[1] or self._last
        lines = saved.get("contrast")
        if not isinstance(lines, Sequence) or isinstance(lines, str):
            return
        for line in lines[:MOST]:
            key, contrast = _parse(str(line))
            if key and contrast is not None:
                self._kept[key] = contrast


def _line(c: Contrast) -> str:
    figures = f"{c.low_pct!r}|{c.high_pct!r}|{c.low!r}|{c.high!r}"
    return f"{c.mode}|{figures}|{c.scale}|{'auto' if c.auto else 'frozen'}"


def _parse(line: str) -> tuple[str, Contrast | None]:
    if not line.endswith(("|auto", "|frozen")):
        line += "|frozen"  # as earlier versions wrote it
    parts = line.rsplit("|", 7)
    if len(parts) != 8 or parts[1] not in {"percentile", "absolute"}:
        return "", None
    try:
        low_pct, high_pct, low, high = (float(part) for part in parts[2:6])
    except ValueError:
        return "", None
    sound = all(math.isfinite(x) and x >= 0 for x in (low_pct, high_pct, low, high))
    if not (sound and low_pct < high_pct <= 100 and parts[6] in {"log", "linear"}):
        return "", None
    exact = parts[1] == "absolute"
    if exact and not low < high:
        return "", None
    auto = parts[7] == "auto" and not exact
    return parts[0], Contrast(parts[1], low_pct, high_pct, low, high, parts[6], auto)
