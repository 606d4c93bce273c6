"""The table of all trades: its columns, its rows, and which trades the address asks for."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from dash import html

from components import format as fmt
from components.grids.address import given, parts_of
from components.grids.card import long_grid_card
from components.grids.columns import BY_SIDE, LARGEST_FIRST, Column, by_choice, by_range, by_text, by_way, column, figures
from components.grids.pills import pills
from components.ids import Id, key_of
from components.links import query
from components.parts import Record, View, as_of_now, direction, empty, facts, nothing_in_range
from components.words import N_, _, plural
from data.exports import TradeFileScope, narrowed
from data.scope import Selection, TradeFilter
from data.trade_window import SORTS

if TYPE_CHECKING:
    from data.desk import Desk

PATH = "/api/export/trades"
NAMES = ("symbol", "strategy", "bot")
SORTED = "-at"
SIDES = {"long": N_("Long"), "short": N_("Short")}
STATUSES = {"open": N_("Open"), "closed": N_("Closed"), "cancelled": N_("Cancelled")}
OUTCOMES = {"winner": N_("Winner"), "loser": N_("Loser"), "breakeven": N_("Break-even")}
FILTERS = {
    "symbol_has": N_("Symbol contains {value}"),
    "strategy_has": N_("Strategy contains {value}"),
    "bot_has": N_("Bot contains {value}"),
    "symbol": N_("Symbol: {value}"),
    "strategy": N_("Strategy: {value}"),
    "bot": N_("Bot: {value}"),
    "status": N_("Status: {value}"),
    "direction": N_("Side: {value}"),
    "outcome": N_("Outcome: {value}"),
    "min_pnl": N_("Net P&L at least {value}"),
    "max_pnl": N_("Net P&L at most {value}"),
    "min_return": N_("Return at least {value} %"),
    "max_return": N_("Return at most {value} %"),
    "asset_class": N_("Asset class: {value}"),
    "risk": N_("Risk: {value}"),
    "q": N_("Text: {value}"),
}


class Asked(NamedTuple):
    """What an address asks of the table.

    Attributes:
        selection: which trades, the table's own filters included.
        has: a part of the name, by the column that has to hold it.
        sort: in which order, as `Trades.window` takes it.
        own: the fields that are set for the table alone, as the address has them.
    """

    selection: Selection
    has: Mapping[str, str]
    sort: str
    own: Mapping[str, str]


def asked(search: str | None, key: str) -> Asked:
    """Return what an address's query asks of the table, whose fields stand in it after ``key.``; what is none is left out."""
    selection, own = Selection.parse(search, key), given(search, key)
    has = parts_of(own, NAMES)
    kept = {name: value for name, value in own.items() if name.removesuffix("_has") in has or _is_set(selection, name)}
    sort = own.get("sort", SORTED)
    return Asked(selection, has, sort if sort.removeprefix("-") in SORTS else SORTED, kept)


def _is_set(selection: Selection, name: str) -> bool:
    return name in FILTERS and getattr(selection, name, None) is not None


def trades_scope(desk: "Desk", wanted: Asked) -> TradeFilter:
    """Return which trades: those of the selection whose names hold the parts that are asked for."""
    return narrowed(wanted.selection.trade_filter(), wanted.has, desk.columns.trades().names)


def trades_question(desk: "Desk", wanted: Asked) -> Record:
    """Return how many trades the table has, at which `version` of them, what an export has to ask for, and the table's own filters."""
    version = _version(desk)
    total = desk.trades.window(trades_scope(desk, wanted), wanted.sort, 0, 0)["total"]
    file = TradeFileScope(**dict(wanted.selection.trade_filter()), **{f"{name}_has": part for name, part in wanted.has.items()})
    return {
        "total": total,
        "any": total or desk.trades.total(TradeFilter()) != 0,
        "version": version,
        "query": query(file),
        "own": wanted.own,
    }


def trades_view(answer: Record, now: datetime) -> View:
    """Return the table's head: how many trades, and as of when; its filters; and why there are none. The rows come by `trade_rows`."""
    bar = pills(key_of(Id.PANEL_TRADES), answer["own"], FILTERS, STATUSES | SIDES | OUTCOMES)
    if not answer["total"]:
        nothing = empty(_("No trades yet"), _("One appears as soon as a bot closes a position or sends"), "POST /api/trades")
        return View(None, nothing_in_range() if answer["any"] else nothing, bar)
    count = plural("{n} trade", "{n} trades", answer["total"]).format(n=fmt.level(answer["total"]))
    known = facts(version=answer["version"], query=answer["query"])
    return View([html.Span(count, className="as-of", **known), as_of_now(now)], None, bar)


