"""What a panel works with: everything is handed in, nothing is global."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from heatdesk.units import moment_of
from ui.commands.catalogue import usual_meaning
from ui.panel.links import LinkHub
from ui.panel.log_tail import LogTail

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

    from heatdesk.frames import KeyState, Subscription
    from heatdesk.providers.base import Cost
    from heatdesk.store.market import MarketStore
    from heatdesk.units import Clock


class Workspace(QObject):
    """What all panels of a desk share: the time zone of their axes, and the colours of links.

    Attributes
    ----------
    links : LinkHub

    Signals
    -------
    zone_changed : the zone of every time label changed; axes draw again.
    """

    zone_changed = Signal()

    def __init__(self, *, utc: bool = False, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._utc = utc
        self.links = LinkHub(self)

    @property
    def utc(self) -> bool:
        """Whether times are shown in UTC rather than the computer's local zone."""
        return self._utc

    @utc.setter
    def utc(self, utc: bool) -> None:
        if utc != self._utc:
            self._utc = utc
            self.zone_changed.emit()

    @property
    def zone(self) -> tzinfo | None:
        """Zone for `heatdesk.units.moment_of`: UTC, or None for the local one."""
        return UTC if self._utc else None

    def zone_tag(self, time_ms: int) -> str:
        """Name of the zone at a moment (``UTC``, ``UTC+2``, ``UTC+5:30``)."""
        offset = moment_of(time_ms, self.zone).utcoffset()
        minutes = 0 if offset is None else round(offset.total_seconds() / 60)
        if minutes == 0:
            return "UTC"
        hours, rest = divmod(abs(minutes), 60)
        return f"UTC{'+' if minutes > 0 else '-'}{hours}" + (f":{rest:02d}" if rest else "")

    def clock_text(self, time_ms: int) -> str:
        """Time of day in the shown zone (``14:24``)."""
        return moment_of(time_ms, self.zone).strftime("%H:%M")


@dataclass(frozen=True, slots=True)
class PanelContext:
    """What a panel is given.

    Attributes
    ----------
    store : MarketStore
        Where data is pulled from, by revision.
    cost : callable
        What a subscription would cost; shown before a setting is applied.
    key_state : callable
        What is known about a provider's key, by provider id.
    open_keys : callable
        Shows Settings > Keys at a provider, by id.
    log : LogTail
        The newest log lines.
    meaning : callable
        Id of the panel's command that a key press means; empty where it means none.
    """

    store: MarketStore
    clock: Clock
    workspace: Workspace
    cost: Callable[[Subscription], Cost]
    key_state: Callable[[str], KeyState]
    open_keys: Callable[[str], None]
    log: LogTail = field(default_factory=LogTail)
    meaning: Callable[[QKeyEvent], str] = usual_meaning
