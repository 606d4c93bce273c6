"""What the charts are drawn from: the same figures as the REST API gives, of the same selection, and never a number that nobody knows."""

import json
import math
import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import delete

from data import metrics
from data.analytics.markers import kind_of_exit
from data.desk import Desk
from data.importers.freqtrade import import_trades
from data.records import PositionIn, SnapshotIn, TradeIn
from data.schema import Strategy
from data.scope import Selection
from tests.support.api import POSITION, TRADE, Api, near
from tests.support.paths import real_file
from tests.test_api_portfolio import begin_with

START = datetime(2025, 1, 6, tzinfo=UTC)  # a Monday
QUESTIONS = (
    "equity", "drawdown", "daily", "waterfall", "monthly", "strategies", "distribution", "hours", "flow", "rolling", "histogram", "correlation",
    "comparison", "allocation", "kpis", "candles", "risk",
)  # fmt: skip  # one name a line would be a page
OF_TRADES = ("waterfall", "strategies", "distribution", "hours", "flow", "comparison")
SELECTIONS: tuple[dict[str, str], ...] = (
    {"range": "all"},
    {"range": "custom", "start": "2025-01-20T07:00:00Z", "end": "2025-02-20T12:00:00Z"},
    {"range": "custom", "end": "2025-02-01T00:00:00Z", "bot": "beta"},
    {"range": "all", "strategy": "swing,grid"},
    {"range": "all", "bot": "alpha", "min_pnl": "0.5"},
    {"range": "custom", "start": "2025-02-01T00:00:00Z", "strategy": "swing", "outcome": "loser", "asset_class": "crypto"},
    {"range": "all", "currency": "BTC"},
    {"range": "all", "q": "special", "risk": "unknown"},
    {"range": "all", "symbol": "none"},
    {"range": "custom", "start": "2030-01-01T00:00:00Z"},
)


@pytest.fixture
def backend() -> str:
    return "sqlite"  # all of it is computed from columns, which tests/test_columns.py holds against both databases


def at(days: float) -> str:
    return (START + timedelta(days=days)).isoformat()


@pytest.fixture
def book(desk: Desk, api: Api) -> list[dict[str, Any]]:
    """Two months of two bots, one of which sends snapshots; three strategies, two of them with a balance, and trades without one."""
    pick = random.Random(5)
    begin_with(desk, "beta", 5000)
    for name, balance in (("swing", 1000), ("grid", 2000), ("scalp", None)):
        api.post("/api/strategies", {"name": name, "starting_balance": balance})
    drafts: list[Any] = []
    for number in range(300):
        entry = pick.uniform(0, 55)
        net = round(pick.gauss(0.3, 4), 3) if number % 17 else 0.0
        fields: dict[str, Any] = {
            "trade_id": f"t{number}", "symbol": pick.choice(["BTC/USDT", "ETH/USDT", "EUR/USD"]), "direction": pick.choice(["long", "short"]),
            "strategy": pick.choice(["swing", "swing", "grid", "scalp", None]), "bot": pick.choice(["alpha", "beta"]), "size": 2,
            "entry_price": 100, "entry_time": at(entry), "exit_time": at(entry + pick.uniform(0, 2)), "exit_price": 101, "net_pnl": net,
            "fees": pick.choice([None, 0.1, 0.25]), "slippage": pick.choice([None, 0.05]), "notes": "special" if number % 5 == 0 else None,
            "pnl": None if number % 3 else net + 0.4, "exit_reason": pick.choice(["stop_loss", "roi", "exit_signal", None]),
            "currency": "BTC" if number % 20 == 3 else None,
        }  # fmt: skip  # a table
        drafts.append(TradeIn.model_validate({name: value for name, value in fields.items() if value is not None}))
    drafts.append(TradeIn.model_validate({**TRADE, "entry_time": at(56), "bot": "beta", "strategy": "swing"}))
    value = 10_000.0
    for half_days in range(1, 115):
        deposit = 500.0 if half_days == 60 else None
        value += pick.gauss(3, 40) + (deposit or 0)
        fields = {"timestamp": at(half_days / 2), "total_value": value, "deposit": deposit, "cash_balance": 700, "bot": "alpha"}
        drafts.append(SnapshotIn.model_validate({name: value for name, value in fields.items() if value is not None}))
    for number, side in enumerate(("LONG", "SHORT")):
        drafts.append(PositionIn.model_validate({**POSITION, "position_id": f"p{number}", "side": side, "bot": "alpha", "timestamp": at(1)}))
    pick.shuffle(drafts)
    desk.journal.append(drafts)
    rows: list[dict[str, Any]] = api.get("/api/trades", limit=1000)["data"]["trades"]
    return rows


