"""The history of figures: a row per strategy and period and one per bot and day, as the stored records say."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import delete, select

from data import metrics
from data.desk import Desk
from data.records import TradeIn
from data.schema import Base, Counter, RiskMetrics, Strategy, StrategyPerformance
from data.settings import Settings
from tests.support.api import TRADE, Api
from tests.support.waiting import until


@pytest.fixture
def desk(settings: Settings) -> Iterator[Desk]:
    """A desk without threads, so that the job runs when a test says so."""
    desk = Desk.open(settings)
    yield desk
    desk.close()


def close(api: Api, number: int, day: str, net: float, **changes: Any) -> None:
    named = {"trade_id": f"t{number}", "strategy": "swing", "exit_price": 1, "exit_time": f"{day}T12:00:00Z", "net_pnl": net}
    api.batch({"kind": "trade", **TRADE, **named, "bot": "alpha", **changes})


def rows(desk: Desk, model: type[Base], **where: Any) -> list[dict[str, Any]]:
    table = model.__table__
    order = [table.c[name] for name in ("start", "date") if name in table.c]
    with desk.store.read() as connection:
        query = select(table).where(*(table.c[name] == value for name, value in where.items())).order_by(*order)
        return [dict(row) for row in connection.execute(query).mappings()]


def test_each_day_week_and_month_with_an_exit_has_a_row_of_its_own_figures(desk: Desk, api: Api) -> None:
    api.post("/api/strategies", {"name": "swing", "starting_balance": 1000})
    for number, (day, net) in enumerate([("2025-01-03", 10), ("2025-01-03", -4), ("2025-01-06", -10), ("2025-02-03", 30)]):
        close(api, number, day, net, fees=1)
    assert desk.figures.keep_current() > 0
    daily, weekly, monthly = (rows(desk, StrategyPerformance, period=period) for period in ("daily", "weekly", "monthly"))
    assert [row["start"] for row in daily] == [date(2025, 1, 3), date(2025, 1, 6), date(2025, 2, 3)]
    assert [row["start"] for row in weekly] == [date(2024, 12, 30), date(2025, 1, 6), date(2025, 2, 3)]
    assert [
        (row["start"], row["total_trades"], row["winning_trades"], row["losing_trades"], row["net_pnl"], row["gross_pnl"]) for row in monthly
    ] == [
        (date(2025, 1, 1), 3, 1, 2, -4.0, -1.0),
        (date(2025, 2, 1), 1, 1, 0, 30.0, 31.0),
    ]
    assert [row["equity"] for row in monthly] == [996.0, 1026.0]
    assert monthly[1]["total_return"] == pytest.approx(30 / 1000)
    returns = [0.006, 0, 0, -0.010] + [0] * 27 + [0.030]
    last = monthly[1]
    for name in ("sharpe_ratio", "sortino_ratio", "volatility"):
        assert last[name] == pytest.approx(getattr(metrics, name)(returns, 365), rel=1e-9)
    assert last["max_drawdown"] == pytest.approx(metrics.max_drawdown(returns), rel=1e-9)


def test_without_a_balance_there_are_counts_and_money_but_no_ratios(desk: Desk, api: Api) -> None:
    close(api, 1, "2025-01-03", 10)
    desk.figures.keep_current()
    [row] = rows(desk, StrategyPerformance, period="daily")
    assert (row["net_pnl"], row["win_rate"]) == (10.0, 1.0)
    assert [row[name] for name in ("equity", "total_return", "sharpe_ratio", "max_drawdown", "volatility")] == [None] * 5


def test_nothing_new_writes_nothing_and_a_late_record_changes_the_days_it_concerns(desk: Desk, api: Api) -> None:
    close(api, 1, "2025-01-03", 10)
    close(api, 2, "2025-01-05", 10)
    assert desk.figures.keep_current() > 0
    assert desk.figures.keep_current() == 0
    stamp = rows(desk, StrategyPerformance, period="daily")[0]["updated_at"]
    close(api, 3, "2025-01-05", -1)
    assert desk.figures.keep_current() > 0
    first, second = rows(desk, StrategyPerformance, period="daily")
    assert (first["updated_at"], second["net_pnl"]) == (stamp, 9.0)
    close(api, 2, "2025-03-01", 10)  # its exit has moved
    close(api, 3, "2025-03-01", -1)
    desk.figures.keep_current()
    assert [row["start"] for row in rows(desk, StrategyPerformance, period="daily")] == [date(2025, 1, 3), date(2025, 3, 1)]


def test_a_bots_risk_is_kept_for_every_day_as_the_endpoint_tells_it_now(desk: Desk, api: Api) -> None:
    for day, value in enumerate([1000, 1010, 990, 1005], 1):
        api.post("/api/portfolio", {"total_value": value, "timestamp": f"2025-01-{day:02}T00:00:00Z", "bot": "alpha"})
    desk.figures.keep_current()
    found = rows(desk, RiskMetrics, bot="alpha")
    assert [row["date"] for row in found] == [date(2025, 1, day) for day in (2, 3, 4)]
    now = api.get("/api/risk/metrics", bot="alpha")["data"]
    same = ("sharpe_ratio", "sortino_ratio", "max_drawdown", "current_drawdown", "volatility", "var_95", "cvar_95")
    assert [found[-1][name] for name in same] == pytest.approx([now[name] for name in same])
    assert found[0]["sharpe_ratio"] is None


def test_a_strategys_rows_go_with_it_and_its_trades_stay_with_its_name(desk: Desk, api: Api) -> None:
    close(api, 1, "2025-01-03", 10)
    desk.figures.keep_current()
    with desk.store.write() as connection:
        connection.execute(delete(Strategy).where(Strategy.name == "swing"))
    assert rows(desk, StrategyPerformance) == []
    [trade] = api.get("/api/trades")["data"]["trades"]
    assert (trade["strategy"], trade["strategy_id"]) == ("swing", None)


def test_the_desk_runs_the_job_by_itself(desk: Desk) -> None:
    closed = {"exit_price": 101, "exit_time": "2025-01-02T00:00:00Z", "strategy": "swing"}
    desk.journal.append([TradeIn.model_validate({**TRADE, **closed})])
    desk.start()
    until(lambda: len(rows(desk, StrategyPerformance)) == 3)
    desk.close()
    with desk.store.read() as connection:
        assert connection.scalar(select(Counter.value).where(Counter.name == "figures_id")) == 1
