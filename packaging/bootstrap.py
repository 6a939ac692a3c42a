#!/usr/bin/env python3
"""Set up, start and check HeatDesk with nothing but a Python interpreter.

``python packaging/bootstrap.py setup|run|test|bench|soak|bundle [-- ARGUMENTS]``

Every command first makes sure that the system libraries Qt needs are there and that ``.venv`` holds
exactly what ``packaging/requirements.lock`` names. Only the standard library is used, because this
file runs before anything is installed.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
LOCK = ROOT / "packaging" / "requirements.lock"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 13)
SNAPSHOT = "heatdesk-demo.png"
MOST_WORKERS = 4
COMMANDS = ("setup", "run", "test", "bench", "soak", "bundle")
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")


class Need(NamedTuple):
    """One thing the system must offer and the Debian package that brings it."""

    kind: str  # "library", "command" or "font"
    name: str
    package: str


QT_NEEDS = (
    Need("library", "libglib-2.0.so.0", "libglib2.0-0"),
    Need("library", "libEGL.so.1", "libegl1"),
    Need("library", "libGL.so.1", "libgl1"),
    Need("library", "libX11.so.6", "libx11-6"),
    Need("library", "libX11-xcb.so.1", "libx11-xcb1"),
    Need("library", "libdbus-1.so.3", "libdbus-1-3"),
    Need("library", "libfontconfig.so.1", "libfontconfig1"),
    Need("library", "libfreetype.so.6", "libfreetype6"),
    Need("library", "libbrotlidec.so.1", "libbrotli1"),
    Need("library", "libxkbcommon.so.0", "libxkbcommon0"),
    Need("library", "libxkbcommon-x11.so.0", "libxkbcommon-x11-0"),
    Need("library", "libxcb-cursor.so.0", "libxcb-cursor0"),
    Need("library", "libxcb-glx.so.0", "libxcb-glx0"),
    Need("library", "libxcb-icccm.so.4", "libxcb-icccm4"),
    Need("library", "libxcb-image.so.0", "libxcb-image0"),
    Need("library", "libxcb-keysyms.so.1", "libxcb-keysyms1"),
    Need("library", "libxcb-randr.so.0", "libxcb-randr0"),
    Need("library", "libxcb-render-util.so.0", "libxcb-render-util0"),
    Need("library", "libxcb-shape.so.0", "libxcb-shape0"),
    Need("library", "libxcb-xfixes.so.0", "libxcb-xfixes0"),
    Need("library", "libxcb-xkb.so.1", "libxcb-xkb1"),
    Need("font", "*.[to]tf", "fonts-dejavu-core"),
)
WAYLAND_NEEDS = (
    Need("library", "libwayland-client.so.0", "libwayland-client0"),
    Need("library", "libwayland-cursor.so.0", "libwayland-cursor0"),
    Need("library", "libwayland-egl.so.1", "libwayland-egl1"),
)
# A private X server, window manager, hand and key ring for the tests that drive real windows.
TEST_NEEDS = (
    Need("command", "Xvfb", "xvfb"),
    Need("command", "openbox", "openbox"),
    Need("command", "xdotool", "xdotool"),
    Need("command", "dbus-run-session", "dbus-daemon"),
    Need("command", "gnome-keyring-daemon", "gnome-keyring"),
    Need("font", "DejaVuSans.ttf", "fonts-dejavu-core"),
)
# What reads, strips and packs the files of a bundle, and the interpreter as a library.
BUNDLE_NEEDS = (
    Need("command", "objdump", "binutils"),
    Need("command", "strip", "binutils"),
    Need("command", "dpkg-deb", "dpkg"),
)
# A private X server, on which the bench also looks at the OpenGL path; it does without where need be.
BENCH_WISHES = (Need("command", "Xvfb", "xvfb"),)


class BootstrapError(Exception):
    """The set-up cannot go on; the text says what to do."""


# -------------------------------------------------------------------------------- the interpreter
def supported(version: tuple[int, ...]) -> bool:
    """Tell whether the lock covers this Python version."""
    return OLDEST_PYTHON <= version[:2] <= NEWEST_PYTHON


def find_interpreter() -> str | None:
    """Return the newest supported Python on the path, or None."""
    for minor in range(NEWEST_PYTHON[1], OLDEST_PYTHON[1] - 1, -1):
        candidate = shutil.which(f"python3.{minor}")
        # The answer is asked for: a version manager may put a name on the path that does not start.
        if candidate and succeeds([candidate, "-c", ""]):
            return candidate
    return None


def continue_with_supported_python(argv: Sequence[str]) -> int:
    """Run this file again under a Python that the lock covers."""
    found = find_interpreter()
    if found is None:
        span = f"3.{OLDEST_PYTHON[1]} to 3.{NEWEST_PYTHON[1]}"
        raise BootstrapError(
            f"HeatDesk needs Python {span}, this is {sys.version.split()[0]}. "
            "Install one of them and run this command again."
        )
    return call([found, str(Path(__file__).resolve()), *argv])


# ------------------------------------------------------------------------------ system libraries
def present(need: Need) -> bool:
    """Tell whether the system already offers what is needed."""
    if need.kind == "command":
        return shutil.which(need.name) is not None
    if need.kind == "font":
        folders = (Path(folder).expanduser() for folder in FONT_FOLDERS)
        return any(next(folder.rglob(need.name), None) for folder in folders if folder.is_dir())
    try:
        ctypes.CDLL(need.name)
    except OSError:
        return False
    return True


def missing_packages(needs: Iterable[Need]) -> list[str]:
    """Return the Debian packages of the needs that are not met, sorted, each once."""
    return sorted({need.package for need in needs if not present(need)})


def system_needs(command: str) -> list[Need]:
    """Return what the system must offer for a command."""
    if not sys.platform.startswith("linux"):
        return []
    needs = list(QT_NEEDS)
    if os.environ.get("WAYLAND_DISPLAY"):
        needs += WAYLAND_NEEDS
    if command == "test":
        needs += TEST_NEEDS
    if command == "bundle":
        # The plugins of both window systems come along, whichever runs here.
        needs += [*BUNDLE_NEEDS, *(need for need in WAYLAND_NEEDS if need not in needs)]
        if not has_python_library():
            minor = sys.version_info[1]
            needs.append(Need("library", f"libpython3.{minor}.so.1.0", f"libpython3.{minor}"))
    return needs


def has_python_library() -> bool:
    """Tell whether this interpreter came with itself as a shared library.

    Debian splits it out of Python and still says that Python was built with it.
    """
    name, folder = sysconfig.get_config_var("INSTSONAME"), sysconfig.get_config_var("LIBDIR")
    return ".so" in str(name) and Path(str(folder), str(name)).is_file()


def root_prefix() -> list[str] | None:
    """Return what makes a command run as root: nothing, sudo, or None when we may not."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return []
    if shutil.which("sudo") and succeeds(["sudo", "-n", "true"]):
        # sudo drops the environment, and with it the wish not to be asked questions.
        return ["sudo", "-n", "env", "DEBIAN_FRONTEND=noninteractive"]
    return None


