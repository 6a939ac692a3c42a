"""What of Qt, Python and the system goes into a bundle, and what stays outside.

Pure decisions over names, so that they can be tested without building anything. Paths are those
inside the bundle, with forward slashes.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

QT_MODULES = frozenset(
    (
        *("Core", "Gui", "Widgets", "Svg", "OpenGL", "OpenGLWidgets", "Network", "DBus"),
        *("XcbQpa", "WaylandClient", "WaylandEglClientHwIntegration", "WlShellIntegration"),
    )
)
"""Parts of Qt that may be in a bundle where something in it uses them."""

QT_PLUGINS = frozenset(
    (
        # Linux
        "platforms/qxcb",
        "platforms/qwayland",
        "platforms/qoffscreen",
        "xcbglintegrations/qxcb-egl-integration",
        "xcbglintegrations/qxcb-glx-integration",
        "wayland-shell-integration/xdg-shell",
        "wayland-graphics-integration-client/qt-plugin-wayland-egl",
        "wayland-decoration-client/adwaita",
        "wayland-decoration-client/bradient",
        "platforminputcontexts/composeplatforminputcontextplugin",
        "platforminputcontexts/ibusplatforminputcontextplugin",
        # file dialogs and the colour scheme of the desktop; the GTK theme would load all of GTK
        "platformthemes/qxdgdesktopportal",
        # Windows and macOS
        "platforms/qwindows",
        "platforms/qcocoa",
        "styles/qmodernwindowsstyle",
        "styles/qmacstyle",
        # everywhere: PNG is built in, the style sheet names SVG files
        "imageformats/qsvg",
        "imageformats/qico",
        "imageformats/qicns",
        "iconengines/qsvgicon",
    )
)

SYSTEM_LIBRARIES = {
    "libc.so.6": "libc6",
    "libm.so.6": "libc6",
    "libdl.so.2": "libc6",
    "librt.so.1": "libc6",
    "libutil.so.1": "libc6",
    "libresolv.so.2": "libc6",
    "libpthread.so.0": "libc6",
    "ld-linux-x86-64.so.2": "libc6",
    "ld-linux-aarch64.so.1": "libc6",
    # The drivers of graphics cards are linked against the system's own: an older copy in the
    # bundle would keep them from loading.
    "libstdc++.so.6": "libstdc++6",
    "libgcc_s.so.1": "libgcc-s1",
    "libz.so.1": "zlib1g",
    "libzstd.so.1": "libzstd1",
    "libexpat.so.1": "libexpat1",
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libGLX.so.0": "libglx0",
    "libOpenGL.so.0": "libopengl0",
    "libdrm.so.2": "libdrm2",
    # These read files of the system that fit their own version.
    "libglib-2.0.so.0": "libglib2.0-0 | libglib2.0-0t64",
    "libgthread-2.0.so.0": "libglib2.0-0 | libglib2.0-0t64",
    "libpcre2-8.so.0": "libpcre2-8-0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libbrotlidec.so.1": "libbrotli1",
    "libbrotlicommon.so.1": "libbrotli1",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb.so.1": "libxcb1",
    "libxcb-glx.so.0": "libxcb-glx0",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
}
"""Libraries that are the system's on Linux, and the Debian packages (or choices) that bring them."""

BEHIND_SYSTEM_LIBRARIES = (
    *("libXau.so.", "libXdmcp.so.", "libbsd.so.", "libmd.so.", "libpng16.so."),
    *("libgcrypt.so.", "libgpg-error.so.", "libcap.so.", "liblz4.so.", "libsystemd.so."),
    *("libkrb5.so.", "libkrb5support.so.", "libk5crypto.so.", "libcom_err.so.", "libkeyutils.so."),
    *("libGLdispatch.so.", "libffi-", "libXext.so.", "libXrender.so.", "libSM.so.", "libICE.so."),
)
"""Beginnings of the names of what only those libraries use: it comes with them."""

