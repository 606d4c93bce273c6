"""The alert rules: conditions on what is posted, evaluated inside the write transaction, so that each fires once.

A rule is a row (`AlertRule`; the first migration holds those that ship); its `condition` is one of the findings
below. To add a condition: yield it here, and add a rule with its name.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from data.book import percent
from data.entries import Effect, Entry, Row
from data.ledger import Ledger
from data.records import AlertIn
from data.schema import AlertFiring, AlertRule, BotState, Position
from data.times import clock

QUIET_AFTER = timedelta(hours=1)
LONGEST_HEARTBEAT = 86_400.0
STALE_FEED = "stale_feed"
TYPES = {"circuit_breaker": "risk", "drawdown": "risk", "stop_loss_hit": "trade", "closed_above": "trade", "closed_below": "trade"}


class Raised(AlertIn):
    """An alert that a rule raises: what it is about, too."""

    type: str = "system"
    trade_id: int | None = None
    strategy: str | None = None
    data: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A condition that holds: `value` is held against a rule's threshold, `subject` has its own cool-down."""

    condition: str
    subject: str
    title: str
    message: str
    value: float = 0.0
    strategy: str | None = None
    trade_id: int | None = None


def alerts_raised_by(ledger: Ledger, entry: Entry) -> Iterator[Raised]:
    """Yield the alerts that a new record raises; one whose own time lies over an hour back raises none."""
    findings = [finding for finding in _FINDERS.get(entry.kind, _nothing)(ledger, entry) if finding is not None]
    if entry.effect == Effect.LATE or entry.received_at - entry.at > QUIET_AFTER:
        return
    for finding in findings:
        yield from _fire(ledger, finding, entry.bot)


def someone_is_silent(connection: Connection, moment: datetime, listening: float) -> bool:
    """Tell cheaply whether a bot has missed a heartbeat that nobody was told of: is it worth asking `alerts_for_silence`?"""
    stale = select(AlertFiring.subject, func.max(AlertFiring.fired_at)).join(AlertRule).where(AlertRule.condition == STALE_FEED)
    told = dict(connection.execute(stale.group_by(AlertFiring.subject)).all())
    return any(row["bot"] not in told or told[row["bot"]] < row["last_seen"] for row, _ in _silent(connection, moment, listening))


def _silent(connection: Connection, moment: datetime, listening: float) -> Iterator[tuple[Row, float]]:
    """Yield each bot that has missed a heartbeat, and how many; time in which nobody listened is no silence."""
    for row in connection.execute(select(BotState.__table__).where(BotState.heartbeat_seconds.is_not(None))).mappings():
        missed = min((moment - row["last_seen"]).total_seconds(), listening) / row["heartbeat_seconds"]
        if missed > 1:
            yield dict(row), missed


def alerts_for_silence(ledger: Ledger, listening: float) -> Iterator[Raised]:
    """Yield an alert for each bot that declared a heartbeat and has been silent for three; one per silence.

    `listening` is for how many seconds this process has been able to hear: a bot is not silent because the server was away.
    """
    for row, missed in _silent(ledger.connection, ledger.received_at, listening):
        silence = clock(ledger.received_at - row["last_seen"])
        message = f"{row['bot']} has been silent for {silence}; its heartbeat is {row['heartbeat_seconds']:g} s"
        finding = Finding(STALE_FEED, row["bot"], "Stale feed", message, missed)
        for rule in _matching(ledger, finding):
            fired = ledger.find(AlertFiring, rule["id"], finding.subject)
            if fired is None or fired["fired_at"] < row["last_seen"]:
                yield _alert(ledger, rule, finding, row["bot"])


def _fire(ledger: Ledger, finding: Finding, bot: str) -> Iterator[Raised]:
    for rule in _matching(ledger, finding):
        fired = ledger.find(AlertFiring, rule["id"], finding.subject)
        if fired is None or (ledger.received_at - fired["fired_at"]).total_seconds() >= rule["cooldown_seconds"]:
            yield _alert(ledger, rule, finding, bot)


def _matching(ledger: Ledger, finding: Finding) -> list[Row]:
    """Return the one rule that the finding meets, the strictest where several share the condition."""
    met = [
        rule for rule in ledger.rules() if rule["condition"] == finding.condition and (rule["threshold"] is None or finding.value > rule["threshold"])
    ]
    return [max(met, key=lambda rule: rule["threshold"] or 0)] if met else []


