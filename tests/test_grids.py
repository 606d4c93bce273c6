"""The tables: their rows are those that REST gives for the same question, their filters stand in the address, and nobody gets more than a stretch."""

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import pytest

from callbacks.grids import MOST, stretch
from components.grids import alerts, holdings, strategies, trades
from components.ids import Id, rows_of, wanted_of
from components.words import Speech, speaking
from data import times
from data.errors import Refused
from data.exports import STRATEGIES, StrategyFileScope
from data.records import AlertIn, PositionIn, TradeIn
from data.scope import Selection
from tests.support.api import POSITION

if TYPE_CHECKING:
    from collections.abc import Callable

    from dash import Dash
    from flask.testing import FlaskClient

    from data.desk import Desk
    from tests.support.api import Api

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)  # which database answers is tested where the answers are
SYMBOLS = ("BTC/USDT", "ETH/USDT", "SOL/EUR")
ASKED = {"number": 7, "start": 0, "stop": 100, "sort": "", "search": "?range=all"}


def trade(number: int, **more: Any) -> TradeIn:
    """A trade of a minute; every third one lost, every tenth is open."""
    minute = f"2025-03-{1 + number // 1440:02}T{number // 60 % 24:02}:{number % 60:02}"
    is_open = number % 10 == 9
    fields = {
        "trade_id": f"t{number}",
        "symbol": SYMBOLS[number % 3],
        "direction": "short" if number % 2 else "long",
        "strategy": ("trend", "<b>grid</b>")[number % 2],
        "size": 1 + number,
        "entry_price": 100,
        "entry_time": f"{minute}:00Z",
        "exit_price": None if is_open else 90 if number % 3 == 0 else 110 + number,
        "exit_time": None if is_open else f"{minute}:30Z",
        "fees": 0.5,
    }
    return TradeIn.model_validate(fields | more)


@pytest.fixture
def traded(desk: "Desk") -> "Desk":
    desk.journal.append([trade(number) for number in range(640)], bot="alpha")
    return desk


def rows(desk: "Desk", **asked: Any) -> dict[str, Any]:
    return stretch(desk, trades.trade_rows, ASKED | asked)


def test_the_rows_of_a_filter_and_an_order_are_those_that_rest_gives_for_them(traded: "Desk", api: "Api") -> None:
    for own, rest, sort in (
        ("", {}, ""),
        ("&trades.status=open", {"status": "open"}, "symbol"),
        ("&symbol=ETH/USDT&trades.direction=long&trades.min_pnl=20", {"symbol": "ETH/USDT", "direction": "long", "min_pnl": 20}, "-net_pnl"),
        ("&trades.symbol_has=usdt&trades.outcome=loser", {"symbol": "BTC/USDT,ETH/USDT", "outcome": "loser"}, "net_pnl"),
        ("&trades.symbol_has=nothing", {"symbol": "nothing"}, ""),
    ):
        shown = rows(traded, search=f"?range=all{own}", sort=sort, start=0, stop=300)
        said = api.get("/api/trades", limit=300, sort=sort or "-at", **rest)["data"]
        assert [row["detail"] for row in shown["rows"]] == [f"trade:{found['id']}" for found in said["trades"]], own
        assert shown["total"] == said["total"]
    assert [row["strategy"] for row in rows(traded, sort="strategy", start=0, stop=40)["rows"]] == ["<b>grid</b>"] * 40


def test_a_question_for_more_than_a_stretch_gets_a_stretch_and_one_that_is_none_is_refused(traded: "Desk") -> None:
    assert len(rows(traded, stop=10**9)["rows"]) == MOST
    assert rows(traded, start=10**6, stop=10**6 + 50)["rows"] == []
    assert rows(traded, start=50, stop=10)["rows"] == []
    for wrong in (
        {"start": -1},
        {"start": "0"},
        {"stop": 1e300},
        {"sort": "password"},
        {"sort": ["-at"]},
        {"search": None},
        {"number": None},
        {"x": 1},
    ):
        with pytest.raises(Refused):
            rows(traded, **wrong)
    questions: tuple[object, ...] = (5, [], "rows")
    for question in questions:
        with pytest.raises(Refused):
            stretch(traded, trades.trade_rows, question)
    for strange in ("?trades.min_pnl=nan&trades.status=%00&trades.sort=;--", "?trades.symbol_has=%00", "?" + "trades.x=1&" * 200):
        assert "failed" not in rows(traded, search=strange)


def test_the_door_of_the_rows_lets_a_reader_in_and_nobody_else(
    app: "Dash", client: "FlaskClient", bearer_with: "Callable[..., dict[str, str]]"
) -> None:
    store, asked = rows_of(Id.PANEL_TRADES), wanted_of(Id.PANEL_TRADES)
    inputs = [{**end, "value": ASKED if end["id"] == asked else None} for end in app.callback_map[f"{store}.data"]["inputs"]]
    body = {
        "output": f"{store}.data",
        "outputs": {"id": store, "property": "data"},
        "inputs": inputs,
        "state": [],
        "changedPropIds": [f"{asked}.data"],
    }
    answered = client.post("/_dash-update-component", json=body, headers=bearer_with("read"))
    assert answered.get_json()["response"][store]["data"] == {"number": 7, "rows": [], "total": 0, "version": "0"}
    inputs[0]["value"] = {**ASKED, "start": -1}
    assert client.post("/_dash-update-component", json=body, headers=bearer_with("read")).status_code == 400
    assert client.post("/_dash-update-component", json=body).status_code == 401


