"""The few figures on top of a page, and what the account is made of now."""

import math

import numpy as np

from data import metrics
from data.analytics.ground import Closed, Ground, Known, is_narrowed, plain
from data.assets import asset_class
from data.curve import Curve, sampled, spread, thinned
from data.entries import Row
from data.equity import Basis
from data.live import Live
from data.metrics.checks import FloatArray, number, ratio
from data.portfolio import in_range, standing
from data.risk import daily_returns
from data.scope import EquityFilter, PositionScope, Selection

SPARK_POINTS = 40
SHOWN_POSITIONS = 200


def kpis(ground: Ground, selection: Selection) -> Row:
    """Return the account now (`value`, `as_of`, `daily_…`), and of the range: closed trades, `return_pct`, `sharpe_ratio`, `max_drawdown`.

    `value` is None where a starting balance is not known: what trades have earned is no value. `total_pnl` is the net P&L of the
    closed trades in scope; with no trade at all what the equity changed by, without deposits. `return_pct` is time-weighted, in percent.
    Sparklines: the equity, cumulative net P&L, and win rate and Sharpe ratio of all until then, at most 40 values each.
    """
    scope = selection.equity()
    basis = ground.equity.basis(scope)
    curve = in_range(basis.curve, scope)
    closed = ground.closed(selection)
    returns = metrics.Returns(daily_returns(basis, scope)[2])
    trading_days = ground.settings.botv2_trading_days
    now = standing(basis.curve)
    net = closed.trades["net_pnl"]
    wins = int(np.count_nonzero(net > 0))
    value = now["total_value"] if basis.curve.has_balance else None
    return {
        "value": value,
        **{name: now[name] for name in ("as_of", "daily_change", "daily_change_pct")},
        "total_pnl": metrics.exact_sum(net) if net.size else _changed(curve),
        "return_pct": _return_pct(curve),
        "win_rate": ratio(wins, net.size),
        "trades": int(net.size),
        "winning_trades": wins,
        "sharpe_ratio": metrics.sharpe_ratio(returns, trading_days),
        "max_drawdown": metrics.max_drawdown(returns),
        "sparks": {
            "value": curve.values[thinned(curve.values, SPARK_POINTS, [])].tolist() if curve.has_balance else [],
            **_sparks(closed),
            "sharpe": _picked(metrics.expanding(returns, trading_days)["sharpe_ratio"]),
        },
        **ground.said(basis, empty=value is None and not net.size and not curve.times.size),
    }


def _changed(curve: Curve) -> float | None:
    return float(curve.earned[-1] - curve.earned[0]) if curve.values.size else None


def _return_pct(curve: Curve) -> float | None:
    return number((float(curve.growth[-1]) - 1.0) * 100) if curve.growth is not None and curve.growth.size else None


def _sparks(closed: Closed) -> Row:
    net = closed.trades["net_pnl"]
    places, earned = sampled(net, SPARK_POINTS)
    won = np.searchsorted(np.flatnonzero(net > 0), places, side="right")
    return {"pnl": earned.tolist(), "win_rate": (won / (places + 1)).tolist()}


def _picked(values: FloatArray) -> list[float | None]:
    known = values[np.isfinite(values)]
    return plain(known[spread(known.size, SPARK_POINTS)])


def allocation(ground: Ground, live: Live, selection: Selection) -> Row:
    """Return the open positions in scope by their value (size × current price), the largest first, `cash` and `total`, of both, now.

    `cash` is what the accounts' last snapshots say together, None where one says nothing or only some strategies' or symbols' part is
    asked for. Of more than 200 positions the largest are shown; `not_shown` counts the others, which the total
    and the `unrealized_pnl` hold, too.
    """
    basis = ground.equity.basis(EquityFilter(bot=selection.bot, currency=selection.currency))
    every = live.positions(PositionScope())
    known = ground.strategies(())
    chosen = sorted((_held(position, known) for position in every if _is_in(position, selection)), key=lambda held: -held["value"])
    cash = None if selection.strategy is not None or is_narrowed(selection) else _cash(basis)
    return {
        "positions": chosen[:SHOWN_POSITIONS],
        "not_shown": max(0, len(chosen) - SHOWN_POSITIONS),
        "cash": cash,
        "unrealized_pnl": math.fsum(held["unrealized_pnl"] or 0.0 for held in chosen),
        "total": math.fsum([*(held["value"] for held in chosen), cash or 0.0]) if chosen or cash is not None else None,
        "currency": basis.currency,
        "left_out": basis.left_out,
        "filtered_out": not chosen and cash is None and bool(every),
    }


def _cash(basis: Basis) -> float | None:
    """Return the cash of all accounts, None where one has not told it."""
    told = [float(snapshots["cash_balance"][-1]) for _, snapshots in basis.snapshots.groups("bot")]
    return number(math.fsum(told)) if told and not len(basis.exits) else None


def _held(position: Row, known: dict[str, Known]) -> Row:
    names = ("bot", "position_id", "symbol", "strategy", "side", "unrealized_pnl")
    place = known[position["strategy"]].place if position["strategy"] in known else None
    return {name: position[name] for name in names} | {"place": place, "value": position["size"] * position["current_price"]}


def _is_in(position: Row, selection: Selection) -> bool:
    wanted = (("bot", selection.bot), ("symbol", selection.symbol), ("strategy", selection.strategy))
    if any(values is not None and position[name] not in values for name, values in wanted):
        return False
    if selection.direction is not None and position["side"].lower() != selection.direction.value:
        return False
    return selection.asset_class is None or asset_class(position["symbol"]) in selection.asset_class
