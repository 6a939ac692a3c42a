"""Bands, clusters and curves of a liquidation panel as things that can be drawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from heatdesk.analytics.liquidation import Bands, Cluster, LiquidationCurves, sum_bands
from heatdesk.frames import LiquidationBatch, Quote
from heatdesk.units import format_compact, format_pct, format_usd
from ui.heatmap.marks import EdgeProfile, PriceLabel
from ui.panels.liquidation.options import LiquidationOptions
from ui.theme import Palette


def edge_profiles(
    bands: Bands, curves: LiquidationCurves, last_price: float
) -> tuple[EdgeProfile, EdgeProfile]:
    """Bars and cumulative curve of each side; its caption says that the side is inferred."""
    low = bands.index.astype(np.float64) * bands.height
    below = low + bands.height / 2 < last_price
    return (
        EdgeProfile(
            low[below],
            bands.qty[below],
            curves.below_price,
            curves.below_sum,
            Palette.LONGS,
            "longs below, inferred",
        ),
        EdgeProfile(
            low[~below],
            bands.qty[~below],
            curves.above_price,
            curves.above_sum,
            Palette.SHORTS,
            "shorts above, inferred",
        ),
    )


def happened_profiles(
    batch: LiquidationBatch, height: float, options: LiquidationOptions
) -> tuple[EdgeProfile, EdgeProfile]:
    """Bars of what was liquidated at each price while it was listened to, LONG and SHORT apart."""
    qty = batch.value_usd if options.quote is Quote.USD else batch.qty_base
    profiles = []
    for which, tint, caption in (
        (batch.long, Palette.LONGS, "longs liquidated"),
        (~batch.long, Palette.SHORTS, "shorts liquidated"),
    ):
        bands = sum_bands(batch.price[which], qty[which], height)
        low = bands.index.astype(np.float64) * bands.height
        none = np.zeros(0)
        profiles.append(EdgeProfile(low, bands.qty, none, none, tint, caption))
    return profiles[0], profiles[1]


def cluster_labels(clusters: Sequence[Cluster], options: LiquidationOptions) -> list[PriceLabel]:
    """Labels of the largest clusters (``$48.2M, +1.8 %``)."""
    return [
        PriceLabel(
            cluster.peak,
            cluster.low,
            cluster.high,
            f"{_size_text(cluster.qty, options)}, {format_pct(cluster.distance_pct)}",
            Palette.LONGS if cluster.inferred_side == "long" else Palette.SHORTS,
        )
        for cluster in clusters
    ]


def _size_text(qty: float, options: LiquidationOptions) -> str:
    if options.quote is Quote.USD:
        return format_usd(qty)
    return f"{format_compact(qty)} {options.coin}"
