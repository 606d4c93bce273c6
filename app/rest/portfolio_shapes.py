"""What the portfolio and risk APIs answer."""

from typing import Annotated, Any, Literal

from pydantic import Field

from app.rest.monitoring_shapes import Position
from app.rest.shapes import Count, Id, Page, Shape, Time
from app.rest.trade_shapes import LeftOut, Undefined

Source = Annotated[
    Literal["snapshots", "trades", "both"] | None, Field(description="What the equity comes from: trades where there are no snapshots")
]
Change = Annotated[float | None, Field(description="Change in money without what was paid in; null where there is nothing to compare with")]
ChangePct = Annotated[float | None, Field(description="That change in % of what there was and was paid in since; null where that is not above 0")]
NotTold = Annotated[float | None, Field(description="Null where a bot has not said it")]
WithoutBalance = Annotated[list[str], Field(description="Who trades without snapshots and without a starting balance, so that there is no return")]
Day = Annotated[str | None, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", json_schema_extra={"format": "date"})]
UndefinedFraction = Annotated[float | None, Field(description="A fraction: 0.12 is 12 %; null where there are too few returns")]


class Standing(Shape):
    """What an account, or several, are worth, and how that changed: `daily_…` since an earlier UTC day, `total_…` since the first value."""

    total_value: float | None
    as_of: Time | None
    daily_change: Change
    daily_change_pct: ChangePct
    total_pnl: Change
    total_pnl_pct: ChangePct
    cash_balance: NotTold
    margin_used: NotTold
    margin_available: NotTold
    realized_pnl: NotTold
    unrealized_pnl: NotTold


class BotStanding(Standing):
    """One bot's part of the portfolio."""

    bot: str
    source: Source


class CurrentPortfolio(Standing):
    """All accounts of one currency together, each bot's part, and the open positions."""

    currency: str
    left_out: list[LeftOut]
    bots: list[BotStanding]
    positions: list[Position]


class SnapshotRow(Shape):
    """What an account was worth at a moment, and how that had changed."""

    id: Id
    timestamp: Time
    total_value: float
    cash_balance: float | None
    margin_used: float | None
    margin_available: float | None
    realized_pnl: float | None
    unrealized_pnl: float | None
    deposit: Annotated[float | None, Field(description="Paid in since the snapshot before; below zero, paid out")]
    positions: list[Any] | None
    currency: str | None
    bot: str
    daily_change: Change
    daily_change_pct: ChangePct
    total_pnl: Change
    total_pnl_pct: ChangePct


class SnapshotPage(Page):
    """A page of snapshots, newest first."""

    snapshots: list[SnapshotRow]
    count: Count


class EquityCurve(Shape):
    """Equity over time as a few points; the highest and lowest of each stretch are among them."""

    timestamps: list[Time]
    equity: list[float]
    drawdown: Annotated[list[Annotated[float, Field(ge=-1, le=0)] | None], Field(description="Fraction below the highest growth so far")]
    start_value: float | None
    end_value: float | None
    return_pct: Annotated[float | None, Field(description="Time-weighted, in %: what was paid in or out is no return")]
    source: Source
    without_balance: WithoutBalance
    currency: str
    left_out: list[LeftOut]
    thinned: bool
    total_points: Count


class DrawdownRow(Shape):
    """The largest fall in money; `duration_seconds` from peak to trough, `recovery_seconds` from there, null until it is made up."""

    amount: float
    fraction: Annotated[float | None, Field(ge=-1, le=0, description="Fall of the growth from the peak to the trough; null without a balance")]
    peak_at: Time
    trough_at: Time
    recovered_at: Time | None
    duration_seconds: float
    recovery_seconds: float | None


class YearOfReturns(Shape):
    """The compounded returns of a calendar year and its months, as fractions; null in months without returns."""

    year: int
    months: Annotated[list[float | None], Field(min_length=12, max_length=12)]
    total: float | None


class RiskFigures(Shape):
    """Risk and reward of the daily returns in scope; drawdowns and values at risk are 0 or below where something was lost."""

    cumulative_return: UndefinedFraction
    annual_return: UndefinedFraction
    volatility: UndefinedFraction
    downside_volatility: UndefinedFraction
    sharpe_ratio: Undefined
    sortino_ratio: Undefined
    calmar_ratio: Undefined
    omega_ratio: Undefined
    max_drawdown: UndefinedFraction
    current_drawdown: UndefinedFraction
    var_95: Annotated[float | None, Field(description="Historical, of a day, a fraction")]
    var_99: Annotated[float | None, Field(description="Historical, of a day, a fraction")]
    cvar_95: Annotated[float | None, Field(description="Historical, of a day, a fraction")]
    parametric_var_95: Annotated[float | None, Field(description="If returns were normal, of a day, a fraction")]
    best_day: UndefinedFraction
    worst_day: UndefinedFraction
    positive_days: Count
    negative_days: Count
    beta: Annotated[float | None, Field(description="Against the benchmark; null without one")]
    alpha: Annotated[float | None, Field(description="Jensen's, a year, a fraction; null without a benchmark")]
    benchmark: str | None
    benchmark_days: Annotated[int, Field(ge=0, description="Daily returns for which the benchmark has one too")]
    profit_factor: Undefined
    recovery_factor: Undefined
    expectancy: Undefined
    win_rate: Undefined
    payoff_ratio: Undefined
    sqn: Undefined
    longest_winning_streak: Count | None
    longest_losing_streak: Count | None
    total_trades: Count
    largest_drawdown: DrawdownRow | None
    longest_drawdown_days: Count | None
    monthly: list[YearOfReturns]
    days: Annotated[int, Field(ge=0, description="Daily returns")]
    trading_days: Annotated[int, Field(ge=1, description="Days in a year, for annual figures")]
    first_day: Day
    last_day: Day
    source: Source
    without_balance: WithoutBalance
    currency: str
    left_out: list[LeftOut]


class Correlations(Shape):
    """How the daily returns of strategies move together, from -1 to 1; null where two have too few days in common."""

    strategies: list[str]
    matrix: list[list[Annotated[float, Field(ge=-1, le=1)] | None]]
    not_compared: Annotated[list[str], Field(description="Strategies with fewer trades than those 50")]
    currency: str
    left_out: list[LeftOut]


class EquityPoint(Shape):
    """A point of the equity; `drawdown` is the fraction under the highest growth so far, null without a starting balance."""

    timestamp: Time
    equity: float
    drawdown: float | None
    currency: str


class StartingBalance(Shape):
    """What the equity of a bot, and of a strategy where one was named, begins with."""

    bot: str
    strategy: str | None
    starting_balance: float
