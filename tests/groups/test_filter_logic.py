"""Filter logic: every list, figure and file understands the same words in the same way."""

import itertools
import json
import random
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from components.feed import found_events
from data.desk import Desk
from tests.groups.records import closed, snapshot
from tests.support.api import ALERT, CANDLE, EVENT, POSITION, SIGNAL, TRADE, Api, near

Trade = dict[str, Any]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def when(trade: Trade) -> datetime:
    return at(trade["exit_time"] or trade["entry_time"])


def planned(trade: Trade) -> str:
    if not trade["stop_loss"]:
        return "unknown"
    loss = abs(trade["entry_price"] - trade["stop_loss"]) / trade["entry_price"] * (trade["leverage"] or 1)
    return "low" if loss < 0.01 else "medium" if loss < 0.05 else "high"


CLASSES = {
    "BTC/USDT": "crypto",
    "ETH/USDT": "crypto",
    "SOL/USDT": "crypto",
    "EURUSD": "forex",
    "AAPL": "equity",
    "XAU/USD": "commodity",
    "#1": "other",
}
OUTCOMES: dict[str, Callable[[float], bool]] = {"winner": lambda net: net > 0, "loser": lambda net: net < 0, "breakeven": lambda net: net == 0}
# What each parameter means, in words of Python; the store and the columns each say it in their own.
MEANINGS: dict[str, Callable[[Trade, Any], bool]] = {
    "symbol": lambda trade, value: trade["symbol"] in value.split(","),
    "strategy": lambda trade, value: trade["strategy"] in value.split(","),
    "bot": lambda trade, value: trade["bot"] in value.split(","),
    "status": lambda trade, value: trade["status"] == value.lower(),
    "direction": lambda trade, value: trade["direction"] == value.lower(),
    "min_pnl": lambda trade, value: trade["net_pnl"] is not None and trade["net_pnl"] >= value,
    "max_pnl": lambda trade, value: trade["net_pnl"] is not None and trade["net_pnl"] <= value,
    "asset_class": lambda trade, value: CLASSES[trade["symbol"]] in value.lower().split(","),
    "outcome": lambda trade, value: trade["net_pnl"] is not None and OUTCOMES[value.lower()](trade["net_pnl"]),
    "min_return": lambda trade, value: trade["pnl_pct"] is not None and trade["pnl_pct"] >= value,
    "max_return": lambda trade, value: trade["pnl_pct"] is not None and trade["pnl_pct"] <= value,
    "risk": lambda trade, value: planned(trade) in value.lower().split(","),
    "start": lambda trade, value: when(trade) >= at(value),
    "end": lambda trade, value: when(trade) <= at(value),
    "q": lambda trade, value: any(
        value.lower() in (trade[name] or "").lower() for name in ("trade_id", "symbol", "strategy", "exit_reason", "notes")
    ),
}
VALUES: dict[str, tuple[Any, ...]] = {
    "symbol": ("BTC/USDT", "ETH/USDT,SOL/USDT", "nothing"),
    "strategy": ("swing", "swing,grid"),
    "bot": ("a", "a,b"),
    "status": ("open", "CLOSED"),
    "direction": ("long", "Short"),
    "min_pnl": (0, 10, -5.5),
    "max_pnl": (0, 10),
    "asset_class": ("crypto", "Forex,equity", "commodity,other"),
    "outcome": ("winner", "Loser", "breakeven"),
    "min_return": (0, 2.5, -1),
    "max_return": (0, 2.5),
    "risk": ("low", "Medium,high", "unknown"),
    "start": ("2025-02-10T00:00:00Z", "2025-02-10T05:00:00+05:00"),
    "end": ("2025-02-15T12:00:00Z", "2025-02-12T00:00:00-03:00"),
    "q": ("t1", "USDT", "50%", "_", "Stop"),
}


def trades() -> list[Trade]:
    rng = random.Random(11)
    records = []
    for number in range(80):
        fields = {
            "symbol": rng.choice([*CLASSES]), "strategy": rng.choice(["swing", "grid", None]), "bot": rng.choice("abc"),
            "direction": rng.choice(["long", "short"]), "notes": rng.choice([None, "50% off", "under_score", "plain"]),
            "exit_reason": rng.choice([None, "stop_loss", "roi"]), "stop_loss": rng.choice([None, 0, 99.5, 99, 101, 95, 80]),
            "leverage": rng.choice([None, 1, 2, 5]),
        }  # fmt: skip  # a table
        day = f"02-{1 + number % 20:02}"
        is_open = rng.random() < 0.2
        made = closed(number, f"{day}T12:00", rng.randrange(-20, 30) / 2, **fields)
        records.append({"kind": "trade", **TRADE, "trade_id": f"t{number}", "entry_time": f"2025-{day}T00:00:00Z", **fields} if is_open else made)
    return records


