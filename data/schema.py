"""The tables. `Journal` is the truth; every other table of facts is its projection, written in the same transaction."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, ForeignKey, Index, Integer, MetaData, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from data import times


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime: timestamptz on PostgreSQL, sortable text without a zone on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive datetime; convert any other to UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone must not reach the store")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return an aware UTC datetime."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLite aliases its row id only to INTEGER; PostgreSQL's INTEGER would end at 2^31.
Id = BigInteger().with_variant(Integer, "sqlite")
Name = String(200)


class Base(DeclarativeBase):
    """Names every constraint, so that migrations can find them again."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {datetime: UtcDateTime, dict[str, Any]: JSON, list[Any]: JSON}


class Stamped:
    """When a row was made and last changed, and whose bot it belongs to."""

    created_at: Mapped[datetime] = mapped_column(default=times.now)
    updated_at: Mapped[datetime] = mapped_column(default=times.now, onupdate=times.now)
    bot: Mapped[str] = mapped_column(Name)


# --- the journal and what belongs to it -------------------------------------------------------------------


class Journal(Base):
    """One row for each thing that was recorded, in the order in which it was committed."""

    __tablename__ = "journal"
    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(16))
    bot: Mapped[str] = mapped_column(Name)
    at: Mapped[datetime] = mapped_column(comment="the record's own time")
    received_at: Mapped[datetime]
    event_type: Mapped[str | None] = mapped_column(String(16), comment="events only; for the feed's filter")
    severity: Mapped[str | None] = mapped_column(String(16), comment="events and alerts; for the feed's filter")
    effect: Mapped[str | None] = mapped_column(String(16), comment="what it did to the tables, see data.ledger.Effect")
    natural_key: Mapped[str | None] = mapped_column(String(64), comment="digest of a position's state as sent; once for ever")
    body: Mapped[dict[str, Any]] = mapped_column(comment="the record as a read gives it, without its id")
    __table_args__ = (
        Index("ix_journal_kind_id", "kind", "id"),
        Index("ix_journal_kind_bot_id", "kind", "bot", "id"),
        Index("ix_journal_kind_at", "kind", "at"),
        Index("ix_journal_event_type_id", "event_type", "id", sqlite_where=event_type.isnot(None), postgresql_where=event_type.isnot(None)),
        Index("ix_journal_severity_id", "kind", "severity", "id", sqlite_where=severity.isnot(None), postgresql_where=severity.isnot(None)),
        Index("uq_journal_natural_key", "natural_key", unique=True, sqlite_where=natural_key.isnot(None), postgresql_where=natural_key.isnot(None)),
    )


class Counter(Base):
    """Totals and marks that trimming must not change; among them `last_id`, the journal's head."""

    __tablename__ = "counter"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)


class Idempotency(Base):
    """The first answer to each `Idempotency-Key`, kept 24 hours."""

    __tablename__ = "idempotency"
    principal: Mapped[str] = mapped_column(String(80), primary_key=True)
    bot: Mapped[str] = mapped_column(Name, primary_key=True)
    key: Mapped[str] = mapped_column(Name, primary_key=True)
    body_hash: Mapped[str] = mapped_column(String(64))
    answer: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(index=True)


class BotState(Base):
    """What is known of each bot: when it was last heard, its heartbeat, and its equity for the drawdown rules."""

    __tablename__ = "bot_state"
    bot: Mapped[str] = mapped_column(Name, primary_key=True)
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]
    heartbeat_seconds: Mapped[float | None]
    snapshot_at: Mapped[datetime | None]
    snapshot_value: Mapped[float | None]
    equity_index: Mapped[float | None] = mapped_column(comment="time-weighted growth of 1, so that deposits are no gain")
    peak_index: Mapped[float | None]


class Signal(Base):
    """The latest signal per bot, strategy and symbol."""

    __tablename__ = "signal"
    bot: Mapped[str] = mapped_column(Name, primary_key=True)
    strategy_name: Mapped[str] = mapped_column(Name, primary_key=True)
    symbol: Mapped[str] = mapped_column(Name, primary_key=True)
    id: Mapped[int] = mapped_column(Id)
    at: Mapped[datetime]
    body: Mapped[dict[str, Any]]


