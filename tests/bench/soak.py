"""Soak: six live feeds with random faults for an hour; the demo desk for as long as asked.

``make soak``, or ``python tests/bench/soak.py --minutes 2``; ``--demo`` for the demo desk: what
grows, what is left behind, what hiding costs. Offscreen unless a display is given. Exit code 1 when
one of the promises is broken.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
if not os.environ.get("DISPLAY"):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QThread, QTimer  # noqa: E402

from tests.bench.soak_memory import resident_mib  # noqa: E402
from ui.app.program import Program  # noqa: E402
from ui.app.stage import open_application  # noqa: E402

SAMPLE_S = 5.0
WARM_UP_SHARE = 0.3
LARGEST_GROWTH_MIB = 8.0
LARGEST_HIDDEN_CPU_PCT = 1.0


def run_for(seconds: float) -> float:
    """Let the desk run; return the share of one core it used, in percent."""
    loop = QEventLoop()
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    cpu_s, wall_s = time.process_time(), time.perf_counter()
    loop.exec()
    return 100 * (time.process_time() - cpu_s) / (time.perf_counter() - wall_s)


def left_behind() -> list[str]:
    """Threads and running timers that should be gone."""
    gc.collect()
    found = [
        f"thread {thread.name}"
        for thread in threading.enumerate()
        if thread is not threading.main_thread() and not thread.name.startswith("Dummy")
    ]
    for thing in gc.get_objects():
        try:
            if isinstance(thing, QThread) and thing.isRunning():
                found.append(f"QThread {thing.objectName() or type(thing).__name__}")
            if isinstance(thing, QTimer) and thing.isActive():
                found.append(f"timer of {type(thing.parent()).__name__}")
        except RuntimeError:  # its C++ side is gone, which is what is wanted
            continue
    return found


def soak(minutes: float) -> list[str]:
    """Run the desk and print what was seen; return the broken promises."""
    app = open_application()
    home = Path(tempfile.mkdtemp(prefix="heatdesk-soak-"))
    program = Program(home, {"HEATDESK_HOME": str(home)}, demo=True)
    program.desk.first.resize(1920, 1080)
    program.start()
    samples: list[tuple[float, float]] = []
    started = time.perf_counter()
    while (elapsed_s := time.perf_counter() - started) < minutes * 60:
        cpu_pct = run_for(SAMPLE_S)
        samples.append((resident_mib(), cpu_pct))
        if len(samples) % 12 == 0:
            print(f"{elapsed_s / 60:5.1f} min  {samples[-1][0]:7.1f} MiB  {cpu_pct:5.1f} % CPU")
    settled = samples[int(len(samples) * WARM_UP_SHARE) :]
    third = max(1, len(settled) // 3)
    first = statistics.median(memory for memory, _ in settled[:third])
    last = statistics.median(memory for memory, _ in settled[-third:])
    busy_pct = statistics.median(cpu for _, cpu in settled)
    program.desk.first.showMinimized()
    run_for(3)
    minimised_pct = run_for(20)
    program.desk.first.showNormal()
    for dock in program.desk.docks.values():
        dock.close()
    run_for(3)
    closed_pct = run_for(20)
    program.desk.close()
    program.stop()
    for _ in range(3):
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        app.processEvents()
    remains = left_behind()
    print(f"memory after warm-up {first:.1f} MiB, at the end {last:.1f} MiB")
    print(f"CPU of one core: {busy_pct:.1f} % in view, {minimised_pct:.2f} % minimised, "
          f"{closed_pct:.2f} % with every panel closed")  # fmt: skip
    print(f"left behind: {', '.join(remains) or 'nothing'}")
    broken = [f"left behind: {what}" for what in remains]
    if last - first > LARGEST_GROWTH_MIB:
        broken.append(f"memory grew by {last - first:.1f} MiB")
    for what, share_pct in (("minimised", minimised_pct), ("closed", closed_pct)):
        if share_pct > LARGEST_HIDDEN_CPU_PCT:
            broken.append(f"{share_pct:.2f} % CPU while {what}")
    return broken


def main() -> int:
    """Soak for as long as asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, help="60, of the demo 10 unless told")
    parser.add_argument("--seed", type=int, default=5, help="of the faults")
    parser.add_argument("--count", action="store_true", help="tell what there is more and more of")
    parser.add_argument("--demo", action="store_true", help="the demo desk instead of live feeds")
    args = parser.parse_args()
    if args.demo:
        broken = soak(args.minutes or 10.0)
    else:
        from tests.bench.soak_feeds import soak_feeds

        open_application()
        broken = soak_feeds(args.minutes or 60.0, left_behind, seed=args.seed, counted=args.count)
    for what in broken:
        print("BROKEN:", what)
    print("soak failed" if broken else "soak passed")
    return 1 if broken else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Exception:  # noqa: BLE001  # the desk's own hook would write it to its log alone
        traceback.print_exc()
        sys.exit(1)
