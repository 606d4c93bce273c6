"""The portfolio: what accounts are worth now, at each snapshot, and as a curve."""

import json
from typing import TYPE_CHECKING, Any

import pytest

from app.rest.portfolio_shapes import CurrentPortfolio, EquityCurve, SnapshotPage, SnapshotRow
from data.edits import BalanceIn, Edit
from tests.support.api import POSITION, TRADE, Api, ago, near, without
from tests.support.paths import real_file

if TYPE_CHECKING:
    from data.desk import Desk

CHANGES = ("daily_change", "daily_change_pct", "total_pnl", "total_pnl_pct")


def snapshot(at: str, value: float, **fields: Any) -> dict[str, Any]:
    return {"kind": "snapshot", "timestamp": f"2025-{at}:00Z", "total_value": value, **fields}


def closed(number: int, entry: str, leave: str, net: float, **fields: Any) -> dict[str, Any]:
    times = {"entry_time": f"2025-{entry}:00Z", "exit_time": f"2025-{leave}:00Z"}
    return {"kind": "trade", **TRADE, "trade_id": f"t{number}", **times, "exit_price": 1, "net_pnl": net, **fields}


def current(api: Api, **query: Any) -> dict[str, Any]:
    data: dict[str, Any] = api.get("/api/portfolio", **query)["data"]
    CurrentPortfolio.model_validate_json(json.dumps(data))
    return data


def equity(api: Api, **query: Any) -> dict[str, Any]:
    data: dict[str, Any] = api.get("/api/portfolio/equity", **query)["data"]
    EquityCurve.model_validate_json(json.dumps(data))
    return data


def history(api: Api, **query: Any) -> dict[str, Any]:
    data: dict[str, Any] = api.get("/api/portfolio/history", **query)["data"]
    SnapshotPage.model_validate_json(json.dumps(data))
    assert data["count"] == len(data["snapshots"])
    return data


def begin_with(desk: "Desk", bot: str, balance: float) -> None:
    desk.journal.append([Edit(action="balance.set", user="tests", body=BalanceIn(starting_balance=balance))], bot=bot)


def test_an_empty_store_has_no_value_and_no_curve_and_no_error(api: Api) -> None:
    now = current(api)
    assert (now["bots"], now["positions"], now["left_out"], now["currency"]) == ([], [], [], "USD")
    assert all(now[name] is None for name in ("total_value", "as_of", "cash_balance", *CHANGES))
    curve = equity(api)
    assert (curve["timestamps"], curve["equity"], curve["drawdown"], curve["total_points"], curve["thinned"]) == ([], [], [], 0, False)
    assert (curve["start_value"], curve["end_value"], curve["return_pct"]) == (None, None, None)
    assert without(history(api), "snapshots") == {"count": 0, "total": 0, "total_is_estimate": False, "has_more": False, "next_cursor": None}


def test_a_posted_snapshot_is_answered_as_it_is_read_and_a_repetition_gets_the_same(api: Api) -> None:
    api.batch(snapshot("02-01T10:00", 1000), snapshot("02-02T10:00", 1100, deposit=50))
    sent = {"timestamp": "2025-02-03T09:00:00Z", "total_value": 1250, "deposit": 100, "cash_balance": 7, "positions": [{"a": 1}], "currency": "USD"}
    answers = [api.post("/api/portfolio", sent, 201, Idempotency_Key="k")["data"] for _ in range(2)]
    SnapshotRow.model_validate_json(json.dumps(answers[0]))
    assert answers[0] == answers[1] == api.post("/api/portfolio", sent, 201)["data"] == history(api)["snapshots"][0]
    assert (answers[0]["bot"], answers[0]["timestamp"], answers[0]["margin_used"]) == ("default", "2025-02-03T09:00:00.000000Z", None)
    assert [answers[0][name] for name in CHANGES] == near([50, 50 / 1200 * 100, 100, 100 / 1150 * 100])
    assert history(api)["total"] == 3
    assert api.post("/api/portfolio", {**sent, "total_value": 1300}, 201)["data"]["id"] == answers[0]["id"]
    assert api.post("/api/portfolio", {"total_value": "x"}, 422)["error"]["fields"].keys() == {"total_value"}


def test_each_snapshot_compares_with_the_last_earlier_day_and_with_the_first(api: Api) -> None:
    api.batch(
        snapshot("02-01T10:00", 100, deposit=100), snapshot("02-01T20:00", 110), snapshot("02-04T01:00", 121),
        snapshot("02-04T02:00", 221, deposit=100), snapshot("02-02T05:00", 5000, bot="beta"),
        snapshot("02-05T05:00", 0, deposit=-300), snapshot("02-06T05:00", 5),
    )  # fmt: skip  # a table
    rows = [[row[name] for name in CHANGES] for row in history(api, bot="default")["snapshots"][::-1]]
    assert rows == [
        [None, None, 0, 0],
        [None, None, 10, near(10)],
        [11, near(10), 21, near(21)],
        [11, near(11 / 210 * 100), 21, near(10.5)],
        [79, None, 100, None],
        [5, None, 105, None],
    ]
    assert [row["total_pnl"] for row in history(api, bot="beta")["snapshots"]] == [0]


