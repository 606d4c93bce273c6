"""Charts of allocation, strategies, risk and price: answers in, figures out."""

import json
import math
import random
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import plotly.graph_objects as go  # type: ignore[import-untyped]  # plotly ships no types
import pytest
from dash.development.base_component import Component

from components.charts.allocation_pie import allocation_pie, allocation_pie_view
from components.charts.allocation_treemap import FILL, allocation_treemap, allocation_treemap_view
from components.charts.base import Figure
from components.charts.candlestick import candlestick, candlestick_view
from components.charts.correlation import correlation, correlation_view
from components.charts.heat import DEPTH
from components.charts.hours_heatmap import hours_heatmap, hours_heatmap_view
from components.charts.pnl_sankey import MOST, pnl_sankey, pnl_sankey_view
from components.charts.return_distribution import return_distribution, return_distribution_view
from components.charts.risk_return import risk_return, risk_return_view
from components.charts.risk_table import GROUPS, risk_table, risk_table_view
from components.charts.strategy_radar import strategy_radar, strategy_radar_view
from components.parts import View
from components.sparkline import sparkline
from tests.support.figures import coloured, leaves

TOKENS = (Path(__file__).parents[1] / "app" / "assets" / "10-tokens.css").read_text()
NOW = datetime(2024, 5, 20, 12, tzinfo=UTC)
NAMES = [
    "MA_Crossover",
    "Momentum_RSI",
    "Breakout_20",
    "Grid_ETH",
    "Funding_Carry",
    "Mean_Reversion",
    "Vol_Target",
    "Pairs_<b>BTC",
    "Trend_4h",
    "Carry_2",
]
SYMBOLS = ["BTCUSDT", "ETHUSDT", "SOLUSDT", "BNBUSDT", "XRPUSDT", "ADAUSDT", "DOTUSDT", "LTCUSDT", "AVAXUSDT", "LINKUSDT"]
ABOUT: dict[str, Any] = {"currency": "USDT", "left_out": 0, "filtered_out": False, "not_shown": 0}
BOX = ("low", "q1", "median", "q3", "high", "mean")
Chart = Callable[[Any], Figure | None]
Draw = Callable[[Any, datetime], View]


def strategies(count: int = 6) -> dict[str, Any]:
    chance = random.Random(5)
    rows = []
    for place, name in enumerate(NAMES[:count]):
        sharpe = None if place == 4 else round(chance.uniform(-0.8, 2.6), 3)
        row = {"id": place + 1, "name": name, "place": place, "net_pnl": chance.uniform(-400, 1700), "trades": chance.randint(12, 130)}
        row |= {"win_rate": chance.uniform(0.35, 0.65), "profit_factor": chance.uniform(0.7, 2.1), "expectancy": chance.uniform(-8, 19)}
        row |= {"payoff_ratio": chance.uniform(0.7, 2), "sqn": chance.uniform(-1, 3), "fees": 12.5, "sharpe_ratio": sharpe}
        row |= {
            "total_return": chance.uniform(-0.06, 0.18),
            "volatility": chance.uniform(0.05, 0.4),
            "max_drawdown": -chance.uniform(0.02, 0.2) if place != 2 else None,
        }
        rows.append(row | {"winning_trades": 3, "losing_trades": 2, "sparkline": [1.0, 2.0]})
    return ABOUT | {"strategies": rows}


def correlations(count: int = 6) -> dict[str, Any]:
    chance = random.Random(3)
    matrix: list[list[float | None]] = [[1.0] * count for _ in range(count)]
    for row in range(count):
        for column in range(row):
            matrix[row][column] = matrix[column][row] = round(chance.uniform(-0.95, 0.99), 12)
    if count > 2:
        matrix[0][2] = matrix[2][0] = None
    names = [f"{NAMES[place % 10]}{place // 10 or ''}" for place in range(count)]
    return ABOUT | {"strategies": names, "places": list(range(count)), "matrix": matrix, "not_compared": []}


