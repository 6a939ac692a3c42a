"""What the demo market shows is plausible: prices, books, liquidations, dots and cohorts."""

from __future__ import annotations

import numpy as np
import pytest

from heatdesk.frames import COHORTS, BookWindow, CohortTable, LiquidationWindow, Quote
from heatdesk.providers.demo_book import BookMaker, BookRequest
from heatdesk.providers.demo_candles import bars_of
from heatdesk.providers.demo_cohorts import CohortMaker
from heatdesk.providers.demo_coins import coin_in, coin_of
from heatdesk.providers.demo_dots import DotMaker, members
from heatdesk.providers.demo_liquidation import VENUE, LiquidationMaker
from heatdesk.providers.demo_listing import ECOSYSTEMS, NARRATIVES
from heatdesk.providers.demo_noise import at, drift, key_of
from heatdesk.providers.demo_points import logs_at
from heatdesk.providers.demo_price import PricePath, path_of
from heatdesk.units import DAY_MS, HOUR_MS, MINUTE_MS

END_MS = 1_795_000_020_000 // HOUR_MS * HOUR_MS
PATH = path_of(7, "BTC")


def book(
    points: int,
    venues: tuple[str, ...] = ("BINANCE_FUTURES",),
    block_size: float = 5.0,
    depth: int = 500,
    quote: Quote = Quote.COIN,
) -> BookWindow:
    time_ms = np.arange(END_MS - points * MINUTE_MS, END_MS, MINUTE_MS, dtype=np.int64)
    ask = BookRequest(venues, MINUTE_MS, block_size, depth, quote)
    return BookMaker(PATH, 7).window(ask, int(time_ms[0]), END_MS, time_ms, END_MS)


def quantities(window: BookWindow, depth: int) -> tuple[np.ndarray, np.ndarray]:
    assert window.bids is not None
    assert window.asks is not None
    return window.bids.qty.reshape(-1, depth), window.asks.qty.reshape(-1, depth)


def bars(interval_ms: int, days: int, coin: str = "BTC"):  # type: ignore[no-untyped-def]
    path = path_of(7, coin)
    from_ms = END_MS - days * DAY_MS
    return bars_of(path, "BINANCE_FUTURES", interval_ms, from_ms, END_MS, END_MS)


@pytest.mark.parametrize("coin", ["BTC", "ETH", "DOGE", "HYPE"])
def test_a_candle_holds_its_open_and_close_and_follows_the_one_before(coin: str) -> None:
    minutes = bars(MINUTE_MS, 2, coin)
    assert np.all(minutes.high >= np.maximum(minutes.open, minutes.close))
    assert np.all(minutes.low <= np.minimum(minutes.open, minutes.close))
    assert np.all(minutes.low > 0)
    assert np.array_equal(minutes.open[1:], minutes.close[:-1])
    scale = coin_of(coin).price_usd
    assert 0.4 * scale < minutes.close.mean() < 2.5 * scale


@pytest.mark.parametrize("interval_ms", [5 * MINUTE_MS, HOUR_MS])
def test_minutes_add_up_to_longer_candles(interval_ms: int) -> None:
    minutes, longer = bars(MINUTE_MS, 2), bars(interval_ms, 2)
    width = interval_ms // MINUTE_MS
    assert np.array_equal(longer.open, minutes.open[::width])
    assert np.array_equal(longer.close, minutes.close[width - 1 :: width])
    assert np.array_equal(longer.high, minutes.high.reshape(-1, width).max(axis=1))
    assert np.array_equal(longer.low, minutes.low.reshape(-1, width).min(axis=1))
    assert longer.volume_base == pytest.approx(minutes.volume_base.reshape(-1, width).sum(axis=1))


def test_a_minute_is_the_same_whatever_was_asked_before_it() -> None:
    end, asked = END_MS // MINUTE_MS, PricePath(7, "SOL")
    asked.minutes(end - 5_000, end, "BYBIT")
    for start, stop in ((end - 4_321, end - 77), (end - 130, end + 13), (end - 9_000, end - 4_000)):
        found = asked.minutes(start, stop, "BYBIT")
        fresh = PricePath(7, "SOL")._make_minutes(start, stop, "BYBIT")
        assert (found.first, found.stop) == (start, stop)
        for name in ("open", "high", "low", "close", "volume_base"):
            assert np.array_equal(getattr(found, name), getattr(fresh, name))