def test_the_history_is_paged_and_filtered(api: Api) -> None:
    api.batch(*(snapshot(f"02-0{day}T10:00", day, bot=bot) for day in range(1, 6) for bot in ("alpha", "beta")))
    assert [row["total_value"] for row in history(api, bot="alpha,gamma")["snapshots"]] == [5, 4, 3, 2, 1]
    inside = history(api, start="2025-02-02T10:00:00Z", end="2025-02-04T10:00:00Z", bot="beta")
    assert ([row["total_value"] for row in inside["snapshots"]], inside["total"]) == ([4, 3, 2], 3)
    assert history(api, days=1)["total"] == 0
    seen: list[int] = []
    page: dict[str, Any] = {"next_cursor": None, "has_more": True}
    while page["has_more"]:
        page = history(api, limit=3, **({"cursor": page["next_cursor"]} if page["next_cursor"] else {}))
        seen += [row["id"] for row in page["snapshots"]]
        assert (page["total"], page["total_is_estimate"]) == (10, False)
    assert seen == [row["id"] for row in history(api)["snapshots"]]
    assert len(set(seen)) == 10
    assert [row["id"] for row in history(api, limit=3, offset=4)["snapshots"]] == seen[4:7]
    for wrong in ({"limit": 1001}, {"cursor": "x"}, {"start": "2025"}, {"points": 5}):
        assert api.get("/api/portfolio/history", 400, **wrong)["error"]["fields"].keys() == wrong.keys()


def test_the_portfolio_is_the_sum_of_the_latest_snapshots_and_of_what_others_have_traded(api: Api, desk: "Desk") -> None:
    api.batch(
        snapshot("02-01T10:00", 1000, bot="alpha", cash_balance=10), snapshot("02-02T10:00", 1100, bot="alpha", cash_balance=20, margin_used=1),
        snapshot("02-01T12:00", 500, bot="beta", cash_balance=5), snapshot("02-02T08:00", 600, bot="beta", cash_balance=6, deposit=50),
    )  # fmt: skip  # a table
    api.post("/positions/update", {**POSITION, "bot": "beta"})
    now = current(api)
    figures = {"total_value": 1700, "cash_balance": 26, "margin_used": None, "as_of": "2025-02-02T10:00:00.000000Z", "daily_change": 150}
    assert {name: now[name] for name in figures} == figures
    assert (now["total_pnl"], now["total_pnl_pct"]) == (150, near(150 / 1550 * 100))
    assert [(bot["bot"], bot["source"], bot["total_value"], bot["daily_change"]) for bot in now["bots"]] == [
        ("alpha", "snapshots", 1100, 100),
        ("beta", "snapshots", 600, 50),
    ]
    assert [position["position_id"] for position in now["positions"]] == ["pos_123456"]
    alone = current(api, bot="alpha")
    assert (alone["total_value"], alone["margin_used"], alone["positions"]) == (1100, 1, [])
    begin_with(desk, "gamma", 200)
    api.batch(closed(1, "02-01T01:00", "02-01T02:00", 10, bot="gamma"), closed(2, "02-02T01:00", "02-02T09:00", 30, bot="gamma"))
    now = current(api)
    assert (now["total_value"], now["total_pnl"], now["daily_change"], now["cash_balance"]) == (1940, 190, 180, None)
    gamma = now["bots"][2]
    assert [gamma[name] for name in ("bot", "source", "total_value", *CHANGES)] == ["gamma", "trades", 240, 30, near(30 / 2.1), 40, near(20)]


def test_money_of_other_currencies_is_left_out_and_named(api: Api) -> None:
    api.batch(
        snapshot("02-01T10:00", 1000, bot="alpha", currency="EUR"), snapshot("02-01T10:00", 7, bot="beta"), snapshot("02-02T10:00", 8, bot="beta"),
        closed(1, "02-01T01:00", "02-01T02:00", 0.5, bot="gamma", currency="BTC"), closed(2, "02-01T01:00", "02-01T02:00", 3, bot="beta"),
    )  # fmt: skip  # a table
    usd, eur, btc = (current(api, **query) for query in ({}, {"currency": "EUR"}, {"currency": "BTC"}))
    assert (usd["currency"], usd["total_value"], usd["left_out"]) == ("USD", 8, [{"currency": "BTC", "rows": 1}, {"currency": "EUR", "rows": 1}])
    assert (eur["total_value"], btc["total_value"], btc["total_pnl_pct"]) == (1000, 0.5, None)
    assert eur["left_out"] == [{"currency": "BTC", "rows": 1}, {"currency": "USD", "rows": 3}]
    assert current(api, bot="gamma")["currency"] == equity(api, bot="gamma")["currency"] == "BTC"
    assert equity(api, currency="EUR")["equity"] == [1000]


