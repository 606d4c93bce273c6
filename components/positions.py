"""Open positions: a table on a screen, blocks on a phone (by stylesheet alone)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dash import html

from components import format as fmt
from components.parts import DECORATION, Record, View, as_of, direction, empty, facts, opener, row
from components.track import track
from components.words import N_, _, woven

MOST_ROWS = 200
HEADS = (
    (N_("Position"), ""),
    (N_("Strategy"), ""),
    (N_("Size"), "num"),
    (N_("Entry"), "num"),
    (N_("Last"), "num"),
    (N_("P&L"), "num sorted"),
    (N_("To stop, to target"), "mid"),
    (N_("Open for"), "num"),
)
ARROWS = {"LONG": ("▲", N_("Long")), "SHORT": ("▼", N_("Short"))}


def positions(open_ones: Sequence[Record], now: datetime) -> View:
    """Return the table of open positions, the best P&L first, with sum and average in the head."""
    if not open_ones:
        return View(None, empty(_("No open positions"), _("One appears as soon as a bot sends"), "POST /api/monitoring/positions/update"))
    shown = sorted(open_ones, key=lambda position: -(position["unrealized_pnl"] or 0))[:MOST_ROWS]
    decimals = fmt.money_decimals(position["unrealized_pnl"] for position in open_ones)
    widest = max((abs(position["unrealized_pnl"] or 0) for position in open_ones), default=0)
    rows = [_row(position, decimals, widest) for position in shown]
    head = html.Thead(html.Tr([html.Th(f"{_(text)} ↓" if "sorted" in style else _(text), className=style, scope="col") for text, style in HEADS]))
    return View(_note(open_ones, len(shown), decimals, now), html.Table([head, html.Tbody(rows)], className="positions"))


def _note(open_ones: Sequence[Record], shown: int, decimals: int, now: datetime) -> list[Any]:
    total = sum(position["unrealized_pnl"] or 0 for position in open_ones)
    shares = [position["unrealized_pnl_pct"] for position in open_ones if position["unrealized_pnl_pct"] is not None]
    average = sum(shares) / len(shares) if shares else None
    count = fmt.level(shown)
    if shown != len(open_ones):
        count = _("{n} of {total}").format(n=count, total=fmt.level(len(open_ones)))
    summary = woven(
        _("{count}, sum {sum}, average {average}"),
        count=count,
        sum=html.B(fmt.change(total, decimals), className=f"amount {direction(total)}".strip()),
        average=html.B(fmt.change_percent(average), className=direction(average)),
    )
    return [html.Span(summary, className="as-of"), as_of(open_ones, now)]


def _row(position: Record, decimals: int, widest: float) -> html.Tr:
    arrow, word = ARROWS[position["side"]]
    places = fmt.price_decimals(position["entry_price"], position["current_price"])
    reference = f"position:{position['bot']}|{position['position_id']}"
    side = html.Span([html.Span(arrow, className="tri", **DECORATION), _(word)], className="sec")
    return html.Tr(
        [
            html.Td(
                html.Div([opener(position["symbol"], "sym", reference, title=f"{position['symbol']}, {position['position_id']}"), side]),
                className="c-symbol",
            ),
            html.Td(position["strategy"] or fmt.UNKNOWN, className="c-strategy sec", title=_("bot {name}").format(name=position["bot"])),
            html.Td(html.Span(fmt.plain(position["size"], 6), className="amount"), className="c-wide num sec"),
            html.Td(fmt.level(position["entry_price"], places), className="c-wide num sec"),
            html.Td(fmt.level(position["current_price"], places), className="c-wide num"),
            html.Td(_pnl(position, decimals, widest), className="c-pnl"),
            html.Td(track(position), className="c-track"),
            html.Td(position["time_in_position"] or fmt.UNKNOWN, className="c-time num mut"),
        ],
        **row(position, position["bot"], position["position_id"]),
        **facts(detail=reference),
    )


def _pnl(position: Record, decimals: int, widest: float) -> html.Div:
    pnl, share = position["unrealized_pnl"], position["unrealized_pnl_pct"]
    bar = html.I(className="gain" if (pnl or 0) > 0 else "loss", style={"width": f"{abs(pnl or 0) / widest * 50 if widest else 0:.1f}%"})
    return html.Div(
        [
            html.Span(fmt.change(pnl, decimals), className=f"num amount {direction(pnl)}"),
            html.Span(bar, className="bar", **DECORATION),
            html.Span(fmt.change_percent(share), className=f"num {direction(share)}"),
        ],
        className="pnl",
    )
