"""The row of compact controls under a header; where it is too narrow it takes more lines."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import (
    QLayout,
    QLayoutItem,
    QSizePolicy,
    QSpacerItem,
    QWidget,
)

OPTIONS_PX = 27
"""Height of one line with its margins."""
_GAP_PX, _SIDE_PX, _EDGE_PX = 4, 6, 2
_LINE_PX = OPTIONS_PX - 2 * _EDGE_PX


class OptionsRow(QLayout):
    """Puts controls side by side, and into further lines as a text is broken.

    The gap of a stretch pushes what follows it to the right edge while everything is in one
    line; in further lines everything is pushed left.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(_SIDE_PX, _EDGE_PX, _SIDE_PX, _EDGE_PX)

    def addStretch(self, stretch: int = 1) -> None:
        """Push what is added from now on to the right edge."""
        del stretch
        wide = QSizePolicy.Policy.Expanding
        self.addItem(QSpacerItem(0, 0, wide, QSizePolicy.Policy.Minimum))

    def addItem(self, item: QLayoutItem) -> None:
        """Add at the end."""
        self._items.append(item)

    def count(self) -> int:
        """How many there are."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """One of them; None beyond the last."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Remove one; None beyond the last."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """Not of itself."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """A narrow one is higher."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Height of all lines."""
        inner = width - 2 * _SIDE_PX
        lines = max(1, sum(1 for _ in self._lines(inner)))
        return OPTIONS_PX + (lines - 1) * (_LINE_PX + _GAP_PX)

    def sizeHint(self) -> QSize:
        """Everything in one line."""
        return QSize(self._needed_px(self._seen()) + 2 * _SIDE_PX, OPTIONS_PX)

    def minimumSize(self) -> QSize:
        """Any width will do."""
        return QSize(0, OPTIONS_PX)

    def setGeometry(self, rect: QRect) -> None:
        """Place everything."""
        super().setGeometry(rect)
        inner = rect.adjusted(_SIDE_PX, _EDGE_PX, -_SIDE_PX, -_EDGE_PX)
        lines = list(self._lines(inner.width()))
        top = inner.top()
        for line in lines:
            spare = inner.width() - self._needed_px(line) if len(lines) == 1 else 0
            left = inner.left()
            for item in line:
                if item.spacerItem() is not None:
                    left += max(0, spare)
                    spare = 0
                    continue
                size = item.sizeHint()
                width, height = min(size.width(), inner.width()), min(size.height(), _LINE_PX)
                item.setGeometry(QRect(left, top + (_LINE_PX - height) // 2, width, height))
                left += width + _GAP_PX
            top += _LINE_PX + _GAP_PX

    def _seen(self) -> list[QLayoutItem]:
        return [one for one in self._items if one.spacerItem() is not None or not one.isEmpty()]

    def _needed_px(self, items: list[QLayoutItem]) -> int:
        widths = [item.sizeHint().width() for item in items if item.spacerItem() is None]
        return sum(widths) + _GAP_PX * max(0, len(widths) - 1)

    def _lines(self, width: int) -> Iterator[list[QLayoutItem]]:
        line: list[QLayoutItem] = []
        for item in self._seen():
            if line and self._needed_px([*line, item]) > width:
                yield line
                line = []
            line.append(item)
        if line:
            yield line


class OptionsStrip(QWidget):
    """The options row of a panel.

    Attributes
    ----------
    row : OptionsRow
        Where controls are added.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("optionsBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.row = OptionsRow(self)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def minimumSizeHint(self) -> QSize:
        """Allow any width."""
        return QSize(0, OPTIONS_PX)
