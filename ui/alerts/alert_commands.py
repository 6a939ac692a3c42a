"""What can be done with all alerts of a desk, as commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ui.commands import Command

if TYPE_CHECKING:
    from ui.panel.alert_desk import AlertDesk

ALERTS = "Alerts"


def alert_commands(alerts: AlertDesk, show: Callable[[], object]) -> list[Command]:
    """Return the commands of alerts.

    Parameters
    ----------
    show : callable
        Shows the panel that lists them.
    """

    def spent() -> list[str]:
        return [rule.id for rule in alerts.rules() if alerts.state(rule).spent]

    def switch_all(*, enabled: bool) -> None:
        for rule in alerts.rules():
            alerts.enable(rule.id, enabled=enabled)

    def any_is(enabled: bool) -> bool:
        return any(rule.enabled is enabled for rule in alerts.rules())

    return [
        Command("alerts.show", "Show alerts", ALERTS, show, ("Ctrl+Shift+A",)),
        Command(
            "alerts.mute",
            "Mute the sounds of alerts",
            ALERTS,
            lambda: alerts.mute(muted=not alerts.muted),
            ("Ctrl+B, M",),
            checked=lambda: alerts.muted,
        ),
        Command(
            "alerts.rearm",
            "Arm the alerts again that fired",
            ALERTS,
            lambda: alerts.rearm(*spent()),
            ("Ctrl+B, R",),
            enabled=lambda: bool(spent()),
        ),
        Command(
            "alerts.off",
            "Switch all alerts off",
            ALERTS,
            lambda: switch_all(enabled=False),
            ("Ctrl+B, O",),
            enabled=lambda: any_is(True),
        ),
        Command(
            "alerts.on",
            "Switch all alerts on",
            ALERTS,
            lambda: switch_all(enabled=True),
            ("Ctrl+B, A",),
            enabled=lambda: any_is(False),
        ),
        Command(
            "alerts.clear",
            "Clear the history of alerts",
            ALERTS,
            alerts.clear_history,
            ("Ctrl+B, C",),
            enabled=lambda: bool(alerts.history),
        ),
    ]
