"""Edge cases: nothing, one, the same moment, the largest and the smallest, odd names, and the turns of the calendar."""

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from app.rest.openapi import rows
from data.desk import Desk
from data.edits import BalanceIn, Edit
from tests.groups.records import closed, one_of_everything, snapshot, strict_json
from tests.support.api import ALERT, CANDLE, EVENT, POSITION, SIGNAL, TRADE, Api, near

if TYPE_CHECKING:
    from dash import Dash
    from werkzeug.test import TestResponse

PLACEHOLDER = re.compile(r"<(?:\w+:)?(\w+)>")
FIGURES = ("/api/trades/stats", "/api/portfolio", "/api/portfolio/equity", "/api/risk/metrics", "/api/risk/correlation", "/api/strategies")
EMPTY = ("/api/annotations/<path:chart_id>", "/api/charts/<key>")  # there is always such a list, and such a chart
FOR_PEOPLE = ("/api/preferences", "/api/people/")  # a token has none of it
NAMES = ("BTC/USDT", "ÄÖ/ß", "買う", "a b", "50%", "%2F", "a#b?c&d=e", "..", "../x", "🚀/USD", "-1+1", "<i>", "x" * 200, "e\u0301", "ohlcv", "7")


def answered(app: "Dash", api: Api, ids: dict[str, int]) -> dict[str, "TestResponse"]:
    """Ask every GET endpoint of the API and return its answers by path; what a path names is filled in from `ids`."""
    names = {"symbol": "BTC%2FUSDT", "chart_id": "equity", "key": "equity", "name": "index.html", "ref": f"trade:{ids.get('trade', 1)}"}
    found = {}
    for rule, tag, row in rows(app.server):
        if row.method == "GET" and (row.returns is not None or row.streams is not None):
            number = str(ids.get({"strategies": "strategy"}.get(tag, "trade"), 1))
            path = PLACEHOLDER.sub("%s", rule) % tuple(names.get(name, number) for name in PLACEHOLDER.findall(rule))
            query = {"ids": number} if rule.endswith("comparison") else {}
            found[rule] = response = api.client.get(path, query_string=query, headers=api.headers)
            if response.status_code == 200 and row.returns is not None and response.mimetype == "application/json":
                answer = strict_json(response.get_data())
                content = answer if row.bare else {name: answer[name] for name in answer.keys() - {"success", "timestamp"}}
                row.returns.model_validate_json(json.dumps(content))
    return found


def test_every_question_has_an_answer_on_an_empty_store(app: "Dash", api: Api) -> None:
    found = answered(app, api, {})
    refused = {rule: 403 for rule in found if rule.startswith(FOR_PEOPLE)}
    missing = {rule: 404 for rule in found if "<" in rule and rule not in EMPTY} | {"/api/strategies/comparison": 404}
    assert {rule: response.status_code for rule, response in found.items() if response.status_code != 200} == missing | refused
    assert len(found) > 25
    for rule, response in found.items():
        answer = strict_json(response.get_data()) if response.mimetype == "application/json" else {}
        if isinstance(answer, dict) and not answer.get("success", True):
            assert answer["error"]["code"] == ("forbidden" if rule in refused else "not_found"), rule


def test_every_question_has_an_answer_about_one_record(app: "Dash", api: Api) -> None:
    ids = one_of_everything(api)
    found = answered(app, api, ids)
    assert {rule: response.status_code for rule, response in found.items() if response.status_code != 200} == {
        rule: 403 for rule in found if rule.startswith(FOR_PEOPLE)
    }
    lists = {
        "/api/trades": "trades", "/api/strategies": "strategies", "/api/market": "symbols", "/api/portfolio/history": "snapshots",
        "/api/market/<path:symbol>/ohlcv": "candles", "/api/alerts": "alerts", "/api/alerts/history": "alerts",
        "/api/annotations/<path:chart_id>": "annotations",
    }  # fmt: skip  # a table
    assert {rule: len(found[rule].get_json()["data"][name]) for rule, name in lists.items()} == dict.fromkeys(lists, 1)


