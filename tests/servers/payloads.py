"""The example payloads of the providers' documents, ended where a document writes "...".

The Kiyotaka book is one book in both forms: the flattened example announces 20 levels and prints
six, so the three bids and asks of the other example and our own numbers complete it.
"""

from __future__ import annotations

import json

BOOK_TIME_S = 1_776_080_100
LIQUIDATION_TIME_S = 1_774_800_000

BOOK_POINTS = """{"series":[{"id":{"type":"BLOCK_BOOK_SNAPSHOT_AGG","interval":"MINUTE"},
"points":[{"Point":{
"bids":[70800,156.241,70775,44.591,70750,45.816],
"asks":[70825,43.533,70850,64.607,70875,100.674],
"timestamp":{"s":1776080100}}}]}]}"""

BOOK_FLAT = """{"series":[{"id":{"type":"BLOCK_BOOK_SNAPSHOT_AGG","interval":"MINUTE"},
"flat_points":[20,1.7760801e+15,
70575,179.06799999999998,70600,771.27,70625,136.633,70650,120.14299999999999,70675,91.935,
70700,85.773,70725,61.908,70750,45.816,70775,44.591,70800,156.241,
70825,43.533,70850,64.607,70875,100.674,70900,58.217,70925,72.50999999999999,70950,49.386,
70975,88.114,71000,512.905,71025,67.032,71050,95.44800000000001]}]}"""

LIQUIDATION_POINTS = """{"series":[{"id":{"type":"HYPERLIQUID_LIQUIDATION_AGG","interval":"HOUR",
"coin":"BTC"},"points":[{"Point":{"timestamp":{"s":1774800000},
"levels":[66210,0.07923,66220,1.6482400000000001,66230,0.16869]}}]}]}"""

LIQUIDATION_FLAT = """{"series":[{"id":{"type":"HYPERLIQUID_LIQUIDATION_AGG","interval":"MINUTE",
"coin":"BTC"},"flat_points":[
4,1.77608004e+15,70390,0.53449,70400,0.00057,70410,8.36632,70420,0.04943,
4,1.7760801e+15,70300,0.0077,70310,0.00027,70350,1.50843,70370,0.00486]}]}"""

DOTS = """{"data":{"dots":[
{"id":"bitcoin","name":"Bitcoin","symbol":"BTC",
"logoUrl":"https://assets.sharpe.ai/coins/bitcoin.png","x":1.25,
"y":{"24h":2.34,"7d":5.12,"30d":-1.45,"1y":82.30,"3y":145.60},
"marketCap":1730000000000,"price":87542.30,"volume24h":42500000000},
{"id":"ethereum","name":"Ethereum","symbol":"ETH",
"logoUrl":"https://assets.sharpe.ai/coins/ethereum.png","x":0.98,
"y":{"24h":1.87,"7d":3.45,"30d":-2.10,"1y":45.20,"3y":78.90},
"marketCap":390000000000,"price":3245.80,"volume24h":18900000000}],
"updated_at":"2026-03-27T07:40:00Z"},
"meta":{"request_id":"req_abc123def456ghij","timestamp":"2026-03-27T07:45:00Z"}}"""

