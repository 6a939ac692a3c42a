"""Alerts on figures of tables: what they read, when they fire, how they are kept."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from heatdesk.alerts.alert_list import AlertList
from heatdesk.alerts.figures import Figure, cohort_column, figure_value, kind_of
from heatdesk.alerts.judging import Event
from heatdesk.alerts.reading import MarketReader
from heatdesk.alerts.rules import Kind, Rule, Way, market_text
from heatdesk.alerts.tables import rule_from, rule_table
from heatdesk.frames import COHORTS, CohortSub, CohortTable, DotSet, DotSub, StreamStatus
from heatdesk.store.market import MarketStore
from tests.heatdesk.alerts.made import TRADES, crossing
from tests.heatdesk.store.books import minute

if TYPE_CHECKING:
    from pathlib import Path

DOTS = DotSub("coingecko")
COHORT_SUB = CohortSub("hypertracker")
CHANGE = Figure("solana", "change_24h", "SOL")
LONG = Figure("BTC", cohort_column("long_pct", 5), "BTC", "Whale")


def dots(change: float, time_ms: int = 0, ids: tuple[str, ...] = ("bitcoin", "solana")) -> DotSet:
    n = len(ids)
    ones = np.ones(n)
    changes = np.full((n, 5), np.nan)
    changes[:, 0] = change
    names = tuple(one.title() for one in ids)
    return DotSet(
        time_ms, "coins", "top-100", ids, names, ids, 1.5 * ones, changes, ones, 99.5 * ones, ones
    )


def cohorts(long_usd: float) -> CohortTable:
    """Of BTC the totals and whales with 200 dollars, of ETH whales."""
    counts = np.array([10, 4, 3], np.int64)
    total = np.array([1_000.0, 200.0, 50.0])
    longs = np.array([500.0, long_usd, 50.0])
    return CohortTable(
        0,
        "all",
        ("BTC", "BTC", "ETH"),
        np.array([-1, 5, 5], np.int64),
        total,
        longs,
        total - longs,
        counts,
        np.array([5, 1, 3], np.int64),
        np.array([5, 3, 0], np.int64),
        np.full(3, np.nan),
        COHORTS,
    )


def watching(figure: Figure = CHANGE, level: float = -5.0, **change: object) -> Rule:
    known: dict[str, object] = {"sub": DOTS, "again": True, "cool_down_s": 0.0} | change
    return Rule("a", Kind.FIGURE, price=level, figure=figure, **known)  # type: ignore[arg-type]


class Watch:
    """A store, one alert, and tables that come every five minutes."""

    def __init__(self, rule: Rule) -> None:
        self.store, self.rule = MarketStore(), rule
        self.reader, self.list = MarketReader(self.store), AlertList()
        self.now_ms = minute(0)
        self.list.put(rule)

    def comes(self, table: DotSet | CohortTable, **status: object) -> list[str]:
        """A table comes; what the alert says to it."""
        self.now_ms += 300_000
        self.store.apply(self.rule.sub, table)
        known = {"data_time_ms": self.now_ms, "received_ms": self.now_ms, "period_s": 300.0}
        self.store.set_status(self.rule.sub, StreamStatus(**known | status))  # type: ignore[arg-type]
        return self.look()

    def look(self, after_ms: int = 250) -> list[str]:
        self.now_ms += after_ms
        return [event.happened.value for event in self.list.look(self.reader, self.now_ms)[0]]

    @property
    def last(self) -> Event:
        return self.list.history[0]


def test_a_figure_is_read_by_row_and_column() -> None:
    assert figure_value(dots(-3.0), CHANGE) == -3.0
    assert figure_value(dots(-3.0), replace(CHANGE, column="price_usd")) == 99.5
    assert math.isnan(figure_value(dots(-3.0), replace(CHANGE, row="doge")))
    assert math.isnan(figure_value(None, CHANGE))
    table = cohorts(150.0)
    assert figure_value(table, LONG) == pytest.approx(75.0)
    assert figure_value(table, replace(LONG, row="ETH")) == pytest.approx(100.0)
    assert figure_value(table, Figure("BTC", cohort_column("count"), "BTC")) == 10.0
    assert figure_value(table, replace(LONG, column="heads_pct:5")) == pytest.approx(25.0)
    assert math.isnan(figure_value(table, CHANGE))  # a figure of another table


@pytest.mark.parametrize("column", ["", "price", "long_pct", "long_pct:", "long_pct:x", "count:1x"])
def test_a_column_that_there_is_not_is_refused(column: str) -> None:
    with pytest.raises(ValueError, match="no such figure"):
        kind_of(column)


def test_a_change_below_zero_fires_when_it_falls_to_its_level() -> None:
    watch = Watch(watching(way=Way.DOWN))
    assert watch.comes(dots(-4.0)) == []
    assert watch.comes(dots(-5.5)) == ["fired"]
    assert watch.last.title == "SOL: Change 24h falls to -5.00 %"
    assert watch.last.market == "SOL \u00b7 CoinGecko"
    assert watch.last.value == "-5.50 %"
    assert watch.comes(dots(-5.02)) == []
    assert watch.comes(dots(-4.0)) == []
    assert watch.comes(dots(-6.0)) == ["fired"]


def test_small_moves_of_a_figure_about_its_level_fire_once() -> None:
    cohort = Watch(watching(LONG, 60.0, sub=COHORT_SUB, slack_ratio=0.05))
    steps = [100.0, 121.0, 119.0, 121.0, 110.0, 121.0]  # 50, 60.5, 59.5, 60.5, 55, 60.5 per cent
    said = [cohort.comes(cohorts(value)) for value in steps]
    assert said == [[], ["fired"], [], [], ["fired"], ["fired"]]
    assert cohort.last.title == "BTC: Whale, long share of money crosses 60.0 %"
    assert cohort.last.market == "BTC \u00b7 HyperTracker"


def test_a_table_that_is_late_is_not_believed_and_what_passed_is_missed() -> None:
    watch = Watch(watching())
    watch.comes(dots(-4.0))
    assert watch.look(3_600_000) == []
    assert watch.list.state("a").why == "the newest data is 1 h 00 min old"
    assert watch.comes(dots(-6.0)) == ["missed"]


def test_a_real_alert_does_not_believe_an_invented_table() -> None:
    watch = Watch(watching())
    watch.comes(dots(-4.0))
    assert watch.comes(dots(-6.0), demo=True) == []
    assert watch.list.state("a").why == "invented and real data are mixed"
    invented = Watch(watching(sub=DotSub("demo")))
    invented.comes(dots(-4.0), demo=True)
    assert invented.comes(dots(-6.0), demo=True) == ["fired"]
    assert invented.last.demo
    assert invented.last.market == "SOL \u00b7 demo"


def test_a_row_that_left_the_table_is_waited_for_and_its_crossing_is_missed() -> None:
    watch = Watch(watching())
    watch.comes(dots(-4.0))
    assert watch.comes(dots(-6.0, ids=("bitcoin",))) == []
    assert watch.list.state("a").why == "its figure is not told"
    assert watch.comes(dots(-6.0)) == ["missed"]


def test_an_alert_of_a_figure_survives_a_start(tmp_path: Path) -> None:
    path = tmp_path / "alerts.json"
    alerts = AlertList(path)
    kept = (watching(), replace(watching(LONG, 60.0, sub=COHORT_SUB), id="b"))
    for rule in kept:
        alerts.put(rule)
    assert AlertList(path).all() == kept
    assert alerts.needs() == {DOTS, COHORT_SUB}


@pytest.mark.parametrize(
    "rule",
    [
        watching(figure=None),  # type: ignore[arg-type]
        watching(sub=TRADES),
        watching(sub=COHORT_SUB),
        watching(LONG),
        watching(replace(CHANGE, column="mood")),
        crossing(sub=DOTS),
        watching(level=math.nan),
    ],
)
def test_a_figure_that_its_table_has_not_is_refused(rule: Rule) -> None:
    with pytest.raises((ValueError, TypeError)):
        rule_from(rule_table(rule))


def test_what_is_watched_is_named_with_who_tells_it() -> None:
    assert market_text(watching().market) == "SOL \u00b7 CoinGecko"
    assert market_text(crossing().market) == "BTCUSDT \u00b7 Binance Perp"
