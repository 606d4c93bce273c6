"""Insert-or-replace by a key, as both databases spell it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Insert, Table
from sqlalchemy.dialects import postgresql, sqlite

from data.schema import Base


def upsert_statement(dialect: str, model: type[Base], key: Sequence[str], changing: Sequence[str]) -> Insert:
    """Return the statement that inserts rows of `model`, or gives those with the same `key` new values in `changing`."""
    table = model.__table__
    assert isinstance(table, Table)  # noqa: S101  # narrows SQLAlchemy's FromClause for mypy
    statement = (sqlite if dialect == "sqlite" else postgresql).insert(table)
    changes = {name: statement.excluded[name] for name in changing}
    upsert: Insert = statement.on_conflict_do_update(index_elements=list(key), set_=changes)
    return upsert


def upsert(connection: Connection, model: type[Base], key: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows, or replace those with the same key; every row must name the same columns."""
    if rows:
        changing = [name for name in rows[0] if name not in key and name != "created_at"]
        connection.execute(upsert_statement(connection.dialect.name, model, key, changing), list(rows))
