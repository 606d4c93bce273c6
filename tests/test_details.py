"""What the drill-down dialog shows of each kind: the same figures as the REST API, a sentence for what is gone, a file of all of it."""

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from dash._utils import to_json

from callbacks.details import detail
from components import format as fmt
from components.details import KINDS
from components.details.risk import FIGURES
from components.details.risk_words import WORDS
from data.importers.freqtrade import import_trades
from tests.support.api import ALERT, CANDLE, CLOSE, EVENT, POSITION, SIGNAL, TRADE, Api
from tests.support.paths import ROOT, real_file

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from data.desk import Desk

ALL = "?range=all"
TAGS = set(re.findall(r'"(\w+)"', re.findall(r"TAGS = new Set\(\[(.*?)\]", (ROOT / "app/assets/draw.js").read_text())[0]))
GONE = {
    "trade:99999999": "There is no trade with this number",
    "trade:x' or 1=1": "There is no trade with this number",
    "trade:-1": "There is no trade with this number",
    f"trade:{'9' * 30}": "There is no trade with this number",
    "trade:": "There is no trade with this number",
    "strategy:nobody": "There is no strategy of this name",
    "symbol:NOTHING": "No bot has reported anything of this symbol",
    "symbol:\0": "No bot has reported anything of this symbol",
    "symbol:" + "x" * 5000: "No bot has reported anything of this symbol",
    "day:2024-02-30": "There is no such day",
    "day:yesterday": "There is no such day",
    "day:9999-12-31": "There is no such day",
    "month:2024-13": "There is no such month",
    "hour:7-0": "There is no such hour of the week",
    "hour:0-24": "There is no such hour of the week",
    "risk:happiness": "There is no risk figure of this name",
    "position:alpha|none": "No bot has reported this position",
    "position:alpha": "No bot has reported this position",
    "signal:a|b|c": "No bot has sent this signal",
    "event:1": "There is no event with this number",
    "bot:nobody": "No bot of this name was ever heard",
    "annotation:5": "There is no annotation with this number",
    "alert:5": "There is no alert with this number",
    "nothing:5": "nothing to show at this address",
    "": "nothing to show at this address",
}


def shown(desk: "Desk", ref: str, search: str = ALL) -> dict[str, Any]:
    """Return what the browser gets of a detail."""
    answer: dict[str, Any] = json.loads(to_json(detail(desk, ref, search)))
    assert used_tags([answer.get(name) for name in ("note", "lead", "body", "actions")]) <= TAGS
    return answer


def used_tags(part: Any) -> set[str]:
    """Return the types of drawn components."""
    if isinstance(part, list):
        return {tag for each in part for tag in used_tags(each)}
    return {part["type"], *used_tags(part["props"].get("children"))} if isinstance(part, dict) else set()


def words_of(part: Any) -> str:
    """Return the text of drawn components, a blank between elements."""
    if isinstance(part, list):
        return " ".join(words_of(each) for each in part)
    if isinstance(part, dict):
        return words_of((part.get("props") or {}).get("children"))
    return "" if part is None else str(part)


def text_of(answer: dict[str, Any]) -> str:
    return " ".join(words_of(answer.get(name)) for name in ("title", "note", "lead", "body", "actions"))


def refs_in(part: Any) -> list[str]:
    """Return the details that drawn components open."""
    if isinstance(part, list):
        return [ref for each in part for ref in refs_in(each)]
    if not isinstance(part, dict):
        return []
    props = part.get("props") or {}
    return [*([props["data-detail"]] if "data-detail" in props else []), *refs_in(props.get("children"))]


def says(answer: dict[str, Any], *texts: str) -> None:
    """Fail unless the detail shows each of the texts."""
    said = text_of(answer)
    for text in texts:
        assert text in said, f"{text!r} is missing in {said!r}"


def test_every_risk_figure_of_the_table_is_explained() -> None:
    assert set(WORDS) == set(FIGURES)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_what_is_unknown_gone_or_mistyped_gets_a_sentence(desk: "Desk") -> None:
    for ref, sentence in GONE.items():
        says(answer := shown(desk, ref), "Not found", sentence)
        assert answer["ref"] == ref
        assert answer["follows"] == []


