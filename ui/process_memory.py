"""How much memory this process holds, and giving back what it holds without use."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

_STATM = Path("/proc/self/statm")


def resident_bytes() -> int | None:
    """Bytes of this process that are in memory; None where the system does not say."""
    try:
        if sys.platform == "win32":
            return _windows()
        if sys.platform == "darwin":
            return _mac()
        return int(_STATM.read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        return None


def give_back_free() -> bool:
    """Hand free pages inside the C library's heap back to the system; return whether any were.

    glibc keeps the gaps that short-lived buffers leave between long-lived ones: a desk that runs
    all day would hold tens of MiB that nobody uses. Other systems do this by themselves. Takes
    milliseconds, without the interpreter's lock.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return False
    trim.argtypes, trim.restype = (ctypes.c_size_t,), ctypes.c_int
    return bool(trim(0))


def _mac() -> int | None:
    """``pti_resident_size`` of ``proc_pidinfo(PROC_PIDTASKINFO)``."""
    info = (ctypes.c_uint64 * 64)()
    library = ctypes.CDLL("/usr/lib/libproc.dylib")
    size = library.proc_pidinfo(os.getpid(), 4, ctypes.c_uint64(0), info, ctypes.sizeof(info))
    return int(info[1]) if size > 0 else None


def _windows() -> int | None:
    """``WorkingSetSize`` of ``K32GetProcessMemoryInfo``."""

    class Counters(ctypes.Structure):
        _fields_ = (
            ("size", ctypes.c_uint32),
            ("faults", ctypes.c_uint32),
            *((f"bytes_{number}", ctypes.c_size_t) for number in range(8)),
        )

    counters = Counters()
    counters.size = ctypes.sizeof(Counters)
    kernel = getattr(ctypes, "WinDLL")("kernel32")  # noqa: B009 - known on Windows only
    kernel.GetCurrentProcess.restype = ctypes.c_void_p
    ask = kernel.K32GetProcessMemoryInfo
    ask.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32)
    if not ask(kernel.GetCurrentProcess(), ctypes.byref(counters), counters.size):
        return None
    return int(counters.bytes_1)
