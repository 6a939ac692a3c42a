"""What a panel works with: everything is handed in, nothing is global."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from heatdesk.units import LOCAL_ZONE, UTC_ZONE, moment_of, zone_named
from ui.commands.catalogue import usual_meaning
from ui.panel.alert_desk import AlertDesk
from ui.panel.links import LinkHub
from ui.panel.log_tail import LogTail
from ui.panel.shared_lists import SharedFavourites, SharedLines

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

    from heatdesk.frames import KeyState, Subscription
    from heatdesk.providers.base import Cost
    from heatdesk.store.market import MarketStore
    from heatdesk.units import Clock


class Workspace(QObject):
    """What all panels of a desk share: the zone of every time, and the colours of links.

    Attributes
    ----------
    links : LinkHub

    Signals
    -------
    zone_changed : the zone of every time label changed; axes draw again.
    """

    zone_changed = Signal()

    def __init__(
        self, *, utc: bool = False, zone: str = LOCAL_ZONE, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._utc = utc
        self._zone_name, self._zone = zone, zone_named(zone)
        self.links = LinkHub(self)

    @property
    def utc(self) -> bool:
        """Whether times are shown in UTC rather than in the zone that was chosen."""
        return self._utc

    @utc.setter
    def utc(self, utc: bool) -> None:
        if utc != self._utc:
            self._utc = utc
            self.zone_changed.emit()

    @property
    def zone(self) -> tzinfo | None:
        """Zone for `heatdesk.units.moment_of`; None is that of this computer."""
        return UTC if self._utc else self._zone

    @property
    def zone_name(self) -> str:
        """The zone that counts beside UTC: ``local`` or an IANA name."""
        return self._zone_name

    def set_zone(self, name: str, *, utc: bool) -> None:
        """Choose the zone, and whether UTC counts in its place.

        Raises
        ------
        UsageError
            When this computer knows no such zone; nothing changes then.
        """
        zone = zone_named(name)
        if (name, utc) != (self._zone_name, self._utc):
            self._zone_name, self._zone, self._utc = name, zone, utc
            self.zone_changed.emit()

    def zone_title(self, time_ms: int) -> str:
        """What the zone is called at a moment (``UTC``, ``Local, UTC+2``, ``Tokyo, UTC+9``)."""
        tag = self.zone_tag(time_ms)
        if self._utc or self._zone_name == UTC_ZONE:
            return tag
        place = self._zone_name.rsplit("/", 1)[-1].replace("_", " ")
        return f"{'Local' if self._zone_name == LOCAL_ZONE else place}, {tag}"

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
    alerts : AlertDesk
    lines : SharedLines
        Lines drawn on charts, by instrument.
    favourites : SharedFavourites
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
    alerts: AlertDesk = field(default_factory=AlertDesk)
    lines: SharedLines = field(default_factory=SharedLines)
    favourites: SharedFavourites = field(default_factory=SharedFavourites)
    meaning: Callable[[QKeyEvent], str] = usual_meaning
