"""An environment in which no exchange can be reached: every live feed leads to a closed port."""

from __future__ import annotations

from heatdesk.settings import ENV_PREFIX, Settings, walk

REST, SOCKET = "http://127.0.0.1:9", "ws://127.0.0.1:9"
KEYLESS = "coingecko"


def _nowhere() -> dict[str, str]:
    found: dict[str, str] = {}
    for path, _, _ in walk(Settings()):
        if path[-1] in {"rest_url", "ws_url"} or path[-2:] == (KEYLESS, "base_url"):
            address = SOCKET if path[-1] == "ws_url" else REST
            found[ENV_PREFIX + "__".join(path).upper()] = address
    return found


NO_VENUES = _nowhere()
"""Variables as a desk reads them."""