def allocation(count: int = 11) -> dict[str, Any]:
    chance = random.Random(8)
    held = []
    for place in range(count):
        one: dict[str, Any] = {"bot": f"alpha-0{place % 2}", "position_id": f"p{place}", "symbol": SYMBOLS[place % 10], "place": place % 4}
        one |= {"strategy": NAMES[place % 4] if place != 7 else None, "side": "LONG" if place % 3 else "SHORT"}
        held.append(one | {"value": chance.uniform(300, 16000), "unrealized_pnl": chance.uniform(-400, 500)})
    return worth(ABOUT | {"positions": held, "cash": 21500.25})


def worth(answer: dict[str, Any]) -> dict[str, Any]:
    return answer | {"total": sum(one["value"] or 0.0 for one in answer["positions"]) + (answer["cash"] or 0.0)}


def distribution(count: int = 6) -> dict[str, Any]:
    chance = random.Random(9)
    rows = []
    for place, name in enumerate(NAMES[:count]):
        middle, width = chance.uniform(-0.4, 0.8), chance.uniform(0.3, 1.4)
        row = {"name": name, "place": place, "count": chance.randint(10, 400), "low": middle - 2 * width, "q1": middle - width / 2, "median": middle}
        row |= {"q3": middle + width / 2, "high": middle + 2 * width, "mean": middle + 0.1}
        rows.append(row | {"outliers": [[middle + chance.choice((-1, 1)) * width * chance.uniform(2.1, 4), 100 * place + n] for n in range(12)]})
    return ABOUT | {"strategies": rows}


def hours(sign: float = 1.0) -> dict[str, Any]:
    chance = random.Random(2)
    trades = [[chance.choice((0, 0, 1, 2, 9)) for _ in range(24)] for _ in range(7)]
    return ABOUT | {"net_pnl": [[sign * chance.gauss(10, 60) if count else None for count in row] for row in trades], "trades": trades}


