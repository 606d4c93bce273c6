"""What can be done with a chart, apart from the browser: its rows, its endpoint, its menu."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.rest.charts import CHARTS
from components.charts.card import chart_card
from components.charts.rows import rows
from components.charts.tools import chart_dialogs
from components.ids import Id
from components.panels import PANEL_OF
from data.scope import Selection
from data.settings import Settings
from tests.support.api import EVENT, POSITION, TRADE, Api

DAYS = 40
SYMBOLS = ("BTC/USDT", "ETH/USDT")
STRATEGIES = ("Trend & Co", "Carry")


@pytest.fixture
def backend() -> str:
    """What the desk answers is tested on both databases; here only how it becomes a table."""
    return "sqlite"


@pytest.fixture
def settings(store_url: str, tmp_path: Path) -> Settings:
    """Pages show the time of Tokyo; the API speaks UTC all the same."""
    return Settings.load(database_url=store_url, botv2_data_dir=tmp_path, botv2_rate_limits="off", botv2_timezone="Asia/Tokyo")


@pytest.fixture
def book(api: Api) -> Api:
    """A caller on a store with two strategies' trades of 40 days, a balance, candles and an open position."""
    now = datetime.now(UTC).replace(microsecond=0)
    trades = []
    for number in range(3 * DAYS):
        begun = now - timedelta(days=DAYS, hours=2) + timedelta(hours=8 * number)
        pnl = (7.5, -4.0, 2.25, -6.0)[number % 4]
        record = TRADE | {
            "kind": "trade",
            "trade_id": f"t{number}",
            "bot": "alpha",
            "symbol": SYMBOLS[number % 2],
            "strategy": STRATEGIES[number // 2 % 2],
        }
        record |= {"exit_price": 100 + pnl, "net_pnl": pnl, "fees": 0.5, "entry_time": begun.isoformat()}
        trades.append(record | {"exit_time": (begun + timedelta(hours=1)).isoformat()})
    api.batch(*trades, POSITION | {"kind": "position", "bot": "alpha"}, EVENT | {"kind": "event", "bot": "alpha", "timestamp": now.isoformat()})
    api.post("/api/portfolio/starting-balance", {"bot": "alpha", "starting_balance": 1000})
    for strategy in api.get("/api/strategies")["data"]["strategies"]:
        api.patch(f"/api/strategies/{strategy['id']}", {"starting_balance": 500})
    hours = [(now - timedelta(hours=hour)).replace(minute=0, second=0) for hour in range(1, 60)]
    candles = [{"timestamp": hour.isoformat(), "open": 9, "high": 12, "low": 8, "close": 11, "volume": 5} for hour in hours]
    api.post("/api/market/BTCUSDT/ohlcv", {"timeframe": "1h", "candles": candles})
    return api


def get(api: Api, path: str) -> Any:
    return api.client.get(f"/api/charts/{path}", headers=api.headers)


def data(api: Api, path: str) -> Any:
    response = get(api, path)
    assert response.status_code == 200, response.get_json()
    return response.get_json()["data"]


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def test_every_chart_of_the_pages_is_there_as_figure_table_and_file(book: Api) -> None:
    drawn = {key: data(book, f"{key}?range=all") for key in CHARTS}
    assert [key for key, chart in drawn.items() if chart["figure"] is None] == []
    for key, chart in drawn.items():
        assert chart["rows"], key
        assert all(list(row) == chart["columns"] for row in chart["rows"]), key
        assert len(set(chart["columns"])) == len(chart["columns"]), key
        assert not [name for name in chart["columns"] if "<" in name or "&amp;" in name], key
        response = get(book, f"{key}?range=all&format=csv")
        assert response.headers["Content-Disposition"] == f'attachment; filename="{key}.csv"'
        assert len(table(response.text)) >= len(chart["rows"]) or key in {"equity", "candles"}, key
    assert {row["detail"] for row in drawn["performance"]["rows"]} == {"strategy:Trend & Co", "strategy:Carry"}
    assert {row["source"] for row in drawn["flow"]["rows"]} >= {*STRATEGIES, *SYMBOLS}
    assert {"open", "high", "low", "close"} <= set(drawn["candles"]["columns"])
    assert drawn["candles"]["rows"][0]["time, UTC"].endswith(":00.000000Z")
    assert {row["detail"].partition(":")[0] for row in drawn["hours"]["rows"]} == {"hour"}
    assert sum(row["days"] for row in drawn["var"]["rows"] if row["days"]) == pytest.approx(len(drawn["daily"]["rows"]), abs=1)
    assert drawn["pie"]["rows"][0]["name"] == "BTCUSDT"


def test_a_thinned_chart_is_sent_whole_as_a_file_and_only_what_the_query_selects(book: Api) -> None:
    everything = table(get(book, "equity?range=all&format=csv").text)
    assert [row["timestamp"] for row in everything] == sorted(row["timestamp"] for row in everything)
    assert len(everything) == book.client.get("/api/portfolio/equity", headers=book.headers).get_json()["data"]["total_points"]
    brush = f"{everything[10]['timestamp']}..{everything[20]['timestamp']}"
    assert len(table(get(book, f"equity?brush={brush}&format=csv").text)) == 11
    assert get(book, f"drawdown?brush={brush}&format=json").get_json()[0].keys() == {"timestamp", "drawdown"}
    wins = data(book, "flow?range=all&outcome=winner")["rows"]
    assert "Losses" not in {row["target"] for row in wins}
    assert data(book, "waterfall?range=all&min_pnl=1000000") == {"figure": None, "columns": [], "rows": []}


def test_what_is_no_chart_or_no_filter_is_refused_by_name(book: Api, api_as: Any) -> None:
    for query, field in (
        ("limit=5", "limit"),
        ("range=1y", "range"),
        ("format=xml", "format"),
        ("equity.range=7d", "equity"),
        ("min_pnl=x", "min_pnl"),
    ):
        response = get(book, f"equity?{query}")
        assert response.status_code == 400
        assert list(response.get_json()["error"]["fields"]) == [field]
    for key in ("nothing", "kpis", "panel-equity", "activity", "%00"):
        assert get(book, key).status_code == 404
    assert book.client.get("/api/charts/equity", headers=api_as("ingest").headers).status_code == 403


def test_rows_put_traces_of_one_axis_side_by_side_and_leave_out_what_is_drawn_for_its_looks() -> None:
    axes: dict[str, Any] = {"xaxis": {"type": "date", "title": {"text": "day"}}, "yaxis": {"title": {"text": "value, USD"}}}
    one = {"type": "scatter", "name": "A &amp; B", "x": ["2024-05-02", "2024-05-01"], "y": [2, None], "customdata": [["day:2024-05-02", 1], None]}
    other = {"type": "bar", "name": "C", "x": ["2024-05-01", "2024-05-01"], "y": [5, 6], "yaxis": "y2"}
    shade = {"type": "scatter", "x": ["2024-05-01"], "y": [0], "hoverinfo": "skip"}
    found = rows({"data": [one, shade, other], "layout": axes | {"yaxis2": {"title": {"text": "trades"}}}})
    assert found.columns == ("day", "A & B, USD", "C", "detail")
    assert [list(row.values()) for row in found.rows] == [
        ["2024-05-01", None, 5, None],
        ["2024-05-01", None, 6, None],
        ["2024-05-02", 2, None, "day:2024-05-02"],
    ]
    assert rows(None) == ((), [])


def test_rows_of_points_carry_their_names_and_the_figure_of_their_colour() -> None:
    linear = {"xaxis": {"type": "linear", "title": {"text": "risk"}}, "yaxis": {"type": "linear", "title": "return"}}
    marker = {"color": [0.5, None], "colorbar": {"title": {"text": "Sharpe"}}}
    points = {
        "type": "scatter",
        "mode": "markers+text",
        "x": [1, 2],
        "y": [3, 4],
        "text": ["cut…", "x"],
        "customdata": [["strategy:whole name"], [7]],
        "marker": marker,
    }
    found = rows({"data": [points], "layout": linear})
    assert found.rows[0] == {"name": "whole name", "risk": 1, "return": 3, "Sharpe": 0.5, "detail": "strategy:whole name"}
    assert found.rows[1] == {"name": "x", "risk": 2, "return": 4, "Sharpe": None, "detail": None}


def test_a_card_offers_what_its_chart_can_and_the_dialogs_know_every_filter() -> None:
    def text(card: Any) -> str:
        return json.dumps(card, default=lambda part: part.to_plotly_json(), ensure_ascii=False)

    timeline, plain = text(chart_card(Id.PANEL_EQUITY)), text(chart_card(Id.PANEL_PIE))
    assert "Add annotation" in timeline
    assert "Select range…" in timeline
    assert "Add annotation" not in plain
    assert "/api/charts/pie?format=csv" in plain
    dialogs = text(chart_dialogs()[0])
    offered = {name for panel in PANEL_OF.values() for name in panel.filters}
    assert offered <= set(Selection.model_fields)
    assert [name for name in offered if f'"name": "{name}"' not in dialogs and f'"data-choices": "{name}"' not in dialogs] == []
