"""The detail of a trade."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from dash import html

from components import format as fmt
from components.charts.base import Figure, base_layout
from components.charts.marks import DASH_LIMIT, frame, name_of, stamps
from components.charts.trade_marks import trade_marks
from components.details.base import Detail, Kind, field, figure_of, form, link, moment, money, named_link, pairs, section, text
from components.latest import side
from components.parts import Content, Record, chip
from components.words import N_, _, speech
from data import times
from data.errors import Code, Refused
from data.market import length
from data.scope import CandleScope, Selection, SymbolScope

if TYPE_CHECKING:
    from data.desk import Desk

MOST_CANDLES = 300
ROOM = 0.03
AROUND = 0.25  # of the trade's time, before and after it
SHORTEST = timedelta(minutes=30)
STATES = {"open": N_("open"), "closed": N_("closed"), "cancelled": N_("cancelled")}
LEVELS = (("stop_loss", N_("stop {price}")), ("take_profit", N_("target {price}")))


def number(given: str) -> int:
    """Return the id that a person's address names. Raises `Refused` (`not_found`) for what is none."""
    if not (given.isascii() and given.isdecimal() and len(given) < 19):
        raise Refused(Code.NOT_FOUND, "this is no id")
    return int(given)


def _question(desk: "Desk", given: str, _selection: Selection) -> Record:
    trade = desk.trades.one(number(given))
    return {"trade": trade, "candles": _candles(desk, trade)}


def _candles(desk: "Desk", trade: Record) -> list[Record]:
    """Return the candles around a trade, of the finest timeframe of which few are enough; none where they make no line."""
    entry = times.parse_iso(trade["entry_time"])
    left = times.now() if trade["exit_time"] is None else times.parse_iso(trade["exit_time"])
    around = max((left - entry) * AROUND, SHORTEST)
    start, end = entry - around, left + around
    try:
        known = desk.market.symbol(trade["symbol"], SymbolScope())["timeframes"]
        fitting = [each for each in known if (end - start) / length(each) <= MOST_CANDLES] or known[-1:]
        scope = CandleScope(timeframe=fitting[0], start=start, end=end, limit=MOST_CANDLES)
        candles: list[Record] = desk.market.candles(trade["symbol"], scope)["candles"]
    except Refused:
        return []
    return candles if len(candles) > 1 else []  # one alone would stand in the way of the trade's own two prices


def _draw(answer: Record, now: datetime) -> Detail:
    trade = answer["trade"]
    direction: list[Any] = side(trade["direction"])
    return Detail(
        title=_("Trade {id}: {symbol}").format(id=trade["id"], symbol=trade["symbol"]),
        note=[html.Span(direction, className="chip"), chip(_(STATES.get(trade["status"], trade["status"])))],
        body=[_result(trade), _times(trade, now), _plan(trade), _said(trade, now)],
        figure=trade_chart(trade, answer["candles"]),
        caption=_("Price with entry, exit, stop and target") if answer["candles"] else _("Prices that the bot has reported"),
        form=_form(trade),
    )


def _result(trade: Record) -> Content:
    currency = trade["currency"]
    return pairs(
        (_("Net P&L"), money(trade["net_pnl"], currency)),
        (_("Return"), figure_of(fmt.change_percent(trade["pnl_pct"]), trade["pnl_pct"])),
        (_("Gross P&L"), money(trade["pnl"], currency)),
        (_("Fees"), money(trade["fees"], currency, signed=False)),
        (_("Slippage"), money(trade["slippage"], currency, signed=False)),
        (_("Currency"), currency or fmt.UNKNOWN),
    )


def _times(trade: Record, now: datetime) -> Content:
    places = fmt.price_decimals(trade["entry_price"], trade["exit_price"])
    return pairs(
        (_("Entry"), figure_of(fmt.level(trade["entry_price"], places))),
        (_("Entered"), moment(trade["entry_time"], now)),
        (_("Exit"), figure_of(fmt.level(trade["exit_price"], places))),
        (_("Left"), moment(trade["exit_time"], now)),
        (_("Held"), figure_of(fmt.duration(trade["duration_seconds"]))),
        (_("Reason"), trade["exit_reason"] or fmt.UNKNOWN),
    )


def _plan(trade: Record) -> Content:
    places = fmt.price_decimals(trade["entry_price"], trade["stop_loss"], trade["take_profit"])
    leverage = fmt.UNKNOWN if trade["leverage"] is None else f"{fmt.plain(trade['leverage'])}×"
    return pairs(
        (_("Size"), figure_of(fmt.plain(trade["size"]))),
        (_("Leverage"), figure_of(leverage)),
        (_("Stop"), figure_of(fmt.level(trade["stop_loss"], places) if trade["stop_loss"] is not None else fmt.UNKNOWN)),
        (_("Target"), figure_of(fmt.level(trade["take_profit"], places) if trade["take_profit"] is not None else fmt.UNKNOWN)),
        (_("Strategy"), named_link("strategy", trade["strategy"])),
        (_("Bot"), named_link("bot", trade["bot"])),
        (_("Symbol"), link(f"symbol:{trade['symbol']}", trade["symbol"])),
        (_("The bot's number"), trade["trade_id"]),
    )


