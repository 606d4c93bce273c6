"""Candles out of CSV files, whoever wrote them: columns are known by their names, times by their form.

A file is streamed: nothing of it is kept but the row at hand.
"""

import csv
import hashlib
import itertools
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from data.errors import Code, Refused
from data.importers.base import delimiter_of, refuse_no_file
from data.times import now

# The names under which exchanges and tools write each column, compared without case, spaces and punctuation.
COLUMNS = {
    "timestamp": ("timestamp", "opentime", "datetime", "date", "time", "ts", "unix", "unixtimestamp"),
    "open": ("open", "openprice", "o"),
    "high": ("high", "highprice", "h"),
    "low": ("low", "lowprice", "l"),
    "close": ("close", "closeprice", "c"),
    "volume": ("volume", "basevolume", "vol", "v"),
    "trades_count": ("ntrades", "tradescount", "numberoftrades", "trades"),
}
OPTIONAL = {"volume", "trades_count"}
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "M": 2_592_000}  # a month is taken as 30 days
NAMED = re.compile(r"(?P<symbol>.+)[-_](?P<timeframe>[1-9][0-9]{0,5}[smhdwM])")
# A number is in the unit in which it lies between 1973 and the year 5138.
EPOCH_UNITS = ((1e11, 1.0), (1e14, 1e-3), (1e17, 1e-6), (math.inf, 1e-9))
SAMPLE = 100  # rows whose smallest distance is the timeframe of a file that does not name it
LARGEST = 1e18


@dataclass(frozen=True, slots=True)
class Candle:
    """Prices of a timeframe that begins at `timestamp`; `closes_at` is when its close is known."""

    timestamp: datetime
    closes_at: datetime
    open: float
    high: float
    low: float
    close: float
    volume: float | None = None
    trades_count: int | None = None


