"""The schema: what the models say and what the migrations build are the same thing on both databases."""

from datetime import UTC, datetime
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from data.accounts import Accounts
from data.desk import Desk
from data.errors import Refused
from data.schema import Base
from data.settings import Settings
from data.store import MIGRATIONS, SCHEMA_HEAD, Store
from tests.support.api import ALERT, CANDLE, EVENT, POSITION, SIGNAL, SNAPSHOT, TRADE, Api
from tests.support.schema import counts, fingerprint, migrate_by, migrate_to


@pytest.fixture
def bare_store(bare_store_url: str) -> Any:
    store = Store(Settings.load(database_url=bare_store_url).store_url)
    yield store
    store.close()


def differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return list(compare_metadata(context, Base.metadata))


def tables(store: Store) -> set[str]:
    with store.read() as connection:
        return set(inspect(connection).get_table_names()) - {"alembic_version"}


def test_the_program_knows_the_newest_migration() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == SCHEMA_HEAD


def test_the_migrations_build_exactly_what_the_models_describe(store: Store) -> None:
    with store.read() as connection:
        assert differences(connection) == []


def test_the_schema_goes_up_down_and_up_again(bare_store: Store) -> None:
    bare_store.migrate()
    migrate_to(bare_store, "base")
    assert tables(bare_store) == set()
    bare_store.migrate()
    assert tables(bare_store) == set(Base.metadata.tables)
    with bare_store.read() as connection:
        assert differences(connection) == []


def test_migrating_twice_changes_nothing(store: Store) -> None:
    store.migrate()
    assert store.schema_version() == SCHEMA_HEAD


def test_a_store_of_a_newer_program_is_refused_and_left_alone(store: Store) -> None:
    with store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Refused, match="newer"):
        store.migrate()
    assert store.schema_version() == "9999"


def test_what_the_first_schema_held_is_counted_marked_and_raised(bare_store: Store) -> None:
    migrate_to(bare_store, "0001")
    moment = "2025-01-01 00:00:00.000000"
    alert = '{"timestamp": "2025-01-01T00:00:00.000000Z", "title": "%s", "message": "its = %%", "severity": "WARNING", "action_url": %s, "bot": "a"}'
    journal = (
        "INSERT INTO journal (id, kind, bot, at, received_at, severity, effect, body) VALUES (:id, :kind, 'a', :at, :at, :severity, :effect, :body)"
    )
    trade = (
        "INSERT INTO trade (id, trade_id, bot, symbol, direction, status, size, entry_price, entry_time, at, sent, created_at, updated_at)"
        " VALUES (:id, :id, 'a', 'S', 'long', 'open', 1, 1, :at, :at, '{}', :at, :at)"
    )
    with bare_store.write() as connection:
        rows = (
            {"id": 1, "kind": "alert", "severity": "WARNING", "effect": "added", "body": alert % ("Drawdown", '"/risk"')},
            {"id": 2, "kind": "alert", "severity": "WARNING", "effect": "raised", "body": alert % ("Drawdown", "null")},
            {"id": 3, "kind": "event", "severity": "INFO", "effect": "added", "body": "{}"},
        )
        for row in rows:
            connection.execute(text(journal), row | {"at": datetime.now(UTC).replace(tzinfo=None).isoformat(" ") if row["id"] == 2 else moment})
        for number in (4, 5):
            statement = trade if bare_store.is_sqlite else trade.replace(":id, :id", ":id, CAST(:id AS text)")
            connection.execute(text(statement), {"id": number, "at": moment})
    bare_store.migrate()
    with bare_store.read() as connection:
        alerts = connection.execute(text("SELECT id, type, status, title, message, action_url, timestamp FROM alert ORDER BY id")).all()
        assert [(row.id, row.type, row.status, row.action_url) for row in alerts] == [
            (1, "system", "resolved", "/risk"),
            (2, "risk", "active", None),
        ]
        assert {row.message for row in alerts} == {"its = %"}
        assert connection.execute(text("SELECT value FROM counter WHERE name = 'trades'")).scalar() == 2
        assert connection.execute(text("SELECT id, changed_id FROM trade ORDER BY id")).all() == [(4, 4), (5, 5)]


def everything(store: Store) -> tuple[str, dict[str, int]]:
    with store.read() as connection:
        return fingerprint(connection), counts(connection)


def test_from_every_released_schema_the_same_one_is_reached_and_no_row_is_lost_on_the_way(api: Api, desk: Desk, settings: Settings) -> None:
    records = {"event": EVENT, "trade": TRADE, "snapshot": SNAPSHOT, "candle": CANDLE, "signal": SIGNAL, "position": POSITION, "alert": ALERT}
    api.batch(*({"kind": kind, **record} for kind, record in records.items()))
    accounts = Accounts(desk.store, settings)
    accounts.ensure_admin()
    accounts.create_link("admin")
    desk.close()
    schema, rows = everything(desk.store)
    for revision in ("0003", "0002", "0001"):
        migrate_to(desk.store, revision)
        _, older = everything(desk.store)
        desk.store.migrate()
        again, now_there = everything(desk.store)
        assert again == schema, revision
        # Counters come and go with what they count, and the first schema kept alerts in the journal alone.
        kept = {name: number for name, number in older.items() if name not in {"alert", "counter"}}
        assert {name: now_there[name] for name in kept} == kept == {name: rows[name] for name in kept}, revision


@pytest.mark.parametrize("revision", ["0001", "0002", "0003"])
def test_a_migration_that_ends_halfway_leaves_what_was_there_and_can_be_done_again(bare_store: Store, revision: str) -> None:
    """`bench.faults.migrations` does it with SIGKILL and a million rows."""
    migrate_to(bare_store, revision)
    before = everything(bare_store)

    def interrupted(config: Config) -> None:
        command.upgrade(config, "head")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        migrate_by(bare_store, interrupted)
    assert everything(bare_store) == before
    bare_store.migrate()
    with bare_store.read() as connection:
        assert differences(connection) == []
