"""Key figures: tiles with one number each, its change, and a sparkline where it has a past."""

from collections.abc import Sequence
from datetime import datetime

from dash import html

from components import format as fmt
from components.parts import DECORATION, Content, Record, View, direction, facts, time
from components.sparkline import sparkline
from components.words import N_, _, plural, woven
from data import times

SIGN = {"up": "▲", "down": "▼"}
NO_TRADE = N_("no closed trades")


def tile(
    label: str,
    figure: str,
    unit: str = "",
    line: Content = "",
    *,
    style: str = "",
    as_of: Content = "",
    spark: Sequence[float | None] = (),
    detail: str | None = None,
) -> html.Div:
    """Return a tile: `figure` is its number, `unit` what it counts, `line` what stands below; `detail` says which drill-down a click opens.

    `style` holds "up" or "down" for a change, and "amount" for money, which can be hidden.
    """
    number = html.Span(figure, className=f"figure {style}".strip())
    name: Content = label if detail is None else html.Button(label, type="button", className="tile-name", **facts(detail=detail))
    head = html.Div([html.Span(name, className="tile-label"), html.Span(as_of, className="as-of")], className="tile-head")
    body = html.Div([number, html.Span(unit, className="unit")], className="tile-figure")
    drawn = sparkline(spark, _("{name} over time").format(name=label)) if len(spark) > 1 else ""
    return html.Div([head, body, html.Div(line, className="tile-line"), drawn], className="tile", **facts(key=label))


def _tiles(tiles: Sequence[html.Div]) -> View:
    return View(None, html.Div(list(tiles), className="tiles"))


def _money(change: float | None) -> str:
    return f"{direction(change)} amount".strip()


def _change(text: str, value: float | None, *beside: html.Span, amount: bool = False) -> html.Span:
    way = direction(value)
    arrow = html.Span(SIGN[way], className="tri", **DECORATION) if way else ""
    return html.Span([arrow, html.Span(text, className="amount" if amount else ""), *beside], className=way)


def _day(answer: Record, worth: float | None, now: datetime, *, in_percent: bool = False) -> Content:
    """Return how much the last day brought, and which day that was; of a store that is looked at later it was not today."""
    value, percent, as_of = answer["daily_change"], answer["daily_change_pct"], answer["as_of"]
    if worth is None or as_of is None:
        return _("no balance known") if answer.get("without_balance") else _("no snapshot yet")
    if value is None:
        return _("– no earlier day")
    text = fmt.change(value, fmt.currency_decimals(answer["currency"]))
    shares = [html.Span(f" ({fmt.change_percent(percent)})")] if in_percent and percent is not None else []
    change = _change(text, value, *shares, amount=True)
    if times.parse_iso(as_of).date() == now.date():
        return woven(_("{change} today"), change=change)
    return woven(_("{change} on {day}"), change=change, day=fmt.day(as_of[:10]))


def _missing(answer: Record) -> str:
    """Return what a figure of returns lacks."""
    if answer["without_balance"]:
        return _("no balance known")
    return _("too few days") if answer["trades"] else _(NO_TRADE)


def _age(when: str | None, now: datetime) -> Content:
    return woven(_("as of {time}"), time=time(when, now)) if when else ""


def kpis(answer: Record, now: datetime) -> View:
    """Return the four key figures of the Dashboard: worth, P&L, win rate and Sharpe ratio."""
    money, sparks = answer["currency"], answer["sparks"]
    age = _age(answer["as_of"], now)
    decimals = fmt.currency_decimals(money)
    day = _day(answer, answer["value"], now, in_percent=True)
    returned: Content = woven(_("{change} net, in range"), change=_change(fmt.change_percent(answer["return_pct"]), answer["return_pct"]))
    if answer["return_pct"] is None:
        returned = _missing(answer)
    win_rate = None if answer["win_rate"] is None else answer["win_rate"] * 100
    count = _("{won} of {all}").format(
        won=fmt.level(answer["winning_trades"]), all=plural("{n} trade", "{n} trades", answer["trades"]).format(n=fmt.level(answer["trades"]))
    )
    deepest = None if answer["max_drawdown"] is None else answer["max_drawdown"] * 100
    fall: Content = woven(_("max drawdown {change}"), change=_change(fmt.change_percent(deepest), deepest))
    if deepest is None:
        fall = _missing(answer)
    return _tiles(
        [
            tile(_("Portfolio value"), fmt.level(answer["value"], decimals), money, day, as_of=age, spark=sparks["value"], style="amount"),
            tile(
                _("Total P&L"),
                fmt.change(answer["total_pnl"], decimals),
                money,
                returned,
                style=_money(answer["total_pnl"]),
                as_of=age,
                spark=sparks["pnl"],
            ),
            tile(
                _("Win rate"),
                fmt.percent(win_rate, 1),
                "",
                count if answer["trades"] else _(NO_TRADE),
                as_of=age,
                spark=sparks["win_rate"],
                detail="risk:win_rate",
            ),
            tile(_("Sharpe ratio"), fmt.ratio(answer["sharpe_ratio"]), "", fall, as_of=age, spark=sparks["sharpe"], detail="risk:sharpe_ratio"),
        ]
    )


