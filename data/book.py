"""Trades, snapshots and candles: what stays until someone deletes it.

The same content under the same natural key changes nothing; other content replaces the row and stands in the journal.
"""

import math
from datetime import datetime

from data.entries import Effect, Entry, Outcome, Row
from data.ledger import TRADES, Ledger
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
STRATEGY_FIELDS = ("description", "parameters", "max_position_size", "max_daily_loss", "max_drawdown", "starting_balance")
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


def strategy_record(row: Row) -> Row:
    """Return a row of the strategy table as a read gives it."""
    stamps = {name: iso(row[name]) for name in ("created_at", "updated_at")}
    return {name: row[name] for name in ("id", "name", *STRATEGY_FIELDS, "enabled", "bot")} | stamps


def strategy(ledger: Ledger, name: str) -> Row:
    """Return the row of the strategy of this name, which must be there."""
    row = ledger.find(Strategy, name)
    assert row is not None, "asked for by a name that was just found or made"  # noqa: S101  # narrows the type
    return row


def post_trade(ledger: Ledger, draft: TradeIn, bot: str) -> Outcome:
    """Add or replace a trade."""
    sent = draft.sent()
    known = ledger.find(Trade, bot, draft.trade_id)
    if known is not None and known["sent"] == sent:
        return Outcome(trade_record(known), Effect.SAME)
    row = _trade_row(draft, bot) | {"sent": sent}
    if known is not None:  # what a person wrote beside it stays, unless the bot has something to say there
        row |= {name: known[name] for name in ("notes", "tags") if name not in sent}
        if all(known[name] == row[name] for name in row if name != "sent"):  # said otherwise, as an importer does
            return Outcome(trade_record(known), Effect.SAME)
    return keep_trade(ledger, row, known)


def _trade_row(draft: TradeIn, bot: str) -> Row:
    row = {name: getattr(draft, name) for name in TRADE_FIELDS if name in type(draft).model_fields}
    row |= {"bot": bot, "direction": draft.direction.value, "status": draft.effective_status.value}
    said = {"pnl_pct": row["pnl_pct"]} if row.get("pnl_pct") is not None else {}
    return row | settled(row) | said


def settled(row: Row) -> Row:
    """Return what follows from a trade's fields: gross P&L from the prices, net P&L after fees and slippage, percent of entry value, duration.

    What was sent stands; a net P&L alone needs no gross one.
    """
    sign = 1 if row["direction"] == "long" else -1
    pnl, net = row["pnl"], row["net_pnl"]
    if pnl is None and net is None and row["status"] == "closed" and row["exit_price"] is not None:
        pnl = (row["exit_price"] - row["entry_price"]) * row["size"] * sign
    if net is None and pnl is not None:
        net = pnl - (row["fees"] or 0) - (row["slippage"] or 0)
    return {
        "at": row["exit_time"] or row["entry_time"],
        "pnl": pnl,
        "net_pnl": net,
        "pnl_pct": None if net is None else percent(net, row["entry_price"] * row["size"]),
        "duration_seconds": _seconds(row["entry_time"], row["exit_time"]),
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
    row |= {"id": close.id, "changed_id": close.id, "strategy_id": strategy_id(ledger, row["strategy"], close.id, close.bot)}
    ledger.put(Trade, _stamped(ledger, row, None))
    _count_trade(ledger)


def keep_trade(ledger: Ledger, row: Row, known: Row | None, effect: Effect | None = None) -> Outcome:
    """Add a trade or put it in the place of the `known` one, and say so in the journal."""
    effect = effect or (Effect.ADDED if known is None else Effect.REPLACED)
    next_id = ledger.counter("last_id") + 1
    row = _stamped(ledger, row, known) | {"id": next_id if known is None else known["id"], "changed_id": next_id}
    row["strategy_id"] = strategy_id(ledger, row["strategy"], next_id, row["bot"])
    record = trade_record(row)
    ledger.append("trade", row["bot"], row["at"], record, effect)
    ledger.put(Trade, row)
    if known is None:
        _count_trade(ledger)
    return Outcome(record, effect)


def _count_trade(ledger: Ledger) -> None:
    ledger.set_counter(TRADES, ledger.counter(TRADES) + 1)


def strategy_id(ledger: Ledger, name: str | None, record_id: int, bot: str) -> int | None:
    """Return the id of the strategy of this name, which is made when nobody has named it before; None without a name."""
    if name is None:
        return None
    if (known := ledger.find(Strategy, name)) is not None:
        return int(known["id"])
    ledger.put(Strategy, _stamped(ledger, {"bot": bot, **dict.fromkeys(STRATEGY_FIELDS)}, None) | {"id": record_id, "name": name, "enabled": True})
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
    next_id = ledger.counter("last_id") + 1
    record = {"id": next_id if known is None else known["id"], **body}
    effect = Effect.ADDED if known is None else Effect.REPLACED
    ledger.append(draft.kind, row["bot"], row["timestamp"], record, effect)
    row = _stamped(ledger, row, known) | {"id": record["id"]}
    ledger.put(table, row | ({"changed_id": next_id} if table is Portfolio else {}))
    return Outcome(record, effect)


def _stamped(ledger: Ledger, row: Row, known: Row | None) -> Row:
    return row | {"created_at": ledger.received_at if known is None else known["created_at"], "updated_at": ledger.received_at}


def _seconds(start: datetime, end: datetime | None) -> float | None:
    return None if end is None else (end - start).total_seconds()
