"""Asking for the name of a workspace, and before one is deleted; the desk goes on meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QInputDialog, QMessageBox

from heatdesk.workspaces.library import LONGEST_NAME

if TYPE_CHECKING:
    from ui.main_window.desk import Desk

ASKING_PX = 380
"""Wide enough for the title of the question and a name of some words."""


def ask_new(desk: Desk) -> None:
    """Ask under what name the desk is to be kept."""
    name = desk.spaces.library.free_name(desk.workspace.name)
    _ask(desk, "Save workspace as", name, desk.save_as)


def ask_other(desk: Desk) -> None:
    """Ask for another name of the open workspace."""
    _ask(desk, "Rename workspace", desk.workspace.name, desk.rename)


def ask_delete(desk: Desk) -> None:
    """Ask before the open workspace is deleted: there is no way back."""
    box = QMessageBox(desk.active_window())
    box.setWindowTitle("Delete workspace")
    box.setText(f"Delete the workspace \u201c{desk.workspace.name}\u201d?")
    box.setInformativeText("Its panels and their options are lost.")
    delete = box.addButton("Delete", QMessageBox.ButtonRole.DestructiveRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(QMessageBox.StandardButton.Cancel)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setModal(False)
    delete.clicked.connect(desk.delete)
    box.show()


def _ask(desk: Desk, title: str, name: str, take: Callable[[str], object]) -> None:
    dialog = QInputDialog(desk.active_window())
    dialog.setWindowTitle(title)
    dialog.setLabelText(f"Name, at most {LONGEST_NAME} characters:")
    dialog.setTextValue(name)
    dialog.resize(ASKING_PX, dialog.sizeHint().height())
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setModal(False)
    dialog.textValueSelected.connect(lambda text: take(text) if text.strip() else None)
    dialog.show()
