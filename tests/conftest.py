"""What every test gets: offscreen Qt, a home of its own, no network, nothing left behind."""

from __future__ import annotations

import gc
import ipaddress
import logging
import os
import socket
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

# Before anything imports Qt: the plugin and the scale of fonts are chosen once in a process.
os.environ["QT_QPA_PLATFORM"] = os.environ.get("HEATDESK_TEST_QPA", "offscreen")
os.environ["QT_FONT_DPI"] = "96"
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
for _name in ("QT_SCALE_FACTOR", "QT_STYLE_OVERRIDE", "QT_QPA_PLATFORMTHEME", "QT_LOGGING_RULES"):
    os.environ.pop(_name, None)
for _name in [name for name in os.environ if name.startswith("HEATDESK_")]:
    # A developer's own settings and keys stay out; what steers the tests themselves stays in.
    if not _name.startswith(("HEATDESK_TEST_", "HEATDESK_REQUIRE_")):
        del os.environ[_name]

# The same examples in every run, so that a red test is the change's; HEATDESK_TEST_FUZZ draws anew.
# How long an example takes says more of the machine than of the code: no deadline.
hypothesis.settings.register_profile("steady", derandomize=True, database=None, deadline=None)
hypothesis.settings.register_profile("fuzz", database=None, deadline=None)
hypothesis.settings.load_profile("fuzz" if os.environ.get("HEATDESK_TEST_FUZZ") else "steady")

pytest_plugins = ["tests.desktop"]

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_S = 5.0  # how long a thread that was told to end may take on a busy machine

_call_failed = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Remember whether the test itself failed, for the fixtures that are torn down after it."""
    report = yield
    if report.when in {"setup", "call"} and not report.passed:
        item.stash[_call_failed] = True
    return report


# ------------------------------------------------------------------------------------- the home
@pytest.fixture(autouse=True)
def heatdesk_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder that holds the settings, layout, logs and data of this one test."""
    home = tmp_path / "heatdesk-home"
    home.mkdir()
    monkeypatch.setenv("HEATDESK_HOME", str(home))
    return home


@pytest.fixture(scope="session")
def market_data() -> Path:
    """Folder of real market recordings; the test is skipped where there is none."""
    named = os.environ.get("HEATDESK_TEST_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no market recordings in {folder} (HEATDESK_TEST_DATA names another folder)")
    return folder


@pytest.fixture(autouse=True)
def log_as_before() -> Iterator[None]:
    """Give the log its level back: a program that was run may have chosen its own."""
    root = logging.getLogger()
    level = root.level
    yield
    root.setLevel(level)


# ---------------------------------------------------------------------------------- the network
def _is_loopback(host: object) -> bool:
    if host in {None, "", "localhost", b"localhost"}:
        return True
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    try:
        return ipaddress.ip_address(text.split("%")[0]).is_loopback
    except ValueError:
        return False


