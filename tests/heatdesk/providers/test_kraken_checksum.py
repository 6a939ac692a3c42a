"""Kraken's checksum: taken on the digits as sent, after every message, on a book cut to its depth."""

from __future__ import annotations

import random

from heatdesk.books.dense import DenseBook
from heatdesk.books.events import BookChange
from heatdesk.providers.kraken_checksum import DEPTH, KrakenSequence, checksum_of
from heatdesk.providers.live.reading import WHOLE
from tests.heatdesk.providers.test_kraken_rules import (
    ASKS,
    BIDS,
    STAMP_MS,
    VENUES_CHECKSUM,
    book_message,
    book_of,
    digits,
)


class Kept:
    """A book that takes what the sequence lets it take, as the machine does."""

    def __init__(self, depth: int = DEPTH) -> None:
        self.sequence = KrakenSequence(depth)
        self.book = DenseBook(0.1)

    def take(self, change: BookChange) -> str:
        if change.snapshot:
            self.book.load(change)
            self.sequence.start(change)
        else:
            self.sequence.judge(change)
            self.book.apply(change.bids, change.asks)
        return self.sequence.after(self.book, change)


def test_the_checksum_is_that_of_the_venues_example() -> None:
    assert checksum_of(digits(ASKS), digits(BIDS)) == VENUES_CHECKSUM


def test_a_book_of_the_venues_example_adds_up() -> None:
    raw = book_message(digits(BIDS), digits(ASKS), VENUES_CHECKSUM, "snapshot")
    change = book_of(raw)
    assert change.snapshot
    assert change.event_ms == STAMP_MS
    assert change.reach == (0.0, WHOLE)
    assert Kept().take(change) == ""


def test_trailing_zeros_count() -> None:
    shortened = [(price, qty.rstrip("0")) for price, qty in digits(BIDS)]
    raw = book_message(shortened, digits(ASKS), VENUES_CHECKSUM, "snapshot")
    assert "checksum" in Kept().take(book_of(raw))


def test_one_wrong_digit_among_the_best_ten_is_found() -> None:
    wrong = [("45283.5", "0.10000001"), *digits(BIDS)[1:]]
    raw = book_message(wrong, digits(ASKS), VENUES_CHECKSUM, "snapshot")
    assert "checksum" in Kept().take(book_of(raw))


def test_changes_are_followed_cut_to_the_depth_and_still_add_up() -> None:
    """A plain book of texts, cut after each message, gives every checksum."""
    rng = random.Random(7)
    depth = 25
    kept = Kept(depth)
    plain: dict[str, dict[int, tuple[str, str]]] = {"bid": {}, "ask": {}}

    def some(which: str, at: int) -> tuple[str, str]:
        qty = f"{rng.randint(1, 10**9) / 10**8:.8f}"
        level = (f"{at / 10:.1f}", qty)
        plain[which][at] = level
        return level

    def best(which: str) -> list[int]:
        return sorted(plain[which], reverse=which == "bid")

    def cut() -> int:
        for which in plain:
            for at in best(which)[depth:]:
                del plain[which][at]
        tops = {which: [plain[which][at] for at in best(which)[:10]] for which in plain}
        return checksum_of(tops["ask"], tops["bid"])

    bids = [some("bid", 450_000 - i) for i in range(depth)]
    asks = [some("ask", 450_001 + i) for i in range(depth)]
    assert kept.take(book_of(book_message(bids, asks, cut(), "snapshot"))) == ""
    for _ in range(400):
        told: dict[str, list[tuple[str, str]]] = {"bid": [], "ask": []}
        for _ in range(rng.randint(1, 4)):
            which = rng.choice(["bid", "ask"])
            if rng.random() < 0.4 and len(plain[which]) > 5:
                gone = rng.choice(best(which)[:12])
                del plain[which][gone]
                told[which].append((f"{gone / 10:.1f}", "0.00000000"))
            else:
                sign = -1 if which == "bid" else 1
                start = 450_000 if which == "bid" else 450_001
                told[which].append(some(which, start + sign * rng.randint(0, depth + 10)))
        raw = book_message(told["bid"], told["ask"], cut())
        assert kept.take(book_of(raw)) == ""
        held = kept.book.top(depth + 5)
        assert [[round(price * 10) for price, _ in levels] for levels in held] == [
            best("bid"),
            best("ask"),
        ]


def test_several_changes_of_one_price_in_a_message_count_in_their_order() -> None:
    kept = Kept()
    start = book_message(digits(BIDS), digits(ASKS), VENUES_CHECKSUM, "snapshot")
    kept.take(book_of(start))
    bids = [("45283.5", "0.00000000"), ("45283.5", "9.00000000")]
    asked = checksum_of(digits(ASKS), [("45283.5", "9.00000000"), *digits(BIDS)[1:]])
    assert kept.take(book_of(book_message(bids, [], asked))) == ""
    asked = checksum_of(digits(ASKS), digits(BIDS)[1:])
    assert kept.take(book_of(book_message(bids[::-1], [], asked))) == ""
