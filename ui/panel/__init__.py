"""What every panel is: a header that tells the state of its data, options, and a body."""

from ui.panel.base import Options, Panel
from ui.panel.context import PanelContext, Workspace
from ui.panel.log_tail import LogTail

__all__ = ["LogTail", "Options", "Panel", "PanelContext", "Workspace"]
