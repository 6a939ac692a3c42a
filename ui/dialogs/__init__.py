"""Settings: forms generated from the settings' own descriptions, and the keys page."""

from ui.dialogs.settings_window import SettingsWindow
from ui.dialogs.vault_work import VaultWork

__all__ = ["SettingsWindow", "VaultWork"]
