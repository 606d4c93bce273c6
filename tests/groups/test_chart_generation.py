"""Chart generation: the figures that pages draw, and the numbers that they and others draw charts of."""

import itertools
import json
import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import time_machine

from components.charts.base import Figure
from components.charts.events_per_minute import events_per_minute
from components.charts.live_pnl import live_pnl
from components.ids import Id, key_of
from components.panels import PANELS
from data import metrics, times
from data.desk import Desk
from tests.groups.records import closed, one_of_everything, snapshot
from tests.support.api import CANDLE, EVENT, POSITION, Api, ago, near
from tests.support.paths import ROOT

TABLES = {key_of(panel) for panel in (Id.PANEL_TRADES, Id.PANEL_STRATEGIES, Id.PANEL_HOLDINGS, Id.PANEL_ALERT_HISTORY)}  # a grid shows their rows


def drawn(figure: Figure | None) -> Figure:
    """Return the figure as a browser gets it; one that was expected and is not there fails the test."""
    assert figure is not None
    sent: Figure = json.loads(json.dumps(figure, allow_nan=False))
    return sent


def position(number: int, pnl: float, **changes: Any) -> dict[str, Any]:
    return {**POSITION, "position_id": f"p{number}", "unrealized_pnl": pnl, **changes}


def several(api: Api) -> None:
    """Report three strategies' trades over three months."""
    nets = {"swing": [5, -2, 7, 1], "scalp": [-3, 4, -6, 2], "grid": [1, 1, 1, 1]}
    api.batch(
        *(
            closed(10 * place + number, f"0{1 + number // 2}-{3 + 9 * (number % 2):02}T0{place}:00", net, strategy=name, symbol=f"S{number % 2}")
            for place, (name, values) in enumerate(nets.items())
            for number, net in enumerate(values)
        )
    )


def test_every_panel_draws_what_a_desk_tells_it_without_and_with_records(api: Api, desk: Desk) -> None:
    charts = {panel.key for panel in PANELS if panel.is_chart}
    assert len(charts) >= 20
    for panel in PANELS:
        view = panel.shown(panel.ask(desk, ""), times.now())
        assert view.figure is None, f"{panel.title} draws axes without data"
        assert view.body is not None or not panel.is_chart, f"{panel.title} does not say what would fill it"
    one_of_everything(api)
    several(api)
    api.batch(*(snapshot(f"{datetime(2025, 2, 1) + timedelta(days=day):%m-%dT12:00}", 1000 + 10 * (day % 7)) for day in range(40)))
    views = {panel.key: panel.shown(panel.ask(desk, "?range=all"), times.now()) for panel in PANELS}
    figures = {key: drawn(view.figure) for key, view in views.items() if view.figure is not None}
    assert figures.keys() == charts
    assert {key for key, figure in figures.items() if not figure["data"]} == set()
    assert {key for key, view in views.items() if view.figure is None and view.body is None} == TABLES


def test_the_line_of_open_pnl_ends_at_the_sum_of_the_open_positions(api: Api, desk: Desk) -> None:
    moment = datetime(2026, 1, 22, 20, 30, tzinfo=UTC)
    with time_machine.travel(moment, tick=False) as clock:
        for seconds, (number, pnl) in enumerate(((1, 100), (2, -30.5), (1, 120))):
            clock.move_to(moment + timedelta(seconds=10 * seconds))
            api.post("/positions/update", position(number, pnl))
        line, dot = drawn(live_pnl(desk.live.trend()["pnl"]))["data"]
        assert (line["type"], line["y"]) == ("scatter", [100, 69.5, 89.5])
        assert line["x"] == [f"2026-01-22T20:30:{seconds}.000000Z" for seconds in ("00", "10", "20")]
        assert (dot["x"], dot["y"]) == (line["x"][-1:], [api.get("/positions")["summary"]["total_unrealized_pnl"]])
        api.post("/positions/close", {"position_id": "p2", "final_pnl": -30, "final_pnl_pct": -1})
        figure = drawn(live_pnl(desk.live.trend()["pnl"]))
    assert figure["data"][0]["y"][-1] == 120
    assert figure["layout"]["annotations"][0]["text"] == "+120.00"