def ask(desk: Desk, name: str, fields: dict[str, str]) -> dict[str, Any]:
    """Return an answer as it arrives in a browser; raises ValueError for NaN and infinity."""
    answer = getattr(desk.analytics, name)(Selection.lenient(fields))
    found: dict[str, Any] = json.loads(json.dumps(answer, allow_nan=False))
    return found


def query(fields: dict[str, str], *, without: tuple[str, ...] = ()) -> dict[str, str]:
    return {name: value for name, value in fields.items() if name not in {"range", *without}}


OF_EQUITY = ("start", "end", "bot", "strategy", "currency")


def of_equity(fields: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in fields.items() if name in OF_EQUITY}


@pytest.mark.usefixtures("book")
@pytest.mark.parametrize("fields", SELECTIONS, ids=str)
def test_every_figure_is_the_one_that_the_api_gives_for_the_same_question(desk: Desk, api: Api, fields: dict[str, str]) -> None:
    answers = {name: ask(desk, name, fields) for name in QUESTIONS}
    stats = api.get("/api/trades/stats", **query(fields))["data"]
    risk = api.get("/api/risk/metrics", **of_equity(fields))["data"]
    curve = api.get("/api/portfolio/equity", **of_equity(fields), points=5000)["data"]

    kpis = answers["kpis"]
    assert (kpis["trades"], kpis["winning_trades"], kpis["win_rate"]) == (stats["total_trades"], stats["winning_trades"], stats["win_rate"])
    assert kpis["total_pnl"] == stats["total_pnl"] if stats["total_trades"] else True
    assert [kpis[name] for name in ("sharpe_ratio", "max_drawdown")] == [risk["sharpe_ratio"], risk["max_drawdown"]]
    assert kpis["return_pct"] == (None if curve["return_pct"] is None else near(curve["return_pct"]))
    assert all(len(values) <= 40 for values in kpis["sparks"].values())
    if "strategy" not in fields and not kpis["without_balance"]:
        now = api.get("/api/portfolio", **{name: fields[name] for name in ("bot", "currency") if name in fields})["data"]
        assert [kpis[name] for name in ("value", "as_of", "daily_change", "daily_change_pct")] == [
            now[name] for name in ("total_value", "as_of", "daily_change", "daily_change_pct")
        ]
    if kpis["trades"]:
        assert (kpis["sparks"]["pnl"][-1], kpis["sparks"]["win_rate"][-1]) == near((stats["total_pnl"], stats["win_rate"]))

    fall = answers["waterfall"]
    assert [fall[name] for name in ("fees", "slippage", "net", "trades")] == [
        stats[name] for name in ("fees", "slippage", "total_pnl", "total_trades")
    ]
    if fall["final"] is not None:
        steps = (fall["start"] or 0, fall["gross"], -fall["fees"], -fall["slippage"], fall["other"])
        assert math.fsum(steps) == pytest.approx(fall["final"], abs=1e-9)
    narrowed = query(fields, without=OF_EQUITY)
    if not narrowed and curve["equity"] and not curve["without_balance"] and curve["currency"] == fall["currency"]:
        assert (fall["start"], fall["final"]) == (curve["start_value"], curve["end_value"])
    else:
        assert (fall["start"], fall["final"]) == (None, fall["net"] if fall["trades"] else None)

    shown = answers["equity"]
    assert [shown[name] for name in ("start_value", "end_value", "source", "total_points", "without_balance", "currency", "left_out")] == [
        curve[name] for name in ("start_value", "end_value", "source", "total_points", "without_balance", "currency", "left_out")
    ]
    deepest = min((value for value in curve["drawdown"] if value is not None), default=0)
    worst = answers["drawdown"]["worst"]
    assert (worst["drawdown"] if worst else 0) == near(deepest) == near(min(answers["drawdown"]["drawdown"], default=0))
    assert answers["monthly"]["years"] == risk["monthly"]
    assert [answers["histogram"][name] for name in ("var_95", "var_99", "cvar_95", "days")] == [
        risk[name] for name in ("var_95", "var_99", "cvar_95", "days")
    ]
    assert sum(answers["histogram"]["counts"]) == risk["days"]
    returns = [value for value in answers["daily"]["returns"] if value is not None]
    assert metrics.cumulative_return(returns) == (None if risk["cumulative_return"] is None else near(risk["cumulative_return"]))
    assert answers["risk"] == risk | {"filtered_out": answers["risk"]["filtered_out"]}
    correlation = api.get("/api/risk/correlation", **of_equity(fields))["data"]
    assert {name: answers["correlation"][name] for name in correlation} == correlation
    for name in OF_TRADES:
        assert (answers[name]["currency"], answers[name]["left_out"]) == (stats["currency"], stats["left_out"])
        assert answers[name]["filtered_out"] is not bool(stats["total_trades"]), name


