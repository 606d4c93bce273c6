"""Questions about one thing that a bot has reported: an event, a position or a signal with its past, the bot itself."""

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, or_, select

from data.curve import thinned
from data.entries import Row
from data.errors import Code, Refused
from data.metrics.checks import finite_array
from data.schema import BotState, Journal, Position, Signal
from data.store import Store
from data.times import iso, iso_or_none

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")  # as records carry them
LOOKED_AT = 5000  # records of a kind, at most: the journal has no index of positions or signals, and a past may be a year long
POINTS = 500
SIGNALS = 50


class Past:
    """Answers from the store what became of one thing."""

    def __init__(self, store: Store) -> None:
        """Ask `store`."""
        self._store = store

    def event(self, record_id: int) -> Row:
        """Return the event with this id. Raises `Refused` (`not_found`)."""
        with self._store.read() as connection:
            row = connection.execute(select(Journal.id, Journal.body).where(Journal.id == record_id, Journal.kind == "event")).first()
        if row is None:
            raise Refused(Code.NOT_FOUND, "there is no event with this id; the oldest ones are deleted after a while")
        return {"id": row.id, **row.body}

    def position(self, names: str) -> Row:
        """Return the `position` of ``bot|position_id`` as it was last reported, its `closed` and its `past`.

        `closed` is None while it is open, else `trade_id` (the id of its trade), `timestamp` and what the bot said of its end.
        `past` are `timestamps` and `unrealized_pnl` of its updates, those among the 5,000 newest of all positions, at most 500.
        Raises `Refused` (`not_found`).
        """
        with self._store.read() as connection:
            row = connection.execute(select(Position.__table__).where(_named(names, (Position.bot, Position.position_id)))).mappings().first()
            if row is None:
                raise Refused(Code.NOT_FOUND, "no bot has reported this position")
            is_it = (Journal.bot == row["bot"], Journal.body["position_id"].as_string() == row["position_id"])
            rows = _reported(connection, "position", Journal.id.between(row["opened_id"], row["id"]), is_it)
        sent = row["close_sent"] or {}
        said = {name: sent.get(name) for name in ("final_pnl", "final_pnl_pct", "exit_price", "reason")}
        closed = None if row["closed_id"] is None else {"trade_id": row["closed_id"], "timestamp": iso(row["closed_at"]), **said}
        return {"position": {"id": row["id"], **row["body"]}, "closed": closed, "past": _thin(reversed(rows))}

    def signal(self, names: str) -> Row:
        """Return the latest `signal` of ``bot|strategy|symbol`` and its `past`: the newest 50 of these three, newest first.

        With ``@`` and a moment behind them it is the one that was sent then, and the past up to it.
        The past is looked for among the 5,000 newest signals of all. Raises `Refused` (`not_found`).
        """
        names, sent_at = _parted(names)
        with self._store.read() as connection:
            key = (Signal.bot, Signal.strategy_name, Signal.symbol)
            row = connection.execute(select(Signal.__table__).where(_named(names, key))).mappings().first()
            if row is None:
                raise Refused(Code.NOT_FOUND, "no bot has sent this signal")
            is_it = (Journal.bot == row["bot"], *(Journal.body[name].as_string() == row[name] for name in ("strategy_name", "symbol")))
            rows = _reported(connection, "signal", Journal.id <= row["id"], is_it)
        past = [{"id": each.id, **each.body} for each in rows]
        if sent_at is None:
            return {"signal": {"id": row["id"], **row["body"]}, "past": past[:SIGNALS]}
        first = next((place for place, each in enumerate(past) if each["timestamp"] == sent_at), None)
        if first is None:
            raise Refused(Code.NOT_FOUND, "no bot has sent this signal at this moment, or too many have been sent since")
        return {"signal": past[first], "past": past[first : first + SIGNALS]}

    def bot(self, name: str) -> Row:
        """Return when a bot was heard, its `heartbeat_seconds` and its `starting_balance`. Raises `Refused` (`not_found`)."""
        with self._store.read() as connection:
            row = connection.execute(select(BotState.__table__).where(BotState.bot == name)).mappings().first()
        if row is None:
            raise Refused(Code.NOT_FOUND, "no bot of this name was ever heard")
        moments = {known: iso_or_none(row[known]) for known in ("first_seen", "last_seen", "snapshot_at")}
        return {"bot": name, **moments, **{known: row[known] for known in ("heartbeat_seconds", "snapshot_value", "starting_balance")}}


def _parted(names: str) -> tuple[str, str | None]:
    """Return the names and, where one stands behind the last @, the moment; a name may hold an @ itself."""
    rest, _at, last = names.rpartition("@")
    return (rest, last) if MOMENT.fullmatch(last) else (names, None)


def _named(names: str, columns: tuple[Any, ...]) -> ColumnElement[bool]:
    """Return the condition that the columns, with | between them, read so; a name may hold a | itself."""
    return or_(*(and_(*(column == part for column, part in zip(columns, parts, strict=True))) for parts in _splits(names, len(columns))))


def _splits(names: str, number: int) -> Iterable[list[str]]:
    """Yield the ways to part a text at | into so many names; of one with many | only those in which the first or the last name holds them."""
    parts = names.replace("\0", "").split("|")
    if len(parts) < number:
        raise Refused(Code.NOT_FOUND, f"this needs {number} names with | between them")
    yield [*parts[: number - 1], "|".join(parts[number - 1 :])]
    if len(parts) > number:
        yield ["|".join(parts[: 1 - number]), *parts[1 - number :]]


def _reported(connection: Connection, kind: str, ids: ColumnElement[bool], is_it: tuple[ColumnElement[bool], ...]) -> Any:
    """Return id and body of the records of a kind that are it, newest first."""
    newest: Select[Any] = select(Journal.id).where(Journal.kind == kind, ids).order_by(Journal.id.desc()).limit(LOOKED_AT)
    looked_at = newest.subquery()
    query = select(Journal.id, Journal.body).join(looked_at, looked_at.c.id == Journal.id).where(*is_it)
    return connection.execute(query.order_by(Journal.id.desc())).all()


def _thin(rows: Iterable[Any]) -> Row:
    known = [(row.body["timestamp"], row.body["unrealized_pnl"]) for row in rows if row.body["unrealized_pnl"] is not None]
    places = thinned(finite_array([value for _, value in known], "unrealized_pnl"), POINTS, [])
    return {"timestamps": [known[place][0] for place in places], "unrealized_pnl": [known[place][1] for place in places]}