def test_any_combination_of_filters_means_the_same_to_the_list_the_figures_and_the_file(api: Api) -> None:
    api.batch(*trades())
    every = api.get("/api/trades", limit=1000)["data"]["trades"]
    rng = random.Random(12)
    combinations = [{name: rng.choice(VALUES[name]) for name in rng.sample([*VALUES], rng.randrange(1, 5))} for _ in range(60)]
    found_some = 0
    for query in [*({name: value} for name, values in VALUES.items() for value in values), *combinations]:
        expected = [trade["id"] for trade in every if all(MEANINGS[name](trade, value) for name, value in query.items())]
        found_some += bool(expected)
        page = api.get("/api/trades", limit=1000, **query)["data"]
        assert [trade["id"] for trade in page["trades"]] == expected, query
        assert (page["total"], page["total_is_estimate"], page["has_more"]) == (len(expected), False, False), query
        figures = api.get("/api/trades/stats", **query)["data"]
        assert figures["total_trades"] + figures["open_trades"] == len(expected), query
        file = api.client.get("/api/export/trades", query_string={"format": "json", **query}, headers=api.headers)
        assert [trade["id"] for trade in json.loads(file.get_data())] == sorted(expected, reverse=True), query
    assert found_some > 50, "the combinations have to find something to prove something"


@pytest.mark.parametrize(
    ("path", "name", "field", "record"),
    [
        ("/api/trades", "trades", "exit_time", lambda moment: closed(0, "01-01T00:00", 1, trade_id=moment, exit_time=moment)),
        ("/api/portfolio/history", "snapshots", "timestamp", lambda moment: snapshot("01-01T00:00", 1, timestamp=moment)),
        ("/api/market/BTC%2FUSDT/ohlcv", "candles", "timestamp", lambda moment: {"kind": "candle", **CANDLE, "timestamp": moment}),
        ("/api/alerts/history", "alerts", "timestamp", lambda moment: {"kind": "alert", **ALERT, "timestamp": moment}),
        ("/api/annotations/c", "annotations", "date", None),
    ],
)
def test_a_range_holds_both_its_ends_in_any_offset_wherever_it_stands(
    api: Api, path: str, name: str, field: str, record: Callable[[str], dict[str, Any]] | None
) -> None:
    moments = [f"2025-02-0{day}T12:00:00.000001Z" for day in range(1, 6)]
    for moment in moments:
        if record is None:
            api.post("/api/annotations", {"chart_id": "c", "date": moment, "text": "x"})
        else:
            api.batch(record(moment))
    for query, expected in (
        ({}, moments),
        ({"start": moments[1], "end": moments[3]}, moments[1:4]),
        ({"start": "2025-02-02T14:00:00.000001+02:00"}, moments[1:]),
        ({"start": "2025-02-02T12:00:00.000002Z"}, moments[2:]),
        ({"end": "2025-02-02T12:00:00Z"}, moments[:1]),
        ({"start": moments[3], "end": moments[1]}, []),
        ({"days": 0.001}, []),
        ({"days": 36_500, "start": moments[4]}, moments[4:]),
    ):
        found = api.get(path, **query)["data"][name]
        assert sorted(row[field] for row in found) == expected, query
    for wrong in ({"start": "2025-02-01"}, {"end": "yesterday"}, {"days": 0}, {"days": -1}, {"days": "NaN"}):
        assert api.get(path, 400, **wrong)["error"]["fields"].keys() == wrong.keys()


def test_a_bot_is_picked_in_the_same_way_from_every_list(api: Api) -> None:
    live = {"event": EVENT, "signal": SIGNAL, "position": POSITION, "alert": ALERT}
    for bot in "abc":
        api.batch(
            closed(1, "02-01T10:00", 1, bot=bot, strategy=f"of {bot}"), snapshot("02-01T10:00", 1, bot=bot),
            *({"kind": kind, **record, "bot": bot} for kind, record in live.items()),
        )  # fmt: skip  # a table
    data = {"/api/trades": "trades", "/api/portfolio/history": "snapshots", "/api/strategies": "strategies", "/api/alerts": "alerts",
            "/api/alerts/history": "alerts", "/api/portfolio": "bots"}  # fmt: skip  # a table
    for path, name in data.items():
        for wanted in ("b", "a,c", "c,c", "nobody"):
            found = api.get(path, bot=wanted)["data"][name]
            assert sorted({row["bot"] for row in found}) == sorted({*wanted.split(",")} & {*"abc"}), (path, wanted)
    for path, name in (("/activity", "events"), ("/signals", "signals"), ("/positions", "positions")):
        assert [row["bot"] for row in api.get(path, bot="b")[name]] == ["b"]
    assert api.get("/api/trades/stats", bot="a,b")["data"]["total_trades"] == 2