class CandleFile:
    """A CSV file of one symbol's candles; iterate over it as often as needed."""

    def __init__(self, path: Path, symbol: str | None = None, timeframe: str | None = None) -> None:
        """Look at the file's name and first rows; raises `Refused` (`bad_file`) that says what is wrong and where.

        Args:
            path: the file; `BTC-USD-1d.csv` names symbol and timeframe.
            symbol: overrides the file's name.
            timeframe: overrides the file's name, such as `1d`, `4h`, `15m`.
        """
        self.path = path
        named = NAMED.fullmatch(path.stem)
        self.symbol = symbol or (named["symbol"] if named else path.stem)
        self.timeframe = timeframe or (named["timeframe"] if named else self._timeframe_by_spacing())
        if not re.fullmatch(r"[1-9][0-9]{0,5}[smhdwM]", self.timeframe):
            raise Refused(Code.BAD_REQUEST, "the timeframe is wrong", fields={"timeframe": "must be such as 1m, 4h or 1d"})
        self.span = timedelta(seconds=int(self.timeframe[:-1]) * UNITS[self.timeframe[-1]])
        next(iter(self), None)

    def __iter__(self) -> Iterator[Candle]:
        """Yield the candles that are over, oldest first; raises `Refused` (`bad_file`) at the first row that is wrong."""
        before = None
        for line, row in self._rows():
            candle = self._candle(line, row)
            if before is not None and candle.timestamp <= before:
                raise self._bad(line, "timestamp", "does not come after the row before; the oldest must come first, each once")
            before = candle.timestamp
            if candle.closes_at > now():
                return
            yield candle
        if before is None:
            raise self._bad(2, None, "the file holds no candles")

    @cached_property
    def digest(self) -> str:
        """Return a fingerprint of the file's content."""
        refuse_no_file(self.path)
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def _timeframe_by_spacing(self) -> str:
        moments = [self._moment(line, row["timestamp"]) for line, row in itertools.islice(self._rows(), SAMPLE)]
        gaps = [int((after - before).total_seconds()) for before, after in itertools.pairwise(moments)]
        if not gaps or min(gaps) <= 0:
            raise self._bad(3, "timestamp", "the timeframe cannot be told from the spacing of the rows; name it with --timeframe")
        unit = next(unit for unit in "wdhms" if min(gaps) % UNITS[unit] == 0)
        return f"{min(gaps) // UNITS[unit]}{unit}"

    def _rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        try:
            with self.path.open(encoding="utf-8-sig", newline="") as file:
                header = file.readline()
                names = next(csv.reader([header], delimiter=delimiter_of(header)), [])
                places = self._places(names)
                rows = csv.reader(file, delimiter=delimiter_of(header), strict=True)
                for row in rows:
                    line = rows.line_num + 1
                    if len(row) not in {0, len(names)}:
                        raise self._bad(line, None, f"has {len(row)} columns, the header {len(names)}")
                    if row:
                        yield line, {column: row[place].strip() for column, place in places.items()}
        except OSError as error:
            raise Refused(Code.BAD_FILE, "the candles cannot be read", fields={self.path.name: error.strerror or "cannot be read"}) from None
        except (UnicodeDecodeError, csv.Error) as error:
            raise Refused(Code.BAD_FILE, "the candles cannot be read", fields={self.path.name: f"is not CSV in UTF-8: {error}"}) from None

    def _places(self, names: list[str]) -> dict[str, int]:
        """Return column -> its place in a row."""
        plain = [re.sub(r"[^a-z0-9]", "", name.lower()) for name in names]
        places = {column: plain.index(alias) for column, aliases in COLUMNS.items() for alias in reversed(aliases) if alias in plain}
        missing = [column for column in COLUMNS if column not in places and column not in OPTIONAL]
        if missing:
            found = ", ".join(names)[:200] or "nothing"
            raise self._bad(1, None, f"names no column {', '.join(missing)}; it names {found}")
        return places

    def _candle(self, line: int, row: dict[str, str]) -> Candle:
        timestamp = self._moment(line, row["timestamp"])
        prices = {column: self._number(line, column, row[column]) for column in ("open", "high", "low", "close")}
        for column, price in prices.items():
            if price <= 0:
                raise self._bad(line, column, f"must be more than 0, but is {row[column]:.40}")
            if not prices["low"] <= price <= prices["high"]:
                raise self._bad(line, column, f"lies outside of low and high: {price:g} is not from {prices['low']:g} to {prices['high']:g}")
        extra = {column: self._number(line, column, row[column]) for column in OPTIONAL if row.get(column)}
        for column, value in extra.items():
            if value < 0:
                raise self._bad(line, column, f"must not be negative, but is {row[column]:.40}")
        count = extra.get("trades_count")
        return Candle(timestamp, timestamp + self.span, **prices, volume=extra.get("volume"), trades_count=None if count is None else int(count))

    def _number(self, line: int, column: str, text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise self._bad(line, column, f"must be a number, but is {text!r:.40}") from None
        if not abs(value) <= LARGEST:  # neither is NaN
            raise self._bad(line, column, f"must be a finite number of at most 1e18, but is {text!r:.40}")
        return value

    def _moment(self, line: int, text: str) -> datetime:
        """Return the UTC time of ISO 8601 text (without a zone: UTC) or of a number since 1970 in s, ms, µs or ns."""
        try:
            try:
                number = float(text)
            except ValueError:
                moment = datetime.fromisoformat(text)
                return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
            factor = next(factor for limit, factor in EPOCH_UNITS if abs(number) < limit)
            return datetime.fromtimestamp(number * factor, UTC)
        except (ValueError, OverflowError, OSError, StopIteration):
            fault = f"must be ISO 8601 or seconds or milliseconds since 1970, but is {text!r:.40}"
            raise self._bad(line, "timestamp", fault) from None

    def _bad(self, line: int, column: str | None, fault: str) -> Refused:
        place = f"{self.path.name}, line {line}" + (f", column {column}" if column else "")
        return Refused(Code.BAD_FILE, "the candles cannot be read", fields={place: fault})