def test_of_one_trade_every_figure_is_a_number_or_null_and_never_infinite(api: Api, desk: Desk) -> None:
    desk.journal.append([Edit(action="balance.set", user="tests", body=BalanceIn(starting_balance=100))], bot="default")
    api.batch(closed(1, "02-01T10:00", 5, strategy="swing", fees=1))
    for path in FIGURES:
        strict_json(api.client.get(path, headers=api.headers).get_data())
    found = api.get("/api/trades/stats")["data"]
    assert (found["win_rate"], found["avg_win"], found["best_trade"], found["worst_trade"], found["expectancy"]) == (1, 5, 5, 5, 5)
    assert [found[name] for name in ("profit_factor", "avg_loss", "payoff_ratio", "sqn", "recovery_factor")] == [None] * 5
    risk = api.get("/api/risk/metrics")["data"]
    assert (risk["cumulative_return"], risk["max_drawdown"], risk["days"]) == (near(0.05), 0, 1)
    assert [risk[name] for name in ("sharpe_ratio", "sortino_ratio", "volatility", "annual_return")] == [None] * 4
    assert api.get("/api/risk/correlation")["data"]["matrix"] == [[None]]


def test_closings_of_one_moment_are_one_point_in_any_order_and_lose_nothing_on_the_way(api: Api, desk: Desk) -> None:
    desk.journal.append([Edit(action="balance.set", user="tests", body=BalanceIn(starting_balance=1000))], bot="default")
    nets = [100, -50, -30, -20, 10, 0, -5]
    api.batch(*(closed(number, "02-01T10:00", net, entry_time="2025-02-01T10:00:00Z") for number, net in enumerate(nets)))
    curve = api.get("/api/portfolio/equity")["data"]
    assert curve["timestamps"] == ["2025-02-01T09:59:59.999999Z", "2025-02-01T10:00:00.000000Z"]
    assert curve["equity"] == [1000, 1005], "what it began with, and what all of them came to"
    assert min(curve["drawdown"]) == 0, "what closes together never fell in between"
    listed = [api.get("/api/trades", limit=2, offset=offset)["data"]["trades"] for offset in range(0, 7, 2)]
    assert sorted(trade["trade_id"] for page in listed for trade in page) == [f"t{number}" for number in range(7)]
    assert [trade["duration_seconds"] for page in listed for trade in page] == [0] * 7


def test_zero_and_less_are_refused_by_name_where_they_mean_nothing(api: Api, desk: Desk) -> None:
    before = desk.versions()
    refused: tuple[tuple[str, dict[str, Any], str], ...] = (
        ("/api/trades", {**TRADE, "size": 0}, "size"),
        ("/api/trades", {**TRADE, "size": -0.0}, "size"),
        ("/api/trades", {**TRADE, "entry_price": 0}, "entry_price"),
        ("/api/trades", {**TRADE, "size": 1.0000001e18}, "size"),
        ("/positions/update", {**POSITION, "size": 0}, "size"),
        ("/positions/update", {**POSITION, "current_price": 0}, "current_price"),
        ("/signals/update", {**SIGNAL, "confidence": 1.0000001}, "confidence"),
        ("/api/strategies", {"name": "x", "max_drawdown": 0}, "max_drawdown"),
        ("/api/strategies", {"name": "x", "starting_balance": 0}, "starting_balance"),
        ("/api/portfolio", {"total_value": -1.0000001e18}, "total_value"),
        ("/api/market/X/ohlcv", {"timeframe": "0m", "candles": [{}]}, "timeframe"),
        ("/api/alerts/rules", {"name": "x", "condition": "drawdown", "severity": "INFO", "threshold": -1}, "threshold"),
    )  # fmt: skip  # a table
    for path, body, field in refused:
        assert list(api.post(path, body, 422)["error"]["fields"]) == [field], (path, field)
    assert desk.versions() == before


@pytest.mark.parametrize("size", [1e18, 1e9 + 1e-6, 1e-18, 5e-324])
def test_the_largest_and_the_smallest_amounts_come_through_every_figure(api: Api, size: float) -> None:
    api.batch(
        closed(1, "02-01T10:00", size, strategy="swing"), closed(2, "02-02T10:00", -size, strategy="swing"),
        closed(3, "02-03T10:00", size, strategy="swing"), snapshot("02-01T10:00", size, bot="b"), snapshot("02-02T10:00", size, bot="b"),
        {"kind": "position", **POSITION, "size": size, "unrealized_pnl": size},
    )  # fmt: skip  # a table
    assert [trade["net_pnl"] for trade in api.get("/api/trades", sort="at")["data"]["trades"]] == [size, -size, size]
    for path in FIGURES:
        strict_json(api.client.get(path, headers=api.headers).get_data())
    assert api.get("/api/trades/stats")["data"]["total_pnl"] == size
    assert api.get("/api/portfolio", bot="b")["data"]["total_value"] == size
    assert api.get("/positions")["summary"]["total_unrealized_pnl"] == size


