"""What the tests of the core get besides: ledgers they open are closed when they end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from heatdesk.net.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def ledgers_of_this_test_are_closed(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Close what the test module itself opened; what the product opens, it must close itself.

    A connection that is collected unclosed is a ResourceWarning from Python 3.13 on.
    """
    opened: list[Ledger] = []

    class OpenedHere(Ledger):
        """A ledger that is known to this test."""

        def __init__(self, path: Path | None = None) -> None:
            super().__init__(path)
            opened.append(self)

    if getattr(request.module, "Ledger", None) is Ledger:
        monkeypatch.setattr(request.module, "Ledger", OpenedHere)
    yield
    for ledger in opened:
        ledger.close()