@pytest.mark.parametrize("fields", SELECTIONS[:6], ids=str)
def test_what_trades_are_made_of_adds_up_to_the_same(desk: Desk, api: Api, book: list[dict[str, Any]], fields: dict[str, str]) -> None:
    listed = api.get("/api/trades", **query(fields), limit=1000)["data"]["trades"]
    chosen = [trade for trade in listed if trade["status"] == "closed" and trade["currency"] is None]
    assert 0 < len(chosen) < len(book)
    stats = api.get("/api/trades/stats", **query(fields))["data"]
    flow, hours = ask(desk, "flow", fields), ask(desk, "hours", fields)
    assert math.fsum(row["won"] - row["lost"] - row["fees"] for row in flow["rows"]) == pytest.approx(stats["total_pnl"], abs=1e-9)
    assert sum(row["trades"] for row in flow["rows"]) == len(chosen)
    pairs = {(trade["strategy"], trade["symbol"]) for trade in chosen}
    assert {(row["strategy"], row["symbol"]) for row in flow["rows"]} == pairs
    cells: dict[tuple[int, int], list[float]] = defaultdict(list)
    for trade in chosen:
        exit_time = datetime.fromisoformat(trade["exit_time"])
        cells[exit_time.weekday(), exit_time.hour].append(trade["net_pnl"])
    for day, hour in np.ndindex(7, 24):
        own = cells[day, hour]
        assert (hours["trades"][day][hour], hours["net_pnl"][day][hour]) == (len(own), math.fsum(own) if own else None)
    by_strategy = {row["name"]: row for row in stats["by_strategy"]}
    rows = {row["name"]: row for row in ask(desk, "strategies", fields)["strategies"]}
    assert {name: (row["net_pnl"], row["trades"]) for name, row in rows.items()} == {
        name: (row["net_pnl"], row["trades"]) for name, row in by_strategy.items() if name
    }
    boxes = {box["name"]: box for box in ask(desk, "distribution", fields)["strategies"]}
    for name, box in boxes.items():
        values = [trade["pnl_pct"] for trade in chosen if trade["strategy"] == name]
        assert (box["count"], box["mean"]) == near((len(values), math.fsum(values) / len(values)))
        assert [box["q1"], box["median"], box["q3"]] == near(np.quantile(values, [0.25, 0.5, 0.75]).tolist())
        low, high = box["q1"] - 1.5 * (box["q3"] - box["q1"]), box["q3"] + 1.5 * (box["q3"] - box["q1"])
        assert (box["low"], box["high"]) == (min(value for value in values if value >= low), max(value for value in values if value <= high))
        assert {value for value, _ in box["outliers"]} == {value for value in values if not low <= value <= high}
        assert all(api.get(f"/api/trades/{record_id}")["data"]["pnl_pct"] == value for value, record_id in box["outliers"])
    assert boxes.keys() == rows.keys()


