"""`python -m bench.million`: a store with a million trades, a year of minute candles and ten million journal records, kept for the next run.

It is written past the program, table by table, with the indexes made afterwards: through the journal it would take hours.
"""

import argparse
import contextlib
import hashlib
import itertools
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import Table
from sqlalchemy.engine import make_url
from sqlalchemy.schema import CreateIndex, CreateTable

from bench.rows import CHUNK, TABLES, Content, Rows, Sizes
from data.schema import Base
from data.settings import Settings
from data.store import Store
from data.times import now
from tests.support.postgres import PostgresServer, find_programs

CACHE = Path(tempfile.gettempdir()) / "botv2-bench"
FRESH_SECONDS = 20 * 3600  # the store's year ends when it is made; older, its last day would be empty
POSTGRES_SETTINGS = ("shared_buffers=1GB", "maintenance_work_mem=1GB", "max_wal_size=8GB", "checkpoint_timeout=30min")


@contextmanager
def sqlite_store(sizes: Sizes) -> Iterator[str]:
    """Yield the address of a SQLite store of these sizes, made when there is none of today with the present schema."""
    path = _folder("sqlite", sizes) / "botv2.sqlite"
    url = f"sqlite:///{path}"
    if not path.exists():
        part = path.with_suffix(".part")
        fill(_migrated(f"sqlite:///{part}"), sizes)
        part.rename(path)
    yield url


@contextmanager
def postgresql_store(sizes: Sizes) -> Iterator[str]:
    """Run a PostgreSQL server on a cluster of these sizes and yield its store's address. Raises RuntimeError without PostgreSQL's programs."""
    programs = find_programs()
    if programs is None:
        raise RuntimeError("PostgreSQL's programs (initdb, postgres) are not installed")
    folder = _folder("postgresql", sizes)
    server = PostgresServer(programs, folder, *POSTGRES_SETTINGS)
    done = folder / "done"
    if not done.exists():
        server.prepare()
    server.start()
    try:
        if not done.exists():
            server.create("million")
            fill(_migrated(server.url("million")), sizes)
            done.touch()
        yield server.url("million")
    finally:
        server.stop()


def _folder(database: str, sizes: Sizes) -> Path:
    """Return the folder of a store, empty when what it held is of another schema, of another day, or half done."""
    tables = Base.metadata.sorted_tables
    ddl = "".join(str(CreateTable(table)) + "".join(sorted(str(CreateIndex(index)) for index in table.indexes)) for table in tables)
    schema = hashlib.sha256(ddl.encode()).hexdigest()[:12]
    kept = CACHE / f"{database}-{sizes.trades}-{sizes.candles}-{sizes.records}"
    folder = kept / schema
    finished = folder / ("botv2.sqlite" if database == "sqlite" else "done")
    if not finished.exists() or time.time() - finished.stat().st_mtime > FRESH_SECONDS:
        shutil.rmtree(kept, ignore_errors=True)
        folder.mkdir(parents=True)
    return folder


def _migrated(url: str) -> str:
    """Return the address as SQLAlchemy takes it, of a store that has its tables now."""
    store = Store(Settings.load(database_url=url).store_url)
    store.migrate()
    store.close()
    return str(Settings.load(database_url=url).store_url)


def fill(url: str, sizes: Sizes) -> None:
    """Write the content into the migrated, empty store at `url`, past the program."""
    content = Content(sizes, now())
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        with contextlib.closing(sqlite3.connect(address.database or "", isolation_level=None)) as connection:
            _fill_sqlite(connection, content)
    else:
        dsn = address.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(dsn, autocommit=True) as server:
            _fill_postgresql(server, content)


def _tables(content: Content) -> Iterator[tuple[Table, tuple[str, ...], Rows]]:
    """Yield each table with the columns that are given and its rows. Raises KeyError for a column that must be given and is not."""
    for name, (rows, names) in TABLES.items():
        table = Base.metadata.tables[name]
        for column in table.columns:
            if not column.nullable and column.name not in names:
                raise KeyError(f"bench.rows does not say what stands in {name}.{column.name}")
        yield table, names, rows(content)


def _fill_sqlite(connection: sqlite3.Connection, content: Content) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=OFF", "foreign_keys=OFF", "cache_size=-400000", "temp_store=FILE"):
        connection.execute(f"PRAGMA {pragma}")
    for table, names, rows in _tables(content):
        made = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL", [table.name]
        ).fetchall()
        for name, _ in made:
            connection.execute(f"DROP INDEX {name}")
        insert = f"INSERT OR REPLACE INTO {table.name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
        for chunk in _chunks(table.name, rows):
            connection.execute("BEGIN")
            connection.executemany(insert, chunk)
            connection.execute("COMMIT")
        for _, ddl in made:
            connection.execute(ddl)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()  # and no ANALYZE: nobody runs one on a bot's store


def _fill_postgresql(connection: psycopg.Connection, content: Content) -> None:
    connection.execute("SET synchronous_commit = off")
    connection.execute("SET timezone = 'UTC'")
    for table, names, rows in _tables(content):
        made = connection.execute(
            "SELECT relname, pg_get_indexdef(pg_class.oid) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
            " WHERE indrelid = %s::regclass AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)",
            [table.name],
        ).fetchall()
        for name, _ in made:
            connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
        connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table.name)))  # a counter or two that the migration made
        into = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, names)))
        with connection.cursor() as cursor, cursor.copy(into) as copy:
            for chunk in _chunks(table.name, rows):
                for row in chunk:
                    copy.write_row(row)
        for _, ddl in made:
            connection.execute(ddl)
    _say("VACUUM ANALYZE")
    connection.execute("VACUUM ANALYZE")


def _chunks(name: str, rows: Rows) -> Iterator[list[tuple[object, ...]]]:
    done = 0
    while chunk := list(itertools.islice(rows, CHUNK)):
        yield chunk
        done += len(chunk)
        _say(f"{name}: {done:,} rows")
    _say(f"{name}: indexes")


def _say(text: str) -> None:
    if sys.stderr.isatty():
        print(f"the big store, {text}", end="\033[K\r", file=sys.stderr, flush=True)


def main() -> int:
    """Make the store and print its address."""
    usual = Sizes()
    parser = argparse.ArgumentParser(prog="python -m bench.million", description=__doc__)
    parser.add_argument("--trades", type=int, default=usual.trades)
    parser.add_argument("--candles", type=int, default=usual.candles)
    parser.add_argument("--records", type=int, default=usual.records, help="of the journal, those of the trades and candles among them")
    parser.add_argument("--postgresql", action="store_true", help="on a PostgreSQL cluster of its own")
    given = parser.parse_args()
    with (postgresql_store if given.postgresql else sqlite_store)(Sizes(given.trades, given.candles, given.records)) as url:
        print(url)
    return 0


if __name__ == "__main__":
    sys.exit(main())
