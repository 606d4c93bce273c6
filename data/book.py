"""Trades, snapshots and candles: what stays until someone deletes it.

The same content under the same natural key changes nothing; other content replaces the row and stands in the journal.
"""

import math
from datetime import datetime

from data.ledger import Effect, Entry, Ledger, Outcome, Row
from data.records import CandleIn, Draft, SnapshotIn, TradeIn
from data.schema import Base, MarketData, Portfolio, Strategy, Trade
from data.times import iso, iso_or_none, parse_iso

TRADE_FIELDS = (
    "id", "trade_id", "bot", "symbol", "direction", "strategy", "strategy_id", "status", "size", "leverage", "entry_price", "exit_price",
    "entry_time", "exit_time", "stop_loss", "take_profit", "pnl", "fees", "slippage", "net_pnl", "pnl_pct", "duration_seconds",
    "exit_reason", "notes", "tags", "currency", "created_at", "updated_at",
)  # fmt: skip  # one name a line would be a page
SNAPSHOT_FIELDS = (
    "total_value", "cash_balance", "margin_used", "margin_available", "realized_pnl", "unrealized_pnl", "deposit", "positions", "currency",
)  # fmt: skip  # as above
CANDLE_FIELDS = ("open", "high", "low", "close", "volume", "trades_count", "vwap")


def percent(part: float, whole: float) -> float | None:
    """Return `part` in percent of `whole`, or None when there is no whole, or one so small that the answer is no number."""
    result = part / whole * 100 if whole else math.inf
    return result if math.isfinite(result) else None


def trade_record(row: Row) -> Row:
    """Return a row of the trade table as a read gives it."""
    record = {name: row[name] for name in TRADE_FIELDS}
    for name in ("entry_time", "exit_time", "created_at", "updated_at"):
        record[name] = iso_or_none(record[name])
    return record


def post_trade(ledger: Ledger, draft: TradeIn, bot: str) -> Outcome:
    """Add or replace a trade."""
    sent = draft.sent()
    known = ledger.find(Trade, bot, draft.trade_id)
    if known is not None and known["sent"] == sent:
        return Outcome(trade_record(known), Effect.SAME)
    row = _trade_row(draft, bot) | {"sent": sent}
    return _keep_trade(ledger, row, known)


def _trade_row(draft: TradeIn, bot: str) -> Row:
    """Fill in what can be computed: gross P&L from the prices, net P&L after fees and slippage, percent of entry value."""
    status = draft.effective_status
    sign = 1 if draft.direction == "long" else -1
    pnl, net = draft.pnl, draft.net_pnl
    if pnl is None and net is None and status == "closed" and draft.exit_price is not None:
        pnl = (draft.exit_price - draft.entry_price) * draft.size * sign
    if net is None and pnl is not None:
        net = pnl - (draft.fees or 0) - (draft.slippage or 0)
    row = {name: getattr(draft, name) for name in TRADE_FIELDS if name in TradeIn.model_fields}
    return row | {
        "bot": bot,
        "direction": draft.direction.value,
        "status": status.value,
        "at": draft.exit_time or draft.entry_time,
        "pnl": pnl,
        "net_pnl": net,
        "pnl_pct": None if net is None else percent(net, draft.entry_price * draft.size),
        "duration_seconds": _seconds(draft.entry_time, draft.exit_time),
    }


