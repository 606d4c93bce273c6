"""Data processing: what becomes of records on their way to tables and figures."""

import random
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import func, select

from data.desk import Desk
from data.edits import BalanceIn, Edit
from data.schema import Alert, Annotation, Base, MarketData, Portfolio, RiskMetrics, Strategy, StrategyPerformance, Trade
from data.settings import Settings
from tests.groups.records import closed, one_of_everything, snapshot
from tests.support.api import CANDLE, CLOSE, POSITION, TRADE, Api

FIGURES = (
    "/api/trades/stats", "/api/portfolio", "/api/portfolio/history", "/api/portfolio/equity", "/api/risk/metrics", "/api/risk/correlation",
    "/api/strategies", "/api/market",
)  # fmt: skip  # a table


def figures(api: Api) -> dict[str, Any]:
    return {path: api.get(path)["data"] for path in FIGURES}


def timeless(answers: dict[str, Any]) -> str:
    """Return answers as text without what differs between two stores that were told the same: ids and stamps."""

    def bare(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: bare(item) for name, item in sorted(value.items()) if name not in {"id", "created_at", "updated_at"}}
        return [bare(item) for item in value] if isinstance(value, list) else value

    return repr(bare(answers))


def a_month() -> list[dict[str, Any]]:
    """Return the records of two bots and three strategies over a month, in order of time."""
    rng = random.Random(7)
    records: list[dict[str, Any]] = []
    for number in range(120):
        at = f"02-{1 + number // 5:02}T{rng.randrange(24):02}:{rng.randrange(60):02}"
        strategy, bot = rng.choice([("swing", "a"), ("scalp", "b"), ("grid", "b")])
        fields = {"strategy": strategy, "bot": bot, "symbol": rng.choice(["BTC/USDT", "ETH/USDT"])}
        records.append(closed(number, at, rng.randrange(-4000, 5000) / 64, fees=rng.randrange(64) / 64, **fields))
    records += [snapshot(f"02-{day:02}T23:00", 1000 + rng.randrange(-300, 300), bot="a", deposit=50 if day == 9 else 0) for day in range(1, 25)]
    records += [{"kind": "candle", **CANDLE, "timestamp": f"2025-02-01T{hour:02}:00:00Z", "close": 2 + hour / 32} for hour in range(24)]
    return records


def rows_of(desk: Desk, model: type[Base]) -> int:
    with desk.store.read() as connection:
        return connection.scalar(select(func.count()).select_from(model.__table__)) or 0


@pytest.fixture
def other(tmp_path: Any) -> Iterator[Desk]:
    """A desk on a store of its own."""
    desk = Desk.open(Settings.load(database_url=f"sqlite:///{tmp_path / 'other.sqlite'}", botv2_data_dir=tmp_path))
    yield desk
    desk.close()


def test_every_kind_of_record_has_its_table_and_the_job_fills_the_tables_of_figures(api: Api, desk: Desk) -> None:
    one_of_everything(api)
    api.batch(snapshot("02-02T10:00", 1100))
    desk.figures.keep_current()
    counted = {
        model.__name__: rows_of(desk, model)
        for model in (Portfolio, Trade, Strategy, StrategyPerformance, RiskMetrics, MarketData, Annotation, Alert)
    }
    assert counted == {
        "Portfolio": 2, "Trade": 1, "Strategy": 1, "StrategyPerformance": 3, "RiskMetrics": 1, "MarketData": 1, "Annotation": 1, "Alert": 1,
    }  # fmt: skip  # a table


def test_the_figures_do_not_depend_on_the_order_in_which_records_arrive(api: Api, other: Desk) -> None:
    from app.server import create_app

    records = a_month()
    api.batch(*records)
    shuffled = random.Random(8).sample(records, len(records))
    client = create_app(other.settings, other).server.test_client()
    late = Api(client, {"Authorization": f"Bearer {other.accounts.create_token('tests', frozenset({'read', 'ingest'}))}"})
    for start in range(0, len(shuffled), 40):
        late.batch(*shuffled[start : start + 40])
        late.get("/api/trades/stats")  # columns that are kept up and not read at once
    assert timeless(figures(late)) == timeless(figures(api))


