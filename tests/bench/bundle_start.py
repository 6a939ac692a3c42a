"""From process start to the first demo picture: the bundle beside the source with byte code.

``python tests/bench/bundle_start.py [--runs 7]`` after ``make bundle``. Both sides are asked for the
same picture of the demo desk, offscreen, in homes of their own and in turns; medians are compared.
The picture needs all that a first frame needs (interpreter, modules, Qt, data, painting), and both
end by themselves, so that nothing has to be put into the bundle to be measured. The time of the
processor is compared as well: on a machine that has other work it is the one that can be believed.
"""

from __future__ import annotations

import argparse
import compileall
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from tests.bench.rows import Row, median  # noqa: E402 - the root is put on the path first

PROGRAMS = {
    "linux": ROOT / "dist" / "HeatDesk" / "HeatDesk",
    "win32": ROOT / "dist" / "HeatDesk" / "heatdesk-cli.exe",
    "darwin": ROOT / "dist" / "HeatDesk.app" / "Contents" / "MacOS" / "HeatDesk",
}
LARGEST_RATIO = 1.3
PATIENCE_S = 120.0


class Start(NamedTuple):
    """What a start took: seconds passed, and seconds of the processor."""

    passed_s: float
    processor_s: float


def measure(runs: int = 7) -> Row:
    """Seconds of the bundle beside seconds of the source."""
    starts = measure_starts(runs)
    bundle, source = starts["bundle"], starts["source"]
    spent = median([one.processor_s for one in bundle]) / median(
        [one.processor_s for one in source]
    )
    return Row(
        "bundle_first_frame",
        median([one.passed_s for one in bundle]),
        "s",
        "source with byte code",
        median([one.passed_s for one in source]),
        f"{runs} runs each, offscreen; a ratio of at most {LARGEST_RATIO:g} is asked for; "
        f"of processor time {spent:.2f}",
    )


def measure_starts(runs: int) -> dict[str, list[Start]]:
    """Start both sides in turns."""
    bundle = PROGRAMS[sys.platform]
    if not bundle.is_file():
        raise FileNotFoundError(f"{bundle} is not there; make bundle builds it")
    for folder in ("heatdesk", "ui"):
        compileall.compile_dir(ROOT / folder, quiet=1)
    sides = {"source": [sys.executable, str(ROOT / "main.py")], "bundle": [str(bundle)]}
    found: dict[str, list[Start]] = {name: [] for name in sides}
    for number in range(runs + 1):
        for name, line in sides.items():
            start = first_frame(line)
            if number:  # the first of each warms the file cache
                found[name].append(start)
    return found


def first_frame(line: list[str]) -> Start:
    """Let a program draw the demo desk in a home of its own; return what it takes."""
    with tempfile.TemporaryDirectory(prefix="heatdesk-bench-", ignore_cleanup_errors=True) as home:
        kept = {name: text for name, text in os.environ.items() if not name.startswith("HEATDESK_")}
        picture = Path(home, "demo.png")
        before, started = os.times(), time.monotonic()
        done = subprocess.run(
            [*line, "snapshot", "--demo", "--panel", "order-book", "--out", str(picture)],
            cwd=ROOT,
            env={**kept, "HEATDESK_HOME": home},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        seconds, after = time.monotonic() - started, os.times()
        if done.returncode != 0 or not picture.is_file():
            raise RuntimeError(f"no picture was drawn: {done.stderr[-2000:]}")
        spent = after.children_user - before.children_user
        return Start(seconds, spent + after.children_system - before.children_system)


def main(argv: list[str]) -> int:
    """Measure and print one line; 1 where the ratio is not reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    args = parser.parse_args(argv)
    try:
        row = measure(args.runs)
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 2
    ratio = row.ratio or 0.0
    print(f"bundle {row.ours:.2f} s, source {row.baseline_value:.2f} s, ratio {ratio:.2f}")
    print(row.note)
    return 0 if ratio <= LARGEST_RATIO else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
