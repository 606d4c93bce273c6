"""What the net P&L is made of: by step, by strategy, by symbol, by hour."""

import math

import numpy as np

from data import metrics
from data.analytics.ground import Ground
from data.columns import Array, Frame
from data.entries import Row
from data.metrics.checks import FloatArray
from data.metrics.exact import sums_by_code
from data.scope import Selection

BOXES = 30  # strategies of which a chart can show the distribution, those with the most trades
OUTLIERS = 50
BEYOND = 1e12  # percent: what a trade of next to nothing may earn, and no axis can show
FLOWS = 40
COSTS = ("fees", "slippage")
COMBINATIONS = 1_000_000  # of strategy and symbol that are counted in one array
HOUR_US = 3_600_000_000
DUST = 1e-12  # of the amounts: less than this is what rounding left
THURSDAY = 3  # 1970-01-01, in weeks that begin on Monday


def waterfall(ground: Ground, selection: Selection) -> Row:
    """Return how `start` became `final`: `gross` P&L of the closed trades, less `fees` and `slippage`, and `other`.

    `other` is what the equity changed by beside them: deposits, open positions, P&L of trades that began before a range, what a
    bot's own net P&L differs by. With an unknown balance, or a filter that picks trades, `start` is None and counts as zero, and
    `final` is the `net` P&L, None without a trade.
    """
    closed = ground.closed(selection)
    net, gross, fees, slippage = (
        metrics.exact_sum(part) for part in (closed.trades["net_pnl"], _gross(closed.trades), *(closed.known(name) for name in COSTS))
    )
    start, final = ground.ends(selection, closed.currency)
    if final is None and len(closed.trades):
        final = net
    other = 0.0 if final is None else math.fsum((final, -(start or 0.0), -gross, fees, slippage))
    return {
        "start": start,
        "gross": gross,
        "fees": fees,
        "slippage": slippage,
        "other": other if abs(other) > DUST * max(abs(start or 0.0), abs(gross), abs(fees)) else 0.0,
        "final": final,
        "net": net,
        "trades": len(closed.trades),
        **ground.told(closed),
    }


def _gross(trades: Frame) -> FloatArray:
    """Return P&L before fees and slippage; a bot that tells the net P&L alone means what both leave of it."""
    told: FloatArray = trades["pnl"]
    missing = np.flatnonzero(np.isnan(told))
    if missing.size:
        told = told.copy()
        told[missing] = trades["net_pnl"][missing] + sum(np.nan_to_num(trades[name][missing]) for name in COSTS)
    return told


def distribution(ground: Ground, selection: Selection) -> Row:
    """Return a box per strategy, in order of place: quartiles of the trades' returns in percent, and whiskers.

    `low` and `high` are the outermost returns within 1.5 times the box's height of it (Tukey 1977); of those beyond, the 50 farthest
    stand in `outliers` with the trades' ids. Of more than 30 strategies those with the most trades are shown; `not_shown` counts the others.
    """
    closed = ground.closed(selection)
    known = ground.strategies(closed.strategies)
    drawable = np.abs(closed.trades["pnl_pct"]) < BEYOND  # where nobody knows the return it is NaN, and this False
    trades = closed.trades if drawable.all() else closed.trades.take(drawable)
    groups = sorted(((name, own) for name, own in trades.groups("strategy") if name), key=lambda item: (-len(item[1]), item[0]))
    shown = sorted(groups[:BOXES], key=lambda item: known[item[0]].place)
    boxes = [{"name": name, "place": known[name].place, **_box(own["pnl_pct"], own["id"])} for name, own in shown]
    return {"strategies": boxes, "not_shown": max(0, len(groups) - BOXES)} | ground.told(closed)


