"""The result that freqtrade writes after a backtest: JSON, or a zip file with that JSON in it.

Its own summary (wins, losses, drawdown, …) is not read, save for what the equity began with.
"""

import json
import lzma
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from data.importers.base import bad_file
from data.importers.freqtrade_rows import SOURCES, FreqtradeTrade, TradeFile, as_utc, chosen
from data.times import iso

BOT = "freqtrade-backtest"
LARGEST = 100 * 1024 * 1024  # bytes of JSON; a zip file may claim less than comes out of it, so what comes out is counted
# The database's name of each column -> the result's; those of the other columns are the same. `id` is made from these.
NAMES = {"id": "pair", "close_profit_abs": "profit_abs", "stop_loss": "stop_loss_abs"}
NOT_IN_TRADES = {"id", "strategy", "stake_currency"}
COLUMNS = {*SOURCES.values(), "fee_open", "fee_close", "leverage", "stop_loss", "exit_reason"} - NOT_IN_TRADES


@contextmanager
def opened(path: Path, strategy: str | None) -> Iterator[TradeFile]:
    """Read a result as JSON. Raises `Refused` (`bad_file`) that says what is wrong."""
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        raise bad_file(path.name, f"cannot be read: {error.strerror}") from None
    yield _result(raw, path.name, strategy)


@contextmanager
def opened_zip(path: Path, strategy: str | None) -> Iterator[TradeFile]:
    """Read the result in a zip file, beside which freqtrade also puts its settings and the strategy's source."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(".json")]
            if not names:
                raise bad_file(path.name, "holds no JSON")
            with archive.open(min(names, key=len)) as member:  # the others go on from the result's name: …_config.json, …_Strategy.json
                raw = member.read(LARGEST + 1)
    except OSError as error:
        raise bad_file(path.name, f"cannot be read: {error.strerror}") from None
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        EOFError,
        RuntimeError,
        ValueError,
    ) as error:  # damaged, encrypted, or of a kind that is not known
        raise bad_file(path.name, f"is damaged or cut short: {error}") from None
    yield _result(raw, path.name, strategy)


def _result(raw: bytes, name: str, wanted: str | None) -> TradeFile:
    if len(raw) > LARGEST:
        raise bad_file(name, f"holds more than {LARGEST // 1024**2} MB of JSON")
    try:
        content = json.loads(raw, parse_int=float)  # freqtrade writes NaN, which orjson refuses; and no integer is too large for a float
    except (ValueError, RecursionError) as error:
        raise bad_file(name, f"is no JSON, or cut short: {error}") from None
    found = content.get("strategy") if isinstance(content, dict) else None
    if not isinstance(found, dict) or not found:
        raise bad_file(name, "is not a backtest result: it has no strategy")
    chosen(found, wanted)
    rows: list[FreqtradeTrade] = []
    balances: dict[str, float] = {}
    for strategy, result in found.items():
        if wanted in {None, strategy}:
            rows += _trades(strategy, result)
            balances[strategy] = _balance(strategy, result)
    return TradeFile(rows, BOT, balances)


def _balance(strategy: str, result: dict[str, Any]) -> float:
    balance = result.get("starting_balance")
    if not isinstance(balance, float) or not 0 < balance <= 1e18:
        raise bad_file(f"strategy.{strategy}.starting_balance", f"must be a number above 0, but is {balance!r:.80}")
    return balance


def _trades(strategy: str, result: Any) -> list[FreqtradeTrade]:
    trades = result.get("trades") if isinstance(result, dict) else None
    if not isinstance(trades, list) or not all(isinstance(trade, dict) for trade in trades):
        raise bad_file(f"strategy.{strategy}.trades", "must be an array of objects")
    common = {"strategy": strategy, "stake_currency": result.get("stake_currency")}
    ids = _ids(strategy, trades)
    return [
        FreqtradeTrade(
            f"strategy.{strategy}.trades[{index}].",
            {**common, "id": ids[index], **{column: trade.get(NAMES.get(column, column)) for column in COLUMNS}},
            NAMES,
        )
        for index, trade in enumerate(trades)
    ]


def _ids(strategy: str, trades: list[dict[str, Any]]) -> list[str]:
    """Name each trade by what it is: the file has no numbers, and neither the order of its rows nor a second import may matter.

    Those of the same strategy, pair, direction and opening are numbered in an order of their content.
    """
    alike: defaultdict[str, list[int]] = defaultdict(list)
    for index, trade in enumerate(trades):
        alike[f"{strategy} {trade.get('pair')} {'short' if trade.get('is_short') else 'long'} {_opening(trade)}"].append(index)
    ids = [""] * len(trades)
    for name, places in alike.items():
        for number, index in enumerate(sorted(places, key=lambda place: json.dumps(trades[place], sort_keys=True)), 1):
            ids[index] = name if number == 1 else f"{name} #{number}"
    return ids


def _opening(trade: dict[str, Any]) -> str:
    try:
        return iso(as_utc(trade.get("open_date"))).replace(".000000", "")
    except (TypeError, ValueError, OverflowError):
        return "?"  # the trade is refused by its date
