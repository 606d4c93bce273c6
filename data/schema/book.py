"""The book: what stays until someone deletes it."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from data.schema.base import Base, Id, Name, Stamped


class Strategy(Stamped, Base):
    """A strategy by name; made when a trade names an unknown one, under the id of that trade's record."""

    __tablename__ = "strategy"
    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(Name, unique=True)
    description: Mapped[str | None] = mapped_column(Text)
    parameters: Mapped[dict[str, Any] | None]
    enabled: Mapped[bool] = mapped_column(default=True)
    max_position_size: Mapped[float | None]
    max_daily_loss: Mapped[float | None]
    max_drawdown: Mapped[float | None]
    starting_balance: Mapped[float | None]


class Trade(Stamped, Base):
    """One trade; `id` is that of the journal's record that made it. Money is in `currency`, net of fees in `net_pnl`."""

    __tablename__ = "trade"
    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    trade_id: Mapped[str] = mapped_column(String(240))
    symbol: Mapped[str] = mapped_column(Name)
    direction: Mapped[str] = mapped_column(String(8))
    strategy: Mapped[str | None] = mapped_column(Name, comment="the name stays when the strategy is deleted")
    strategy_id: Mapped[int | None] = mapped_column(ForeignKey("strategy.id", ondelete="SET NULL"), index=True)
    status: Mapped[str] = mapped_column(String(12))
    size: Mapped[float]
    leverage: Mapped[float | None]
    entry_price: Mapped[float]
    exit_price: Mapped[float | None]
    entry_time: Mapped[datetime]
    exit_time: Mapped[datetime | None]
    at: Mapped[datetime] = mapped_column(comment="the trade's own time: its exit, else its entry; ranges and the default order go by it")
    stop_loss: Mapped[float | None]
    take_profit: Mapped[float | None]
    pnl: Mapped[float | None]
    fees: Mapped[float | None]
    slippage: Mapped[float | None]
    net_pnl: Mapped[float | None]
    pnl_pct: Mapped[float | None]
    duration_seconds: Mapped[float | None]
    exit_reason: Mapped[str | None] = mapped_column(Name)
    notes: Mapped[str | None] = mapped_column(Text)
    tags: Mapped[list[Any] | None]
    currency: Mapped[str | None] = mapped_column(String(20))
    sent: Mapped[dict[str, Any]] = mapped_column(comment="the record as sent, to know a repeated one")
    changed_id: Mapped[int] = mapped_column(Id, index=True, comment="of the record that last changed it: how a copy in memory is kept up")
    __table_args__ = (
        UniqueConstraint("bot", "trade_id"),
        Index("ix_trade_at_id", "at", "id"),
        *(Index(f"ix_trade_{name}_at", name, "at", "id") for name in ("symbol", "strategy", "status", "direction", "bot")),
        *(Index(f"ix_trade_{name}_id", name, "id") for name in ("entry_time", "net_pnl")),
    )


class Portfolio(Stamped, Base):
    """One snapshot of an account per bot and moment; money in `currency`."""

    __tablename__ = "portfolio"
    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    timestamp: Mapped[datetime]
    total_value: Mapped[float]
    cash_balance: Mapped[float | None]
    margin_used: Mapped[float | None]
    margin_available: Mapped[float | None]
    realized_pnl: Mapped[float | None]
    unrealized_pnl: Mapped[float | None]
    deposit: Mapped[float | None]
    positions: Mapped[list[Any] | None]
    currency: Mapped[str | None] = mapped_column(String(20))
    changed_id: Mapped[int] = mapped_column(Id, index=True, comment="as a trade's")
    __table_args__ = (UniqueConstraint("bot", "timestamp"), Index("ix_portfolio_timestamp_id", "timestamp", "id"))


class MarketData(Stamped, Base):
    """One candle per symbol, timeframe and opening time."""

    __tablename__ = "market_data"
    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    symbol: Mapped[str] = mapped_column(Name)
    timeframe: Mapped[str] = mapped_column(String(20))
    timestamp: Mapped[datetime]
    open: Mapped[float]
    high: Mapped[float]
    low: Mapped[float]
    close: Mapped[float]
    volume: Mapped[float | None]
    trades_count: Mapped[int | None] = mapped_column(BigInteger)
    vwap: Mapped[float | None]
    __table_args__ = (UniqueConstraint("symbol", "timeframe", "timestamp"),)
