"""Charts of equity, returns, costs and comparison: answers in, figures out."""

import json
import math
import random
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import plotly.graph_objects as go  # type: ignore[import-untyped]  # plotly ships no types
import pytest
from dash.development.base_component import Component

from components.charts.base import Figure
from components.charts.comparison import comparison, comparison_table, comparison_view
from components.charts.daily_returns import daily_returns, daily_returns_view
from components.charts.drawdown import drawdown, drawdown_view
from components.charts.equity import equity, equity_view
from components.charts.monthly_returns import monthly_returns, monthly_returns_view
from components.charts.rolling import rolling, rolling_view
from components.charts.strategy_performance import strategy_performance, strategy_performance_view
from components.charts.var_histogram import var_histogram, var_histogram_view
from components.charts.waterfall import waterfall, waterfall_view
from components.parts import View
from components.words import Speech, speaking
from data import times
from tests.support.figures import coloured, leaves

TOKENS = (Path(__file__).parents[1] / "app" / "assets" / "10-tokens.css").read_text()
START, NOW = datetime(2023, 12, 23, tzinfo=UTC), datetime(2024, 5, 20, 12, tzinfo=UTC)
NAMES = ["MA_Crossover", "Momentum_RSI", "Breakout_20", "Grid_ETH", "Funding_Carry", "Mean_Reversion", "Vol_Target", "Pairs_<b>%{x}"]
ABOUT: dict[str, Any] = {"currency": "USDT", "left_out": 0, "filtered_out": False, "without_balance": []}
KINDS = ("buy", "sell", "stop_loss", "take_profit")
Chart = Callable[[Any], Figure | None]
Draw = Callable[[Any, datetime], View]


def moments(count: int, step: timedelta = timedelta(minutes=20)) -> list[str]:
    return [times.iso(START + place * step) for place in range(count)]


def walk(count: int, start: float, swing: float) -> list[float]:
    chance, values = random.Random(5), [start]
    while len(values) < count:
        values.append(values[-1] * (1 + chance.gauss(0.0001, swing)))
    return values[:count]


def below(values: list[float]) -> list[float | None]:
    return [value / highest - 1 if highest > 0 else None for value, highest in zip(values, accumulate(values, max), strict=True)]


def curve(count: int = 300, values: list[float] | None = None, marks: int = 8) -> dict[str, Any]:
    values = walk(count, 118_204.36, 0.004) if values is None else values
    course = {"timestamps": moments(count)[::5], "values": values[::5]}
    places = [round(mark * (count - 1) / max(1, marks)) for mark in range(min(marks, count))]
    signs = [
        {"id": place + 1, "timestamp": moments(count)[place], "kind": KINDS[number % 4], "symbol": "BTCUSDT", "strategy": NAMES[number % 8]}
        | {"net_pnl": None if number % 4 == 0 else -12.5, "equity": values[place]}
        for number, place in enumerate(places)
    ]
    answer = {"timestamps": moments(count), "equity": values, "drawdown": below(values), "sma": course, "markers": signs}
    answer |= {"marked": len(signs), "trades": len(signs)}
    return ABOUT | answer | {"benchmark": {"symbol": "ETHUSDT", **course}}


def under(answer: dict[str, Any]) -> dict[str, Any]:
    return ABOUT | {"timestamps": answer["timestamps"], "drawdown": answer["drawdown"], "worst": None, "warning": -0.1}


def days_of(count: int) -> list[str]:
    return [(date(2018, 1, 1) + timedelta(days=place)).isoformat() for place in range(count)]


def daily(count: int = 31, value: float | None = None) -> dict[str, Any]:
    chance = random.Random(3)
    returns = [chance.gauss(0.001, 0.01) if value is None else value for _ in range(count)]
    return ABOUT | {"days": days_of(count), "returns": returns, "pnl": [one * 118_000 for one in returns], "has_more": False}


def unknown(count: int = 31) -> dict[str, Any]:
    return daily(count) | {"returns": [None] * count, "without_balance": ["grid-eu", "alpha <b>"]}


