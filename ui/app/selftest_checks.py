"""What `--selftest` looks at: each check builds what it needs and lets go of it again."""

from __future__ import annotations

import io
import os
import secrets as random_names
import sys
import threading
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from types import ModuleType
from typing import TYPE_CHECKING

from heatdesk.errors import VaultError, VaultLocked, VaultMissing
from ui.app.selftest import (
    BrokenPartError,
    Check,
    Outcome,
    Result,
    SkipCheckError,
    run_check,
    tell,
)
from ui.app.selftest_files import check_files

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PySide6.QtCore import QMessageLogContext, QtMsgType
    from PySide6.QtGui import QFont, QImage
    from PySide6.QtWidgets import QApplication

    from ui.app.services import Services

    IntArray = npt.NDArray[np.int64]

FLOORS = ("heatdesk", "ui")
FEWEST_MODULES = 100
FRAME_SIZE = (960, 600)
FRAME_WAIT_S = 60.0
FEWEST_COLOURS = 300
"""A painted demo book has thousands; a failed panel has those of its texts."""
LARGEST_BARE_SHARE = 0.75
"""Of the chart's middle; it is 0.6 in the demo book and above 0.9 where its cells are missing."""
SCRATCH_SERVICE = "HeatDesk self-test"
KEYRING_PATIENCE_S = 30.0
FEWEST_AUTHORITIES = 50


def checks() -> dict[str, Check]:
    """Return the checks by name, in their order; each builds what it needs."""
    return {
        "files": check_files,
        "Qt platform": check_platform,
        "modules": check_modules,
        "fonts": check_fonts,
        "icons and styles": check_resources,
        "OpenGL": check_opengl,
        "demo frame": check_demo_frame,
        "panels": check_panels,
        "windows": check_windows,
        "keyring parts": check_keyring_parts,
        "keyring": check_keyring,
        "TLS roots": check_authorities,
        "decoders": check_decoders,
    }


def check_platform() -> str:
    """A QApplication can be made."""
    from PySide6.QtCore import qVersion

    app = _application()
    return f"{app.platformName()}, Qt {qVersion()}"


def check_modules() -> str:
    """Every module of the program can be imported."""
    names = [
        found.name
        for floor in FLOORS
        for found in walk_packages(import_module(floor).__path__, f"{floor}.")
    ]
    if len(names) < FEWEST_MODULES:
        raise BrokenPartError(f"only {len(names)} modules are there")
    for name in names:
        try:
            import_module(name)
        except ImportError as error:
            raise BrokenPartError(f"{name}: {error}") from error
    return f"{len(names)} imported"


def check_fonts() -> str:
    """There is a font to write with: two figures look different."""
    from PySide6.QtGui import QFontInfo

    from ui import theme

    _application()
    font = theme.font()
    # Without any font Qt still names families and draws a box for every sign.
    if _written("1", font) == _written("8", font):
        raise BrokenPartError("no font is installed; install one such as DejaVu Sans")
    return QFontInfo(font).family()


def _written(text: str, font: QFont) -> QImage:
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QImage as Image
    from PySide6.QtGui import QPainter

    image = Image(32, 32, Image.Format.Format_RGB32)
    image.fill(0xFFFFFFFF)
    painter = QPainter(image)
    painter.setFont(font)
    painter.drawText(image.rect(), Qt.AlignmentFlag.AlignCenter, text)
    painter.end()
    return image


def check_resources() -> str:
    """The style sheet and every icon can be read."""
    from PySide6.QtGui import QIcon

    from ui import theme

    _application()
    files = sorted((theme.RESOURCES / "icons").glob("*.svg"))
    if not files or not theme.style_sheet().strip():
        raise BrokenPartError(f"nothing in {theme.RESOURCES}")
    for file in files:
        for made in (theme.icon(file.stem), QIcon(str(file))):
            picture = made.pixmap(16).toImage()
            if not any(picture.pixelColor(x, y).alpha() for x in range(16) for y in range(16)):
                raise BrokenPartError(f"the icon {file.name} is not drawn")
    return f"{len(files)} icons"


def check_opengl() -> str:
    """The machine offers OpenGL for the heatmaps, or says why not."""
    from ui.heatmap import gl_probe

    _application()
    machine = gl_probe.ask_machine()
    if machine.problem:
        raise SkipCheckError(machine.problem)
    kind = "software, the processor paints instead" if machine.software else "graphics card"
    return f"{machine.renderer}, {machine.version} ({kind})"


