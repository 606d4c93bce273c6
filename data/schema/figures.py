"""The history of figures, for charts: computed from stored records by a job, never what a question waits for."""

from datetime import date

from sqlalchemy import Date, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from data.schema.base import Base, Id, Stamped


class StrategyPerformance(Stamped, Base):
    """What a strategy did in one day, week or month; it goes with its strategy. Ratios are fractions of the starting balance."""

    __tablename__ = "strategy_performance"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    strategy_id: Mapped[int] = mapped_column(ForeignKey("strategy.id", ondelete="CASCADE"))
    period: Mapped[str] = mapped_column(String(8), comment="daily, weekly or monthly")
    start: Mapped[date] = mapped_column(Date, comment="the period's first day, UTC")
    equity: Mapped[float | None]
    total_return: Mapped[float | None]
    sharpe_ratio: Mapped[float | None]
    sortino_ratio: Mapped[float | None]
    max_drawdown: Mapped[float | None]
    volatility: Mapped[float | None]
    win_rate: Mapped[float | None]
    total_trades: Mapped[int]
    winning_trades: Mapped[int]
    losing_trades: Mapped[int]
    gross_pnl: Mapped[float]
    net_pnl: Mapped[float]
    __table_args__ = (UniqueConstraint("strategy_id", "period", "start"),)


class RiskMetrics(Stamped, Base):
    """A bot's risk at the end of a day, over all of its history until then."""

    __tablename__ = "risk_metrics"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    date: Mapped[date] = mapped_column(Date)
    sharpe_ratio: Mapped[float | None]
    sortino_ratio: Mapped[float | None]
    calmar_ratio: Mapped[float | None]
    current_drawdown: Mapped[float | None]
    max_drawdown: Mapped[float | None]
    drawdown_duration_days: Mapped[int | None]
    var_95: Mapped[float | None]
    var_99: Mapped[float | None]
    cvar_95: Mapped[float | None]
    volatility: Mapped[float | None]
    downside_volatility: Mapped[float | None]
    beta: Mapped[float | None]
    alpha: Mapped[float | None]
    profit_factor: Mapped[float | None]
    recovery_factor: Mapped[float | None]
    __table_args__ = (UniqueConstraint("bot", "date"),)