def test_the_bars_of_events_hold_every_event_of_the_hour_and_the_warnings_among_them(api: Api, desk: Desk) -> None:
    moment = datetime(2026, 1, 22, 20, 30, 30, tzinfo=UTC)
    with time_machine.travel(moment, tick=False) as clock:
        for minutes, severity in ((70, "INFO"), (59, "CRITICAL"), (20, "ERROR"), (1, "WARNING"), (1, "INFO"), (0, "INFO")):
            clock.move_to(moment - timedelta(minutes=minutes))
            api.post("/activity", {**EVENT, "timestamp": "2020-01-01T00:00:00Z", "severity": severity})  # its own time bends no bar
        figure = drawn(events_per_minute(desk.live.trend()["events"]))
    quiet, worse = figure["data"]
    assert figure["layout"]["barmode"] == "stack"
    assert sum(quiet["customdata"]) == sum(quiet["y"]) + sum(worse["y"]) == 5
    assert sum(worse["y"]) == 3
    assert quiet["x"] == worse["x"]
    assert (len(quiet["x"]), quiet["x"][0], quiet["x"][-1]) == (60, "2026-01-22T19:31:00.000000Z", "2026-01-22T20:30:00.000000Z")


def test_new_data_leaves_alone_what_a_person_has_chosen_in_the_picture(api: Api, desk: Desk) -> None:
    api.post("/positions/update", position(1, 5))
    before = drawn(live_pnl(desk.live.trend()["pnl"]))["layout"]
    api.post("/positions/update", position(1, -7_000))
    after = drawn(live_pnl(desk.live.trend()["pnl"]))["layout"]
    moving = {"annotations", "meta"}  # what is written into the picture; uirevision keeps the rest
    assert {name: part for name, part in before.items() if name not in {*moving, "xaxis"}} == {
        name: part for name, part in after.items() if name not in {*moving, "xaxis"}
    }
    for layout in (before, after):
        assert layout["uirevision"] == "live"
        assert [axis for axis in ("xaxis", "yaxis") if "range" in layout[axis]] == []


def test_colours_are_tokens_of_the_stylesheet_and_no_others(api: Api, desk: Desk) -> None:
    api.post("/positions/update", POSITION)
    api.post("/activity", EVENT)
    text = json.dumps([live_pnl(desk.live.trend()["pnl"]), events_per_minute(desk.live.trend()["events"])])
    sheet = (ROOT / "app" / "assets" / "10-tokens.css").read_text()
    used = set(re.findall(r'"(--bv-[\w-]+)', text))
    assert used
    assert [name for name in used if f"{name}:" not in sheet] == []
    assert not re.search(r'"(#[0-9a-fA-F]{3,8}|rgb\(|hsl)', text), "a colour of its own would be that of one theme"


def test_the_equity_chart_gets_as_many_points_for_each_line_and_drawdowns_that_fit_the_equity(api: Api) -> None:
    values = [100, 110, 99, 120, 60, 90]
    api.batch(*(snapshot(f"02-{day:02}T10:00", value) for day, value in enumerate(values, 1)))
    curve = api.get("/api/portfolio/equity", points=10)["data"]
    assert curve["equity"] == values
    assert len(curve["timestamps"]) == len(curve["drawdown"]) == len(values)
    assert curve["drawdown"] == near((np.array(values) / np.maximum.accumulate(values) - 1).tolist())
    assert min(curve["drawdown"]) == near(api.get("/api/risk/metrics")["data"]["max_drawdown"])
    moments = [times.parse_iso(text) for text in curve["timestamps"]]
    assert {later - earlier for earlier, later in itertools.pairwise(moments)} == {timedelta(days=1)}


def test_the_heat_map_of_strategies_is_a_symmetric_matrix_with_a_diagonal_of_ones(api: Api) -> None:
    several(api)
    found = api.get("/api/risk/correlation")["data"]
    matrix = found["matrix"]
    assert found["strategies"] == ["grid", "scalp", "swing"]
    assert [len(row) for row in matrix] == [3, 3, 3]
    assert matrix == [list(column) for column in zip(*matrix, strict=True)]
    assert [matrix[place][place] for place in range(3)] == [1, 1, 1]
    assert all(-1 <= value <= 1 for row in matrix for value in row)


