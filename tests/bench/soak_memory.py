"""What a desk's memory is made of: what is bounded by design counted by name, and the rest."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections import Counter, deque
from pathlib import Path
from typing import Any

import numpy as np

from heatdesk.analytics.delta import DeltaLedger
from heatdesk.providers.live.seen import Seen

MIB = 1 << 20
_ROOMS = ("heatdesk.", "ui.")
_SAMPLED = 64


def resident_mib() -> float:
    """Memory the process really holds."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("no VmRSS in /proc/self/status")


class _Mallinfo2(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            "arena", "ordblks", "smblks", "hblks", "hblkhd",
            "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost",
        )
    ]  # fmt: skip


def malloc_mib() -> tuple[float, float]:
    """Memory in use, and held without use, of the C library's heap; NaN where it does not tell."""
    try:
        ask = ctypes.CDLL(None).mallinfo2
    except (OSError, AttributeError):
        return float("nan"), float("nan")
    ask.restype = _Mallinfo2
    told = ask()
    return (told.uordblks + told.hblkhd) / MIB, told.fordblks / MIB


def held_by_design(store: Any) -> dict[str, float]:
    """MiB of everything that fills up to a limit of its own, by name.

    Each of these is bounded by its class (bytes of cells and snapshots, rows of tapes, buckets of
    sums, repeats remembered); an hour is too short to fill the larger of them.
    """
    found: Counter[str] = Counter()
    with store.lock:
        for sub, kept in store._kept.items():
            if kept.heatmap is not None:
                found["cells"] += kept.heatmap.total_bytes
                found["snapshots"] += store.exact_bytes(sub)
            for tape in (kept.trades, kept.liquidations):
                found["tapes"] += 0 if tape is None else _tape_bytes(tape)
    for thing in gc.get_objects():
        if type(thing) is DeltaLedger:
            found["delta sums"] += thing._start_ms.nbytes + thing._sums.nbytes
        elif type(thing) is Seen:
            found["repeats"] += _seen_bytes(thing)
    return {name: count / MIB for name, count in sorted(found.items())}


def _tape_bytes(tape: Any) -> int:
    parts = [*tape._full, tape._tail]
    return sum(column.nbytes for part in parts for column in part.values())


def _seen_bytes(seen: Seen) -> int:
    """Containers, and the keys in them as the newest of them are."""
    tables = [seen._counts, *seen._told.values()]
    size = sum(sys.getsizeof(table) for table in tables) + 8 * len(seen._order)
    newest = [seen._order[-1 - i] for i in range(min(_SAMPLED, len(seen._order)))]
    return size + (sum(map(_key_bytes, newest)) * len(seen._order) // len(newest) if newest else 0)


def _key_bytes(key: object) -> int:
    parts = key if isinstance(key, tuple) else ()
    return sys.getsizeof(key) + sum(sys.getsizeof(part) for part in parts)


def census() -> tuple[Counter[str], Counter[str]]:
    """How many objects there are of each type; and bytes of arrays and lengths by attribute.

    The second counts, for every object of ours, arrays (bytes) and containers (entries, as
    ``len``) that it holds directly, or one container deep.
    """
    kinds: Counter[str] = Counter()
    held: Counter[str] = Counter()
    for thing in gc.get_objects():
        kind = type(thing)
        kinds[f"{kind.__module__}.{kind.__qualname__}"] += 1
        if not str(kind.__module__).startswith(_ROOMS):
            continue
        for name, value in _attributes(thing):
            _count(held, f"{kind.__module__}.{kind.__qualname__}.{name}", value)
    return kinds, held


def _attributes(thing: object) -> list[tuple[str, object]]:
    found = list(getattr(thing, "__dict__", {}).items())
    for base in type(thing).__mro__:
        slots = base.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__") and hasattr(thing, name):
                found.append((name, getattr(thing, name)))
    return found


def _count(held: Counter[str], name: str, value: object) -> None:
    if isinstance(value, np.ndarray):
        base = value.base if isinstance(value.base, np.ndarray) else value
        held[name] += base.nbytes
    elif isinstance(value, dict | list | tuple | set | deque):
        held[f"len {name}"] += len(value)
        parts = value.values() if isinstance(value, dict) else value
        if len(value) < 100_000:
            held[f"{name}[]"] += sum(
                part.nbytes for part in list(parts) if isinstance(part, np.ndarray)
            )


def growth(before: Counter[str], now: Counter[str], most: int = 25) -> list[str]:
    """What there is more of than before, the largest first."""
    more = Counter({name: now[name] - before[name] for name in now if now[name] > before[name]})
    return [f"{count:+12,d}  {name}  ({now[name]:,})" for name, count in more.most_common(most)]
