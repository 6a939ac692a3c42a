"""Which messages of a book may be applied: a venue's own rule, and what all have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import Enum
from typing import TYPE_CHECKING, ClassVar

from heatdesk.books.events import BookChange

if TYPE_CHECKING:
    from heatdesk.books.dense import DenseBook


class Verdict(Enum):
    """What to do with a message."""

    APPLY = "apply"
    IGNORE = "ignore"
    """It is older than the book."""
    GAP = "gap"
    """Something before it is missing: the book starts anew."""


class Sequence(ABC):
    """The official procedure of one venue for one book; holds the numbers, not the book.

    Attributes
    ----------
    snapshot_in_stream : bool
        Whether the subscription itself brings the snapshot; otherwise it is fetched and
        differences that come meanwhile are held back.
    most_apart_ms : int
        Of a venue that sends nothing but whole books, at a steady pace: the longest time between
        two of them; when it is longer, some were lost. 0: there is no such pace.
    doubt_ms : int
        How long before it shows a fault may have happened, where `after` sees a part of the book
        only: so much is taken back with it.
    """

    snapshot_in_stream: ClassVar[bool] = True
    most_apart_ms: ClassVar[int] = 0
    doubt_ms: ClassVar[int] = 0

    def takes(self, snapshot: BookChange, first: BookChange | None) -> bool:
        """Whether a fetched snapshot reaches the first difference held back; else fetch again."""
        return True

    @abstractmethod
    def start(self, snapshot: BookChange) -> None:
        """A snapshot became the book."""

    @abstractmethod
    def judge(self, change: BookChange) -> Verdict:
        """Judge the next difference; one that is to be applied counts as applied."""

    def after(self, book: DenseBook, change: BookChange) -> str:
        """Check the book once a change, a snapshot too, was applied.

        Returns what is wrong with it, empty when nothing is. It may also cut what the venue says
        has left its scope (see `DenseBook.keep_best`).
        """
        return ""