def test_trade_strategy_symbol_day_month_hour_and_risk_say_what_the_api_says(desk: "Desk", api: Api) -> None:
    import_trades(desk.journal, real_file("freqtrade/tradesv3.sqlite"), bot=None, strategy=None)
    trade = next(each for each in api.get("/api/trades", limit=1000)["data"]["trades"] if each["status"] == "closed")
    api.patch(f"/api/trades/{trade['id']}", {"notes": "too early\n<b>sure</b>", "tags": ["late", "news"]})
    answer = shown(desk, f"trade:{trade['id']}")
    says(answer, trade["symbol"], fmt.change_money(trade["net_pnl"], trade["currency"]), fmt.change_percent(trade["pnl_pct"]), trade["trade_id"])
    says(answer, fmt.plain(trade["size"]), fmt.duration(trade["duration_seconds"]), trade["exit_reason"], "too early\n<b>sure</b>", "late", "news")
    assert {f"strategy:{trade['strategy']}", f"symbol:{trade['symbol']}", f"bot:{trade['bot']}"} <= set(refs_in(answer["body"]))
    assert [(field["name"], field["value"]) for field in answer["form"]["fields"]] == [("notes", "too early\n<b>sure</b>"), ("tags", "late, news")]
    assert answer["figure"]["data"][0]["y"] == [trade["entry_price"], trade["exit_price"]]  # nobody has reported candles
    assert answer["follows"] == ["trades"]

    strategy_id = trade["strategy_id"]
    done = api.get(f"/api/strategies/{strategy_id}/performance")["data"]
    answer = shown(desk, f"strategy:{trade['strategy']}")
    says(answer, fmt.change_money(done["trades"]["total_pnl"], done["currency"]), fmt.ratio(done["trades"]["profit_factor"]))
    latest = api.get("/api/trades", strategy=trade["strategy"], limit=20)["data"]["trades"]
    assert [ref for ref in dict.fromkeys(refs_in(answer["body"])) if ref.startswith("trade:")] == [f"trade:{each['id']}" for each in latest]
    assert answer["figure"]["data"][0]["y"][-1] == pytest.approx(done["trades"]["total_pnl"])

    statistics = api.get("/api/trades/stats", symbol=trade["symbol"])["data"]
    answer = shown(desk, f"symbol:{trade['symbol']}")
    says(answer, fmt.change_money(statistics["total_pnl"], statistics["currency"]), "Nobody has reported candles")

    day = trade["exit_time"][:10]
    for ref, times in (
        (f"day:{day}", {"start": f"{day}T00:00:00Z", "end": f"{day}T23:59:59.999999Z"}),
        (f"month:{day[:7]}", {"start": f"{day[:7]}-01T00:00:00Z", "end": f"{day[:7]}-{'28' if day[5:7] == '02' else '30'}T23:59:59.999999Z"}),
    ):
        statistics = api.get("/api/trades/stats", **times)["data"]
        answer = shown(desk, ref, "?range=24h")  # the page's own range does not matter
        says(answer, fmt.change_money(statistics["total_pnl"], statistics["currency"]), fmt.level(statistics["total_trades"]))
        returned = api.get("/api/risk/metrics", **times)["data"]["cumulative_return"]
        says(answer, fmt.UNKNOWN if returned is None else fmt.change_percent(100 * returned))

    figures = api.get("/api/risk/metrics")["data"]
    for name, figure in FIGURES.items():
        answer = shown(desk, f"risk:{name}")
        says(answer, fmt.UNKNOWN if figures[name] is None else figure.show(figures[name]), WORDS[name].meaning, WORDS[name].formula)
        assert answer["export"].startswith("/api/details/risk%3A")


