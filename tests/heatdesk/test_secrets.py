from __future__ import annotations

import io
import logging
import sys
import threading
import types

import pytest

from heatdesk.errors import VaultError, VaultLocked, VaultMissing
from heatdesk.secrets import (
    SERVICE,
    KeyringVault,
    Keys,
    MemoryVault,
    RedactKeys,
    clean_key,
    mask,
)

MARKER = "marker-key-0123456789abcdef"


class CountingVault(MemoryVault):
    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def get(self, provider: str) -> str | None:
        self.asked += 1
        return super().get(provider)


class Service:
    """A backend that works."""

    priority = 5


class NoBackend:
    """What stands for none."""

    priority = 0


class FakeKeyring(types.ModuleType):
    """Stands in for the keyring package: a dict, or an error for every call."""

    def __init__(self, failure: Exception | None = None, *, forgets: bool = False) -> None:
        super().__init__("keyring")
        self.held: dict[tuple[str, str], str] = {}
        self.failure = failure
        self.forgets = forgets
        nothing = types.SimpleNamespace(load_env=lambda: None, load_config=lambda: None)
        self.core = nothing
        self.viable: list[type] = []
        base = types.SimpleNamespace(get_viable_backends=lambda: self.viable)
        self.backend = types.SimpleNamespace(KeyringBackend=base)

    def set_keyring(self, backend: object) -> None:
        """A backend was found: from now on there is no failure."""
        assert isinstance(backend, Service)
        self.failure = None

    def _check(self) -> None:
        if self.failure is not None:
            raise self.failure

    def get_password(self, service: str, name: str) -> str | None:
        self._check()
        return self.held.get((service, name))

    def set_password(self, service: str, name: str, key: str) -> None:
        self._check()
        if not self.forgets:
            self.held[service, name] = key

    def delete_password(self, service: str, name: str) -> None:
        self._check()
        del self.held[service, name]


def use_keyring(
    monkeypatch: pytest.MonkeyPatch, failure: Exception | None = None, *, forgets: bool = False
) -> FakeKeyring:
    import keyring.errors

    fake = FakeKeyring(failure, forgets=forgets)
    fake.errors = keyring.errors  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", fake)
    return fake


def test_the_environment_wins_over_this_run_over_the_vault() -> None:
    vault = MemoryVault()
    vault.set("sharpe", "from-the-vault")
    keys = Keys(vault, {"HEATDESK_KEY_KIYOTAKA": " from-environment\n"})
    assert keys.get("kiyotaka") == "from-environment"
    assert keys.source("kiyotaka") == "environment"
    assert keys.get("sharpe") == "from-the-vault"
    keys.use_for_this_run("sharpe", "for-this-run")
    assert (keys.get("sharpe"), keys.source("sharpe")) == ("for-this-run", "this run")
    assert keys.get("hypertracker") is None
    assert keys.source("hypertracker") is None


@pytest.mark.parametrize("empty", ["", "   ", "\n"])
def test_an_empty_variable_counts_as_not_set(empty: str) -> None:
    vault = MemoryVault()
    vault.set("sharpe", "from-the-vault")
    keys = Keys(vault, {"HEATDESK_KEY_SHARPE": empty})
    assert keys.get("sharpe") == "from-the-vault"


def test_a_key_of_the_environment_or_of_this_run_is_never_stored() -> None:
    vault = MemoryVault()
    keys = Keys(vault, {"HEATDESK_KEY_SHARPE": MARKER})
    keys.use_for_this_run("kiyotaka", MARKER)
    assert vault.get("sharpe") is None
    assert vault.get("kiyotaka") is None


def test_the_vault_is_asked_once() -> None:
    vault = CountingVault()
    keys = Keys(vault, {})
    for _ in range(3):
        assert keys.get("sharpe") is None
    assert vault.asked == 1
    keys.set("sharpe", MARKER)
    assert keys.get("sharpe") == MARKER
    assert vault.asked == 1


