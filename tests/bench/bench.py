"""Bench: what the heatmap costs, beside a stock pyqtgraph `ImageItem`.

``make bench``, or ``python tests/bench/bench.py --only painting,memory``. Prints a table and writes
``bench.json``. Each section runs in a process of its own; within it both sides take turns.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.bench.rows import Row, packed, table, unpacked  # noqa: E402

TARGET = ROOT / "bench.json"
LIMIT_S = 285.0
"""The whole bench; a section that has no time left is told as not measured."""
SHARE_S = {"painting": 60, "painting_4k": 75, "decode": 90, "eight_panels": 70, "walls_gl": 60}
DEFAULT_SHARE_S = 50.0


def painting() -> list[Row]:
    from tests.bench.painting import measure_painting

    return measure_painting((1920, 1080), rounds=9)


def painting_4k() -> list[Row]:
    from tests.bench.painting import measure_painting

    return measure_painting((3840, 2160), rounds=5)


def memory() -> list[Row]:
    from tests.bench.memory import measure_memory

    return measure_memory()


def decode() -> list[Row]:
    from tests.bench.decode import measure_decode

    return measure_decode()


def eight_panels() -> list[Row]:
    from tests.bench.pacing import measure_pacing

    return measure_pacing()


def first_frame() -> list[Row]:
    from tests.bench.startup import measure_startup

    return measure_startup()


def walls() -> list[Row]:
    from tests.bench.walls import measure_walls

    return measure_walls(gl=False)


def walls_gl() -> list[Row]:
    from tests.bench.walls import measure_walls

    return measure_walls(gl=True)


def painting_gl() -> list[Row]:
    from tests.bench.painting_gl import measure_painting_gl

    return measure_painting_gl((1920, 1080), rounds=7)


def eight_panels_gl() -> list[Row]:
    from tests.bench.pacing import measure_pacing

    return measure_pacing(gl=True)


SECTIONS: dict[str, Callable[[], list[Row]]] = {
    one.__name__: one
    for one in (painting, painting_4k, memory, walls, walls_gl, first_frame, eight_panels, decode)
}
GL_SECTIONS: dict[str, Callable[[], list[Row]]] = {
    one.__name__: one for one in (painting_gl, eight_panels_gl)
}
NO_WINDOW = {"memory", "decode", "first_frame"}
"""These set up Qt themselves or in further processes."""


# ---------------------------------------------------------------------------------- a section
def run_section(name: str, out: Path) -> None:
    """Measure one section in this process and leave its rows in a file."""
    if name not in NO_WINDOW or name == "memory":
        from ui.app.stage import open_application

        app = open_application()
        app.setQuitOnLastWindowClosed(False)
    rows = {**SECTIONS, **GL_SECTIONS}[name]()
    out.write_text(json.dumps(packed(rows)), encoding="utf-8")
    sys.stdout.flush()
    # what a section measured is safe; how its windows go is not what is measured
    os._exit(0)


def start_section(name: str, limit_s: float, env: dict[str, str] | None = None) -> list[Row]:
    """Measure a section in a fresh process; a row without a figure says why there is none."""
    if name == "walls_gl" and env is None and not opengl_screen():
        from tests.bench.walls import NAME, UNIT, screen_of_own

        with screen_of_own() as screen:
            if screen is None:
                note = "not measured: no X server to show OpenGL on (the package xvfb brings one)"
                return [Row(f"{NAME}[gl]", None, UNIT, note=note)]
            return start_section(name, limit_s, screen)
    with tempfile.TemporaryDirectory(prefix="heatdesk-bench-") as folder:
        out = Path(folder) / "rows.json"
        line = [sys.executable, str(Path(__file__)), "--section", name, "--out", str(out)]
        started = time.monotonic()
        try:
            done = subprocess.run(
                line,
                cwd=ROOT,
                env={**os.environ, **(env or {})},
                capture_output=True,
                text=True,
                check=False,
                timeout=limit_s,
            )
        except subprocess.TimeoutExpired:
            return [Row(name, None, "", note=f"not measured: took longer than {limit_s:.0f} s")]
        if not out.exists():
            said = done.stderr.strip().splitlines() or ["no word"]
            print(done.stderr, file=sys.stderr)
            return [Row(name, None, "", note=f"not measured: {said[-1]}")]
        rows = unpacked(json.loads(out.read_text(encoding="utf-8")))
        print(f"  {name}: {time.monotonic() - started:.0f} s", flush=True)
        return rows


# ------------------------------------------------------------------------------------ the whole
def processor() -> str:
    """Name of the processor as the system tells it."""
    file = Path("/proc/cpuinfo")
    if file.exists():
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def renderer() -> tuple[str, bool]:
    """Name of the OpenGL renderer, and whether it is hardware; asked in a process of its own."""
    source = (
        "from ui.app.stage import open_application\n"
        "app = open_application()\n"
        "from ui.heatmap.gl_probe import ask_machine\n"
        "found = ask_machine()\n"
        "hardware = not (found.problem or found.software)\n"
        "print('GL', found.renderer or found.problem, hardware, sep='\\t')"
    )
    try:
        done = subprocess.run(
            [sys.executable, "-c", source],
            cwd=ROOT, capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return "does not answer", False
    for line in done.stdout.splitlines():
        if line.startswith("GL\t"):
            _, name, hardware = line.split("\t")
            return name, hardware == "True"
    return "does not answer", False


def header(gl_name: str) -> str:
    """The machine and the versions that the figures belong to."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = f", load {os.getloadavg()[0]:.2f}" if hasattr(os, "getloadavg") else ""
    return (
        f"{processor()}, {cores} cores{load}\n"
        f"{platform.platform()}, Python {platform.python_version()}, "
        f"Qt {version('PySide6_Essentials')}, pyqtgraph {version('pyqtgraph')}, "
        f"numpy {version('numpy')}\n"
        f"Qt platform {os.environ.get('QT_QPA_PLATFORM') or 'default'}, OpenGL renderer: {gl_name}"
    )


def run_all(names: list[str]) -> list[Row]:
    """Run sections one after the other within the time of the whole."""
    started = time.monotonic()
    gl_name, hardware = renderer()
    print(header(gl_name), flush=True)
    if hardware:
        names = [*names, *GL_SECTIONS]
    rows: list[Row] = []
    for name in names:
        left_s = LIMIT_S - (time.monotonic() - started)
        if left_s < 5:
            rows.append(Row(name, None, "", note="not measured: no time left"))
            continue
        rows += start_section(name, min(left_s, SHARE_S.get(name, DEFAULT_SHARE_S)))
    print(f"{time.monotonic() - started:.0f} s in all\n")
    return rows


def main() -> int:
    """Measure, print the table, write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(SECTIONS), help="sections, with commas between")
    parser.add_argument("--section", choices=[*SECTIONS, *GL_SECTIONS], help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, default=TARGET)
    args = parser.parse_args()
    if not display_given():
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
    if args.section:
        run_section(args.section, args.out)
    names = [name for name in args.only.split(",") if name]
    unknown = [name for name in names if name not in {**SECTIONS, **GL_SECTIONS}]
    if unknown:
        parser.error(f"no section {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    rows = run_all(names)
    print(table(rows))
    kept = [row.kept() for row in rows]
    args.out.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    print(f"\nwritten: {args.out}")
    return 0


def opengl_screen() -> bool:
    """Whether the platform of this run may show OpenGL."""
    return display_given() and os.environ.get("QT_QPA_PLATFORM", "") not in {"offscreen", "minimal"}


def display_given() -> bool:
    """Whether windows have somewhere to go."""
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


if __name__ == "__main__":
    sys.exit(main())
