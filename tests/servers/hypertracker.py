"""A loopback HyperTracker: /positions/heatmap and /segments, as documented."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.servers import payloads
from tests.servers.base import LoopbackServer, Reply, Request, json_reply, run_in_foreground

if TYPE_CHECKING:
    from collections.abc import Callable

AGES = ("24h", "7d", "30d", "all")
COINS = """BTC ETH SOL XRP HYPE DOGE SUI AVAX LINK BNB ADA LTC AAVE ARB OP ENA PEPE WIF TIA NEAR
APT INJ SEI JUP xyz:MSTR FARTCOIN""".split()  # noqa: SIM905
SIZE_IDS = (16, 1, 2, 3, 4, 5, 6, 7)
PNL_IDS = (8, 9, 10, 11, 12, 13, 14, 15)


def segment_row(
    segment_id: int, coin: str, long_usd: float, short_usd: float, longs: int, shorts: int
) -> dict[str, Any]:
    """Return one row; the bias of an empty cohort is served as 0."""
    total_usd = long_usd + short_usd
    return {
        "segmentId": segment_id,
        "coin": coin,
        "totalValue": total_usd,
        "totalLongValue": long_usd,
        "totalShortValue": short_usd,
        "count": longs + shorts,
        "countLong": longs,
        "countShort": shorts,
        "bias": round(long_usd / total_usd, 3) if total_usd else 0,
    }


def coin_row(coin: str, segments: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a coin whose totals exceed the size cohorts' sum a little, as the real ones do."""
    sizes = [row for row in segments if row["segmentId"] in SIZE_IDS]
    half_usd = sum(row["totalValue"] for row in sizes) * 1.0000018 / 2.0
    longs = sum(row["countLong"] for row in sizes) + 2
    shorts = sum(row["countShort"] for row in sizes) + 1
    row = segment_row(0, coin, half_usd, half_usd, longs, shorts)
    del row["segmentId"], row["bias"]
    return row | {"segments": segments}


def generated_heatmap(
    seed: int = 1,
    coins: int = 26,
    opened_within: str = "all",
    *,
    with_oddities: bool = True,
) -> dict[str, Any]:
    """Return a payload of many coins in which both partitions hold the same wallets.

    The odd ones are at the end: a coin with cohorts missing, one with an empty cohort, one with
    the unknown cohort 77 and one without `segments` content.
    """
    names = (COINS + [f"COIN{n}" for n in range(max(0, coins - len(COINS)))])[:coins]
    rows = []
    for rank, coin in enumerate(names):
        rng = np.random.default_rng([seed, rank, AGES.index(opened_within)])
        total_usd = 1.2e9 / (rank + 1) ** 1.2 * (0.1, 0.35, 0.7, 1.0)[AGES.index(opened_within)]
        segments = []
        for ids in (SIZE_IDS, PNL_IDS):
            shares = rng.dirichlet(np.full(len(ids), 1.5))
            for segment_id, share in zip(ids, shares.tolist(), strict=True):
                value_usd = total_usd * share
                long_share = float(rng.beta(4.0, 4.0))
                count = max(2, int(value_usd / 50_000.0))
                longs = min(count, round(count * float(rng.beta(4.0, 4.0))))
                long_usd = value_usd * long_share
                segments.append(
                    segment_row(
                        segment_id, coin, long_usd, value_usd - long_usd, longs, count - longs
                    )
                )
        segments.sort(key=lambda row: row["segmentId"])
        rows.append(coin_row(coin, segments))
    if with_oddities:
        rows.extend(odd_coins())
    return {"heatmap": rows}


def odd_coins() -> list[dict[str, Any]]:
    """Return coins that the contract allows and a careless reader trips over."""
    some = [segment_row(n, "THIN", 1000.5, 250.25, 3, 1) for n in (1, 16, 12)]
    empty = [segment_row(n, "ZERO", 0.0, 0.0, 0, 0) for n in (1, 8)]
    unknown = [segment_row(n, "ODD", 5000.125, 7000.5, 20, 30) for n in (2, 9, 77)]
    return [
        coin_row("THIN", some),
        coin_row("ZERO", empty),
        coin_row("ODD", unknown),
        coin_row("NONE", []),
    ]


class HyperTrackerServer(LoopbackServer):
    """The HyperTracker API on 127.0.0.1.

    `heatmap` replaces the generated payload, `verbatim` serves the document's example. With
    `per_day` every call counts, /segments included.
    """

    def __init__(
        self,
        heatmap: dict[str, Any] | None = None,
        *,
        verbatim: bool = False,
        seed: int = 1,
        key: str = "test-key",
        per_day: int = 100,
        segments: list[dict[str, object]] | None = None,
        segments_wrapped: bool = False,
        now_s: Callable[[], float] = time.time,
        port: int = 0,
        tls: bool = False,
        compress: bool = False,
    ) -> None:
        super().__init__(port=port, tls=tls, compress=compress, now_s=now_s)
        self.heatmap = heatmap
        self.verbatim = verbatim
        self.seed = seed
        self.key = key
        self.per_day = per_day
        self.used: dict[int, int] = {}
        self.segments = payloads.segment_definitions() if segments is None else segments
        self.segments_wrapped = segments_wrapped

    def respond(self, request: Request) -> Reply:
        if request.headers.get("authorization") != f"Bearer {self.key}":
            return json_reply({"message": "Unauthorized", "statusCode": 401}, 401)
        day = int(self.now_s() // 86_400)
        with self.lock:
            if self.used.get(day, 0) >= self.per_day:
                return json_reply({"message": "Daily request limit reached"}, 429)
            self.used[day] = self.used.get(day, 0) + 1
        if request.path == "/segments":
            if self.segments_wrapped:
                return json_reply({"segments": self.segments})
            return json_reply(self.segments)
        if request.path != "/positions/heatmap":
            return json_reply({"message": f"Cannot GET {request.path}", "statusCode": 404}, 404)
        opened_within = request.one("openedWithin", "all") or "all"
        if opened_within not in AGES:
            return json_reply({"message": "openedWithin is not valid", "statusCode": 400}, 400)
        if self.verbatim:
            return Reply(body=payloads.POSITIONS.encode())
        if self.heatmap is not None:
            return json_reply(self.heatmap)
        return json_reply(generated_heatmap(self.seed, opened_within=opened_within))


def main() -> None:
    """Serve generated cohorts until Ctrl+C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", default="test-key")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--per-day", type=int, default=100_000)
    args = parser.parse_args()
    run_in_foreground(
        HyperTrackerServer(seed=args.seed, key=args.key, per_day=args.per_day, port=args.port)
    )


if __name__ == "__main__":
    main()