def check_demo_frame() -> str:
    """The demo book is painted: pixels are looked at."""
    from PySide6.QtGui import QImage

    from heatdesk.export.command_line import parse_arguments
    from ui.app.picture import Picture

    app, services = _application(), _services()
    size = f"{FRAME_SIZE[0]}x{FRAME_SIZE[1]}"
    line = ["snapshot", "--demo", "--panel", "order-book", "--out", "demo.png", "--size", size]
    picture = Picture(parse_arguments(line), services, None)
    try:
        failure = picture.draw(app, FRAME_WAIT_S)
        if failure is not None or not picture.drawn:
            raise BrokenPartError(failure.user_message if failure else "no frame came")
        png = io.BytesIO()
        picture.write(png)
    finally:
        picture.close()
        services.close()
    image = QImage.fromData(png.getvalue())
    width, height, colours = image.width(), image.height(), colours_of(image)
    if (width, height) != FRAME_SIZE or colours < FEWEST_COLOURS:
        raise BrokenPartError(f"{width} x {height} pixels of {colours} colours are no heatmap")
    middle = image.copy(width // 20, height // 5, width * 11 // 20, height // 2)
    bare_share = common_share_of(middle)
    if bare_share > LARGEST_BARE_SHARE:
        raise BrokenPartError(f"{bare_share:.0%} of the chart are bare: no heatmap is painted")
    return f"{size}, {colours} colours, {1 - bare_share:.0%} of the chart painted"


def check_panels() -> str:
    """Every kind of panel can be made, laid out and painted."""
    from ui.panel import Workspace
    from ui.panels import PANELS

    _application()
    services = _services()
    context = services.context(Workspace(utc=True), lambda provider: None)
    try:
        for kind in PANELS:
            panel = kind(context)
            try:
                panel.resize(640, 400)
                panel.load_options(panel.save_options())
                panel.pull()
                if colours_of(panel.grab().toImage()) < 2:
                    raise BrokenPartError(f"the panel {kind.title} is blank")
            finally:
                panel.close()
                panel.deleteLater()
    finally:
        services.close()
    return f"{len(PANELS)}: {', '.join(kind.panel_id for kind in PANELS)}"


def check_windows() -> str:
    """The main window and the settings can be made."""
    from ui.main_window import Desk
    from ui.panel import Workspace
    from ui.panels import PANELS

    _application()
    services = _services()
    context = services.context(Workspace(utc=True), lambda provider: None)
    desk = Desk(context, PANELS, lambda needed: None, demo_only=True)
    try:
        count = len(list(desk.panels()))
        if not count:
            raise BrokenPartError("the main window opened without a panel")
        desk.first.resize(*FRAME_SIZE)
        if colours_of(desk.first.grab().toImage()) < 2:
            raise BrokenPartError("the main window is blank")
        return f"{count} panels in the main window"
    finally:
        desk.close()
        desk.discard()
        services.close()


def check_keyring_parts() -> str:
    """What talks to this kind of system's keyring is there, whether or not one runs."""
    parts: Mapping[str, tuple[str, ...]] = {
        "linux": ("keyring.backends.SecretService", "secretstorage", "jeepney"),
        "win32": ("keyring.backends.Windows", "win32ctypes.pywin32.win32cred"),
        "darwin": ("keyring.backends.macOS",),
    }
    loaded: list[ModuleType] = []
    for name in parts.get(sys.platform, ()):
        try:
            loaded.append(import_module(name))
        except ImportError as error:
            raise BrokenPartError(f"{name}: {error}") from error
    from importlib.metadata import entry_points

    if not entry_points(group="keyring.backends"):
        raise BrokenPartError("the keyring finds no backends: its metadata is missing")
    return ", ".join(module.__name__ for module in loaded)


def check_keyring() -> str:
    """A made-up key goes into the keyring, comes back and is forgotten, under a name of its own."""
    answers: list[Result] = []
    work = threading.Thread(
        target=lambda: answers.append(run_check("keyring", _round_trip)), daemon=True
    )
    work.start()
    work.join(KEYRING_PATIENCE_S)
    if not answers:
        raise SkipCheckError(
            f"no answer within {KEYRING_PATIENCE_S:g} s; it may ask for a password"
        )
    if answers[0].outcome is Outcome.SKIP:
        raise SkipCheckError(answers[0].detail)
    if answers[0].outcome is Outcome.FAIL:
        raise BrokenPartError(answers[0].detail)
    return answers[0].detail


def _round_trip() -> str:
    from heatdesk.secrets import KeyringVault

    vault, name = KeyringVault(SCRATCH_SERVICE), f"scratch-{random_names.token_hex(4)}"
    key = random_names.token_hex(16)
    try:
        vault.set(name, key)
        back = vault.get(name)
        vault.delete(name)
        left = vault.get(name)
    except (VaultMissing, VaultLocked) as error:
        raise SkipCheckError(error.user_message) from error
    except VaultError as error:
        raise BrokenPartError(f"{error.user_message} ({error})") from error
    if back != key or left is not None:
        raise BrokenPartError("the keyring did not give back what it was given, or kept it")
    return "written, read and removed"


def check_authorities() -> str:
    """Secure connections know whom to trust."""
    from heatdesk.net.authorities import trusted_authorities

    count = trusted_authorities().cert_store_stats()["x509_ca"]
    where = ""
    if not count and (folder := os.environ.get("SSL_CERT_DIR")):
        # Of a folder, each is read only once a server names it: their files are counted.
        count, where = len(list(Path(folder).glob("????????.[0-9]"))), f" in {folder}"
    if count < FEWEST_AUTHORITIES:
        raise BrokenPartError(f"only {count} certificate authorities are known{where}")
    return f"{count} authorities{where}"


def check_decoders() -> str:
    """The compiled decoders are there and decode."""
    import msgspec
    import orjson

    # An answer in a packing that cannot be undone would only be noticed by users.
    brotli, zstandard = import_module("brotli"), import_module("zstandard")

    text = b'{"bids":[[1.5,2.0]]}'
    tries: dict[str, Callable[[], bytes]] = {
        "brotli": lambda: brotli.decompress(brotli.compress(text)),
        "zstandard": lambda: zstandard.decompress(zstandard.compress(text)),
        "orjson": lambda: orjson.dumps(orjson.loads(text)),
        "msgspec": lambda: msgspec.json.encode(msgspec.json.decode(text)),
    }
    for name, decode in tries.items():
        if orjson.loads(decode()) != orjson.loads(text):
            raise BrokenPartError(f"{name} does not give back what it was given")
    try:
        simdjson = import_module("simdjson")
    except ImportError:
        return f"{', '.join(tries)} (without simdjson, which is optional)"
    if simdjson.Parser().parse(text, True) != orjson.loads(text):
        raise BrokenPartError("simdjson does not read what orjson reads")
    return f"{', '.join(tries)}, simdjson"


def colours_of(image: QImage) -> int:
    """Count the different colours of a picture."""
    return len(_counts_of(image))


def common_share_of(image: QImage) -> float:
    """Return the share of the pixels that have the most common colour, 0 to 1."""
    counts = _counts_of(image)
    return float(counts.max() / counts.sum()) if counts.size else 1.0


def _counts_of(image: QImage) -> IntArray:
    """Count the pixels of each colour."""
    import numpy as np
    from PySide6.QtGui import QImage as Image

    if image.isNull():
        return np.zeros(0, np.int64)
    plain = image.convertToFormat(Image.Format.Format_RGB32)
    words = np.frombuffer(plain.constBits(), np.uint32)  # rows of 32 bits need no padding
    return np.unique(words, return_counts=True)[1].astype(np.int64)


def _application() -> QApplication:
    from PySide6.QtCore import qInstallMessageHandler

    from ui.app.stage import open_application

    # Qt ends the process when no platform plugin loads: say so first.
    earlier = qInstallMessageHandler(_on_message)
    try:
        return open_application()
    finally:
        qInstallMessageHandler(earlier)


def _on_message(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    from PySide6.QtCore import QtMsgType as Kind

    if kind == Kind.QtFatalMsg:
        tell(str(Result("Qt platform", Outcome.FAIL, message)))
        os._exit(1)


def _services() -> Services:
    from heatdesk.settings import Settings
    from heatdesk.units import FixedClock, parse_iso_ms
    from ui.app.services import Services as Made
    from ui.app.snapshot import DEMO_MOMENT

    # No home and no environment: what a user has set and stored is neither read nor touched.
    return Made(Settings(), None, {}, FixedClock(parse_iso_ms(DEMO_MOMENT)))