class NetworkForbiddenError(OSError):
    """A test tried to leave this computer."""


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Refuse every connection and name look-up that leaves this computer.

    The product may well turn the refusal into a sentence for the user, so attempts are kept and
    fail the test at its end. Yields the attempts; a test that provokes one on purpose clears them.
    """
    attempts: list[str] = []
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex
    sendto, look_up = socket.socket.sendto, socket.getaddrinfo

    def refuse(host: object) -> None:
        attempts.append(str(host))
        raise NetworkForbiddenError(f"tests may only reach this computer, not {host}")

    def check(sock: socket.socket, address: Any) -> None:
        if sock.family in {socket.AF_INET, socket.AF_INET6} and not _is_loopback(address[0]):
            refuse(address[0])

    def guarded_connect(sock: socket.socket, address: Any) -> None:
        check(sock, address)
        connect(sock, address)

    def guarded_connect_ex(sock: socket.socket, address: Any) -> int:
        check(sock, address)
        return connect_ex(sock, address)

    def guarded_sendto(sock: socket.socket, data: Any, *rest: Any) -> int:
        check(sock, rest[-1])
        return sendto(sock, data, *rest)

    def guarded_look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        if not _is_loopback(host):
            refuse(host)
        return look_up(host, *args, **kwargs)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
    monkeypatch.setattr(socket.socket, "sendto", guarded_sendto)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_look_up)
    yield attempts
    if attempts:
        pytest.fail(f"the test tried to reach {', '.join(attempts)}", pytrace=False)


# --------------------------------------------------------------------------------- what is left
def _subclasses(kind: type) -> set[type]:
    found = {kind}
    for child in kind.__subclasses__():
        found |= _subclasses(child)
    return found


QT_FREE = ("heatdesk", "servers", "packaging", "test_architecture.py")
"""Below ``tests``: places whose tests never use Qt, since nothing they test may import it."""


class Belongings:
    """Threads, running timers and windows that exist at one moment, by identity.

    Looking at every object of the process takes a while, so ``qt`` is False where none can be
    Qt's.
    """

    def __init__(self, *, qt: bool) -> None:
        self.found: dict[int, str] = {}
        for thread in threading.enumerate():
            # Qt's threads show up as dummies that outlive their thread; they are counted below.
            if thread.is_alive() and not thread.daemon:
                self.found[id(thread)] = f"thread {thread.name}"
        if qt and "PySide6.QtCore" in sys.modules:
            self._look_at_qt_objects()
        if qt and "PySide6.QtWidgets" in sys.modules:
            self._look_at_windows()

    def _look_at_qt_objects(self) -> None:
        import shiboken6
        from PySide6.QtCore import QThread, QTimer

        threads, timers = _subclasses(QThread), _subclasses(QTimer)
        for thing in gc.get_objects():
            kind = type(thing)
            if kind in threads and shiboken6.isValid(thing) and thing.isRunning():
                if thing is not QThread.currentThread():
                    self.found[id(thing)] = f"running {kind.__name__}"
            elif kind in timers and shiboken6.isValid(thing) and thing.isActive():
                self.found[id(thing)] = f"active {kind.__name__} of parent {thing.parent()!r}"

    def _look_at_windows(self) -> None:
        import shiboken6
        from PySide6.QtWidgets import QApplication

        if QApplication.instance() is None:
            return
        for widget in QApplication.topLevelWidgets():
            if widget.metaObject().className() != "QTipLabel":  # Qt's own, hides after a while
                self.found[shiboken6.getCppPointer(widget)[0]] = f"window {widget!r}"

    def missing_from(self, earlier: Belongings) -> list[str]:
        """Return in words what is here and was not there earlier."""
        return sorted(words for key, words in self.found.items() if key not in earlier.found)


def _set_aside_what_is_there() -> None:
    """Keep modules and tests out of every later look at the objects of the process.

    They are ten times as many as what one test makes, and looked at before and after each.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def only_what_is_new_is_looked_at() -> None:
    """What was imported or kept by the modules before stays."""
    _set_aside_what_is_there()


def _let_go() -> None:
    """Give everything that was told to end the chance to do so."""
    gc.collect()
    if "PySide6.QtCore" in sys.modules:
        from PySide6.QtCore import QCoreApplication, QEvent

        if QCoreApplication.instance() is not None:
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
            QCoreApplication.processEvents()


@pytest.fixture(autouse=True)
def nothing_left_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test after which a thread or timer still runs or a window still exists."""
    place = request.path.relative_to(Path(__file__).parent)
    qt = place.parts[0] not in QT_FREE or "qtbot" in request.fixturenames
    before = Belongings(qt=qt)
    yield
    if request.node.stash.get(_call_failed, False):
        return  # its traceback keeps things alive, and one failure is enough
    left = Belongings(qt=qt).missing_from(before)
    deadline_s = time.monotonic() + PATIENCE_S
    while left:
        _let_go()
        left = Belongings(qt=qt).missing_from(before)
        if left and time.monotonic() > deadline_s:
            pytest.fail("left behind: " + "; ".join(left), pytrace=False)
        if left:
            time.sleep(0.02)
