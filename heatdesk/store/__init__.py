"""What arrived, kept so that readers can copy the window they need.

Imports frames and units only. `market.MarketStore` is the door; `heatmap.HeatmapStore` keeps
one subscription's cells over `grid` (the only price and time arithmetic) and `codes` (16-bit
cells): `bucketing` and `filling` bring a frame there, `ring` holds `block`s of columns,
`pyramid` their levels of detail (`pooling`), `summaries` count them.
"""
