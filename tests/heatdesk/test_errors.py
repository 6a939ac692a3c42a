from __future__ import annotations

import pickle

import pytest

from heatdesk import errors
from heatdesk.errors import (
    BadPayload,
    HeatDeskError,
    ProviderError,
    RateLimited,
    Retry,
    ServerTrouble,
)

EXIT_CODES = {
    "HeatDeskError": 1,
    "UsageError": 2,
    "SettingsError": 1,
    "VaultError": 1,
    "VaultLocked": 1,
    "VaultMissing": 1,
    "WriteError": 1,
    "ProviderError": 4,
    "KeyMissing": 3,
    "KeyRejected": 3,
    "PlanRequired": 4,
    "RegionBlocked": 4,
    "BadRequest": 4,
    "UnknownMarket": 4,
    "MarketPaused": 4,
    "OverBudget": 4,
    "RedirectRefused": 4,
    "RateLimited": 5,
    "ServerTrouble": 5,
    "BodyCut": 5,
    "Unreachable": 5,
    "StreamGap": 5,
    "BadPayload": 6,
}
KINDS = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, HeatDeskError)
}


def test_every_kind_of_error_has_its_documented_exit_code() -> None:
    assert {name: kind.exit_code for name, kind in KINDS.items()} == EXIT_CODES


def test_only_what_is_transient_is_worth_asking_again_soon() -> None:
    soon = {
        name
        for name, kind in KINDS.items()
        if issubclass(kind, ProviderError) and kind.retry is Retry.SOON
    }
    assert soon == {"RateLimited", "ServerTrouble", "BodyCut", "StreamGap"}


@pytest.mark.parametrize("name", sorted(KINDS))
def test_an_error_has_one_voice_for_people_and_one_for_the_log(name: str) -> None:
    kind = KINDS[name]
    before = ("kiyotaka",) if issubclass(kind, ProviderError) else ()
    error = kind(*before, "Do this.", "what happened inside")
    assert error.user_message == "Do this."
    assert str(error) == "what happened inside"
    assert kind(*before, "Do this.").user_message == "Do this."


def test_errors_carry_what_helps_to_go_on() -> None:
    assert RateLimited("sharpe", "wait", retry_after_s=3.5).retry_after_s == 3.5
    assert ServerTrouble("sharpe", "wait").retry_after_s is None
    error = BadPayload("sharpe", "odd answer", request_id="req_1", field="data.dots[3].y")
    assert (error.field, error.request_id, error.provider) == ("data.dots[3].y", "req_1", "sharpe")
    assert "data.dots[3].y" in str(error)


def test_plain_errors_survive_a_process_boundary() -> None:
    error = pickle.loads(pickle.dumps(HeatDeskError("Do this.")))
    assert str(error) == "Do this."