@pytest.mark.usefixtures("book")
def test_a_strategy_has_the_figures_of_its_own_page_and_keeps_its_place(desk: Desk, api: Api) -> None:
    known = {row["name"]: row["id"] for row in api.get("/api/strategies", sort="id")["data"]["strategies"]}
    answers = ask(desk, "strategies", {"range": "all"})["strategies"]
    assert [(row["name"], row["place"], row["id"]) for row in answers] == [(name, place, known[name]) for place, name in enumerate(known)]
    for row in answers:
        page = api.get(f"/api/strategies/{row['id']}/performance")["data"]
        figures = ("winning_trades", "losing_trades", "win_rate", "profit_factor", "expectancy", "sqn", "fees")
        assert {name: row[name] for name in figures} == {name: page["trades"][name] for name in figures}
        of_returns = ("volatility", "sharpe_ratio", "max_drawdown")
        assert {name: row[name] for name in of_returns} == {name: page["metrics"][name] for name in of_returns}
        balance = page["starting_balance"]
        assert row["total_return"] == (None if balance is None else near(row["net_pnl"] / balance))
        assert (len(row["sparkline"]), row["sparkline"][-1]) == (min(50, row["trades"]), near(row["net_pnl"]))
    compared = ask(desk, "comparison", {"range": "all", "compare": "grid,nobody,scalp"})["strategies"]
    assert [row["name"] for row in compared] == ["grid", "scalp"]
    assert compared[0]["metrics"] == answers[1]
    assert (compared[0]["curve"]["net_pnl"][-1], compared[1]["curve"]["total_return"]) == (near(answers[1]["net_pnl"]), None)
    most = sorted(answers, key=lambda row: -row["trades"])
    assert [row["name"] for row in ask(desk, "comparison", {"range": "all"})["strategies"]] == [row["name"] for row in most]
    desk.answers.cache = None  # nothing in the program deletes a strategy, so no version tells of it
    with desk.store.write() as connection:
        connection.execute(delete(Strategy).where(Strategy.name == "swing"))
    left = ask(desk, "strategies", {"range": "all"})["strategies"]
    assert [(row["name"], row["place"], row["id"]) for row in left] == [("grid", 0, known["grid"]), ("scalp", 1, known["scalp"]), ("swing", 2, None)]


@pytest.mark.usefixtures("book")
def test_days_and_windows_of_days_begin_before_the_range(desk: Desk) -> None:
    everything = ask(desk, "daily", {"range": "all"})
    fields = {"range": "custom", "start": "2025-02-10T15:00:00Z"}
    later = ask(desk, "daily", fields)
    assert later["days"] == [day for day in everything["days"] if day >= "2025-02-10"]
    assert (later["returns"], later["pnl"]) == (everything["returns"][-len(later["days"]) :], everything["pnl"][-len(later["days"]) :])
    rolling = ask(desk, "rolling", fields)
    assert rolling["days"] == later["days"]
    returns = np.array(everything["returns"])
    assert rolling["sharpe"][-1] == pytest.approx(metrics.sharpe_ratio(returns[-30:], 365), rel=1e-9)
    assert rolling["volatility"][0] == pytest.approx(metrics.volatility(returns[: len(returns) - len(later["days"]) + 1][-30:], 365), rel=1e-9)
    assert ask(desk, "rolling", {"range": "all"})["sharpe"][:29] == [None] * 29
    equity = ask(desk, "equity", fields)
    assert equity["sma"]["timestamps"][0] >= fields["start"]
    whole = ask(desk, "equity", {"range": "all"})
    last_of_day = {moment[:10]: value for moment, value in zip(whole["timestamps"], whole["equity"], strict=True)}
    assert equity["sma"]["values"][-1] == near(math.fsum([*last_of_day.values()][-20:]) / 20)
    of_strategies = ask(desk, "daily", {"range": "all", "strategy": "scalp"})
    assert set(of_strategies["returns"]) == {None}, "without a balance there is no return"
    scalp = next(row for row in ask(desk, "strategies", {"range": "all"})["strategies"] if row["name"] == "scalp")
    assert math.fsum(of_strategies["pnl"]) == near(scalp["net_pnl"])
    assert math.fsum(everything["pnl"]) == pytest.approx(whole["end_value"] - whole["start_value"] - 500 - 5000, abs=60), "deposits are no P&L"


