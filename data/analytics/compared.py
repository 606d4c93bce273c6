"""Strategies side by side: a row of figures each, and curves of a few."""

from collections.abc import Sequence

from data import metrics, times
from data.analytics.ground import Closed, Ground, told
from data.columns import Frame
from data.curve import sampled, thinned
from data.entries import Row
from data.metrics.checks import FloatArray, ratio
from data.periods import Exits
from data.portfolio import iso_texts
from data.risk import Risk
from data.scope import Selection
from data.strategies import SPARKLINE_POINTS

LISTED = 100
COMPARED = 3  # where nobody chose
CURVE_POINTS = 200
IDENTITY = ("id", "name", "place")
OF_TRADES = {
    "net_pnl": "total_pnl", "trades": "total_trades", "winning_trades": "winning_trades", "losing_trades": "losing_trades", "win_rate": "win_rate",
    "profit_factor": "profit_factor", "expectancy": "expectancy", "payoff_ratio": "payoff_ratio", "sqn": "sqn", "fees": "fees",
}  # fmt: skip  # one name a line would be a page
OF_RETURNS = ("volatility", "sharpe_ratio", "max_drawdown")


def strategies(ground: Ground, selection: Selection) -> Row:
    """Return the strategies with closed trades in scope, in order of place; of more than 100 those with the most trades.

    `total_return` is net P&L / starting balance. `volatility`, `sharpe_ratio` and `max_drawdown` are those of the daily returns
    (net P&L per UTC exit day / starting balance) of the range's days; None without a balance. `not_shown` counts the others;
    `trades` are all closed ones in scope, `earning` counts the strategies that earned something, both of all.
    """
    closed = ground.closed(selection)
    own = _by_name(closed)
    rows = _rows(ground, selection, closed, own, _largest(own)[:LISTED])
    together = {"trades": len(closed.trades), "earning": sum(float(trades["net_pnl"].sum()) > 0 for trades in own.values())}
    return {"strategies": sorted(rows, key=lambda row: row["place"]), "not_shown": max(0, len(own) - LISTED)} | together | ground.told(closed)


def comparison(ground: Ground, selection: Selection) -> Row:
    """Return the strategies that are chosen, in that order, else the three with the most trades in scope: `metrics` (see `strategies`) and `curve`.

    A curve holds at most 200 points: cumulative `net_pnl` in scope, and the same as a fraction of the starting balance in `total_return`.
    """
    closed = ground.closed(selection)
    known = ground.strategies(closed.strategies)
    own = _by_name(closed)
    chosen = [name for name in selection.compare or _largest(own)[:COMPARED] if name in known]
    rows = [
        {name: row[name] for name in IDENTITY} | {"metrics": row, "curve": _curve(_of(row["name"], own, closed), known[row["name"]].balance)}
        for row in _rows(ground, selection, closed, own, chosen)
    ]
    return {"strategies": rows} | ground.told(closed)


def correlation(ground: Ground, risk: Risk, selection: Selection) -> Row:
    """Return `Risk.correlation`, and each strategy's place in `places`."""
    answer = risk.correlation(selection.equity())
    known = ground.strategies(ground.columns.trades().names("strategy"))
    empty = not answer["strategies"] and ground.any_closed()
    return answer | {"places": [known[name].place for name in answer["strategies"]], "filtered_out": empty}


def _by_name(closed: Closed) -> dict[str, Frame]:
    return {name: trades for name, trades in closed.trades.groups("strategy") if name}


def _largest(own: dict[str, Frame]) -> list[str]:
    return sorted(own, key=lambda name: (-len(own[name]), name))


def _of(name: str, own: dict[str, Frame], closed: Closed) -> Frame:
    """Return a strategy's trades, none for one that has none."""
    return own[name] if name in own else closed.trades.part(0, 0)


def _rows(ground: Ground, selection: Selection, closed: Closed, own: dict[str, Frame], names: Sequence[str]) -> list[Row]:
    """Return a row of figures for each of the named strategies, in their order."""
    scope = selection.trades()
    known = ground.strategies(closed.strategies)
    exits = own  # a day's return counts whole, and days without exits since the first exit of all are zero: so from the beginning on
    if scope.since(times.now()) is not None:
        exits = _by_name(ground.closed(selection, start=None, days=None, currency=closed.currency))
    rows = []
    for name in names:
        trades = _of(name, own, closed)
        figures = metrics.trade_statistics(trades["net_pnl"], told(trades["fees"]), [])
        _, returns = Exits(_of(name, exits, closed), known[name].balance, closed.currency, []).returns(scope)
        rows.append(
            {"id": known[name].id, "name": name, "place": known[name].place}
            | {shown: figures[figure] for shown, figure in OF_TRADES.items()}
            | _of_returns(returns, known[name].balance, figures["total_pnl"], ground.settings.botv2_trading_days)
            | {"sparkline": sampled(trades["net_pnl"], SPARKLINE_POINTS)[1].tolist()}
        )
    return rows


def _of_returns(returns: FloatArray, balance: float | None, total: float, trading_days: int) -> Row:
    if balance is None:
        return {"total_return": None, **dict.fromkeys(OF_RETURNS)}
    figures = metrics.performance(returns, trading_days)
    return {"total_return": ratio(total, balance), **{name: figures[name] for name in OF_RETURNS}}


def _curve(trades: Frame, balance: float | None) -> Row:
    moments, earned = metrics.curve_from_exits(trades["at"], trades["net_pnl"], 0.0)
    places = thinned(earned, CURVE_POINTS, [])
    shown = earned[places]
    returns = None if balance is None else (shown / balance).tolist()
    return {"timestamps": iso_texts(moments[places]), "net_pnl": shown.tolist(), "total_return": returns}
