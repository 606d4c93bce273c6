"""Chart 4: where the money is: the open positions, a tile each, within their strategies."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from components import format as fmt
from components.charts.base import ALL_TRACES, Figure, chart_view, plain_layout
from components.charts.marks import Answer, name_of, note
from components.parts import View, empty
from components.words import _, plural

MOST = 100  # tiles: smaller ones cannot be told apart
ALL = "all"
FILL = 0.3  # of the full colour: text in --bv-text-1 keeps 4.5:1 on it


def allocation_treemap(answer: Answer) -> Figure | None:
    """Return the tiles of `answer` (`positions`, `currency`); None where no position has a value.

    A tile's size is the position's value, its colour and the sign in it say how its unrealized P&L stands.
    """
    held = sorted((one for one in answer["positions"] if one["value"]), key=lambda one: -abs(one["value"]))
    if not held:
        return None
    whole, shown = answer["total"] - (answer["cash"] or 0.0), held[:MOST]
    strategies = {one["strategy"]: _strategy(one["strategy"]) for one in shown}
    tiles = [_all(whole, answer["currency"]), *strategies.values(), *(_tile(one, whole, answer["currency"]) for one in shown)]
    trace: Figure = {name: [tile[name] for tile in tiles] for name in ("ids", "parents", "labels", "values", "text", "hovertext", "customdata")}
    trace |= {"type": "treemap", "branchvalues": "remainder", "texttemplate": "%{label}%{text}", "hovertemplate": "%{hovertext}<extra></extra>"}
    share = "%{percentRoot:.1%}"
    trace["meta"] = {"masked": {"texttemplate": f"%{{label}}<br>{share}", "hovertemplate": f"%{{label}}<br>{share}<extra></extra>"}}
    trace |= {"pathbar": {"visible": False}, "tiling": {"pad": 2}, "textfont": {"size": 11, "color": "--bv-text-1"}}
    pattern = {"shape": [tile["shape"] for tile in tiles], "fgcolor": "--bv-down/0.28", "bgcolor": "--bv-down/0.16", "size": 6, "solidity": 0.3}
    colours = [tile["colour"] for tile in tiles]
    trace["marker"] = {"colors": colours, "pattern": pattern, "line": {"width": 1, "color": "--bv-bg-2"}, "pad": {"t": 20, "l": 2, "r": 2, "b": 2}}
    layout = plain_layout(_("Allocation by strategy"))
    layout |= {"margin": {"l": 2, "r": 2, "t": 2, "b": 2}, "uniformtext": {"minsize": 9, "mode": "hide"}, "meta": {"amounts": ALL_TRACES}}
    return {"data": [trace], "layout": layout}


def allocation_treemap_view(answer: Answer, _now: datetime) -> View:
    """Return the chart; its head says the currency and how many positions are open."""
    count = len(answer["positions"]) + answer["not_shown"]
    counted = plural("{n} position", "{n} positions", count).format(n=fmt.level(count))
    nothing = empty(_("No open positions"), _("A tile appears as soon as a bot sends"), "POST /api/monitoring/positions/update")
    return chart_view(allocation_treemap(answer), note(answer["currency"], counted), nothing)


def _all(whole: float, currency: str) -> dict[str, Any]:
    words, told = _("all strategies"), _("all strategies: {value}").format(value=fmt.money(whole, currency))
    tile = {"ids": ALL, "parents": "", "labels": words, "values": 0, "text": "", "hovertext": told, "shape": ""}
    return tile | {"customdata": None, "colour": "--bv-bg-2"}


def _strategy(name: str | None) -> dict[str, Any]:
    words = name_of(name) if name else _("no strategy")
    tile = {"ids": _id(name), "parents": ALL, "labels": words, "values": 0, "text": "", "hovertext": words, "shape": ""}
    return tile | {"customdata": f"strategy:{name}" if name else None, "colour": "--bv-bg-3"}


def _tile(one: Mapping[str, Any], whole: float, currency: str) -> dict[str, Any]:
    value, pnl = abs(one["value"]), one["unrealized_pnl"]
    arrow = "" if not pnl else "▲ " if pnl > 0 else "▼ "
    share, decimals = fmt.percent(100 * value / whole, 1), fmt.currency_decimals(currency)
    words = _("{symbol}, {side}, {bot}<br>value {value}, {share} of all<br>unrealized P&L <b>{pnl}</b>")
    who = {name: name_of(str(one[name])) for name in ("symbol", "side", "bot")}
    hover = words.format(**who, value=fmt.money(value, currency), share=share, pnl=arrow + fmt.change_money(pnl, currency))
    return {
        "ids": f"{_id(one['strategy'])}\x1f{one['bot']}\x1f{one['position_id']}",
        "parents": _id(one["strategy"]),
        "labels": f"<b>{name_of(one['symbol'], 12)}</b>",
        "values": value,
        "text": f"<br>{arrow}{fmt.change(pnl, decimals)}<br>{fmt.level(value, decimals)}<br>{share}",
        "hovertext": hover,
        "customdata": f"position:{one['bot']}|{one['position_id']}",
        "shape": "/" if pnl and pnl < 0 else "",
        "colour": "--bv-bg-4" if not pnl else f"--bv-up/{FILL}" if pnl > 0 else f"--bv-down/{FILL}",
    }


def _id(strategy: str | None) -> str:
    return f"strategy\x1f{strategy or ''}"