def test_a_key_can_be_replaced_and_deleted() -> None:
    keys = Keys(MemoryVault(), {})
    keys.set("sharpe", "first-key-000000")
    keys.use_for_this_run("sharpe", "second-key-00000")
    keys.set("sharpe", "third-key-000000")
    assert keys.get("sharpe") == "third-key-000000"
    keys.delete("sharpe")
    assert keys.get("sharpe") is None
    keys.delete("sharpe")


def test_a_vault_that_refuses_changes_nothing() -> None:
    class Locked(MemoryVault):
        def set(self, provider: str, key: str) -> None:
            raise VaultLocked("locked")

    keys = Keys(Locked(), {})
    with pytest.raises(VaultLocked):
        keys.set("sharpe", MARKER)
    assert keys.get("sharpe") is None
    keys.use_for_this_run("sharpe", MARKER)
    assert keys.get("sharpe") == MARKER


@pytest.mark.parametrize(
    "key", ["two\nlines", "tab\tin", "nul\0", "schlüssel", "e\u200bf", "", " "]
)
def test_a_key_that_would_break_a_header_is_refused_in_words_without_the_key(key: str) -> None:
    keys = Keys(MemoryVault(), {})
    for enter in (keys.set, keys.use_for_this_run):
        with pytest.raises(VaultError) as caught:
            enter("sharpe", key)
        assert not key.strip() or key not in str(caught.value)
    assert keys.get("sharpe") is None


def test_white_space_around_a_pasted_key_is_dropped() -> None:
    assert clean_key(f"  {MARKER}\r\n") == MARKER


def test_the_key_goes_to_the_header_builder_only() -> None:
    keys = Keys(MemoryVault(), {"HEATDESK_KEY_SHARPE": MARKER})
    headers = keys.header_for("sharpe", lambda key: {"Authorization": f"Bearer {key}"})
    assert headers == {"Authorization": f"Bearer {MARKER}"}
    assert keys.header_for("kiyotaka", lambda key: {"X": key}) is None


def test_no_repr_shows_a_key() -> None:
    vault = MemoryVault()
    vault.set("kiyotaka", MARKER)
    keys = Keys(vault, {"HEATDESK_KEY_SHARPE": MARKER})
    keys.use_for_this_run("hypertracker", MARKER)
    for thing in (vault, keys, RedactKeys(keys), KeyringVault()):
        assert MARKER not in repr(thing)
        assert MARKER not in str(thing)


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("sk_live_0123456789abcdef9f2c", "sk_l...9f2c"),
        ("short", "****"),
        ("", "****"),
        ("0123456789a", "****"),
    ],
)
def test_a_masked_key_can_be_recognised_but_not_used(key: str, shown: str) -> None:
    assert mask(key) == shown


def test_many_threads_may_ask_and_change_at_once() -> None:
    keys = Keys(MemoryVault(), {})
    failures: list[Exception] = []

    def work(number: int) -> None:
        try:
            for turn in range(200):
                keys.use_for_this_run(f"p{number}", f"key-{number}-{turn}")
                keys.get(f"p{number}")
                keys.redact("nothing to see")
        except Exception as error:  # noqa: BLE001 - reported by the assertion
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


