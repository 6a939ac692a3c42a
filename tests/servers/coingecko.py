"""A loopback CoinGecko: /coins/markets, /coins/categories and /ping, keyless or with a demo key."""

from __future__ import annotations

import argparse
import time
from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.servers.base import LoopbackServer, Reply, Request, json_reply, run_in_foreground
from tests.servers.sharpe import iso

if TYPE_CHECKING:
    from collections.abc import Callable

CHANGES = ("1h", "24h", "7d", "14d", "30d", "200d", "1y")
MOST_PER_PAGE = 250
_NAMED = (
    ("bitcoin", "Bitcoin", "btc"),
    ("ethereum", "Ethereum", "eth"),
    ("tether", "Tether", "usdt"),
    ("solana", "Solana", "sol"),
)


def generated_coins(seed: int = 1, count: int = 600) -> list[dict[str, Any]]:
    """Return coins, largest market cap first, with every null the contract allows."""
    rng = np.random.default_rng(seed)
    coins: list[dict[str, Any]] = []
    for rank in range(count):
        name = (f"coin-{rank}", f"Coin {rank}", f"c{rank}")
        coin_id, title, symbol = _NAMED[rank] if rank < len(_NAMED) else name
        cap_usd = round(1.3e12 / (rank + 1) ** 1.3)
        coin: dict[str, Any] = {
            "id": coin_id,
            "symbol": symbol,
            "name": title,
            "image": f"https://coin-images.coingecko.com/{rank}.png",
            "current_price": round(float(rng.lognormal(2.0, 3.0)), 6),
            "market_cap": cap_usd,
            "market_cap_rank": rank + 1,
            "total_volume": round(cap_usd * 0.04 * float(rng.lognormal(0.0, 0.7))),
            "price_change_percentage_24h": round(float(rng.normal(0, 3)), 5),
            "moves": {change: round(float(rng.normal(0, 9)), 5) for change in CHANGES},
            "age_s": int(rng.integers(20, 120)),
        }
        if rank % 11 == 10:
            coin["moves"]["1y"] = None
        if rank % 13 == 12:
            coin["total_volume"] = None
        if rank % 17 == 16:
            coin["market_cap"] = 0
        coins.append(coin)
    return coins


def generated_categories(seed: int = 1, count: int = 120) -> list[dict[str, Any]]:
    """Return categories in no order: narratives, ecosystems, portfolios, some without figures."""
    rng = np.random.default_rng([seed, 2])
    kinds = ("", "-ecosystem", "", "-portfolio")
    groups: list[dict[str, Any]] = []
    for i in range(count):
        group_id = f"group-{i}{kinds[i % len(kinds)]}"
        cap_usd = round(float(rng.lognormal(21.0, 2.5)))
        groups.append(
            {
                "id": group_id,
                "name": group_id.replace("-", " ").title(),
                "market_cap": None if i % 29 == 28 else cap_usd,
                "market_cap_change_24h": None if i % 31 == 30 else float(rng.normal(0, 4)),
                "content": "",
                "top_3_coins_id": [],
                "top_3_coins": [],
                "volume_24h": cap_usd * 0.05 * float(rng.lognormal(0.0, 0.6)),
                "age_s": int(rng.integers(30, 300)),
            }
        )
    return groups


def refused(status: int, code: int, message: str) -> Reply:
    """Return an error as the service words those about keys."""
    return json_reply({"status": {"error_code": code, "error_message": message}}, status)


class CoinGeckoServer(LoopbackServer):
    """The public API on 127.0.0.1; a wrong key is refused, none is welcome."""

    def __init__(
        self,
        *,
        seed: int = 1,
        coins: int = 600,
        key: str = "CG-0123456789abcdefghijklmn",
        per_minute: int = 30,
        clock_s: Callable[[], float] = time.monotonic,
        now_s: Callable[[], float] = time.time,
        port: int = 0,
    ) -> None:
        super().__init__(port=port, now_s=now_s)
        self.coins = generated_coins(seed, coins)
        self.categories = generated_categories(seed)
        self.key = key
        self.per_minute = per_minute
        self._clock_s = clock_s
        self._recent_s: deque[float] = deque()

    def respond(self, request: Request) -> Reply:
        """Return a list, or why not."""
        key = request.headers.get("x-cg-demo-api-key")
        if key is not None and key != self.key:
            return refused(401, 10011, "This request is limited: invalid demo key.")
        with self.lock:
            if self._too_many():
                return json_reply({"error": "Throttled"}, 429, {"Retry-After": "60"})
        if request.path == "/ping":
            return json_reply({"gecko_says": "(V3) To the Moon!"})
        if request.path == "/coins/categories":
            return json_reply([self._dated(group, "updated_at") for group in self.categories])
        if request.path == "/coins/markets":
            return self._markets(request)
        return json_reply({"error": "Incorrect path. Please check the documentation."}, 404)

    def _too_many(self) -> bool:
        at_s = self._clock_s()
        while self._recent_s and self._recent_s[0] <= at_s - 60.0:
            self._recent_s.popleft()
        self._recent_s.append(at_s)
        return len(self._recent_s) > self.per_minute

    def _markets(self, request: Request) -> Reply:
        if request.one("vs_currency") is None:
            return json_reply({"error": "Missing parameter vs_currency"}, 422)
        per_page = int(request.one("per_page", "100") or 100)
        page = int(request.one("page", "1") or 1)
        if not 1 <= per_page <= MOST_PER_PAGE or page < 1:
            return json_reply({"error": "per_page must be from 1 to 250"}, 422)
        coins = [] if request.one("category") == "no-such-category" else self.coins
        asked = (request.one("price_change_percentage", "") or "").split(",")
        found = []
        for coin in coins[(page - 1) * per_page : page * per_page]:
            row = self._dated(coin, "last_updated")
            moves = row.pop("moves")
            for change in CHANGES:
                if change in asked:
                    row[f"price_change_percentage_{change}_in_currency"] = moves[change]
            found.append(row)
        return json_reply(found)

    def _dated(self, row: dict[str, Any], key: str) -> dict[str, Any]:
        row = dict(row)
        at = iso(self.now_s() - row.pop("age_s"))
        return {**row, key: at.replace("Z", ".123Z")}


def main() -> None:
    """Serve generated coins until Ctrl+C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    run_in_foreground(CoinGeckoServer(seed=args.seed, port=args.port))


if __name__ == "__main__":
    main()
