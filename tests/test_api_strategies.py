"""Strategies: what is set of them, what their trades earned, alone and side by side."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pydantic import BaseModel

from app.rest import strategy_shapes as shape
from data import metrics
from data.desk import Desk
from tests.support.api import TRADE, Api, near
from tests.support.nasty import BODIES, bodies_with

STRATEGIES = "/api/strategies"


def closed(day: str, net: float, **changes: Any) -> dict[str, Any]:
    """Return a trade of the strategy "swing" that was closed at noon of a day."""
    ending = {"exit_price": 101, "exit_time": f"{day}T12:00:00Z", "net_pnl": net, "entry_time": "2024-01-01T00:00:00Z"}
    return {"kind": "trade", **TRADE, "strategy": "swing", **ending, **changes}


def book(api: Api, *trades: dict[str, Any]) -> None:
    api.batch(*({**trade, "trade_id": f"t{number}"} for number, trade in enumerate(trades)))


def got(api: Api, path: str, model: type[BaseModel], **query: Any) -> Any:
    content = api.get(f"{STRATEGIES}{path}", **query)["data"]
    model.model_validate_json(json.dumps(content))
    return content


def listed(api: Api, **query: Any) -> list[str]:
    return [row["name"] for row in got(api, "", shape.StrategyPage, **query)["strategies"]]


def make(api: Api, **settings: Any) -> Any:
    made = api.post(STRATEGIES, {"name": "swing", **settings}, 201)["data"]
    shape.Strategy.model_validate(made)
    return made


def test_a_strategy_is_made_changed_and_found_by_the_trades_that_name_it(api: Api) -> None:
    settings = {
        "description": "<b>follows</b>", "parameters": {"fast": 10, "slow": [20, 30]}, "max_position_size": 5, "max_daily_loss": 10,
        "max_drawdown": 0.2, "starting_balance": 1000, "enabled": False,
    }  # fmt: skip  # a table
    made = make(api, **settings)
    assert {name: made[name] for name in settings} == settings
    book(api, closed("2025-01-01", 5))
    assert api.get("/api/trades")["data"]["trades"][0]["strategy_id"] == made["id"]
    changed = api.patch(f"{STRATEGIES}/{made['id']}", {"enabled": True, "max_drawdown": None})["data"]
    assert changed == made | {"enabled": True, "max_drawdown": None, "updated_at": changed["updated_at"]}
    found = got(api, f"/{made['id']}", shape.StrategyRow)
    assert changed == {name: found[name] for name in changed}


def test_a_taken_name_an_unknown_id_and_a_wrong_field_are_refused(api: Api) -> None:
    made = make(api)
    assert api.post(STRATEGIES, {"name": "swing"}, 409)["error"]["fields"] == {"name": "is taken; names are unique"}
    for path in ("/1234567", "/1234567/performance", f"/{2**63}"):
        assert api.get(STRATEGIES + path, 404)["error"]["code"] == "not_found"
    api.patch(f"{STRATEGIES}/1234567", {"enabled": True}, 404)
    for body, field in (({}, "name"), ({"name": "x", "max_drawdown": 1.5}, "max_drawdown"), ({"name": "x", "id": 5}, "id"), ({"name": ""}, "name")):
        assert list(api.post(STRATEGIES, body, 422)["error"]["fields"]) == [field]
    for field, value in (("name", "new"), ("enabled", None), ("starting_balance", 0)):
        assert list(api.patch(f"{STRATEGIES}/{made['id']}", {field: value}, 422)["error"]["fields"]) == [field]


def test_changes_need_the_scope_control(api_as: Callable[..., Api]) -> None:
    for scope in ("read", "ingest"):
        api_as(scope).post(STRATEGIES, {"name": "x"}, 403)
        api_as(scope).patch(f"{STRATEGIES}/1", {"enabled": True}, 403)
    api_as("ingest").get(STRATEGIES, 403)
    made = make(api_as("control", bot="alpha"))
    assert made["bot"] == "alpha"
    assert api_as("control", bot="beta").patch(f"{STRATEGIES}/{made['id']}", {"enabled": False}, 403)["error"]["fields"].keys() == {"bot"}


def test_nasty_bodies_are_refused(api: Api) -> None:
    made = make(api)
    settings = {"description": "d", "parameters": {}, "enabled": True, "max_position_size": 1, "starting_balance": 1}
    for field in ("name", *settings):
        for name, body in bodies_with({"name": "n", **settings}, field):
            if name != "null in a required field" and (field, name) not in {("enabled", "true"), ("parameters", "an object")}:
                assert 400 <= api.send(STRATEGIES, body).status_code < 500, (field, name)
    for name, body in BODIES.items():
        assert 400 <= api.send(STRATEGIES, body).status_code < 500, name
        answer = api.client.patch(f"{STRATEGIES}/{made['id']}", data=body, content_type="application/json", headers=api.headers)
        assert 400 <= answer.status_code < 500, name


def test_the_list_shows_each_one_s_closed_trades(api: Api) -> None:
    book(
        api,
        closed("2025-01-01", 10),
        closed("2025-01-03", -4),
        closed("2025-01-02", 0),
        closed("2025-01-05", 3, strategy="scalp", bot="beta"),
        {**closed("2025-01-09", 1), "exit_time": None, "exit_price": None, "net_pnl": None},
        closed("2025-01-05", 99, strategy=None),
    )
    make(api, name="idle")
    page = got(api, "", shape.StrategyPage)
    assert [row["name"] for row in page["strategies"]] == ["idle", "scalp", "swing"]
    idle, scalp, swing = page["strategies"]
    expected = {
        "total_trades": 3, "winning_trades": 1, "losing_trades": 1, "win_rate": 1 / 3, "net_pnl": 6, "profit_factor": 2.5, "expectancy": 2,
        "open_trades": 1, "last_trade_at": "2025-01-03T12:00:00.000000Z", "sparkline": [10, 10, 6], "currency": "USD", "left_out": [],
    }  # fmt: skip  # a table
    assert {name: swing[name] for name in expected} == expected
    assert (scalp["total_trades"], scalp["profit_factor"], scalp["bot"], scalp["open_trades"]) == (1, None, "beta", 0)
    nothing = {name: idle[name] for name in ("total_trades", "win_rate", "net_pnl", "profit_factor", "expectancy", "last_trade_at", "sparkline")}
    assert [*nothing.values()] == [0, None, 0, None, None, None, []]


def test_the_list_is_filtered_sorted_and_paged(api: Api) -> None:
    assert got(api, "", shape.StrategyPage) == {"strategies": [], "total": 0, "total_is_estimate": False, "has_more": False, "next_cursor": None}
    for name, enabled in (("c", True), ("a", False), ("d", True), ("b", True)):
        make(api, name=name, enabled=enabled)
    book(api, closed("2025-01-01", 1, strategy="e", bot="alpha"))
    assert (listed(api), listed(api, sort="-name"), listed(api, sort="id")) == ([*"abcde"], [*"edcba"], [*"cadbe"])
    assert (listed(api, enabled="false"), listed(api, bot="alpha,beta"), listed(api, enabled="true", limit=2, offset=1)) == (["a"], ["e"], ["c", "d"])
    first = got(api, "", shape.StrategyPage, limit=3, sort="-created_at")
    rest = got(api, "", shape.StrategyPage, limit=3, sort="-created_at", cursor=first["next_cursor"])
    assert ([row["name"] for page in (first, rest) for row in page["strategies"]], first["total"], rest["has_more"]) == ([*"ebdac"], 5, False)
    for name, value in (("sort", "net_pnl"), ("enabled", "perhaps"), ("limit", 1001), ("cursor", "x"), ("q", "a")):
        assert list(api.get(STRATEGIES, 400, **{name: value})["error"]["fields"]) == [name]


def test_money_of_another_currency_is_left_out_by_name(api: Api) -> None:
    book(api, closed("2025-01-01", 1, currency="BTC"), closed("2025-01-02", 2, currency="BTC"), closed("2025-01-03", 50, currency="EUR"))
    [row] = got(api, "", shape.StrategyPage)["strategies"]
    assert (row["net_pnl"], row["currency"], row["left_out"]) == (3, "BTC", [{"currency": "EUR", "rows": 1}])
    [row] = got(api, "", shape.StrategyPage, currency="EUR")["strategies"]
    assert (row["net_pnl"], row["currency"], row["left_out"]) == (50, "EUR", [{"currency": "BTC", "rows": 2}])
    for path in (f"/{row['id']}", f"/{row['id']}/performance"):
        assert "50" in json.dumps(api.get(f"{STRATEGIES}{path}", currency="EUR")["data"])
    assert got(api, "/comparison", shape.StrategyComparison, ids=row["id"], currency="EUR")["strategies"][0]["trades"]["total_pnl"] == 50


WEEKS = (("2025-01-30", 10), ("2025-01-30", -5), ("2025-02-01", 20), ("2025-02-02", -8), ("2025-02-03", 0), ("2025-03-10", 3))


def test_the_performance_is_by_day_week_and_month(api: Api) -> None:
    made = make(api, starting_balance=100)
    book(api, *(closed(day, net, pnl=net + 1, fees=1) for day, net in WEEKS))
    rows = {name: got(api, f"/{made['id']}/performance", shape.StrategyPerformance, period=name)["rows"] for name in ("daily", "weekly", "monthly")}
    starts = {name: [(row["start"], row["net_pnl"], row["total_trades"], row["equity"]) for row in each] for name, each in rows.items()}
    assert starts["daily"] == [
        ("2025-01-30", 5, 2, 105), ("2025-02-01", 20, 1, 125), ("2025-02-02", -8, 1, 117), ("2025-02-03", 0, 1, 117), ("2025-03-10", 3, 1, 120),
    ]  # fmt: skip  # a table
    assert starts["weekly"] == [("2025-01-27", 17, 4, 117), ("2025-02-03", 0, 1, 117), ("2025-03-10", 3, 1, 120)]
    assert starts["monthly"] == [("2025-01-01", 5, 2, 105), ("2025-02-01", 12, 3, 117), ("2025-03-01", 3, 1, 120)]
    january = rows["monthly"][0]
    assert (january["gross_pnl"], january["win_rate"], january["winning_trades"], january["losing_trades"]) == (7, 0.5, 1, 1)
    assert january["total_return"] == near(0.05)


def test_the_metrics_are_those_of_net_pnl_per_exit_day_over_the_starting_balance(api: Api) -> None:
    made = make(api, starting_balance=100)
    book(api, *(closed(day, net) for day, net in WEEKS))
    found = got(api, f"/{made['id']}/performance", shape.StrategyPerformance)
    returns = np.zeros(40)  # from 30 January to 10 March
    returns[[0, 2, 3, -1]] = [0.05, 0.2, -0.08, 0.03]
    assert found["metrics"] == pytest.approx(metrics.performance(returns, 365), rel=1e-9)
    assert (found["days"], found["trading_days"], found["starting_balance"], found["count"]) == (40, 365, 100, 5)
    assert (found["trades"]["total_pnl"], found["trades"]["longest_winning_streak"], found["trades"]["recovery_factor"]) == (20, 2, near(2.5))
    later = got(api, f"/{made['id']}/performance", shape.StrategyPerformance, start="2025-02-02T23:00:00Z", end="2025-02-10T00:00:00Z")
    assert [(row["start"], row["equity"]) for row in later["rows"]] == [("2025-02-02", 117), ("2025-02-03", 117)]
    assert (later["days"], later["trades"]["total_trades"], later["metrics"]["cumulative_return"]) == (2, 2, near(-0.08))
    assert got(api, f"/{made['id']}/performance", shape.StrategyPerformance, days=3)["rows"] == []
    newest = got(api, f"/{made['id']}/performance", shape.StrategyPerformance, limit=2)
    assert ([row["start"] for row in newest["rows"]], newest["has_more"], newest["trades"]["total_trades"]) == (["2025-02-03", "2025-03-10"], True, 6)


def test_without_a_starting_balance_money_has_no_return(api: Api) -> None:
    book(api, closed("2025-01-01", 10), closed("2025-01-02", -4))
    [strategy] = got(api, "", shape.StrategyPage)["strategies"]
    found = got(api, f"/{strategy['id']}/performance", shape.StrategyPerformance)
    assert {value for name, value in found["metrics"].items() if not name.endswith("_days")} == {None}
    assert [(row["net_pnl"], row["equity"], row["total_return"]) for row in found["rows"]] == [(10, None, None), (-4, None, None)]
    assert (found["trades"]["total_pnl"], found["days"], found["starting_balance"]) == (6, 0, None)
    [compared] = got(api, "/comparison", shape.StrategyComparison, ids=strategy["id"])["strategies"]
    assert (compared["curve"]["net_pnl"], compared["curve"]["total_return"]) == ([10, 6], None)


def test_strategies_stand_side_by_side_in_the_order_that_was_asked_for(api: Api) -> None:
    ids = [make(api, name=name, starting_balance=balance)["id"] for name, balance in (("swing", 100), ("scalp", 1000), ("idle", 1))]
    book(api, closed("2025-01-01", 10), closed("2025-01-01", 5), closed("2025-01-02", -4), closed("2025-01-02", 50, strategy="scalp"))
    found = got(api, "/comparison", shape.StrategyComparison, ids=f"{ids[1]},{ids[0]},{ids[2]},{ids[1]}")
    assert [each["name"] for each in found["strategies"]] == ["scalp", "swing", "idle"]
    scalp, swing, idle = found["strategies"]
    assert (swing["curve"]["net_pnl"], swing["curve"]["total_return"]) == ([15, 11], [near(0.15), near(0.11)])
    assert swing["curve"]["timestamps"] == ["2025-01-01T12:00:00.000000Z", "2025-01-02T12:00:00.000000Z"]
    assert (scalp["curve"]["total_return"], scalp["metrics"]["cumulative_return"]) == ([near(0.05)], near(0.05))
    assert (idle["curve"], idle["trades"]["total_trades"]) == ({"timestamps": [], "net_pnl": [], "total_return": []}, 0)
    later = got(api, "/comparison", shape.StrategyComparison, ids=ids[0], start="2025-01-02T00:00:00Z")
    assert later["strategies"][0]["curve"]["net_pnl"] == [-4]
    assert api.get(f"{STRATEGIES}/comparison", 404, ids=f"{ids[0]},77777")["error"]["message"] == "there is no strategy with the id 77777"
    for query in ({}, {"ids": ""}, {"ids": "a"}, {"ids": "1,-1"}, {"ids": ",".join(str(number) for number in range(11))}):
        assert list(api.get(f"{STRATEGIES}/comparison", 400, **query)["error"]["fields"]) == ["ids"]


def test_long_histories_are_thinned_without_losing_a_peak(api: Api, desk: Desk) -> None:
    made = make(api, starting_balance=1)
    nets = np.random.default_rng(5).normal(size=1200).round(6).tolist()
    book(api, *({**closed("2025-01-01", net), "exit_time": f"2025-01-{1 + n // 60:02}T12:{n % 60:02}:00Z"} for n, net in enumerate(nets)))
    earned = np.cumsum(nets)
    [compared] = got(api, "/comparison", shape.StrategyComparison, ids=made["id"])["strategies"]
    shown = compared["curve"]["net_pnl"]
    assert 100 < len(shown) <= 500
    assert (max(shown), min(shown), shown[0], shown[-1]) == tuple(near(float(value)) for value in (earned.max(), earned.min(), earned[0], earned[-1]))
    sparkline = got(api, f"/{made['id']}", shape.StrategyRow)["sparkline"]
    assert (len(sparkline), sparkline[0], sparkline[-1]) == (50, near(float(earned[0])), near(float(earned[-1])))


def test_answers_follow_new_trades_and_new_settings(api: Api) -> None:
    made = make(api, starting_balance=100)
    for number, balance in ((1, 100), (2, 100), (3, 50)):
        api.post("/api/trades", {**TRADE, "strategy": "swing", "trade_id": f"{number}", "exit_time": "2025-01-02T00:00:00Z", "net_pnl": 1})
        if balance != 100:
            api.patch(f"{STRATEGIES}/{made['id']}", {"starting_balance": balance})
        assert got(api, f"/{made['id']}", shape.StrategyRow)["total_trades"] == number
        assert got(api, f"/{made['id']}/performance", shape.StrategyPerformance)["rows"][0]["total_return"] == near(number / balance)


def test_removing_the_demo_removes_its_strategies(api: Api) -> None:
    book(api, closed("2025-01-01", 1, bot="demo-1", strategy="shown"), closed("2025-01-01", 2))
    assert listed(api) == ["shown", "swing"]
    api.post("/demo/remove")
    assert listed(api) == ["swing"]