def install_packages(packages: Sequence[str]) -> None:
    """Install Debian packages, or say which line does it.

    Raises
    ------
    BootstrapError
        When there is no apt, no right to use it, or it failed.
    """
    if not packages:
        return
    line = f"apt-get install -y --no-install-recommends {shlex.join(packages)}"
    advice = (
        f"Missing on this system: {' '.join(packages)}\nRun\n"
        f"  sudo apt-get update && sudo {line}\nthen run this command again."
    )
    prefix = root_prefix()
    if shutil.which("apt-get") is None or prefix is None:
        raise BootstrapError(advice)
    say("installing system packages: " + " ".join(packages))
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    patience = ["-qq", "-o", "DPkg::Lock::Timeout=120"]
    for step in (["apt-get", "update"], line.split()):
        if call([*prefix, *step, *patience], env=env, quiet=True) != 0:
            raise BootstrapError(f"{shlex.join(step)} failed.\n{advice}")


# ------------------------------------------------------------------------- the virtual environment
def wanted_stamp() -> str:
    """Return the fingerprint of the environment that the lock and this Python make."""
    parts = [LOCK.read_bytes(), sys.version.encode(), str(VENV).encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def venv_is_fresh() -> bool:
    """Tell whether ``.venv`` was finished for this very lock, Python and place."""
    stamp = VENV / ".stamp"
    try:
        return PYTHON.exists() and stamp.read_text(encoding="ascii") == wanted_stamp()
    except OSError:
        return False


def ensure_venv() -> None:
    """Create or refresh ``.venv`` from the hashed lock.

    The stamp is written last, so an interrupted set-up is begun again and never half believed.
    """
    if venv_is_fresh():
        return
    if importlib.util.find_spec("ensurepip") is None:  # Debian splits it out of Python
        install_packages([f"python3.{sys.version_info[1]}-venv"])
    say("setting up .venv from packaging/requirements.lock (about half a minute)")
    (VENV / ".stamp").unlink(missing_ok=True)
    # Isolated mode keeps a stray PYTHONPATH or user site out of the build.
    if call([sys.executable, "-I", "-m", "venv", "--clear", str(VENV)]) != 0:
        raise BootstrapError(f"{sys.executable} -m venv failed; is the disk full?")
    pip = [str(PYTHON), "-I", "-m", "pip", "--disable-pip-version-check", "--no-input"]
    install = ["install", "--quiet", "--require-hashes", "--requirement", str(LOCK)]
    if call([*pip, *install], env={**os.environ, "PIP_USER": "0"}) != 0:
        raise BootstrapError(
            "pip could not install packaging/requirements.lock (see above). Check the network "
            "and the disk, then run this command again."
        )
    # First start-up takes twice as long without compiled files, and some systems never write them.
    call([str(PYTHON), "-I", "-m", "compileall", "-q", "-j", "0", str(VENV)], quiet=True)
    (VENV / ".stamp").write_text(wanted_stamp(), encoding="ascii")


@contextlib.contextmanager
def only_one_setup() -> Iterator[None]:
    """Hold a lock file, so that two commands started together do not build at the same time."""
    with (ROOT / ".venv.lock").open("a+b") as file:
        if not try_lock(file.fileno(), wait=False):
            say("another set-up is running, waiting for it")
            try_lock(file.fileno(), wait=True)
        yield  # closing the file gives the lock back, also after a crash


def try_lock(descriptor: int, *, wait: bool) -> bool:
    """Lock an open file for this process; return whether it is ours now."""
    if sys.platform == "win32":
        import msvcrt

        while True:
            try:
                os.lseek(descriptor, 0, os.SEEK_SET)
                # LK_LOCK itself gives up after ten tries, one a second.
                msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
            except OSError:
                if not wait:
                    return False
            else:
                return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True


def set_up(command: str) -> None:
    """Bring the system and ``.venv`` to what a command needs."""
    with only_one_setup():
        install_packages(missing_packages(system_needs(command)))
        if command == "bench" and sys.platform.startswith("linux"):
            try:
                install_packages(missing_packages(BENCH_WISHES))
            except BootstrapError as error:
                say(f"going on without what the bench would also use. {error}")
        ensure_venv()


# ------------------------------------------------------------------------------------ the commands
def display_available() -> bool:
    """Tell whether a window could be opened.

    A name alone proves nothing: a stale ``DISPLAY`` makes Qt abort, so the display is really opened,
    in a process of its own because a dead remote display may take minutes to answer.
    """
    if os.environ.get("QT_QPA_PLATFORM", "").split(":")[0] in {"offscreen", "minimal"}:
        return False
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        return True
    runtime, wayland = os.environ.get("XDG_RUNTIME_DIR", ""), os.environ.get("WAYLAND_DISPLAY")
    if wayland and Path(runtime, wayland).is_socket():
        return True
    if not os.environ.get("DISPLAY"):
        return False
    probe = (
        "import ctypes, sys; x = ctypes.CDLL('libX11.so.6'); "
        "x.XOpenDisplay.restype = ctypes.c_void_p; sys.exit(x.XOpenDisplay(None) is None)"
    )
    return succeeds([sys.executable, "-I", "-c", probe])


def run_desk(arguments: Sequence[str]) -> int:
    """Start the demo desk, or main.py with the given arguments.

    Without a display the demo desk is drawn into a picture instead.
    """
    if arguments or display_available():
        return call([str(PYTHON), "main.py", *(arguments or ["--demo"])])
    say(f"no display here: drawing the demo desk into {SNAPSHOT} instead")
    snapshot = ["snapshot", "--demo", "--out", SNAPSHOT, "--size", "1920x1080"]
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    return call([str(PYTHON), "main.py", *snapshot], env=env)


def side_by_side() -> list[str]:
    """Return how tests are spread over this machine: a process for each core, four at most.

    In the order of their folders: those of whole programs, which wait a good part of their time,
    come first, while there is more to do beside them.
    """
    cores = min(MOST_WORKERS, os.cpu_count() or 1)
    spread = ["--dist", "loadfile", "--no-loadscope-reorder"]
    return ["-n", str(cores), *spread] if cores > 1 else []


def run_checks(arguments: Sequence[str]) -> int:
    """Run linter, formatter check, type checker and tests; all of them, even after a failure."""
    steps = {
        "ruff check": ["ruff", "check", "."],
        "ruff format --check": ["ruff", "format", "--check", "."],
        "mypy --strict": ["mypy", "--strict", "heatdesk", "ui"],
        "pytest": ["pytest", *(arguments or [*side_by_side(), "tests"])],
    }
    env = dict(os.environ)
    if sys.platform.startswith("linux"):
        env["HEATDESK_REQUIRE_DESKTOP"] = "1"  # everything was installed: a skip would hide a fault
    failed = []
    for name, step in steps.items():
        say(name)
        if call([str(PYTHON), "-m", *step], env=env) != 0:
            failed.append(name)
    say("failed: " + ", ".join(failed) if failed else "all checks passed")
    return 1 if failed else 0


def run_command(command: str, arguments: Sequence[str]) -> int:
    """Set up, then do what the command says; return its exit status."""
    set_up(command)
    if command == "setup":
        say(f"ready: {PYTHON.relative_to(ROOT)} main.py")
        return 0
    if command == "run":
        return run_desk(arguments)
    if command == "test":
        return run_checks(arguments)
    if command == "bundle":
        return call([str(PYTHON), str(Path("packaging", "bundle.py")), *arguments])
    return call([str(PYTHON), str(Path("tests", "bench", f"{command}.py")), *arguments])


# --------------------------------------------------------------------------------------- processes
def call(line: Sequence[str], *, env: dict[str, str] | None = None, quiet: bool = False) -> int:
    """Run a program in the repository root and return its exit status."""
    stdout = subprocess.DEVNULL if quiet else None
    return subprocess.run(line, cwd=ROOT, env=env, stdout=stdout, check=False).returncode


def succeeds(line: Sequence[str], timeout_s: float = 10.0) -> bool:
    """Tell whether a program exits with 0 in time; its output is not shown."""
    try:
        return (
            subprocess.run(line, capture_output=True, timeout=timeout_s, check=False).returncode
            == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False


def say(text: str) -> None:
    """Print a line at once, so that it stands before what the next program prints."""
    print(f"heatdesk: {text}", flush=True)


def main(argv: Sequence[str]) -> int:
    """Run one command and return the exit status."""
    command, arguments = (argv[0] if argv else ""), list(argv[1:])
    if command not in COMMANDS:
        print(f"usage: bootstrap.py {'|'.join(COMMANDS)} [-- ARGUMENTS]", file=sys.stderr)
        return 0 if command in {"-h", "--help"} else 2
    if arguments[:1] == ["--"]:
        del arguments[0]
    try:
        if not supported(sys.version_info[:2]):
            return continue_with_supported_python([command, *arguments])
        return run_command(command, arguments)
    except BootstrapError as error:
        print(f"heatdesk: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
