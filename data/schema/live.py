"""The journal and the tables of what is going on now."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from data.schema.base import Base, Id, Name

OF_EVENTS = text("event_type IS NOT NULL")


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
        # Events alone have a type. A search names every column but the last: see data.activity.
        *(
            Index(f"ix_journal_event_{name}", *columns, "id", sqlite_where=OF_EVENTS, postgresql_where=OF_EVENTS)
            for name, columns in {"kind": ("event_type", "severity"), "bot": ("bot", "event_type", "severity"), "at": ("at",)}.items()
        ),
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
    starting_balance: Mapped[float | None] = mapped_column(comment="what its equity begins with while it sends no snapshots")


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
