"""Questions about symbols and their candles. Every one is a few steps down an index: no candle is read that is not asked for."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection, Select, Table, bindparam, func, select

from data import times
from data.answers import Answers
from data.book import CANDLE_FIELDS, percent
from data.entries import Row
from data.errors import Code, Refused
from data.fields import Timeframe
from data.moments import IsoText
from data.paging import within
from data.records import CandleIn, validated
from data.schema import MarketData
from data.scope import CandleScope, MarketScope, SymbolScope
from data.store import Store

CANDLES_AT_ONCE = 1000  # as many as are read at once, and what 256 kB hold
DAY = timedelta(hours=24)
REFERENCE_AGE = timedelta(days=7)  # exchanges close for a night or a long weekend; a close before that says nothing of the last day
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "M": 2_592_000}
NOT_OF_EACH = {"symbol", "timeframe", "bot"}  # of a candle among others
FIRST_MOMENT = datetime.min.replace(tzinfo=UTC)
OF_A_DAY = ("change_24h", "change_24h_pct", "high_24h", "low_24h", "volume_24h")
assert isinstance(MarketData.__table__, Table)  # noqa: S101  # narrows SQLAlchemy's FromClause for mypy
TABLE: Table = MarketData.__table__
OWN = TABLE.c  # the columns, which most of this module is about
BARS = select(IsoText(OWN.timestamp).label("timestamp"), OWN.open, OWN.high, OWN.low, OWN.close, OWN.volume)


class CandlesIn(BaseModel):
    """Candles of one symbol and timeframe, each without these two; `drafts` validates them."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    timeframe: Timeframe
    candles: Annotated[list[Any], Field(min_length=1, max_length=CANDLES_AT_ONCE)]

    def drafts(self, symbol: str) -> list[CandleIn]:
        """Return them as records of `symbol`. Raises `Refused` that names every faulty field, such as `candles[3].high`."""
        drafts: list[CandleIn] = []
        found: dict[str, str] = {}
        shared = {"symbol": symbol, "timeframe": self.timeframe}
        for index, candle in enumerate(self.candles):
            try:
                drafts.append(validated(CandleIn, candle | shared if isinstance(candle, dict) else candle))
                faults = {_of_one(index, name): "is not known here" for name in candle.keys() & NOT_OF_EACH}
            except Refused as refusal:
                faults = {name if name == "symbol" else _of_one(index, name): fault for name, fault in refusal.fields.items()}
            found |= faults
        if found:
            raise Refused(Code.INVALID_FIELDS, "the candles break a rule and were not stored", fields=found)
        return drafts


def _of_one(index: int, name: str) -> str:
    return f"candles[{index}].{name}".rstrip(".")


class _Series(NamedTuple):
    """A symbol's candles of one timeframe, and when the last of them opened."""

    symbol: str
    timeframe: str
    last: datetime