def test_a_name_may_be_any_text_and_is_found_by_it_in_paths_filters_and_searches(api: Api) -> None:
    for number, name in enumerate(NAMES):
        fields = {"symbol": name, "strategy": name, "bot": name}
        api.batch(
            closed(number, "02-01T10:00", number, **fields), {"kind": "signal", **SIGNAL, "symbol": name},
            {"kind": "candle", **CANDLE, "symbol": name, "close": 2 + number / 64},
        )  # fmt: skip  # a table
        api.post("/api/annotations", {"chart_id": name, "date": "2025-02-01T00:00:00Z", "text": name})
    for number, name in enumerate(NAMES):
        path = quote(name, safe="")
        for column in ("symbol", "strategy", "bot"):
            assert [trade["trade_id"] for trade in api.get("/api/trades", **{column: name})["data"]["trades"]] == [f"t{number}"], (column, name)
        assert [signal["symbol"] for signal in api.get("/signals", symbol=name)["signals"]] == [name]
        if name not in {"..", "../x"}:  # which every client takes out of an address before it is sent
            assert api.get(f"/api/market/{path}")["data"]["price"] == 2 + number / 64, name
            assert api.get(f"/api/market/{path}/ohlcv")["data"]["symbol"] == name
            assert [mark["text"] for mark in api.get(f"/api/annotations/{path}")["data"]["annotations"]] == [name]
    assert {row["symbol"] for row in api.get("/api/market")["data"]["symbols"]} == {*NAMES}


def test_days_are_utc_days_however_the_clocks_of_the_bots_change(api: Api) -> None:
    api.post("/api/strategies", {"name": "swing", "starting_balance": 100})
    moments = (
        "2025-03-30T00:59:59.999999+01:00",  # Berlin before it lost its hour: still the 29th
        "2025-03-30T01:59:59+01:00", "2025-03-30T03:00:00+02:00",  # a second later by every clock but the one on the wall
        "2025-03-31T01:59:59+02:00",  # the 30th, though the wall says the 31st
        "2025-10-26T02:30:00+02:00", "2025-10-26T02:30:00+01:00",  # twice half past two
    )  # fmt: skip  # a table
    api.batch(*(closed(number, "01-01T00:00", 1, exit_time=moment, strategy="swing") for number, moment in enumerate(moments)))
    [strategy] = api.get("/api/strategies")["data"]["strategies"]
    daily = api.get(f"/api/strategies/{strategy['id']}/performance")["data"]["rows"]
    assert [(row["start"], row["total_trades"]) for row in daily] == [("2025-03-29", 1), ("2025-03-30", 3), ("2025-10-26", 2)]
    trades = {trade["trade_id"]: trade for trade in api.get("/api/trades")["data"]["trades"]}
    assert trades["t2"]["duration_seconds"] - trades["t1"]["duration_seconds"] == 1
    assert (trades["t4"]["exit_time"], trades["t5"]["exit_time"]) == ("2025-10-26T00:30:00.000000Z", "2025-10-26T01:30:00.000000Z")


def test_leap_days_and_the_turn_of_the_year_fall_into_their_own_days_weeks_months_and_years(api: Api) -> None:
    api.post("/api/strategies", {"name": "swing", "starting_balance": 100})
    moments = (
        "2024-02-29T23:59:59.999999Z", "2024-03-01T00:00:00Z", "2024-12-29T12:00:00Z", "2024-12-31T23:59:59.999999Z", "2025-01-01T00:00:00Z",
        "2025-01-06T00:00:00Z",
    )  # fmt: skip  # a table
    api.batch(
        *(closed(number, "", 1, entry_time="2024-01-01T00:00:00Z", exit_time=moment, strategy="swing") for number, moment in enumerate(moments))
    )
    [strategy] = api.get("/api/strategies")["data"]["strategies"]

    def starts(period: str) -> list[str]:
        rows = api.get(f"/api/strategies/{strategy['id']}/performance", period=period)["data"]["rows"]
        return [row["start"] for row in rows]

    assert starts("daily") == [moment[:10] for moment in moments]
    assert starts("weekly") == ["2024-02-26", "2024-12-23", "2024-12-30", "2025-01-06"], "a week goes on over the year's end"
    assert starts("monthly") == ["2024-02-01", "2024-03-01", "2024-12-01", "2025-01-01"]
    [leap, year] = api.get("/api/risk/metrics", strategy="swing")["data"]["monthly"]
    assert (leap["year"], year["year"]) == (2024, 2025)
    assert [place + 1 for place, month in enumerate(leap["months"]) if month] == [2, 3, 12]
    assert (year["months"][0], year["total"]) == (near(1.01 * 1.01 - 1), near(1.01 * 1.01 - 1))


