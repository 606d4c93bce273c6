"""Risk over REST: the figures of snapshots, of trades, against a benchmark, and how strategies move together."""

import csv
import gzip
import json
import random
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from app.rest.portfolio_shapes import Correlations, CurrentPortfolio, EquityCurve, RiskFigures
from data import metrics
from data.edits import BalanceIn, Edit
from data.settings import Settings
from tests.support.api import CANDLE, TRADE, Api, ago, near
from tests.support.paths import real_file
from tests.test_api_portfolio import begin_with, closed, post_freqtrade, snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from data.desk import Desk

START = date(2025, 1, 1)


@pytest.fixture
def settings(store_url: str, tmp_path: "Path") -> Settings:
    return Settings.load(database_url=store_url, botv2_data_dir=tmp_path, botv2_rate_limits="off", botv2_trading_days=252)


def risk(api: Api, **query: Any) -> dict[str, Any]:
    data: dict[str, Any] = api.get("/api/risk/metrics", **query)["data"]
    RiskFigures.model_validate_json(json.dumps(data))
    return data


def correlation(api: Api, **query: Any) -> dict[str, Any]:
    data: dict[str, Any] = api.get("/api/risk/correlation", **query)["data"]
    Correlations.model_validate_json(json.dumps(data))
    return data


def at(day: float) -> str:
    return (datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=day)).isoformat()


def test_without_records_every_figure_is_null_and_no_error(api: Api) -> None:
    figures = risk(api, benchmark="BTC/USDT", days=30)
    counts = {"positive_days": 0, "negative_days": 0, "days": 0, "total_trades": 0, "benchmark_days": 0, "longest_winning_streak": 0}
    others = {"trading_days": 252, "benchmark": "BTC/USDT", "currency": "USD", "longest_losing_streak": 0}
    lists: dict[str, Any] = {"monthly": [], "without_balance": [], "left_out": []}
    known = counts | others | lists
    assert figures == dict.fromkeys(figures) | known
    assert correlation(api) == {"strategies": [], "matrix": [], "not_compared": [], "currency": "USD", "left_out": []}
    for query in ({"days": 0}, {"benchmark": ""}, {"symbol": "X"}, {"points": 50}):
        assert api.get("/api/risk/metrics", 400, **query)["error"]["fields"].keys() == query.keys()


def test_real_daily_returns_give_the_figures_that_others_found(api: Api) -> None:
    with gzip.open(real_file("returns/test_returns.csv.gz"), "rt") as lines:
        rows = [(day[:10], float(value)) for day, value in csv.reader(lines)]
    values = 10_000 * np.cumprod([1.0, *(1 + value for _, value in rows)])
    days = ["2003-12-31", *(day for day, _ in rows)]
    records = [{"kind": "snapshot", "timestamp": f"{day}T21:00:00Z", "total_value": value} for day, value in zip(days, values.tolist(), strict=True)]
    random.Random(1).shuffle(records)
    for start in range(0, len(records), 1000):
        api.batch(*records[start : start + 1000])
    figures = risk(api)
    expected = {
        "cumulative_return": 0.6540425002394212, "annual_return": 0.08754829097608186, "volatility": 0.26207589023902617,
        "sharpe_ratio": 0.45112136682362247, "sortino_ratio": 0.6587882350931493, "calmar_ratio": 0.1449695573926278,
        "max_drawdown": -0.6039081069894608,
    }  # fmt: skip  # a table
    assert {name: figures[name] for name in expected} == pytest.approx(expected, rel=1e-9, abs=0)
    assert (figures["days"], figures["first_day"], figures["last_day"], figures["source"]) == (1511, rows[0][0], rows[-1][0], "snapshots")
    assert [row["total"] for row in figures["monthly"]] == pytest.approx([0.404800, -0.031953, -0.016682, 0.076350, -0.410776, 0.950329], abs=1e-6)
    fall = figures["largest_drawdown"]
    assert (fall["peak_at"][:10], fall["trough_at"][:10], fall["recovered_at"], fall["recovery_seconds"]) == ("2007-11-06", "2009-03-09", None, None)
    assert fall["fraction"] == pytest.approx(-0.6039081069894608, rel=1e-9)
    last_year = risk(api, start="2009-01-01T00:00:00Z")
    assert (last_year["first_day"], last_year["cumulative_return"]) == (rows[-last_year["days"]][0], pytest.approx(0.950329, abs=1e-6))


