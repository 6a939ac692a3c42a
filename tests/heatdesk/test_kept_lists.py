"""Lines drawn on charts and favourite instruments, and their files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from heatdesk.drawings import MOST_LINES, Drawings, instrument_key
from heatdesk.favourites import Favourite, Favourites

if TYPE_CHECKING:
    from pathlib import Path

BTC = "BTC/USD"


@pytest.mark.parametrize(
    ("coin", "symbol", "key"),
    [
        ("BTC", "BTCUSDT", "BTC/USD"),
        ("BTC", "", "BTC/USD"),
        ("btc", "BTCUSD_PERP", "BTC/USD"),
        ("BTC", "XBT/USD", "BTC/USD"),
        ("BTC", "BTC/EUR", "BTC/EUR"),
        ("BTC", "btcusd", "BTC/USD"),
        ("BTC", "BTC-PERPETUAL", "BTC/USD"),
        ("BTC", "BTCUSDT_260327", "BTC/USD"),
        ("BTC", "tBTCUSD", "BTC/USD"),
        ("ETH", "ETHBTC", "ETH/BTC"),
        ("ETH", "ETH", "ETH/USD"),
        ("kPEPE", "kPEPE", "KPEPE/USD"),
        ("SOL", "SOL-USDC", "SOL/USD"),
    ],
)
def test_an_instrument_is_its_coin_and_what_it_is_priced_in(
    coin: str, symbol: str, key: str
) -> None:
    assert instrument_key(coin, symbol) == key


def test_lines_survive_a_start_at_their_prices(tmp_path: Path) -> None:
    drawings = Drawings(tmp_path / "drawings.json")
    first = drawings.add(BTC, 70_000.0)
    drawings.add(BTC, 71_000.5)
    drawings.add("ETH/USD", 2_500.25)
    assert first is not None
    drawings.move(BTC, first.id, 69_500.0)
    again = Drawings(tmp_path / "drawings.json")
    assert [line.price for line in again.lines(BTC)] == [69_500.0, 71_000.5]
    assert [line.price for line in again.lines("ETH/USD")] == [2_500.25]


def test_ids_of_lines_are_their_own_also_after_a_start(tmp_path: Path) -> None:
    Drawings(tmp_path / "d.json").add(BTC, 1.0)
    drawings = Drawings(tmp_path / "d.json")
    drawings.add(BTC, 2.0)
    drawings.add("ETH/USD", 3.0)
    ids = [line.id for key in (BTC, "ETH/USD") for line in drawings.lines(key)]
    assert len(set(ids)) == 3


def test_a_line_without_a_price_is_not_drawn() -> None:
    drawings = Drawings()
    for price in (float("nan"), 0.0, -1.0, float("inf")):
        assert drawings.add(BTC, price) is None
    assert drawings.lines(BTC) == ()


def test_there_is_an_end_to_the_lines_of_one_instrument() -> None:
    drawings = Drawings()
    for price in range(1, MOST_LINES + 11):
        drawings.add(BTC, float(price))
    prices = [line.price for line in drawings.lines(BTC)]
    assert (prices[0], prices[-1], len(prices)) == (11.0, MOST_LINES + 10.0, MOST_LINES)


def test_removing_the_last_line_forgets_the_instrument(tmp_path: Path) -> None:
    path = tmp_path / "d.json"
    drawings = Drawings(path)
    line = drawings.add(BTC, 5.0)
    assert line is not None
    drawings.remove(BTC, line.id)
    assert json.loads(path.read_text(encoding="utf-8"))["lines"] == {}


@pytest.mark.parametrize(
    "lines",
    [
        *('{"BTC/USD": [1, "x", null, -3]}', "7", '{"BTC/USD": 5}', '{"BTC/USD": [NaN]}'),
        f'{{"BTC/USD": [1{"0" * 400}]}}',
    ],
    ids=["some", "a number", "no list", "nan", "endless"],
)
def test_bad_lines_cost_themselves_and_the_file_is_kept_beside(tmp_path: Path, lines: str) -> None:
    path = tmp_path / "d.json"
    path.write_text(f'{{"version": 1, "lines": {lines}}}', encoding="utf-8")
    drawings = Drawings(path)
    assert "d.json.damaged" in drawings.sentence
    assert path.with_name("d.json.damaged").exists()
    assert all(line.price == 1.0 for line in drawings.lines(BTC))


def test_favourites_survive_a_start_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "f.json"
    favourites = Favourites(path)
    perp, coin = Favourite("BTC", "BYBIT", "BTCUSDT"), Favourite("ETH")
    favourites.star(perp)
    favourites.star(coin)
    favourites.star(perp)
    favourites.shift(coin, -1)
    assert Favourites(path).all() == (coin, perp)
    favourites.unstar(coin)
    assert Favourites(path).all() == (perp,)
    assert perp in favourites
    assert coin not in favourites


def test_a_bad_favourite_costs_itself_and_the_file_is_kept_beside(tmp_path: Path) -> None:
    path = tmp_path / "f.json"
    good = {"coin": "BTC", "venue": "", "symbol": ""}
    rows = [{**good, "coin": 7}, {"coin": "X"}, {**good, "symbol": "x" * 999}, None, good]
    path.write_text(json.dumps({"version": 1, "favourites": rows}), encoding="utf-8")
    favourites = Favourites(path)
    assert favourites.all() == (Favourite("BTC"),)
    assert "damaged" in favourites.sentence


def test_a_file_of_a_later_version_is_kept_under_its_number(tmp_path: Path) -> None:
    path = tmp_path / "f.json"
    path.write_text('{"version": 2}', encoding="utf-8")
    assert "f.json.v2" in Favourites(path).sentence


def test_a_version_that_is_no_number_costs_the_file_and_no_start(tmp_path: Path) -> None:
    path = tmp_path / "d.json"
    path.write_text('{"version": Infinity, "lines": {}}', encoding="utf-8")
    assert "d.json.damaged" in Drawings(path).sentence


@pytest.mark.parametrize("name", ["X" * 60, "X" * 999, "BTC\n"], ids=["long", "endless", "broken"])
def test_what_is_starred_can_be_read_again(tmp_path: Path, name: str) -> None:
    path = tmp_path / "f.json"
    favourites = Favourites(path)
    favourites.star(Favourite("ETH"))
    favourites.star(Favourite("BTC", "BYBIT", name))
    again = Favourites(path)
    assert again.sentence == ""
    assert again.all() == favourites.all()


def test_a_file_that_cannot_be_read_is_not_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "d.json"
    Drawings(path).add(BTC, 70_000.0)
    before = path.read_bytes()

    def refuse(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(type(path), "read_text", refuse)
        drawings = Drawings(path)
    assert "Permission denied" in drawings.sentence
    assert drawings.add(BTC, 1.0) is not None
    assert path.read_bytes() == before


def test_a_damaged_file_that_keeps_its_name_is_not_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "d.json"
    path.write_text("{", encoding="utf-8")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "in use by another program")

    monkeypatch.setattr(type(path), "rename", refuse)
    drawings = Drawings(path)
    drawings.add(BTC, 1.0)
    assert path.read_text(encoding="utf-8") == "{"
