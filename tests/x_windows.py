"""Where a window really is and which one has the keyboard, asked of the X server.

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

    def keyboard(self) -> int:
        """Return the top window that keys go to: the frame, where it has one; 0 for none."""
        window, revert = ctypes.c_ulong(), ctypes.c_int()
        self._x.XGetInputFocus(self._display, ctypes.byref(window), ctypes.byref(revert))
        return self.top(window.value)

    def under_the_pointer(self) -> int:
        """Return the top window that is pointed at, 0 for none."""
        found, child, ints = ctypes.c_ulong(), ctypes.c_ulong(), [ctypes.c_int() for _ in range(5)]
        by = ctypes.byref
        self._x.XQueryPointer(
            self._display, self._root, by(found), by(child), *(by(one) for one in ints)
        )
        return child.value

    def top(self, window: int) -> int:
        """Return what holds a window and is held by nothing but the screen, 0 when it is gone."""
        by = ctypes.byref
        while window > 1:  # 1 stands for whatever is pointed at
            root, above, many = ctypes.c_ulong(), ctypes.c_ulong(), ctypes.c_uint()
            inside = ctypes.POINTER(ctypes.c_ulong)()
            if not self._x.XQueryTree(
                self._display, ctypes.c_ulong(window), by(root), by(above), by(inside), by(many)
            ):
                return 0
            if inside:
                self._x.XFree(inside)
            if above.value == root.value:
                return window
            window = above.value
        return 0

    def close(self) -> None:
        """End the connection."""
        self._x.XCloseDisplay(self._display)
