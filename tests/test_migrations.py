"""The schema: what the models say and what the migrations build are the same thing on both databases."""

from collections.abc import Callable
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from data.errors import Refused
from data.schema import Base
from data.settings import Settings
from data.store import MIGRATIONS, SCHEMA_HEAD, Store


@pytest.fixture
def bare_store(bare_store_url: str) -> Any:
    store = Store(Settings.load(database_url=bare_store_url).store_url)
    yield store
    store.close()


def differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return list(compare_metadata(context, Base.metadata))


def run(store: Store, action: Callable[[Config], None]) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with store.write() as connection:
        config.attributes["connection"] = connection
        action(config)


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
    run(bare_store, lambda config: command.downgrade(config, "base"))
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
