"""What the trades API answers."""

from typing import Annotated

from pydantic import Field

from app.rest.shapes import Count, Id, Page, Shape, Time
from data.fields import Direction, TradeStatus

Undefined = Annotated[float | None, Field(description="Null where there are no trades, no variance or no losses to compute it from")]


class TradeRow(Shape):
    """A trade; what nobody said and what cannot be computed is null."""

    id: Id
    trade_id: str
    bot: str
    symbol: str
    direction: Direction
    strategy: str | None
    strategy_id: Id | None
    status: TradeStatus
    size: float
    leverage: float | None
    entry_price: float
    exit_price: float | None
    entry_time: Time
    exit_time: Time | None
    stop_loss: float | None
    take_profit: float | None
    pnl: float | None
    fees: float | None
    slippage: float | None
    net_pnl: Annotated[float | None, Field(description="P&L after fees and slippage")]
    pnl_pct: Annotated[float | None, Field(description="Net P&L in % of the value at entry")]
    duration_seconds: float | None
    exit_reason: str | None
    notes: str | None
    tags: list[str] | None
    currency: str | None
    created_at: Time
    updated_at: Time


class TradePage(Page):
    """A page of trades."""

    trades: list[TradeRow]


class Contribution(Shape):
    """What one strategy or symbol contributed."""

    name: str | None
    net_pnl: float
    share: Annotated[float | None, Field(ge=-1, le=1, description="Its net P&L by the sum of everyone's |net P&L|, a fraction")]
    trades: Count


class LeftOut(Shape):
    """Rows in another currency, which were left out."""

    currency: str
    rows: Count


class TradeStatistics(Shape):
    """What the matching closed trades of one currency earned: money in that currency, ratios as fractions, durations in seconds."""

    total_trades: Count
    winning_trades: Count
    losing_trades: Count
    breakeven_trades: Count
    open_trades: Count
    win_rate: Undefined
    avg_win: Undefined
    avg_loss: Undefined
    payoff_ratio: Undefined
    best_trade: Undefined
    worst_trade: Undefined
    gross_profit: float
    gross_loss: float
    profit_factor: Undefined
    expectancy: Undefined
    sqn: Undefined
    total_pnl: float
    fees: float
    slippage: float
    avg_duration_seconds: Undefined
    longest_winning_streak: Count | None
    longest_losing_streak: Count | None
    recovery_factor: Undefined
    currency: str
    left_out: list[LeftOut]
    by_strategy: list[Contribution]
    by_symbol: list[Contribution]
