"""People: the audit log's chain, the second factor, whose token it is, links that reset a password."""

import hashlib

import orjson
import sqlalchemy as sa
from alembic import op

from data.schema import UtcDateTime

revision = "0004"
down_revision = "0003"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BATCH = 5_000
AUDIT = sa.table(
    "audit",
    sa.column("id", ID),
    sa.column("at", UtcDateTime()),
    *(sa.column(name, sa.String()) for name in ("actor", "action", "target", "address")),
    *(sa.column(name, sa.JSON()) for name in ("before", "after")),
    *(sa.column(name, sa.String()) for name in ("previous_hash", "hash")),
)


def upgrade() -> None:
    """Change the schema."""
    for name, kind, comment in (
        ("totp_secret", sa.String(length=200), "what makes the codes of the second factor, encrypted"),
        ("totp_since", sa.DateTime(timezone=True), "since when a code is asked for; null: not, or not confirmed yet"),
        ("totp_step", sa.BigInteger(), "the half minute of the last code that counted; no code counts twice"),
    ):
        op.add_column("user_account", sa.Column(name, kind, nullable=True, comment=comment))
    op.add_column(
        "api_token", sa.Column("created_by", sa.BigInteger(), nullable=True, comment="the user who made it; null: made on the command line")
    )
    op.add_column("sign_in_link", sa.Column("resets_password", sa.Boolean(), nullable=False, server_default=sa.false()))
    _add_of_users(
        "pending_sign_in",
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
    )
    _add_of_users("recovery_code", sa.Column("used_at", sa.DateTime(timezone=True), nullable=True))
    for name in ("previous_hash", "hash"):
        op.add_column("audit", sa.Column(name, sa.String(length=64), nullable=False, server_default=sa.text("''")))
    _chain()


def _add_of_users(name: str, *columns: sa.Column) -> None:
    op.create_table(
        name,
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("user_id", ID, nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f(f"fk_{name}_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest", name=op.f(f"pk_{name}")),
    )
    op.create_index(op.f(f"ix_{name}_user_id"), name, ["user_id"], unique=False)


def _chain() -> None:
    """Give each row that is there its hash; what was changed before this cannot be told. The counter is the number of the last row."""
    connection = op.get_bind()
    last, previous = 0, ""
    change = sa.update(AUDIT).where(AUDIT.c.id == sa.bindparam("number")).values(previous_hash=sa.bindparam("before_it"), hash=sa.bindparam("its"))
    while rows := connection.execute(sa.select(AUDIT).where(AUDIT.c.id > last).order_by(AUDIT.c.id).limit(BATCH)).all():
        changes = []
        for row in rows:
            content = [previous, row.id, row.at, row.actor, row.action, row.target, row.address, row.before, row.after]
            # as data.accounts.chain does it today; written out here, because what was migrated once must not change with the program
            made = hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)).hexdigest()
            changes.append({"number": row.id, "before_it": previous, "its": made})
            last, previous = row.id, made
        connection.execute(change, changes)
    op.bulk_insert(sa.table("counter", sa.column("name", sa.String()), sa.column("value", sa.BigInteger())), [{"name": "audit", "value": last}])


def downgrade() -> None:
    """Undo it."""
    connection = op.get_bind()
    connection.execute(sa.text("DELETE FROM counter WHERE name = 'audit'"))
    if connection.dialect.name == "postgresql":  # the schema before took its numbers from the sequence, which has stood still
        connection.execute(sa.text("SELECT setval(pg_get_serial_sequence('audit', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM audit), false)"))
    for name in ("recovery_code", "pending_sign_in"):
        op.drop_index(op.f(f"ix_{name}_user_id"), name)
        op.drop_table(name)
    for table, names in (
        ("audit", ("hash", "previous_hash")),
        ("sign_in_link", ("resets_password",)),
        ("api_token", ("created_by",)),
        ("user_account", ("totp_step", "totp_since", "totp_secret")),
    ):
        for name in names:
            op.drop_column(table, name)