def trade_row(trade: Record, now: datetime, decimals: int) -> Record:
    """Return a trade as the table shows it: texts, and what decides on their looks. `decimals` are of money in no named currency."""
    places = fmt.price_decimals(trade["entry_price"], trade["exit_price"])
    net, money = trade["net_pnl"], fmt.currency_decimals(trade["currency"]) if trade["currency"] else decimals
    outcome = None if net is None else "winner" if net > 0 else "loser" if net < 0 else "breakeven"
    return {
        "id": str(trade["id"]),
        "detail": f"trade:{trade['id']}",
        "at": fmt.moment(trade["exit_time"] or trade["entry_time"], now),
        "entry_time": fmt.moment(trade["entry_time"], now),
        "symbol": trade["symbol"],
        "side_of": trade["direction"],
        "direction": _(SIDES[trade["direction"]]),
        "strategy": trade["strategy"] or fmt.UNKNOWN,
        "bot": trade["bot"],
        "status": _(STATUSES[trade["status"]]),
        "outcome": fmt.UNKNOWN if outcome is None else _(OUTCOMES[outcome]),
        "size": fmt.plain(trade["size"], 6),
        "entry_price": fmt.level(trade["entry_price"], places),
        "exit_price": fmt.level(trade["exit_price"], places),
        "net_pnl": fmt.change(net, money),
        "way": direction(net),
        "return_way": direction(trade["pnl_pct"]),
        "pnl_pct": fmt.change_percent(trade["pnl_pct"]),
        "fees": fmt.level(trade["fees"], money),
        "slippage": fmt.level(trade["slippage"], money),
        "duration_seconds": fmt.duration(trade["duration_seconds"]),
        "exit_reason": trade["exit_reason"] or fmt.UNKNOWN,
        "notes": " · ".join([*([trade["notes"]] if trade["notes"] else []), *(trade["tags"] or [])]) or fmt.UNKNOWN,
    }


def trade_columns() -> list[Column]:
    """Return the columns, those that are hidden until somebody chooses them included."""
    sides, statuses, outcomes = ({value: _(word) for value, word in words.items()} for words in (SIDES, STATUSES, OUTCOMES))
    sorts: dict[str, Any] = {"sortable": True}
    return [
        column("at", _("Closed"), 104, style="mut", initialSort="desc", phone=True, sortingOrder=LARGEST_FIRST, **sorts),
        by_text(column("symbol", _("Symbol"), 110, style="sym", grows=True, phone=True, **sorts), "symbol_has"),
        by_choice(column("direction", _("Side"), 82, style="sec arrow", cellClassRules=BY_SIDE, **sorts), "direction", sides),
        by_text(column("strategy", _("Strategy"), 130, style="sec", grows=True, **sorts), "strategy_has"),
        by_text(column("bot", _("Bot"), 110, style="sec", hidden=True, **sorts), "bot_has"),
        by_choice(column("status", _("Status"), 86, style="sec", **sorts), "status", statuses),
        by_choice(column("outcome", _("Outcome"), 100, style="sec", hidden=True), "outcome", outcomes),
        figures("size", _("Size"), 100, style="sec amount"),
        figures("entry_price", _("Entry"), 110, style="sec"),
        figures("exit_price", _("Exit"), 110),
        by_range(figures("net_pnl", _("Net P&L"), 120, style="amount", cellClassRules=by_way("way"), phone=True, **sorts), "min_pnl", "max_pnl"),
        by_range(figures("pnl_pct", _("Return"), 96, cellClassRules=by_way("return_way"), **sorts), "min_return", "max_return"),
        figures("fees", _("Fees"), 90, style="amount sec", hidden=True, **sorts),
        figures("slippage", _("Slippage"), 90, style="amount sec", hidden=True),
        figures("duration_seconds", _("Held"), 92, style="mut", **sorts),
        column("entry_time", _("Opened"), 104, style="mut", hidden=True, **sorts),
        column("exit_reason", _("Reason"), 120, style="sec", hidden=True, grows=True),
        column("notes", _("Notes and tags"), 160, style="sec", hidden=True, grows=True),
    ]


def trades_grid_card() -> html.Section:
    """Return the card of the table."""
    return long_grid_card(Id.PANEL_TRADES, _("Trades"), trade_columns(), "wide", export=PATH)


def trade_rows(desk: "Desk", search: str, sort: str, start: int, stop: int, now: datetime) -> Record:
    """Return the `rows` from one place of the table to another as it shows them, how many there are in `total`, and the data's `version`."""
    wanted, version = asked(search, key_of(Id.PANEL_TRADES)), _version(desk)
    window: dict[str, Any] = desk.trades.window(trades_scope(desk, wanted), sort or wanted.sort, start, stop)
    decimals = fmt.money_decimals(trade["net_pnl"] for trade in window["rows"])
    return {"rows": [trade_row(trade, now, decimals) for trade in window["rows"]], "total": window["total"], "version": version}


def _version(desk: "Desk") -> str:
    return str(desk.columns.version("trades"))
