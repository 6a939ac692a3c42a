"""A star for an instrument, on the menu of whatever shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from heatdesk.views.watchlist import favourite_of, star_words

if TYPE_CHECKING:
    from PySide6.QtWidgets import QMenu

    from heatdesk.views.target import Target
    from ui.panel.shared_lists import SharedFavourites


def add_star(menu: QMenu, favourites: SharedFavourites, target: Target, keys: str = "") -> None:
    """Put onto a menu what makes an instrument a favourite, or no favourite any more."""
    favourite = favourite_of(target)
    words = star_words(favourite, starred=favourite in favourites)
    action = menu.addAction(f"{words}\t{keys}" if keys else words)
    action.triggered.connect(lambda: favourites.toggle(favourite))
