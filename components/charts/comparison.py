"""Chart 10, second part: some strategies over one another, each from zero; and the table of their figures."""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

from dash import html
from dash.development.base_component import Component

from components import format as fmt
from components.charts.base import AMOUNTS, Figure, base_layout, chart_view, series_colour, series_dash
from components.charts.marks import Answer, amounts_format, frame, name_of, note, percents, rounded, signed_percents, stamps, thin, words
from components.parts import DECORATION, View, direction, empty, facts
from components.words import N_, _, speech

POINTS = 1250  # of all lines together: each carries its moment and the name of its strategy
PAD = "\N{EM SPACE}\N{NO-BREAK SPACE}"  # room for the patch
LONGEST = 13  # characters of a name at the end of its line
APART = 0.085  # of the height: names closer than that would touch on a phone


class Column(NamedTuple):
    """A column of the table: the figure's name, its title, and how it is written; `is_change` colours it."""

    figure: str
    title: str
    write: Callable[[float | None], str]
    is_change: bool = False


def _fraction(value: float | None) -> str:
    return fmt.percent(None if value is None else 100 * value, 2)


def _gain(value: float | None) -> str:
    return fmt.change_percent(None if value is None else 100 * value)


COLUMNS = (
    Column("total_return", N_("Return"), _gain, is_change=True),
    Column("trades", N_("Trades"), fmt.level),
    Column("win_rate", N_("Win rate"), _fraction),
    Column("profit_factor", N_("Profit factor"), fmt.ratio),
    Column("sharpe_ratio", N_("Sharpe"), fmt.ratio),
    Column("volatility", N_("Volatility"), _fraction),
    Column("max_drawdown", N_("Max drawdown"), _fraction),
)