# ------------------------------------------------------------------------------------- keyring
def test_the_keyring_keeps_replaces_and_deletes(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = use_keyring(monkeypatch)
    vault = KeyringVault()
    assert vault.get("sharpe") is None
    vault.set("sharpe", MARKER)
    assert fake.held == {(SERVICE, "sharpe"): MARKER}
    assert (vault.get("sharpe"), vault.source("sharpe")) == (MARKER, "keyring")
    vault.delete("sharpe")
    vault.delete("sharpe")
    assert vault.source("sharpe") is None


@pytest.mark.parametrize("action", ["get", "set", "delete", "source"])
def test_each_failure_of_a_keyring_becomes_one_clear_sentence(
    action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from keyring.errors import (
        InitError,
        KeyringError,
        KeyringLocked,
        NoKeyringError,
        PasswordSetError,
    )

    PromptDismissedException = type("PromptDismissedException", (Exception,), {})
    ItemNotFoundException = type("ItemNotFoundException", (Exception,), {})
    no_store = InitError(MARKER)
    no_store.__cause__ = PromptDismissedException(MARKER)
    garbled = UnicodeDecodeError("utf-8", MARKER.encode(), 0, 1, "invalid")
    cases = [
        (PasswordSetError(MARKER), VaultError, "The keyring refused"),
        (PromptDismissedException(MARKER), VaultError, "The keyring refused"),
        (no_store, VaultError, "The keyring refused"),
        (garbled, VaultError, "may be damaged"),
        (ItemNotFoundException(MARKER), VaultError, "may be damaged"),
        (KeyringLocked(MARKER), VaultLocked, "The keyring is locked."),
        (NoKeyringError(MARKER), VaultMissing, "offers no keyring"),
        (InitError(MARKER), VaultMissing, "offers no keyring"),
        (KeyringError(MARKER), VaultError, "did not answer"),
        (OSError(MARKER), VaultError, "did not answer"),
    ]
    for failure, kind, words in cases:
        use_keyring(monkeypatch, failure)
        vault = KeyringVault()
        arguments = ("sharpe", MARKER) if action == "set" else ("sharpe",)
        with pytest.raises(VaultError) as caught:
            getattr(vault, action)(*arguments)
        assert type(caught.value) is kind
        assert words in caught.value.user_message
        assert "for this run only" in caught.value.user_message
        assert MARKER not in str(caught.value)
        assert caught.value.__context__ is None


def test_a_keyring_that_was_started_after_the_first_look_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from keyring.errors import NoKeyringError

    fake = use_keyring(monkeypatch, NoKeyringError("none"))
    vault = KeyringVault()
    fake.viable = [NoBackend]
    with pytest.raises(VaultMissing):
        vault.set("sharpe", MARKER)
    fake.viable = [NoBackend, Service]
    fake.core.load_env = Service
    with pytest.raises(VaultMissing):
        vault.set("sharpe", MARKER)  # which one to use was chosen by hand
    fake.core.load_env = lambda: None
    vault.set("sharpe", MARKER)
    assert fake.held == {(SERVICE, "sharpe"): MARKER}


def test_a_keyring_that_forgets_what_it_is_given_counts_as_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use_keyring(monkeypatch, forgets=True)
    with pytest.raises(VaultMissing):
        KeyringVault().set("sharpe", MARKER)


# ----------------------------------------------------------------------------------------- log
def logged(keys: Keys, *call: object, **options: object) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(RedactKeys(keys))
    logger = logging.getLogger("heatdesk.redaction-test")
    logger.addHandler(handler)
    try:
        logger.error(*call, **options)  # type: ignore[arg-type]
    finally:
        logger.removeHandler(handler)
    return stream.getvalue()


def test_keys_are_taken_out_of_messages_arguments_and_tracebacks() -> None:
    keys = Keys(MemoryVault(), {"HEATDESK_KEY_SHARPE": MARKER})
    assert logged(keys, f"sent {MARKER}") == "sent ***\n"
    assert logged(keys, "sent %s to %d", {"key": MARKER}, 5) == "sent {'key': '***'} to 5\n"
    assert logged(keys, "nothing %s", "here") == "nothing here\n"
    try:
        raise ValueError(f"bad {MARKER}")
    except ValueError:
        text = logged(keys, "failed", exc_info=True)
    assert "ValueError: bad ***" in text
    assert MARKER not in text


def test_a_key_that_was_replaced_stays_redacted() -> None:
    keys = Keys(MemoryVault(), {})
    keys.set("sharpe", MARKER)
    keys.set("sharpe", "another-key-00000")
    keys.delete("sharpe")
    assert MARKER not in logged(keys, "old %s new %s", MARKER, "another-key-00000")
    assert "another" not in logged(keys, "another-key-00000")


def test_a_key_read_from_the_vault_is_redacted_from_then_on() -> None:
    vault = MemoryVault()
    vault.set("sharpe", MARKER)
    keys = Keys(vault, {})
    keys.get("sharpe")
    assert MARKER not in logged(keys, MARKER)
