"""Liquidations: where positions on Hyperliquid would be liquidated, by price over time."""

from ui.panels.liquidation.panel import LiquidationPanel

__all__ = ["LiquidationPanel"]
