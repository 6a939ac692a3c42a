"""What every panel is: a header that tells the state of its data, options, and a body."""

from ui.panel.base import Panel
from ui.panel.context import PanelContext, Workspace

__all__ = ["Panel", "PanelContext", "Workspace"]
