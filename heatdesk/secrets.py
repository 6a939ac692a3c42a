"""Keys: the operating system's keyring, keys for one run, keys from the environment.

A key goes from here into a request header and nowhere else: not into settings, frames,
exceptions, reprs, signals or logs (`RedactKeys` guards the logs even so).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol, TypeVar

from heatdesk.errors import VaultError, VaultLocked, VaultMissing

if TYPE_CHECKING:
    from types import ModuleType

SERVICE = "HeatDesk"
ENV_PREFIX = "HEATDESK_KEY_"
FROM_ENVIRONMENT = "environment"
FROM_KEYRING = "keyring"
FROM_THIS_RUN = "this run"
_SHORTEST_MASKED = 12
_SHORTEST_REDACTED = 4

_REFUSALS = frozenset({"PromptDismissedException", "PasswordSetError", "PasswordDeleteError"})
_LOSSES = frozenset({"ItemNotFoundException"})
# by name: they belong to the backend of one desktop, which others have not

_REFUSED = (
    "The keyring refused: HeatDesk was not let in. Allow it and try again,"
    " or use the key for this run only."
)
_DAMAGED = (
    "What the keyring holds cannot be read: it may be damaged. Repair it,"
    " or use the key for this run only."
)
_SILENT = "The keyring did not answer. Try again, or use the key for this run only."

T = TypeVar("T")


class KeyVault(Protocol):
    """Where keys are kept. All calls may block for as long as a person takes to unlock it."""

    def get(self, provider: str) -> str | None:
        """Return the key, None when there is none."""
        ...

    def set(self, provider: str, key: str) -> None:
        """Keep a key, replacing an older one."""
        ...

    def delete(self, provider: str) -> None:
        """Forget a key; nothing happens when there is none."""
        ...

    def source(self, provider: str) -> str | None:
        """Tell where the key in force comes from, None when there is none."""
        ...


class KeyringVault:
    """The operating system's keyring.

    Every method raises `VaultLocked`, `VaultMissing` or another `VaultError`.

    Parameters
    ----------
    service : str
        Name under which the keyring files the keys.
    """

    def __init__(self, service: str = SERVICE) -> None:
        self._service = service

    def get(self, provider: str) -> str | None:
        """Read a key."""
        return _ask_keyring(lambda keyring: keyring.get_password(self._service, provider)) or None

    def set(self, provider: str, key: str) -> None:
        """Write a key, and make sure that it was kept."""
        _ask_keyring(lambda keyring: keyring.set_password(self._service, provider, key))
        if self.get(provider) != key:
            raise _missing()

    def delete(self, provider: str) -> None:
        """Remove a key."""
        if self.get(provider) is not None:
            _ask_keyring(lambda keyring: keyring.delete_password(self._service, provider))

    def source(self, provider: str) -> str | None:
        """``"keyring"`` when it holds a key."""
        return FROM_KEYRING if self.get(provider) is not None else None


class MemoryVault:
    """A vault that lasts as long as the program."""

    def __init__(self) -> None:
        self._held: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"MemoryVault({', '.join(sorted(self._held))})"

    def get(self, provider: str) -> str | None:
        """Return the key, None when there is none."""
        return self._held.get(provider)

    def set(self, provider: str, key: str) -> None:
        """Keep a key until the program ends."""
        self._held = {**self._held, provider: key}

    def delete(self, provider: str) -> None:
        """Forget a key."""
        self._held = {name: key for name, key in self._held.items() if name != provider}

    def source(self, provider: str) -> str | None:
        """``"this run"`` when it holds a key."""
        return FROM_THIS_RUN if provider in self._held else None


class Keys:
    """The keys in force: the environment wins, then keys for this run, then the vault.

    What the vault answered is remembered, so it is asked once. Safe from any thread: what is
    remembered is replaced whole, never changed in place. Calls may block like the vault's.

    Parameters
    ----------
    vault : KeyVault
    environ : mapping
        ``HEATDESK_KEY_KIYOTAKA`` and so on; an empty value counts as not set.
    """

    def __init__(self, vault: KeyVault, environ: Mapping[str, str]) -> None:
        self._vault = vault
        self._environ = {
            name[len(ENV_PREFIX) :].lower(): key.strip()
            for name, key in environ.items()
            if name.startswith(ENV_PREFIX) and key.strip()
        }
        self._this_run: dict[str, str] = {}
        self._answered: dict[str, str | None] = {}
        self._seen = frozenset(self._environ.values())

    def __repr__(self) -> str:
        return f"Keys(environment={sorted(self._environ)}, this_run={sorted(self._this_run)})"

    def get(self, provider: str) -> str | None:
        """Return the key in force.

        Raises
        ------
        VaultError
            When the vault cannot be asked, or the key cannot travel in a header.
        """
        told = self._environ.get(provider) or self._this_run.get(provider)
        if told is not None:
            return clean_key(told)
        if provider not in self._answered:
            key = (self._vault.get(provider) or "").strip() or None
            self._remember(provider, key)
        found = self._answered[provider]
        return None if found is None else clean_key(found)

    def header_for(
        self, provider: str, build: Callable[[str], dict[str, str]]
    ) -> dict[str, str] | None:
        """Build the headers that carry the key, None when there is no key."""
        key = self.get(provider)
        return None if key is None else build(key)

    def set(self, provider: str, key: str) -> None:
        """Keep a key in the vault; it also replaces one for this run."""
        key = clean_key(key)
        self._seen |= {key}
        self._vault.set(provider, key)
        self._this_run = _without(self._this_run, provider)
        self._remember(provider, key)

    def use_for_this_run(self, provider: str, key: str) -> None:
        """Use a key until the program ends, without storing it."""
        key = clean_key(key)
        self._seen |= {key}
        self._this_run = {**self._this_run, provider: key}

    def delete(self, provider: str) -> None:
        """Forget the key for this run and the one in the vault; the environment's stays."""
        self._this_run = _without(self._this_run, provider)
        self._answered = _without(self._answered, provider)
        self._vault.delete(provider)

    def source(self, provider: str) -> str | None:
        """Tell where the key in force comes from."""
        if provider in self._environ:
            return FROM_ENVIRONMENT
        if provider in self._this_run:
            return FROM_THIS_RUN
        return self._vault.source(provider) if self.get(provider) is not None else None

    def masked(self, provider: str) -> str:
        """Return the key as it may be shown, empty when there is none."""
        key = self.get(provider)
        return "" if key is None else mask(key)

    def redact(self, text: str) -> str:
        """Replace every key that was ever in force here."""
        for key in sorted(self._seen, key=len, reverse=True):
            if len(key) >= _SHORTEST_REDACTED:
                text = text.replace(key, "***")
        return text

    def _remember(self, provider: str, key: str | None) -> None:
        if key is not None:
            self._seen |= {key}
        self._answered = {**self._answered, provider: key}


