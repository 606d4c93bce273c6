"""The table of the strategies: a row of figures each, the course of their P&L, and a choice of those to compare."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dash import html

from components import format as fmt
from components.charts.base import series_colour
from components.grids.card import grid_card
from components.grids.columns import LARGEST_FIRST, Column, by_way, column, drawn, figures
from components.ids import Id
from components.links import query
from components.parts import DECORATION, Record, View, as_of_now, direction, empty, facts, icon
from components.sparkline import sparkline
from components.words import _, plural
from data.exports import StrategyFileScope
from data.scope import Selection

if TYPE_CHECKING:
    from data.desk import Desk

PATH = "/api/export/strategies"
SPARK = (80, 22)
NUMBER: dict[str, Any] = {"valueFormatter": {"function": "botv2Shown(params)"}, "sortable": True}


def listed_strategies(desk: "Desk", selection: Selection) -> Record:
    """Return what `analytics.strategies` says, and in `query` what an export has to ask for."""
    answer = desk.analytics.strategies(selection)
    return answer | {"query": query(StrategyFileScope(**dict(selection.trade_filter()), currency=answer["currency"]))}


def strategies_view(answer: Record, now: datetime) -> View:
    """Return the table's head: how many strategies, and as of when; and why there are none. The rows come by `strategy_rows`."""
    count = len(answer["strategies"])
    if not count:
        return View(None, empty(_("No strategy has closed a trade"), _("A trade that names one fills the table:"), "POST /api/trades"))
    said = plural("{n} strategy", "{n} strategies", count).format(n=fmt.level(count))
    if answer["not_shown"]:
        said = _("{n} of {total}").format(n=fmt.level(count), total=fmt.level(count + answer["not_shown"]))
    known = facts(version="", query=answer["query"])
    return View([html.Span(answer["currency"], className="unit"), html.Span(said, className="as-of", **known), as_of_now(now)], None)


def strategy_rows(answer: Record, _now: datetime) -> list[Record]:
    """Return the rows: each figure as it is, to sort by, and in `shown` as it is told."""
    rows = answer["strategies"]
    decimals = fmt.currency_decimals(answer["currency"])
    widest = max((abs(row["net_pnl"]) for row in rows), default=0.0)
    return [_row(row, decimals, widest) for row in rows]


def _row(row: Record, decimals: int, widest: float) -> Record:
    in_percent = {name: None if row[name] is None else row[name] * 100 for name in ("win_rate", "volatility", "max_drawdown", "total_return")}
    returned = html.Span(fmt.change_percent(in_percent["total_return"]), className=f"num {direction(row['total_return'])}".strip())
    shown: dict[str, Any] = {
        "name": [html.I(className="key", style={"background": f"var({series_colour(row['place'])})"}, **DECORATION), html.Span(row["name"])],
        "sparkline": sparkline(row["sparkline"], _("P&L of {name} over time").format(name=row["name"]), *SPARK),
        "trades": fmt.level(row["trades"]),
        "win_rate": fmt.percent(in_percent["win_rate"], 1),
        "volatility": fmt.percent(in_percent["volatility"], 2),
        "max_drawdown": fmt.change_percent(in_percent["max_drawdown"]),
        "total_return": fmt.change_percent(in_percent["total_return"]),
        "net_pnl": pnl_bar(row["net_pnl"], fmt.change(row["net_pnl"], decimals), widest, [returned]),
    } | {name: fmt.ratio(row[name]) for name in ("profit_factor", "sharpe_ratio")}
    return {
        "id": row["name"],
        "detail": f"strategy:{row['name']}",
        "name": row["name"],
        "return_way": direction(row["total_return"]),
        "sparkline": f"{row['trades']} {row['net_pnl']}",
        **{name: row[name] for name in ("trades", "profit_factor", "sharpe_ratio", "net_pnl")},
        **in_percent,
        "shown": shown,
    }


def pnl_bar(value: float | None, text: str, widest: float, beside: Sequence[Any] = ()) -> html.Div:
    """Return a P&L as the tables show it: the figure, a bar that diverges from the middle, as long as `widest` at most, and what stands `beside`."""
    share = abs(value or 0) / widest * 50 if widest else 0
    bar = html.I(className="gain" if (value or 0) > 0 else "loss", style={"width": f"{share:.1f}%"})
    figure = html.Span(text, className=f"num amount {direction(value)}".strip())
    return html.Div([figure, html.Span(bar, className="bar", **DECORATION), *beside], className="pnl")


def strategy_columns() -> list[Column]:
    """Return the columns, those that are hidden until somebody chooses them included."""
    by_sign: dict[str, Any] = {"cellClassRules": by_way("return_way")}
    return [
        drawn(column("name", _("Strategy"), 170, style="sym", grows=True, phone=True, sortable=True)),
        drawn(column("sparkline", _("P&L over time"), 104)),
        drawn(column("net_pnl", _("Net P&L"), 200, grows=True, phone=True, sortable=True, initialSort="desc", sortingOrder=LARGEST_FIRST)),
        figures("trades", _("Trades"), 84, style="sec", **NUMBER),
        figures("win_rate", _("Win rate"), 88, phone=True, **NUMBER),
        figures("profit_factor", _("Profit factor"), 104, **NUMBER),
        figures("sharpe_ratio", _("Sharpe"), 84, **NUMBER),
        figures("total_return", _("Return"), 92, hidden=True, **by_sign, **NUMBER),
        figures("volatility", _("Volatility"), 92, style="sec", **NUMBER),
        figures("max_drawdown", _("Max drawdown"), 110, **NUMBER),
    ]


def strategies_grid_card() -> html.Section:
    """Return the card of the table; two to five of its rows can be chosen and compared."""
    choice = {"mode": "multiRow", "checkboxes": True, "headerCheckbox": False, "enableClickSelection": False}
    words = [icon("compare"), html.Span(_("Compare"))]
    compare = html.Button(words, type="button", className="btn-line", disabled=True, title=_("Choose two to five rows"), **facts(compare="chosen"))
    return grid_card(
        Id.PANEL_STRATEGIES,
        _("All strategies"),
        strategy_columns(),
        "wide fitted",
        export=PATH,
        tools=[compare],
        rowSelection=choice,
        selectionColumnDef={"headerName": _("Choose"), "width": 38, "minWidth": 38, "suppressMovable": True},
    )
