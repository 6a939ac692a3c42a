"""A loopback Sharpe: /heatmap/data, as documented."""

from __future__ import annotations

import argparse
import json
import time
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.servers import payloads
from tests.servers.base import LoopbackServer, Reply, Request, json_reply, run_in_foreground

if TYPE_CHECKING:
    from collections.abc import Callable

CATEGORIES = (
    "top-100",
    "layer-1",
    "layer-2",
    "decentralized-finance-defi",
    "meme-token",
    "artificial-intelligence",
    "ai-agents",
    "defai",
    "gaming",
    "real-world-assets-rwa",
    "depin",
    "non-fungible-tokens-nft",
    "decentralized-perpetuals",
    "prediction-markets",
    "centralized-exchange-token-cex",
    "ethereum-ecosystem",
    "solana-ecosystem",
    "bitcoin-ecosystem",
    "binance-smart-chain",
    "base-ecosystem",
    "arbitrum-ecosystem",
    "sui-ecosystem",
    "avalanche-ecosystem",
    "tron-ecosystem",
    "hyperliquid-ecosystem",
    "polygon-ecosystem",
    "aptos-ecosystem",
    "optimism-ecosystem",
    "berachain-ecosystem",
    "mantle-ecosystem",
    "starknet-ecosystem",
    "sei-v2-ecosystem",
    "scroll-ecosystem",
)
MODES = ("coins", "narratives", "ecosystems")
TIMEFRAMES = ("24h", "7d", "30d", "1y", "3y")
_NAMED = (
    ("bitcoin", "Bitcoin", "BTC"),
    ("ethereum", "Ethereum", "ETH"),
    ("tether", "Tether", "USDT"),
    ("ripple", "XRP", "XRP"),
    ("binancecoin", "BNB", "BNB"),
    ("solana", "Solana", "SOL"),
    ("usd-coin", "USDC", "USDC"),
    ("dogecoin", "Dogecoin", "DOGE"),
)
_STABLE = ("tether", "usd-coin")