def steps(**changes: Any) -> dict[str, Any]:
    known = {"start": 118_204.36, "gross": 4380.0, "fees": 612.4, "slippage": 188.15, "other": 0.0, "net": 3579.45, "trades": 412} | changes
    left = math.fsum((known["start"] or 0.0, known["gross"], -known["fees"], -known["slippage"], known["other"]))
    return ABOUT | {"final": left} | known


def calendar(years: int = 3, value: float | None = None) -> dict[str, Any]:
    chance = random.Random(9)
    rows = [
        {"year": 2026 - years + place, "months": [chance.gauss(0.01, 0.04) if value is None else value for _ in range(12)]} for place in range(years)
    ]
    for row in rows:
        row["total"] = math.prod(1 + month for month in row["months"]) - 1  # type: ignore[attr-defined]  # a list of floats
        row["months"][0] = None  # type: ignore[index]  # as above
    return ABOUT | {"years": rows}


def strategies(count: int = 6, net: float | None = None) -> list[dict[str, Any]]:
    chance = random.Random(7)
    rows = []
    for place in range(count):
        row = {"id": place + 1, "name": NAMES[place % 8] + "_v2" * (place // 8), "place": place, "trades": chance.randint(1, 1500), "win_rate": 0.573}
        row |= {"net_pnl": chance.uniform(-900, 1700) if net is None else net, "profit_factor": 1.62, "total_return": 0.031, "volatility": 0.2}
        rows.append(row | {"sharpe_ratio": None if place == 1 else 1.42, "max_drawdown": -0.0508, "sparkline": []})
    return rows


def performance(count: int = 6, net: float | None = None) -> dict[str, Any]:
    return ABOUT | {"strategies": strategies(count, net)}


def compared(count: int = 3, points: int = 200, *, balance: bool = True, value: float | None = None) -> dict[str, Any]:
    rows = []
    for place, row in enumerate(strategies(count)):
        net = [100 * one - 100 * (place + 1) for one in walk(points, place + 1.0, 0.02)] if value is None else [value] * points
        returns = [one / 118_000 for one in net] if balance else None
        shared = {name: row[name] for name in ("id", "name", "place")}
        rows.append(shared | {"metrics": row, "curve": {"timestamps": moments(points), "net_pnl": net, "total_return": returns}})
    return ABOUT | {"strategies": rows}


def rolled(count: int = 300, known: int = 270, value: float | None = None) -> dict[str, Any]:
    sharpe = [None] * (count - known) + ([one - 1 for one in walk(known, 2.0, 0.05)] if value is None else [value] * known)
    volatility = [None if one is None else abs(one) / 5 for one in sharpe]
    return ABOUT | {"days": days_of(count), "sharpe": sharpe, "volatility": volatility, "window": 30, "trading_days": 365}


def histogram(counts: list[int], low: float = -0.03, high: float = 0.03, **lines: float | None) -> dict[str, Any]:
    edges = [low + (high - low) * place / max(1, len(counts)) for place in range(len(counts) + 1)] if counts else []
    known = {"var_95": -0.0164, "var_99": -0.0221, "cvar_95": -0.0209, "mean": 0.0005} | lines
    return ABOUT | {"edges": edges, "counts": counts, "days": sum(counts)} | known


FLAT, FALLING = [1000.0] * 40, [1000.0 - place for place in range(40)]
NO_LINES: dict[str, Any] = dict.fromkeys(("var_95", "var_99", "cvar_95"))
BARE: dict[str, Any] = {"sma": {"timestamps": [], "values": []}, "benchmark": None, "markers": [], "marked": 0, "trades": 0}
CHARTS: dict[str, tuple[Chart, Draw, list[Any], list[Any]]] = {
    "equity": (
        equity,
        equity_view,
        [
            curve(), curve(1), curve(2000, marks=60), curve(40, FLAT), curve(40, FALLING), curve(40, FALLING) | BARE,
            curve(40, [place - 20.0 for place in range(40)]) | {"drawdown": [None] * 40}, curve(3, [1e-8, 2e-8, 1e-8]) | {"currency": "BTC"},
        ],
        [curve(0), curve(0) | {"without_balance": ["alpha"]}],
    ),
    "drawdown": (
        drawdown,
        drawdown_view,
        [under(curve()), under(curve(1)), under(curve(2000)), under(curve(40, FLAT)), under(curve(40, FALLING)),
         under(curve(3)) | {"drawdown": [None, -0.2, None]}],
        [under(curve(0)), under(curve(3)) | {"drawdown": [None] * 3}],
    ),
    "daily": (
        daily_returns,
        daily_returns_view,
        [daily(), daily(1), daily(2000), daily(5, 0.0), daily(5, -0.01), unknown(), unknown(2000), daily(3) | {"returns": [None, 0.01, None]}],
        [daily(0)],
    ),
    "waterfall": (
        waterfall,
        waterfall_view,
        [
            steps(), steps(start=None), steps(other=-954.3), steps(start=1000.0, gross=-350.0), steps(start=None, gross=-10.0, net=-5.0),
            steps(gross=0.0, fees=0.0, slippage=0.0), steps(start=-50.0), steps(start=0.012, gross=0.00000613, fees=0.0) | {"currency": "BTC"},
        ],
        [steps(trades=0)],
    ),
    "monthly": (
        monthly_returns,
        monthly_returns_view,
        [calendar(), calendar(1), calendar(9), calendar(2, 0.0), calendar(2, -0.03)],
        [calendar(0), ABOUT | {"years": [{"year": 2024, "months": [None] * 12, "total": None}]}],
    ),
    "strategies": (
        strategy_performance,
        strategy_performance_view,
        [performance(), performance(1), performance(40), performance(3, 0.0), performance(7, -12.3)],
        [performance(0)],
    ),
    "comparison": (
        comparison,
        comparison_view,
        [compared(), compared(1, 1), compared(5, 400), compared(3, balance=False), compared(2, value=0.0), compared(5, 2000)],
        [compared(0), compared(2, 0)],
    ),
    "rolling": (
        rolling,
        rolling_view,
        [rolled(), rolled(2000, 2000), rolled(31, 1), rolled(40, 11, 0.0), rolled(40, 11, -1.0), rolled() | {"sharpe": [None] * 300}],
        [rolled(0, 0), rolled(20, 0)],
    ),
    "var": (
        var_histogram,
        var_histogram_view,
        [histogram([1, 4, 9, 7, 2]), histogram([3], -0.0005, 0.0005), histogram([1] * 60), histogram([2, 3], -0.05, -0.03),
         histogram([2], **NO_LINES)],
        [histogram([])],
    ),
}  # fmt: skip  # one answer a line would be pages
DRAWN = [pytest.param(*row[:2], answer, id=f"{name}-{place}") for name, row in CHARTS.items() for place, answer in enumerate(row[2])]
EMPTY = [pytest.param(*row[:2], answer, id=f"{name}-{place}") for name, row in CHARTS.items() for place, answer in enumerate(row[3])]
REFERENCE = re.compile(r"strategy:.+|trade:\d+|risk:\w+|day:\d{4}-\d\d-\d\d|month:\d{4}-\d\d")


def references(figure: Figure) -> Iterator[str]:
    """Yield the details that points open: each a text, or the first of a list; a heatmap's stand in rows."""
    for trace in figure["data"]:
        listed = trace.get("customdata", [])
        for cell in [one for row in listed for one in row] if trace["type"] == "heatmap" else listed:
            reference = cell[0] if isinstance(cell, list) else cell
            if reference is not None:
                yield reference


def drawn(chart: Chart, answer: Any) -> Figure:
    figure = chart(answer)
    assert figure is not None
    return figure


def shown(content: Any) -> str:
    """Return what a person reads of `content`."""
    if isinstance(content, list | tuple):
        return " ".join(shown(part) for part in content)
    return shown(getattr(content, "children", None)) if isinstance(content, Component) else str(content or "")


@pytest.mark.parametrize(("chart", "draw", "answer"), DRAWN)
def test_a_figure_is_valid_complete_and_small_and_names_its_colours_by_token(chart: Chart, draw: Draw, answer: Any) -> None:
    figure = drawn(chart, answer)
    assert draw(answer, NOW).figure == figure
    assert shown(draw(answer, NOW).note)
    go.Figure(coloured(figure))  # raises on what plotly.js does not know
    assert len(json.dumps(figure, allow_nan=False, separators=(",", ":"))) <= 100_000
    assert all(len(trace["x"]) <= 2000 for trace in figure["data"])
    texts = [leaf for leaf in leaves(figure) if isinstance(leaf, str)]
    assert not [leaf for leaf in texts if re.match(r"#[0-9a-fA-F]{3,8}\b", leaf)]
    assert {leaf.split("/")[0] for leaf in texts if leaf.startswith("--bv-")} <= set(re.findall(r"--bv-[\w-]+", TOKENS))
    layout = figure["layout"]
    assert layout["template"] == {}
    assert layout["title"]["text"]
    titles = {name: axis["title"]["text"] for name, axis in layout.items() if re.match(r"[xy]axis", name) and "title" in axis}
    assert all(titles.values())
    assert re.search(r"%|USDT|BTC|UTC|days", " ".join(titles.values()))
    assert not [name for name, axis in layout.items() if re.match(r"[xy]axis", name) and "range" in axis]
    assert any("hovertemplate" in trace for trace in figure["data"])
    found = list(references(figure))
    assert all(REFERENCE.fullmatch(reference) for reference in found)
    assert found or chart in {waterfall, rolling} or answer.get("var_95", 0) is None


@pytest.mark.parametrize(("chart", "draw", "answer"), EMPTY)
def test_without_anything_to_draw_there_are_no_bare_axes_but_the_call_that_would_fill_it(chart: Chart, draw: Draw, answer: Any) -> None:
    assert chart(answer) is None
    view = draw(answer, NOW)
    assert (view.figure, view.note) == (None, None)
    assert "POST /api/" in shown(view.body)


def test_who_lacks_a_starting_balance_is_told_so() -> None:
    assert "POST /api/portfolio/starting-balance" in shown(drawdown_view(under(curve(0)) | {"without_balance": ["alpha"]}, NOW).body)
    assert "2 left out" in shown(daily_returns_view(unknown(), NOW).note)
    assert "grid-eu, alpha <b>" in str(daily_returns_view(unknown(), NOW).note)


def test_down_is_hatched_and_up_solid_wherever_bars_go_both_ways() -> None:
    for chart, answer in (
        (strategy_performance, performance()),
        (var_histogram, histogram([3, 9, 4])),
        (waterfall, steps(other=5.0)),
    ):
        bars = next(trace for trace in drawn(chart, answer)["data"] if trace["type"] == "bar")
        worth = bars["x"] if bars.get("orientation") == "h" or chart is var_histogram else bars["y"]
        assert bars["marker"]["pattern"]["shape"] == ["/" if value < 0 else "" for value in worth]
        assert {"", "/"} <= set(bars["marker"]["pattern"]["shape"])
    up, down = drawn(daily_returns, daily())["data"]
    assert [up["marker"]["pattern"]["shape"], down["marker"]["pattern"]["shape"]] == ["", "/"]
    assert min(up["y"]) >= 0 > max(down["y"])
    assert sorted([*up["x"], *down["x"]]) == daily()["days"]
    assert len(drawn(daily_returns, daily(5, -0.01))["data"]) == 1


def test_each_kind_of_trade_on_the_equity_curve_has_a_sign_a_name_and_its_trade() -> None:
    figure = drawn(equity, curve())
    marks = {trace["name"]: trace for trace in figure["data"] if isinstance(trace.get("marker", {}).get("symbol"), str)}
    assert set(marks) == {"Buy", "Sell", "Stop loss", "Take profit"}
    looks = {(mark["marker"]["symbol"], mark["marker"]["angle"]) for mark in marks.values()}
    assert looks == {("triangle-up-open", 0), ("triangle-up", 180), ("circle-x-open", 180), ("star-diamond", 180)}
    assert marks["Stop loss"]["customdata"][0] == ["trade:76", "BTCUSDT, Breakout_20", ", −12.50\u202fUSDT"]
    assert "customdata[2]" not in marks["Stop loss"]["meta"]["masked"]["hovertemplate"], "what it earned is not told while amounts are hidden"
    assert shown(equity_view(curve(), NOW).note).split()[-1] == "USDT"
    lost = [marker | {"equity": None, "strategy": None} for marker in curve()["markers"]]
    assert not any("angle" in trace.get("marker", {}) for trace in drawn(equity, curve() | {"markers": lost})["data"])


def test_the_strip_below_the_equity_reaches_to_the_warning_and_names_the_deepest_point() -> None:
    figure = drawn(equity, curve())
    texts = [one["text"] for one in figure["layout"]["annotations"]]
    worst = min(value for value in curve()["drawdown"] if value is not None)
    assert texts[0] == f"{curve()['equity'][-1]:,.0f}"
    assert texts[1:3] == ["Drawdown, %", "warning at −10\u202f%"]
    assert texts[3] == f"{100 * worst:.2f}\u202f%".replace("-", "−")
    assert figure["layout"]["yaxis2"]["autorangeoptions"]["include"] == -10
    assert figure["layout"]["hoversubplots"] == "axis"
    assert "yaxis2" not in drawn(equity, curve() | {"drawdown": [None] * 300})["layout"]
    deep = drawn(drawdown, under(curve(2000, walk(2000, 100.0, 0.01))))
    line = deep["data"][0]
    assert min(value for value in line["y"] if value is not None) == deep["data"][2]["y"][0]


def test_a_waterfall_adds_up_and_says_where_its_scale_is_broken() -> None:
    answer = steps(other=-954.3)
    figure = drawn(waterfall, answer)
    bars, layout = figure["data"][0], figure["layout"]
    assert bars["x"] == ["Start", "P&L", "Fees", "Slippage", "Other", "Final"]
    assert math.isclose(sum(bars["y"][:-1]), bars["y"][-1])
    assert bars["y"][-1] == round(answer["final"], 8)
    floor = layout["yaxis"]["autorangeoptions"]["minallowed"]
    assert 0 < floor < answer["start"]
    assert layout["annotations"][0]["text"].startswith("USDT, scale broken below 1")
    assert len([shape for shape in layout["shapes"] if shape["type"] == "path"]) == 2
    near = drawn(waterfall, steps(start=None))
    assert near["data"][0]["x"] == ["P&L", "Fees", "Slippage", "Net"]
    assert near["layout"]["annotations"][0]["text"] == "USDT"
    assert not [shape for shape in near["layout"]["shapes"] if shape["type"] == "path"]


def test_many_strategies_are_the_twelve_largest_amounts_and_the_sum_of_the_others() -> None:
    answer = performance(40)
    bars = drawn(strategy_performance, answer)["data"][0]
    assert len(bars["x"]) == 13
    assert bars["x"][:12] == sorted(bars["x"][:12], reverse=True)
    assert math.isclose(sum(bars["x"]), sum(row["net_pnl"] for row in answer["strategies"]))
    assert (bars["y"][-1], bars["customdata"][-1]) == ("28 others", None)
    few = drawn(strategy_performance, performance(8))
    assert "strategy:Pairs_<b>%{x}" in few["data"][0]["customdata"]
    assert not [text for text in leaves(few) if isinstance(text, str) and "<b>" in text and not text.startswith("strategy:")]
    assert any("&#37;{x}" in text for text in few["data"][1]["texttemplate"])


def test_lines_are_compared_in_percent_or_where_a_balance_is_unknown_in_money() -> None:
    figure = drawn(comparison, compared(5))
    lines = figure["data"][:5]
    assert [line["line"]["dash"] for line in lines] == ["solid", "solid", "solid", "dash", "dot"]
    assert lines[0]["y"][-1] == round(100 * compared(5)["strategies"][0]["curve"]["total_return"][-1], 2)
    names = figure["data"][-1]
    heights, known = sorted(names["y"]), [value for line in lines for value in line["y"]]
    assert min(high - low for low, high in pairwise(heights)) >= 0.08 * (max(known) - min(known))
    money = compared(3)
    money["strategies"][1]["curve"]["total_return"] = None
    figure = drawn(comparison, money)
    assert (figure["layout"]["meta"], figure["layout"]["yaxis"]["title"]["text"]) == ({"amounts": ["yaxis"]}, "net P&L, USDT")
    assert figure["data"][0]["y"][-1] == round(money["strategies"][0]["curve"]["net_pnl"][-1], 2)


def test_the_comparison_table_sorts_by_numbers_and_shows_nothing_for_what_is_unknown() -> None:
    table = comparison_table(compared(3))
    heads = [cell.children for cell in table.children[0].children.children]
    sorts = [head.to_plotly_json()["props"]["data-sort"] for head in heads]
    assert sorts == ["name", "net_pnl", "total_return", "trades", "win_rate", "profit_factor", "sharpe_ratio", "volatility", "max_drawdown"]
    assert heads[1].children == "Net P&L, USDT"
    row = table.children[1].children[1]
    name, net, *rest = row.children
    assert name.children[1].to_plotly_json()["props"]["data-detail"] == "strategy:Momentum_RSI"
    worth = compared(3)["strategies"][1]["metrics"]["net_pnl"]
    assert float(net.to_plotly_json()["props"]["data-value"]) == worth
    assert net.children.className == "amount"
    assert [cell.children for cell in rest if "num" in cell.className][-3:] == ["–", "20.00\u202f%", "−5.08\u202f%"]
    assert "POST /api/trades" in shown(comparison_table(compared(0)))


def test_months_go_down_years_across_and_the_last_row_is_the_total() -> None:
    answer = calendar(9)
    figure = drawn(monthly_returns, answer)
    cells = figure["data"][-1]
    assert cells["x"] == [str(year) for year in range(2020, 2026)]
    assert (cells["y"][0], cells["y"][-1]) == ("Jan", "<b>Total</b>")
    assert (cells["text"][0][0], cells["customdata"][1][0], cells["customdata"][-1][0]) == ("", "month:2020-02", None)
    assert cells["text"][-1][-1].startswith("<b>+")
    assert "since 2020" in shown(monthly_returns_view(answer, NOW).note)


def test_the_names_of_the_limits_stand_one_over_the_other_the_outermost_on_top() -> None:
    figure = drawn(var_histogram, histogram([1, 4, 9, 7, 2]))
    texts = [trace for trace in figure["data"] if trace.get("mode") == "text"]
    assert [text["text"][0].strip("&nbsp;") for text in texts] == ["VaR 99 −2.21\u202f%", "CVaR 95 −2.09\u202f%", "VaR 95 −1.64\u202f%"]
    assert texts[0]["y"] > texts[1]["y"] > texts[2]["y"]
    assert texts[2]["y"][0] > 9
    assert "23 days, mean +0.05\u202f%" in shown(var_histogram_view(histogram([1, 4, 9, 7, 2]), NOW).note)


def test_numbers_and_moments_are_written_as_the_person_writes_them() -> None:
    with speaking(Speech(language="de", numbers="de", zone="Europe/Berlin")):
        figure = drawn(equity, curve(40, FALLING) | {"equity": [value * 118 for value in FALLING]})
        assert figure["layout"]["separators"] == ",."
        assert figure["layout"]["annotations"][0]["text"] == "113.398"
        assert figure["layout"]["annotations"][-1]["text"] == "−3,90\u202f%"
        assert figure["data"][1]["x"][0] == "2023-12-23T01:00:00"
        assert drawn(monthly_returns, calendar())["data"][-1]["text"][1][0].count(",") == 1
        assert drawn(waterfall, steps())["data"][0]["hovertext"][1] == "+4.380,00\u202fUSDT"
        assert drawn(daily_returns, daily())["data"][0]["x"][0] == "2018-01-01"