def book_closed_position(ledger: Ledger, close: Entry, sent: Row) -> None:
    """Make the trade that a close is; it carries the close's id, so the journal needs no second row for it."""
    body = close.body
    opened_at = parse_iso(body["opened_at"])
    row = {
        "trade_id": f"{body['position_id']}#{close.id}",
        "bot": close.bot,
        "symbol": body["symbol"],
        "direction": body["side"].lower(),
        "strategy": body["strategy"],
        "status": "closed",
        "size": body["size"],
        "leverage": None,
        "entry_price": body["entry_price"],
        "exit_price": body["exit_price"],
        "entry_time": opened_at,
        "exit_time": close.at,
        "at": close.at,
        "stop_loss": body["stop_loss"],
        "take_profit": body["take_profit"],
        "pnl": None,
        "fees": None,
        "slippage": None,
        "net_pnl": body["final_pnl"],
        "pnl_pct": body["final_pnl_pct"],
        "duration_seconds": _seconds(opened_at, close.at),
        "exit_reason": body["reason"],
        "notes": None,
        "tags": None,
        "currency": None,
        "sent": sent,
    }
    ledger.put(Trade, _stamped(ledger, row, None) | {"id": close.id, "strategy_id": _strategy_id(ledger, row, close.id)})


def _keep_trade(ledger: Ledger, row: Row, known: Row | None) -> Outcome:
    effect = Effect.ADDED if known is None else Effect.REPLACED
    next_id = ledger.counter("last_id") + 1
    row = _stamped(ledger, row, known) | {"id": next_id if known is None else known["id"]}
    row["strategy_id"] = _strategy_id(ledger, row, next_id)
    record = trade_record(row)
    ledger.append("trade", row["bot"], row["at"], {name: value for name, value in record.items() if name != "id"}, effect)
    ledger.put(Trade, row)
    return Outcome(record, effect)


def _strategy_id(ledger: Ledger, trade: Row, record_id: int) -> int | None:
    """Return the id of the trade's strategy, which is made when nobody has named it before."""
    if (name := trade["strategy"]) is None:
        return None
    if (known := ledger.find(Strategy, name)) is not None:
        return int(known["id"])
    stamped = _stamped(ledger, {"bot": trade["bot"]}, None)
    ledger.put(Strategy, stamped | {"id": record_id, "name": name, "enabled": True})
    return record_id


def post_snapshot(ledger: Ledger, draft: SnapshotIn, bot: str) -> Outcome:
    """Add or replace the snapshot of a bot's moment."""
    at = draft.timestamp or ledger.received_at
    row = {name: getattr(draft, name) for name in SNAPSHOT_FIELDS} | {"bot": bot, "timestamp": at}
    known = ledger.find(Portfolio, bot, at)
    return _keep(ledger, draft, Portfolio, row, known, SNAPSHOT_FIELDS)


def post_candle(ledger: Ledger, draft: CandleIn, bot: str) -> Outcome:
    """Add or replace the candle of a symbol, timeframe and opening time."""
    key = {"symbol": draft.symbol, "timeframe": draft.timeframe}
    row = {name: getattr(draft, name) for name in CANDLE_FIELDS} | key | {"bot": bot, "timestamp": draft.timestamp}
    known = ledger.find(MarketData, draft.symbol, draft.timeframe, draft.timestamp)
    return _keep(ledger, draft, MarketData, row, known, (*key, *CANDLE_FIELDS))


def _keep(ledger: Ledger, draft: Draft, table: type[Base], row: Row, known: Row | None, shown: tuple[str, ...]) -> Outcome:
    body = {"timestamp": iso(row["timestamp"])} | {name: row[name] for name in shown} | {"bot": row["bot"]}
    if known is not None and all(known[name] == row[name] for name in shown):  # whoever sends it: a candle is the market's
        return Outcome({"id": known["id"], **body}, Effect.SAME)
    effect = Effect.ADDED if known is None else Effect.REPLACED
    entry = ledger.append(draft.kind, row["bot"], row["timestamp"], body, effect)
    ledger.put(table, _stamped(ledger, row, known) | {"id": entry.id if known is None else known["id"]})
    return Outcome({"id": entry.id if known is None else known["id"], **body}, effect)


def _stamped(ledger: Ledger, row: Row, known: Row | None) -> Row:
    return row | {"created_at": ledger.received_at if known is None else known["created_at"], "updated_at": ledger.received_at}


def _seconds(start: datetime, end: datetime | None) -> float | None:
    return None if end is None else (end - start).total_seconds()
