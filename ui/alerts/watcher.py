"""`AlertWatcher`: looks at the store for the alerts of a desk, four times a second."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from heatdesk.alerts.judging import Event, Happened
from heatdesk.alerts.reading import MarketReader

if TYPE_CHECKING:
    from heatdesk.frames import Subscription
    from heatdesk.store.market import MarketStore
    from heatdesk.units import Clock
    from ui.alerts.notifier import Notifier
    from ui.alerts.player import SoundPlayer
    from ui.panel.alert_desk import AlertDesk

log = logging.getLogger(__name__)

LOOK_MS = 250


class AlertWatcher(QObject):
    """Judges alerts by what moved in the store, and tells of those that fire.

    Its timer runs only while there is something to watch.

    Signals
    -------
    needs_changed : other subscriptions are wanted, see `needs`.
    """

    needs_changed = Signal()

    def __init__(
        self,
        alerts: AlertDesk,
        store: MarketStore,
        clock: Clock,
        player: SoundPlayer,
        notifier: Notifier,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._alerts, self._clock = alerts, clock
        self._player, self._notifier = player, notifier
        self._reader = MarketReader(store)
        self._wanted: frozenset[Subscription] = frozenset()
        self._failure = ""
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self.look)
        alerts.changed.connect(self._settle)
        alerts.trial.connect(player.play)
        player.told.connect(alerts.note_sound)
        notifier.told.connect(alerts.note_desktop)
        self._settle()

    @property
    def watching(self) -> bool:
        """Whether there is anything to watch."""
        return self._timer.isActive()

    def needs(self) -> frozenset[Subscription]:
        """What is to be asked for even where no panel shows it."""
        return self._wanted

    def look(self) -> None:
        """Judge what moved since the last look."""
        try:
            events, moved = self._alerts.list.look(self._reader, self._clock.now_ms())
        except Exception as error:
            told = f"{type(error).__name__}: {error}"
            if told != self._failure:
                self._failure = told
                log.exception("alerts could not be judged")
            return
        for event in events:
            self._tell(event)
        if events:
            self._alerts.changed.emit()
        elif moved:
            self._alerts.moved.emit()

    def stop(self) -> None:
        """Watch nothing any more, and keep on which side of its level each value is."""
        self._timer.stop()
        if self._alerts.rules():
            self._alerts.list.save()
        self._player.stop()
        self._notifier.stop()

    def _tell(self, event: Event) -> None:
        if event.happened is not Happened.FIRED:
            return
        rule = self._alerts.list.rule(event.rule_id)
        if rule is not None and not self._alerts.muted:
            self._player.play(rule.sound)
        title = f"DEMO \u00b7 {event.title}" if event.demo else event.title
        self._notifier.tell(title, f"{event.market}, now {event.value}")
        log.info("alert: %s (%s, %s)", event.title, event.market, event.value)

    def _settle(self) -> None:
        wanted: frozenset[Subscription] = self._alerts.list.needs()
        if bool(wanted) != self._timer.isActive():
            self._notifier.be_there(wanted=bool(wanted))
            if wanted:
                self._timer.start()
            else:
                self._timer.stop()
        if wanted != self._wanted:
            self._wanted = wanted
            self.needs_changed.emit()
