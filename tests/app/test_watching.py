"""A user's alerts, lines and favourites while the desk runs, and what is said when files fail."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from heatdesk.alerts.alert_list import FILE_NAME as ALERTS_NAME
from heatdesk.drawings import FILE_NAME as LINES_NAME
from heatdesk.favourites import FILE_NAME as FAVOURITES_NAME
from heatdesk.favourites import Favourite
from tests.heatdesk.alerts.made import crossing
from tests.ui.market_panels import Market
from ui.app.file_work import FileWork
from ui.app.watching import Watching
from ui.commands import CommandTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ui.main_window import Desk

BTC = Favourite("BTC", "BINANCE_FUTURES", "BTCUSDT")


class Shell:
    """What of a desk is needed to watch for it."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.asked = 0
        self.commands = CommandTable()
        self.desk = cast(
            "Desk",
            SimpleNamespace(
                context=Market().context,
                commands=self.commands,
                docks={},
                say=lambda sentence: self.said.append(sentence) if sentence else None,
                active_panel=lambda: None,
            ),
        )

    def ask(self) -> None:
        self.asked += 1


@pytest.fixture
def begin(tmp_path: Path, qapp: object) -> Iterator[Callable[..., tuple[Watching, Shell]]]:
    del qapp
    running: list[Watching] = []

    def begin_one(folder: Path | None = tmp_path) -> tuple[Watching, Shell]:
        work = FileWork()
        work.stop()  # from then on files are written at once
        watching, shell = Watching(folder, tmp_path / "sounds", work), Shell()
        watching.begin(shell.desk, shell.ask)
        running.append(watching)
        return watching, shell

    yield begin_one
    for one in running:
        one.stop()


def test_what_alerts_watch_is_asked_for_beside_the_panels(
    begin: Callable[..., tuple[Watching, Shell]],
) -> None:
    watching, shell = begin()
    before = shell.asked
    rule = watching.alerts.add(crossing())
    assert rule is not None
    assert watching.needs() == {rule.sub}
    assert shell.asked == before + 1


def test_alerts_lines_and_favourites_are_there_after_a_start(
    begin: Callable[..., tuple[Watching, Shell]],
) -> None:
    watching, _ = begin()
    watching.alerts.add(crossing(name="my level"))
    watching.lines.add("BTC/USD", 70_000.0)
    watching.favourites.toggle(BTC)
    again, shell = begin()
    assert [rule.name for rule in again.alerts.rules()] == ["my level"]
    assert [line.price for line in again.lines.lines("BTC/USD")] == [70_000.0]
    assert again.favourites.all() == (BTC,)
    assert again.needs()
    assert shell.said == []


@pytest.mark.parametrize("name", [ALERTS_NAME, LINES_NAME, FAVOURITES_NAME])
@pytest.mark.parametrize("text", ["{", "[1]", '{"version": 1, "alerts": 5}', "\x00"])
def test_a_damaged_file_is_set_aside_and_named(
    begin: Callable[..., tuple[Watching, Shell]], tmp_path: Path, name: str, text: str
) -> None:
    if "alerts" in text and name != ALERTS_NAME:
        text = '{"version": 1, "lines": 5, "favourites": 5}'
    (tmp_path / name).write_text(text, encoding="utf-8")
    watching, shell = begin()
    assert shell.said == [f"{name} was damaged and is kept as {name}.damaged."]
    assert (tmp_path / f"{name}.damaged").read_text(encoding="utf-8") == text
    watching.alerts.add(crossing())
    assert len(shell.said) == 1  # once is enough


def test_a_folder_that_cannot_be_written_is_told_when_something_is_to_be_kept(
    begin: Callable[..., tuple[Watching, Shell]], tmp_path: Path
) -> None:
    folder = tmp_path / "gone" / "deeper"
    (tmp_path / "gone").write_text("a file where a folder should be", encoding="utf-8")
    watching, shell = begin(folder)
    said_first = list(shell.said)
    watching.favourites.toggle(BTC)
    new = [one for one in shell.said if one not in said_first]
    assert len(new) == 1
    assert FAVOURITES_NAME in new[0]
    assert "cannot be written" in new[0]
    assert watching.favourites.all() == (BTC,)  # the desk goes on with what is in memory
    watching.alerts.add(crossing())
    watching.alerts.add(crossing(price=1.0))
    alert_words = [one for one in shell.said if ALERTS_NAME in one and one not in said_first]
    assert len(alert_words) == 1
    assert watching.needs()


def test_without_a_folder_nothing_is_kept_and_nothing_is_said(
    begin: Callable[..., tuple[Watching, Shell]], tmp_path: Path
) -> None:
    watching, shell = begin(None)
    watching.alerts.add(crossing())
    watching.favourites.toggle(BTC)
    assert shell.said == []
    assert not list(tmp_path.glob("*.json"))


def test_each_favourite_is_a_command_as_long_as_it_is_one(
    begin: Callable[..., tuple[Watching, Shell]],
) -> None:
    watching, shell = begin()

    def titles() -> list[str]:
        return [one.title for one in shell.commands.all() if one.id.startswith("favourites.go.")]

    watching.favourites.toggle(BTC)
    watching.favourites.toggle(Favourite("SOL"))
    assert titles() == ["Favourite: BTCUSDT \u00b7 Binance Perp", "Favourite: SOL"]
    watching.favourites.toggle(BTC)
    assert titles() == ["Favourite: SOL"]


def test_a_file_written_by_hand_with_one_bad_alert_costs_that_one(
    begin: Callable[..., tuple[Watching, Shell]], tmp_path: Path
) -> None:
    watching, _ = begin()
    watching.alerts.add(crossing(name="good"))
    watching.alerts.add(crossing(name="bad"))
    path = tmp_path / ALERTS_NAME
    table = json.loads(path.read_text(encoding="utf-8"))
    table["alerts"][1]["price"] = "high"
    path.write_text(json.dumps(table), encoding="utf-8")
    again, shell = begin()
    assert [rule.name for rule in again.alerts.rules()] == ["good"]
    assert "kept as alerts.json.damaged" in shell.said[0]
