"""The details of what bots report live: a position, a signal, an event, and a bot itself."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from dash import html

from components import format as fmt
from components.activity import type_word
from components.charts.base import Figure
from components.details.base import (
    Detail,
    Kind,
    ago,
    exported,
    field,
    figure_of,
    form,
    link,
    moment,
    money,
    named_link,
    pairs,
    parameters,
    pretty,
    section,
    value_line,
)
from components.details.trades import number
from components.parts import DECORATION, SEVERITIES, Record, chip, severity
from components.signals import kind_word
from components.track import track
from components.words import N_, _, plural
from data.scope import AlertListScope, PortfolioScope, PositionScope, Selection, SignalScope, TradeFilter

if TYPE_CHECKING:
    from data.desk import Desk

ARROWS = {"BUY": "▲", "SELL": "▼"}
SHOWN = 12  # earlier signals


# --- position ------------------------------------------------------------------------------------------------------


def _position(desk: "Desk", given: str, _selection: Selection) -> Record:
    return desk.live.past.position(given)


def _draw_position(answer: Record, now: datetime) -> Detail:
    position, closed = answer["position"], answer["closed"]
    is_long = position["side"] == "LONG"
    places = fmt.price_decimals(position["entry_price"], position["current_price"])
    state = chip(_("open")) if closed is None else chip(_("closed"))
    prices = pairs(
        (_("P&L"), money(position["unrealized_pnl"], None)),
        (_("P&L, percent"), figure_of(fmt.change_percent(position["unrealized_pnl_pct"]), position["unrealized_pnl_pct"])),
        (_("Entry"), figure_of(fmt.level(position["entry_price"], places))),
        (_("Last price"), figure_of(fmt.level(position["current_price"], places))),
        (_("Stop"), figure_of(fmt.UNKNOWN if position["stop_loss"] is None else fmt.level(position["stop_loss"], places))),
        (_("Target"), figure_of(fmt.UNKNOWN if position["take_profit"] is None else fmt.level(position["take_profit"], places))),
        (_("Stop, percent of entry"), figure_of(fmt.percent(position["stop_loss_pct"], 2))),
        (_("Size"), figure_of(fmt.plain(position["size"]))),
    )
    known = pairs(
        (_("Opened"), moment(position["opened_at"], now)),
        (_("Open for"), figure_of(position["time_in_position"] or fmt.UNKNOWN)),
        (_("As of"), moment(position["timestamp"], now)),
        (_("Strategy"), named_link("strategy", position["strategy"])),
        (_("Bot"), named_link("bot", position["bot"])),
        (_("Symbol"), link(f"symbol:{position['symbol']}", position["symbol"])),
        (_("The bot's number"), position["position_id"]),
    )
    way = section(_("To stop, to target"), track(position)) if closed is None else _end(closed, now)
    return Detail(
        title=_("Position {symbol}").format(symbol=position["symbol"]),
        note=[chip([html.Span("▲" if is_long else "▼", className="tri", **DECORATION), _("Long") if is_long else _("Short")]), state],
        body=[prices, way, known],
        figure=_pnl_chart(position, answer["past"]),
        caption=_("P&L since it was opened, as far as it is known"),
    )


def _end(closed: Record, now: datetime) -> html.Div:
    known = pairs(
        (_("P&L at the end"), money(closed["final_pnl"], None)),
        (_("Percent at the end"), figure_of(fmt.change_percent(closed["final_pnl_pct"]), closed["final_pnl_pct"])),
        (_("Closed"), moment(closed["timestamp"], now)),
        (_("Reason"), closed["reason"] or fmt.UNKNOWN),
        (_("Its trade"), link(f"trade:{closed['trade_id']}", _("Trade {id}").format(id=closed["trade_id"]))),
    )
    return section(_("How it ended"), known)


def _pnl_chart(position: Record, past: Record) -> Figure | None:
    values = past["unrealized_pnl"]
    if len(values) < 2:
        return None
    hover = f"+,.{fmt.money_decimals(values)}f"
    title = _("P&L of the position in {symbol}").format(symbol=position["symbol"])
    return value_line(title, _("unrealized P&L"), past["timestamps"], values, hover, amounts=True)


# --- signal --------------------------------------------------------------------------------------------------------


def _signal(desk: "Desk", given: str, _selection: Selection) -> Record:
    return desk.live.past.signal(given)


def _draw_signal(answer: Record, now: datetime) -> Detail:
    signal, past = answer["signal"], answer["past"]
    known = pairs(
        (_("Confidence"), figure_of(fmt.percent(signal["confidence"] * 100))),
        (_("Vote of the ensemble"), kind_word(signal["ensemble_vote"]) if signal["ensemble_vote"] else fmt.UNKNOWN),
        (_("Sent"), moment(signal["timestamp"], now)),
        (_("Strategy"), named_link("strategy", signal["strategy_name"])),
        (_("Symbol"), link(f"symbol:{signal['symbol']}", signal["symbol"])),
        (_("Bot"), named_link("bot", signal["bot"])),
    )
    earlier = [_earlier(each, now) for each in past[1 : SHOWN + 1]]
    rest = html.Ul(earlier, className="sheet-list signals-past") if earlier else html.P(_("No earlier one is known"), className="sec")
    return Detail(
        title=_("Signal of {strategy} for {symbol}").format(strategy=signal["strategy_name"], symbol=signal["symbol"]),
        note=_tag(signal["signal_type"]),
        body=[known, section(_("Indicators"), parameters(signal["indicators"])), section(_("Earlier signals"), rest)],
        figure=_confidence_chart(signal, past),
        caption=_("Confidence of the latest signals"),
    )


def _earlier(signal: Record, now: datetime) -> html.Li:
    parts: list[Any] = [_tag(signal["signal_type"]), figure_of(fmt.percent(signal["confidence"] * 100)), moment(signal["timestamp"], now)]
    return html.Li(parts)


def _tag(kind: str) -> html.Span:
    arrow = [html.Span(ARROWS[kind], className="tri", **DECORATION)] if kind in ARROWS else []
    return chip([*arrow, kind_word(kind)], f"tag {kind.lower()}")


def _confidence_chart(signal: Record, past: list[Record]) -> Figure | None:
    if len(past) < 2:
        return None
    title = _("Confidence of {strategy} for {symbol}").format(strategy=signal["strategy_name"], symbol=signal["symbol"])
    moments, values = [each["timestamp"] for each in past[::-1]], [100 * each["confidence"] for each in past[::-1]]
    figure = value_line(title, _("confidence, %"), moments, values, ".0f")
    figure["data"][0] |= {"mode": "lines+markers", "marker": {"size": 5}, "line": {"color": "--bv-accent", "width": 1.2, "shape": "hv"}}
    figure["data"][0]["text"] = [kind_word(each["signal_type"]) for each in past[::-1]]
    figure["data"][0]["hovertemplate"] = f"%{{text}} %{{y}}{fmt.THIN}%<extra></extra>"
    return figure


# --- event ---------------------------------------------------------------------------------------------------------


def _event(desk: "Desk", given: str, _selection: Selection) -> Record:
    return desk.live.past.event(number(given))


def _draw_event(event: Record, now: datetime) -> Detail:
    known = pairs(
        (_("Type"), type_word(event["event_type"])),
        (_("Severity"), html.Span([severity(event["severity"], spoken=False), " ", _(SEVERITIES[event["severity"]][1])])),
        (_("When"), moment(event["timestamp"], now)),
        (_("Bot"), named_link("bot", event["bot"])),
        (_("Number"), figure_of(str(event["id"]))),
    )
    metadata = section(_("What the bot added"), pretty(event["metadata"])) if event["metadata"] else None
    message = html.P(event["message"], className="sheet-text large")
    return Detail(title=_("Event {id}").format(id=event["id"]), note=chip(type_word(event["event_type"]), "type"), body=[message, known, metadata])


# --- bot -----------------------------------------------------------------------------------------------------------


def _bot(desk: "Desk", name: str, _selection: Selection) -> Record:
    known = desk.live.past.bot(name)
    return {
        "bot": known,
        "positions": desk.live.positions(PositionScope(bot=(name,))),
        "signals": len(desk.live.signals(SignalScope(bot=(name,)))),
        "trades": desk.trades.total(TradeFilter(bot=(name,))),
        "alerts": desk.alerts.page(AlertListScope(bot=(name,), limit=1))["total"],
        "account": desk.portfolio.current(PortfolioScope(bot=(name,))),
    }


def _draw_bot(answer: Record, now: datetime) -> Detail:
    bot, account = answer["bot"], answer["account"]
    currency = account["currency"]
    beat = bot["heartbeat_seconds"]
    every = fmt.UNKNOWN if beat is None else plural("every {n} second", "every {n} seconds", beat).format(n=fmt.plain(beat))
    heard = pairs(
        (_("Last heard"), moment(bot["last_seen"], now)),
        (_("That is ago"), figure_of(ago(bot["last_seen"], now))),
        (_("Heartbeat"), every),
        (_("First heard"), moment(bot["first_seen"], now)),
    )
    counts = pairs(
        (_("Open positions"), figure_of(fmt.level(len(answer["positions"])))),
        (_("Signals"), figure_of(fmt.level(answer["signals"]))),
        (_("Trades"), figure_of(fmt.level(answer["trades"]))),
        (_("Active alerts"), figure_of(fmt.level(answer["alerts"]))),
    )
    worth = pairs(
        (_("Value"), money(account["total_value"], currency, signed=False)),
        (_("Cash"), money(account["cash_balance"], currency, signed=False)),
        (_("Total P&L"), money(account["total_pnl"], currency)),
        (_("Starting balance"), money(bot["starting_balance"], currency, signed=False)),
        (_("Last snapshot"), moment(bot["snapshot_at"], now)),
    )
    return Detail(
        title=_("Bot {name}").format(name=bot["bot"]),
        note=chip("DEMO") if bot["bot"].startswith("demo-") else None,
        body=[heard, counts, section(_("Account"), worth)],
        form=_balance(bot),
        export=exported("/api/export/trades", TradeFilter(bot=(bot["bot"],))),
    )


def _balance(bot: Record) -> Record:
    balance = field("starting_balance", _("Starting balance"), "number", bot["starting_balance"])
    legend = _("What its equity begins with while it sends no snapshots")
    path = "/api/portfolio/starting-balance"
    return form("POST", path, legend, _("Set"), _("The starting balance is set"), balance, bot=bot["bot"])


POSITION = Kind(_position, _draw_position, lambda _desk, answer: [answer["position"]], ("positions",), N_("No bot has reported this position."))
SIGNAL = Kind(_signal, _draw_signal, lambda _desk, answer: answer["past"], ("signals",), N_("No bot has sent this signal."))
EVENT = Kind(
    _event, _draw_event, lambda _desk, answer: [answer], ("events",), N_("There is no event with this number. Old ones are deleted after a while.")
)
BOT = Kind(
    _bot,
    _draw_bot,
    lambda _desk, answer: [answer["bot"]],
    ("positions", "signals", "portfolio", "trades", "alerts", "feeds"),
    N_("No bot of this name was ever heard."),
)
