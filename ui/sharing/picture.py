"""A picture of a panel or of the desk, with what, when and whence in its margin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QBuffer, QIODevice, QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter
from PySide6.QtWidgets import QWidget

from ui import theme
from ui.sharing.painting import blank, paint_widget

MARGIN_PX = 26
GAP_PX = 8
"""Between two windows of a desk."""
EDGE_PX = 8
DEMO = "DEMO"


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
    image = blank(QSize(width, height + MARGIN_PX), scale)
    image.fill(QColor(theme.Palette.PANEL))
    painter = QPainter(image)
    try:
        x = 0
        for widget in widgets:
            paint_widget(painter, widget, QPoint(x, 0))
            x += widget.width() + GAP_PX
        _write(painter, caption, QRectF(0, height, width, MARGIN_PX))
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


def _write(painter: QPainter, caption: Caption, rect: QRectF) -> None:
    """Write the margin: what at the left, when and whence at the right, DEMO where invented."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillRect(rect, QColor(theme.Palette.PANEL))
    painter.fillRect(QRectF(rect.x(), rect.y(), rect.width(), 1), QColor(theme.Palette.LINE))
    inner = rect.adjusted(EDGE_PX, 0, -EDGE_PX, 0)
    middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
    if caption.demo:
        painter.setFont(theme.font(theme.SMALL_PX, bold=True))
        wide = painter.fontMetrics().horizontalAdvance(DEMO) + 12
        tag = QRectF(inner.x(), rect.y() + 5, wide, rect.height() - 9)
        painter.setPen(QColor(theme.Palette.DEMO))
        painter.setBrush(QColor(theme.Palette.DEMO_GROUND))
        painter.drawRoundedRect(tag.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, DEMO)
        inner.setLeft(tag.right() + EDGE_PX)
    painter.setFont(theme.font(theme.SMALL_PX, tabular=True))
    metrics = QFontMetricsF(painter.font())
    # where it is narrow, what is said last gives way first
    endings = (
        f"{caption.when}   {caption.whence}   HeatDesk",
        f"{caption.when}   {caption.whence}",
        caption.when,
    )
    least = min(metrics.horizontalAdvance(caption.what), inner.width() * 0.5) + 2 * EDGE_PX
    ending = next(
        (one for one in endings if metrics.horizontalAdvance(one) + least <= inner.width()),
        endings[-1],
    )
    room = inner.width() - metrics.horizontalAdvance(ending) - 2 * EDGE_PX
    what = metrics.elidedText(caption.what, Qt.TextElideMode.ElideRight, max(0.0, room))
    painter.setPen(QColor(theme.Palette.TEXT))
    painter.drawText(inner, middle, what)
    painter.setPen(QColor(theme.Palette.TEXT_DIM))
    right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
    painter.drawText(inner, right, ending)
