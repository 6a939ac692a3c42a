"""One panel's settings handed to all others of its kind; each goes on showing what it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ui.commands import Command
from ui.panel.base import Panel

STAYS = frozenset(
    {
        *("source", "venues", "venue", "symbol", "coin"),
        *("block_size", "bands", "least_bubble"),
        *("keyed", "contrast"),
    }
)
"""Options that say what is shown, make sense for that alone, or are knowledge and no choice."""


def peers_of(panel: Panel, panels: Iterable[Panel]) -> list[Panel]:
    """Return the other panels of a kind."""
    return [one for one in panels if one is not panel and one.panel_id == panel.panel_id]


def apply_to_peers(panel: Panel, panels: Iterable[Panel]) -> int:
    """Hand a panel's options to the others of its kind; return how many there are.

    Market, instrument and what depends on them stay as they are in each.
    """
    peers = peers_of(panel, panels)
    chosen = {name: value for name, value in panel.save_options().items() if name not in STAYS}
    for peer in peers:
        own = {name: value for name, value in peer.save_options().items() if name in STAYS}
        peer.load_options({**chosen, **own})
        peer.invalidate()
    return len(peers)


def peer_commands(
    active: Callable[[], Panel | None],
    panels: Callable[[], Iterable[Panel]],
    say: Callable[[str], object],
) -> list[Command]:
    """Return the command that does so with the panel in use.

    Parameters
    ----------
    active, panels : callable
        The panel a command means, and every panel of the desk.
    say : callable
        Takes one sentence for the user.
    """

    def can() -> bool:
        panel = active()
        return panel is not None and bool(peers_of(panel, panels()))

    def run() -> None:
        panel = active()
        if panel is None:
            return
        count = apply_to_peers(panel, panels())
        others = "1 other panel" if count == 1 else f"{count} other panels"
        say(f"{others} of this kind ({panel.title}) took over these settings.")

    title = "Apply this panel's settings to all of its kind"
    return [Command("panel.apply_to_peers", title, "Panels", run, ("Ctrl+P, A",), can)]