def test_figures_over_all_trades_are_those_of_pandas_on_the_same_rows(api: Api) -> None:
    api.batch(*a_month())
    trades = pd.DataFrame(api.get("/api/trades", limit=1000)["data"]["trades"])
    found = api.get("/api/trades/stats")["data"]
    net = trades["net_pnl"]
    expected = {
        "total_trades": len(trades), "winning_trades": (net > 0).sum(), "losing_trades": (net < 0).sum(), "win_rate": (net > 0).mean(),
        "avg_win": net[net > 0].mean(), "avg_loss": net[net < 0].mean(), "profit_factor": net[net > 0].sum() / -net[net < 0].sum(),
        "expectancy": net.mean(), "total_pnl": net.sum(), "fees": trades["fees"].sum(), "best_trade": net.max(), "worst_trade": net.min(),
        "sqn": net.mean() / net.std() * len(net) ** 0.5, "avg_duration_seconds": trades["duration_seconds"].mean(),
    }  # fmt: skip  # a table
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=1e-12)
    for name in ("strategy", "symbol"):
        sums = net.groupby(trades[name]).sum().to_dict()
        assert {row["name"]: row["net_pnl"] for row in found[f"by_{name}"]} == pytest.approx(sums, rel=1e-12)
    by_exit = trades.assign(net=net).sort_values(["exit_time", "id"]).query("bot == 'b'").groupby("exit_time")["net"].sum().cumsum()
    curve = api.get("/api/portfolio/equity", bot="b")["data"]
    assert curve["timestamps"][-len(by_exit) :] == [*by_exit.index]
    assert curve["equity"][-len(by_exit) :] == pytest.approx([*by_exit], rel=1e-12)


def test_a_trade_that_is_sent_again_otherwise_counts_once_and_as_it_is_now(api: Api) -> None:
    api.batch(closed(1, "02-01T10:00", 5, strategy="swing"), closed(2, "02-02T10:00", -3, strategy="swing"))
    before = figures(api)
    api.batch(closed(1, "02-01T10:00", 5, strategy="swing"))
    assert figures(api) == before, "the same content changes nothing"
    api.batch(closed(1, "02-03T10:00", 8, strategy="grid"))
    found = api.get("/api/trades/stats")["data"]
    assert (found["total_trades"], found["total_pnl"]) == (2, 5)
    assert api.get("/api/portfolio/equity")["data"]["equity"][-2:] == [-3, 5]
    assert [(row["name"], row["net_pnl"]) for row in api.get("/api/strategies")["data"]["strategies"]] == [("grid", 8), ("swing", -3)]


def test_an_open_trade_counts_from_the_moment_that_somebody_closes_it(api: Api) -> None:
    made = api.post("/api/trades", {**TRADE, "strategy": "swing", "fees": 1}, 201)["data"]
    assert (made["status"], api.get("/api/trades/stats")["data"]["open_trades"]) == ("open", 1)
    assert api.get("/api/portfolio/equity")["data"]["equity"] == []
    done = api.patch(f"/api/trades/{made['id']}", {"exit_price": 110, "exit_time": "2025-01-02T00:00:00Z", "exit_reason": "by hand"})["data"]
    assert (done["status"], done["pnl"], done["net_pnl"], done["pnl_pct"], done["duration_seconds"]) == ("closed", 20, 19, 9.5, 86_400)
    found = api.get("/api/trades/stats")["data"]
    assert (found["open_trades"], found["total_trades"], found["total_pnl"], found["fees"]) == (0, 1, 19, 1)
    [strategy] = api.get("/api/strategies")["data"]["strategies"]
    assert (strategy["net_pnl"], strategy["open_trades"], strategy["last_trade_at"]) == (19, 0, "2025-01-02T00:00:00.000000Z")


def test_another_process_that_opens_the_same_store_tells_the_same(api: Api, desk: Desk) -> None:
    from app.server import create_app

    api.batch(*a_month())
    api.post("/positions/update", POSITION)
    desk.journal.append([Edit(action="balance.set", user="tests", body=BalanceIn(starting_balance=500))], bot="b")
    told = figures(api)
    second = Desk.open(desk.settings)
    try:
        assert figures(Api(create_app(desk.settings, second).server.test_client(), api.headers)) == told
    finally:
        second.close()


def test_a_position_counts_as_a_position_until_it_is_closed_and_then_as_a_trade(api: Api) -> None:
    for price in (51_000, 52_000):
        api.post("/positions/update", {**POSITION, "current_price": price, "bot": "alpha"})
    assert [position["current_price"] for position in api.get("/api/portfolio")["data"]["positions"]] == [52_000]
    assert api.get("/api/trades")["data"]["total"] == 0
    api.post("/positions/close", {**CLOSE, "bot": "alpha", "final_pnl": 150, "exit_price": 51_500})
    now = api.get("/api/portfolio")["data"]
    assert (now["positions"], [(bot["bot"], bot["total_pnl"]) for bot in now["bots"]]) == ([], [("alpha", 150)])
    [strategy] = api.get("/api/strategies")["data"]["strategies"]
    assert (strategy["name"], strategy["net_pnl"], strategy["winning_trades"]) == (POSITION["strategy"], 150, 1)
