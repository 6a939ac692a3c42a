"""What arrived, kept so that readers can copy the window they need.

Imports frames and units only. `market.MarketStore` is the door; `heatmap.HeatmapStore` keeps
one subscription's cells over `grid` (the only price and time arithmetic), `codes` (16-bit
cells), `ring` (memory) and `pyramid` (levels of detail).
"""
