"""Where a window really is, asked of the X server.

``xdotool getwindowgeometry`` adds the width of the window frame twice under some window managers.
"""

from __future__ import annotations

import ctypes
from typing import NamedTuple

_ERROR_HANDLER = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)


class Rect(NamedTuple):
    """Place of a window's content on the screen, in pixels."""

    x: int
    y: int
    width: int
    height: int


class XServer:
    """A connection to the X server that can be asked for the place of windows."""

    def __init__(self, display: str) -> None:
        self._x = ctypes.CDLL("libX11.so.6")
        self._x.XOpenDisplay.restype = ctypes.c_void_p
        self._x.XDefaultRootWindow.restype = ctypes.c_ulong
        # A window may close while it is asked about; Xlib's own handler would end the process.
        self._handler = _ERROR_HANDLER(lambda _display, _event: 0)
        self._x.XSetErrorHandler(self._handler)
        self._display = ctypes.c_void_p(self._x.XOpenDisplay(display.encode()))
        assert self._display, f"cannot open the display {display}"
        self._root = ctypes.c_ulong(self._x.XDefaultRootWindow(self._display))

    def rect(self, window: int) -> Rect:
        """Return the place of a window's content, without the frame; all 0 when it is gone."""
        x, y, child = ctypes.c_int(), ctypes.c_int(), ctypes.c_ulong()
        size = [ctypes.c_uint() for _ in range(4)]  # width, height, border, depth
        of, by = ctypes.c_ulong(window), ctypes.byref
        self._x.XGetGeometry(
            self._display, of, by(child), by(x), by(y), *(by(number) for number in size)
        )
        self._x.XTranslateCoordinates(self._display, of, self._root, 0, 0, by(x), by(y), by(child))
        return Rect(x.value, y.value, size[0].value, size[1].value)

    def close(self) -> None:
        """End the connection."""
        self._x.XCloseDisplay(self._display)
