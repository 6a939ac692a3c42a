"""The command line: one parser for the desk, snapshot and export."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn, TypeVar

from heatdesk import __version__
from heatdesk.errors import UsageError
from heatdesk.export.help_text import ABOUT, EXIT_CODES, PROGRAM
from heatdesk.export.live_book import LIVE_PROVIDERS, check_times, live_book_from
from heatdesk.frames import (
    BookSub,
    CohortSub,
    DotSub,
    LiquidationSub,
    Quote,
    Resolution,
    Subscription,
)
from heatdesk.units import (
    FAST_INTERVALS_MS,
    INTERVALS_MS,
    parse_duration_s,
    parse_interval_ms,
    parse_iso_ms,
)

KINDS = ("order-book", "liquidation", "dots", "cohorts")
OPENED_WITHIN = ("24h", "7d", "30d", "all")
MODES = ("coins", "narratives", "ecosystems")
DEFAULT_PROVIDERS = {
    "order-book": "kiyotaka",
    "liquidation": "kiyotaka",
    "dots": "sharpe",
    "cohorts": "hypertracker",
}
_LARGEST_SIDE_PX = 16_384

T = TypeVar("T")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Raise in place of printing: the caller has one way to say what is wrong."""
        raise UsageError(
            f"{message[:1].upper()}{message[1:].rstrip('.')} (see {self.prog} --help)."
        )


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of the whole command line."""
    parser = _Parser(
        prog=PROGRAM,
        description=ABOUT,
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"HeatDesk {__version__}")
    parser.add_argument("--demo", action="store_true", help="open the demo desk")
    parser.add_argument(
        "--safe", action="store_true", help="open the usual desk: nothing kept is read or written"
    )
    parser.add_argument(
        "--home", type=Path, metavar="FOLDER", help="data folder (as HEATDESK_HOME)"
    )
    parser.add_argument(
        "--selftest", action="store_true", help="check the parts of this copy of the program"
    )
    commands = parser.add_subparsers(dest="command", metavar="snapshot|export")
    _add_snapshot(commands)
    _add_export(commands)
    return parser


def parse_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line (without the program's name).

    ``command`` is None, ``"snapshot"`` or ``"export"``; ``kind`` is the export's or the panel.

    Raises
    ------
    UsageError
        With one sentence for people.
    SystemExit
        After printing help or the version.
    """
    args = build_parser().parse_args(argv)
    if args.command == "snapshot":
        args.kind = args.panel
        if args.panel is None:
            _refuse_instrument_flags(args)
    if args.command in ("snapshot", "export") and args.kind is not None:
        sub = subscription_from(args)
        if args.command == "export" and args.kind == "order-book":
            check_times(args, sub.provider)
    return args


def subscription_from(args: argparse.Namespace) -> Subscription:
    """Resolve what the instrument flags ask for.

    An export names its instrument; a snapshot falls back to what the panel shows by default.

    Raises
    ------
    UsageError
        When flags contradict each other or one is missing.
    """
    provider = getattr(args, "provider", None) or DEFAULT_PROVIDERS[args.kind]
    if args.kind == "order-book":
        live = provider in LIVE_PROVIDERS
        return live_book_from(args, provider) if live else _book_from(args, provider)
    if args.kind == "liquidation":
        return _liquidation_from(args, provider)
    if args.kind == "dots":
        return DotSub(provider, args.mode or "coins", args.category or "top-100")
    return CohortSub(provider, args.opened_within or "all")


def _book_from(args: argparse.Namespace, provider: str) -> BookSub:
    if getattr(args, "for_s", None) is not None:
        raise UsageError(f"--for records a live book ({', '.join(LIVE_PROVIDERS)}).")
    if args.interval in FAST_INTERVALS_MS.values():
        raise UsageError(f"Intervals under a minute are those of live feeds, not of {provider}.")
    venues = tuple(dict.fromkeys(args.venue or ()))
    symbol, coin = args.symbol or "", args.coin or ""
    if args.symbol is not None and args.coin is not None:
        raise UsageError("Give either --symbol or --coin, not both.")
    if len(venues) > 1 and not coin:
        raise UsageError("Several venues need --coin: a symbol differs from venue to venue.")
    export = args.command == "export"
    if export and not venues:
        raise UsageError("Name at least one --venue, such as BINANCE_FUTURES.")
    if export and not (symbol or coin):
        raise UsageError("Name the instrument with --symbol (BTCUSDT) or --coin (BTC).")
    default = BookSub(provider)
    size = args.block_size
    if size is None:
        size = Resolution.HD if export else default.resolution
    return BookSub(
        provider,
        venues=venues or default.venues,
        symbol=symbol or ("" if coin else default.symbol),
        coin=coin,
        interval_ms=args.interval or default.interval_ms,
        resolution=size if isinstance(size, Resolution) else default.resolution,
        block_size=None if isinstance(size, Resolution) else size,
        depth=args.depth if export or args.depth is not None else default.depth,
        quote=args.quote or Quote.COIN,
    )


