"""Every figure that a page, an endpoint or a report shows, computed on read from stored records."""

import math
from collections.abc import Sequence
from typing import Any


def trade_statistics(net_pnl: Sequence[float], fees: Sequence[float], durations: Sequence[float]) -> dict[str, Any]:
    """Return what a set of closed trades earned, in their currency; ratios are fractions, durations seconds.

    A winner has a net P&L above zero, a loser below. Sums are exact before they are rounded once (`math.fsum`), so
    they do not depend on the order of the trades. Profit factor = gross profit / gross loss; expectancy = mean net
    P&L (both as in freqtrade's reports). What has no trades to be computed from is None.
    """
    wins = [pnl for pnl in net_pnl if pnl > 0]
    losses = [pnl for pnl in net_pnl if pnl < 0]
    profit, loss = math.fsum(wins), abs(math.fsum(losses))
    total = len(net_pnl)
    return {
        "total_trades": total,
        "winning_trades": len(wins),
        "losing_trades": len(losses),
        "breakeven_trades": total - len(wins) - len(losses),
        "win_rate": _ratio(len(wins), total),
        "avg_win": _ratio(profit, len(wins)),
        "avg_loss": _ratio(-loss, len(losses)),
        "best_trade": max(net_pnl, default=None),
        "worst_trade": min(net_pnl, default=None),
        "gross_profit": profit,
        "gross_loss": loss,
        "profit_factor": _ratio(profit, loss),
        "expectancy": _ratio(math.fsum(net_pnl), total),
        "total_pnl": math.fsum(net_pnl),
        "fees": math.fsum(fees),
        "avg_duration_seconds": _ratio(math.fsum(durations), len(durations)),
    }


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
