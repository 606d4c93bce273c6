"""First light: journal, book, accounts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# The rules that ship, switched on; a person may change them afterwards, so no later start touches them. A cool-down is counted for one subject: a bot, a position, a message.
RULES = (
    {"name": "Circuit breaker", "condition": "circuit_breaker", "threshold": None, "severity": "CRITICAL", "cooldown_seconds": 60.0},
    {"name": "Critical event", "condition": "critical_event", "threshold": None, "severity": "CRITICAL", "cooldown_seconds": 60.0},
    {"name": "Drawdown", "condition": "drawdown", "threshold": 10.0, "severity": "WARNING", "cooldown_seconds": 3600.0},
    {"name": "Deep drawdown", "condition": "drawdown", "threshold": 20.0, "severity": "CRITICAL", "cooldown_seconds": 3600.0},
    {"name": "Stop loss hit", "condition": "stop_loss_hit", "threshold": None, "severity": "WARNING", "cooldown_seconds": 86400.0},
    {"name": "Large gain", "condition": "closed_above", "threshold": 5.0, "severity": "SUCCESS", "cooldown_seconds": 0.0},
    {"name": "Large loss", "condition": "closed_below", "threshold": 5.0, "severity": "WARNING", "cooldown_seconds": 0.0},
    {"name": "Stale feed", "condition": "stale_feed", "threshold": 3.0, "severity": "WARNING", "cooldown_seconds": 0.0},
)


def upgrade() -> None:
    """Change the schema."""
    op.create_table(
        "alert_cursor",
        sa.Column("reader", sa.String(length=80), nullable=False),
        sa.Column("last_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("reader", name=op.f("pk_alert_cursor")),
    )
    op.create_table(
        "alert_rule",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("condition", sa.String(length=40), nullable=False),
        sa.Column("threshold", sa.Double(), nullable=True),
        sa.Column("severity", sa.String(length=16), nullable=False),
        sa.Column("cooldown_seconds", sa.Double(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_rule")),
        sa.UniqueConstraint("name", name=op.f("uq_alert_rule_name")),
    )
    op.create_table(
        "api_token",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("prefix", sa.String(length=16), nullable=False, comment="its first characters, to recognise it in a list"),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.String(length=60), nullable=False, comment="space-separated: read ingest control"),
        sa.Column("bot", sa.String(length=200), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_token_digest")),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("target", sa.String(length=200), nullable=True),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.create_index("ix_audit_at", ["at"], unique=False)

    op.create_table(
        "bot_state",
        sa.Column("bot", sa.String(length=200), nullable=False),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heartbeat_seconds", sa.Double(), nullable=True),
        sa.Column("snapshot_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("snapshot_value", sa.Double(), nullable=True),
        sa.Column("equity_index", sa.Double(), nullable=True, comment="time-weighted growth of 1, so that deposits are no gain"),
        sa.Column("peak_index", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("bot", name=op.f("pk_bot_state")),
    )
    op.create_table(
        "counter",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counter")),
    )
    op.create_table(
        "idempotency",
        sa.Column("principal", sa.String(length=80), nullable=False),
        sa.Column("bot", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("principal", "bot", "key", name=op.f("pk_idempotency")),
    )
    with op.batch_alter_table("idempotency", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idempotency_created_at"), ["created_at"], unique=False)

    op.create_table(
        "journal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("bot", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, comment="the record's own time"),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event_type", sa.String(length=16), nullable=True, comment="events only; for the feed's filter"),
        sa.Column("severity", sa.String(length=16), nullable=True, comment="events and alerts; for the feed's filter"),
        sa.Column("effect", sa.String(length=16), nullable=True, comment="what it did to the tables, see data.ledger.Effect"),
        sa.Column("natural_key", sa.String(length=64), nullable=True, comment="digest of a position's state as sent; once for ever"),
        sa.Column("body", sa.JSON(), nullable=False, comment="the record as a read gives it, without its id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal")),
    )
    with op.batch_alter_table("journal", schema=None) as batch_op:
        batch_op.create_index(
            "ix_journal_event_type_id",
            ["kind", "event_type", "id"],
            unique=False,
            sqlite_where=sa.text("event_type IS NOT NULL"),
            postgresql_where=sa.text("event_type IS NOT NULL"),
        )
        batch_op.create_index("ix_journal_kind_bot_id", ["kind", "bot", "id"], unique=False)
        batch_op.create_index("ix_journal_kind_id", ["kind", "id"], unique=False)
        batch_op.create_index(
            "ix_journal_severity_id",
            ["kind", "severity", "id"],
            unique=False,
            sqlite_where=sa.text("severity IS NOT NULL"),
            postgresql_where=sa.text("severity IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_journal_natural_key",
            ["natural_key"],
            unique=True,
            sqlite_where=sa.text("natural_key IS NOT NULL"),
            postgresql_where=sa.text("natural_key IS NOT NULL"),
        )

    op.create_table(
        "market_data",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("symbol", sa.String(length=200), nullable=False),
        sa.Column("timeframe", sa.String(length=20), nullable=False),
        sa.Column("timestamp", sa.DateTime(timezone=True), nullable=False),
        sa.Column("open", sa.Double(), nullable=False),
        sa.Column("high", sa.Double(), nullable=False),
        sa.Column("low", sa.Double(), nullable=False),
        sa.Column("close", sa.Double(), nullable=False),
        sa.Column("volume", sa.Double(), nullable=True),
        sa.Column("trades_count", sa.BigInteger(), nullable=True),
        sa.Column("vwap", sa.Double(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bot", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_market_data")),
        sa.UniqueConstraint("symbol", "timeframe", "timestamp", name=op.f("uq_market_data_symbol")),
    )
    op.create_table(
        "portfolio",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("timestamp", sa.DateTime(timezone=True), nullable=False),
        sa.Column("total_value", sa.Double(), nullable=False),
        sa.Column("cash_balance", sa.Double(), nullable=True),
        sa.Column("margin_used", sa.Double(), nullable=True),
        sa.Column("margin_available", sa.Double(), nullable=True),
        sa.Column("realized_pnl", sa.Double(), nullable=True),
        sa.Column("unrealized_pnl", sa.Double(), nullable=True),
        sa.Column("deposit", sa.Double(), nullable=True),
        sa.Column("positions", sa.JSON(), nullable=True),
        sa.Column("currency", sa.String(length=20), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bot", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portfolio")),
        sa.UniqueConstraint("bot", "timestamp", name=op.f("uq_portfolio_bot")),
    )
    with op.batch_alter_table("portfolio", schema=None) as batch_op:
        batch_op.create_index("ix_portfolio_timestamp", ["timestamp"], unique=False)

    op.create_table(
        "position",
        sa.Column("bot", sa.String(length=200), nullable=False),
        sa.Column("position_id", sa.String(length=200), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, comment="of the latest update"),
        sa.Column("opened_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, comment="of the first update"),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False, comment="the bot's `opened_at`, else the first update's time"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent", sa.JSON(), nullable=False, comment="the latest update as sent, to know a repeated one"),
        sa.Column("body", sa.JSON(), nullable=False, comment="the latest update as a read gives it"),
        sa.Column("closed_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("close_sent", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("bot", "position_id", name=op.f("pk_position")),
    )
    with op.batch_alter_table("position", schema=None) as batch_op:
        batch_op.create_index("ix_position_closed_id", ["closed_id"], unique=False)

    op.create_table(
        "signal",
        sa.Column("bot", sa.String(length=200), nullable=False),
        sa.Column("strategy_name", sa.String(length=200), nullable=False),
        sa.Column("symbol", sa.String(length=200), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("bot", "strategy_name", "symbol", name=op.f("pk_signal")),
    )
    op.create_table(
        "strategy",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("parameters", sa.JSON(), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("max_position_size", sa.Double(), nullable=True),
        sa.Column("max_daily_loss", sa.Double(), nullable=True),
        sa.Column("max_drawdown", sa.Double(), nullable=True),
        sa.Column("starting_balance", sa.Double(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bot", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_strategy")),
        sa.UniqueConstraint("name", name=op.f("uq_strategy_name")),
    )
    op.create_table(
        "user_account",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("role", sa.String(length=12), nullable=False, comment="admin, operator or viewer"),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("name", name=op.f("uq_user_account_name")),
    )
    op.create_table(
        "alert_firing",
        sa.Column("rule_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subject", sa.String(length=500), nullable=False),
        sa.Column("fired_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["rule_id"], ["alert_rule.id"], name=op.f("fk_alert_firing_rule_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("rule_id", "subject", name=op.f("pk_alert_firing")),
    )
    op.create_table(
        "session",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("user_agent", sa.String(length=300), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_session_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_session")),
    )
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_session_user_id"), ["user_id"], unique=False)

    op.create_table(
        "sign_in_link",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_sign_in_link_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sign_in_link")),
    )
    op.create_table(
        "trade",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("trade_id", sa.String(length=240), nullable=False),
        sa.Column("symbol", sa.String(length=200), nullable=False),
        sa.Column("direction", sa.String(length=8), nullable=False),
        sa.Column("strategy", sa.String(length=200), nullable=True, comment="the name stays when the strategy is deleted"),
        sa.Column("strategy_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("size", sa.Double(), nullable=False),
        sa.Column("leverage", sa.Double(), nullable=True),
        sa.Column("entry_price", sa.Double(), nullable=False),
        sa.Column("exit_price", sa.Double(), nullable=True),
        sa.Column("entry_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("exit_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="the trade's own time: its exit, else its entry; ranges and the default order go by it",
        ),
        sa.Column("stop_loss", sa.Double(), nullable=True),
        sa.Column("take_profit", sa.Double(), nullable=True),
        sa.Column("pnl", sa.Double(), nullable=True),
        sa.Column("fees", sa.Double(), nullable=True),
        sa.Column("slippage", sa.Double(), nullable=True),
        sa.Column("net_pnl", sa.Double(), nullable=True),
        sa.Column("pnl_pct", sa.Double(), nullable=True),
        sa.Column("duration_seconds", sa.Double(), nullable=True),
        sa.Column("exit_reason", sa.String(length=200), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("tags", sa.JSON(), nullable=True),
        sa.Column("currency", sa.String(length=20), nullable=True),
        sa.Column("sent", sa.JSON(), nullable=False, comment="the record as sent, to know a repeated one"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bot", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["strategy_id"], ["strategy.id"], name=op.f("fk_trade_strategy_id"), ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trade")),
        sa.UniqueConstraint("bot", "trade_id", name=op.f("uq_trade_bot")),
    )
    with op.batch_alter_table("trade", schema=None) as batch_op:
        batch_op.create_index("ix_trade_at_id", ["at", "id"], unique=False)
        batch_op.create_index("ix_trade_bot_at", ["bot", "at", "id"], unique=False)
        batch_op.create_index("ix_trade_net_pnl_id", ["net_pnl", "id"], unique=False)
        batch_op.create_index("ix_trade_status_at", ["status", "at", "id"], unique=False)
        batch_op.create_index("ix_trade_strategy_at", ["strategy", "at", "id"], unique=False)
        batch_op.create_index("ix_trade_symbol_at", ["symbol", "at", "id"], unique=False)

    rules = sa.table("alert_rule", *(sa.column(name) for name in (*RULES[0], "enabled")))
    op.bulk_insert(rules, [{**rule, "enabled": True} for rule in RULES])
    counters = ("last_id", "total_events", "total_signals", "total_positions", "total_alerts_sent", "clear_activity", "clear_signals")
    op.bulk_insert(sa.table("counter", sa.column("name"), sa.column("value")), [{"name": name, "value": 0} for name in counters])


def downgrade() -> None:
    """Undo it."""
    with op.batch_alter_table("trade", schema=None) as batch_op:
        batch_op.drop_index("ix_trade_symbol_at")
        batch_op.drop_index("ix_trade_strategy_at")
        batch_op.drop_index("ix_trade_status_at")
        batch_op.drop_index("ix_trade_net_pnl_id")
        batch_op.drop_index("ix_trade_bot_at")
        batch_op.drop_index("ix_trade_at_id")

    op.drop_table("trade")
    op.drop_table("sign_in_link")
    with op.batch_alter_table("session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_session_user_id"))

    op.drop_table("session")
    op.drop_table("alert_firing")
    op.drop_table("user_account")
    op.drop_table("strategy")
    op.drop_table("signal")
    with op.batch_alter_table("position", schema=None) as batch_op:
        batch_op.drop_index("ix_position_closed_id")

    op.drop_table("position")
    with op.batch_alter_table("portfolio", schema=None) as batch_op:
        batch_op.drop_index("ix_portfolio_timestamp")

    op.drop_table("portfolio")
    op.drop_table("market_data")
    with op.batch_alter_table("journal", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_journal_natural_key", sqlite_where=sa.text("natural_key IS NOT NULL"), postgresql_where=sa.text("natural_key IS NOT NULL")
        )
        batch_op.drop_index("ix_journal_severity_id", sqlite_where=sa.text("severity IS NOT NULL"), postgresql_where=sa.text("severity IS NOT NULL"))
        batch_op.drop_index("ix_journal_kind_id")
        batch_op.drop_index("ix_journal_kind_bot_id")
        batch_op.drop_index(
            "ix_journal_event_type_id", sqlite_where=sa.text("event_type IS NOT NULL"), postgresql_where=sa.text("event_type IS NOT NULL")
        )

    op.drop_table("journal")
    with op.batch_alter_table("idempotency", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idempotency_created_at"))

    op.drop_table("idempotency")
    op.drop_table("counter")
    op.drop_table("bot_state")
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_at")

    op.drop_table("audit")
    op.drop_table("api_token")
    op.drop_table("alert_rule")
    op.drop_table("alert_cursor")