def iso(time_s: float) -> str:
    """Return an ISO time in UTC, to the second."""
    return datetime.fromtimestamp(time_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def generated_dots(seed: int = 1, count: int = 50, mode: str = "coins") -> list[dict[str, Any]]:
    """Return dots with every freedom the contract allows.

    Every seventh has a null timeframe, every ninth lacks a key of `y`, every fifth has no logo,
    and narratives and ecosystems have neither price nor volume.
    """
    rng = np.random.default_rng([seed, MODES.index(mode)])
    dots: list[dict[str, Any]] = []
    for rank in range(count):
        slug, name, symbol = f"asset-{rank}", f"Asset {rank}", f"A{rank}"
        if mode == "coins" and rank < len(_NAMED):
            slug, name, symbol = _NAMED[rank]
        spread = 0.02 if slug in _STABLE else 1.0
        scales = (3.0, 8.0, 18.0, 60.0, 150.0)
        moves = [round(float(rng.normal(0, scale) * spread), 2) for scale in scales]
        changes: dict[str, float | None] = {
            frame: max(move, -99.0) for frame, move in zip(TIMEFRAMES, moves, strict=True)
        }
        if rank % 7 == 6:
            changes["3y"] = None
        if rank % 9 == 8:
            del changes["1y"]
        cap_usd = round(1.7e12 / (rank + 1) ** 1.4)
        dot: dict[str, Any] = {
            "id": slug,
            "name": name,
            "symbol": symbol,
            "logoUrl": f"https://assets.sharpe.ai/coins/{slug}.png",
            "x": round(float(rng.lognormal(0.0, 0.5)), 3),
            "y": changes,
            "marketCap": cap_usd,
        }
        if rank % 5 == 4:
            del dot["logoUrl"]
        if mode == "coins" and rank % 11 != 10:
            dot["price"] = 1.0 if slug in _STABLE else round(float(rng.lognormal(2.0, 3.0)), 6)
            dot["volume24h"] = round(cap_usd * 0.03 * dot["x"])
        dots.append(dot)
    return dots


def problem(status: int, slug: str, detail: str, headers: dict[str, str] | None = None) -> Reply:
    """Return a flat RFC 9457 error."""
    body = {
        "type": f"https://www.sharpe.ai/errors/{slug}",
        "title": slug.replace("_", " ").capitalize(),
        "status": status,
        "detail": detail,
        "request_id": "req_problem0000000001",
        "doc_url": f"https://www.sharpe.ai/docs/errors#{slug}",
        "suggested_action": "See the documentation.",
    }
    reply = json_reply(body, status, headers)
    reply.content_type = "application/problem+json"
    return reply


class SharpeServer(LoopbackServer):
    """The Sharpe API on 127.0.0.1.

    `dots` replaces the generated ones; `verbatim` serves the document's example word for word.
    """

    def __init__(
        self,
        dots: list[dict[str, Any]] | None = None,
        *,
        verbatim: bool = False,
        seed: int = 1,
        key: str = "sk_live_" + "0123456789abcdef" * 3,
        per_minute: int = 30,
        quota: int = 10_000,
        age_s: int = 300,
        clock_s: Callable[[], float] = time.monotonic,
        now_s: Callable[[], float] = time.time,
        port: int = 0,
        tls: bool = False,
        compress: bool = False,
    ) -> None:
        super().__init__(port=port, tls=tls, compress=compress, now_s=now_s)
        self.dots = dots
        self.verbatim = verbatim
        self.seed = seed
        self.key = key
        self.per_minute = per_minute
        self.quota = quota
        self.quota_used = 0
        self.age_s = age_s
        self._clock_s = clock_s
        self._recent_s: deque[float] = deque()

    def respond(self, request: Request) -> Reply:
        if request.path == "/health":
            return json_reply({"data": {"status": "ok"}, "meta": {"request_id": "req_health"}})
        if request.one("api_key") is not None or not self._is_authorised(request):
            return problem(401, "invalid_api_key", "The API key is missing or invalid.")
        with self.lock:
            refusal = self._count()
            headers = self._headers()
        reply = refusal or self._route(request)
        reply.headers.update(headers)
        return reply

    def _is_authorised(self, request: Request) -> bool:
        bearer = request.headers.get("authorization")
        if bearer is not None:
            # Only the first of the two schemes is looked at.
            return bearer == f"Bearer {self.key}"
        return request.headers.get("x-api-key") == self.key

    def _count(self) -> Reply | None:
        at_s = self._clock_s()
        while self._recent_s and self._recent_s[0] <= at_s - 60.0:
            self._recent_s.popleft()
        if self.quota_used >= self.quota:
            return problem(403, "monthly_quota_exceeded", "The monthly quota is used up.")
        if len(self._recent_s) >= self.per_minute:
            return problem(429, "rate_limit_exceeded", "Too many requests in this minute.")
        self._recent_s.append(at_s)
        self.quota_used += 1
        return None

    def _headers(self) -> dict[str, str]:
        now_s = self.now_s()
        next_month = datetime.fromtimestamp(now_s, UTC).replace(day=28, hour=0, minute=0, second=0)
        return {
            "X-RateLimit-Limit": str(self.per_minute),
            "X-RateLimit-Remaining": str(max(0, self.per_minute - len(self._recent_s))),
            "X-RateLimit-Reset": str(int(now_s // 60 + 1) * 60),
            "X-Quota-Limit": str(self.quota),
            "X-Quota-Remaining": str(max(0, self.quota - self.quota_used)),
            "X-Quota-Reset": iso(next_month.timestamp() + 4 * 86_400),
            "X-Request-Id": f"req_{len(self.requests):020d}",
        }

    def _route(self, request: Request) -> Reply:
        if request.path != "/heatmap/data":
            return problem(404, "not_found", f"There is no {request.path}.")
        mode = request.one("mode", "coins")
        category = request.one("category", "top-100")
        if mode not in MODES:
            return problem(400, "invalid_parameter", f"Unknown mode {mode}.")
        if mode == "coins" and category not in CATEGORIES:
            return problem(400, "invalid_parameter", f"Unknown category {category}.")
        if self.verbatim:
            return Reply(body=payloads.DOTS.encode())
        dots = self.dots
        if dots is None:
            offset = CATEGORIES.index(category) if mode == "coins" and category else 0
            dots = generated_dots(self.seed + offset, 50 if mode == "coins" else 24, mode)
        now_s = self.now_s()
        payload = {
            "data": {"dots": dots, "updated_at": iso(now_s - self.age_s)},
            "meta": {"request_id": f"req_{len(self.requests):020d}", "timestamp": iso(now_s)},
        }
        return Reply(body=json.dumps(payload).encode())


def main() -> None:
    """Serve generated dots until Ctrl+C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", default="test-key")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    run_in_foreground(SharpeServer(seed=args.seed, key=args.key, port=args.port))


if __name__ == "__main__":
    main()
