"""Asking the keyring without holding up the windows: it may wait for a person to unlock it."""

from __future__ import annotations

from PySide6.QtCore import QObject

from heatdesk.errors import VaultError
from ui.worker import Worker

WAIT_S = 2.0


class VaultWork(Worker):
    """The one worker that asks the keyring."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__("keyring", _unforeseen, parent)

    def stop(self) -> None:
        """Drop what was not answered and wait a moment for the worker."""
        self.close(WAIT_S, drop=True)


def _unforeseen(kind: str) -> VaultError:
    return VaultError("The keyring failed. Use the key for this run only.", kind)
