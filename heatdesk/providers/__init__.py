"""Who tells us: one file per provider, one line in `PROVIDERS`.

Imports frames, net, settings and what lies below; never the store, the engine or Qt.
To add a provider: a module with a `Provider` subclass and pure ``parse_`` functions beside it,
one line in the tuple, example payloads under ``tests/``.
"""

from __future__ import annotations

from heatdesk.providers.base import Provider
from heatdesk.providers.demo import Demo
from heatdesk.providers.hypertracker import HyperTracker
from heatdesk.providers.kiyotaka import Kiyotaka
from heatdesk.providers.sharpe import Sharpe

PROVIDERS: tuple[type[Provider], ...] = (
    Kiyotaka,
    Sharpe,
    HyperTracker,
    Demo,
)
"""Every provider there is, in the order the status bar shows them."""