class Market:
    """Answers questions about what the bots have reported of the market."""

    def __init__(self, store: Store, answers: Answers, versions: Any) -> None:
        """Ask `store`; `versions` tells what has changed (see `LiveMonitoringSystem.versions`)."""
        self._store = store
        self._answers = answers
        self._versions = versions

    def symbols(self, scope: MarketScope) -> Row:
        """Return a page of `symbols` in order of name, each with its last `price`, `as_of` and `timeframes`; `total`, `has_more`."""
        return self._answers.get("market.symbols", scope, (self._versions()["market"],), lambda: self._symbols(scope))

    def _symbols(self, scope: MarketScope) -> Row:
        with self._store.read() as connection:
            known = _by_symbol(connection)
            names = sorted(known)
            chosen = names[scope.offset : scope.offset + scope.limit]
            rows = [_listed(connection, known[name]) for name in chosen]
        return {"symbols": rows, "count": len(rows), "total": len(names), "has_more": scope.offset + len(rows) < len(names)}

    def symbol(self, symbol: str, scope: SymbolScope) -> Row:
        """Return a symbol's last close and how it has moved in the 24 hours that end with it.

        `price` is the close of the candle that opened last (of several the one of the finest timeframe), `as_of` when that
        opened. `change_24h` compares with the last close 24 hours before, `…_pct` in percent; they and the highest, lowest
        and volume of 24 hours are None for candles that are longer. Raises `Refused` (`not_found`).
        """
        return self._answers.get(f"market.symbol {symbol}", scope, (self._versions()["market"],), lambda: self._symbol(symbol, scope))

    def _symbol(self, symbol: str, scope: SymbolScope) -> Row:
        with self._store.read() as connection:
            known = _known(connection, symbol)
            wanted = [series for series in known if scope.timeframe in {None, series.timeframe}]
            if not wanted:
                raise Refused(Code.NOT_FOUND, "this symbol has no candles of this timeframe")
            series = _newest(wanted)
            last, *before = connection.execute(_of(series).order_by(OWN.timestamp.desc()).limit(2)).mappings()
            return {
                "symbol": symbol,
                "timeframe": series.timeframe,
                "timeframes": [each.timeframe for each in known],
                "price": last["close"],
                "as_of": times.iso(series.last),
                "previous_close": before[0]["close"] if before else None,
                **_of_a_day(connection, series, last["close"]),
            }

    def candles(self, symbol: str, scope: CandleScope) -> Row:
        """Return the newest `candles` in scope, oldest first, their `timeframe`, `count`, and whether there are earlier ones in scope.

        Raises `Refused` (`not_found`) for a symbol without any.
        """
        version = (self._versions()["market"], times.minute() if scope.days else 0)
        return self._answers.get(f"market.candles {symbol}", scope, version, lambda: self._candles(symbol, scope))

    def _candles(self, symbol: str, scope: CandleScope) -> Row:
        with self._store.read() as connection:
            known = _known(connection, symbol)
            timeframe = scope.timeframe or known[0].timeframe
            query = select(TABLE).where(OWN.symbol == symbol, OWN.timeframe == timeframe, *within(OWN.timestamp, scope))
            rows = connection.execute(query.order_by(OWN.timestamp.desc()).limit(scope.limit + 1)).mappings().all()
        candles = [_record(row) for row in rows[: scope.limit]][::-1]
        return {"symbol": symbol, "timeframe": timeframe, "candles": candles, "count": len(candles), "has_more": len(rows) > scope.limit}

    def timeframes(self) -> dict[str, tuple[datetime, list[str]]]:
        """Return by symbol, in order of name, when its last candle opened, and its timeframes, the finest first."""
        with self._store.read() as connection:
            known = _by_symbol(connection)
        return {name: (_newest(known[name]).last, [series.timeframe for series in known[name]]) for name in sorted(known)}

    def newest(self, symbol: str, timeframe: str, end: datetime | None, number: int) -> Sequence[Any]:
        """Return the newest candles until a moment, the newest first: rows of `timestamp` (ISO), `open`, `high`, `low`, `close`, `volume`."""
        wanted = [OWN.symbol == symbol, OWN.timeframe == timeframe, *([] if end is None else [OWN.timestamp <= end])]
        with self._store.read() as connection:
            return connection.execute(BARS.where(*wanted).order_by(OWN.timestamp.desc()).limit(number)).all()


def length(timeframe: str) -> timedelta:
    """Return how long a candle of a timeframe lasts; a month counts as 30 days."""
    return timedelta(seconds=min(int(timeframe[:-1]), 10**7) * SECONDS[timeframe[-1]])


def _record(row: Any) -> Row:
    return {"id": row["id"], "timestamp": times.iso(row["timestamp"]), **{name: row[name] for name in CANDLE_FIELDS}, "bot": row["bot"]}