def test_the_real_trades_of_freqtrade_fall_as_deep_as_closings_of_one_time_together(api: Api, desk: "Desk") -> None:
    post_freqtrade(api, desk)
    figures = risk(api)
    fall = figures["largest_drawdown"]
    assert fall["amount"] == pytest.approx(0.0002, rel=1e-9)
    assert (fall["peak_at"], fall["trough_at"]) == ("2018-01-16T19:30:00.000000Z", "2018-01-16T22:25:00.000000Z")
    assert fall["duration_seconds"] == 175 * 60
    assert figures["expectancy"] == near(5.820687070932315e-06)
    assert figures["profit_factor"] == near(2.4223288739520954)
    assert (figures["currency"], figures["source"], figures["total_trades"]) == ("BTC", "trades", 179)
    assert figures["win_rate"] == near(170 / 179)
    assert figures["cumulative_return"] == near(0.1041902985696884)
    assert (figures["first_day"], figures["last_day"]) == ("2018-01-10", "2018-01-30")


def test_deposits_are_no_return_and_trades_without_a_balance_have_none(api: Api) -> None:
    api.batch(
        *(snapshot(f"02-0{day}T10:00", value, deposit=deposit) for day, value, deposit in ((1, 100, 0), (2, 300, 190), (4, 150, 0), (5, 165, 0))),
        closed(1, "02-01T01:00", "02-03T01:00", 5, bot="gamma"), closed(2, "02-01T01:00", "02-04T01:00", -2, bot="gamma"),
    )  # fmt: skip  # a table
    figures = risk(api, bot="default")
    assert [figures[name] for name in ("cumulative_return", "max_drawdown", "best_day", "worst_day", "days")] == near([-0.395, -0.5, 0.1, -0.5, 3])
    assert (figures["largest_drawdown"]["amount"], figures["total_trades"], figures["profit_factor"]) == (150, 0, None)
    alone = risk(api, bot="gamma")
    assert (alone["days"], alone["sharpe_ratio"], alone["profit_factor"], alone["without_balance"]) == (0, None, 2.5, ["gamma"])
    assert alone["largest_drawdown"] | {"fraction": None} == alone["largest_drawdown"]
    assert alone["largest_drawdown"]["amount"] == 2
    assert risk(api)["days"] == 0
    inside = risk(api, bot="default", start="2025-02-03T00:00:00Z", end="2025-02-04T23:00:00Z")
    assert (inside["days"], inside["worst_day"], inside["first_day"], inside["last_day"]) == (1, -0.5, "2025-02-04", "2025-02-04")


def test_a_strategys_returns_are_its_days_net_pnl_over_what_it_began_with(api: Api, desk: "Desk") -> None:
    api.batch(
        closed(1, "02-01T01:00", "02-01T02:00", 10, strategy="swing"), closed(2, "02-01T01:00", "02-04T02:00", -20, strategy="swing"),
        closed(3, "02-01T01:00", "02-04T03:00", 5, strategy="swing"), closed(4, "02-01T01:00", "02-01T03:00", 500, strategy="other"),
        snapshot("02-01T10:00", 1000), snapshot("02-02T10:00", 2000),
    )  # fmt: skip  # a table
    of_account = risk(api, strategy="swing")
    assert (of_account["days"], of_account["best_day"]) == (4, near(0.01)), "without a balance of its own: against its bot's first snapshot"
    balance = BalanceIn(starting_balance=200, strategy="swing")
    desk.journal.append([Edit(action="balance.set", user="tests", body=balance)], bot="default")
    figures = risk(api, strategy="swing")
    expected = metrics.performance([10 / 200, 0, 0, -15 / 200], 252)
    assert {name: figures[name] for name in expected} == near(expected)
    assert (figures["first_day"], figures["last_day"], figures["days"]) == ("2025-02-01", "2025-02-04", 4)
    assert risk(api, strategy="swing", start="2025-02-03T00:00:00Z")["days"] == 2
    assert risk(api, strategy="swing", end="2025-02-03T00:00:00Z")["days"] == 1
    assert risk(api, strategy="swing,other")["without_balance"] == []


@pytest.mark.parametrize(("timeframe", "opens"), [("1d", 0.0), ("4h", 20 / 24)])
def test_beta_and_alpha_compare_with_the_closes_of_the_same_days(api: Api, timeframe: str, opens: float) -> None:
    market = [100, 110, 99, 105, 126]
    own = [1000, 1200, 960, 1000, 1400]
    candle = {"kind": "candle", **CANDLE, "timeframe": timeframe, "low": 0, "high": 1000}
    candles = [{**candle, "timestamp": at(day + opens), "close": close} for day, close in enumerate(market) if day != 3]
    noise = [{**candle, "timeframe": "1m", "timestamp": at(day + 0.5), "close": 7} for day in range(5)]
    api.batch(*candles, *noise, *({"kind": "snapshot", "timestamp": at(day + 0.9), "total_value": value} for day, value in enumerate(own)))
    figures = risk(api, benchmark="BTC/USDT")
    returns, of_market = [0.2, -0.2], [0.1, -0.1]
    assert figures["benchmark_days"] == 2
    assert figures["beta"] == near(metrics.beta(returns, of_market))
    assert figures["alpha"] == near(metrics.alpha(returns, of_market, 252))
    unknown = risk(api, benchmark="ETH/USDT")
    assert (unknown["beta"], unknown["alpha"], unknown["benchmark_days"]) == (None, None, 0)


