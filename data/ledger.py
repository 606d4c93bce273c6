"""The tables as one write transaction sees them: it reads through, gathers changes, and writes them in bulk.

Requests that arrive together share a transaction, and each must be able to fail alone. So a request's changes
gather in a layer of their own, which is dropped when the request is refused and merged when it is not; nothing
reaches the database before `flush`, which needs one statement per table whatever the number of requests.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache, partial
from operator import attrgetter, itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect, and_, delete, exists, insert, select, update

from data.entries import Effect, Entry, Row, counter_of
from data.schema import (
    Alert,
    AlertFiring,
    AlertRule,
    Annotation,
    Base,
    BotState,
    Counter,
    Idempotency,
    Journal,
    MarketData,
    Portfolio,
    Position,
    RiskMetrics,
    Signal,
    Strategy,
    Trade,
)
from data.store import APPEND_LOCK, NOTIFY_CHANNEL, ORIGIN
from data.upsert import Prepared, upsert_statement, write_all

Key = tuple[Any, ...]

# What makes a row the same row; the order is the one in which they are written (a trade refers to its strategy).
NATURAL_KEYS: dict[type[Base], tuple[str, ...]] = {
    BotState: ("bot",),
    Signal: ("bot", "strategy_name", "symbol"),
    Position: ("bot", "position_id"),
    Strategy: ("name",),
    Trade: ("bot", "trade_id"),
    Portfolio: ("bot", "timestamp"),
    MarketData: ("symbol", "timeframe", "timestamp"),
    Alert: ("id",),  # after what it refers to
    Annotation: ("id",),
    AlertRule: ("id",),
    AlertFiring: ("rule_id", "subject"),
    Idempotency: ("principal", "bot", "key"),
    Counter: ("name",),
}


@dataclass(slots=True)
class _Layer:
    entries: list[Entry] = field(default_factory=list)
    rows: dict[type[Base], dict[Key, Row]] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    heard: set[str] = field(default_factory=set)


FORGOTTEN = "forgotten_id"  # up to here the journal holds nothing more of the bots that are about to be forgotten
TRADES = "trades"  # how many there are: to count a million rows takes longer than to read a page of them
_LOCK = f"SELECT pg_advisory_xact_lock({APPEND_LOCK})"
_COUNTERS = "SELECT name, value FROM counter"


def _is_of(prefix: str, row: Row) -> bool:
    return str(row.get("bot", "")).startswith(prefix)


class Ledger:
    """The tables inside one write transaction of the store; holds the journal's lock until it is over, so that ids become visible in their order."""

    def __init__(self, connection: Connection, received_at: datetime) -> None:
        """Take the lock, read the journal's head and counters; `received_at` is the server's time for all that is posted."""
        self.connection = connection
        self.received_at = received_at
        self._committing = _Layer()
        self._layers = [self._committing]
        self._known: dict[tuple[type[Base], Key], Row | None] = {}
        with closing(connection.connection.cursor()) as cursor:
            if connection.dialect.name == "postgresql":  # SQLite's transaction is the lock
                cursor.execute(f"{_LOCK}; {_COUNTERS}")  # there and back once
                cursor.nextset()
            else:
                cursor.execute(_COUNTERS)
            self._counters: dict[str, int] = dict(cursor.fetchall())
        self._head = self.counter("last_id")
        self._rules: dict[int, Row] | None = None

    @contextmanager
    def request(self) -> Iterator[None]:
        """Keep what is posted in this block only when the block ends without an error."""
        layer = _Layer()
        self._layers.append(layer)
        try:
            yield
        finally:
            self._layers.pop()
        self._committing.entries += layer.entries
        self._committing.heard |= layer.heard
        self._committing.counters |= layer.counters
        for table, rows in layer.rows.items():
            self._committing.rows.setdefault(table, {}).update(rows)

    @property
    def entries(self) -> list[Entry]:
        """Return the journal's new rows, in order."""
        return self._committing.entries

    @property
    def fresh(self) -> list[Entry]:
        """Return the rows that the current request has appended so far."""
        return self._layers[-1].entries

    # --- questions -----------------------------------------------------------------------------------------

    def find(self, table: type[Base], *key: Any) -> Row | None:
        """Return the row with this natural key as the transaction would leave it, or None."""
        for layer in reversed(self._layers):
            if (row := layer.rows.get(table, {}).get(key)) is not None:
                return row
        if (table, key) not in self._known:
            columns = table.__table__.c
            where = and_(*(columns[name] == value for name, value in zip(NATURAL_KEYS[table], key, strict=True)))
            found = self.connection.execute(select(table.__table__).where(where)).mappings().first()
            self._known[table, key] = None if found is None else dict(found)
        return self._known[table, key]

    def counter(self, name: str) -> int:
        """Return a counter's value, 0 when it was never set."""
        for layer in reversed(self._layers):
            if (value := layer.counters.get(name)) is not None:
                return value
        return self._counters.get(name, 0)

    def entry_with(self, natural_key: str) -> Row | None:
        """Return the record that was stored under this digest, or None."""
        for layer in self._layers:
            for entry in layer.entries:
                if entry.natural_key == natural_key:
                    return entry.record()
        row = self.connection.execute(select(Journal.id, Journal.body).where(Journal.natural_key == natural_key)).first()
        return None if row is None else {"id": row.id, **row.body}

    def all_rules(self) -> list[Row]:
        """Return every alert rule, in order of id."""
        if self._rules is None:
            rows = self.connection.execute(select(AlertRule.__table__).order_by(AlertRule.id)).mappings()
            self._rules = {row["id"]: dict(row) for row in rows}
        known = dict(self._rules)
        for layer in self._layers:
            known |= {key[0]: row for key, row in layer.rows.get(AlertRule, {}).items()}
        return [*known.values()]

    def rules(self) -> list[Row]:
        """Return the alert rules that are switched on."""
        return [rule for rule in self.all_rules() if rule["enabled"]]

    # --- changes -------------------------------------------------------------------------------------------

    def put(self, table: type[Base], row: Row) -> None:
        """Insert or replace a row by its natural key; `row` holds every column that is to be kept."""
        key = tuple(row[name] for name in NATURAL_KEYS[table])
        self._layers[-1].rows.setdefault(table, {})[key] = row

    def set_counter(self, name: str, value: int) -> None:
        """Set a counter."""
        self._layers[-1].counters[name] = value

    def remove(self, table: type[Base], *key: Any) -> None:
        """Delete the row with this natural key at once; what else its request wants must not be refused after this."""
        columns = table.__table__.c
        self.connection.execute(delete(table).where(*(columns[name] == value for name, value in zip(NATURAL_KEYS[table], key, strict=True))))
        self._known[table, key] = None
        self._rules = None
        for layer in self._layers:
            layer.rows.get(table, {}).pop(key, None)

    def forget_bots(self, prefix: str) -> None:
        """Delete every row of the bots whose name begins with `prefix`, the journal's included; of the counters, that of trades follows.

        `data.retention.forget` has deleted most of them before, a few at a time.
        """
        tables: list[type[Base]] = [Journal, *(table for table in NATURAL_KEYS if table is not Strategy), RiskMetrics]
        of_prefix = partial(_is_of, prefix)
        new = {key for layer in self._layers for key, row in layer.rows.get(Trade, {}).items() if of_prefix(row) and row["id"] > self._head}
        gone = len(new)
        for table in tables:
            if "bot" in table.__table__.c:
                rest = [Journal.id > self.counter(FORGOTTEN)] if table is Journal else []
                deleted = self.connection.execute(delete(table).where(table.__table__.c.bot.startswith(prefix, autoescape=True), *rest))
                gone += deleted.rowcount if table is Trade else 0
        self._forget_strategies(prefix)
        self.set_counter(TRADES, self.counter(TRADES) - gone)
        self._known = {place: row for place, row in self._known.items() if not (row and of_prefix(row))}
        for layer in self._layers:
            layer.heard = {bot for bot in layer.heard if not bot.startswith(prefix)}
            layer.entries[:] = [entry for entry in layer.entries if not entry.bot.startswith(prefix)]
            for table, rows in layer.rows.items():
                layer.rows[table] = {key: row for key, row in rows.items() if not of_prefix(row)}

    def _forget_strategies(self, prefix: str) -> None:
        """Delete the strategies that only these bots have traded; one that another trades too was named by them first, no more."""
        of_prefix = Strategy.bot.startswith(prefix, autoescape=True)
        in_use = exists().where(Trade.strategy_id == Strategy.id)
        self.connection.execute(delete(Strategy).where(of_prefix, ~in_use))
        self.connection.execute(update(Strategy).where(of_prefix).values(bot="default"))

    def heard_from(self, bot: str) -> None:
        """Note that the bot lives."""
        self._layers[-1].heard.add(bot)

    def append(self, kind: str, bot: str, at: datetime, body: Row, effect: Effect, **columns: Any) -> Entry:
        """Append a record to the journal under the next id, and count it."""
        entry = Entry(self.counter("last_id") + 1, kind, bot, at, self.received_at, effect.value, body, **columns)
        self._layers[-1].entries.append(entry)
        self.set_counter("last_id", entry.id)
        if statistic := counter_of(kind, entry.effect):
            self.set_counter(statistic, self.counter(statistic) + 1)
        return entry

    def flush(self) -> None:
        """Write everything that was kept; the transaction's end commits it."""
        origin = self.connection.get_execution_options()[ORIGIN]
        notice = f"pg_notify('{NOTIFY_CHANNEL}', '{origin}')"  # delivered at the commit, once
        write_all(self.connection, [*self._changes()], notice if self.entries else "1")

    def _changes(self) -> Iterator[tuple[Prepared, Iterable[Any]]]:
        layer, dialect = self._committing, self.connection.dialect
        if layer.entries:
            insertion = _insertion(dialect)
            yield insertion, map(attrgetter(*insertion.names), layer.entries)
        known = layer.rows.get(BotState, {})
        if heard := [(bot, self.received_at, self.received_at) for bot in sorted(layer.heard) if (bot,) not in known]:
            yield _upsert(dialect, BotState, ("bot", "first_seen", "last_seen"), ("last_seen",)), heard
        if layer.counters:
            yield _upsert(dialect, Counter, ("name", "value"), ("value",)), layer.counters.items()
        for table, key in NATURAL_KEYS.items():
            if rows := layer.rows.get(table):
                names = tuple(next(iter(rows.values())))
                upsert = _upsert(dialect, table, names, tuple(name for name in names if name not in key))
                yield upsert, map(itemgetter(*upsert.names), rows.values())


@lru_cache  # to put one together takes longer than to run it, and there are few
def _upsert(dialect: Dialect, model: type[Base], names: tuple[str, ...], changing: tuple[str, ...]) -> Prepared:
    return Prepared(upsert_statement(dialect.name, model, NATURAL_KEYS[model], changing), dialect, names)


@lru_cache  # as above
def _insertion(dialect: Dialect) -> Prepared:
    return Prepared(insert(Journal), dialect, Entry.__slots__)
