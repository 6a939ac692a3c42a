"""A key that would be recognised anywhere, and everywhere a desk leaves traces."""

from __future__ import annotations

import asyncio
import base64
import gc
import signal
import sys
import traceback
from contextlib import ExitStack
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.app.driving import Desk
from tests.app.fault_desk import BOOK, COHORTS, DOTS, KEY, LEVELS, FaultDesk
from tests.processes import wait_until
from tests.servers.base import Reply, Request, json_reply
from tests.servers.hypertracker import HyperTrackerServer
from tests.servers.kiyotaka import KiyotakaServer
from tests.servers.sharpe import SharpeServer
from tests.servers.synthetic import SyntheticSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.desktop import Desktop
    from tests.servers.base import LoopbackServer

MARKERS = {
    "kiyotaka": "mark-kiyotaka-2f9d71c05be84a36",
    "sharpe": "sk_live_" + "5ca1ab1e0ddba11" * 3 + "abc",
    "hypertracker": "mark-hypertracker-77e0b4193cd2",
}
KEY_HEADERS = ("x-kiyotaka-key", "x-api-key", "authorization")

BREAKS = """
import faulthandler, logging, sys, threading
from pathlib import Path
from heatdesk.secrets import Keys, MemoryVault
from ui.app.journal import Journal
from ui.panel import LogTail
keys, tail = Keys(MemoryVault(), {"HEATDESK_KEY_KIYOTAKA": sys.argv[2]}), LogTail()
journal = Journal(Path(sys.argv[1]), keys, tail)
key = keys.get("kiyotaka")
def fail(*told):
    raise ValueError(f"the header {key!r} was refused", {"headers": {"X-API-Key": key}})
logging.getLogger("net").warning("asked with %s and %r", key, {"key": key})
logging.getLogger("net").warning("more", extra={"request": f"key={key}"}, stack_info=True)
try:
    fail()
except ValueError:
    logging.getLogger("net").exception("failed with %s", key)
thread = threading.Thread(target=fail)
thread.start()
thread.join()
try:
    fail()
except ValueError:
    sys.excepthook(*sys.exc_info())
assert key not in "\\n".join(tail.lines()), "the key is on the status panel"
assert len(tail.lines()) == 5, tail.lines()
faulthandler._sigsegv()
"""


class Echo:
    """An answer that gives the key back: in its words, in a header, where a web page has it."""

    def __init__(self, status: int) -> None:
        self.status = status

    def reply(self, request: Request, healthy: Callable[[], Reply]) -> Reply:
        del healthy
        key = " ".join(request.headers.get(name, "") for name in KEY_HEADERS).strip()
        words = f"The key {key} may not do this"
        body = {"error": "REFUSED", "message": words, "title": words, "detail": words}
        return json_reply(body, self.status, {"X-Your-Key": key, "X-Request-Id": key})


class EchoPage(Echo):
    """The same as a web page, where JSON was expected."""

    def reply(self, request: Request, healthy: Callable[[], Reply]) -> Reply:
        said = super().reply(request, healthy).json()["message"]
        return Reply(200, f"<html>{said}</html>".encode(), content_type="text/html")


def disguises(key: str) -> Iterator[bytes]:
    """Yield the ways in which a key may be written down."""
    plain = key.encode()
    yield plain
    yield plain[::-1]
    yield plain.hex().encode()
    yield key.encode("utf-16-le")
    yield quote(key, safe="").encode()
    for lead in range(3):
        # Base64 of a text around the key: the middle is the same whatever stands before it.
        yield base64.b64encode(b"\0" * lead + plain)[4:-4]


def check_bytes(content: bytes, where: str, keys: tuple[str, ...]) -> None:
    for key in keys:
        for written in disguises(key):
            assert written not in content, f"{key[:8]}... is in {where}"


