"""The store answers: alerts with a status, annotations, the history of figures, and which record last changed a row."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

OF_EVENTS = sa.text("event_type IS NOT NULL")
EVENT_INDEXES = {"kind": ("event_type", "severity"), "bot": ("bot", "event_type", "severity"), "at": ("at",)}
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _count_trades() -> None:
    """A list's total is a counter from now on: to count a million rows takes longer than to read a page of them."""
    op.execute("INSERT INTO counter (name, value) SELECT 'trades', count(*) FROM trade")


def _raise_alerts_that_were() -> None:
    """Alerts have a status from now on: in the journal's those of the last day are active, the others nobody waits for any longer."""
    journal = sa.table("journal")
    body = sa.type_coerce(sa.column("body"), sa.JSON)
    title = body["title"].as_string()
    by_rule = sa.column("effect") == "raised"
    kind = sa.case(
        (by_rule & title.in_(("Circuit breaker tripped", "Drawdown")), "risk"),
        (by_rule & title.in_(("Stop loss hit", "Large gain", "Large loss")), "trade"),
        else_="system",
    )
    yesterday = sa.literal(datetime.now(UTC) - timedelta(days=1), sa.DateTime(timezone=True))
    status = sa.case((sa.column("received_at") < yesterday, "resolved"), else_="active")
    known = {
        "id": sa.column("id"), "type": kind, "severity": sa.column("severity"), "title": title, "message": body["message"].as_string(),
        "action_url": body["action_url"].as_string(), "status": status, "timestamp": sa.column("at"),
        "received_at": sa.column("received_at"), "created_at": sa.column("received_at"), "updated_at": sa.column("received_at"),
        "bot": sa.column("bot"),
    }  # fmt: skip  # a column a line would be a page
    found = sa.select(*known.values()).select_from(journal).where(sa.column("kind") == "alert")
    op.execute(sa.insert(sa.table("alert", *map(sa.column, known))).from_select(list(known), found))


