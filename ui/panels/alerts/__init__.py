"""The alerts panel."""

from ui.panels.alerts.panel import AlertPanel

__all__ = ["AlertPanel"]
