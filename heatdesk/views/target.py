"""What linked panels share: one instrument, told so that each panel can show its own of it."""

from __future__ import annotations

from dataclasses import dataclass

from heatdesk.frames import MarketList
from heatdesk.views.instruments import coin_of, symbol_for


@dataclass(frozen=True, slots=True)
class Target:
    """An instrument as panels hand it on.

    Attributes
    ----------
    coin : str
        Base asset in capitals; what every kind of panel understands.
    venue, symbol : str
        Where it trades and how it is written there; empty where only the coin is meant.
    """

    coin: str
    venue: str = ""
    symbol: str = ""

    @property
    def name(self) -> str:
        """What a user calls it."""
        return self.symbol or self.coin

    def at(self, venue: str, *, live: bool = False) -> str:
        """Symbol of it at a venue: the very one there, else the usual pair of its coin.

        Parameters
        ----------
        live : bool
            As the venue's own feeds write it, which a collector may write otherwise.
        """
        if venue == self.venue and self.symbol:
            return self.symbol
        return symbol_for(venue, self.coin, live=live)


def target_of(
    venue: str, symbol: str, markets: MarketList | None = None, *, live: bool = False
) -> Target:
    """The target that a symbol of a venue is."""
    return Target(coin_of(venue, symbol, markets, live=live).upper(), venue, symbol)