def upgrade() -> None:
    """Change the schema."""
    # First the columns, then what refers to these tables: SQLite makes a table anew for a column that must be filled in.
    for name in ("trade", "portfolio"):
        op.add_column(name, sa.Column("changed_id", ID, nullable=True))
        op.execute(f"UPDATE {name} SET changed_id = id")  # noqa: S608  # the names stand above
    with op.batch_alter_table("bot_state", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("starting_balance", sa.Double(), nullable=True, comment="what its equity begins with while it sends no snapshots")
        )

    with op.batch_alter_table("portfolio", schema=None) as batch_op:
        batch_op.alter_column("changed_id", existing_type=ID, nullable=False, comment="as a trade's")
        batch_op.drop_index(batch_op.f("ix_portfolio_timestamp"))
        batch_op.create_index(batch_op.f("ix_portfolio_changed_id"), ["changed_id"], unique=False)
        batch_op.create_index("ix_portfolio_timestamp_id", ["timestamp", "id"], unique=False)

    with op.batch_alter_table("trade", schema=None) as batch_op:
        batch_op.alter_column(
            "changed_id", existing_type=ID, nullable=False, comment="of the record that last changed it: how a copy in memory is kept up"
        )
        batch_op.create_index(batch_op.f("ix_trade_changed_id"), ["changed_id"], unique=False)
        batch_op.create_index("ix_trade_direction_at", ["direction", "at", "id"], unique=False)
        batch_op.create_index("ix_trade_entry_time_id", ["entry_time", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_trade_strategy_id"), ["strategy_id"], unique=False)

    with op.batch_alter_table("journal", schema=None) as batch_op:
        for name in ("kind_bot", "event_type", "severity"):
            batch_op.drop_index(f"ix_journal_{name}_id")
        for name, columns in EVENT_INDEXES.items():
            batch_op.create_index(f"ix_journal_event_{name}", [*columns, "id"], unique=False, sqlite_where=OF_EVENTS, postgresql_where=OF_EVENTS)

    op.create_table(
        "annotation",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("chart_id", sa.String(length=200), nullable=False),
        sa.Column("date", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False, comment="trade, signal, news or custom"),
        sa.Column("color", sa.String(length=32), nullable=True),
        sa.Column("icon", sa.String(length=40), nullable=True),
        sa.Column("user", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bot", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annotation")),
    )
    with op.batch_alter_table("annotation", schema=None) as batch_op:
        batch_op.create_index("ix_annotation_chart_id_date", ["chart_id", "date", "id"], unique=False)

    op.create_table(
        "risk_metrics",
        sa.Column("id", ID, nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("sharpe_ratio", sa.Double(), nullable=True),
        sa.Column("sortino_ratio", sa.Double(), nullable=True),
        sa.Column("calmar_ratio", sa.Double(), nullable=True),
        sa.Column("current_drawdown", sa.Double(), nullable=True),
        sa.Column("max_drawdown", sa.Double(), nullable=True),
        sa.Column("drawdown_duration_days", sa.Integer(), nullable=True),
        sa.Column("var_95", sa.Double(), nullable=True),
        sa.Column("var_99", sa.Double(), nullable=True),
        sa.Column("cvar_95", sa.Double(), nullable=True),
        sa.Column("volatility", sa.Double(), nullable=True),
        sa.Column("downside_volatility", sa.Double(), nullable=True),
        sa.Column("beta", sa.Double(), nullable=True),
        sa.Column("alpha", sa.Double(), nullable=True),
        sa.Column("profit_factor", sa.Double(), nullable=True),
        sa.Column("recovery_factor", sa.Double(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bot", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_metrics")),
        sa.UniqueConstraint("bot", "date", name=op.f("uq_risk_metrics_bot")),
    )
    op.create_table(
        "strategy_performance",
        sa.Column("id", ID, nullable=False),
        sa.Column("strategy_id", ID, nullable=False),
        sa.Column("period", sa.String(length=8), nullable=False, comment="daily, weekly or monthly"),
        sa.Column("start", sa.Date(), nullable=False, comment="the period's first day, UTC"),
        sa.Column("equity", sa.Double(), nullable=True),
        sa.Column("total_return", sa.Double(), nullable=True),
        sa.Column("sharpe_ratio", sa.Double(), nullable=True),
        sa.Column("sortino_ratio", sa.Double(), nullable=True),
        sa.Column("max_drawdown", sa.Double(), nullable=True),
        sa.Column("volatility", sa.Double(), nullable=True),
        sa.Column("win_rate", sa.Double(), nullable=True),
        sa.Column("total_trades", sa.Integer(), nullable=False),
        sa.Column("winning_trades", sa.Integer(), nullable=False),
        sa.Column("losing_trades", sa.Integer(), nullable=False),
        sa.Column("gross_pnl", sa.Double(), nullable=False),
        sa.Column("net_pnl", sa.Double(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bot", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["strategy_id"], ["strategy.id"], name=op.f("fk_strategy_performance_strategy_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_strategy_performance")),
        sa.UniqueConstraint("strategy_id", "period", "start", name=op.f("uq_strategy_performance_strategy_id")),
    )
    op.create_table(
        "alert",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False, comment="risk, trade, system or performance"),
        sa.Column("severity", sa.String(length=16), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("action_url", sa.Text(), nullable=True),
        sa.Column("strategy_id", ID, nullable=True),
        sa.Column("trade_id", ID, nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False, comment="active, acknowledged or resolved"),
        sa.Column("timestamp", sa.DateTime(timezone=True), nullable=False, comment="the alert's own time"),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("data", sa.JSON(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bot", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["strategy_id"], ["strategy.id"], name=op.f("fk_alert_strategy_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["trade_id"], ["trade.id"], name=op.f("fk_alert_trade_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
    )
    with op.batch_alter_table("alert", schema=None) as batch_op:
        batch_op.create_index("ix_alert_timestamp_id", ["timestamp", "id"], unique=False)
        batch_op.create_index("ix_alert_bot_timestamp", ["bot", "timestamp", "id"], unique=False)
        batch_op.create_index("ix_alert_severity_timestamp", ["severity", "timestamp", "id"], unique=False)
        batch_op.create_index("ix_alert_status_timestamp", ["status", "timestamp", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_alert_strategy_id"), ["strategy_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_alert_trade_id"), ["trade_id"], unique=False)
        batch_op.create_index("ix_alert_type_timestamp", ["type", "timestamp", "id"], unique=False)
    _count_trades()
    _raise_alerts_that_were()


def downgrade() -> None:
    """Undo it."""
    with op.batch_alter_table("alert", schema=None) as batch_op:
        batch_op.drop_index("ix_alert_timestamp_id")
        batch_op.drop_index("ix_alert_type_timestamp")
        batch_op.drop_index(batch_op.f("ix_alert_trade_id"))
        batch_op.drop_index(batch_op.f("ix_alert_strategy_id"))
        batch_op.drop_index("ix_alert_status_timestamp")
        batch_op.drop_index("ix_alert_severity_timestamp")
        batch_op.drop_index("ix_alert_bot_timestamp")

    op.drop_table("alert")
    op.drop_table("strategy_performance")
    op.drop_table("risk_metrics")
    with op.batch_alter_table("annotation", schema=None) as batch_op:
        batch_op.drop_index("ix_annotation_chart_id_date")

    op.drop_table("annotation")
    op.execute("DELETE FROM counter WHERE name = 'trades'")
    with op.batch_alter_table("journal", schema=None) as batch_op:
        for name in EVENT_INDEXES:
            batch_op.drop_index(f"ix_journal_event_{name}")
        batch_op.create_index("ix_journal_kind_bot_id", ["kind", "bot", "id"], unique=False)
        for name in ("event_type", "severity"):
            where = sa.text(f"{name} IS NOT NULL")
            batch_op.create_index(f"ix_journal_{name}_id", ["kind", name, "id"], unique=False, sqlite_where=where, postgresql_where=where)

    with op.batch_alter_table("trade", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_trade_strategy_id"))
        batch_op.drop_index("ix_trade_direction_at")
        batch_op.drop_index("ix_trade_entry_time_id")
        batch_op.drop_index(batch_op.f("ix_trade_changed_id"))
        batch_op.drop_column("changed_id")

    with op.batch_alter_table("portfolio", schema=None) as batch_op:
        batch_op.drop_index("ix_portfolio_timestamp_id")
        batch_op.drop_index(batch_op.f("ix_portfolio_changed_id"))
        batch_op.create_index(batch_op.f("ix_portfolio_timestamp"), ["timestamp"], unique=False)
        batch_op.drop_column("changed_id")

    with op.batch_alter_table("bot_state", schema=None) as batch_op:
        batch_op.drop_column("starting_balance")
