"""What a schema is, whatever the order in which it was made; and migrations to a place of one's choice."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, inspect, text

from data.store import MIGRATIONS, Store


def fingerprint(connection: Connection) -> str:
    """Return a digest of every table's columns, keys and indexes."""
    look = inspect(connection)
    tables: dict[str, Any] = {}
    for name in look.get_table_names():
        columns = {column["name"]: [str(column["type"]), column["nullable"], str(column["default"])] for column in look.get_columns(name)}
        parts: list[Any] = [look.get_foreign_keys(name), look.get_unique_constraints(name), look.get_indexes(name), [look.get_pk_constraint(name)]]
        tables[name] = [columns, *(sorted(json.dumps(part, sort_keys=True, default=str) for part in each) for each in parts)]
    return hashlib.sha256(json.dumps(tables, sort_keys=True).encode()).hexdigest()


def counts(connection: Connection) -> dict[str, int]:
    """Return how many rows each table has."""
    return {name: connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one() for name in inspect(connection).get_table_names()}


def migrate_by(store: Store, action: Callable[[Config], None]) -> None:
    """Do one of Alembic's commands in a write transaction of the store."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with store.write() as connection:
        config.attributes["connection"] = connection
        action(config)


def migrate_to(store: Store, revision: str) -> None:
    """Bring the store to a revision, up or down."""
    version = store.schema_version()
    up = revision != "base" and (version is None or version < revision)
    migrate_by(store, lambda config: (command.upgrade if up else command.downgrade)(config, revision))
