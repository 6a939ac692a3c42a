"""What a report tells of the settings: which differ, and of an address nothing that is private."""

from __future__ import annotations

from dataclasses import replace

import pytest

from heatdesk.settings import Settings
from ui.app.report import settings_section

USUAL = "https://example.com:8443/v1"


def rows(address: str) -> dict[str, str]:
    providers = Settings().providers
    sharpe = replace(providers.sharpe, base_url=address)
    settings = replace(Settings(), providers=replace(providers, sharpe=sharpe))
    return dict(settings_section(settings).rows)


@pytest.mark.parametrize(
    "address",
    [
        "https://ann:pass-8c1f@example.com:8443/v1",
        "https://pass-8c1f@example.com:8443/v1",
        "https://example.com:8443/v1?token=pass-8c1f",
        "https://example.com:8443/v1#pass-8c1f",
    ],
)
def test_what_an_address_may_hold_of_a_person_or_a_secret_is_not_told(address: str) -> None:
    assert rows(address) == {"providers.sharpe.base_url": f"{USUAL} (shortened)"}


def test_an_address_without_any_is_told_as_it_is() -> None:
    assert rows(USUAL) == {"providers.sharpe.base_url": USUAL}


def test_usual_settings_are_not_told() -> None:
    assert settings_section(Settings()).rows == [("", "none")]
