"""ccxt's order book under the messages of a file, in an environment that holds ccxt and orjson.

``.venv/ccxt/bin/python -I tests/bench/ccxt_book.py MESSAGES TURNS``. The first line is a snapshot,
the others are differences as Binance USD-M sends them. Prints a line of JSON with two lists of
figures, one of each turn through the messages, all from the text of a message to the level in the
book, the garbage collector on:

``per_s``
    What a program that calls ``watch_order_book`` pays: each text goes through the client and the
    message handler of ccxt's own ``binanceusdm``, untouched. That is orjson (which ccxt takes
    where it is installed), the dispatch, the check of the numbering, the levels, the time as
    text, the news to those who wait. Not counted are the socket, the event loop, the program's
    ``await`` and the cut to 1,000 levels that follows it: the book stays whole, as ours does.
``bare_per_s``
    Its order book alone, driven as fast as Python can: orjson, ``float`` and ``store``, none of
    the steps between.

The network libraries that ccxt imports are not here: no message meets them, so empty modules
stand in for them.
"""

import asyncio
import importlib.machinery
import json
import sys
import time
import types
from pathlib import Path

import orjson

NETWORK = ("aiohttp", "aiohttp_fast_zlib", "certifi", "cryptography", "requests", "yarl")
SYMBOL = "BTC/USDT:USDT"
MARKET = {
    "id": "BTCUSDT",
    "lowercaseId": "btcusdt",
    "symbol": SYMBOL,
    "base": "BTC",
    "quote": "USDT",
    "settle": "USDT",
    "type": "swap",
    "spot": False,
    "swap": True,
    "future": False,
    "option": False,
    "contract": True,
    "linear": True,
    "inverse": False,
    "precision": {"price": 0.1, "amount": 0.001},
}


class Anything(type):
    """A class that has whatever attribute is asked for."""

    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything(name, (Exception,), {})


class Absent(types.ModuleType):
    """A module that is not installed."""

    __getattr__ = Anything.__getattr__


class StandIns:
    """Finds the network libraries."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in NETWORK:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec):
        return Absent(spec.name)

    def exec_module(self, module):
        pass


def snapshot_of(line):
    snapshot = orjson.loads(line)
    sides = {
        side: [[float(price), float(qty)] for price, qty in snapshot[side]]
        for side in ("bids", "asks")
    }
    return {**sides, "nonce": snapshot["lastUpdateId"], "symbol": SYMBOL}


def watched(exchange, snapshot, texts):
    """Seconds that the handler takes, and its book."""
    from ccxt.async_support.base.ws.client import Client

    exchange.set_markets([MARKET])
    book = exchange.orderbooks[SYMBOL] = exchange.order_book(snapshot)
    client = Client(exchange.get_ws_url("linear", "public"), exchange.handle_message, *[None] * 3)
    started = time.process_time()
    for text in texts:
        client.handle_text_or_binary_message(text)
    return time.process_time() - started, book


def bare(exchange, snapshot, texts):
    """Seconds that nothing but its book takes, and the book."""
    book = exchange.order_book(snapshot)
    bids, asks = book["bids"], book["asks"]
    started = time.process_time()
    for text in texts:
        message = orjson.loads(text)["data"]
        for price, qty in message["a"]:
            asks.store(float(price), float(qty))
        for price, qty in message["b"]:
            bids.store(float(price), float(qty))
        book["nonce"] = message["u"]
    return time.process_time() - started, book


async def main():
    sys.meta_path.append(StandIns())
    import ccxt.pro

    first, *texts = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    levels = sum(text.count('["') for text in texts)
    found = {"bare_per_s": [], "per_s": []}
    for name, run in int(sys.argv[2]) * [("bare_per_s", bare), ("per_s", watched)]:
        spent_s, book = run(ccxt.pro.binanceusdm(), snapshot_of(first), texts)
        found[name].append(levels / spent_s)
        assert book["nonce"] == orjson.loads(texts[-1])["data"]["u"]
        sides = {"bids": book["bids"][:20], "asks": book["asks"][:20]}
        assert found.setdefault("sides", sides) == sides
    print(json.dumps({**found.pop("sides"), **found}))


if __name__ == "__main__":
    asyncio.run(main())