@pytest.mark.parametrize("period", [37, 190, 2880])
def test_noise_at_one_moment_is_that_of_a_stretch(period: int) -> None:
    key, minutes = key_of(7, "anything"), np.arange(29_000_000, 29_006_000, 11, dtype=np.int64)
    alone = [at(key, minute, period) for minute in minutes.tolist()]
    assert np.array_equal(drift(key, minutes, period), alone)


def test_prices_move_as_a_market_does() -> None:
    minutes = bars(MINUTE_MS, 30)
    moves = np.diff(np.log(minutes.close))
    assert 0.0002 < moves.std() < 0.0010
    kurtosis = ((moves - moves.mean()) ** 4).mean() / moves.var() ** 2
    assert kurtosis > 4, "fat tails"
    size = np.abs(moves)
    assert np.corrcoef(size[:-30], size[30:])[0, 1] > 0.05, "volatility clusters"
    width = (minutes.high - minutes.low) / minutes.open
    assert np.corrcoef(width, minutes.volume_base)[0, 1] > 0.5
    assert abs(np.corrcoef(moves[:-1], moves[1:])[0, 1]) < 0.2, "no easy forecast"


def test_a_forming_minute_ends_as_the_whole_one() -> None:
    for minute in range(END_MS // MINUTE_MS, END_MS // MINUTE_MS + 20):
        whole = PATH.minutes(minute, minute + 1, "BINANCE_FUTURES")
        steps = [PATH.within(minute * MINUTE_MS + ms, "BINANCE_FUTURES") for ms in (5000, 59_999)]
        assert steps[0].high[0] <= steps[1].high[0] <= whole.high[0]
        assert steps[1].high[0] == whole.high[0]
        assert steps[1].low[0] == whole.low[0]
        assert steps[1].close[0] == pytest.approx(whole.close[0], rel=1e-4)


def test_hyperliquid_trades_a_touch_beside_the_path() -> None:
    minute = END_MS // MINUTE_MS
    other = PATH.minutes(minute - 9, minute, "HYPERLIQUID_FUTURES").close
    basis = other / PATH.minutes(minute - 9, minute, "BINANCE_FUTURES").close - 1
    assert np.all((basis > 1e-5) & (basis < 1e-3))


def test_many_coins_at_once_agree_with_their_paths() -> None:
    symbols = ("BTC", "ETH", "DOGE", "USDT", "LINK", "NOSUCH")
    for minute in (29_916_666, 29_916_667, 29_900_031):
        alone = [path_of(7, symbol).logs(minute, minute)[0] for symbol in symbols]
        assert logs_at(7, symbols, minute) == pytest.approx(alone, abs=1e-11)


def test_the_book_is_never_crossed_and_sits_at_the_close() -> None:
    window = book(240)
    close = bars(MINUTE_MS, 1).close[-240:]
    assert window.bids is not None
    assert window.asks is not None
    bid, ask = window.bids.price.reshape(240, -1), window.asks.price.reshape(240, -1)
    assert np.all(bid[:, 0] < close)
    assert np.all(ask[:, 0] >= close)
    assert np.all(ask[:, 0] - bid[:, 0] == 5.0)
    assert np.all(np.diff(bid, axis=1) == -5.0)
    assert np.all(np.diff(ask, axis=1) == 5.0)
    assert np.all(window.bids.qty >= 0)
    assert np.all(window.asks.qty >= 0)


def test_quantities_are_spread_like_those_of_a_real_book() -> None:
    window = book(400)
    assert window.bids is not None
    assert window.asks is not None
    qty = np.concatenate([window.bids.qty, window.asks.qty])
    p50, p95, p995 = np.percentile(qty[qty > 0], [50, 95, 99.5])
    assert 0.6 < p50 < 2.5
    assert 4 < p95 < 16
    assert 33 < p995 < 134
    assert 100 < qty.max() < 1500


def test_liquidity_rises_and_then_fades_with_distance() -> None:
    bids, asks = quantities(book(400), 500)
    middle = np.median((bids + asks) / 2, axis=0)
    assert middle[:3].mean() < middle[15:60].mean() > middle[300:].mean()


def test_round_prices_hold_more() -> None:
    window = book(300)
    assert window.asks is not None
    round_price = window.asks.price % 100 == 0
    assert window.asks.qty[round_price].mean() > 2 * window.asks.qty[~round_price].mean()


def test_bands_persist_and_walls_end() -> None:
    bids, _ = quantities(book(200), 500)
    window = book(200)
    assert window.bids is not None
    level = np.rint(window.bids.price.reshape(200, -1) / 5).astype(int)
    now, then = dict(zip(level[-1], bids[-1], strict=True)), {}
    then = dict(zip(level[-11], bids[-11], strict=True))
    shared = sorted(set(now) & set(then))
    one, two = np.array([now[i] for i in shared]), np.array([then[i] for i in shared])
    assert np.corrcoef(np.log1p(one), np.log1p(two))[0, 1] > 0.6
    early = dict(zip(level[0], bids[0], strict=True))
    walls = [i for i in early if early[i] > 40 and i in now]
    assert any(now[i] < early[i] / 4 for i in walls), "some wall was pulled or eaten"


def test_hd_levels_are_sums_of_five_native_ones() -> None:
    native, hd = book(30), book(30, block_size=25.0, depth=90)
    for runs, sums in ((native.bids, hd.bids), (native.asks, hd.asks)):
        assert runs is not None
        assert sums is not None
        for i in range(30):
            price, qty = runs.at(i)
            added = np.bincount(np.rint(price / 5).astype(int) // 5, weights=qty)
            edge, total = sums.at(i)
            assert total == pytest.approx(added[np.rint(edge / 25).astype(int)], abs=0.005)


def test_venues_are_summed_level_by_level_and_differ_in_character() -> None:
    both = book(20, ("BINANCE_FUTURES", "BINANCE"))
    perp, spot = book(20), book(20, ("BINANCE",))
    assert both.bids is not None
    assert perp.bids is not None
    assert spot.bids is not None
    assert both.bids.qty == pytest.approx(perp.bids.qty + spot.bids.qty, abs=0.0021)
    assert np.median(spot.bids.qty) < 0.6 * np.median(perp.bids.qty)
    assert np.mean(spot.bids.qty == 0) > np.mean(perp.bids.qty == 0)


def test_dollars_are_quantity_times_price() -> None:
    coin, usd = book(5), book(5, quote=Quote.USD)
    assert coin.asks is not None
    assert usd.asks is not None
    assert np.array_equal(usd.asks.qty, coin.asks.qty * coin.asks.price)


def liquidations(points: int, quote: Quote = Quote.USD) -> LiquidationWindow:
    step_ms = 5 * MINUTE_MS
    time_ms = np.arange(END_MS - points * step_ms, END_MS, step_ms, dtype=np.int64)
    maker = LiquidationMaker(PATH, 7)
    return maker.window(step_ms, None, quote, (int(time_ms[0]), END_MS), time_ms, END_MS)


def test_liquidation_levels_ascend_and_the_price_sweeps_them() -> None:
    window = liquidations(200)
    candles = bars_of(PATH, "HYPERLIQUID_FUTURES", 5 * MINUTE_MS, window.from_ms, END_MS, END_MS)
    swept_before = 0.0
    for i in range(1, 200):
        price, usd = window.levels.at(i)
        assert np.all(np.diff(price) > 0)
        assert np.all(usd > 0)
        inside = (price > candles.low[i] + 10) & (price + 10 < candles.high[i])
        assert not inside.any(), "what the price passed in this bucket is gone"
        before, was = window.levels.at(i - 1)
        swept_before += was[(before > candles.low[i]) & (before + 10 < candles.high[i])].sum()
    assert swept_before > 1e6, "the price does reach clusters"
    assert window.tick_size == 10.0
    assert np.diff(window.levels.offsets).max() <= 1500


def test_of_too_many_levels_those_nearest_to_the_price_are_kept() -> None:
    maker = LiquidationMaker(PATH, 7)
    time_ms = np.arange(END_MS - 20 * HOUR_MS, END_MS, HOUR_MS, dtype=np.int64)
    span = (int(time_ms[0]), END_MS)
    whole = maker.window(HOUR_MS, 100_000, Quote.USD, span, time_ms, END_MS)
    few = maker.window(HOUR_MS, 150, Quote.USD, span, time_ms, END_MS)
    closes = bars_of(PATH, VENUE, HOUR_MS, *span, END_MS).close
    for n, close in enumerate(closes):
        levels = slice(whole.levels.offsets[n], whole.levels.offsets[n + 1])
        kept = slice(few.levels.offsets[n], few.levels.offsets[n + 1])
        price, here = whole.levels.price[levels], np.floor(close / maker.tick_size)
        away = np.abs(np.rint(price / maker.tick_size) - here)
        nearest = np.sort(np.lexsort((price, away))[:150])
        assert price.size > 150
        assert np.array_equal(few.levels.price[kept], price[nearest])
        assert np.array_equal(few.levels.qty[kept], whole.levels.qty[levels][nearest])


def test_liquidations_cluster_on_both_sides() -> None:
    window = liquidations(3)
    price, usd = window.levels.at(2)
    close = bars(MINUTE_MS, 1).close[-1]
    assert usd[price < close].sum() > 1e8
    assert usd[price > close].sum() > 1e8
    assert usd.max() > 15 * np.median(usd)
    coin = liquidations(3, Quote.COIN).levels.at(2)[1]
    assert coin == pytest.approx(usd / price, rel=1e-3, abs=1e-6)


@pytest.mark.parametrize(
    "category", [slug for slug, _ in (*NARRATIVES.values(), *ECOSYSTEMS.values())]
)
def test_every_category_has_a_plausible_set(category: str) -> None:
    coins = members(category)
    assert 12 <= len(coins) <= 40
    assert len({coin.id for coin in coins}) == len(coins)


def test_the_top_list_holds_fifty_with_stablecoins_that_stand_still() -> None:
    dots = DotMaker(7).dots("coins", "top-100", END_MS + 123_456)
    assert len(dots.ids) == 50
    assert dots.ids[:3] == ("bitcoin", "ethereum", "tether")
    assert dots.time_ms == END_MS
    tether = dots.change_pct[dots.symbols.index("USDT")]
    assert np.all(np.abs(tether) < 0.5)
    assert 1 <= np.isnan(dots.change_pct).sum() <= 15
    assert np.isnan(dots.change_pct[:, :3]).sum() == 0
    assert 0.85 < np.median(dots.relative_volume) < 1.3
    assert np.nanstd(dots.change_pct[:, 4]) > np.nanstd(dots.change_pct[:, 0])


@pytest.mark.parametrize(("mode", "count"), [("narratives", 14), ("ecosystems", 18)])
def test_groups_have_names_and_no_price(mode: str, count: int) -> None:
    dots = DotMaker(7).dots(mode, "top-100", END_MS)
    assert len(dots.ids) == count
    assert np.all(np.isnan(dots.price_usd))
    assert np.all(dots.market_cap_usd > 0)


def test_dots_drift_with_the_clock() -> None:
    maker = DotMaker(7)
    now, later = (maker.dots("coins", "top-100", END_MS + ms) for ms in (0, 5 * MINUTE_MS))
    assert later.time_ms - now.time_ms == 5 * MINUTE_MS
    shift = np.abs(later.change_pct[:, 0] - now.change_pct[:, 0])
    assert 0 < shift.max() < 5


def rows_of(table: CohortTable, coin: str, kind: str) -> np.ndarray:
    ids = [d.id for d in COHORTS if d.kind == kind]
    return np.array([c == coin for c in table.coins]) & np.isin(table.cohort_id, ids)


def test_both_partitions_share_out_the_coin_and_balance() -> None:
    table = CohortMaker(7).table("all", END_MS)
    whole = table.cohort_id == -1
    assert whole.sum() == 60
    assert np.array_equal(table.long_usd[whole], table.short_usd[whole])
    assert [c for c, w in zip(table.coins, whole, strict=True) if w][:2] == ["BTC", "ETH"]
    for coin in ("BTC", "ETH", "SOL", "LINK"):
        total = table.total_usd[whole & (np.array(table.coins) == coin)][0]
        for kind in ("size", "pnl"):
            part = rows_of(table, coin, kind)
            assert table.total_usd[part].sum() == pytest.approx(total, rel=0.01)
            assert table.long_usd[part].sum() == pytest.approx(total / 2, rel=0.02)
    assert np.array_equal(table.count, table.count_long + table.count_short)


def test_bias_is_rounded_and_only_where_a_cohort_is_open() -> None:
    table = CohortMaker(7).table("all", END_MS)
    whole = table.cohort_id == -1
    assert np.all(np.isnan(table.bias_ratio[whole]))
    bias = table.bias_ratio[~whole]
    share = table.long_usd[~whole] / table.total_usd[~whole]
    assert np.all(np.abs(bias - share) <= 0.0005 + 1e-9)
    assert np.array_equal(bias, np.round(bias, 3))


def test_cohorts_behave_like_their_kind() -> None:
    table = CohortMaker(7).table("all", END_MS)
    btc = np.array(table.coins) == "BTC"
    shrimp, leviathan = (btc & (table.cohort_id == i) for i in (16, 7))
    assert table.count[shrimp][0] > 50 * table.count[leviathan][0]
    assert table.total_usd[shrimp][0] < 0.1 * table.total_usd[leviathan][0]
    losers, winners = (np.isin(table.cohort_id, ids) for ids in ((13, 14, 15), (8, 9, 10)))
    assert np.nanmean(table.bias_ratio[losers]) > 0.1 + np.nanmean(table.bias_ratio[winners])
    heads = table.count_long / table.count
    apart = (heads - 0.5) * (table.bias_ratio - 0.5) < 0
    assert apart.sum() > 20, "heads and value disagree in some cells"
    assert ((table.count < 10) & (table.cohort_id >= 0)).sum() > 5
    sizes = [(np.array(table.coins) == coin).sum() for coin in dict.fromkeys(table.coins)]
    assert min(sizes) == 1, "one coin comes without cohorts"
    assert any(1 < size < 17 for size in sizes), "some cohorts are missing"


def test_recent_positions_are_part_of_all() -> None:
    maker = CohortMaker(7)
    tables = [maker.table(within, END_MS) for within in ("24h", "7d", "all")]
    values = [
        dict(zip(zip(t.coins, t.cohort_id.tolist(), strict=True), t.total_usd, strict=True))
        for t in tables
    ]
    more = values[-1]
    for fewer in values[:-1]:
        assert fewer.keys() <= more.keys()
        assert all(value < more[cell] for cell, value in fewer.items())


def test_some_cohort_changes_its_mind_within_hours() -> None:
    maker = CohortMaker(7)
    now, then = maker.table("24h", END_MS), maker.table("24h", END_MS - 8 * HOUR_MS)
    assert now.coins[:17] == then.coins[:17]
    flipped = (now.bias_ratio[:17] - 0.5) * (then.bias_ratio[:17] - 0.5) < 0
    assert flipped.any()


@pytest.mark.parametrize(
    ("symbol", "coin"),
    [
        ("BTCUSDT", "BTC"),
        ("BTC-USDT-SWAP", "BTC"),
        ("XBTUSD", "BTC"),
        ("BTCUSD_PERP", "BTC"),
        ("btcusd", "BTC"),
        ("KRW-BTC", "BTC"),
        ("ETHUSDC", "ETH"),
        ("USDCUSDT", "USDC"),
        ("HYPE", "HYPE"),
    ],
)
def test_symbols_of_all_venues_are_understood(symbol: str, coin: str) -> None:
    assert coin_in(symbol) == coin
