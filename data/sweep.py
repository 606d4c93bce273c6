"""Deleting many rows in transactions so short that no writer notices, and giving the room back to the disk."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Delete, delete

from data.schema import Alert, Journal
from data.store import Store

FIRST, FEWEST, MOST = 500, 50, 5000  # rows of one transaction
AIM_SECONDS = 0.03  # that one should hold the store: with a disk that is slow now and then it stays below 0.1
PAUSE_SECONDS = 0.05  # between two, for those who wait to write
FREE_PAGES = 2_000  # of an embedded store that stay for the next records: 8 MB

Statements = Callable[[Sequence[Any]], list[Delete]]


class Sweep:
    """One run over a store. It learns how many rows a transaction can take on this machine: fewer after a long one."""

    def __init__(self, store: Store, stopping: threading.Event | None = None) -> None:
        """Sweep `store` until `stopping` is set."""
        self.store = store
        self.longest = 0.0  # seconds that a transaction has held the store
        self._stopping = stopping or threading.Event()
        self._size = FIRST

    @property
    def is_stopped(self) -> bool:
        """Tell whether it was told to stop."""
        return self._stopping.is_set()

    def delete_records(self, ids: Sequence[int]) -> int:
        """Delete these rows of the journal, and the alerts that they raised; returns how many went before it was told to stop."""
        return self.delete(ids, lambda part: [delete(Alert).where(Alert.id.in_(part)), delete(Journal).where(Journal.id.in_(part))])

    def delete(self, keys: Sequence[Any], statements: Statements, then: Callable[[Connection, int], None] | None = None) -> int:
        """Delete what `statements` of some keys delete, part by part.

        `then(connection, rows)` belongs to each part's transaction, which holds the journal's lock for it; `rows` is what the
        last statement deleted. Returns how many rows those were, until it was told to stop.
        """
        removed = 0
        while keys:
            part, keys = keys[: self._size], keys[self._size :]
            with self._timed(appending=then is not None) as connection:
                rows = [connection.execute(statement).rowcount for statement in statements(part)][-1]
                if then is not None:
                    then(connection, rows)
            removed += rows
            if self._stopping.wait(PAUSE_SECONDS):
                break
        return removed

    def shrink(self) -> None:
        """Give an embedded store's empty pages back to the disk, a few at a time; PostgreSQL's own vacuum does the like."""
        free = self._empty_pages() if self.store.is_sqlite else 0
        self._size = FIRST  # a page is dearer than a row: what was learned of those says nothing here
        while free > FREE_PAGES and not self.is_stopped:
            before = free
            with self._timed() as connection:
                # A script, because this frees one page a step, and `execute` takes one step of what gives no rows.
                driver: sqlite3.Connection = connection.connection.dbapi_connection  # type: ignore[assignment]  # SQLAlchemy promises less
                driver.executescript(f"PRAGMA incremental_vacuum({min(free - FREE_PAGES, self._size)})")
            self._stopping.wait(PAUSE_SECONDS)
            if (free := self._empty_pages()) >= before:
                return  # a file that was made without this, or somebody deletes as fast

    def _empty_pages(self) -> int:
        with self.store.read() as connection:
            return int(connection.exec_driver_sql("PRAGMA freelist_count").scalar_one())

    @contextmanager
    def _timed(self, *, appending: bool = False) -> Iterator[Connection]:
        """Open a transaction for changes, and choose the next one's size by how long this one held the store."""
        with self.store.write(appending=appending) as connection:
            began = time.monotonic()
            yield connection
        seconds = time.monotonic() - began
        self.longest = max(self.longest, seconds)
        self._size = int(min(MOST, 2 * self._size, max(FEWEST, self._size * AIM_SECONDS / max(seconds, 1e-6))))