def test_markers_are_entries_and_exits_over_all_of_the_range_with_the_equity_of_their_moment(desk: Desk, book: list[dict[str, Any]]) -> None:
    fields = {"range": "custom", "start": "2025-02-10T00:00:00Z", "symbol": "BTC/USDT,ETH/USDT"}
    equity = ask(desk, "equity", fields)
    expected = []
    for trade in book:
        if trade["currency"] is None and trade["symbol"] != "EUR/USD":
            expected.append((trade["entry_time"], trade["id"], "buy" if trade["direction"] == "long" else "sell", None))
            if trade["exit_time"]:
                expected.append((trade["exit_time"], trade["id"], kind_of_exit(trade["direction"], trade["exit_reason"]), trade["net_pnl"]))
    marked = [(each["timestamp"], each["id"], each["kind"], each["net_pnl"]) for each in equity["markers"]]
    assert marked == sorted(marked)
    assert set(marked) <= set(expected)
    assert len({each["id"] for each in equity["markers"]}) <= equity["marked"] <= 30 <= equity["trades"]
    assert max(expected)[1] in {each["id"] for each in equity["markers"]}, "the last trade is always among them"
    values = dict(zip(equity["timestamps"], equity["equity"], strict=True))
    for marker in equity["markers"]:
        before = max((moment for moment in values if moment <= marker["timestamp"]), default=None)
        assert marker["equity"] == (values[before] if before else None)
    for direction, reason, kind in (
        ("long", None, "sell"), ("short", "exit signal", "buy"), ("long", "trailing_stop_loss", "stop_loss"), ("short", "SL", "stop_loss"),
        ("long", "Take-Profit 2", "take_profit"), ("long", "roi", "take_profit"), ("long", "price target", "take_profit"), ("long", "slow", "sell"),
    ):  # fmt: skip  # a table
        assert kind_of_exit(direction, reason) == kind


def test_open_positions_are_allocated_with_the_cash_of_the_snapshots(desk: Desk, book: list[dict[str, Any]]) -> None:
    assert book
    answer = ask(desk, "allocation", {"range": "30d"})
    assert [(row["position_id"], row["side"], row["value"], row["place"]) for row in answer["positions"]] == [
        ("p0", "LONG", near(5100), None),
        ("p1", "SHORT", near(5100), None),
    ], "of a strategy without a trade nobody knows the place"
    assert answer["total"] == near(2 * 5100 + (answer["cash"] or 0))
    for fields, shown, filtered in (({"bot": "beta"}, 0, True), ({"bot": "alpha"}, 2, False), ({"direction": "short"}, 1, False)):
        found = ask(desk, "allocation", fields)
        assert (len(found["positions"]), found["filtered_out"]) == (shown, filtered), fields
    assert ask(desk, "allocation", {"bot": "alpha"})["cash"] == 700
    assert ask(desk, "allocation", {"bot": "alpha", "direction": "short"})["cash"] is None


