"""Candles out of CSV files, into the store."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from data.importers.base import Imported, Watch, check_then_store, checked_bot, unwatched
from data.importers.candle_file import CandleFile
from data.journal import Journal
from data.records import CandleIn, validated

COLUMNS = ("timestamp", "open", "high", "low", "close", "volume", "trades_count")


@dataclass(frozen=True)
class _Drafts:
    """A file's candles as records; iterate over them as often as needed."""

    file: CandleFile

    def __iter__(self) -> Iterator[CandleIn]:
        market = {"symbol": self.file.symbol, "timeframe": self.file.timeframe}
        for candle in self.file:
            yield validated(CandleIn, market | {name: getattr(candle, name) for name in COLUMNS})


def import_candles(
    journal: Journal, path: Path, symbol: str | None = None, timeframe: str | None = None, *, bot: str = "default", watch: Watch = unwatched
) -> Imported:
    """Store the candles of a CSV file that are over; `CandleFile` says how symbol and timeframe are known without being named.

    The whole file is read first: raises `Refused` (`bad_file`) naming line and column, and nothing is stored then.
    After that it is stored in parts (see `check_then_store`).
    """
    return check_then_store(journal, _Drafts(CandleFile(path, symbol, timeframe)), checked_bot(bot), watch)
