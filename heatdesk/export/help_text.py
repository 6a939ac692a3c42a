"""What the command line says of itself."""

from __future__ import annotations

import sys
from typing import Final

PROGRAM: Final = "heatdesk" if getattr(sys, "frozen", False) else "main.py"
"""What a user types; a download has a name of its own."""
ABOUT: Final = """\
HeatDesk, a desktop trading station: order book and liquidation heatmaps, market dots and
cohort biases. It shows data only: HeatDesk places no orders.

  main.py                       open the desk as it was left (the first time: live, no key)
  main.py --demo                open the demo desk: invented data, no key, no network
  main.py snapshot --out F.png  draw the desk or one panel to a picture, without a window
  main.py export KIND ... --out F.csv|F.npz
                                write data to a file; KIND is order-book, liquidation,
                                dots or cohorts ("main.py export KIND --help" lists its flags)
""".replace("main.py", PROGRAM)
EXIT_CODES: Final = """\
exit codes: 0 done; 2 wrong use; 3 key missing or refused (of a picture of the whole desk: never);
4 refused (plan, history, request, region, unknown or paused symbol, redirect); 5 network, or
failing beyond --timeout; 6 an answer that is not the documented contract; 1 anything else; 130
stopped with Ctrl-C. Keys come from the environment (HEATDESK_KEY_KIYOTAKA, HEATDESK_KEY_SHARPE,
HEATDESK_KEY_HYPERTRACKER, HEATDESK_KEY_COINGECKO) or the keyring (Settings > Keys in the desk).
"""