def test_an_hour_of_the_week_lists_the_trades_that_ended_in_it(desk: "Desk", api: Api) -> None:
    for number, (exit_time, pnl) in enumerate((("2025-01-02T14:59:59Z", 5), ("2025-01-09T14:00:00Z", -2), ("2025-01-09T15:00:00Z", 9))):
        closed = {"exit_time": exit_time, "exit_price": 101, "net_pnl": pnl, "status": "closed", "strategy": "a, b"}
        api.post("/api/trades", TRADE | closed | {"trade_id": f"t-{number}", "entry_time": "2025-01-01T00:00:00Z"})
    answer = shown(desk, "hour:3-14")
    says(answer, "Thursday, 14:00 to 15:00", "+3.00", "2 of 2")
    assert len(set(refs_in(answer["body"]))) == 2
    says(shown(desk, "hour:3-14", "?range=all&outcome=winner"), "+5.00", "1 of 1")
    says(shown(desk, "hour:3-13"), "No trades")


def test_a_trade_s_chart_shows_the_candles_around_it_and_where_it_went_in_and_out(desk: "Desk", api: Api) -> None:
    hours = [f"2025-01-01T{hour:02d}:00:00Z" for hour in range(24)]
    api.batch(*(CANDLE | {"kind": "candle", "timestamp": hour, "close": 1 + number / 24} for number, hour in enumerate(hours)))
    ends = {"entry_time": hours[8], "exit_time": hours[12], "exit_price": 2, "status": "closed", "stop_loss": 0.5, "take_profit": 3.5}
    trade = api.post("/api/trades", TRADE | ends | {"entry_price": 1.5})["data"]
    answer = shown(desk, f"trade:{trade['id']}")
    price, *rest = answer["figure"]["data"]
    assert price["x"] == [hour[:19] for hour in hours[7:14]]  # a quarter of its four hours before and after
    assert {trace.get("name") for trace in rest} >= {"stop 0.50", "target 3.50", "Buy", "Sell"}
    says(shown(desk, f"symbol:{TRADE['symbol']}"), "Last price", "1.9583333")
    still_open = api.post("/api/trades", TRADE | {"trade_id": "t-2", "symbol": "X"})["data"]
    assert shown(desk, f"trade:{still_open['id']}")["figure"] is None


def test_a_single_candle_in_a_trade_s_time_does_not_hide_the_prices_it_went_in_and_out_at(desk: "Desk", api: Api) -> None:
    api.batch(*(CANDLE | {"kind": "candle", "timeframe": "1d", "timestamp": f"2025-01-0{day}T00:00:00Z"} for day in (1, 2, 3)))
    ends = {"entry_time": "2025-01-01T23:30:00Z", "exit_time": "2025-01-02T00:30:00Z", "exit_price": 2, "status": "closed"}
    trade = api.post("/api/trades", TRADE | ends | {"entry_price": 1.5})["data"]
    price, *_rest = shown(desk, f"trade:{trade['id']}")["figure"]["data"]
    assert price["y"] == [1.5, 2]


def test_what_bots_report_live_is_shown_with_its_past(desk: "Desk", api: Api) -> None:
    event = api.post("/activity", EVENT | {"metadata": {"deep": {"list": [1, "<i>"]}}, "bot": "alpha"})["event"]
    says(shown(desk, f"event:{event['id']}"), event["message"], '"<i>"', "ORDER")

    undated = SIGNAL | {"symbol": "BTC|USDT", "bot": "alpha", "timestamp": None}
    for confidence in (0.2, 0.85):
        signal = api.post("/signals/update", undated | {"confidence": confidence})["signal"]
    answer = shown(desk, f"signal:alpha|{signal['strategy_name']}|BTC|USDT")
    assert answer["title"] == f"Signal of {signal['strategy_name']} for BTC|USDT"
    says(answer, "sma_200", "48,000", "85", "20")
    assert answer["figure"]["data"][0]["y"] == [20, 85]

    for pnl in (1, 100):
        api.post("/positions/update", POSITION | {"unrealized_pnl": pnl, "bot": "alpha"})
    ref = f"position:alpha|{POSITION['position_id']}"
    answer = shown(desk, ref)
    says(answer, "+100.00", "+2.00", POSITION["position_id"], "open", "01:30:00")
    assert answer["figure"]["data"][0]["y"] == [1, 100]
    says(shown(desk, f"symbol:{POSITION['symbol']}"), "+100.00")
    api.post("/positions/close", CLOSE | {"reason": "target", "bot": "alpha"})
    says(answer := shown(desk, ref), "closed", "target", "How it ended")
    trade = next(name for name in refs_in(answer["body"]) if name.startswith("trade:"))
    says(shown(desk, trade), "+100.00", POSITION["position_id"])

    api.post("/api/portfolio/starting-balance", {"starting_balance": 5000, "bot": "alpha"})
    says(answer := shown(desk, "bot:alpha"), "5,000.00", "5,100.00")
    assert (answer["form"]["path"], answer["form"]["fixed"]) == ("/api/portfolio/starting-balance", {"bot": "alpha"})