def test_a_page_of_what_a_filter_keeps_goes_on_where_the_last_one_ended(api: Api) -> None:
    api.batch(*trades())
    for filters in (
        {"bot": "a,b"},
        {"status": "closed", "min_pnl": 0},
        {"q": "USDT", "direction": "long"},
        {"strategy": "grid", "sort": "net_pnl"},
        {"risk": "high,unknown", "asset_class": "crypto,forex"},
        {"q": "t", "outcome": "winner", "risk": "unknown,medium"},
    ):
        whole = [trade["id"] for trade in api.get("/api/trades", limit=1000, **filters)["data"]["trades"]]
        paged: list[int] = []
        cursor: dict[str, str] = {}
        for _ in itertools.count():
            page = api.get("/api/trades", limit=7, **filters, **cursor)["data"]
            paged += [trade["id"] for trade in page["trades"]]
            if not page["has_more"]:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert paged == whole
        assert len(whole) > 7, filters
    assert api.get("/api/trades", 400, sort="symbol", **cursor)["error"]["fields"].keys() == {"cursor"}, "a cursor belongs to its order"


def test_lists_of_values_are_bounded_and_hold_no_empty_one(api: Api) -> None:
    names = ",".join(f"s{number}" for number in range(100))
    assert api.get("/api/trades", symbol=names)["data"]["total"] == 0
    for path, name, wrong in (
        ("/api/trades", "symbol", f"{names},more"), ("/api/trades", "bot", "a,"), ("/api/trades", "asset_class", "crypto,gold"),
        ("/api/trades/stats", "outcome", "winner,loser"), ("/api/export/trades", "risk", "extreme"), ("/api/trades/recent", "min_return", "NaN"),
        ("/api/trades/stats", "strategy", ",a"),
        ("/api/alerts", "severity", "INFO,LOUD"), ("/api/alerts", "type", "trade,"), ("/api/strategies/comparison", "ids", "1,x"),
        ("/api/strategies/comparison", "ids", ",".join("1" * 11)), ("/activity", "event_type", "ORDER,"),
    ):  # fmt: skip  # a table
        assert api.get(path, 400, **{name: wrong})["error"]["fields"].keys() == {name}, (path, name)
    assert api.get("/api/alerts", severity="info,WARNING", type="RISK,trade")["data"]["alerts"] == []


def test_the_pages_address_means_to_the_feed_what_the_api_means_by_it(api: Api, desk: Desk) -> None:
    for number in range(12):
        event = {**EVENT, "bot": "ab"[number % 2], "severity": ("INFO", "ERROR", "WARNING")[number % 3], "message": f"number {number}"}
        api.post("/activity", {**event, "event_type": ("ORDER", "RISK")[number % 4 == 0]})
    for query in (
        {}, {"severity": "ERROR"}, {"severity": "error,INFO", "bot": "a"}, {"q": "NUMBER 1"}, {"event_type": "RISK", "bot": "a,b"}, {"q": "100%"},
    ):  # fmt: skip  # a table
        search = "?" + "&".join(f"{name}={value.replace('%', '%25')}" for name, value in query.items())
        assert found_events(desk, search)["events"] == api.get("/activity", **query)["events"], query
    assert len(found_events(desk, "?severity=LOUD&colour=red")["events"]) == 12, "what is no filter is left out of an address, not refused"


def test_one_currency_is_picked_in_the_same_way_for_every_figure(api: Api) -> None:
    api.batch(
        closed(1, "02-01T10:00", 1, strategy="swing", currency="EUR"), closed(2, "02-02T10:00", 2, strategy="swing", currency="BTC"),
        closed(3, "02-03T10:00", 3, strategy="swing", currency="BTC"), closed(4, "02-04T10:00", 4, strategy="swing"),
    )  # fmt: skip  # a table
    for currency, net, others in ((None, 4, {"BTC": 2, "EUR": 1}), ("BTC", 5, {"EUR": 1, "USD": 1}), ("JPY", 0, {"BTC": 2, "EUR": 1, "USD": 1})):
        query = {} if currency is None else {"currency": currency}
        answers = [api.get(f"/api/{path}", **query)["data"] for path in ("trades/stats", "portfolio", "portfolio/equity", "risk/metrics")]
        for answer in answers:
            assert answer["currency"] == (currency or "USD")
            assert {row["currency"]: row["rows"] for row in answer["left_out"]} == others
        assert answers[0]["total_pnl"] == (answers[1]["total_pnl"] or 0) == net
        assert answers[2]["equity"][-1:] == ([near(net)] if net else [])