def _series_of(*, one: bool) -> Select[Any]:
    """Return the query for each timeframe of each symbol, or of the one that is bound as `symbol`, with the time of its last candle.

    A loose index scan: from each name the index leads to the next one, past all the candles between them. Each minimum is a
    query of its own, which is a step down the index; two in one are a walk past all the candles.
    """
    if one:
        symbols = select(bindparam("symbol", type_=OWN.symbol.type).label("symbol")).cte("symbols")
    else:
        symbols = select(func.min(OWN.symbol).label("symbol")).cte("symbols", recursive=True)
        following = select(func.min(OWN.symbol)).where(OWN.symbol > symbols.c.symbol).scalar_subquery()
        symbols = symbols.union_all(select(following).where(symbols.c.symbol.is_not(None)))
    finest = select(func.min(OWN.timeframe)).where(OWN.symbol == symbols.c.symbol).scalar_subquery()
    series = select(symbols.c.symbol, finest.label("timeframe")).where(symbols.c.symbol.is_not(None)).cte("series", recursive=True)
    longer = select(func.min(OWN.timeframe)).where(OWN.symbol == series.c.symbol, OWN.timeframe > series.c.timeframe).scalar_subquery()
    series = series.union_all(select(series.c.symbol, longer).where(series.c.timeframe.is_not(None)))
    last = select(func.max(OWN.timestamp)).where(OWN.symbol == series.c.symbol, OWN.timeframe == series.c.timeframe).scalar_subquery()
    return select(series.c.symbol, series.c.timeframe, last).where(series.c.timeframe.is_not(None))


EVERY_SERIES, ONE_SERIES = _series_of(one=False), _series_of(one=True)  # made once: that takes longer than their answer


def _series(connection: Connection, symbol: str | None = None) -> list[_Series]:
    """Return each timeframe of each symbol, or of one, with the time of its last candle."""
    found = connection.execute(EVERY_SERIES) if symbol is None else connection.execute(ONE_SERIES, {"symbol": symbol})
    return sorted((_Series(*row) for row in found), key=lambda each: (each.symbol, length(each.timeframe), each.timeframe))


def _by_symbol(connection: Connection) -> dict[str, list[_Series]]:
    known: dict[str, list[_Series]] = {}
    for series in _series(connection):
        known.setdefault(series.symbol, []).append(series)
    return known


def _known(connection: Connection, symbol: str) -> list[_Series]:
    """Return a symbol's timeframes, the finest first. Raises `Refused` (`not_found`) where there are none."""
    if "\0" in symbol or not (known := _series(connection, symbol)):
        raise Refused(Code.NOT_FOUND, "there are no candles of this symbol")
    return known


def _newest(known: Sequence[_Series]) -> _Series:
    return max(known, key=lambda series: (series.last, -length(series.timeframe)))


def _listed(connection: Connection, known: Sequence[_Series]) -> Row:
    series = _newest(known)
    price = connection.scalar(select(OWN.close).where(OWN.symbol == series.symbol, OWN.timeframe == series.timeframe, OWN.timestamp == series.last))
    return {
        "symbol": series.symbol,
        "price": price,
        "as_of": times.iso(series.last),
        "timeframe": series.timeframe,
        "timeframes": [each.timeframe for each in known],
    }


def _of(series: _Series) -> Select[Any]:
    return select(TABLE).where(OWN.symbol == series.symbol, OWN.timeframe == series.timeframe)


def _of_a_day(connection: Connection, series: _Series, close: float) -> Row:
    """Return the figures of the 24 hours whose last candle is the series' last."""
    if length(series.timeframe) > DAY:
        return dict.fromkeys(OF_A_DAY)
    begins, oldest = _before(series.last, DAY), _before(series.last, DAY + REFERENCE_AGE)
    earlier = _of(series).with_only_columns(OWN.close).where(OWN.timestamp <= begins, OWN.timestamp >= oldest)
    before = connection.scalar(earlier.order_by(OWN.timestamp.desc()).limit(1))
    extremes = func.max(OWN.high), func.min(OWN.low), func.sum(OWN.volume)
    high, low, volume = connection.execute(_of(series).with_only_columns(*extremes).where(OWN.timestamp > begins)).one()
    changes = (None, None) if before is None else (close - before, percent(close - before, before))
    return dict(zip(OF_A_DAY, (*changes, high, low, volume), strict=True))


def _before(moment: datetime, span: timedelta) -> datetime:
    return moment - span if moment - FIRST_MOMENT > span else FIRST_MOMENT