def test_the_head_counts_what_is_filtered_and_says_why_there_is_nothing(desk: "Desk") -> None:
    def drawn(search: str) -> Any:
        return trades.trades_view(trades.trades_question(desk, trades.asked(search, "trades")), times.now())

    assert "POST /api/trades" in str(drawn("?range=all").body)
    desk.journal.append([trade(number) for number in range(20)], bot="alpha")
    search = "?range=all&strategy=trend&trades.symbol_has=<i>&trades.min_pnl=5&trades.status=nonsense&equity.min_pnl=1"
    assert "Clear filters" in str(drawn(search).body), "not the text for an empty store"
    pills = drawn(search).bar
    assert [pill.children[0] for pill in pills] == ["Symbol contains <i>", "Net P&L at least 5"]
    assert {getattr(pill, "data-set") for pill in pills} == {"trades.symbol_has", "trades.min_pnl"}
    note = drawn("?range=all&trades.symbol_has=eur").note[0]
    assert note.children == "6 trades"
    assert getattr(note, "data-query") == "symbol_has=eur", "an export asks for the same"


def test_the_export_of_a_table_asks_for_what_the_page_shows(traded: "Desk") -> None:
    search = "?range=custom&start=2025-03-01T00:00:00Z&strategy=trend&bot=alpha"
    answer = strategies.listed_strategies(traded, Selection.parse(search, "strategies"))
    wanted = dict(parse_qsl(answer["query"]))
    assert wanted == {"start": "2025-03-01T00:00:00Z", "strategy": "trend", "bot": "alpha", "currency": "USD"}
    scope = StrategyFileScope.model_validate(wanted)
    [row] = STRATEGIES.rows(traded, scope)
    assert (row["name"], row["total_trades"], row["net_pnl"]) == ("trend", answer["strategies"][0]["trades"], answer["strategies"][0]["net_pnl"])


def test_values_are_told_in_the_persons_language_and_stay_text(traded: "Desk") -> None:
    with speaking(Speech("en", "de", "Europe/Berlin")):
        row = rows(traded, sort="at", start=1, stop=2)["rows"][0]
    assert (row["strategy"], row["net_pnl"], row["way"]) == ("<b>grid</b>", "−22,50", "down")
    assert row["entry_time"] == "01. März 2025"
    assert row["at"] == "01. März 2025"


def test_a_strategy_and_a_position_carry_what_they_are_sorted_by_and_what_is_shown(traded: "Desk") -> None:
    answer = traded.analytics.strategies(Selection(range="all"))
    shown = strategies.strategy_rows(answer, times.now())
    assert {row["name"]: row["net_pnl"] for row in shown} == {one["name"]: one["net_pnl"] for one in answer["strategies"]}
    assert [row["detail"] for row in shown] == [f"strategy:{one['name']}" for one in answer["strategies"]]
    assert shown[0]["shown"]["sharpe_ratio"] == "–", "unknown without a balance"

    position = POSITION | {"position_id": "p|1", "opened_at": "2025-01-01T00:00:00Z"}
    traded.journal.append(
        [PositionIn.model_validate(position), PositionIn.model_validate(position | {"position_id": "p2", "size": 0.3})], bot="alpha"
    )
    held = holdings.held(traded, Selection())
    first, second = holdings.holding_rows(held, times.now())
    assert (first["id"], first["detail"], first["value"]) == ("alpha|p|1", "position:alpha|p|1", 5100.0)
    assert (first["shown"]["share"], second["shown"]["share"]) == ("25.0\N{NARROW NO-BREAK SPACE}%", "75.0\N{NARROW NO-BREAK SPACE}%")
    assert holdings.holding_rows(holdings.held(traded, Selection(symbol=("NONE",))), times.now()) == []


def test_old_alerts_are_found_page_by_page_and_by_type_severity_status_and_bot(desk: "Desk") -> None:
    severities = ("INFO", "CRITICAL")
    desk.journal.append(
        [AlertIn.model_validate({"title": f"a{number}", "message": "x", "severity": severities[number % 2]}) for number in range(30)], bot="b-1"
    )
    asked = ASKED | {"start": 20, "stop": 25}
    some = stretch(desk, alerts.alert_rows, asked)
    assert ([row["title"] for row in some["rows"]], some["total"]) == (["a9", "a8", "a7", "a6", "a5"], 30)
    search = "?alert-history.severity=critical&alert-history.bot_has=B-&alert-history.status=active&alert-history.type=none"
    narrowed = stretch(desk, alerts.alert_rows, ASKED | {"search": search})
    assert {row["severity"] for row in narrowed["rows"]} == {"CRITICAL"}
    assert narrowed["total"] == 15
    answer = alerts.alerts_question(desk, alerts.alerts_asked(search, "alert-history"))
    assert answer["query"] == "days=30.0&severity=CRITICAL&status=active&bot_has=B-", "an export asks for the same"
    bar: Any = alerts.alerts_view(answer, times.now()).bar
    assert [pill.children[0] for pill in bar] == ["Severity: Critical", "Bot contains B-", "Status: Active"]
