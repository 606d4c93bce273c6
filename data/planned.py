"""How much of what a trade was worth its stop puts at risk: |entry price - stop loss| / entry price × leverage.

Low is below 1 %, medium below 5 %, high beyond. Without a stop, or with one at 0, nobody planned a loss: unknown.
"""

from typing import Any, Literal

from sqlalchemy import ColumnElement, Table, and_, case, func

RiskLevel = Literal["low", "medium", "high", "unknown"]
LOW, MEDIUM = 0.01, 0.05


def risk_level(trade: Table) -> ColumnElement[Any]:
    """Return the level as the database computes it from a row; the columns in memory are filled by it, so both always say the same."""
    planned = func.abs(trade.c.entry_price - trade.c.stop_loss) / trade.c.entry_price * func.coalesce(trade.c.leverage, 1.0)
    known = and_(trade.c.stop_loss > 0, trade.c.entry_price > 0)
    return case((~func.coalesce(known, False), "unknown"), (planned < LOW, "low"), (planned < MEDIUM, "medium"), else_="high")
