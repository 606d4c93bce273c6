"""Exports: the same rows as the list, whole, streamed, as a spreadsheet or one JSON array."""

import csv
import gc
import io
import json
import tracemalloc
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.cli import EXPORTS as FLAGS
from app.rest.exports import ROWS
from data import alerts, trades
from data.desk import Desk
from data.exports import EXPORTS
from data.records import TradeIn, validated
from data.schema import Trade
from data.settings import Settings
from tests.support.api import ALERT, EVENT, POSITION, TRADE, Api

LISTS = {"trades": ("/api/trades", "data"), "positions": ("/positions", ""), "activity": ("/activity", ""), "strategies": ("/api/strategies", "data")}
KEYS = {"activity": "events"}


def download(api: Api, name: str, status: int = 200, /, **query: Any) -> Any:
    response = api.client.get(f"/api/export/{name}", query_string=query, headers=api.headers)
    assert response.status_code == status, response.get_data()
    return response


def listed(api: Api, name: str, **query: Any) -> list[dict[str, Any]]:
    path, envelope = LISTS[name]
    answer = api.get(path, **query)
    rows: list[dict[str, Any]] = (answer[envelope] if envelope else answer)[KEYS.get(name, name)]
    return rows


def fill(api: Api) -> None:
    end = {"exit_price": 90, "exit_time": "2025-02-01T00:00:00Z", "fees": 1}
    api.batch(
        *(
            {
                "kind": "trade",
                **TRADE,
                "trade_id": f"t{number}",
                "symbol": f"S{number % 3}",
                "bot": f"bot{number % 2}",
                "strategy": f"s{number % 4}",
                **(end if number % 4 else {}),
            }
            for number in range(20)
        ),
        *({"kind": "position", **POSITION, "position_id": f"p{number}", "bot": f"bot{number % 2}"} for number in range(4)),
        *({"kind": "event", **EVENT, "bot": f"bot{number % 2}", "severity": "INFO" if number % 3 else "ERROR"} for number in range(10)),
    )


@pytest.mark.parametrize(
    ("name", "filters"),
    [
        ("trades", {}),
        ("trades", {"symbol": "S1,S2", "status": "closed", "start": "2025-01-15T00:00:00Z", "max_pnl": 0}),
        ("trades", {"q": "t1", "bot": "bot1"}),
        ("positions", {"bot": "bot1"}),
        ("activity", {"severity": "error", "bot": "bot0,bot1"}),
        ("strategies", {"bot": "bot1"}),
    ],
)
def test_a_file_holds_what_the_list_shows_under_the_same_filters(api: Api, name: str, filters: dict[str, Any]) -> None:
    fill(api)
    expected = listed(api, name, **filters, **({"sort": "-id"} if name == "trades" else {}))
    assert expected
    response = download(api, name, format="json", **filters)
    assert json.loads(response.get_data()) == expected
    response = download(api, name, **filters)
    assert response.headers["Content-Disposition"] == f'attachment; filename="{name}.csv"'
    assert response.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(response.get_data().decode("utf-8-sig"), newline="")))
    assert [row["id"] for row in rows] == [str(row["id"]) for row in expected]
    assert set(rows[0]) == set(expected[0])
    if name not in {"activity", "strategies"} and "q" not in filters:
        assert response.headers["X-Total-Count"] == str(len(expected))


def test_a_part_of_a_name_chooses_however_many_names_hold_it(api: Api) -> None:
    api.batch(*({"kind": "trade", **TRADE, "trade_id": f"t{number}", "symbol": f"{'Xb' if number % 3 else 'ab'}{number}"} for number in range(300)))
    response = download(api, "trades", format="json", symbol_has="xB", bot_has="def")
    rows = json.loads(response.get_data())
    assert response.headers["X-Total-Count"] == str(len(rows)) == "200"
    assert all(row["symbol"].startswith("Xb") for row in rows)
    assert json.loads(download(api, "trades", format="json", symbol_has="Xb", q="t1").get_data()), "a search, too"
    assert json.loads(download(api, "trades", format="json", symbol_has="nobody").get_data()) == []
    assert json.loads(download(api, "trades", format="json", symbol="ab0,Xb1", symbol_has="a").get_data())[0]["symbol"] == "ab0"


def test_the_file_of_strategies_tells_of_the_trades_in_range_and_under_the_filters_of_trades(api: Api) -> None:
    fill(api)
    api.batch(
        {
            "kind": "trade",
            **TRADE,
            "trade_id": "new",
            "symbol": "S9",
            "bot": "bot9",
            "strategy": "s1",
            "exit_price": 200,
            "exit_time": "2025-06-01T00:00:00Z",
        }
    )
    whole = {row["name"]: row for row in json.loads(download(api, "strategies", format="json").get_data())}
    assert set(whole) == {"s0", "s1", "s2", "s3"}
    assert whole["s1"]["total_trades"] == 6

    def told(**query: Any) -> dict[str, tuple[int, int]]:
        rows = json.loads(download(api, "strategies", format="json", **query).get_data())
        return {row["name"]: (row["total_trades"], row["open_trades"]) for row in rows}

    assert told(start="2025-05-01T00:00:00Z") == {"s1": (1, 0)}
    assert told(end="2025-05-01T00:00:00Z") == {"s1": (5, 0), "s2": (5, 0), "s3": (5, 0)}
    assert told(symbol="S9") == told(q="new") == told(bot="bot9") == {"s1": (1, 0)}
    assert told(bot="bot0") == {"s0": (0, 5), "s2": (5, 0)}, "one that has closed nothing yet is its bot's all the same"
    assert told(strategy="s2,s3", outcome="winner") == {}


