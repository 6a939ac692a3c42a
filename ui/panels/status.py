"""Status: how every provider is doing, and the newest log lines."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QPlainTextEdit,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
)

from heatdesk.frames import KeyState, ProviderStatus
from heatdesk.units import format_age
from ui import theme
from ui.panel import Panel, PanelContext

COLUMNS = (
    "Provider",
    "State",
    "Key",
    "Last success",
    "Age",
    "Used",
    "Left",
    "Streams",
    "Last error",
    "Request id",
)
_RIGHT = {3, 4, 5, 6, 7}


def state_of(status: ProviderStatus) -> tuple[str, str]:
    """Return a provider's state in one word, and its colour."""
    failed_ms, ok_ms = status.last_error_ms, status.last_ok_ms
    if status.key in {KeyState.MISSING, KeyState.REJECTED}:
        return f"key {status.key.value}", theme.Palette.WARN
    if failed_ms is not None and failed_ms > (ok_ms or 0):
        return "problem", theme.Palette.PROBLEM
    if ok_ms is None:
        return ("waiting" if status.streams else "idle"), theme.Palette.TEXT_FAINT
    return "ok", theme.Palette.LIVE


def budget_text(status: ProviderStatus) -> str:
    """Return the scarcest budget in words (``day 312/1,000``), empty when there is none."""
    if status.used is None:
        return ""
    limit = "" if status.limit is None else f"/{status.limit:,}"
    return f"{status.budget} {status.used:,}{limit}".strip()


class StatusPanel(Panel):
    """Per provider: state, last success, age, budget, last error in words; the log's tail."""

    panel_id: ClassVar[str] = "status"
    title: ClassVar[str] = "Status"
    linkable: ClassVar[bool] = False

    def __init__(self, context: PanelContext, parent: QSplitter | None = None) -> None:
        super().__init__(context, parent)
        self.table = QTableWidget(0, len(COLUMNS))
        self.table.setAccessibleName("Providers")
        self.table.setHorizontalHeaderLabels(list(COLUMNS))
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(22)
        self.table.setShowGrid(False)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setFont(theme.font(theme.SMALL_PX, tabular=True))
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(8, QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.log_view = QPlainTextEdit()
        self.log_view.setReadOnly(True)
        self.log_view.setFont(theme.mono_font())
        self.log_view.setMaximumBlockCount(200)
        self.log_view.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.log_view.setAccessibleName("Log")
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self.table)
        split.addWidget(self.log_view)
        split.setSizes([120, 160])
        self.body.addWidget(split)
        self._log_count = -1

    def revision(self) -> object:
        """Draw again when a provider or the log moved, and once a second for the ages."""
        second = self.context.clock.now_ms() // 1000
        return self.context.store.provider_revision, self.context.log.count, second

    def refresh(self) -> None:
        """Fill the table and the log."""
        rows = self.context.store.providers()
        if self.table.rowCount() != len(rows):
            self.table.setRowCount(len(rows))
        for index, status in enumerate(rows):
            self._show_row(index, status)
        if self.context.log.count != self._log_count:
            self._log_count = self.context.log.count
            self.log_view.setPlainText("\n".join(self.context.log.lines()))
            bar = self.log_view.verticalScrollBar()
            bar.setValue(bar.maximum())

    def csv(self) -> str | None:
        """Return the table as CSV."""
        lines = [",".join(COLUMNS)]
        for row in range(self.table.rowCount()):
            items = (self.table.item(row, column) for column in range(len(COLUMNS)))
            cells = (item.text() if item else "" for item in items)
            lines.append(",".join('"' + cell.replace('"', '""') + '"' for cell in cells))
        return "\n".join(lines) + "\n"

    def _show_row(self, row: int, status: ProviderStatus) -> None:
        now_ms, zone = self.context.clock.now_ms(), self.context.workspace
        state, colour = state_of(status)
        ok_ms = status.last_ok_ms
        left = None
        if status.used is not None and status.limit is not None:
            left = max(0, status.limit - status.used)
        cells = (
            status.title,
            state,
            status.key.value,
            "" if ok_ms is None else zone.clock_text(ok_ms),
            "" if ok_ms is None else format_age((now_ms - ok_ms) / 1000),
            budget_text(status),
            "" if left is None else f"{left:,}",
            str(status.streams),
            status.last_error,
            status.request_id,
        )
        for column, text in enumerate(cells):
            item = self.table.item(row, column)
            if item is None:
                item = QTableWidgetItem()
                if column in _RIGHT:
                    item.setTextAlignment(
                        Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                    )
                self.table.setItem(row, column, item)
            if item.text() != text:
                item.setText(text)
                item.setToolTip(text)
        state_item = self.table.item(row, 1)
        if state_item is not None:
            state_item.setForeground(QColor(colour))