def _liquidation_from(args: argparse.Namespace, provider: str) -> LiquidationSub:
    default, export = LiquidationSub(provider), args.command == "export"
    if export and not args.coin:
        raise UsageError("Name the coin with --coin, such as BTC.")
    return LiquidationSub(
        provider,
        coin=args.coin or default.coin,
        interval_ms=args.interval or default.interval_ms,
        depth=args.depth,
        quote=args.quote or (Quote.COIN if export else default.quote),
    )


_INSTRUMENT_FLAGS = (
    *("venue", "symbol", "coin", "interval", "block_size", "depth", "quote"),
    *("mode", "category", "opened_within", "provider"),
)


def _refuse_instrument_flags(args: argparse.Namespace) -> None:
    for name in _INSTRUMENT_FLAGS:
        if getattr(args, name) is not None:
            raise UsageError(f"--{name.replace('_', '-')} needs --panel: it belongs to one panel.")


def _add_snapshot(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = commands.add_parser(
        "snapshot", help="draw the desk or one panel to a picture", allow_abbrev=False
    )
    parser.add_argument("--out", type=_path, required=True, metavar="F.png")
    parser.add_argument("--size", type=_typed(_parse_size, "size"), default=(1920, 1080))
    parser.add_argument("--demo", action="store_true", help="the demo market at a fixed moment")
    parser.add_argument("--panel", choices=KINDS, help="one panel instead of the desk")
    parser.add_argument(
        "--wait",
        type=_typed(_parse_seconds, "wait"),
        default=30.0,
        metavar="SECONDS",
        help="longest wait for the data (30)",
    )
    _add_book_flags(parser)
    _add_series_flags(parser, required=False)
    _add_coin_flag(parser)
    _add_dot_flags(parser)
    _add_cohort_flags(parser)
    _add_provider_flag(parser)


def _add_export(commands: argparse._SubParsersAction[_Parser]) -> None:
    export = commands.add_parser(
        "export",
        help="write data to a file",
        description="Ask a provider and write what it served, to the last digit.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    kinds = export.add_subparsers(dest="kind", metavar="|".join(KINDS), required=True)
    book = kinds.add_parser("order-book", help="resting liquidity", allow_abbrev=False)
    _add_book_flags(book)
    _add_coin_flag(book)
    liquidation = kinds.add_parser(
        "liquidation", help="would-be liquidations (Hyperliquid)", allow_abbrev=False
    )
    _add_coin_flag(liquidation)
    for parser in (book, liquidation):
        _add_series_flags(parser, required=True)
        parser.add_argument(
            "--from",
            dest="from_ms",
            type=_typed(parse_iso_ms, "from"),
            required=parser is liquidation,
            metavar="ISO",
            help="first moment, such as 2026-04-13T12:00; without a zone it is UTC",
        )
        parser.add_argument(
            "--period",
            dest="period_s",
            type=_typed(parse_duration_s, "period"),
            required=parser is liquidation,
            metavar="DURATION",
            help="90s, 60m, 24h, 7d",
        )
        parser.add_argument("--form", choices=("points", "flat"), default="points")
    book.add_argument(
        "--for",
        dest="for_s",
        type=_typed(parse_duration_s, "for"),
        metavar="DURATION",
        help="record a live feed for so long, in place of --from and --period",
    )
    dots = kinds.add_parser("dots", help="market dots", allow_abbrev=False)
    _add_dot_flags(dots)
    cohorts = kinds.add_parser("cohorts", help="cohort biases", allow_abbrev=False)
    _add_cohort_flags(cohorts)
    for parser in (book, liquidation, dots, cohorts):
        _add_provider_flag(parser)
        formats = "F.csv" if parser in (dots, cohorts) else "F.csv|F.npz"
        parser.add_argument("--out", type=_path, required=True, metavar=formats)
        parser.add_argument(
            "--timeout",
            dest="timeout_s",
            type=_typed(_parse_seconds, "timeout"),
            default=60.0,
            metavar="SECONDS",
            help="give up after failing this long since the last good answer (60)",
        )


def _add_book_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--venue",
        action="append",
        type=_typed(_parse_name, "venue"),
        metavar="BINANCE_FUTURES",
        help="repeat it to sum several (with --coin)",
    )
    parser.add_argument("--symbol", type=_typed(_parse_name, "symbol"), metavar="BTCUSDT")
    parser.add_argument(
        "--block-size",
        type=_typed(_parse_block_size, "block-size"),
        metavar="N|hd|4k",
        help="height of a level in USD; 4k is what the provider recommends, hd five times that",
    )


def _add_series_flags(parser: argparse.ArgumentParser, *, required: bool) -> None:
    parser.add_argument(
        "--interval",
        type=_typed(parse_interval_ms, "interval"),
        required=required,
        metavar="|".join(INTERVALS_MS),
        help=f"of live feeds also {' '.join(FAST_INTERVALS_MS)}",
    )
    parser.add_argument(
        "--depth",
        type=_typed(_parse_depth, "depth"),
        metavar="N",
        help="levels (each side of a book); the provider's own number unless given",
    )
    parser.add_argument("--quote", type=_typed(_parse_quote, "quote"), metavar="coin|usd")


def _add_coin_flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--coin", type=_typed(_parse_name, "coin"), metavar="BTC")


def _add_dot_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--mode", choices=MODES)
    parser.add_argument(
        "--category", type=_typed(_parse_name, "category"), metavar="top-100", help="of mode coins"
    )


def _add_cohort_flags(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--opened-within", choices=OPENED_WITHIN, help="age of the positions (all)")


def _add_provider_flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--provider", type=_typed(_parse_name, "provider"), metavar="ID")


def _typed(parse: Callable[[str], T], flag: str) -> Callable[[str], T]:
    """Let a parser's own sentence reach the user; argparse would only say "invalid value"."""

    def read(text: str) -> T:
        try:
            return parse(text)
        except UsageError as error:
            raise argparse.ArgumentTypeError(error.user_message.rstrip(".")) from None

    read.__name__ = flag
    return read


def _path(text: str) -> Path:
    if not text.strip():
        raise argparse.ArgumentTypeError("a file name is needed")
    return Path(text).expanduser()


def _parse_name(text: str) -> str:
    if not text.strip() or any(c.isspace() or not c.isprintable() for c in text.strip()):
        raise UsageError(f"{text!r} is not a name")
    return text.strip()


def _parse_block_size(text: str) -> Resolution | float:
    if text.lower() in ("hd", "4k"):
        return Resolution(text.lower())
    size = _number(text)
    if size is None or size <= 0:
        raise UsageError(f"the block size {text!r} is not understood; write hd, 4k or a number")
    return size


def _parse_depth(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= 1_000_000):
        raise UsageError(f"the depth {text!r} is not a number of levels above zero")
    return int(text)


def _parse_quote(text: str) -> Quote:
    if text.lower() not in ("coin", "usd"):
        raise UsageError(f"the quote {text!r} is unknown; use coin or usd")
    return Quote(text.lower())


def _parse_seconds(text: str) -> float:
    seconds = _number(text)
    if seconds is None:
        return float(parse_duration_s(text))
    if seconds < 0:
        raise UsageError(f"{text!r} is not a number of seconds")
    return seconds


def _parse_size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdigit() and height.isdigit() and width.isascii() and height.isascii()):
        raise UsageError(f"the size {text!r} is not understood; write 1920x1080")
    size = int(width), int(height)
    if not all(64 <= side <= _LARGEST_SIDE_PX for side in size):
        raise UsageError(f"the size {text!r} is out of range; 64 to {_LARGEST_SIDE_PX} pixels")
    return size


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
