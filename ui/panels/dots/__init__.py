"""The panel of market dots."""

from ui.panels.dots.panel import DotPanel

__all__ = ["DotPanel"]
