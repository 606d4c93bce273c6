"""A trade as freqtrade describes it, whatever the file, and what it is as a record.

freqtrade's columns mean: dates are UTC, with or without saying so; the profit is already net of fees and funding;
a stop loss of 0.0 is none; `amount` includes the leverage; a trade whose first order is not filled yet has amount 0.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from data.errors import Refused
from data.importers.base import bad_file
from data.records import TradeIn, validated

LONGEST_NAME = 200  # freqtrade allows 255 characters for a reason and a tag, a record 200
# Which of freqtrade's columns each of our fields comes from, to name the right one when its value is refused.
SOURCES = {
    "trade_id": "id",
    "symbol": "pair",
    "direction": "is_short",
    "size": "amount",
    "entry_price": "open_rate",
    "entry_time": "open_date",
    "exit_price": "close_rate",
    "exit_time": "close_date",
    "net_pnl": "close_profit_abs",
    "status": "is_open",
    "currency": "stake_currency",
    "tags": "enter_tag",
}
FEES = (("open_rate", "fee_open"), ("close_rate", "fee_close"))


@dataclass(frozen=True, slots=True)
class FreqtradeTrade:
    """A trade under the names that freqtrade's database gives its columns; `place` and `names` are where the file has them."""

    place: str
    values: Mapping[str, Any]
    names: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, column: str) -> Any:
        return self.values[column]

    def refusal(self, column: str, fault: str) -> Refused:
        """Return what is wrong with a column's value, in the file's own words."""
        return bad_file(f"{self.place}{self.names.get(column, column)}", f"{fault}, but is {self.values.get(column)!r:.80}")


@dataclass(frozen=True, slots=True)
class TradeFile:
    """What a file holds: its trades, whose they are when nobody says, and what the equity of each strategy began with."""

    rows: Sequence[FreqtradeTrade]
    bot: str
    balances: Mapping[str, float] = field(default_factory=dict)


def draft_of(row: FreqtradeTrade) -> TradeIn | None:
    """Return the trade as a record, or None for one that holds nothing yet. Raises `Refused` naming trade and column."""
    is_open = _flag(row, "is_open")
    if is_open and row["amount"] == 0:
        return None
    fields = _entry(row) | ({"status": "open"} if is_open else _exit(row))
    try:
        return validated(TradeIn, {name: value for name, value in fields.items() if value is not None})
    except Refused as refusal:
        place, fault = next(iter(refusal.fields.items()))
        named = place.split(".")[0]
        raise row.refusal(SOURCES.get(named, named), fault) from None


def _entry(row: FreqtradeTrade) -> dict[str, Any]:
    return {
        "trade_id": str(row["id"]),
        "symbol": row["pair"],
        "direction": "short" if _flag(row, "is_short") else "long",
        "strategy": row["strategy"] or None,
        "size": row["amount"],
        "leverage": row["leverage"],
        "entry_price": row["open_rate"],
        "entry_time": _moment(row, "open_date"),
        "stop_loss": row["stop_loss"] or None,
        "tags": [_shortened(row["enter_tag"])] if row["enter_tag"] else None,
        "currency": row["stake_currency"],
    }


def _exit(row: FreqtradeTrade) -> dict[str, Any]:
    """Return what a closed trade adds; its profit must be there, for a missing one would count as none."""
    opened, closed = (_number(row, "amount") * _number(row, rate) * _number(row, fee) for rate, fee in FEES)
    return {
        "status": "closed",
        "exit_price": row["close_rate"],
        "exit_time": _moment(row, "close_date"),
        "exit_reason": _shortened(row["exit_reason"]) if row["exit_reason"] else None,
        "net_pnl": _number(row, "close_profit_abs"),
        "fees": opened + closed,
    }


def _flag(row: FreqtradeTrade, column: str) -> bool:
    if row[column] not in (0, 1):
        raise row.refusal(column, "must be 0 or 1")
    return bool(row[column])


def _number(row: FreqtradeTrade, column: str) -> float:
    if not isinstance(row[column], int | float) or isinstance(row[column], bool):
        raise row.refusal(column, "must be a number")
    return float(row[column])


def _moment(row: FreqtradeTrade, column: str) -> datetime:
    try:
        return as_utc(row[column])
    except (TypeError, ValueError, OverflowError):
        raise row.refusal(column, "must be a date and time such as 2018-01-10 07:15:00") from None


def as_utc(text: Any) -> datetime:
    """Return a date and time as an aware one, UTC where it names no offset. Raises TypeError, ValueError or OverflowError."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _shortened(value: Any) -> Any:
    return value[:LONGEST_NAME] if isinstance(value, str) else value


def chosen(found: Iterable[str | None], wanted: str | None) -> None:
    """Raise `Refused` (`bad_file`) when a strategy is wanted that the file does not have."""
    names = sorted({str(name) for name in found})
    if wanted is not None and wanted not in names:
        raise bad_file("strategy", f"{wanted!r:.80} is not in the file; it holds {', '.join(names)[:200] or 'none'}")
