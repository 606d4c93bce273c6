"""What the book promises beyond single endpoints: what stays when something goes, and what is never mixed."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest

from data import metrics
from data.records import TradeIn
from data.scope import TradeExportScope
from tests.support.api import CONTROLS, SNAPSHOT, TRADE, Api, near, without

if TYPE_CHECKING:
    from data.desk import Desk

CLOSED = {**TRADE, "exit_price": 110, "exit_time": "2025-01-02T00:00:00Z"}


def test_the_demo_leaves_a_strategy_that_another_bot_trades_as_a_person_set_it(api: Api) -> None:
    api.post("/api/trades", {**CLOSED, "bot": "demo-a", "strategy": "shared"})
    api.post("/api/trades", {**CLOSED, "bot": "demo-a", "trade_id": "t2", "strategy": "its own"})
    strategy = api.post("/api/trades", {**CLOSED, "bot": "mine", "strategy": "shared"})["data"]["strategy_id"]
    api.patch(f"/api/strategies/{strategy}", {"starting_balance": 500})
    api.post("/demo/remove")
    [kept] = api.get("/api/strategies")["data"]["strategies"]
    assert (kept["id"], kept["name"], kept["starting_balance"], kept["bot"]) == (strategy, "shared", 500, "default")
    [trade] = api.get("/api/trades")["data"]["trades"]
    assert (trade["strategy_id"], api.get("/api/trades/stats")["data"]["total_trades"]) == (strategy, 1)
    assert api.post("/api/trades", {**CLOSED, "bot": "mine", "trade_id": "t3", "strategy": "shared"})["data"]["strategy_id"] == strategy


def test_snapshots_in_another_currency_are_another_account(api: Api) -> None:
    def sent(day: int, value: float, currency: str | None) -> tuple[float | None, float]:
        record = {**SNAPSHOT, "total_value": value, "currency": currency, "timestamp": f"2025-01-0{day}T00:00:00Z", "bot": "alpha"}
        data = api.post("/api/portfolio", {name: each for name, each in record.items() if each is not None})["data"]
        return data["daily_change"], data["total_pnl"]

    assert sent(1, 1000, None) == (None, 0)
    assert sent(2, 0.01, "BTC") == (None, 0)
    assert sent(3, 1010, "USD") == (10, 10)
    assert sent(4, 0.02, "BTC") == (near(0.01), near(0.01))


@pytest.mark.parametrize("said", [{"pnl": 5}, {"net_pnl": 5}, {}])
def test_what_an_open_trade_said_of_itself_is_not_its_result(api: Api, said: dict[str, float]) -> None:
    trade = api.post("/api/trades", {**TRADE, "size": 1, **said})["data"]
    closed = api.patch(f"/api/trades/{trade['id']}", {"exit_time": "2025-01-02T00:00:00Z", "exit_price": 90, "fees": 1})["data"]
    assert (closed["status"], closed["pnl"], closed["net_pnl"], closed["pnl_pct"]) == ("closed", -10, -11, -11)


def test_a_token_bound_to_a_bot_changes_nothing_that_belongs_to_all(api: Api, api_as: Callable[..., Api]) -> None:
    bound = api_as("read", "ingest", "control", bot="alpha")
    for path in CONTROLS:
        bound.post(path, status=403)
    rule = api.get("/api/alerts/rules")["data"]["rules"][0]["id"]
    bound.post("/api/alerts/rules", {"name": "r", "condition": "drawdown", "severity": "INFO", "threshold": 5}, 403)
    bound.patch(f"/api/alerts/rules/{rule}", {"enabled": False}, 403)
    bound.delete(f"/api/alerts/rules/{rule}", 403)
    bound.post("/api/portfolio/starting-balance", {"starting_balance": 5, "bot": "beta"}, 403)
    assert bound.post("/api/portfolio/starting-balance", {"starting_balance": 5})["data"]["bot"] == "alpha"


def test_a_bots_starting_balance_makes_returns_of_its_trades_and_is_no_sign_of_life(api: Api, desk: "Desk") -> None:
    api.post("/api/trades", {**CLOSED, "size": 1, "bot": "alpha"})
    seen = desk.live.feeds()[0]["last_seen"]
    assert api.get("/api/portfolio/equity", bot="alpha")["data"]["return_pct"] is None
    said = {"starting_balance": 200, "bot": "alpha", "strategy": None}
    assert api.post("/api/portfolio/starting-balance", without(said, "strategy"))["data"] == said
    curve = api.get("/api/portfolio/equity", bot="alpha")["data"]
    assert (curve["end_value"], curve["return_pct"]) == (210, near(5))
    assert desk.live.feeds()[0]["last_seen"] == seen


def test_a_file_holds_a_trade_that_is_closed_while_it_is_written(desk: "Desk", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data.trades.CHUNK", 5)
    desk.journal.append([TradeIn.model_validate({**TRADE, "trade_id": f"t{number}"}) for number in range(20)])
    rows = desk.trades.every(TradeExportScope())
    first = next(rows)
    desk.journal.append([TradeIn.model_validate({**CLOSED, "trade_id": "t0"})])
    assert {first["trade_id"], *(row["trade_id"] for row in rows)} == {f"t{number}" for number in range(20)}


def test_ratios_of_all_prefixes_are_those_of_each(backend: str) -> None:
    returns = np.random.default_rng(7).normal(0.001, 0.02, 60)
    returns[:3] = 0.0
    found = metrics.expanding(returns, 252)
    for name, values in found.items():
        figure = getattr(metrics, name)
        expected = [figure(returns[:end]) if name == "max_drawdown" else figure(returns[:end], 252) for end in range(1, 61)]
        assert [None if np.isnan(value) else float(value) for value in values] == [None if each is None else near(each) for each in expected], name
