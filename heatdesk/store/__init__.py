"""What arrived, kept so that readers can copy the window they need.

Imports frames and units only. `market.MarketStore` is the door: what each subscription holds,
under the one lock. `exact` keeps the newest snapshots as served. `heatmap.HeatmapStore` keeps
one subscription's cells over `grid` (the only price and time arithmetic) and `codes` (16-bit
cells):

- in: `bucketing` sorts the levels of a frame into rows, `filling` makes cells of them;
- held: `ring` holds `block`s of columns within the budget, `regrid` gives them another height;
- out: `pyramid` keeps their levels of detail, made by `pooling`.
"""