def test_the_equity_curve_comes_from_snapshots_else_from_trades(api: Api, desk: "Desk") -> None:
    api.batch(
        closed(1, "02-01T01:00", "02-01T05:00", 10, bot="gamma"), closed(2, "02-01T03:00", "02-01T05:00", -30, bot="gamma", strategy="swing"),
        closed(3, "02-02T01:00", "02-02T01:00", 44, bot="gamma"), closed(4, "02-02T01:00", "02-02T02:00", 1, bot="alpha", strategy="swing"),
        snapshot("02-01T10:00", 1000, bot="alpha"), snapshot("02-03T10:00", 900, bot="alpha", deposit=-200),
    )  # fmt: skip  # a table
    traded = equity(api, bot="gamma")
    assert (traded["equity"], traded["return_pct"], traded["drawdown"], traded["without_balance"]) == ([0, -20, 24], None, [None] * 3, ["gamma"])
    begin_with(desk, "gamma", 100)
    traded = equity(api, bot="gamma")
    assert traded["timestamps"] == [f"2025-02-0{at}:00:00.000000Z" for at in ("1T01", "1T05", "2T01")]
    assert traded["equity"] == [traded["start_value"], 80, traded["end_value"]] == [100, 80, 124]
    assert (traded["return_pct"], traded["drawdown"], traded["source"]) == (near(24), [0, near(-0.2), 0], "trades")
    told = equity(api, bot="alpha")
    assert (told["equity"], told["source"], told["return_pct"], told["without_balance"]) == ([1000, 900], "snapshots", near(10), [])
    both = equity(api)
    assert (both["equity"], both["source"]) == ([100, 80, 1080, 1124, 1024], "both")
    assert both["return_pct"] == near((0.8 * (1124 / 1080) * ((1024 + 200) / 1124) - 1) * 100)
    swing = equity(api, strategy="swing")
    assert (swing["equity"], swing["source"], swing["without_balance"]) == ([1100, 1070, 1071], "trades", []), "with what both of its bots began with"
    later = equity(api, bot="gamma", start="2025-02-01T06:00:00Z")
    assert (later["timestamps"][0], later["equity"], later["return_pct"]) == ("2025-02-01T06:00:00.000000Z", [80, 124], near(55))
    assert equity(api, bot="gamma", end="2025-02-01T06:00:00Z")["equity"] == [100, 80]
    assert equity(api, bot="alpha", start="2025-02-01T11:00:00Z")["equity"] == [900]


def test_a_thinned_curve_keeps_its_ends_its_extremes_and_its_deepest_drawdown(api: Api) -> None:
    values = [1000 + (number * 7919) % 101 for number in range(600)]
    values[251], values[402] = 5000, 3
    api.batch(*({"kind": "snapshot", "timestamp": ago(minutes=600 - place), "total_value": value} for place, value in enumerate(values)))
    thin, whole = equity(api, points=20), equity(api)
    assert (thin["thinned"], thin["total_points"], whole["thinned"], whole["equity"]) == (True, 600, False, values)
    assert len(thin["equity"]) == len(thin["timestamps"]) == len(thin["drawdown"]) <= 20
    assert thin["timestamps"] == sorted(set(thin["timestamps"])) and set(thin["timestamps"]) <= set(whole["timestamps"])  # noqa: PT018  # one thought
    assert {5000, 3} < set(thin["equity"])
    assert (thin["equity"][0], thin["equity"][-1], min(thin["drawdown"])) == (values[0], values[-1], near(3 / 5000 - 1))
    for points in (9, 10_001):
        assert api.get("/api/portfolio/equity", 400, points=points)["error"]["fields"].keys() == {"points"}


def test_the_real_trades_of_freqtrade_end_where_its_own_wallet_does(api: Api, desk: "Desk") -> None:
    post_freqtrade(api, desk)
    curve = equity(api)
    assert (curve["currency"], curve["start_value"], curve["timestamps"][0]) == ("BTC", 0.01, "2018-01-10T07:15:00.000000Z")
    assert curve["end_value"] == pytest.approx(0.011041902985696884, rel=1e-12)
    assert curve["return_pct"] == pytest.approx(10.41902985696884, rel=1e-12)


def post_freqtrade(api: Api, desk: "Desk") -> None:
    """Store the 179 trades of freqtrade's backtest, latest first, of a bot that began with 0.01 BTC."""
    result = json.loads(real_file("freqtrade/backtest-result.json").read_text())
    begin_with(desk, "default", 0.01)
    api.batch(
        *(
            {
                "kind": "trade",
                "trade_id": str(number),
                "symbol": trade["pair"],
                "direction": "short" if trade["is_short"] else "long",
                "size": trade["amount"],
                "entry_price": trade["open_rate"],
                "exit_price": trade["close_rate"],
                "entry_time": trade["open_date"],
                "exit_time": trade["close_date"],
                "net_pnl": trade["profit_abs"],
                "currency": "BTC",
                "strategy": trade["enter_tag"] or "v3",
            }
            for number, trade in enumerate(reversed(result["strategy"]["StrategyTestV3"]["trades"]))
        )
    )