def test_the_file_of_alerts_holds_what_the_history_shows_page_by_page(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "CHUNK", 3)
    severities = ("INFO", "CRITICAL")
    kinds = {"kind": "alert", **ALERT}
    api.batch(*({**kinds, "title": f"a{number}", "severity": severities[number % 2], "bot": f"b-{number % 3}"} for number in range(10)))
    for filters in ({}, {"severity": "critical"}, {"bot": "b-1,b-2", "status": "active", "type": "system"}, {"start": "2030-01-01T00:00:00Z"}):
        history = api.get("/api/alerts/history", **filters)["data"]["alerts"]
        response = download(api, "alerts", format="json", **filters)
        assert json.loads(response.get_data()) == history
        assert response.headers["X-Total-Count"] == str(len(history))
    assert {row["bot"] for row in json.loads(download(api, "alerts", format="json", bot_has="B-").get_data())} == {"b-0", "b-1", "b-2"}
    assert json.loads(download(api, "alerts", format="json", bot_has="zz").get_data()) == []
    raw = download(api, "alerts").get_data().decode("utf-8-sig")
    assert [row["title"] for row in csv.DictReader(io.StringIO(raw, newline=""))] == [f"a{number}" for number in range(9, -1, -1)]


def test_the_file_of_the_equity_holds_every_point_of_the_curve(api: Api) -> None:
    fill(api)
    curve = api.get("/api/portfolio/equity", bot="bot1")["data"]
    rows = json.loads(download(api, "equity", format="json", bot="bot1").get_data())
    assert [row["timestamp"] for row in rows] == curve["timestamps"]
    assert [row["equity"] for row in rows] == curve["equity"]


def test_an_empty_file_is_an_empty_array_or_a_head_and_what_is_unknown_is_refused(api: Api) -> None:
    for name in EXPORTS:
        assert download(api, name, format="json").get_data() == b"[]"
        assert download(api, name).get_data().count(b"\r\n") == 1
        for wrong in ({"format": "pdf"}, {"colour": "red"}):
            assert download(api, name, 400, **wrong).get_json()["error"]["fields"].keys() == wrong.keys()
    for unknown in ("accounts", "", "trades/1"):
        download(api, unknown, 404)


def test_nobody_exports_without_the_scope_to_read(client: FlaskClient, bearer_with: Any) -> None:
    assert client.get("/api/export/trades").status_code == 401
    assert client.get("/api/export/trades", headers=bearer_with("ingest")).status_code == 403


@pytest.mark.parametrize("backend", ["sqlite"])
def test_ten_times_the_rows_need_no_more_memory(backend: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows are copies that SQLite makes itself, and read in parts smaller than usual: both is quicker."""
    monkeypatch.setattr(trades, "CHUNK", 200)
    desk = Desk.open(settings)  # not started: its own tasks would be measured with it
    desk.journal.append([validated(TradeIn, TRADE)])
    columns = ", ".join(f'"{column.name}"' for column in Trade.__table__.c)
    copied = columns.replace('"id"', "n").replace('"trade_id"', "'t' || n").replace('"symbol"', "iif(n < 610, 'few', 'many')")
    numbers = "WITH RECURSIVE numbers(n) AS (SELECT 10 UNION ALL SELECT n + 1 FROM numbers WHERE n < 6600)"
    with desk.store.write() as connection:
        connection.exec_driver_sql(f"INSERT INTO trade ({columns}) {numbers} SELECT {copied} FROM numbers, trade WHERE trade_id = 't-1'")
    export = EXPORTS["trades"]

    def measured(symbol: str) -> tuple[int, int]:
        scope = export.scope.model_validate({"symbol": symbol})
        gc.collect()  # rows wait in cycles for the collector, which comes when it likes
        tracemalloc.start()
        try:
            size = sum(len(line) for line in export.lines(desk, scope))
            return size, tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    measured("few")  # what is made once and kept is not the rows'
    few, many = measured("few"), measured("many")
    assert many[0] > 9 * few[0]
    desk.close()
    assert many[1] < 2 * few[1], "it would be ten times as much, held at once"


def test_the_command_lines_flags_and_the_documents_rows_are_those_of_the_exports() -> None:
    assert {name: {*flags, "format"} for name, flags in FLAGS.items()} == {name: {*export.scope.model_fields} for name, export in EXPORTS.items()}
    assert set(ROWS) == set(EXPORTS)
    for name, export in EXPORTS.items():
        assert set(export.columns) == set(ROWS[name].model_fields) - ({"strategy_name"} if name == "positions" else set())
