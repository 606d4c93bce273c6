"""The details of a strategy and of a symbol: figures, and the trades that they are made of."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from dash import html

from components import format as fmt
from components.details.base import (
    LISTED,
    Detail,
    Kind,
    earned_chart,
    exported,
    figure_of,
    link,
    moment,
    money,
    named_link,
    pairs,
    parameters,
    range_words,
    section,
    text,
    trade_list,
)
from components.links import at
from components.parts import Content, Record, chip
from components.words import N_, _
from data.errors import Code, Refused
from data.scope import ComparisonScope, OneStrategyScope, PerformanceScope, PositionScope, Selection, SymbolScope, TradeScope
from data.scope import listed as in_one_field

if TYPE_CHECKING:
    from data.desk import Desk

TRADES_PATH = "/api/export/trades"
CHANGES = ("trades", "portfolio", "strategies")


def percent(fraction: float | None, *, signed: bool = False) -> html.Span:
    """Return a fraction in percent; a signed one is a change."""
    if fraction is None or not signed:
        return figure_of(fmt.UNKNOWN if fraction is None else fmt.percent(100 * fraction, 2))
    return figure_of(fmt.change_percent(100 * fraction), fraction)


def earned(figures: Record, *more: tuple[str, Content]) -> html.Dl:
    """Return what trades earned, from the answer of `Trades.statistics`, `more` beside the net P&L."""
    currency = figures["currency"]
    return pairs(
        (_("Net P&L"), money(figures["total_pnl"], currency)),
        *more,
        (_("Closed trades"), figure_of(fmt.level(figures["total_trades"]))),
        (_("Won, lost"), figure_of(f"{fmt.level(figures['winning_trades'])}, {fmt.level(figures['losing_trades'])}")),
        (_("Win rate"), percent(figures["win_rate"])),
        (_("Profit factor"), figure_of(fmt.ratio(figures["profit_factor"]))),
        (_("Expectancy a trade"), money(figures["expectancy"], currency)),
        (_("Fees"), money(figures["fees"], currency, signed=False)),
    )


def left_out(answer: Record) -> html.P | None:
    """Return how many trades in other currencies are in none of the figures."""
    if not answer["left_out"]:
        return None
    each = ", ".join(f"{fmt.level(other['rows'])} {other['currency']}" for other in answer["left_out"])
    return html.P(_("Not in these figures, for they are in another currency: {each}").format(each=each), className="sec")


# --- strategy ------------------------------------------------------------------------------------------------------


def _strategy(desk: "Desk", name: str, selection: Selection) -> Record:
    strategy_id, when = desk.strategies.named(name), selection.times()
    scope = TradeScope(strategy=(name,), **when, limit=LISTED)
    compared = desk.strategies.comparison(ComparisonScope(ids=(strategy_id,), currency=selection.currency, **when))
    return {
        "strategy": desk.strategies.one(strategy_id, OneStrategyScope(currency=selection.currency)),
        "performance": desk.strategies.performance(strategy_id, PerformanceScope(currency=selection.currency, limit=1, **when)),
        "curve": compared["strategies"][0]["curve"],
        "page": desk.trades.page(scope),
        "range": range_words(selection),
        "export": exported(TRADES_PATH, scope.model_copy(update={"limit": TradeScope().limit})),
    }


def _draw_strategy(answer: Record, now: datetime) -> Detail:
    known, done = answer["strategy"], answer["performance"]
    currency, figures, trades = done["currency"], done["metrics"], done["trades"]
    earned = pairs(
        (_("Net P&L"), money(trades["total_pnl"], currency)),
        (_("Return"), percent(figures["cumulative_return"], signed=True)),
        (_("Sharpe ratio"), figure_of(fmt.ratio(figures["sharpe_ratio"]))),
        (_("Largest drawdown"), percent(figures["max_drawdown"], signed=True)),
        (_("Closed trades"), figure_of(fmt.level(trades["total_trades"]))),
        (_("Win rate"), percent(trades["win_rate"])),
        (_("Profit factor"), figure_of(fmt.ratio(trades["profit_factor"]))),
        (_("Expectancy a trade"), money(trades["expectancy"], currency)),
    )
    limits = pairs(
        (_("Bot"), named_link("bot", known["bot"])),
        (_("Open trades"), figure_of(fmt.level(known["open_trades"]))),
        (_("Last trade"), moment(known["last_trade_at"], now)),
        (_("Starting balance"), money(known["starting_balance"], known["currency"], signed=False)),
        (_("Largest position"), money(known["max_position_size"], known["currency"], signed=False)),
        (_("Loss a day, at most"), money(known["max_daily_loss"], known["currency"], signed=False)),
        (_("Drawdown, at most"), percent(known["max_drawdown"])),
    )
    described = text(known["description"]) if known["description"] else None
    body = [earned, described, left_out(done), section(_("Settings"), limits), section(_("Parameters"), parameters(known["parameters"]))]
    return Detail(
        title=_("Strategy {name}").format(name=known["name"]),
        note=[chip(answer["range"]), chip(_("on") if known["enabled"] else _("off"))],
        body=[*body, trade_list(answer["page"], now)],
        figure=earned_chart(_("Cumulative net P&L of {name}").format(name=known["name"]), answer["curve"] | {"currency": currency}),
        caption=_("Cumulative net P&L"),
        export=answer["export"],
    )


# --- symbol --------------------------------------------------------------------------------------------------------


def _symbol(desk: "Desk", name: str, selection: Selection) -> Record:
    chosen = selection.model_copy(update={"symbol": (name,)})
    try:
        price = desk.market.symbol(name, SymbolScope(timeframe=selection.timeframe))
    except Refused:
        price = None
    page = desk.trades.page(chosen.trade_page(limit=LISTED))
    positions = desk.live.positions(PositionScope(symbol=(name,)))
    if price is None and not positions and not desk.trades.total(TradeScope(symbol=(name,))):
        raise Refused(Code.NOT_FOUND, "no bot has reported anything of this symbol")
    return {
        "symbol": name,
        "price": price,
        "positions": positions,
        "page": page,
        "statistics": desk.trades.statistics(chosen.trades()),
        "curve": desk.trades.earned(chosen.trades()),
        "range": range_words(selection),
        "export": exported(TRADES_PATH, chosen.trade_filter()),
    }


def _draw_symbol(answer: Record, now: datetime) -> Detail:
    price, name = answer["price"], answer["symbol"]
    market = html.A(_("Show the candles"), href=at(f"/market?{urlencode({'symbol': in_one_field([name])})}"), className="btn-line")
    opened = [_opened(position) for position in answer["positions"]]
    positions = html.Ul(opened, className="sheet-list") if opened else html.P(_("No open position"), className="sec")
    return Detail(
        title=_("Symbol {name}").format(name=name),
        note=[chip(answer["range"])],
        body=[_price(price, now), earned(answer["statistics"]), section(_("Open positions"), positions), trade_list(answer["page"], now)],
        figure=earned_chart(_("Cumulative net P&L of {name}").format(name=name), answer["curve"]),
        caption=_("Cumulative net P&L"),
        actions=market if price is not None else None,
        export=answer["export"],
    )


def _opened(position: Record) -> html.Li:
    said = _("{side} {size}, {strategy}").format(
        side=_("Long") if position["side"] == "LONG" else _("Short"),
        size=fmt.plain(position["size"]),
        strategy=position["strategy"] or _("no strategy"),
    )
    opens, share = link(f"position:{position['bot']}|{position['position_id']}", said), position["unrealized_pnl_pct"]
    parts: list[Any] = [opens, money(position["unrealized_pnl"], None), figure_of(fmt.change_percent(share), share)]
    return html.Li(parts)


def _price(price: Record | None, now: datetime) -> html.Dl | html.P:
    if price is None:
        return html.P(_("Nobody has reported candles of it."), className="sec")
    places = fmt.price_decimals(price["price"], price["high_24h"], price["low_24h"])
    return pairs(
        (_("Last price"), figure_of(fmt.level(price["price"], places))),
        (_("As of"), moment(price["as_of"], now)),
        (_("Change in 24 h"), figure_of(fmt.change_percent(price["change_24h_pct"]), price["change_24h_pct"])),
        (_("Highest in 24 h"), figure_of(fmt.level(price["high_24h"], places))),
        (_("Lowest in 24 h"), figure_of(fmt.level(price["low_24h"], places))),
        (_("Volume in 24 h"), figure_of(fmt.UNKNOWN if price["volume_24h"] is None else fmt.plain(price["volume_24h"], 8))),
    )


def listed(_desk: "Desk", answer: Record) -> Iterable[Record]:
    """Return the trades that a detail lists."""
    rows: list[Record] = answer["page"]["trades"]
    return rows


STRATEGY = Kind(_strategy, _draw_strategy, listed, CHANGES, N_("There is no strategy of this name."))
SYMBOL = Kind(_symbol, _draw_symbol, listed, ("market", "positions", "trades"), N_("No bot has reported anything of this symbol."))