def comparison(answer: Answer) -> Figure | None:
    """Return a line per strategy of `answer` (`strategies`: `name`, `place`, `curve` of `timestamps`, `net_pnl`, `total_return` or None).

    They show the return in percent where every strategy has one, else the net P&L in `currency`. None without a point.
    A point's detail is its strategy.
    """
    shown = [row for row in answer["strategies"] if row["curve"]["timestamps"]]
    if not shown:
        return None
    money = _in_money(shown)
    unit = answer["currency"] if money else "%"
    title = _("net P&L, {currency}").format(currency=unit) if money else _("return, %")
    layout = base_layout(_("Comparison of strategies"), _("time, {zone}").format(zone=speech().zone), title)
    form = {"hoverformat": amounts_format(unit, signed=True), "tickformatstops": AMOUNTS} if money else signed_percents()
    layout["yaxis"] |= form | {"ticklabelstandoff": _width(shown)}
    layout["margin"]["r"] = 44 + layout["yaxis"]["ticklabelstandoff"]
    layout["meta"] = {"amounts": ["yaxis"] if money else []}
    lines = [_line(row, POINTS // len(shown), money, unit) for row in shown]
    ends = sorted(moment for line in lines for moment in (line["x"][0], line["x"][-1]))
    layout["xaxis"] |= {"autorangeoptions": frame(ends), "nticks": 3, "tickangle": 0}
    return {"data": [*lines, _ends(shown, lines)], "layout": layout}


def comparison_view(answer: Answer, _now: datetime) -> View:
    """Return the chart, its unit in the head."""
    shown = [row for row in answer["strategies"] if row["curve"]["timestamps"]]
    said = _("net P&L, {currency}").format(currency=answer["currency"]) if _in_money(shown) else _("return, %")
    return chart_view(comparison(answer), note(said), _nothing())


def comparison_table(answer: Answer) -> html.Table | html.Div:
    """Return the figures of the strategies of `answer`, a row each; the buttons in the heads sort them, "–" stands for what is not known.

    A cell's `data-value` is its figure as a number. A row's detail is its strategy.
    """
    rows = answer["strategies"]
    if not rows:
        return _nothing()
    money = Column("net_pnl", _("Net P&L, {currency}").format(currency=answer["currency"]), _amounts(answer["currency"]), is_change=True)
    columns = [money, *COLUMNS]
    heads = [_head("name", _("Strategy"), ""), *(_head(column.figure, _(column.title), "num") for column in columns)]
    return html.Table([html.Thead(html.Tr(heads)), html.Tbody([_row(row, columns) for row in rows])], className="compared")


def _nothing() -> html.Div:
    return empty(_("Nothing to compare yet"), _("A line begins with a strategy's first closed trade:"), "POST /api/trades")


def _in_money(rows: Sequence[Answer]) -> bool:
    return any(row["curve"]["total_return"] is None for row in rows)


def _amounts(currency: str) -> Callable[[float | None], str]:
    return lambda value: fmt.change(value, fmt.currency_decimals(currency))


def _width(rows: Sequence[Answer]) -> int:
    """How many px the names at the ends of the lines need, before the numbers of the axis begin; wide letters included."""
    return 20 + 7 * max(min(len(row["name"]), LONGEST) for row in rows)


def _line(row: Answer, points: int, money: bool, unit: str) -> Figure:
    curve = row["curve"]
    values = rounded(curve["net_pnl"], fmt.currency_decimals(unit)) if money else percents(curve["total_return"])
    places = thin(values, max(10, points))
    line: Figure = {"type": "scatter", "mode": "lines", "name": name_of(row["name"], 40), "x": stamps([curve["timestamps"][at] for at in places])}
    line |= {"y": [values[at] for at in places], "customdata": [f"strategy:{row['name']}"] * len(places)}
    line["line"] = {"color": series_colour(row["place"]), "dash": series_dash(row["place"]), "width": 1.6}
    return line | {"hovertemplate": f"%{{fullData.name}} %{{y}}{fmt.THIN}{unit}<extra></extra>"}


def _ends(rows: Sequence[Answer], lines: Sequence[Figure]) -> Figure:
    """The names at the ends of the lines, moved where they would touch, with a patch of the line's colour: that of the text has to be readable."""
    known = [value for line in lines for value in line["y"] if value is not None]
    last = max(line["x"][-1] for line in lines)
    ends = [next((value for value in reversed(line["y"]) if value is not None), 0.0) for line in lines]
    colours = [line["line"]["color"] for line in lines]
    heights = _apart(ends, min(known, default=0.0), max(known, default=0.0))
    names = words([last] * len(rows), heights, [PAD + name_of(row["name"], LONGEST) for row in rows], "middle right", "--bv-text-1")
    patch = {"symbol": "square", "size": 7, "color": colours, "angle": -90, "standoff": 9}
    return names | {"mode": "markers+text", "marker": patch, "meta": {"masked": {}}}  # names are no amounts


def _apart(ends: Sequence[float], low: float, high: float) -> list[float]:
    """Return heights for names at `ends`, in their order, none closer to the next than can be read and all between `low` and `high`."""
    step = APART * (high - low)
    order = sorted(range(len(ends)), key=lambda place: ends[place])
    heights = list(ends)
    for below, above in pairwise(order):
        heights[above] = max(heights[above], heights[below] + step)
    limit = high
    for place in reversed(order):
        heights[place] = min(heights[place], limit)
        limit = heights[place] - step
    return heights


def _head(figure: str, title: str, extra: str) -> html.Th:
    unsorted: dict[str, Any] = {"aria-sort": "none"}
    return html.Th(html.Button(title, type="button", className="sort", **facts(sort=figure)), scope="col", className=extra, **unsorted)


def _row(row: Answer, columns: Sequence[Column]) -> html.Tr:
    key = html.I(className="key", style={"background": f"var({series_colour(row['place'])})"}, **DECORATION)
    name = html.Button(row["name"], type="button", className="name", **facts(detail=f"strategy:{row['name']}"))
    cells: list[Component] = [html.Th([key, name], scope="row", **facts(value=row["name"]))]
    for column in columns:
        value = row["metrics"][column.figure]
        look = f"num {direction(value) if column.is_change else ''}".strip()
        shown = column.write(value)
        told = html.Span(shown, className="amount") if column.figure == "net_pnl" else shown
        cells.append(html.Td(told, className=look, **facts(value=None if value is None else repr(value))))
    return html.Tr(cells, **facts(key=row["name"]))
