"""Order book: resting liquidity by price over time."""

from ui.panels.order_book.panel import OrderBookPanel

__all__ = ["OrderBookPanel"]
