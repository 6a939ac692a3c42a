"""Numbers inside cells, where cells are large enough to hold them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPixmap, QStaticText

from heatdesk.store.codes import FIRST, Codes
from heatdesk.views.cell_text import cell_figure, has_room, wants_dark_ink
from ui import theme
from ui.heatmap.layer import Layer

if TYPE_CHECKING:
    from PySide6.QtWidgets import QGraphicsItem

    from heatdesk.views.heatmap import HeatmapSource, HeatmapWindow
    from heatdesk.views.viewport import ChartWindow
    from ui.heatmap.item import HeatmapItem
    from ui.heatmap.painting import Style

MOST_CELLS = 5_000
"""With more cells in view than these a screen full of figures would tell nobody anything."""
_TILE_LEVELS = 16
_MOST_TEXTS = 4_000


@dataclass(frozen=True, slots=True)
class _Layout:
    """What the tiles of one kind have in common; another one makes them void."""

    source: int
    generation: int
    version: int
    time_lod: int
    step: int
    cell_px: tuple[float, float]
    ratio: float


class CellNumberLayer(Layer):
    """Figures of the cells in view, kept as small pictures of one column by a few levels.

    A picture is made once and drawn wherever its cells are: a repaint and a move in time or
    price make none but those that come into view, an append only those of its own column.

    Attributes
    ----------
    texts_laid : int
        How many figures were written into pictures so far.
    """

    def __init__(
        self, item: HeatmapItem, parent: QGraphicsItem | None = None, z: float = 9.0
    ) -> None:
        super().__init__(parent, z)
        self._item = item
        self._on = True
        self.texts_laid = 0
        self._layout: _Layout | None = None
        self._revision = -1
        self._tiles: dict[tuple[int, int], QPixmap | None] = {}
        self._texts: dict[str, QStaticText] = {}

    def set_on(self, on: bool) -> None:
        """Switch the numbers on or off."""
        if on != self._on:
            self._on = on
            self._tiles.clear()
            self.update()

    def draw(self, painter: QPainter, window: ChartWindow) -> None:
        """Draw the figures of the cells in view, if they have room."""
        source, drawn, style = self._item.source, self._item.window, self._item.style
        if not self._on or source is None or drawn is None or style is None:
            return
        grid = source.grid
        width = grid.interval_ms / 1000 * (1 << drawn.time_lod) / window.s_per_px
        height = grid.block_size * drawn.step / window.price_per_px
        columns = math.ceil(window.width_px / width) + 1
        levels = math.ceil(window.height_px / height) + 1
        if not has_room(width, height) or columns * levels > MOST_CELLS:
            self._tiles.clear()
            return
        ratio = painter.device().devicePixelRatio()
        size = (round(width, 3), round(height, 3))
        with source.lock:
            layout = _Layout(
                id(source),
                source.generation,
                style.version,
                drawn.time_lod,
                drawn.step,
                size,
                ratio,
            )
            self._drop_stale(source, layout, drawn)
            needed = self._needed(source, drawn, window)
            missing = [key for key in needed if key not in self._tiles]
            self._make(source, style, layout, missing)
        self._tiles = {key: self._tiles[key] for key in needed}
        tall = _TILE_LEVELS * drawn.step * grid.block_size
        for (column, block), tile in self._tiles.items():
            if tile is None:
                continue
            x = window.x_of(grid.time.time_of(column << drawn.time_lod) / 1000)
            y = window.y_of((block + 1) * tall)
            at = QPointF(round(x * ratio) / ratio, round(y * ratio) / ratio)
            painter.drawPixmap(at, tile)

    def _drop_stale(self, source: HeatmapSource, layout: _Layout, drawn: HeatmapWindow) -> None:
        if layout != self._layout:
            self._layout = layout
            self._tiles.clear()
        elif source.revision != self._revision:
            c0, c1 = source.changed_since(self._revision)
            if c1 > c0:
                first, last = c0 >> drawn.time_lod, (c1 - 1) >> drawn.time_lod
                for key in [key for key in self._tiles if first <= key[0] <= last]:
                    del self._tiles[key]
        self._revision = source.revision

    @staticmethod
    def _needed(
        source: HeatmapSource, drawn: HeatmapWindow, window: ChartWindow
    ) -> list[tuple[int, int]]:
        """Column and block of levels of every tile in view that can hold cells."""
        time, price = source.grid.time, source.grid.price
        c0 = max(time.column_of(window.t0_s * 1000), source.first_column) >> drawn.time_lod
        c1 = min(time.column_of(window.t1_s * 1000), source.last_column) >> drawn.time_lod
        tall = _TILE_LEVELS * drawn.step
        b0 = max(price.level_of(window.p0), source.first_level) // tall
        b1 = min(price.level_of(window.p1), source.last_level) // tall
        return [(c, b) for c in range(c0, c1 + 1) for b in range(b0, b1 + 1)]

    def _make(
        self,
        source: HeatmapSource,
        style: Style,
        layout: _Layout,
        missing: list[tuple[int, int]],
    ) -> None:
        """Make the pictures of tiles from one reading of their cells."""
        if not missing:
            return
        columns, blocks = zip(*missing, strict=True)
        c0, c1 = min(columns), max(columns) + 1
        b0, b1 = min(blocks), max(blocks) + 1
        window = (c0, c1, b0 * _TILE_LEVELS, b1 * _TILE_LEVELS)
        detail = (layout.time_lod, 0, layout.step)
        codes, colours = _coloured(source, style, window, detail)
        # what is coloured like the ground lies under the lower cut, and stays quiet
        loud = (codes >= FIRST) & (colours != style.shades.ground)
        dark = wants_dark_ink(colours)
        values = source.values
        for column, block in missing:
            rows = slice((block - b0) * _TILE_LEVELS, (block - b0 + 1) * _TILE_LEVELS)
            place = (rows, column - c0)
            figures = [
                (k, cell_figure(float(values[codes[place][k]])), bool(dark[place][k]))
                for k in np.flatnonzero(loud[place]).tolist()
            ]
            self._tiles[column, block] = self._picture(layout, figures) if figures else None

    def _picture(self, layout: _Layout, figures: list[tuple[int, str, bool]]) -> QPixmap:
        """One column by `_TILE_LEVELS` levels, row 0 at the bottom."""
        width, height = layout.cell_px
        font = theme.font(theme.SMALL_PX - 1 if height < 16 else theme.SMALL_PX, tabular=True)
        tile = QPixmap(
            math.ceil(width * layout.ratio), math.ceil(_TILE_LEVELS * height * layout.ratio)
        )
        tile.setDevicePixelRatio(layout.ratio)
        tile.fill(Qt.GlobalColor.transparent)
        painter = QPainter(tile)
        painter.setFont(font)
        pens = {True: QColor(theme.BLACK), False: QColor(theme.WHITE)}
        for k, words, dark in figures:
            text = self._text(words, font)
            size = text.size()
            if size.width() > width - 4:
                continue
            x = (width - size.width()) / 2
            y = (_TILE_LEVELS - 1 - k) * height + (height - size.height()) / 2
            painter.setPen(pens[dark])
            painter.drawStaticText(QPointF(round(x), round(y)), text)
            self.texts_laid += 1
        painter.end()
        return tile

    def _text(self, words: str, font: QFont) -> QStaticText:
        """A figure that is laid out already; most figures occur many times."""
        key = f"{font.pixelSize()}{words}"
        text = self._texts.get(key)
        if text is None:
            if len(self._texts) >= _MOST_TEXTS:
                self._texts.clear()
            text = QStaticText(words)
            text.setTextFormat(Qt.TextFormat.PlainText)
            text.prepare(font=font)
            self._texts[key] = text
        return text


def _coloured(
    source: HeatmapSource,
    style: Style,
    window: tuple[int, int, int, int],
    detail: tuple[int, int, int],
) -> tuple[Codes, NDArray[np.uint32]]:
    """Codes of a window and the colours they are drawn in."""
    if style.plane == "bid_ask" and len(source.planes) > 1:
        bid, ask = (source.codes(plane, *window, *detail) for plane in source.planes[:2])
        return np.maximum(bid, ask), np.where(ask > bid, style.ask_table[ask], style.table[bid])
    codes = source.codes("both" if style.plane == "bid_ask" else style.plane, *window, *detail)
    return codes, style.table[codes]
