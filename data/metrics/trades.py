"""What closed trades earned."""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from data.metrics.checks import FloatArray, MicrosecondArray, finite_array, ratio
from data.metrics.drawdown import largest_fall
from data.metrics.exact import above_zero, below_zero, exact_parts, exact_sum
from data.metrics.returns import in_order_of_time, together


def trade_statistics(net_pnl: ArrayLike, fees: ArrayLike, durations: ArrayLike, exit_times_us: ArrayLike | None = None) -> dict[str, Any]:
    """Return what a set of closed trades of one currency earned; money in that currency, ratios as fractions, durations in seconds.

    A winner has a net P&L above zero, a loser below. Sums are exact and rounded once, so that no figure depends on
    the order of the rows. What has no trades, no variance or no losses to be computed from is None.

    - `profit_factor` = gross profit / gross loss; `expectancy` = mean net P&L (both as in freqtrade's reports)
    - `payoff_ratio` = average win / |average loss|
    - `sqn` = √n × mean / sample standard deviation of net P&L (System Quality Number; Van Tharp, Trade Your Way to
      Financial Freedom, here with money in the place of R multiples)
    - `recovery_factor` = total net P&L / largest drawdown of the cumulative net P&L in money
    - `longest_winning_streak`, `longest_losing_streak`: trades in a row in order of exit, which one that earned
      nothing interrupts; of those that closed at the same time, the losers come first

    Args:
        net_pnl: one value per trade.
        fees: those that are known.
        durations: those that are known.
        exit_times_us: one per trade, microseconds since 1970; without them the figures of order are None.
    """
    pnl = finite_array(net_pnl, "net_pnl")
    paid, lasted = finite_array(fees, "fees"), finite_array(durations, "durations")
    profit_parts, loss_parts = exact_parts(pnl, above_zero), exact_parts(pnl, below_zero)
    profit, loss, earned = math.fsum(profit_parts), abs(math.fsum(loss_parts)), math.fsum(profit_parts + loss_parts)
    wins, losses = int(np.count_nonzero(pnl > 0)), int(np.count_nonzero(pnl < 0))
    avg_win, avg_loss = ratio(profit, wins), ratio(-loss, losses)
    return {
        "total_trades": pnl.size,
        "winning_trades": wins,
        "losing_trades": losses,
        "breakeven_trades": pnl.size - wins - losses,
        "win_rate": ratio(wins, pnl.size),
        "avg_win": avg_win,
        "avg_loss": avg_loss,
        "payoff_ratio": None if avg_win is None or avg_loss is None else ratio(avg_win, -avg_loss),
        "best_trade": float(pnl.max()) if pnl.size else None,
        "worst_trade": float(pnl.min()) if pnl.size else None,
        "gross_profit": profit,
        "gross_loss": loss,
        "profit_factor": ratio(profit, loss),
        "expectancy": ratio(earned, pnl.size),
        "sqn": _system_quality(pnl, earned),
        "total_pnl": earned,
        "fees": exact_sum(paid),
        "avg_duration_seconds": ratio(exact_sum(lasted), lasted.size),
        **_in_order(pnl, earned, exit_times_us),
    }


def _system_quality(pnl: FloatArray, earned: float) -> float | None:
    if pnl.size < 2 or pnl.min() == pnl.max():
        return None
    mean = earned / pnl.size
    squares = exact_sum(pnl, lambda part: np.square(part - mean))
    return ratio(math.sqrt(pnl.size) * mean, math.sqrt(squares / (pnl.size - 1)))


def _in_order(pnl: FloatArray, earned: float, exit_times_us: ArrayLike | None) -> dict[str, Any]:
    if exit_times_us is None:
        return {"longest_winning_streak": None, "longest_losing_streak": None, "recovery_factor": None}
    times, pnl = in_order_of_time(exit_times_us, pnl)
    outcomes = _outcomes(times, pnl)
    deepest = largest_fall(together(times, pnl)[1])
    return {
        "longest_winning_streak": _longest_run(outcomes == 2),
        "longest_losing_streak": _longest_run(outcomes == 0),
        "recovery_factor": ratio(earned, deepest),
    }


def _outcomes(times: MicrosecondArray, pnl: FloatArray) -> NDArray[np.int8]:
    """Return 0 for a loser, 1 for one that earned nothing, 2 for a winner, in this order where times are the same.

    Only what shares its time is sorted: that is little of a million trades.
    """
    outcomes = (pnl >= 0).view(np.int8) + (pnl > 0).view(np.int8)
    same = times[1:] == times[:-1]
    places = np.flatnonzero(np.append(same, False) | np.append(False, same))
    outcomes[places] = outcomes[places][np.lexsort((outcomes[places], times[places]))]
    return outcomes


def _longest_run(wanted: NDArray[np.bool_]) -> int:
    breaks = np.flatnonzero(~wanted)
    return int(np.diff(breaks, prepend=-1, append=wanted.size).max()) - 1
