"""Which paint path the program uses: asked of the machine once, before any chart exists."""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtGui import QGuiApplication, QOffscreenSurface, QOpenGLContext, QSurfaceFormat

from ui.heatmap import gl_names as gl

log = logging.getLogger(__name__)

AUTO, GPU, CPU = "auto", "gpu", "cpu"
"""What a user may wish for."""

MIN_VERSION = (3, 1)
_NO_WINDOW_GL = ("offscreen", "minimal", "minimalegl", "linuxfb", "vnc", "vkkhrdisplay")
"""Platforms on which a widget cannot show OpenGL."""
_SOFTWARE = (
    "llvmpipe",
    "softpipe",
    "swrast",
    "swiftshader",
    "gdi generic",
    "software rasterizer",
    "opengl32sw",
    "microsoft basic render",
    "apple software renderer",
)
"""Parts of the names of renderers that compute every pixel on the processor."""
_DEVICES = ("dri", "nvidiactl", "nvidia0", "dxg", "mali0", "kgsl-3d0")
"""What graphics cards are called below /dev on Linux, in a virtual machine of Windows as well."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What this machine offers.

    Attributes
    ----------
    problem : str
        Why a chart cannot use OpenGL at all; empty when it can.
    renderer, version : str
        As the driver names them; empty without a context.
    software : bool
        Pixels are computed by the processor.
    """

    problem: str
    renderer: str = ""
    version: str = ""
    software: bool = False


@dataclass(frozen=True, slots=True)
class PathDecision:
    """Which path paints, and why.

    Attributes
    ----------
    opengl : bool
    reason : str
        One sentence.
    renderer, version : str
        As the driver names them; empty when no context was asked for or given.
    """

    opengl: bool
    reason: str
    renderer: str = ""
    version: str = ""


UNDECIDED = PathDecision(False, "The processor paints: nothing else was chosen.")


def ask_machine() -> Machine:
    """Make an OpenGL context that is never shown and read who draws in it."""
    platform = QGuiApplication.platformName()
    if platform in _NO_WINDOW_GL:
        return Machine(f"the platform {platform!r} shows no OpenGL")
    surface = QOffscreenSurface()
    surface.setFormat(QSurfaceFormat.defaultFormat())
    surface.create()
    context = QOpenGLContext()
    context.setFormat(surface.requestedFormat())
    if not (surface.isValid() and context.create() and context.makeCurrent(surface)):
        return Machine("no OpenGL context could be made")
    try:
        functions = context.functions()
        renderer = str(functions.glGetString(gl.RENDERER))
        version = str(functions.glGetString(gl.VERSION))
        numbers = context.format().version()
        embedded = context.isOpenGLES()
    finally:
        context.doneCurrent()
    problem = ""
    if embedded:
        problem = f"OpenGL ES is not used ({renderer})"
    elif tuple(numbers) < MIN_VERSION:
        problem = f"OpenGL {numbers[0]}.{numbers[1]} is too old ({renderer})"
    return Machine(problem, renderer, version, is_software(renderer))


def has_device(folder: Path = Path("/dev")) -> bool:
    """Tell whether Linux knows a graphics card; without one a context is slow and of no use."""
    if not sys.platform.startswith("linux"):
        return True
    return any((folder / name).exists() for name in _DEVICES)


def is_software(renderer: str) -> bool:
    """Tell whether a renderer, by the name its driver gives, is the processor itself."""
    return any(name in renderer.lower() for name in _SOFTWARE)


def weigh(wish: str, machine: Machine) -> PathDecision:
    """Decide by a wish (``auto``, ``gpu`` or ``cpu``) and what the machine offers."""
    names = (machine.renderer, machine.version)
    if wish == CPU:
        return PathDecision(False, "The processor paints, as the settings say.")
    if machine.problem:
        return PathDecision(False, f"The processor paints: {machine.problem}.", *names)
    if machine.software and wish != GPU:
        reason = f"The processor paints: {machine.renderer} would compute on it as well."
        return PathDecision(False, reason, *names)
    said = ", as the settings say" if wish == GPU else ""
    return PathDecision(True, f"OpenGL paints on {machine.renderer}{said}.", *names)


_decision = UNDECIDED


def decide(wish: str) -> PathDecision:
    """Ask the machine and settle the path for the charts made from now on."""
    global _decision
    if wish == CPU:
        # the driver is not even asked: it may be what crashes
        machine = Machine("OpenGL was not asked for")
    elif wish == AUTO and not has_device():
        machine = Machine("this computer has no graphics card")
    else:
        machine = ask_machine()
    _decision = weigh(wish, machine)
    log.info("%s%s", _decision.reason, f" ({_decision.version})" if _decision.version else "")
    return _decision


def settle(decision: PathDecision) -> None:
    """Set the decision without asking: for a bench or a test that makes its own charts."""
    global _decision
    _decision = decision


def current() -> PathDecision:
    """Return the decision; the processor until one was made."""
    return _decision


_told: set[str] = set()


def tell_once(reason: str, detail: str = "") -> None:
    """Log why OpenGL had to be left: one line for each reason in the whole program."""
    if reason not in _told:
        _told.add(reason)
        log.warning(
            "Heatmaps are drawn by the processor: %s%s.", reason, f" ({detail})" if detail else ""
        )


def prepare_format(*, core: bool = sys.platform == "darwin") -> None:
    """Ask for contexts that can run the heatmap's shader; call before the application exists.

    Only macOS needs it: without a core profile it offers OpenGL 2.1. Elsewhere the default is a
    compatibility profile of the newest version, in which Qt's own painting is at its best.
    """
    if core:
        wanted = QSurfaceFormat()
        wanted.setVersion(3, 3)
        wanted.setProfile(QSurfaceFormat.OpenGLContextProfile.CoreProfile)
        QSurfaceFormat.setDefaultFormat(wanted)