class RedactKeys(logging.Filter):
    """Takes keys out of log records; add it to every handler."""

    def __init__(self, keys: Keys) -> None:
        super().__init__()
        self._keys = keys

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact message, arguments, traceback and extra texts; never drops a record."""
        message = record.getMessage()
        redacted = self._keys.redact(message)
        if redacted != message:
            record.msg, record.args = redacted, ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        for name, value in vars(record).items():
            if isinstance(value, str):
                setattr(record, name, self._keys.redact(value))
        return True


def mask(key: str) -> str:
    """Shorten a key so that its owner recognises it (``sk_l...9f2c``)."""
    return f"{key[:4]}...{key[-4:]}" if len(key) >= _SHORTEST_MASKED else "****"


def clean_key(key: str) -> str:
    """Strip white space around a key and refuse what would break a request header.

    Raises
    ------
    VaultError
    """
    key = key.strip()
    if not key:
        raise VaultError("The key is empty.")
    if not (key.isascii() and key.isprintable()):
        raise VaultError(
            "The key holds a line break or a character no key can hold. Copy it again."
        )
    return key


def _ask_keyring(ask: Callable[[ModuleType], T]) -> T:
    """Ask the keyring; its many ways to fail become a few sentences without any key."""
    import keyring
    from keyring import errors

    failure: VaultError
    try:
        return _asked_again(ask, keyring)
    except errors.KeyringLocked:
        failure = VaultLocked(
            "The keyring is locked. Unlock it and try again, or use the key for this run only."
        )
    except Exception as error:  # noqa: BLE001 - each desktop's backend has exceptions of its own
        kinds = {type(one).__name__ for one in (error, error.__cause__) if one is not None}
        if kinds & _REFUSALS:
            failure = VaultError(_REFUSED, f"keyring: {type(error).__name__}")
        elif isinstance(error, errors.NoKeyringError | errors.InitError):
            failure = _missing()
        elif isinstance(error, ValueError | LookupError) or kinds & _LOSSES:
            failure = VaultError(_DAMAGED, f"keyring: {type(error).__name__}")
        else:
            failure = VaultError(_SILENT, f"keyring: {type(error).__name__}")
    # Raised out here: the backend's exception may hold the key in its frames.
    raise failure


def _asked_again(ask: Callable[[ModuleType], T], keyring: ModuleType) -> T:
    """Ask, and once more where a keyring has come up since the last look for one."""
    try:
        return ask(keyring)
    except keyring.errors.NoKeyringError:
        core = keyring.core
        chosen = core.load_env() or core.load_config()
        found = [] if chosen else keyring.backend.KeyringBackend.get_viable_backends()
        # a chain would ask those that were found at the start
        usable = [kind for kind in found if kind.priority >= 1 and "chainer" not in kind.__module__]
        if not usable:
            raise
        keyring.set_keyring(max(usable, key=lambda kind: float(kind.priority))())
        return ask(keyring)


def _missing() -> VaultMissing:
    return VaultMissing(
        "This system offers no keyring to keep the key in. Use the key for this run only,"
        " or install one (such as GNOME Keyring)."
    )


def _without(held: dict[str, T], provider: str) -> dict[str, T]:
    return {name: key for name, key in held.items() if name != provider}
