"""Every loopback venue with the markets it lists; which recording stands for which."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.servers.venues import recorded
from tests.servers.venues.binance_usdm import BinanceUsdmServer
from tests.servers.venues.generated import Generated
from tests.servers.venues.market import Play, Source, Spec

if TYPE_CHECKING:
    from tests.servers.venues.server import VenueServer

MakePlay = Callable[[int], Play]


def default_data_dir() -> Path:
    """HEATDESK_TEST_DATA, else the data beside the checkout."""
    stored = os.environ.get("HEATDESK_TEST_DATA")
    return Path(stored) if stored else Path(__file__).parents[4] / "shared" / "data"


def generated(spec: Spec, price: float, **options: Any) -> Callable[[], Source]:
    """A generated market, made when its venue starts."""
    return lambda: Generated(spec, price, **options)


def plays(listings: list[tuple[Spec, Callable[[], Source]]], **options: Any) -> list[MakePlay]:
    """What a server makes its markets of, with `rate`, `skew_ms` and `keep_ms`."""

    def maker(spec: Spec, source: Callable[[], Source]) -> MakePlay:
        return lambda start_ms: Play(spec, source(), start_ms, **options)

    return [maker(spec, source) for spec, source in listings]


USDM_BTC = Spec("BTCUSDT", "BTC", "USDT", 2, 3, 10, perpetual=True)
USDM_ETH = Spec("ETHUSDT", "ETH", "USDT", 2, 3, 1, perpetual=True)
USDM_OTHERS = (
    Spec("PAUSEDUSDT", "PAUSED", "USDT", 4, 0, 1, perpetual=True, status="PENDING_TRADING"),
    Spec("GONEUSDT", "GONE", "USDT", 4, 0, 1, perpetual=True, status="SETTLING"),
    Spec("BTCUSDT_261225", "BTC", "USDT", 1, 3, 1, perpetual=True, contract="CURRENT_QUARTER"),
    Spec("DUSTUSDT", "DUST", "USDT", 12, 0, 1, perpetual=True),
)
"""Markets with something about them: paused, delisted, dated, prices with twelve decimals."""


def usdm(recording: bool = False, data: Path | None = None, **options: Any) -> BinanceUsdmServer:
    """Binance USD-M futures; BTCUSDT from the recording or generated."""
    path = (data or default_data_dir()) / recorded.USDM
    bitcoin = (lambda: recorded.binance(path)) if recording else generated(USDM_BTC, 70_800.0)
    listings = [
        (USDM_BTC, bitcoin),
        (USDM_ETH, generated(USDM_ETH, 2480.0)),
        *((spec, generated(spec, _price(spec), levels=50, changes=2)) for spec in USDM_OTHERS),
    ]
    server, play = _split(options)
    return BinanceUsdmServer(plays(listings, **play), **server)


def _price(spec: Spec) -> float:
    return {"BTC": 70_800.0, "DUST": 0.000000123456}.get(spec.coin, 1.25)


def _split(options: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Options of the server, and of its markets."""
    of_play = {"rate", "skew_ms", "keep_ms"}
    return (
        {name: value for name, value in options.items() if name not in of_play},
        {name: value for name, value in options.items() if name in of_play},
    )


VENUES: dict[str, Callable[..., VenueServer]] = {
    "binance-usdm": usdm,
}
"""How each venue is made, by provider id."""
