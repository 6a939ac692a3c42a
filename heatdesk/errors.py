"""The error tree: every failure HeatDesk can explain.

::

    HeatDeskError
    |-- UsageError                      the command line asks for something that makes no sense
    |-- SettingsError                   settings or layout file
    |-- VaultError                      the operating system's keyring
    |   |-- VaultLocked
    |   `-- VaultMissing
    |-- WriteError                      disk full, folder not writable
    `-- ProviderError(provider)
        |-- KeyMissing                  no key: nothing was sent
        |-- KeyRejected                 401
        |-- PlanRequired                403: tier, history depth, aggregation, quota
        |-- RegionBlocked               451, or a 403 of a venue that serves no such region
        |-- BadRequest                  400 and other final 4xx
        |   `-- UnknownMarket           no such symbol, or one that was delisted
        |-- MarketPaused                the symbol is there, and nothing trades at present
        |-- OverBudget                  one request dearer than the tier's burst can ever hold
        |-- RedirectRefused             a redirect to another host
        |-- RateLimited(retry_after_s)  429
        |-- ServerTrouble(status)       5xx
        |-- BodyCut                     connection cut or stalled inside the body
        |-- Unreachable                 refused, no route, TLS, unknown host
        |-- StreamGap                   a sequence gap in a live stream
        `-- BadPayload(field)           a whole body that is not the contract

An error has two voices: ``user_message`` is one clear sentence that says what to do,
``str(error)`` is for the log. Neither ever holds a key.
"""

from __future__ import annotations

from enum import Enum
from typing import ClassVar


class Retry(Enum):
    """What asking again can achieve."""

    NEVER = "never"
    """Only a change by the user helps (key, plan, parameters)."""
    LATER = "later"
    """A running desk asks again at a calm pace; a one-shot export stops."""
    SOON = "soon"
    """Transient: back off and ask again, in the desk and in an export."""


class HeatDeskError(Exception):
    """Any failure that can be explained to a person.

    Parameters
    ----------
    user_message : str
        One sentence for people: what is wrong and what to do.
    detail : str
        More for the log; defaults to the user message.
    """

    exit_code: ClassVar[int] = 1
    """Exit code of the command line for this kind."""

    def __init__(self, user_message: str, detail: str = "") -> None:
        super().__init__(detail or user_message)
        self.user_message = user_message


class UsageError(HeatDeskError):
    """The command line asks for something that makes no sense."""

    exit_code = 2


class SettingsError(HeatDeskError):
    """A settings or layout file cannot be used."""


class VaultError(HeatDeskError):
    """The keyring cannot be used."""


class VaultLocked(VaultError):
    """The keyring is there but locked."""


class VaultMissing(VaultError):
    """This system offers no keyring service."""


class WriteError(HeatDeskError):
    """A file cannot be written (disk full, no permission)."""


class ProviderError(HeatDeskError):
    """A provider did not deliver.

    Parameters
    ----------
    provider : str
        Provider id, such as ``"kiyotaka"``.
    user_message, detail : str
        As in `HeatDeskError`.
    request_id : str
        The provider's own id of the failed request, empty when it gave none.
    """

    retry: ClassVar[Retry] = Retry.NEVER
    exit_code = 4

    def __init__(
        self, provider: str, user_message: str, detail: str = "", request_id: str = ""
    ) -> None:
        super().__init__(user_message, detail)
        self.provider = provider
        self.request_id = request_id


class KeyMissing(ProviderError):
    """The provider needs a key and none is stored."""

    exit_code = 3


class KeyRejected(ProviderError):
    """The provider refused the key (401)."""

    exit_code = 3


class PlanRequired(ProviderError):
    """The plan does not cover the request (403)."""


class BadRequest(ProviderError):
    """The provider refused the parameters (400 and other final 4xx)."""


class UnknownMarket(BadRequest):
    """The venue has no such symbol, or has delisted it."""


class MarketPaused(ProviderError):
    """The symbol is there, but its trading stands still; it is asked again."""

    retry = Retry.LATER


class RegionBlocked(ProviderError):
    """The venue refuses this region (451, or 403 where nobody asks for a key)."""

    retry = Retry.LATER


class OverBudget(ProviderError):
    """One request costs more than the tier's burst can ever hold; nothing was sent."""


class RedirectRefused(ProviderError):
    """The answer points to another host; it was not followed and no key was sent there."""


class RateLimited(ProviderError):
    """The provider asks for patience (429).

    Parameters
    ----------
    retry_after_s : float or None
        Seconds to wait as the provider said, None when it did not say.
    """

    retry = Retry.SOON
    exit_code = 5

    def __init__(
        self,
        provider: str,
        user_message: str,
        detail: str = "",
        request_id: str = "",
        *,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(provider, user_message, detail, request_id)
        self.retry_after_s = retry_after_s


class ServerTrouble(RateLimited):
    """The provider failed on its side (5xx); a 503 may say when to come back."""


class BodyCut(ProviderError):
    """The connection was cut, or stalled, before the body was whole."""

    retry = Retry.SOON
    exit_code = 5


class Unreachable(ProviderError):
    """No connection: refused, unknown host, no route, TLS failure.

    Parameters
    ----------
    sent : bool
        Whether anything may have reached the provider: not where its name is unknown, no way
        leads there, or nobody listens.
    """

    retry = Retry.LATER
    exit_code = 5

    def __init__(
        self,
        provider: str,
        user_message: str,
        detail: str = "",
        request_id: str = "",
        *,
        sent: bool = True,
    ) -> None:
        super().__init__(provider, user_message, detail, request_id)
        self.sent = sent


class StreamGap(ProviderError):
    """A live stream skipped a sequence number; it must start from a snapshot again."""

    retry = Retry.SOON
    exit_code = 5


class BadPayload(ProviderError):
    """A whole body that is not the documented contract.

    Parameters
    ----------
    field : str
        The field that does not fit, as a path (``series[0].points[3].Point.bids``).
    """

    retry = Retry.LATER
    exit_code = 6

    def __init__(
        self,
        provider: str,
        user_message: str,
        detail: str = "",
        request_id: str = "",
        *,
        field: str = "",
    ) -> None:
        super().__init__(provider, user_message, detail or f"{user_message} [{field}]", request_id)
        self.field = field
