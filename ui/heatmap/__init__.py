"""The price-time chart and what it is made of.

Draws windows of the store; imports views, the store and `ui.theme`, knows no panel. `item` is
the heatmap itself, `paint_cpu` its software path.
"""