def flow(count: int = 12) -> dict[str, Any]:
    chance = random.Random(4)
    rows: list[dict[str, Any]] = [
        {"strategy": NAMES[place % 5], "place": place % 5, "symbol": SYMBOLS[(place * 3 + place // 5) % 10], "won": chance.uniform(20, 900)}
        | {"lost": -chance.uniform(10, 700), "fees": chance.uniform(1, 40), "trades": chance.randint(1, 40)}
        for place in range(count)
    ]
    rest = {"strategy": None, "place": None, "symbol": None, "won": 12.0, "lost": -30.0, "fees": 2.0, "trades": 4}
    return ABOUT | {"capital": 118204.36, "rows": [*rows, rest][: count + 1]}


def candles(count: int = 120, *, gaps: bool = False) -> dict[str, Any]:
    chance, price, rows = random.Random(6), 50_000.0, list[dict[str, Any]]()
    start = datetime(2024, 5, 1, tzinfo=UTC)
    for place in range(count):
        close = price * (1 + chance.gauss(0, 0.006))
        at = start + timedelta(hours=place + (place // 24 * 48 if gaps else 0))
        low, high = min(price, close) * (1 - chance.random() * 0.003), max(price, close) * (1 + chance.random() * 0.003)
        rows.append({"timestamp": iso(at), "open": price, "high": high, "low": low, "close": close, "volume": round(chance.uniform(10, 900), 5)})
        price = round(close, 2)
    closes: list[float] = [row["close"] for row in rows]
    mean20 = [sum(closes[place - 19 : place + 1]) / 20 if place >= 19 else None for place in range(count)]
    mean50 = [sum(closes[place - 49 : place + 1]) / 50 if place >= 49 else None for place in range(count)]
    lines = {"sma_20": mean20, "sma_50": mean50, "rsi_14": [chance.uniform(22, 78) if place >= 14 else None for place in range(count)]}
    lines |= {"bollinger_upper": [value and value * 1.02 for value in mean20], "bollinger_lower": [value and value * 0.98 for value in mean20]}
    reasons = ["signal", "stop_loss", "take_profit", None]
    trades, signals = [], []
    for number in range(min(60, count // 8)):
        entry, leave = rows[number * 8 % count], rows[min(count - 1, number * 8 + 5)]
        trade = {"id": number, "side": "long" if number % 3 else "short", "entry_time": entry["timestamp"], "entry_price": entry["close"]}
        is_open = number == 4
        trade |= {
            "exit_time": None if is_open else leave["timestamp"],
            "exit_price": None if is_open else leave["close"],
            "strategy": NAMES[number % 8],
        }
        trades.append(trade | {"net_pnl": None if is_open else chance.uniform(-50, 70), "exit_reason": reasons[number % 4]})
        signal = {"ref": f"signal:alpha|{NAMES[0]}|BTCUSDT", "timestamp": entry["timestamp"], "signal_type": ["BUY", "SELL", "HOLD"][number % 3]}
        signals.append(signal | {"strategy": NAMES[0], "confidence": 0.7 if number % 2 else None, "price": None if number % 2 else entry["close"]})
    about = {"symbol": "BTCUSDT", "symbols": SYMBOLS, "timeframe": "1h", "timeframes": ["1h"], "has_more": count == 500}
    return ABOUT | about | {"candles": rows, "indicators": lines, "trades": trades, "signals": signals}


def risk() -> dict[str, Any]:
    names = [figure.name for _title, figures in GROUPS for figure in figures]
    known = {"sharpe_ratio": 1.42, "max_drawdown": -0.134, "volatility": 0.62, "longest_drawdown_days": 12, "win_rate": 0.573, "expectancy": 8.69}
    return ABOUT | dict.fromkeys(names) | known | {"days": 90, "total_trades": 412, "monthly": []}


def iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def same(answer: dict[str, Any], **values: Any) -> dict[str, Any]:
    return answer | {"strategies": [row | values for row in answer["strategies"]]}


def held(**values: Any) -> dict[str, Any]:
    answer = allocation(5)
    return worth(answer | {"positions": [one | values for one in answer["positions"]]})


def quiet(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the candles without volume, trades and signals."""
    return answer | {"trades": [], "signals": [], "candles": [candle | {"volume": None} for candle in answer["candles"]]}


def each_row(answer: dict[str, Any], **values: Any) -> dict[str, Any]:
    return answer | {"rows": [row | values for row in answer["rows"]]}


# chart, view, answers that it draws, answers that leave nothing to draw
CHARTS: dict[str, tuple[Chart, Draw, list[Any], list[Any]]] = {
    "correlation": (
        correlation,
        correlation_view,
        [correlations(), correlations(2), correlations(50), correlations(4) | {"matrix": [[None] * 4] * 4}],
        [correlations(0), correlations(1)],
    ),
    "hours": (
        hours_heatmap,
        hours_heatmap_view,
        [hours(), hours(-1), hours(0)],
        [hours() | {"net_pnl": [[None] * 24] * 7, "trades": [[0] * 24] * 7}],
    ),
    "treemap": (
        allocation_treemap,
        allocation_treemap_view,
        [allocation(), allocation(1), allocation(400), held(value=50.0, unrealized_pnl=-1.0), held(unrealized_pnl=None)],
        [allocation(0), held(value=None)],
    ),
    "pie": (
        allocation_pie,
        allocation_pie_view,
        [
            allocation(),
            allocation(1),
            allocation(400),
            allocation(0),
            held(value=None),
            worth(allocation() | {"cash": None}),
            worth(allocation() | {"cash": -5.0}),
        ],
        [allocation(0) | {"cash": None, "total": None}, worth(held(value=None) | {"cash": 0.0})],
    ),
    "bubbles": (
        risk_return,
        risk_return_view,
        [strategies(), strategies(1), strategies(10), same(strategies(), sharpe_ratio=None), same(strategies(), sharpe_ratio=1.0, total_return=-0.2)],
        [strategies(0), same(strategies(), total_return=None), same(strategies(), volatility=None)],
    ),
    "boxes": (
        return_distribution,
        return_distribution_view,
        [distribution(), distribution(1), distribution(10), same(distribution(3), outliers=[]), same(distribution(2), **dict.fromkeys(BOX, -1.0))],
        [distribution(0), same(distribution(2), count=0, outliers=[], **dict.fromkeys(BOX))],
    ),
    "sankey": (
        pnl_sankey,
        pnl_sankey_view,
        [flow(), flow(1), flow(40), flow() | {"capital": None}, each_row(flow(), won=0.0)],
        [flow() | {"rows": []}, each_row(flow(), won=0.0, lost=0.0, fees=None)],
    ),
    "radar": (
        strategy_radar,
        strategy_radar_view,
        [strategies(), strategies(2), strategies(10), same(strategies(3), win_rate=None), same(strategies(2), profit_factor=1.0, expectancy=-1.0)],
        [strategies(0), strategies(1), same(strategies(), trades=0)],
    ),
    "candles": (
        candlestick,
        candlestick_view,
        [candles(), candles(1), candles(2), candles(500), candles(500, gaps=True), quiet(candles(30))],
        [candles(0) | {"symbol": None}],
    ),
}
DRAWN = [pytest.param(*row[:2], answer, id=f"{name}-{place}") for name, row in CHARTS.items() for place, answer in enumerate(row[2])]
EMPTY = [pytest.param(*row[:2], answer, id=f"{name}-{place}") for name, row in CHARTS.items() for place, answer in enumerate(row[3])]
REFERENCE = re.compile(r"(strategy|symbol|trade):.+|position:[^|]+\|.+|signal:.+\|.+\|.+|hour:[0-6]-\d\d?")


@pytest.mark.parametrize(("chart", "draw", "answer"), DRAWN)
def test_a_figure_is_valid_complete_and_small_and_names_its_colours_by_token(chart: Chart, draw: Draw, answer: Any) -> None:
    figure = chart(answer)
    assert figure is not None
    assert draw(answer, NOW).figure == figure
    go.Figure(coloured(figure))  # raises on what plotly.js does not know
    text = json.dumps(figure, allow_nan=False, separators=(",", ":"))
    assert len(text) <= 100_000
    assert all(len(trace.get("x") or []) <= 2000 for trace in figure["data"])
    texts = [leaf for leaf in leaves(figure) if isinstance(leaf, str)]
    assert not [leaf for leaf in texts if re.match(r"#[0-9a-fA-F]{3,8}\b", leaf)]
    assert {leaf.split("/")[0] for leaf in texts if leaf.startswith("--bv-")} <= set(re.findall(r"--bv-[\w-]+", TOKENS))

    layout = figure["layout"]
    assert layout["template"] == {}
    assert layout["title"]["text"]
    axes = [axis for name, axis in layout.items() if re.match(r"[xy]axis", name)]
    assert all(axis["title"]["text"] and "range" not in axis for axis in axes)
    assert any(trace.get("hovertemplate") or trace.get("link", {}).get("hovertemplate") for trace in figure["data"])
    found = [item for trace in figure["data"] for item in references(trace)]
    assert all(REFERENCE.fullmatch(item) for item in found)
    marked = chart is not candlestick or answer["trades"] or answer["signals"]
    assert found or not marked or figure["data"][0]["labels"] == ["cash"]


def references(trace: dict[str, Any]) -> Iterator[str]:
    """Return the details that a trace's points open: each a text, or the first of a list; a heatmap's stand in rows."""
    listed = trace.get("customdata", trace.get("node", {}).get("customdata", []))
    cells = [cell for row in listed for cell in row or []] if trace["type"] == "heatmap" else listed
    for cell in cells:
        reference = cell[0] if isinstance(cell, list) else cell
        if reference is not None:
            yield reference


@pytest.mark.parametrize(("chart", "draw", "answer"), EMPTY)
def test_without_anything_to_draw_there_are_no_bare_axes_but_the_call_that_would_fill_it(chart: Chart, draw: Draw, answer: Any) -> None:
    assert chart(answer) is None
    view = draw(answer, NOW)
    assert view.figure is None
    assert "POST /api/" in str(view.body)


def test_bubbles_without_a_balance_say_how_to_give_one() -> None:
    assert "POST /api/portfolio/starting-balance" in str(risk_return_view(same(strategies(), total_return=None), NOW).body)
    assert "POST /api/trades" in str(risk_return_view(strategies(0), NOW).body)


def test_what_a_bot_calls_something_is_text_in_a_figure_and_itself_in_a_reference() -> None:
    figure = return_distribution(distribution(10))
    assert figure is not None
    means = figure["data"][-1]
    assert [means["customdata"][7][0], means["y"][7]] == ["strategy:Pairs_<b>BTC", "Pairs_&lt;b&gt;BTC"]


def test_streams_keep_every_amount_run_forward_and_are_at_most_forty() -> None:
    answer = flow(40)
    figure = pnl_sankey(answer)
    assert figure is not None
    link, node = figure["data"][0]["link"], figure["data"][0]["node"]
    assert len(link["value"]) <= MOST
    assert min(link["value"]) > 0
    assert "other" in node["label"]
    moved = sum(row["won"] - row["lost"] + row["fees"] for row in answer["rows"])
    ends = {node["label"].index(name): name for name in ("Wins", "Losses", "Fees")}
    reached = sum(value for value, target in zip(link["value"], link["target"], strict=True) if target in ends)
    left = sum(value for value, source in zip(link["value"], link["source"], strict=True) if node["label"][source] == "Capital")
    assert math.isclose(moved, reached, rel_tol=1e-4)
    assert math.isclose(moved, left, rel_tol=1e-4)


def test_slices_beyond_the_eighth_are_one_and_add_up_to_the_whole() -> None:
    answer = allocation(30)
    figure = allocation_pie(answer)
    assert figure is not None
    pie = figure["data"][0]
    assert [*pie["labels"][8:]] == ["other", "cash"]
    assert math.isclose(sum(pie["values"]), sum(one["value"] for one in answer["positions"]) + answer["cash"])
    more = allocation_pie(answer | {"total": answer["total"] + 500.0, "not_shown": 2})
    assert more is not None
    assert math.isclose(more["data"][0]["values"][8], pie["values"][8] + 500.0)
    assert "cash unknown" in str(allocation_pie_view(answer | {"cash": None}, NOW).note)


def test_a_profile_keeps_its_shape_whoever_else_is_shown_and_tells_the_real_figures() -> None:
    answer = strategies(5)
    all_of_them, two = strategy_radar(answer), strategy_radar(answer | {"strategies": answer["strategies"][:2]})
    assert all_of_them is not None
    assert two is not None
    assert [line["r"] for line in all_of_them["data"][:2]] == [line["r"] for line in two["data"]]
    assert all(value is None or 0 <= value <= 1 for line in all_of_them["data"] for value in line["r"])
    assert two["layout"]["polar"]["angularaxis"]["ticktext"][:2] == ["Win rate<br>0 to 100\u202f%", "Profit factor<br>0 to 2"]
    edge = strategy_radar(same(strategies(2), win_rate=0.5, profit_factor=9.0, payoff_ratio=1.0, sharpe_ratio=0.0, max_drawdown=-0.9))
    assert edge is not None
    assert edge["data"][0]["r"][:5] == [0.5, 1.0, 0.5, 0.5, 0.0]
    told = [words for _reference, words in edge["data"][0]["customdata"]]
    assert (told[1], told[4]) == ("Profit factor 9.00", "Drawdown −90.0\u202f%"), "beyond the ends, yet told as they are"


def test_trades_and_signals_stand_on_their_candles_and_open_their_details() -> None:
    answer = candles(120)
    figure = candlestick(answer)
    assert figure is not None
    names = {trace.get("name"): trace for trace in figure["data"]}
    assert {"Buy", "Sell", "Stop loss", "Take profit", "signals"} <= names.keys()
    marks = sum(len(names[name]["x"]) for name in ("Buy", "Sell", "Stop loss", "Take profit"))
    assert marks == 2 * len(answer["trades"]) - 1  # one is open
    assert {"yaxis2", "yaxis3"} <= figure["layout"].keys()
    few = candlestick(candles(14))
    assert few is not None
    assert "yaxis3" not in few["layout"]
    before = [trade | {"entry_time": "2020-01-01T00:00:00.000000Z"} for trade in answer["trades"]]
    cut = candlestick(answer | {"trades": before, "signals": []})
    assert cut is not None
    assert not [trace for trace in cut["data"] if trace.get("line", {}).get("dash") == "dot" and "name" not in trace]


def test_the_risk_table_judges_by_shape_word_and_stated_thresholds() -> None:
    table = risk_table(risk())
    assert table is not None
    rows = {row.to_plotly_json()["props"]["data-detail"]: row for body in table.children[1:] for row in body.children[1:]}
    words = {name: [cell.children for cell in row.children] for name, row in rows.items()}
    for detail, value, word, picture in (
        ("risk:sharpe_ratio", "1.42", "good", "success"),
        ("risk:max_drawdown", "−13.40\u202f%", "fair", "warning"),
        ("risk:volatility", "62.00\u202f%", "poor", "critical"),
    ):
        _opens, shown, light = words[detail]
        assert shown == value
        assert light.children[1] == word
        assert f"i-{picture}" in light.children[0].className
    assert rows["risk:volatility"].title == "good up to 20.00\u202f%, fair up to 40.00\u202f%"
    assert words["risk:beta"][1] == "–"
    assert words["risk:beta"][2].children == "–"
    assert "amount" in rows["risk:expectancy"].children[1].className
    assert "412 trades" in str(risk_table_view(risk(), NOW).note)
    assert "POST /api/trades" in str(risk_table_view(risk() | {"days": 0, "total_trades": 0}, NOW).body)


def test_a_sparkline_is_a_mask_of_numbers_with_a_name() -> None:
    drawn = sparkline([1.0, None, 3.0, 2.0, float("nan")], "net P&L of </svg>")
    picture = mask(drawn)
    assert re.fullmatch(r'url\("data:image/svg\+xml,[\w%=\'/:;,. -]+"\)', picture)
    assert "svg%3E" in picture
    assert picture.count("circle") == 1
    assert drawn.to_plotly_json()["props"]["aria-label"] == "net P&L of </svg>"
    assert "fill-opacity" not in mask(sparkline([1.0, 2.0], "x", 80, 20, area=False))
    assert sparkline([None, None], "x").children == sparkline([], "x").children == "–"
    assert "path" not in mask(sparkline([5.0], "x"))


def mask(drawn: Component) -> str:
    return str(drawn.to_plotly_json()["props"]["style"]["maskImage"])


THEMES = [(theme, pair) for theme in ("dark", "light", "terminal") for pair in ("teal-coral", "blue-orange", "red-green")]


@pytest.mark.parametrize(("theme", "pair"), THEMES)
def test_text_on_coloured_cells_and_tiles_is_readable_in_every_theme_and_pair(theme: str, pair: str) -> None:
    colours: dict[str, str] = {}
    for chosen in (f'[data-theme="{theme}"]', f'[data-pair="{pair}"]', f'[data-pair="{pair}"][data-theme="{theme}"]'):
        for block in re.findall(rf"(?:^|, ){re.escape(chosen)}(?:, [^{{]+)? {{(.*?)}}", TOKENS, re.DOTALL | re.MULTILINE):
            colours |= dict(re.findall(r"--bv-([\w-]+): *(#[0-9a-f]{6})", block))
    for ground, token, depth in (("bg-3", "up", DEPTH), ("bg-3", "down", DEPTH), ("bg-2", "up", FILL), ("bg-2", "down", 0.4)):
        assert contrast(colours["text-1"], mixed(colours[ground], colours[token], depth)) >= 4.5


def rgb(colour: str) -> list[float]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def mixed(ground: str, colour: str, alpha: float) -> list[float]:
    return [below + alpha * (above - below) for below, above in zip(rgb(ground), rgb(colour), strict=True)]


def contrast(text: str, ground: list[float]) -> float:
    """Return the ratio as WCAG 2 defines it."""
    light, dark = sorted((luminance(rgb(text)), luminance(ground)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: list[float]) -> float:
    linear = [part / 255 / 12.92 if part / 255 <= 0.04045 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