class Position(Base):
    """The state of every position a bot ever reported; `closed_id` tells whether it is still open."""

    __tablename__ = "position"
    bot: Mapped[str] = mapped_column(Name, primary_key=True)
    position_id: Mapped[str] = mapped_column(Name, primary_key=True)
    id: Mapped[int] = mapped_column(Id, comment="of the latest update")
    opened_id: Mapped[int] = mapped_column(Id, comment="of the first update")
    opened_at: Mapped[datetime] = mapped_column(comment="the bot's `opened_at`, else the first update's time")
    at: Mapped[datetime]
    sent: Mapped[dict[str, Any]] = mapped_column(comment="the latest update as sent, to know a repeated one")
    body: Mapped[dict[str, Any]] = mapped_column(comment="the latest update as a read gives it")
    closed_id: Mapped[int | None] = mapped_column(Id)
    closed_at: Mapped[datetime | None]
    close_sent: Mapped[dict[str, Any] | None]
    __table_args__ = (Index("ix_position_closed_id", "closed_id"),)


class AlertRule(Base):
    """A condition on the journal that raises an alert; `condition` names a function of data.rules."""

    __tablename__ = "alert_rule"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(Name, unique=True)
    condition: Mapped[str] = mapped_column(String(40))
    threshold: Mapped[float | None]
    severity: Mapped[str] = mapped_column(String(16))
    cooldown_seconds: Mapped[float]
    enabled: Mapped[bool] = mapped_column(default=True)


class AlertFiring(Base):
    """When a rule last fired for a subject (a bot, a position, a message): its cool-down."""

    __tablename__ = "alert_firing"
    rule_id: Mapped[int] = mapped_column(ForeignKey("alert_rule.id", ondelete="CASCADE"), primary_key=True)
    subject: Mapped[str] = mapped_column(String(500), primary_key=True)
    fired_at: Mapped[datetime]


class AlertCursor(Base):
    """The last alert that each session or token has been given."""

    __tablename__ = "alert_cursor"
    reader: Mapped[str] = mapped_column(String(80), primary_key=True)
    last_id: Mapped[int] = mapped_column(Id)


# --- the book: what stays until someone deletes it ---------------------------------------------------------


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
    strategy_id: Mapped[int | None] = mapped_column(ForeignKey("strategy.id", ondelete="SET NULL"))
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
    __table_args__ = (
        UniqueConstraint("bot", "trade_id"),
        Index("ix_trade_at_id", "at", "id"),
        *(Index(f"ix_trade_{name}_at", name, "at", "id") for name in ("symbol", "strategy", "status", "bot")),
        Index("ix_trade_net_pnl_id", "net_pnl", "id"),
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
    __table_args__ = (UniqueConstraint("bot", "timestamp"), Index("ix_portfolio_timestamp", "timestamp"))


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


# --- who may come in -----------------------------------------------------------------------------------------


class User(Base):
    """A person. Without a password hash only a one-time link opens the door."""

    __tablename__ = "user_account"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(Name, unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(12), comment="admin, operator or viewer")
    disabled: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=times.now)
    updated_at: Mapped[datetime] = mapped_column(default=times.now, onupdate=times.now)


class Session(Base):
    """One signed-in browser; the key is the SHA-256 of the cookie, so a dump of the table opens nothing."""

    __tablename__ = "session"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
    address: Mapped[str] = mapped_column(String(64))
    user_agent: Mapped[str] = mapped_column(String(300))
    revoked_at: Mapped[datetime | None]


class ApiToken(Base):
    """A machine's key: hashed, scoped, optionally bound to one bot."""

    __tablename__ = "api_token"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(Name)
    prefix: Mapped[str] = mapped_column(String(16), comment="its first characters, to recognise it in a list")
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[str] = mapped_column(String(60), comment="space-separated: read ingest control")
    bot: Mapped[str | None] = mapped_column(Name)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class SignInLink(Base):
    """A link that opens one session, once."""

    __tablename__ = "sign_in_link"
    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class AuditEntry(Base):
    """Who did what, when, from where; what was there before and after. Only ever appended to."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(Name)
    action: Mapped[str] = mapped_column(String(60))
    target: Mapped[str | None] = mapped_column(Name)
    address: Mapped[str] = mapped_column(String(64))
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    __table_args__ = (Index("ix_audit_at", "at"),)