EXCLUDED_MODULES = (
    *("tkinter", "_tkinter", "turtle", "idlelib", "lib2to3", "test", "ensurepip", "venv"),
    *("curses", "_curses", "readline", "dbm", "_gdbm", "nis", "xmlrpc", "distutils"),
    *("pip", "setuptools", "pkg_resources", "wheel", "pytest", "_pytest", "pytestqt", "hypothesis"),
    *("mypy", "ruff", "PyInstaller", "IPython", "jupyter_rfb", "matplotlib", "scipy", "pandas"),
    *("h5py", "numba", "cupy", "PIL", "PyQt5", "PyQt6", "PySide2", "trio", "curio", "uvloop"),
    *("socksio", "h2", "hpack", "rich", "click", "pygments", "pycparser"),
    *("zstandard._cffi", "zstandard.backend_cffi", "zstandard.backend_rust", "brotlicffi"),
    *("numpy.f2py", "numpy.distutils", "numpy.testing", "numpy.tests", "numpy.typing.tests"),
    *("pyqtgraph.examples", "pyqtgraph.jupyter", "pyqtgraph.flowchart", "pyqtgraph.canvas"),
    *("pyqtgraph.console", "pyqtgraph.opengl", "OpenGL", "tests"),
)
"""Modules that nothing in the desk runs, although something in it could import them."""

OPTIONAL_QT = ("QtNetwork", "QtTest", "QtXml", "QtPrintSupport")
"""Modules of PySide6 that are taken for used unless they are left out by name."""

_QT_LIBRARY = re.compile(
    r"(?:^|/)(?:lib)?Qt6?([A-Z]\w*?)(?:\.(?:so|dll|framework|abi3|pyd|pyi|\d)|/)"
)
_PLUGIN = re.compile(r"(?:^|/)plugins/([\w-]+)/(?:lib)?([\w-]+?)\.(?:so|dll|dylib)$")
_DROPPED = re.compile(
    r"/translations/|/qml/|/metatypes/|/typesystems/|/glue/|/resources/.*\.pak$"
    r"|opengl32sw\.dll$|d3dcompiler_\d+\.dll$"
    r"|/numpy/.*/tests/|/numpy/tests/|numpy/f2py/|\.pyi$|/py\.typed$"
    r"|simdjson/.*\.(?:cpp|h|pyx|pxd)$|numpy/.*\.(?:pxd|pyx|h|a|lib)$"
    r"|zstandard/(?:_cffi|_rust)\."
    r"|pyqtgraph/(?:examples|icons/peegee|colors/maps/(?!CET-L\d|viridis))"
)


def keeps(place: str, *, linux: bool = True) -> bool:
    """Tell whether a file goes into the bundle.

    Parameters
    ----------
    place : str
        Path inside the bundle.
    linux : bool
        Whether the system's own libraries stay outside.
    """
    path = place.replace("\\", "/")
    if _DROPPED.search("/" + path):
        return False
    plugin = _PLUGIN.search(path)
    if plugin:
        return f"{plugin[1]}/{plugin[2]}" in QT_PLUGINS
    if "PySide6" in path or "Qt6" in path:
        library = _QT_LIBRARY.search(path)
        if library:
            return library[1] in QT_MODULES
    if linux:
        name = PurePosixPath(path).name
        return name not in SYSTEM_LIBRARIES and not name.startswith(BEHIND_SYSTEM_LIBRARIES)
    return True


def unused_qt(sources: list[str]) -> list[str]:
    """Return the optional modules of PySide6 that no source of the desk names."""
    return [f"PySide6.{name}" for name in OPTIONAL_QT if not any(name in text for text in sources)]


def debian_depends(wanted: set[str]) -> list[str]:
    """Return the Debian packages of the libraries that a bundle looks for outside itself.

    Raises
    ------
    KeyError
        Naming a library that has no known package.
    """
    unknown = sorted(wanted - SYSTEM_LIBRARIES.keys())
    if unknown:
        raise KeyError(f"no Debian package is known for {', '.join(unknown)}")
    return sorted({SYSTEM_LIBRARIES[name] for name in wanted})
