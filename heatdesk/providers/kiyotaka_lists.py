"""Kiyotaka's small contracts: request parameters, block sizes, markets, usage."""

from __future__ import annotations

import re
from collections.abc import Iterator

from heatdesk.frames import BookSub, CandleSub, LiquidationSub, Quote
from heatdesk.net.fields import Node
from heatdesk.providers.kiyotaka_checks import PROVIDER, TITLE
from heatdesk.providers.kiyotaka_weight import BOOK, CANDLES, LIQUIDATION
from heatdesk.units import INTERVALS_MS

INTERVAL_NAMES = dict(
    zip(
        INTERVALS_MS.values(),
        ("MINUTE", "FIVE_MINUTES", "FIFTEEN_MINUTES", "HOUR", "FOUR_HOURS", "DAY", "WEEK"),
        strict=True,
    )
)
"""What the provider calls each interval."""

_SECRET = re.compile("key|token|secret|auth", re.IGNORECASE)

SeriesSub = BookSub | LiquidationSub | CandleSub
Params = list[tuple[str, str]]


def points_params(
    sub: SeriesSub, span: tuple[int, int], block_size: float = 0.0, flat: bool = False
) -> Params:
    """Parameters of ``/v1/points``; the window goes out in whole seconds that hold the span."""
    window = [
        ("interval", INTERVAL_NAMES[sub.interval_ms]),
        ("from", str(span[0] // 1000)),
        ("period", str(period_s_of(span))),
    ]
    if isinstance(sub, BookSub):
        params = [("type", BOOK), *(("exchange", venue) for venue in sub.venues)]
        params += [_instrument(sub.symbol, sub.coin), *window, ("blockSize", _plain(block_size))]
        if len(sub.venues) > 1:
            params.append(("transform.groupBy.type", "GROUP_BY_TYPE_SUM"))
        return params + _level_params(sub, flat)
    if isinstance(sub, LiquidationSub):
        return [("type", LIQUIDATION), ("coin", sub.coin), *window, *_level_params(sub, flat)]
    return [
        ("type", CANDLES),
        ("exchange", sub.venue),
        _instrument(sub.symbol, sub.coin),
        *window,
    ]


def period_s_of(span: tuple[int, int]) -> int:
    """Length of the window that is sent for a span."""
    return -(-span[1] // 1000) - span[0] // 1000


def block_size_params(venue: str, symbol: str, coin: str) -> Params:
    """Parameters of ``/v1/block-sizes``."""
    return [("exchange", venue), _instrument(symbol, coin), ("type", BOOK)]


def parse_block_size(payload: object) -> float:
    """Recommended (4K) block size; 0 means that the plan has no data for the symbol.

    Raises
    ------
    BadPayload
        Unless it is ``{"blockSizes": [n]}``, ``{"blockSize": n}`` or ``[{"blockSize": n}]``.
        Of several sizes the finest is taken.
    """
    root = Node(payload, PROVIDER, TITLE)
    if isinstance(payload, list):
        sizes = [item.child("blockSize").amount() for item in root.items()]
    elif root.get("blockSize") is not None:
        sizes = [root.child("blockSize").amount()]
    else:
        sizes = [item.amount() for item in root.child("blockSizes").items()]
    return min((size for size in sizes if size > 0), default=0.0)


def parse_markets(payload: object) -> tuple[list[tuple[str, str, str, str]], int]:
    """One page of ``/v1/markets``: rows as in `MarketList`, and where the next page starts.

    Raises
    ------
    BadPayload
        Naming the field; a market without a venue or a symbol is refused.
    """
    root = Node(payload, PROVIDER, TITLE)
    rows = []
    for item in root.child("symbols").items():
        coin, category = item.get("coin"), item.get("category")
        rows.append(
            (
                item.child("exchange").text(),
                item.child("rawSymbol").text(),
                coin.text() if coin is not None else "",
                category.text() if category is not None else "",
            )
        )
    following = root.get("nextOffset")
    return rows, following.count() if following is not None else 0


def parse_usage(payload: object) -> str:
    """Every figure of ``/v1/usage`` in one line; its fields are not documented.

    Texts under a name that speaks of a key are left out, in case the key itself is served.
    """
    Node(payload, PROVIDER, TITLE).members()
    told = [
        f"{name} {value}"
        for name, value in _leaves("", payload)
        if not (isinstance(value, str) and _SECRET.search(name))
    ]
    words = ", ".join(told)
    return words if len(words) <= 300 else words[:297] + "..."


def _leaves(name: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _leaves(f"{name}.{key}" if name else str(key), member)
    elif isinstance(value, list):
        for i, member in enumerate(value):
            yield from _leaves(f"{name}[{i}]", member)
    else:
        yield name, value


def _instrument(symbol: str, coin: str) -> tuple[str, str]:
    return ("rawSymbol", symbol) if symbol else ("coin", coin)


def _level_params(sub: BookSub | LiquidationSub, flat: bool) -> Params:
    params: Params = []
    if sub.depth is not None:
        params.append(("maxDepth", str(sub.depth)))
    if sub.quote is Quote.USD:
        params.append(("transform.normalize.quote", "USD"))
    if flat:
        params.append(("flatten", "true"))
    return params


def _plain(number: float) -> str:
    return str(int(number)) if number.is_integer() else repr(number)
