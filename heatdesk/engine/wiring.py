"""Puts providers together: class by id, base URL, key headers, budget of the tier.

The desk and the export build their providers here, from the same settings and ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from heatdesk.errors import KeyMissing, UsageError, VaultError
from heatdesk.frames import Subscription
from heatdesk.net.budget import Limits, RateBudget
from heatdesk.net.client import JsonClient, Transport
from heatdesk.net.ledger import Ledger
from heatdesk.providers import LOADERS
from heatdesk.providers.base import Cost, Provider, ProviderContext, ProviderSpec
from heatdesk.providers.live.pace import Pace
from heatdesk.secrets import Keys
from heatdesk.settings import Settings
from heatdesk.units import Clock


def _nothing_runs() -> Sequence[Subscription]:
    return ()


class ProviderSet:
    """Builds providers by id.

    Parameters
    ----------
    settings : Settings
    keys : Keys
    ledger : Ledger
    clock : Clock
    transport : Transport, optional
        Stands in for the network in tests.
    classes : sequence of Provider subclasses, optional
        ``heatdesk.providers.PROVIDERS`` unless given.
    """

    def __init__(
        self,
        settings: Settings,
        keys: Keys,
        ledger: Ledger,
        clock: Clock,
        transport: Transport | None = None,
        classes: Sequence[type[Provider]] | None = None,
    ) -> None:
        self._settings = settings
        self._keys = keys
        self._ledger = ledger
        self._clock = clock
        self._transport = transport
        self._classes = classes
        self._pace = Pace()
        # Replaced whole: a panel asks for costs on another thread.
        self._built: dict[str, Provider] = {}

    @property
    def settings(self) -> Settings:
        """The settings new providers are built from."""
        return self._settings

    def replace_settings(self, settings: Settings) -> None:
        """Build from other settings from now on; running providers need a restart."""
        self._settings = settings
        self._built = {}

    def specs(self) -> tuple[ProviderSpec, ...]:
        """What is fixed about every provider, in their order."""
        return tuple(cls.spec for cls in self._all())

    def limits(self, provider_id: str, settings: Settings) -> Limits:
        """What a provider allows under some settings."""
        return self._class_of(provider_id).limits_for(settings)

    def build(
        self, provider_id: str, active: Callable[[], Sequence[Subscription]] = _nothing_runs
    ) -> Provider:
        """Build a provider; ``active`` tells which of its subscriptions run.

        Raises
        ------
        UsageError
            When there is no such provider.
        """
        cls, settings = self._class_of(provider_id), self._settings
        spec = cls.spec
        budget = RateBudget(spec.id, cls.limits_for(settings), self._ledger, self._clock)
        http = JsonClient(
            spec.id,
            spec.title,
            cls.base_url(settings),
            self._key_headers(cls, settings),
            self._clock,
            budget,
            self._transport,
            keyless=not cls.wants_key(settings),
            own_address=cls.base_url(settings) != cls.base_url(Settings()),
        )
        provider = cls(
            ProviderContext(self._clock, http, budget, settings, active, pace=self._pace)
        )
        self._built = {**self._built, provider_id: provider}
        return provider

    def cost(self, sub: Subscription) -> Cost:
        """Tell what a subscription would cost under the settings; nothing is sent."""
        provider = self._built.get(sub.provider) or self.build(sub.provider)
        return provider.cost(sub)

    def _key_headers(self, cls: type[Provider], settings: Settings) -> Callable[[], dict[str, str]]:
        spec, keys = cls.spec, self._keys

        def key_headers() -> dict[str, str]:
            if not cls.wants_key(settings):
                return {}
            text = f"{spec.title} needs a key: enter it in Settings > Keys."
            try:
                headers = keys.header_for(spec.id, lambda key: cls.key_headers(key, settings))
            except VaultError as error:
                raise KeyMissing(spec.id, f"{text} {error.user_message}", str(error)) from None
            if headers is None:
                raise KeyMissing(spec.id, text)
            return headers

        return key_headers

    def _class_of(self, provider_id: str) -> type[Provider]:
        if self._classes is None and provider_id in LOADERS:
            return LOADERS[provider_id]()
        for cls in self._all():
            if cls.spec.id == provider_id:
                return cls
        known = ", ".join(cls.spec.id for cls in self._all())
        raise UsageError(f"There is no provider {provider_id!r}; known are {known}.")

    def _all(self) -> Sequence[type[Provider]]:
        if self._classes is not None:
            return self._classes
        return tuple(load() for load in LOADERS.values())
