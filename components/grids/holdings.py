"""The table of the open positions: what each is worth, what it earns now, and how far its stop and its target are."""

from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from dash import html

from components import format as fmt
from components.grids.card import grid_card
from components.grids.columns import BY_SIDE, LARGEST_FIRST, Column, column, drawn, figures
from components.grids.strategies import NUMBER, pnl_bar
from components.ids import Id
from components.parts import Record, View, as_of, direction, empty, facts
from components.track import track
from components.words import N_, _, plural, woven
from data import times
from data.scope import PositionScope, Selection, listed

if TYPE_CHECKING:
    from data.desk import Desk

PATH = "/api/export/positions"
SIDES = {"LONG": N_("Long"), "SHORT": N_("Short")}


def held(desk: "Desk", selection: Selection) -> Record:
    """Return the open positions in scope with their value (`positions`), and what `analytics.allocation` says of all together."""
    answer = desk.analytics.allocation(selection)
    values = {(one["bot"], one["position_id"]): one["value"] for one in answer["positions"]}
    every = desk.live.positions(PositionScope())
    chosen = [one | {"value": values[key]} for one in every if (key := (one["bot"], one["position_id"])) in values]
    named = {"bot": selection.bot, "symbol": selection.symbol, "strategy": selection.strategy}
    query = urlencode({name: listed(values) for name, values in named.items() if values is not None})
    return answer | {"positions": chosen, "query": query}


def holdings_view(answer: Record, now: datetime) -> View:
    """Return the table's head: how many positions, and as of when; and why there are none. The rows come by `holding_rows`."""
    positions = answer["positions"]
    if not positions:
        return View(None, empty(_("No open positions"), _("One appears as soon as a bot sends"), "POST /api/monitoring/positions/update"))
    count = plural("{n} position", "{n} positions", len(positions)).format(n=fmt.level(len(positions)))
    if answer["not_shown"]:
        count = _("{n} of {total}").format(n=fmt.level(len(positions)), total=fmt.level(len(positions) + answer["not_shown"]))
    floating = answer["unrealized_pnl"]
    decimals = fmt.money_decimals(one["unrealized_pnl"] for one in positions)
    told = html.B(fmt.change(floating, decimals), className=f"amount {direction(floating)}".strip())
    summary = woven(_("{count}, unrealized {sum}"), count=count, sum=told)
    return View([html.Span(summary, className="as-of", **facts(version="", query=answer["query"])), as_of(positions, now)], None)


def holding_rows(answer: Record, now: datetime) -> list[Record]:
    """Return the rows: each figure as it is, to sort by, and in `shown` as it is told."""
    positions = answer["positions"]
    decimals = fmt.money_decimals(one["unrealized_pnl"] for one in positions)
    widest = max((abs(one["unrealized_pnl"] or 0) for one in positions), default=0.0)
    return [_row(one, decimals, widest, answer["total"], now) for one in positions]


def _row(one: Record, decimals: int, widest: float, total: float | None, now: datetime) -> Record:
    places = fmt.price_decimals(one["entry_price"], one["current_price"])
    pnl, percent = one["unrealized_pnl"], one["unrealized_pnl_pct"]
    share = one["value"] / total * 100 if total else None
    beside = html.Span(fmt.change_percent(percent), className=f"num {direction(percent)}".strip())
    shown: dict[str, Any] = {
        "unrealized_pnl": pnl_bar(pnl, fmt.change(pnl, decimals), widest, [beside]),
        "distance": track(one),
        "size": fmt.plain(one["size"], 6),
        "entry_price": fmt.level(one["entry_price"], places),
        "current_price": fmt.level(one["current_price"], places),
        "value": fmt.level(one["value"], 2),
        "share": fmt.percent(share, 1),
        "opened": one["time_in_position"] or fmt.UNKNOWN,
    }
    return {
        "id": f"{one['bot']}|{one['position_id']}",
        "detail": f"position:{one['bot']}|{one['position_id']}",
        "symbol": one["symbol"],
        "side_of": one["side"].lower(),
        "side": _(SIDES[one["side"]]),
        "strategy": one["strategy"] or fmt.UNKNOWN,
        "bot": one["bot"],
        "distance": f"{one['stop_loss']} {one['current_price']} {one['take_profit']}",  # by which a change is seen
        "share": share,
        "opened": (now - times.parse_iso(one["opened_at"])).total_seconds() if one.get("opened_at") else None,
        **{name: one[name] for name in ("size", "entry_price", "current_price", "value", "unrealized_pnl")},
        "shown": shown,
    }


def holding_columns() -> list[Column]:
    """Return the columns, those that are hidden until somebody chooses them included."""
    flashes: dict[str, Any] = {"enableCellChangeFlash": True}
    first: dict[str, Any] = {"initialSort": "desc", "sortingOrder": LARGEST_FIRST}
    return [
        column("symbol", _("Symbol"), 96, style="sym", grows=True, phone=True, sortable=True),
        column("side", _("Side"), 78, style="sec arrow", cellClassRules=BY_SIDE, sortable=True),
        column("strategy", _("Strategy"), 108, style="sec", grows=True, sortable=True),
        column("bot", _("Bot"), 110, style="sec", hidden=True, sortable=True),
        figures("size", _("Size"), 100, style="sec amount", **NUMBER),
        figures("entry_price", _("Entry"), 94, style="sec", **NUMBER),
        figures("current_price", _("Last"), 94, **flashes, **NUMBER),
        figures("value", _("Value"), 96, style="amount", **flashes, **NUMBER),
        figures("share", _("Share"), 70, style="sec", phone=True, **NUMBER),
        drawn(column("unrealized_pnl", _("P&L"), 196, grows=True, phone=True, sortable=True, **first, **flashes)),
        drawn(column("distance", _("To stop, to target"), 176, grows=True)),
        figures("opened", _("Open for"), 80, style="mut", **NUMBER),
    ]


def holdings_grid_card() -> html.Section:
    """Return the card of the table."""
    return grid_card(Id.PANEL_HOLDINGS, _("Open positions"), holding_columns(), "wide fitted", export=PATH)
