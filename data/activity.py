"""Questions about events, each answered by searches in an index: no question reads the whole journal.

What an event's type, severity and bot are stands in indexes that end with the id, so every combination of their values is
one search that is in order already, and several are merged as they are read. A range of times or a text is looked for
among what those searches bring, in the order of the ids.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, literal, or_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute

from data import posting
from data.entries import Row
from data.fields import AlertSeverity, EventType
from data.schema import Counter, Journal
from data.scope import ActivityExportScope, ActivityScope
from data.store import Store

LAST_POSSIBLE_ID = 2**63 - 1
CHUNK = 1000
SEARCHES = 128  # that are merged into one answer, at most; bots beyond that are looked for among what the others bring
FIRST_LOOK = 2_000  # events looked at before anything dearer is tried: most questions are about the newest ones
LOOKED_AT = 100_000  # events that one read looks at for a text or a time, at most
FEW = 20_000  # events in a range of times that are cheaper to find by their time

EVENTS = Journal.event_type.is_not(None)  # as the indexes of events say it
BY_TIME = Journal.id + 0  # an id that leads no database to look along the ids, past all events of other times

Conditions = list[ColumnElement[bool]]
Between = tuple[int, int]  # neither of them included


@dataclass(frozen=True, slots=True)
class Found:
    """Events, newest first; `searched_to_id` is set where the search ended early, at this id, and more may match beyond."""

    events: list[Row]
    searched_to_id: int | None = None


class ActivityLog:
    """Answers questions about the events in the journal."""

    def __init__(self, store: Store) -> None:
        """Ask `store`."""
        self._store = store

    def search(self, scope: ActivityScope) -> Found:
        """Return the events in scope, newest first by id; with `after_id` alone the oldest ones after it.

        A read looks at no more than `LOOKED_AT` events for a text or a range of times. One that ends there, with fewer
        events than the limit, says where in `searched_to_id`: go on with it as `before_id` (or as `after_id`, upwards).
        """
        with self._store.read() as connection:
            cleared: int | None = None
            if scope.since is None and scope.before_id is None and scope.after_id is None:
                cleared = connection.scalar(select(Counter.value).where(Counter.name == posting.CLEAR_ACTIVITY))
            upward = scope.after_id is not None and scope.before_id is None
            return _Search(connection, scope, cleared or 0, up=upward).found()

    def every(self, scope: ActivityExportScope) -> Iterator[Row]:
        """Return an iterator over all events in scope, newest first, a thousand in memory at a time; a clear hides nothing here."""
        return islice(self._every(scope), scope.limit)

    def _every(self, scope: ActivityExportScope) -> Iterator[Row]:
        while True:
            with self._store.read() as connection:
                events = _Search(connection, scope).chunk(CHUNK)
            yield from events
            if len(events) < CHUNK:
                return
            scope = scope.model_copy(update={"before_id": events[-1]["id"]})


class _Search:
    """One question on its way through the indexes."""

    def __init__(self, connection: Connection, scope: ActivityScope, cleared_id: int = 0, *, up: bool = False) -> None:
        self._connection = connection
        self._limit, self._up = scope.limit, up
        after = cleared_id if scope.after_id is None else scope.after_id
        self._ids: Between = (after, LAST_POSSIBLE_ID if scope.before_id is None else scope.before_id)
        self._searches, self._rest = _searches(scope)
        self._in_range = _times(scope)

    def found(self) -> Found:
        """Return the events and how far was searched."""
        end = None
        if self._in_range or self._rest:
            events, end = self._among_others()
        else:
            events = self._read(self._limit, self._ids)
        return Found(events[::-1] if self._up else events, end)

    def chunk(self, size: int) -> list[Row]:
        """Return the newest `size` events, however far the search must go."""
        if not self._in_range:
            return self._read(size, self._ids)
        if self._few_in_range():
            return self._by_time(size)
        first = self._next_in_range(self._ids)
        return [] if first is None else self._read(size, (self._ids[0], first + 1))

    def _among_others(self) -> tuple[list[Row], int | None]:
        """Look at the newest that the searches bring, and, from where the range of times begins, at as many as one read may."""
        events, end = self._look(FIRST_LOOK, self._limit, self._ids)
        if end is None:
            return events, None
        if self._in_range:
            if self._few_in_range():
                return self._by_time(self._limit), None
            more, end = self._look(FEW, self._limit - len(events), self._beyond(end))
            events += more
            if end is None or (first := self._next_in_range(self._beyond(end))) is None:
                return events, None
            end = first - 1 if self._up else first + 1
        more, end = self._look(LOOKED_AT, self._limit - len(events), self._beyond(end))
        return events + more, end

    def _beyond(self, end: int) -> Between:
        return (end, self._ids[1]) if self._up else (self._ids[0], end)

    def _look(self, number: int, limit: int, ids: Between) -> tuple[list[Row], int | None]:
        """Return the events among the first `number` that the searches bring, and the last one's id if there may be more."""
        if (end := self._nth_id(number, ids)) is None:
            return self._read(limit, ids), None
        events = self._read(limit, (ids[0], end + 1) if self._up else (end - 1, ids[1]))
        return events, None if len(events) == limit else end

    # --- what is asked of the store --------------------------------------------------------------------------

    def _read(self, limit: int, ids: Between) -> list[Row]:
        """Return the first events that the searches bring and that meet the other conditions."""
        return _events(self._connection.execute(self._merged([Journal.id, Journal.body], ids, limit, *self._in_range, *self._rest)))

    def _nth_id(self, number: int, ids: Between) -> int | None:
        """Return the id of the `number`-th event that the searches bring, None when they bring fewer; the index alone answers."""
        found: int | None = self._connection.scalar(self._merged([Journal.id], ids, number).limit(1).offset(number - 1))
        return found

    def _merged(self, columns: Sequence[Any], ids: Between, limit: int, *more: ColumnElement[bool]) -> Any:
        """Return the statement that reads the searches' first rows by id, none of them further than the answer needs it."""
        parts = [select(*columns).where(*search, *_between(Journal.id, ids), *more) for search in self._searches]
        if len(parts) == 1:
            return self._in_order(parts[0], Journal.id).limit(limit)
        if self._connection.dialect.name != "sqlite":  # which merges by itself, and would sort parts with an order of their own again
            ordered = [self._in_order(part, Journal.id).limit(limit).subquery() for part in parts]
            parts = [select(part) for part in ordered]
        merged = union_all(*parts)
        return self._in_order(merged, merged.selected_columns[0]).limit(limit)

    def _in_order(self, query: Any, ids: Any) -> Any:
        return query.order_by(ids.asc() if self._up else ids.desc())

    def _few_in_range(self) -> bool:
        some = select(literal(1)).where(*self._in_range, EVENTS).limit(FEW + 1).subquery()
        return (self._connection.scalar(select(func.count()).select_from(some)) or 0) <= FEW

    def _next_in_range(self, ids: Between) -> int | None:
        """Return the first id in the range of times; the index of times alone answers, in a tenth of a second for a million events."""
        query = select(func.min(BY_TIME) if self._up else func.max(BY_TIME)).where(*self._in_range, EVENTS, *_between(BY_TIME, ids))
        first: int | None = self._connection.scalar(query)
        return first

    def _by_time(self, limit: int) -> list[Row]:
        """Return the first events by id among those that the index of times brings."""
        in_range = select(Journal.id).where(*self._in_range, EVENTS, *_between(BY_TIME, self._ids))
        query = select(Journal.id, Journal.body).where(Journal.id.in_(in_range), or_(*(and_(*search) for search in self._searches)), *self._rest)
        return _events(self._connection.execute(self._in_order(query, Journal.id).limit(limit)))


