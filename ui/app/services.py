"""What every run needs below the windows: store, keys, ledger, providers, engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from heatdesk.engine.engine import Engine
from heatdesk.engine.wiring import ProviderSet
from heatdesk.errors import ProviderError, VaultError
from heatdesk.frames import KeyState, Subscription
from heatdesk.net.ledger import FILE_NAME, Ledger
from heatdesk.secrets import ENV_PREFIX, KeyringVault, Keys
from heatdesk.settings import Settings
from heatdesk.store.market import MarketStore
from heatdesk.units import Clock
from ui.panel import LogTail, PanelContext, Workspace


class Services:
    """The desk without its windows.

    Parameters
    ----------
    settings : Settings
    home : Path or None
        Where budgets are kept; None: in memory only.
    environ : mapping
    clock : Clock

    Attributes
    ----------
    failures : dict
        The latest failure of each stream.
    """

    def __init__(
        self,
        settings: Settings,
        home: Path | None,
        environ: Mapping[str, str],
        clock: Clock,
    ) -> None:
        self.environ = environ
        self.clock = clock
        self.log = LogTail()
        self.keys = Keys(KeyringVault(), environ)
        self.ledger = Ledger(None if home is None else home / FILE_NAME)
        self.store = MarketStore()
        self.providers = ProviderSet(settings, self.keys, self.ledger, clock)
        self.failures: dict[Subscription, ProviderError] = {}
        self.engine = Engine(
            self.store, self.providers.build, clock, on_error=self.failures.__setitem__
        )

    def context(self, workspace: Workspace, open_keys: Callable[[str], None]) -> PanelContext:
        """Return what panels work with."""
        return PanelContext(
            store=self.store,
            clock=self.clock,
            workspace=workspace,
            cost=self.providers.cost,
            key_state=self.key_state,
            open_keys=open_keys,
            log=self.log,
        )

    def key_state(self, provider: str) -> KeyState:
        """Tell what is known about a provider's key."""
        for status in self.store.providers():
            if status.provider == provider:
                return status.key
        return KeyState.UNTESTED

    def has_environment_key(self, provider: str) -> bool:
        """Tell whether the environment gives a key; the keyring is not asked."""
        return bool(provider) and bool(
            self.environ.get(f"{ENV_PREFIX}{provider.upper()}", "").strip()
        )

    def has_key(self, provider: str) -> bool:
        """Tell whether there is a key for a provider; the keyring is asked."""
        try:
            return bool(provider) and bool(self.keys.get(provider))
        except VaultError:
            return False

    def close(self) -> None:
        """Close what holds files."""
        self.ledger.close()
