"""Runs before the program in a Linux bundle: what it starts is to find the system's libraries.

The bootloader points the loader at the bundle. A browser that the desk opens would take libraries
meant for the desk; the desk's own are found already, the loader reads the variable only once.
"""

import os

_NAME = "LD_LIBRARY_PATH"
_earlier = os.environ.pop(f"{_NAME}_ORIG", "")
if _earlier:
    os.environ[_NAME] = _earlier
else:
    os.environ.pop(_NAME, None)