def _between(ids: ColumnElement[int] | InstrumentedAttribute[int], bounds: Between) -> Conditions:
    """One bound on each side: of two, SQLite takes the first to the index and holds the other against every row."""
    return [ids > bounds[0], ids < bounds[1]]


def _events(rows: Any) -> list[Row]:
    return [{"id": row_id, **body} for row_id, body in rows]


def _times(scope: ActivityScope) -> Conditions:
    found: Conditions = []
    if scope.since is not None:
        found.append(Journal.at >= scope.since)
    if scope.until is not None:
        found.append(Journal.at <= scope.until)
    return found


def _searches(scope: ActivityScope) -> tuple[list[Conditions], Conditions]:
    """Return the searches that bring the events of the types, severities and bots wanted, and what is still to be looked for among those."""
    rest = [] if scope.q is None else [Journal.body["message"].as_string().icontains(scope.q, autoescape=True)]
    if scope.event_type is None and scope.severity is None and scope.bot is None:
        return [[Journal.kind == "event"]], rest
    kinds = set(product(scope.event_type or EventType, scope.severity or AlertSeverity))
    bots = set(scope.bot or ())
    if len(bots) * len(kinds) > SEARCHES:
        rest.append(Journal.bot.in_(bots))
        bots = set()
    searches: list[Conditions] = [[Journal.event_type == event_type, Journal.severity == severity] for event_type, severity in sorted(kinds)]
    if bots:
        searches = [[Journal.bot == bot, *search] for bot in sorted(bots) for search in searches]
    return searches, rest
