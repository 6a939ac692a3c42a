"""A picture of a panel or of the desk, with what, when and whence in its margin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QBuffer, QIODevice, QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter
from PySide6.QtWidgets import QWidget

from ui import theme
from ui.sharing.painting import blank, paint_widget

MARGIN_PX, TALL_MARGIN_PX = 26, 44
"""Height of the margin; the second one where all of it has no room in one line."""
GAP_PX = 8
"""Between two windows of a desk."""
EDGE_PX = 8
DEMO, SIGNATURE = "DEMO", "HeatDesk"


@dataclass(frozen=True, slots=True)
class Caption:
    """What stands in the margin.

    Attributes
    ----------
    what : str
        Panel and symbol, or the workspace.
    when : str
        Date and time with the zone.
    whence : str
        Who told the data.
    demo : bool
        Any of it is invented.
    """

    what: str
    when: str
    whence: str
    demo: bool


def picture_of(widgets: Sequence[QWidget], caption: Caption, scale: float) -> QImage:
    """Draw widgets side by side over the margin.

    Parameters
    ----------
    scale : float
        Pixels of the picture for one of the screen at scale 1.
    """
    width = sum(one.width() for one in widgets) + GAP_PX * (len(widgets) - 1)
    height = max(one.height() for one in widgets)
    margin_px = MARGIN_PX if _fits(caption, width) else TALL_MARGIN_PX
    image = blank(QSize(width, height + margin_px), scale)
    image.fill(QColor(theme.Palette.PANEL))
    painter = QPainter(image)
    try:
        x = 0
        for widget in widgets:
            paint_widget(painter, widget, QPoint(x, 0))
            x += widget.width() + GAP_PX
        _write(painter, caption, QRectF(0, height, width, margin_px))
    finally:
        painter.end()
    return image


def png_of(image: QImage) -> bytes:
    """Return a picture as a PNG file."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not image.save(buffer, "PNG"):  # type: ignore[call-overload]
        raise OSError("the picture cannot be encoded")
    return bytes(buffer.data().data())


def _fits(caption: Caption, width: float) -> bool:
    """Whether what, when and whence have room side by side."""
    metrics = QFontMetricsF(theme.font(theme.SMALL_PX, tabular=True))
    ending = metrics.horizontalAdvance(_ending(caption))
    tag = metrics.horizontalAdvance(DEMO) + 24 if caption.demo else 0.0
    least = min(metrics.horizontalAdvance(caption.what), width * 0.5)
    return tag + least + ending + 4 * EDGE_PX <= width


def _ending(caption: Caption) -> str:
    return "   ".join(part for part in (caption.when, caption.whence) if part)


def _write(painter: QPainter, caption: Caption, rect: QRectF) -> None:
    """Write the margin: what at the left, when and whence at the right, DEMO where invented.

    In a tall one when and whence stand in a line of their own.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillRect(rect, QColor(theme.Palette.PANEL))
    painter.fillRect(QRectF(rect.x(), rect.y(), rect.width(), 1), QColor(theme.Palette.LINE))
    tall = rect.height() > MARGIN_PX
    inner = rect.adjusted(EDGE_PX, 0, -EDGE_PX, 0)
    second = QRectF(inner)
    if tall:
        inner.setHeight(MARGIN_PX)
        second.setTop(inner.bottom() - 6)
        second.setHeight(rect.bottom() - second.top())
    if caption.demo:
        inner.setLeft(_write_tag(painter, inner) + EDGE_PX)
    painter.setFont(theme.font(theme.SMALL_PX, tabular=True))
    metrics = QFontMetricsF(painter.font())
    ending = _ending(caption)
    if not tall:
        signed = f"{ending}   {SIGNATURE}"
        least = min(metrics.horizontalAdvance(caption.what), inner.width() * 0.5)
        if metrics.horizontalAdvance(signed) + least + 2 * EDGE_PX <= inner.width():
            ending = signed
    taken = 0.0 if tall else metrics.horizontalAdvance(ending) + 2 * EDGE_PX
    cut = Qt.TextElideMode.ElideRight
    painter.setPen(QColor(theme.Palette.TEXT))
    painter.drawText(
        inner, _LEFT, metrics.elidedText(caption.what, cut, max(0.0, inner.width() - taken))
    )
    painter.setPen(QColor(theme.Palette.TEXT_DIM))
    ending = metrics.elidedText(ending, cut, second.width()) if tall else ending
    painter.drawText(second if tall else inner, _LEFT if tall else _RIGHT, ending)


def _write_tag(painter: QPainter, inner: QRectF) -> float:
    """Write that something is invented; returns where that ends."""
    painter.setFont(theme.font(theme.SMALL_PX, bold=True))
    wide = painter.fontMetrics().horizontalAdvance(DEMO) + 12
    tag = QRectF(inner.x(), inner.y() + 5, wide, inner.height() - 9)
    painter.setPen(QColor(theme.Palette.DEMO))
    painter.setBrush(QColor(theme.Palette.DEMO_GROUND))
    painter.drawRoundedRect(tag.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
    painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, DEMO)
    return tag.right()


_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
_RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