def check_folder(folder: Path, keys: tuple[str, ...]) -> int:
    """Look into every file below a folder; return how many there were."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    for path in files:
        check_bytes(path.read_bytes(), str(path), keys)
        check_bytes(path.name.encode(), "a file name", keys)
    return len(files)


@pytest.fixture
def servers() -> Iterator[dict[str, LoopbackServer]]:
    with ExitStack() as stack:
        made: dict[str, LoopbackServer] = {
            "kiyotaka": KiyotakaServer(SyntheticSource(1, levels=40), key=MARKERS["kiyotaka"]),
            "sharpe": SharpeServer(key=MARKERS["sharpe"], per_minute=10_000),
            "hypertracker": HyperTrackerServer(key=MARKERS["hypertracker"], per_day=10_000),
        }
        yield {name: stack.enter_context(server) for name, server in made.items()}


def base(servers: dict[str, LoopbackServer], *in_environment: str) -> dict[str, str]:
    env = {
        f"HEATDESK_PROVIDERS__{name.upper()}__BASE_URL": server.url
        for name, server in servers.items()
    }
    env["HEATDESK_PROVIDERS__KIYOTAKA__TIER"] = "advanced"
    return env | {f"HEATDESK_KEY_{name.upper()}": MARKERS[name] for name in in_environment}


def live(desk: Desk, panel: str) -> bool:
    return any(pill.text.startswith("live") for pill in desk.spots("StatePill", panel))


def test_a_key_leaves_no_trace_in_anything_the_program_writes_or_shows(
    desktop: Desktop, heatdesk_home: Path, servers: dict[str, LoopbackServer], tmp_path: Path
) -> None:
    line = "import keyring, sys; keyring.set_password('HeatDesk', 'kiyotaka', sys.argv[1])"
    assert desktop.start([sys.executable, "-c", line, MARKERS["kiyotaka"]]).wait() == 0
    scratch, out = tmp_path / "tmp", tmp_path / "out"
    scratch.mkdir()
    out.mkdir()
    env = base(servers, "sharpe", "hypertracker") | {"TMPDIR": str(scratch)}
    servers["kiyotaka"].inject(Echo(403), type="BLOCK_BOOK_SNAPSHOT_AGG")
    servers["sharpe"].inject(EchoPage(200))
    servers["hypertracker"].inject(Echo(500))

    desk = Desk(desktop, heatdesk_home, **env)
    for panel in ("liquidation", "cohorts"):
        wait_until(lambda panel=panel: live(desk, panel), f"{panel} to be live")
    wait_until(lambda: desk.spots("problemCard", "order-book"), "the refusal to be told")
    desktop.key("ctrl+shift+k")
    desk.wait_for("mark...4a36, kept in the operating system's keyring")
    words = [spot.text for kind in ("QLabel", "ElidedLabel") for spot in desk.spots(kind)]
    assert len(words) > 20
    check_bytes("\n".join(words).encode(), "words on the screen", tuple(MARKERS.values()))
    command_line = "\0".join(desk.program.process.args).encode()
    check_bytes(command_line, "the command line", tuple(MARKERS.values()))
    desk.program.process.send_signal(signal.SIGSEGV)
    assert desk.program.process.wait(30) == -signal.SIGSEGV
    assert "Segmentation fault" in (heatdesk_home / "crashes" / "stacks.txt").read_text()

    programs = [desk.program]
    servers["sharpe"].inject(Echo(401))
    since = ["--from", "2026-01-01T00:00Z"]
    for expected, arguments in (
        (0, "export order-book --venue BINANCE_FUTURES --symbol BTCUSDT --interval 1h --period 4h"),
        (3, "export dots"),
        (0, "export dots"),
        (0, "export cohorts"),
        (0, "snapshot --panel dots --size 400x300 --wait 20"),
    ):
        name, kind = arguments.split()[1], "png" if arguments.startswith("snap") else "csv"
        target = ["--out", str(out / f"{name.strip('-')}.{kind}")]
        extra = since if "order-book" in arguments else []
        programs.append(desktop.launch(*arguments.split(), *extra, *target, env=env))
        assert programs[-1].wait(60) == expected, programs[-1].output()
    keys = tuple(MARKERS.values())
    for program in programs:
        check_bytes(program.output().encode(), "what a program printed", keys)
    assert len(list(out.iterdir())) == 4
    check_folder(out, keys)
    check_folder(scratch, keys)
    assert check_folder(heatdesk_home, keys) >= 3
    # Each key did go where it belongs: the search would otherwise prove nothing.
    for name, server in servers.items():
        sent = " ".join(str(request.headers) for request in server.requests)
        assert MARKERS[name] in sent


def test_no_error_nobody_expected_writes_a_key_down(desktop: Desktop, tmp_path: Path) -> None:
    home = tmp_path / "broken"
    key = MARKERS["kiyotaka"]
    program = desktop.start([sys.executable, "-c", BREAKS, str(home), key])
    assert program.wait() == -signal.SIGSEGV, program.output()
    logged = (home / "logs" / "heatdesk.log").read_text()
    assert logged.count("ValueError") >= 3
    assert logged.count("***") >= 5
    assert "Segmentation fault" in (home / "crashes" / "stacks.txt").read_text()
    check_bytes(program.output().encode(), "what was printed", (key,))
    check_folder(home, (key,))


def test_no_object_of_a_running_desk_and_none_of_its_errors_tells_a_key(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")  # as the program logs
    told: list[str] = []

    async def scenario() -> None:
        desk = FaultDesk()
        failures = []
        for name, fault in (("kiyotaka", Echo(403)), ("sharpe", EchoPage(200))):
            desk.servers[name].inject(fault, times=2)
        desk.servers["hypertracker"].inject(Echo(401), times=2)
        async with desk.running(BOOK, LEVELS, DOTS, COHORTS):
            told.extend(desk.store.status(sub).problem for sub in (BOOK, LEVELS, DOTS, COHORTS))
            for sub in (BOOK, LEVELS, DOTS, COHORTS):
                provider = desk.providers.build(sub.provider, lambda: ())
                desk.servers[sub.provider].inject(Echo(500))
                try:
                    await provider.fetch(sub)
                except Exception as error:  # noqa: BLE001 - whatever it is, it must keep the secret
                    failures.append(error)
                await provider.context.http.close()
            assert len(failures) == 4
            for error in failures:
                told.append(repr(vars(error)))
                seen: BaseException | None = error
                while seen is not None:
                    told.extend((repr(seen), str(seen), repr(seen.args)))
                    seen = seen.__cause__ or seen.__context__
                told.extend(traceback.format_exception(error))
            mine = [
                one for one in gc.get_objects() if str(type(one).__module__).startswith("heatd")
            ]
            assert {"Keys", "JsonClient", "Engine"} <= {type(one).__name__ for one in mine}
            told.extend(repr(one) for one in mine)

    asyncio.run(scenario())
    told.extend(record.getMessage() for record in caplog.records)
    assert any("may not do this" in words or "***" in words for words in told)
    for words in told:
        assert KEY not in words, words[:300]
