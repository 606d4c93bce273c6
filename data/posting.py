"""What each kind of live record does to the tables; `data.book` does the same for trades, snapshots and candles."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson

from data import book, rules
from data.alerting import post_alert
from data.editing import post_edit
from data.entries import Effect, Entry, Outcome, Row
from data.errors import Code, Refused
from data.ledger import Ledger
from data.records import CloseIn, ControlIn, Draft, EventIn, PositionIn, SignalIn
from data.schema import BotState, Position, Signal
from data.times import clock, iso

CLEAR_ACTIVITY = "clear_activity"
CLEAR_SIGNALS = "clear_signals"
RESET_STATISTICS = "reset_statistics"
REMOVE_DEMO = "remove_demo"
DEMO_PREFIX = "demo-"  # bots of this name trade a simulated market
BY_PEOPLE = {"control", "edit"}
STATISTICS = ("total_events", "total_signals", "total_positions", "total_alerts_sent")


def post(ledger: Ledger, draft: Draft, bot: str) -> Outcome:
    """Apply one draft of `bot` inside the transaction; return what became of it.

    Raises `Refused` when the tables say that it cannot be: a close of a position that is not open.
    """
    if draft.kind not in BY_PEOPLE:  # whose names may be a bot's too
        ledger.heard_from(bot)
    before = len(ledger.fresh)
    outcome = POSTINGS[draft.kind](ledger, draft, bot)
    for entry in ledger.fresh[before:]:
        for alert in rules.alerts_raised_by(ledger, entry):
            post_alert(ledger, alert, bot, Effect.RAISED)
    return outcome


def record_silence(ledger: Ledger, listening: float) -> list[Outcome]:
    """Raise the alerts of bots that have fallen silent; returns one outcome per alert."""
    return [post_alert(ledger, alert, alert.bot or "", Effect.RAISED) for alert in rules.alerts_for_silence(ledger, listening)]


def _post_event(ledger: Ledger, draft: EventIn, bot: str) -> Outcome:
    at = draft.timestamp or ledger.received_at
    body = {
        "timestamp": iso(at),
        "event_type": draft.event_type.value,
        "message": draft.message,
        "severity": draft.severity.value,
        "metadata": draft.metadata or {},
        "bot": bot,
    }
    entry = ledger.append("event", bot, at, body, Effect.ADDED, event_type=draft.event_type.value, severity=draft.severity.value)
    is_fresh = ledger.received_at - at <= rules.QUIET_AFTER  # an imported heartbeat is no promise for now
    metadata = draft.metadata or {}
    if is_fresh and draft.event_type == "SYSTEM" and _speaks_of_heartbeat(metadata):
        seconds = metadata["heartbeat_seconds"]
        ledger.put(BotState, {**rules.bot_state(ledger, bot), "heartbeat_seconds": None if seconds is None else float(seconds)})
    return Outcome(entry.record(), Effect.ADDED)


def _speaks_of_heartbeat(metadata: dict[str, Any]) -> bool:
    """Say whether an event declares a heartbeat, or with null withdraws it: a bot that has come to its end is not silent."""
    seconds = metadata.get("heartbeat_seconds", "")
    if seconds is None:
        return True
    return isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 < seconds <= rules.LONGEST_HEARTBEAT


def _post_signal(ledger: Ledger, draft: SignalIn, bot: str) -> Outcome:
    at = draft.timestamp or ledger.received_at
    body = {
        "timestamp": iso(at),
        "strategy_name": draft.strategy_name,
        "symbol": draft.symbol,
        "signal_type": draft.signal_type.value,
        "confidence": draft.confidence,
        "indicators": draft.indicators or {},
        "ensemble_vote": draft.ensemble_vote and draft.ensemble_vote.value,
        "bot": bot,
    }
    latest = ledger.find(Signal, bot, draft.strategy_name, draft.symbol)
    # one without a time of its own is the latest by its place in the order, whatever the server's clock did meanwhile
    effect = Effect.LATE if draft.timestamp and latest is not None and latest["at"] > at else Effect.ADDED
    entry = ledger.append("signal", bot, at, body, effect)
    if effect is Effect.ADDED:
        key = {"bot": bot, "strategy_name": draft.strategy_name, "symbol": draft.symbol}
        ledger.put(Signal, {**key, "id": entry.id, "at": at, "body": body})
    return Outcome(entry.record(), effect)


def _post_position(ledger: Ledger, draft: PositionIn, bot: str) -> Outcome:
    sent = draft.sent()
    at = draft.timestamp or ledger.received_at
    known = ledger.find(Position, bot, draft.position_id)
    digest = _digest(bot, sent) if draft.timestamp else None
    if known is not None:
        if known["sent"] == sent:
            return Outcome({"id": known["id"], **known["body"]}, Effect.SAME)
        if digest and at <= max(known["at"], known["closed_at"] or known["at"]) and (first := ledger.entry_with(digest)):
            return Outcome(first, Effect.SAME)
    effect = _position_effect(known, draft.timestamp)
    opened_at = draft.opened_at or (at if effect is Effect.OPENED or known is None else known["opened_at"])
    body = position_body(draft, bot, at, opened_at)
    entry = ledger.append("position", bot, at, body, effect, natural_key=digest)
    if effect is not Effect.LATE:
        _keep_position(ledger, entry, draft.position_id, known, opened_at, sent)
    return Outcome(entry.record(), effect)


def _position_effect(known: Row | None, at: datetime | None) -> Effect:
    """An update opens, replaces, or, when a later one or the close is known already, comes late; one without a time never does."""
    if known is None:
        return Effect.OPENED
    if known["closed_id"] is not None:
        return Effect.OPENED if at is None or at > max(known["at"], known["closed_at"]) else Effect.LATE
    return Effect.LATE if at is not None and at < known["at"] else Effect.REPLACED


def _keep_position(ledger: Ledger, entry: Entry, position_id: str, known: Row | None, opened_at: datetime, sent: Row) -> None:
    opened_id = entry.id if known is None or entry.effect == Effect.OPENED else known["opened_id"]
    ledger.put(
        Position,
        {
            "bot": entry.bot,
            "position_id": position_id,
            "id": entry.id,
            "opened_id": opened_id,
            "opened_at": opened_at,
            # never back, though the server's clock may be: up to here `_post_position` looks for a repetition
            "at": entry.at if known is None else max(entry.at, known["at"]),
            "sent": sent,
            "body": entry.body,
            "closed_id": None,
            "closed_at": None,
            "close_sent": None,
        },
    )


def position_body(draft: PositionIn, bot: str, at: datetime, opened_at: datetime) -> Row:
    """Return a position as a read gives it: the bot's figures where it sent them, ours where it did not.

    P&L is (current − entry) × size, negated for a short; percentages are of the value at entry.
    """
    sign = 1 if draft.side == "LONG" else -1
    pnl = draft.unrealized_pnl
    if pnl is None:
        pnl = (draft.current_price - draft.entry_price) * draft.size * sign
    pnl_pct = draft.unrealized_pnl_pct
    if pnl_pct is None:
        pnl_pct = book.percent(pnl, draft.entry_price * draft.size)
    stop_pct = draft.stop_loss_pct
    if stop_pct is None and draft.stop_loss:
        stop_pct = book.percent(abs(draft.entry_price - draft.stop_loss), draft.entry_price)
    return {
        "timestamp": iso(at),
        "position_id": draft.position_id,
        "symbol": draft.symbol,
        "side": draft.side.value,
        "entry_price": draft.entry_price,
        "current_price": draft.current_price,
        "size": draft.size,
        "unrealized_pnl": pnl,
        "unrealized_pnl_pct": pnl_pct,
        "time_in_position": draft.time_in_position or clock(at - opened_at),
        "opened_at": iso(opened_at),
        "stop_loss": draft.stop_loss,
        "stop_loss_pct": stop_pct,
        "take_profit": draft.take_profit,
        "strategy": draft.strategy,
        "bot": bot,
    }


def _post_close(ledger: Ledger, draft: CloseIn, bot: str) -> Outcome:
    known = ledger.find(Position, bot, draft.position_id)
    sent = draft.sent()
    if known is None or (known["closed_id"] is not None and known["close_sent"] != sent):
        raise Refused(Code.NOT_FOUND, "no open position has this position_id", fields={"position_id": "is not open for this bot"})
    if known["closed_id"] is not None:
        return Outcome({"id": known["closed_id"], **_close_body(draft, known, known["closed_at"])}, Effect.SAME)
    at = max(draft.timestamp or ledger.received_at, known["opened_at"])
    body = _close_body(draft, known, at)
    entry = ledger.append("close", bot, at, body, Effect.ADDED)
    ledger.put(Position, {**known, "closed_id": entry.id, "closed_at": at, "close_sent": sent})
    book.book_closed_position(ledger, entry, sent)
    return Outcome(entry.record(), Effect.ADDED)


def _close_body(draft: CloseIn, known: Row, at: datetime) -> Row:
    """Return the close with what is known of its position, so that who reads it need not look that up."""
    position = known["body"]
    kept = ("position_id", "symbol", "side", "strategy", "size", "entry_price", "stop_loss", "take_profit", "opened_at", "bot")
    return {name: position[name] for name in kept} | {
        "timestamp": iso(at),
        "final_pnl": draft.final_pnl,
        "final_pnl_pct": draft.final_pnl_pct,
        "exit_price": draft.exit_price,
        "reason": draft.reason,
        "time_in_position": clock(at - known["opened_at"]),
        "opened_id": known["opened_id"],
    }


def _post_control(ledger: Ledger, draft: ControlIn, bot: str) -> Outcome:
    body = {"timestamp": iso(ledger.received_at), "action": draft.action, "bot": bot}
    if draft.action == REMOVE_DEMO:
        ledger.forget_bots(DEMO_PREFIX)  # before the record of it, which whoever is named like a demo bot may have made
    entry = ledger.append("control", bot, ledger.received_at, body, Effect.ADDED)
    if draft.action == RESET_STATISTICS:
        for name in STATISTICS:
            ledger.set_counter(name, 0)
    else:
        ledger.set_counter(draft.action, entry.id)
    return Outcome(entry.record(), Effect.ADDED)


def _digest(bot: str, sent: Row) -> str:
    return hashlib.blake2b(orjson.dumps([bot, sent], option=orjson.OPT_SORT_KEYS), digest_size=32).hexdigest()


POSTINGS: dict[str, Callable[[Ledger, Any, str], Outcome]] = {
    "event": _post_event,
    "signal": _post_signal,
    "position": _post_position,
    "close": _post_close,
    "alert": post_alert,
    "trade": book.post_trade,
    "snapshot": book.post_snapshot,
    "candle": book.post_candle,
    "control": _post_control,
    "edit": post_edit,
}
