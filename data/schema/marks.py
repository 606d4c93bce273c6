"""What people are shown, and what they mark: alerts and annotations."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from data.schema.base import Base, Id, Name, Stamped


class Alert(Stamped, Base):
    """An alert and what became of it; `id` is that of the journal's record. It outlives the strategy and the trade that it is about."""

    __tablename__ = "alert"
    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    type: Mapped[str] = mapped_column(String(16), comment="risk, trade, system or performance")
    severity: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(Name)
    message: Mapped[str] = mapped_column(Text)
    action_url: Mapped[str | None] = mapped_column(Text)
    strategy_id: Mapped[int | None] = mapped_column(ForeignKey("strategy.id", ondelete="SET NULL"), index=True)
    trade_id: Mapped[int | None] = mapped_column(ForeignKey("trade.id", ondelete="SET NULL"), index=True)
    status: Mapped[str] = mapped_column(String(16), comment="active, acknowledged or resolved")
    timestamp: Mapped[datetime] = mapped_column(comment="the alert's own time")
    received_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    data: Mapped[dict[str, Any] | None]
    __table_args__ = (
        Index("ix_alert_timestamp_id", "timestamp", "id"),
        *(Index(f"ix_alert_{name}_timestamp", name, "timestamp", "id") for name in ("status", "severity", "type", "bot")),
    )


class Annotation(Stamped, Base):
    """A note at a date of a chart; its text is text and never rendered as HTML."""

    __tablename__ = "annotation"
    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    chart_id: Mapped[str] = mapped_column(Name)
    date: Mapped[datetime]
    text: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(String(16), comment="trade, signal, news or custom")
    color: Mapped[str | None] = mapped_column(String(32))
    icon: Mapped[str | None] = mapped_column(String(40))
    user: Mapped[str] = mapped_column(Name)
    __table_args__ = (Index("ix_annotation_chart_id_date", "chart_id", "date", "id"),)
