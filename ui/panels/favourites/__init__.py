"""The favourites panel."""

from ui.panels.favourites.panel import FavouritesPanel

__all__ = ["FavouritesPanel"]
