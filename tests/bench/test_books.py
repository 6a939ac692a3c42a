"""The rows of live books at a tiny size: every row is there and has its shape; no figure is judged."""

from __future__ import annotations

from tests.bench.books import BASELINE, LOCK, make_messages, measure_books, run_ours


def test_each_row_of_live_books_is_there():
    rows = measure_books(rounds=1, levels=400, messages=60, columns=3, baseline=False)
    assert [(row.name, row.unit) for row in rows] == [
        ("book_updates", "updates/s"),
        ("column_2000", "ms"),
        ("column_2000[frame]", "ms"),
    ]
    assert rows[0].baseline == BASELINE
    assert rows[0].ratio is None
    assert "skipped" in rows[0].note
    assert all(row.ours > 0 for row in rows)


def test_the_messages_are_the_same_in_every_run_and_keep_the_book_live():
    raws = make_messages(50, 20, 10)
    assert raws == make_messages(50, 20, 10)
    _, sync = run_ours(raws)
    assert sync.book.changes == 21


def test_the_baselines_lock_names_no_address_and_hashes_everything():
    lock = LOCK.read_text(encoding="utf-8")
    assert not [mark for mark in ("://", "file:", "--index", "--find-links", " @ ") if mark in lock]
    entries = [line for line in lock.replace("\\\n", " ").splitlines() if "==" in line]
    assert [entry.split("==")[0] for entry in entries] == ["ccxt", "orjson"]
    assert all("--hash=sha256:" in entry for entry in entries)
    assert f"ccxt=={BASELINE.split()[1]}" in lock
