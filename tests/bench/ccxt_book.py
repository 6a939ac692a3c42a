"""ccxt's order book under the messages of a file, in an environment that holds ccxt and orjson.

``.venv/ccxt/bin/python -I tests/bench/ccxt_book.py MESSAGES``. The first line is a snapshot, the
others are differences as Binance USD-M sends them. What ccxt does with one is repeated here step by
step with each step in its cheapest form: orjson for the text, ``float`` where ccxt looks a number
up safely, no ISO times. Its order book itself is its own. Prints a line of JSON.
"""

import importlib.util
import json
import sys
import time
import types
from pathlib import Path

import orjson


def own_book():
    """The class alone: ``import ccxt`` would first load all its exchanges, for seconds."""
    found = importlib.util.find_spec("ccxt")
    root = Path(found.origin).parent
    for name in ("", ".async_support", ".async_support.base", ".async_support.base.ws"):
        package = types.ModuleType("ccxt" + name)
        package.__path__ = [str(root.joinpath(*name.split(".")))]
        sys.modules["ccxt" + name] = package
    sys.modules["ccxt"].Exchange = types.SimpleNamespace(iso8601=lambda time_ms: None)
    from ccxt.async_support.base.ws.order_book import OrderBook

    return OrderBook


def main() -> None:
    first, *raws = Path(sys.argv[1]).read_bytes().splitlines()
    snapshot = orjson.loads(first)
    sides = {
        side: [[float(price), float(qty)] for price, qty in snapshot[side]]
        for side in ("bids", "asks")
    }
    book = own_book()({**sides, "nonce": snapshot["lastUpdateId"]})
    bids, asks = book["bids"], book["asks"]
    updates = 0
    started = time.process_time()
    for raw in raws:
        message = orjson.loads(raw)["data"]
        for price, qty in message["a"]:
            asks.store(float(price), float(qty))
        for price, qty in message["b"]:
            bids.store(float(price), float(qty))
        book["nonce"] = message["u"]
        updates += len(message["a"]) + len(message["b"])
    spent_s = time.process_time() - started
    print(json.dumps({"per_s": updates / spent_s, "bids": bids[:20], "asks": asks[:20]}))


if __name__ == "__main__":
    main()