def test_the_monthly_table_has_twelve_cells_a_year_that_compound_to_its_total(api: Api) -> None:
    days = [("2024-11-30", 100), ("2024-12-15", 110), ("2024-12-31", 121), ("2025-01-31", 108.9), ("2025-03-01", 130.68)]
    api.batch(*({"kind": "snapshot", "timestamp": f"{day}T12:00:00Z", "total_value": value} for day, value in days))
    rows = api.get("/api/risk/metrics")["data"]["monthly"]
    assert [row["year"] for row in rows] == [2024, 2025]
    assert [row["months"] for row in rows] == [[*[None] * 11, near(0.21)], [near(-0.1), None, near(0.2), *[None] * 9]]
    for row in rows:
        assert math.prod(1 + cell for cell in row["months"] if cell is not None) - 1 == near(row["total"])


def test_the_bars_of_contribution_add_up_to_the_total_and_stand_in_order(api: Api) -> None:
    several(api)
    figures = api.get("/api/trades/stats")["data"]
    for name in ("by_strategy", "by_symbol"):
        bars = figures[name]
        assert [bar["net_pnl"] for bar in bars] == sorted((bar["net_pnl"] for bar in bars), reverse=True)
        assert sum(bar["net_pnl"] for bar in bars) == near(figures["total_pnl"])
        assert sum(abs(bar["share"]) for bar in bars) == near(1)
        assert sum(bar["trades"] for bar in bars) == figures["total_trades"]
    assert [bar["name"] for bar in figures["by_strategy"]] == ["swing", "grid", "scalp"]


def test_curves_of_strategies_side_by_side_end_at_what_their_lists_say(api: Api) -> None:
    several(api)
    listed = {row["id"]: row for row in api.get("/api/strategies")["data"]["strategies"]}
    compared = api.get("/api/strategies/comparison", ids=",".join(map(str, listed)))["data"]["strategies"]
    assert [row["id"] for row in compared] == [*listed]
    for row in compared:
        curve, total = row["curve"], listed[row["id"]]["net_pnl"]
        assert curve["net_pnl"][-1] == listed[row["id"]]["sparkline"][-1] == total == row["trades"]["total_pnl"]
        assert len(curve["timestamps"]) == len(curve["net_pnl"]) == 4
        assert curve["timestamps"] == sorted(curve["timestamps"])


def test_candles_of_a_chart_come_in_order_of_time_and_each_holds_its_own_prices(api: Api) -> None:
    closes = [2.0, 2.5, 1.5, 2.25]
    bars = [{**CANDLE, "timestamp": f"2025-02-01T{hour:02}:00:00Z", "close": close} for hour, close in enumerate(closes)]
    api.batch(*({"kind": "candle", **bar} for bar in reversed(bars)))
    candles = api.get("/api/market/BTC%2FUSDT/ohlcv")["data"]["candles"]
    assert [candle["close"] for candle in candles] == closes
    assert all(candle["low"] <= min(candle["open"], candle["close"]) <= max(candle["open"], candle["close"]) <= candle["high"] for candle in candles)
    assert len({candle["timestamp"] for candle in candles}) == len(closes)


def test_a_curve_of_many_points_is_drawn_with_few_and_none_of_its_extremes_is_lost(api: Api) -> None:
    values = np.cumprod(1 + np.random.default_rng(3).normal(0, 0.01, 900)) * 1000
    api.batch(*({"kind": "snapshot", "timestamp": ago(minutes=1000 - place), "total_value": value} for place, value in enumerate(values.tolist())))
    for points in (10, 200, 2000):
        curve = api.get("/api/portfolio/equity", points=points)["data"]
        assert len(curve["equity"]) <= points
        assert (curve["thinned"], curve["total_points"]) == (points < 900, 900)
        assert {max(curve["equity"]), min(curve["equity"])} == {values.max(), values.min()}
        assert min(curve["drawdown"]) == near(metrics.underwater(values).min())