def _said(trade: Record, now: datetime) -> Content:
    tags: Content = [chip(tag) for tag in trade["tags"]] if trade["tags"] else fmt.UNKNOWN
    return section(_("Notes"), text(trade["notes"]), pairs((_("Tags"), tags), (_("Last changed"), moment(trade["updated_at"], now))))


def _form(trade: Record) -> Record:
    fields = (
        field("notes", _("Notes"), "lines", trade["notes"], 2000),
        field("tags", _("Tags, with commas between them"), "names", ", ".join(trade["tags"] or ()), None),
    )
    return form("PATCH", f"/api/trades/{trade['id']}", _("Write beside this trade"), _("Save"), _("The note is saved"), *fields)


def _rows(_desk: "Desk", answer: Record) -> Iterable[Record]:
    return [answer["trade"]]


# --- chart ---------------------------------------------------------------------------------------------------------


def trade_chart(trade: Record, candles: Sequence[Record]) -> Figure | None:
    """Return the price around a trade with its entry, exit, stop and target; without candles a line between the known prices.

    None for a trade that is open and of whose symbol no candle is known.
    """
    ends = [(trade[f"{end}_time"], trade[f"{end}_price"]) for end in ("entry", "exit")]
    known = [(when, price) for when, price in ends if when is not None and price is not None]
    points = [(candle["timestamp"], candle["close"]) for candle in candles] or known
    if len(points) < 2:
        return None
    span = _span([when for when, _price in [*points, *known]])
    decimals = fmt.price_decimals(*(price for _when, price in points))
    layout = base_layout(_("Price of {symbol}").format(symbol=name_of(trade["symbol"])), _("time, {zone}").format(zone=speech().zone), _("price"))
    layout["xaxis"]["autorangeoptions"] = frame(span)
    layout["yaxis"] |= {"zeroline": False, "tickformat": f",.{decimals}~f"}
    layout["hovermode"] = "closest"
    line: Figure = {"type": "scatter", "mode": "lines", "name": _("price"), "hovertemplate": f"%{{y:,.{decimals}f}}<extra></extra>"}
    line |= {"x": stamps([when for when, _price in points]), "y": [price for _when, price in points], "line": {"color": "--bv-accent", "width": 1.4}}
    if not candles:
        line["line"] |= {"dash": "dot"}
    marks = trade_marks([trade | {"side": trade["direction"]}], span, decimals)
    layout["annotations"] = _names(trade, line["y"])
    return {"data": [line, *_levels(trade, span), *marks], "layout": layout}


def _span(moments: Sequence[str]) -> tuple[str, str]:
    """Return from when to when the picture is, as the shown time zone has it; with some room, so that no mark stands on its frame."""
    known = [times.parse_iso(when) for when in moments]
    room = max((max(known) - min(known)) * ROOM, timedelta(seconds=2))
    first, last = stamps([times.iso(min(known) - room), times.iso(max(known) + room)])
    return first, last


def _levels(trade: Record, span: tuple[str, str]) -> list[Figure]:
    """Return the lines of stop and target; traces, so that the axis reaches them."""
    lines = []
    for price, said in _said_levels(trade):
        line: dict[str, Any] = {"type": "scatter", "mode": "lines", "x": list(span), "y": [price, price], "name": said}
        line |= {"line": {"color": "--bv-warn-fill", "width": 1, "dash": DASH_LIMIT}, "hovertemplate": "%{fullData.name}<extra></extra>"}
        lines.append(line)
    return lines


def _names(trade: Record, prices: Sequence[float]) -> list[dict[str, Any]]:
    """Return the names of stop and target, beside their lines towards the entry, so that the frame cuts none off.

    They stand at the end where the price is further away, on ground of their own: no line strikes them through.
    """
    names = []
    ends = max(1, len(prices) // 4)
    for price, said in _said_levels(trade):
        near = [min(abs(price - other) for other in part) for part in (prices[:ends], prices[-ends:])]
        place: dict[str, Any] = {"xref": "paper", "x": 0, "xanchor": "left"} if near[0] >= near[1] else {"xref": "paper", "x": 1, "xanchor": "right"}
        above = price <= trade["entry_price"]
        place |= {"y": price, "yanchor": "bottom" if above else "top", "yshift": 3 if above else -3, "showarrow": False, "borderpad": 1}
        names.append(place | {"text": said, "bgcolor": "--bv-bg-2", "font": {"size": 11, "color": "--bv-warn"}})
    return names


def _said_levels(trade: Record) -> list[tuple[float, str]]:
    """Return the prices of stop and target that are known, and how they are named."""
    known = [(trade[name], words) for name, words in LEVELS if trade[name] is not None]
    return [(price, _(words).format(price=fmt.level(price, fmt.price_decimals(price)))) for price, words in known]


TRADE = Kind(_question, _draw, _rows, ("trades",), N_("There is no trade with this number. It may have been deleted."))