def test_currencies_are_never_summed_and_one_that_nobody_used_sums_to_nothing(api: Api) -> None:
    api.batch(
        closed(1, "02-01T10:00", 1e-8, currency="BTC", bot="a"), closed(2, "02-01T10:00", 1e6, currency="JPY", bot="b"),
        snapshot("02-01T10:00", 100, currency="EUR", bot="c"), closed(3, "02-01T10:00", 5, bot="d"),
    )  # fmt: skip  # a table
    for currency, value in (("BTC", 1e-8), ("JPY", 1e6), ("EUR", 100), ("USD", 5)):
        now = api.get("/api/portfolio", currency=currency)["data"]
        assert (now["total_value"], len(now["bots"])) == (value, 1)
        assert {row["currency"] for row in now["left_out"]} == {"BTC", "JPY", "EUR", "USD"} - {currency}
    nothing = api.get("/api/portfolio", currency="XAU")["data"]
    assert (nothing["total_value"], len(nothing["left_out"])) == (None, 4)
    assert api.get("/api/trades/stats", currency="EUR")["data"]["total_trades"] == 0


def test_a_bot_that_begins_to_send_snapshots_is_worth_what_they_say_from_then_on(api: Api) -> None:
    api.batch(closed(1, "02-01T10:00", 10, bot="a"), closed(2, "02-02T10:00", 20, bot="a"), closed(3, "02-02T10:00", 7, bot="b"))
    assert [(bot["bot"], bot["source"], bot["total_value"]) for bot in api.get("/api/portfolio")["data"]["bots"]] == [
        ("a", "trades", 30),
        ("b", "trades", 7),
    ]
    api.batch(snapshot("02-03T10:00", 500, bot="a"), closed(4, "02-04T10:00", 1, bot="a"))
    now = api.get("/api/portfolio")["data"]
    assert [(bot["bot"], bot["source"], bot["total_value"]) for bot in now["bots"]] == [("a", "snapshots", 500), ("b", "trades", 7)]
    assert (now["total_value"], api.get("/api/portfolio/equity")["data"]["source"]) == (507, "both")
    assert api.get("/api/trades/stats", bot="a")["data"]["total_pnl"] == 31, "its trades are trades all the same"


def test_records_of_the_first_and_the_last_moment_are_kept_to_the_microsecond(api: Api) -> None:
    first, last = "0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z"
    api.batch(
        {"kind": "trade", **TRADE, "entry_time": first}, {"kind": "snapshot", "total_value": 1, "timestamp": first},
        {"kind": "candle", **CANDLE, "timestamp": first}, {"kind": "event", **EVENT, "timestamp": first},
        {"kind": "alert", **ALERT, "timestamp": first},
    )  # fmt: skip  # a table
    assert api.get("/api/trades", start=first, end=last)["data"]["trades"][0]["entry_time"] == first
    assert api.get("/api/portfolio/history", start=first, end=last)["data"]["snapshots"][0]["timestamp"] == first
    assert api.get("/api/market/BTC%2FUSDT/ohlcv", start=first, end=last)["data"]["candles"][0]["timestamp"] == first
    assert api.get("/activity", since=first, until=last)["events"][0]["timestamp"] == first
    assert api.get("/api/alerts/history", start=first, end=last)["data"]["alerts"][0]["timestamp"] == first
    for path, body in (("/api/trades", {**TRADE, "entry_time": last}), ("/api/portfolio", {"total_value": 1, "timestamp": last})):
        assert "24 hours" in str(api.post(path, body, 422)["error"]["fields"])
    api.post("/api/annotations", {"chart_id": "c", "date": first, "text": "the beginning"}, 201)