def _alert(ledger: Ledger, rule: Row, finding: Finding, bot: str) -> Raised:
    ledger.put(AlertFiring, {"rule_id": rule["id"], "subject": finding.subject, "fired_at": ledger.received_at})
    return Raised(
        title=finding.title,
        message=finding.message[:2000],
        severity=rule["severity"],
        bot=bot,
        type=TYPES.get(finding.condition, "system"),
        trade_id=finding.trade_id,
        strategy=finding.strategy,
        data={"rule": rule["name"], "condition": finding.condition, "value": finding.value, "threshold": rule["threshold"]},
    )


# --- conditions ----------------------------------------------------------------------------------------------


def _nothing(_ledger: Ledger, _entry: Entry) -> Iterator[Finding]:
    return iter(())


def _in_event(_ledger: Ledger, entry: Entry) -> Iterator[Finding]:
    message = entry.body["message"]
    if entry.event_type == "RISK" and entry.body["metadata"].get("circuit_breaker"):
        yield Finding("circuit_breaker", _subject(entry.bot, message), "Circuit breaker tripped", message)
    elif entry.severity == "CRITICAL":
        yield Finding("critical_event", _subject(entry.bot, message), "Critical event", message)


def _in_position(ledger: Ledger, entry: Entry) -> Iterator[Finding]:
    body = entry.body
    stop, price = body["stop_loss"], body["current_price"]
    if stop and (price <= stop if body["side"] == "LONG" else price >= stop):
        position = ledger.find(Position, entry.bot, body["position_id"])
        opened_id = position["opened_id"] if position else entry.id
        yield _stop_hit(entry, opened_id, f"{body['symbol']} is at {price:g}, its stop loss at {stop:g}")


def _in_close(_ledger: Ledger, entry: Entry) -> Iterator[Finding]:
    body = entry.body
    result = body["final_pnl_pct"]
    message = f"{body['symbol']} closed at {result:+.2f} %"
    if (body["reason"] or "").lower() == "stop_loss":
        yield _stop_hit(entry, body["opened_id"], f"{body['symbol']} closed at its stop loss, {result:+.2f} %")
    subject = _subject(entry.bot, f"{body['position_id']}#{entry.id}")
    if result > 0:
        yield Finding("closed_above", subject, "Large gain", message, result, body["strategy"], entry.id)
    else:
        yield Finding("closed_below", subject, "Large loss", message, -result, body["strategy"], entry.id)


def _stop_hit(entry: Entry, opened_id: int | None, message: str) -> Finding:
    """Make the update past the stop and the close at it one subject, so that they raise one alert."""
    subject = _subject(entry.bot, f"{entry.body['position_id']}@{opened_id}")
    trade_id = entry.id if entry.kind == "close" else None
    return Finding("stop_loss_hit", subject, "Stop loss hit", message, strategy=entry.body["strategy"], trade_id=trade_id)


def _in_snapshot(ledger: Ledger, entry: Entry) -> Iterator[Finding]:
    state = bot_state(ledger, entry.bot)
    if state["snapshot_at"] is not None and entry.at <= state["snapshot_at"]:
        return
    index = _grown(state, entry)
    peak = max(index, state["peak_index"] or index)
    ledger.put(BotState, {**state, "snapshot_at": entry.at, "snapshot_value": entry.body["total_value"], "equity_index": index, "peak_index": peak})
    depth = round(percent(peak - index, peak) or 0.0, 9)  # the index is a product of quotients: ten percent must not become a hair more
    yield Finding("drawdown", entry.bot, "Drawdown", f"{entry.bot} is {depth:.2f} % below its peak", depth)


def _grown(state: Row, entry: Entry) -> float:
    """Return the growth of 1 since the first snapshot, time-weighted: a deposit just before the snapshot is no return."""
    before = state["snapshot_value"]
    if not state["equity_index"] or not before or before <= 0:
        return 1.0
    growth: float = (entry.body["total_value"] - (entry.body["deposit"] or 0)) / before
    return max(0.0, float(state["equity_index"]) * growth)


def bot_state(ledger: Ledger, bot: str) -> Row:
    """Return what is known of a bot, as the whole row that a change must put back."""
    fresh: Row = dict.fromkeys(("heartbeat_seconds", "snapshot_at", "snapshot_value", "equity_index", "peak_index", "starting_balance"))
    known = ledger.find(BotState, bot) or {**fresh, "bot": bot, "first_seen": ledger.received_at}
    return {**known, "last_seen": ledger.received_at}


def _subject(bot: str, rest: str) -> str:
    return f"{bot}: {rest}"[:500]


_FINDERS = {"event": _in_event, "position": _in_position, "close": _in_close, "snapshot": _in_snapshot}
