"""What the strategies API answers."""

from typing import Annotated, Any

from pydantic import Field

from app.rest.shapes import Count, Id, Page, Shape, Time
from app.rest.trade_shapes import LeftOut, Undefined
from data.scope import Period

Currency = Annotated[str, Field(description="Of all money here: the one that was asked for, else the strategy's own")]
OfBalance = Annotated[float | None, Field(description="As a fraction of the starting balance; null where that is not known")]
OfReturns = Annotated[float | None, Field(description="Of the daily returns; null without a starting balance and where there are too few days")]
Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", json_schema_extra={"format": "date"})]


class Strategy(Shape):
    """A strategy and what is set of it."""

    id: Id
    name: str
    description: str | None
    parameters: dict[str, Any] | None
    max_position_size: float | None
    max_daily_loss: float | None
    max_drawdown: Annotated[float | None, Field(description="The limit that was set, a fraction")]
    starting_balance: float | None
    enabled: bool
    bot: Annotated[str, Field(description="Who named it first")]
    created_at: Time
    updated_at: Time


class StrategyRow(Strategy):
    """A strategy and what its closed trades earned."""

    open_trades: Count
    total_trades: Count
    winning_trades: Count
    losing_trades: Count
    win_rate: Undefined
    net_pnl: float
    profit_factor: Undefined
    expectancy: Undefined
    last_trade_at: Annotated[Time | None, Field(description="The last exit")]
    sparkline: Annotated[list[float], Field(max_length=50, description="The cumulative net P&L at some of the exits, the last among them")]
    currency: Currency
    left_out: list[LeftOut]


class StrategyPage(Page):
    """A page of strategies."""

    strategies: list[StrategyRow]


class ReturnFigures(Shape):
    """What daily returns come to; fractions, losses below zero."""

    cumulative_return: OfReturns
    annual_return: OfReturns
    volatility: OfReturns
    downside_volatility: OfReturns
    sharpe_ratio: OfReturns
    sortino_ratio: OfReturns
    calmar_ratio: OfReturns
    omega_ratio: OfReturns
    max_drawdown: OfReturns
    current_drawdown: OfReturns
    var_95: OfReturns
    var_99: OfReturns
    cvar_95: OfReturns
    parametric_var_95: OfReturns
    best_day: OfReturns
    worst_day: OfReturns
    positive_days: Count
    negative_days: Count


class TradeFigures(Shape):
    """What closed trades earned."""

    total_trades: Count
    winning_trades: Count
    losing_trades: Count
    win_rate: Undefined
    avg_win: Undefined
    avg_loss: Undefined
    profit_factor: Undefined
    expectancy: Undefined
    total_pnl: float
    fees: float
    sqn: Undefined
    recovery_factor: Undefined
    longest_winning_streak: Count
    longest_losing_streak: Count


class StrategyFigures(Shape):
    """A strategy's figures over some whole UTC days."""

    id: Id
    name: str
    metrics: ReturnFigures
    trades: TradeFigures
    days: Annotated[Count, Field(description="How many daily returns there are")]
    trading_days: Annotated[int, Field(description="How many days count as a year")]
    starting_balance: float | None
    currency: Currency
    left_out: list[LeftOut]


class PeriodRow(Shape):
    """What a strategy did in a day, week or month."""

    start: Annotated[Day, Field(description="The period's first day, UTC; weeks begin on Monday")]
    total_trades: Count
    winning_trades: Count
    losing_trades: Count
    win_rate: float
    gross_pnl: float
    net_pnl: float
    equity: Annotated[float | None, Field(description="At the period's end; null without a starting balance")]
    total_return: OfBalance


class StrategyPerformance(StrategyFigures):
    """A strategy's figures, and its newest periods with an exit, oldest first."""

    period: Period
    rows: list[PeriodRow]
    count: Count
    has_more: bool


class ComparisonCurve(Shape):
    """Cumulative net P&L from the first day on, thinned without losing a peak."""

    timestamps: list[Time]
    net_pnl: list[float]
    total_return: Annotated[list[float] | None, Field(description="The same as fractions of the starting balance; null without one")]


class ComparedStrategy(StrategyFigures):
    """One of several strategies."""

    curve: ComparisonCurve


class StrategyComparison(Shape):
    """Strategies side by side, in the order in which they were asked for."""

    strategies: list[ComparedStrategy]
    count: Count