def test_an_empty_store_has_no_figure_and_one_filtered_to_nothing_says_so(desk: Desk) -> None:
    for fields in SELECTIONS[:3]:
        answers = {name: ask(desk, name, fields) for name in QUESTIONS}
        assert not any(answer["filtered_out"] for answer in answers.values())
        kpis = answers["kpis"]
        assert [kpis[name] for name in ("value", "as_of", "daily_change", "total_pnl", "win_rate", "sharpe_ratio", "return_pct")] == [None] * 7
        assert (answers["waterfall"]["start"], answers["waterfall"]["final"], answers["drawdown"]["worst"]) == (None, None, None)
        assert (answers["allocation"]["total"], answers["hours"]["net_pnl"][0][0]) == (None, None)
    desk.journal.append([SnapshotIn.model_validate({"total_value": 5, "timestamp": at(0)})])
    of_equity = {"equity", "drawdown", "daily", "monthly", "rolling", "histogram", "risk"}
    for name in QUESTIONS:
        assert ask(desk, name, {"range": "7d"})["filtered_out"] is (name in of_equity), name
    assert ask(desk, "kpis", {"range": "7d"})["value"] == 5
    assert ask(desk, "kpis", {"range": "7d", "bot": "nobody"})["filtered_out"] is True
    assert ask(desk, "kpis", {"range": "all"})["total_pnl"] == 0.0


def test_freqtrade_s_book_gives_the_figures_that_it_declares(desk: Desk) -> None:
    database: Path = real_file("freqtrade/tradesv3.sqlite")
    import_trades(desk.journal, database, bot="freqtrade")
    fields = {"range": "all"}
    fall, kpis = ask(desk, "waterfall", fields), ask(desk, "kpis", fields)
    assert (fall["trades"], fall["net"], fall["final"], fall["currency"]) == (179, near(0.0010419029856968845), fall["net"], "BTC")
    assert (fall["fees"], fall["start"], fall["other"]) == (pytest.approx(0.0008976, abs=5e-9), None, 0.0)
    assert (kpis["value"], kpis["return_pct"], kpis["without_balance"]) == (None, None, ["freqtrade"]), "what trades earned is no account's value"
    assert (kpis["trades"], kpis["total_pnl"]) == (179, fall["net"])
    begin_with(desk, "freqtrade", 0.01)
    assert ask(desk, "kpis", fields)["value"] == near(0.01 + fall["net"])
    assert (ask(desk, "waterfall", fields)["start"], ask(desk, "flow", fields)["capital"]) == (0.01, 0.01)


@pytest.mark.usefixtures("book")
def test_what_is_too_much_for_a_chart_is_counted_and_not_lost(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    fields = {"range": "all"}
    whole = {name: ask(desk, name, fields) for name in ("flow", "strategies", "distribution", "daily", "equity", "rolling")}
    desk.answers.cache = None
    monkeypatch.setattr("data.analytics.breakdown.COMBINATIONS", 1)
    assert ask(desk, "flow", fields) == whole["flow"]
    monkeypatch.setattr("data.analytics.breakdown.FLOWS", 2)
    *largest, rest = ask(desk, "flow", fields)["rows"]
    assert largest == whole["flow"]["rows"][:2]
    assert {name: rest[name] for name in ("strategy", "symbol", "place", "trades")} == {
        "strategy": None, "symbol": None, "place": None, "trades": sum(row["trades"] for row in whole["flow"]["rows"][2:])
    }  # fmt: skip  # a row
    for path, name in (("compared.LISTED", "strategies"), ("breakdown.BOXES", "distribution")):
        monkeypatch.setattr(f"data.analytics.{path}", 1)
        found = ask(desk, name, fields)
        assert ([row["name"] for row in found["strategies"]], found["not_shown"]) == (["swing"], 2)
    monkeypatch.setattr("data.analytics.curves.MOST_DAYS", 5)
    few = ask(desk, "daily", fields)
    assert (few["days"], few["has_more"], whole["daily"]["has_more"]) == (whole["daily"]["days"][-5:], True, False)
    monkeypatch.setattr("data.analytics.curves.POINTS", 24)
    for name, times, total in (("equity", "timestamps", whole["equity"]["total_points"]), ("drawdown", "timestamps", 200), ("rolling", "days", 50)):
        shown = ask(desk, name, fields)
        assert len(shown[times]) <= 24 < total, name
    assert ask(desk, "drawdown", fields)["worst"]["drawdown"] == min(ask(desk, "drawdown", fields)["drawdown"])
    assert len(ask(desk, "equity", fields)["sma"]["values"]) <= 12