def strategy_figures(answer: Record, _now: datetime) -> View:
    """Return the key figures of all strategies together: how many, the best, the worst, how many trades."""
    rows = answer["strategies"]
    money = answer["currency"]
    decimals = fmt.currency_decimals(money)
    ranked = sorted(rows, key=lambda row: row["net_pnl"])
    tiles = [
        tile(_("Strategies"), fmt.level(len(rows) + answer["not_shown"]), "", _("{n} of them earn").format(n=fmt.level(answer["earning"]))),
        tile(_("Trades"), fmt.level(answer["trades"]), "", _("closed in the range")),
    ]
    for label, row in ((_("Best strategy"), ranked[-1] if ranked else None), (_("Weakest strategy"), ranked[0] if ranked else None)):
        if row is None:
            tiles.append(tile(label, fmt.UNKNOWN))
            continue
        pnl, name = row["net_pnl"], row["name"]
        shown = html.Span(name, className="tile-text")
        tiles.append(
            tile(
                label,
                fmt.change(pnl, decimals),
                money,
                shown,
                style=_money(pnl),
                spark=row["sparkline"],
                detail=f"strategy:{name}",
            )
        )
    return _tiles(tiles)


def trade_figures(answer: Record, _now: datetime) -> View:
    """Return the key figures of the trades in range: P&L, win rate, profit factor, expectancy."""
    money = answer["currency"]
    decimals = fmt.currency_decimals(money)
    pnl, rate = answer["total_pnl"] if answer["total_trades"] else None, answer["win_rate"]
    won = _("{won} won, {lost} lost").format(won=fmt.level(answer["winning_trades"]), lost=fmt.level(answer["losing_trades"]))
    closed = plural("{n} trade", "{n} trades", answer["total_trades"]).format(n=fmt.level(answer["total_trades"]))
    paid = html.Span(fmt.level(answer["fees"], decimals), className="amount")
    earned, held = woven(_("{trades}, fees {fees}"), trades=closed, fees=paid), _("held {time} on average")
    held = _("time held unknown") if answer["avg_duration_seconds"] is None else held.format(time=fmt.duration(answer["avg_duration_seconds"]))
    if not answer["total_trades"]:
        earned, won, held = [_(NO_TRADE)], _(NO_TRADE), _(NO_TRADE)
    return _tiles(
        [
            tile(_("Net P&L"), fmt.change(pnl, decimals), money, earned, style=_money(pnl)),
            tile(_("Win rate"), fmt.percent(None if rate is None else rate * 100, 1), "", won, detail="risk:win_rate"),
            tile(
                _("Profit factor"),
                fmt.ratio(answer["profit_factor"]),
                "",
                _("gross profit ÷ gross loss"),
                detail="risk:profit_factor",
            ),
            tile(_("Expectancy"), fmt.change(answer["expectancy"], decimals), money, held, style=_money(answer["expectancy"])),
        ]
    )


def account(answer: Record, now: datetime) -> View:
    """Return the key figures of the accounts: worth, cash, P&L, open positions."""
    money, age = answer["currency"], _age(answer["as_of"], now)
    decimals = fmt.currency_decimals(money)
    total, floating = answer["total_pnl"], answer["unrealized_pnl"]
    day = _day(answer, answer["total_value"], now)
    cash: Content = woven(_("margin used {amount}"), amount=html.Span(fmt.level(answer["margin_used"], decimals), className="amount"))
    since: Content = woven(_("{change} since the first report"), change=_change(fmt.change_percent(answer["total_pnl_pct"]), answer["total_pnl_pct"]))
    unrealized = woven(_("unrealized {change}"), change=_change(fmt.change(floating, decimals), floating, amount=True))
    if answer["cash_balance"] is None:
        cash = _("no cash reported")
    if answer["total_pnl_pct"] is None:
        since = _("no snapshot yet") if total is None else _("since the first report")
    return _tiles(
        [
            tile(_("Portfolio value"), fmt.level(answer["total_value"], decimals), money, day, as_of=age, style="amount"),
            tile(_("Cash"), fmt.level(answer["cash_balance"], decimals), money, cash, as_of=age, style="amount"),
            tile(_("Total P&L"), fmt.change(total, decimals), money, since, style=_money(total), as_of=age),
            tile(_("Open positions"), fmt.level(len(answer["positions"])), "", unrealized, as_of=age),
        ]
    )
