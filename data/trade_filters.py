"""Which trades are in scope, said twice: as conditions in SQL and as a mask over the columns."""

from collections.abc import Sequence

import numpy as np
from sqlalchemy import ColumnElement, Connection, String, Table, cast, func, literal, or_, select
from sqlalchemy.dialects.postgresql import JSON

from data import times
from data.assets import asset_class
from data.columns import Array, Frame, Mask
from data.paging import within
from data.planned import risk_level
from data.schema import Trade
from data.scope import Range, TradeFilter

NAMES = ("symbol", "strategy", "bot")
ENUMERATIONS = ("status", "direction")
assert isinstance(Trade.__table__, Table)  # noqa: S101  # narrows SQLAlchemy's FromClause for mypy
TABLE: Table = Trade.__table__
RISK = risk_level(TABLE)


def conditions(connection: Connection, scope: TradeFilter, *, text: bool = True) -> list[ColumnElement[bool]]:
    """Return a scope as conditions on the trade table; without `text` its text search is left out."""
    found: list[ColumnElement[bool]] = []
    for name in NAMES:
        if (values := getattr(scope, name)) is not None:
            found.append(TABLE.c[name] == values[0] if len(values) == 1 else TABLE.c[name].in_(values))
    found += [TABLE.c[name] == value for name in ENUMERATIONS if (value := getattr(scope, name)) is not None]
    found += within(TABLE.c.at, scope)
    for column, least, most in ((TABLE.c.net_pnl, scope.min_pnl, scope.max_pnl), (TABLE.c.pnl_pct, scope.min_return, scope.max_return)):
        found += [] if least is None else [column >= least]
        found += [] if most is None else [column <= most]
    if scope.outcome is not None:
        found.append({"winner": TABLE.c.net_pnl > 0, "loser": TABLE.c.net_pnl < 0, "breakeven": TABLE.c.net_pnl == 0}[scope.outcome])
    if scope.risk is not None:
        found.append(RISK.in_(scope.risk))
    if scope.asset_class is not None:
        found.append(_one_of([symbol for symbol in _symbols(connection) if asset_class(symbol) in scope.asset_class], connection))
    return [*found, holds(scope.q)] if text and scope.q is not None else found


def _symbols(connection: Connection) -> Sequence[str]:
    """Return the symbols that have trades; from each name the index leads to the next one, past all the trades between them."""
    names = select(func.min(TABLE.c.symbol).label("symbol")).cte("symbols", recursive=True)
    following = select(func.min(TABLE.c.symbol)).where(TABLE.c.symbol > names.c.symbol).scalar_subquery()
    names = names.union_all(select(following).where(names.c.symbol.is_not(None)))
    return connection.execute(select(names.c.symbol).where(names.c.symbol.is_not(None))).scalars().all()


def _one_of(symbols: Sequence[str], connection: Connection) -> ColumnElement[bool]:
    """Return that a trade's symbol is among these, however many they are: as one parameter, because databases take few."""
    given = literal(symbols, JSON)
    if connection.dialect.name == "sqlite":
        names = func.json_each(given).table_valued("value")
    else:
        names = func.json_array_elements_text(cast(given, JSON)).table_valued("value")
    return TABLE.c.symbol.in_(select(cast(names.c.value, String)))


def holds(words: str) -> ColumnElement[bool]:
    """Return that one of a trade's texts holds the words, in any case."""
    searched = (TABLE.c[name] for name in ("trade_id", "symbol", "strategy", "exit_reason", "notes"))
    return or_(*(column.icontains(words, autoescape=True) for column in searched))


def in_scope(frame: Frame, scope: TradeFilter) -> Mask:
    """Return which rows of the frame are in scope; of its text search the columns know nothing."""
    mask = np.ones(len(frame), dtype=np.bool_)
    for name in (*NAMES, "risk"):
        if (values := getattr(scope, name)) is not None:
            mask &= frame.is_any(name, values)
    for name in ENUMERATIONS:
        if (value := getattr(scope, name)) is not None:
            mask &= frame.is_any(name, [value.value])
    if scope.asset_class is not None:
        mask &= np.array([asset_class(symbol) in scope.asset_class for symbol in frame.names("symbol")], np.bool_)[frame["symbol"]]
    if scope.outcome is not None:
        net = frame["net_pnl"]
        mask &= net > 0 if scope.outcome == "winner" else net < 0 if scope.outcome == "loser" else net == 0
    for column, least, most in (
        ("at", *in_microseconds(scope)),
        ("net_pnl", scope.min_pnl, scope.max_pnl),
        ("pnl_pct", scope.min_return, scope.max_return),
    ):
        if least is not None:
            mask &= frame[column] >= least
        if most is not None:
            mask &= frame[column] <= most
    return mask


def in_microseconds(scope: Range) -> tuple[int | None, int | None]:
    """Return the first and the last moment of a scope as whole microseconds since 1970, None where it has none."""
    since, end = scope.since(times.now()), scope.end
    return None if since is None else times.microseconds(since), None if end is None else times.microseconds(end)


def ids_in_scope(connection: Connection, scope: TradeFilter) -> Array:
    """Return the ids of the trades in a scope with a text search, which looks at all that its other conditions leave."""
    ids = connection.execute(select(TABLE.c.id).where(*conditions(connection, scope))).scalars().all()
    return np.array(ids, dtype=np.int64)