def test_strategies_are_correlated_on_the_days_that_both_have(api: Api) -> None:
    nets = {"a": [1, 2, -1, 4], "b": [2, 4, -2, 8], "c": [-1, -2, 1, -4], "d": [5]}
    api.batch(
        *(
            closed(100 * place + day, "01-30T00:00", f"02-0{day + 1}T0{place}:00", net, strategy=name)
            for place, (name, values) in enumerate(nets.items())
            for day, net in enumerate(values)
        ),
        closed(999, "01-30T00:00", "02-01T00:00", 5),
    )
    found = correlation(api)
    assert found["strategies"] == ["a", "b", "c", "d"]
    assert [row[:3] for row in found["matrix"][:3]] == [near(row) for row in ([1, 1, -1], [1, 1, -1], [-1, -1, 1])]
    assert [row[3] for row in found["matrix"]] == found["matrix"][3] == [None] * 4
    assert correlation(api, strategy="a,c")["strategies"] == ["a", "c"]
    assert correlation(api, end="2025-02-02T23:00:00Z")["matrix"][0][:2] == near([1, 1])
    api.batch(*(closed(2000 + number, "01-30T00:00", "02-01T00:00", 5, strategy=f"s{number:02}") for number in range(50)))
    many = correlation(api)
    assert (len(many["strategies"]), many["not_compared"]) == (50, ["s46", "s47", "s48", "s49"])


def test_the_series_says_for_each_day_what_was_known_at_its_end(api: Api, desk: "Desk") -> None:
    begin_with(desk, "default", 1000)
    nets = [10, -20, 5, 7, -3, 12]
    trades = [closed(day, f"02-0{day}T01:00", f"02-0{day}T02:00", net) for day, net in enumerate(nets, 1)]
    api.batch(*trades)
    rows = desk.risk.series("default")
    assert [str(row["date"]) for row in rows] == [f"2025-02-0{day}" for day in range(1, 7)]
    for row in rows:
        then = risk(api, end=f"{row['date']}T23:59:59Z")
        known = {name: then[name] for name in row if then.get(name) is not None}
        assert {name: row[name] for name in known} == near(known), row["date"]
        assert all(row[name] is None for name in row if name in then and name not in known)
        assert row["drawdown_duration_days"] == then["longest_drawdown_days"]
    assert desk.risk.series("nobody") == []


def test_records_at_the_edges_of_time_and_money_have_answers(api: Api, desk: "Desk") -> None:
    begin_with(desk, "default", 1e-300)
    begin_with(desk, "beta", 1e18)
    first = {"kind": "trade", **TRADE, "entry_time": "0001-01-01T00:00:00Z", "exit_time": "0001-01-01T00:00:00Z", "exit_price": 1}
    api.batch(
        {**first, "net_pnl": 1e18},
        {**first, "trade_id": "t2", "exit_time": ago(days=1), "net_pnl": -1e18, "strategy": "swing"},
        {**first, "trade_id": "t3", "bot": "beta", "net_pnl": -1e18},
        {"kind": "snapshot", "bot": "gamma", "total_value": 5e-324, "deposit": 1e18, "timestamp": "0001-01-01T00:00:00Z"},
        {"kind": "snapshot", "bot": "gamma", "total_value": 1e18, "deposit": -1e18, "timestamp": "2024-01-01T00:00:00Z"},
    )
    for query in ({}, {"bot": "default"}, {"bot": "gamma"}, {"strategy": "swing"}, {"start": "0001-01-01T00:00:00Z", "end": "9999-12-31T23:59:59Z"}):
        risk(api, benchmark="BTC/USDT", **query)
        correlation(api, **query)
        EquityCurve.model_validate_json(json.dumps(api.get("/api/portfolio/equity", points=10, **query)["data"]))
    for query in ({}, {"bot": "default"}, {"bot": "gamma"}):
        CurrentPortfolio.model_validate_json(json.dumps(api.get("/api/portfolio", **query)["data"]))
    assert api.get("/api/portfolio/history")["data"]["total"] == 2
    backwards = {"start": "2025-01-02T00:00:00Z", "end": "2025-01-01T00:00:00Z"}
    assert api.get("/api/portfolio/equity", **backwards)["data"]["equity"] == []
    assert (risk(api, **backwards)["days"], risk(api, **backwards)["total_trades"]) == (0, 0)