def _box(values: FloatArray, ids: Array) -> Row:
    q1, median, q3 = np.quantile(values, [0.25, 0.5, 0.75]).tolist()
    reach = 1.5 * (q3 - q1)
    beyond = (values < q1 - reach) | (values > q3 + reach)
    places = np.flatnonzero(beyond)
    inside = values[~beyond] if places.size else values
    distance = np.abs(values[places] - median)
    farthest = places[np.argsort(-distance, kind="stable")[:OUTLIERS]]
    return {
        "count": int(values.size),
        "low": float(inside.min()),
        "q1": q1,
        "median": median,
        "q3": q3,
        "high": float(inside.max()),
        "mean": metrics.exact_sum(values) / values.size,
        "outliers": [[value, record_id] for value, record_id in zip(values[farthest].tolist(), ids[farthest].tolist(), strict=True)],
    }


def hours(ground: Ground, selection: Selection) -> Row:
    """Return net P&L (None where nothing was closed) and the number of trades by weekday, Monday first, and UTC hour of the exit."""
    closed = ground.closed(selection)
    code = closed.trades["at"] // HOUR_US
    code += THURSDAY * 24
    code %= 7 * 24
    trades = np.bincount(code, minlength=7 * 24)
    net = np.where(trades > 0, sums_by_code(closed.trades["net_pnl"], code, 7 * 24), np.nan)
    rows = [[None if math.isnan(value) else value for value in row] for row in net.reshape(7, 24).tolist()]
    return {"net_pnl": rows, "trades": trades.reshape(7, 24).tolist()} | ground.told(closed)


def flow(ground: Ground, selection: Selection) -> Row:
    """Return the 40 largest flows from strategy to symbol, and what the others come to in one more row without names.

    `won` and `lost` are P&L before costs, both above zero, `fees` all costs (slippage too): won - lost - fees = net P&L. A row
    with a symbol but no strategy is of trades that name none. `capital` is the equity at the start of the range, where it is known.
    """
    closed = ground.closed(selection)
    known = ground.strategies(closed.strategies)
    trades = closed.trades
    names, symbols = trades.names("strategy"), trades.names("symbol")
    pairs: Array = np.arange(len(names) * len(symbols))
    code: Array = trades["strategy"].astype(np.int64)
    code *= max(len(symbols), 1)
    code += trades["symbol"]
    if pairs.size > COMBINATIONS:
        pairs, code = np.unique(code, return_inverse=True)
    fees = _paid(trades)
    gross = trades["net_pnl"] + fees
    counts, costs = np.bincount(code, minlength=pairs.size), sums_by_code(fees, code, pairs.size)
    code *= 2
    code += gross < 0  # so that one pass sums up both what was won and what was lost
    moved = sums_by_code(np.abs(gross, out=gross), code, 2 * pairs.size)
    sums = [moved[::2], moved[1::2], costs]
    some = np.flatnonzero(counts)
    size = sum(np.abs(part[some]) for part in sums)
    order = some[np.argsort(-size, kind="stable")] if some.size else some
    rows: list[Row] = []
    for number, place in enumerate(order[:FLOWS].tolist()):
        strategy, symbol = divmod(int(pairs[place]), len(symbols))
        name = names[strategy] or None
        own = {"strategy": name, "place": known[name].place if name else None, "symbol": symbols[symbol]}
        rows.append(own | _flow(sums, counts, order[number : number + 1]))
    if order.size > FLOWS:
        rows.append({"strategy": None, "place": None, "symbol": None} | _flow(sums, counts, order[FLOWS:]))
    return {"capital": ground.ends(selection, closed.currency)[0], "rows": rows} | ground.told(closed)


def _paid(trades: Frame) -> FloatArray:
    """Return each trade's costs, as far as they were told."""
    paid = np.zeros(len(trades))
    for name in COSTS:
        missing = np.isnan(trades[name])
        if not missing.all():
            paid += np.where(missing, 0.0, trades[name]) if missing.any() else trades[name]
    return paid


def _flow(sums: list[FloatArray], counts: Array, places: Array) -> Row:
    won, lost, fees = (metrics.exact_sum(part[places]) for part in sums)
    return {"won": won, "lost": lost, "fees": fees, "trades": int(counts[places].sum())}