COHORT_FIELDS = (
    "segmentId",
    "totalValue",
    "totalLongValue",
    "totalShortValue",
    "count",
    "countLong",
    "countShort",
    "bias",
)
# fmt: off
COHORT_ROWS = (
    (1, 50578304.39256, 31057906.48644, 19520397.90612, 10591, 4453, 6138, 0.614),
    (2, 82235872.88154, 51144361.7391, 31091511.14244, 1980, 977, 1003, 0.622),
    (3, 53930470.0557, 33190292.6874, 20740177.3683, 456, 253, 203, 0.615),
    (4, 218354840.14002, 113557349.3616, 104797490.77842002, 629, 333, 296, 0.52),
    (5, 149753709.366, 55638746.9052, 94114962.46079999, 136, 66, 70, 0.372),
    (6, 371389788.6864, 180054848.64, 191334940.0464, 151, 73, 78, 0.485),
    (7, 313267677.67278, 154900258.9893, 158367418.68347996, 51, 26, 25, 0.494),
    (8, 567511203.08982, 217591542.0555, 349919661.03432, 171, 56, 115, 0.383),
    (9, 148321210.36548, 47414529.32316, 100906681.04232001, 405, 177, 228, 0.32),
    (10, 69308011.59918, 30717534.0156, 38590477.58358, 737, 299, 438, 0.443),
    (11, 32289017.87934, 15882832.30674, 16406185.5726, 8415, 2010, 6405, 0.492),
    (12, 42878145.22326, 28929977.72274, 13948167.500520002, 12124, 8146, 3978, 0.675),
    (13, 102777324.84714, 73056598.58082, 29720726.266320005, 1403, 1001, 402, 0.711),
    (14, 148183814.83722, 97583811.33984, 50600003.49738002, 421, 296, 125, 0.659),
    (15, 132049373.17764, 110481272.11506, 21568101.062580004, 76, 59, 17, 0.837),
    (16, 3807437.82408, 2114332.65042, 1693105.1736600003, 9758, 5863, 3895, 0.555),
)
# fmt: on
COIN_ROW = {
    "coin": "BTC",
    "totalValue": 1243320305.98032,
    "totalLongValue": 621660152.99016,
    "totalShortValue": 621660152.99016,
    "count": 23755,
    "countLong": 12046,
    "countShort": 11709,
}


def positions_heatmap() -> dict[str, object]:
    """Return the example of /positions/heatmap."""
    segments = []
    for row in COHORT_ROWS:
        values = dict(zip(COHORT_FIELDS, row, strict=True))
        segments.append({"segmentId": values.pop("segmentId"), "coin": "BTC"} | values)
    return {"heatmap": [COIN_ROW | {"segments": segments}]}


POSITIONS = json.dumps(positions_heatmap())

# id, name, emoji, category, lower and upper bound in USD (None: open).
SEGMENT_ROWS: tuple[tuple[int, str, str, str, float | None, float | None], ...] = (
    (16, "Shrimp", "\N{SHRIMP}", "size", 0, 250),
    (1, "Fish", "\N{FISH}", "size", 250, 10_000),
    (2, "Dolphin", "\N{DOLPHIN}", "size", 10_000, 50_000),
    (3, "Apex Predator", "\N{SHARK}", "size", 50_000, 100_000),
    (4, "Small Whale", "\N{WHALE}", "size", 100_000, 500_000),
    (5, "Whale", "\N{SPOUTING WHALE}", "size", 500_000, 1_000_000),
    (6, "Tidal Whale", "\N{WATER WAVE}", "size", 1_000_000, 5_000_000),
    (7, "Leviathan", "\N{DRAGON}", "size", 5_000_000, None),
    (8, "Money Printer", "\N{MONEY BAG}", "pnl", 1_000_000, None),
    (9, "Smart Money", "\N{CHART WITH UPWARDS TREND}", "pnl", 100_000, 1_000_000),
    (10, "Consistent Grinder", "\N{BAR CHART}", "pnl", 10_000, 100_000),
    (11, "Humble Earner", "\N{PERSON WITH FOLDED HANDS}", "pnl", 0, 10_000),
    (12, "Exit Liquidity", "\N{CLOWN FACE}", "pnl", -10_000, 0),
    (13, "Semi-Rekt", "", "pnl", -100_000, -10_000),
    (14, "Full Rekt", "", "pnl", -1_000_000, -100_000),
    (15, "Giga-Rekt", "", "pnl", None, -1_000_000),
)


def segment_definitions() -> list[dict[str, object]]:
    """Return the body of /segments."""
    rows: list[dict[str, object]] = []
    for segment_id, name, emoji, category, low, high in SEGMENT_ROWS:
        unit = "Pnl" if category == "pnl" else "Equity"
        criteria = {f"min{unit}": low, f"max{unit}": high}
        rows.append(
            {
                "id": segment_id,
                "name": name,
                "category": category,
                "emoji": emoji,
                "criteria": {key: value for key, value in criteria.items() if value is not None},
            }
        )
    return rows