def test_what_people_mark_and_are_warned_of_can_be_changed(desk: "Desk", api: Api) -> None:
    mark = api.post("/api/annotations", {"chart_id": "equity", "date": "2025-01-01T00:00:00Z", "text": "<script>"})["data"]
    answer = shown(desk, f"annotation:{mark['id']}")
    says(answer, "<script>", "tests", "Equity")
    changed = {field["name"]: "other" for field in answer["form"]["fields"]}
    getattr(api, answer["form"]["method"].lower())(answer["form"]["path"], changed)
    says(shown(desk, f"annotation:{mark['id']}"), "other")

    alert = api.post("/alerts", ALERT | {"action_url": "https://example.org/"})["alert"]
    answer = shown(desk, f"alert:{alert['id']}")
    says(answer, alert["title"], alert["message"], "active", "Acknowledge", "Resolve", "Open what it leads to")
    calls = [button["props"]["data-act"].split(" ") for button in answer["actions"]]
    for (method, path), state in zip(calls, ("acknowledged", "resolved"), strict=True):
        assert method == "POST"
        api.post(path)
        says(shown(desk, f"alert:{alert['id']}"), state)
    assert shown(desk, f"alert:{alert['id']}")["actions"] == []


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_each_detail_can_be_had_as_a_file(desk: "Desk", api: Api, client: "FlaskClient") -> None:
    closed = {"exit_time": "2025-01-02T14:59:59Z", "exit_price": 101, "status": "closed", "strategy": "x", "notes": "=1+1"}
    trade = api.post("/api/trades", TRADE | closed)["data"]
    mark = api.post("/api/annotations", {"chart_id": "equity", "date": "2025-01-01T00:00:00Z", "text": "here"})["data"]
    event = api.post("/activity", EVENT | {"bot": "alpha"})["event"]
    api.post("/positions/update", POSITION | {"bot": "alpha"})
    for ref, name in {
        f"trade:{trade['id']}": "net_pnl",
        "strategy:x": "symbol",
        f"symbol:{trade['symbol']}": "symbol",
        "day:2025-01-02": "symbol",
        "month:2025-01": "symbol",
        "hour:3-14": "symbol",
        "risk:win_rate": "value",
        f"annotation:{mark['id']}": "text",
        f"event:{event['id']}": "message",
        "bot:alpha": "trade_id",
        f"position:alpha|{POSITION['position_id']}": "unrealized_pnl",
    }.items():
        path = shown(desk, ref)["export"]
        around = "&" if "?" in path else "?"
        as_json = client.get(f"{path}{around}format=json", headers=api.headers)
        as_csv = client.get(f"{path}{around}format=csv", headers=api.headers)
        assert as_json.status_code == as_csv.status_code == 200, ref
        assert "attachment" in as_csv.headers["Content-Disposition"]
        rows = as_json.get_json()
        assert ref == "bot:alpha" or (len(rows) == 1 and name in rows[0]), ref
        assert name in as_csv.get_data(as_text=True).splitlines()[0]
    assert client.get(f"/api/details/trade:{trade['id']}?format=json", headers=api.headers).get_json() == [trade]
    assert "'=1+1" in client.get(f"/api/details/trade:{trade['id']}?format=csv", headers=api.headers).get_data(as_text=True)
    api.get("/api/details/trade:77", 404)
    api.get("/api/details/everything", 404)


def test_the_table_of_kinds_is_what_charts_and_pages_refer_to() -> None:
    named = {"trade", "strategy", "symbol", "day", "month", "risk", "position", "signal", "annotation", "hour", "bot", "alert", "event"}
    assert set(KINDS) == named
