"""The command line says what it takes and refuses the rest in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from heatdesk.errors import UsageError
from heatdesk.export import command_line
from heatdesk.export.arguments import parse_arguments, subscription_from
from heatdesk.frames import BookSub, CohortSub, DotSub, LiquidationSub, Quote, Resolution

if TYPE_CHECKING:
    from pathlib import Path

SPAN = ["--interval", "1m", "--from", "2026-04-13T12:00", "--period", "1h", "--out", "a.csv"]
BTC = ["--venue", "BINANCE_FUTURES", "--symbol", "BTCUSDT"]


def book(*flags: str) -> list[str]:
    return ["export", "order-book", *flags]


@pytest.mark.parametrize(
    ("argv", "word"),
    [
        (book(*SPAN), "--venue"),
        (book("--venue", "BYBIT", *SPAN), "--symbol"),
        (book(*BTC, "--coin", "BTC", *SPAN), "not both"),
        (book(*BTC, "--venue", "BYBIT", *SPAN), "--coin"),
        (book(*BTC, *SPAN, "--period", "0"), "duration"),
        (book(*BTC, *SPAN, "--period", "0m"), "duration"),
        (book(*BTC, *SPAN, "--period=-5m"), "duration"),
        (book(*BTC, *SPAN, "--depth", "-5"), "depth"),
        (book(*BTC, *SPAN, "--depth", "0"), "depth"),
        (book(*BTC, *SPAN, "--block-size", "0"), "block size"),
        (book(*BTC, *SPAN, "--block-size", "nan"), "block size"),
        (book(*BTC, *SPAN, "--interval", "2m"), "1m 5m 15m"),
        (book(*BTC, *SPAN, "--from", "yesterday"), "yesterday"),
        (book(*BTC, *SPAN, "--quote", "eur"), "coin or usd"),
        (book(*BTC, *SPAN, "--form", "round"), "round"),
        (book(*BTC, *SPAN, "--timeout", "soon"), "soon"),
        (book(*BTC, *SPAN, "--symbol", ""), "name"),
        (book(*BTC, *SPAN, "--bogus"), "--bogus"),
        (["export", "liquidation", *SPAN], "--coin"),
        (["export", "candles", *SPAN], "candles"),
        (["export"], "required"),
        (["export", "dots", "--mode", "planets", "--out", "a.csv"], "planets"),
        (["export", "cohorts", "--opened-within", "2h", "--out", "a.csv"], "2h"),
        (["snapshot", "--out", "a.png", "--size", "big"], "1920x1080"),
        (["snapshot", "--out", "a.png", "--symbol", "ETHUSDT"], "--panel"),
        (["fly"], "fly"),
    ],
)
def test_a_wrong_command_line_is_refused_in_one_sentence(argv: list[str], word: str) -> None:
    with pytest.raises(UsageError) as refusal:
        parse_arguments(argv)
    assert word in refusal.value.user_message
    assert "\n" not in refusal.value.user_message


def test_an_export_names_its_book_and_leaves_the_depth_to_the_provider() -> None:
    sub = subscription_from(parse_arguments(book(*BTC, *SPAN)))
    assert isinstance(sub, BookSub)
    assert (sub.venues, sub.symbol, sub.coin) == (("BINANCE_FUTURES",), "BTCUSDT", "")
    assert (sub.resolution, sub.block_size, sub.depth) == (Resolution.HD, None, None)
    assert sub.quote is Quote.COIN


def test_a_snapshot_shows_what_the_desk_shows_by_default() -> None:
    args = parse_arguments(["snapshot", "--out", "a.png", "--panel", "order-book"])
    assert subscription_from(args) == BookSub("kiyotaka")
    args = parse_arguments(["snapshot", "--out", "a.png", "--panel", "liquidation"])
    assert subscription_from(args) == LiquidationSub("kiyotaka")


def test_flags_of_a_snapshot_reach_its_panel() -> None:
    flags = ["--venue", "COINBASE", "--coin", "ETH", "--interval", "15m", "--block-size", "0.5"]
    argv = ["snapshot", "--out", "a.png", "--panel", "order-book", *flags, "--quote", "usd"]
    sub = subscription_from(parse_arguments(argv))
    assert isinstance(sub, BookSub)
    assert (sub.venues, sub.symbol, sub.coin) == (("COINBASE",), "", "ETH")
    assert (sub.interval_ms, sub.block_size, sub.quote) == (900_000, 0.5, Quote.USD)


def test_lists_have_documented_defaults() -> None:
    dots = subscription_from(parse_arguments(["export", "dots", "--out", "a.csv"]))
    cohorts = subscription_from(parse_arguments(["export", "cohorts", "--out", "a.csv"]))
    assert dots == DotSub("sharpe", "coins", "top-100")
    assert cohorts == CohortSub("hypertracker", "all")


def test_a_venue_we_have_no_name_for_is_the_providers_business() -> None:
    args = parse_arguments(book("--venue", "NEW_VENUE", "--symbol", "X", *SPAN))
    sub = subscription_from(args)
    assert isinstance(sub, BookSub)
    assert sub.venues == ("NEW_VENUE",)


def test_help_lists_every_command_and_says_that_nothing_is_traded(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as end:
        command_line.main(["--help"])
    assert end.value.code == 0
    text = capsys.readouterr().out
    assert "HeatDesk places no orders" in text
    for word in ("--demo", "snapshot", "export", "order-book", "liquidation", "dots", "cohorts"):
        assert word in text


def test_wrong_use_ends_with_two_and_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main(["export", "order-book", "--bogus"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("heatdesk: ")
    assert said.count("\n") == 1


def test_what_is_only_told_from_now_on_has_no_past_to_export(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEATDESK_HOME", str(tmp_path))
    argv = ["export", "liquidation", "--provider", "happened", "--coin", "BTC", "--interval", "1m"]
    argv += ["--from", "2026-04-13T12:00", "--period", "5m", "--out", str(tmp_path / "a.csv")]
    assert command_line.main(argv) == 2
    assert "there is no past to export" in capsys.readouterr().err
    assert not (tmp_path / "a.csv").exists()
