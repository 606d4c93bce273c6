"""What each change by a person does to the tables; `data.edits` says what may be changed."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from data import alerting, book, rules
from data.edits import Edit, TradeChange, threshold_fault
from data.entries import Effect, Outcome, Row
from data.errors import Code, Refused
from data.ledger import Ledger
from data.schema import AlertRule, Annotation, Base, BotState, Strategy, Trade
from data.times import iso

ANNOTATION_FIELDS = ("id", "chart_id", "date", "text", "type", "color", "icon", "user", "bot", "created_at", "updated_at")
LAST_GONE_RULE = "last_gone_rule"  # the largest id that a deleted rule had: none is given twice
RULE_FIELDS = ("id", "name", "condition", "threshold", "severity", "cooldown_seconds", "enabled")


def annotation_record(row: Row) -> Row:
    """Return a row of the annotation table as a read gives it."""
    return {name: iso(row[name]) if name in {"date", "created_at", "updated_at"} else row[name] for name in ANNOTATION_FIELDS}


def rule_record(row: Row) -> Row:
    """Return a row of the table of alert rules as a read gives it."""
    return {name: row[name] for name in RULE_FIELDS}


def post_edit(ledger: Ledger, draft: Edit, bot: str) -> Outcome:
    """Do what the edit says. Raises `Refused` when the row is not there or the tables contradict."""
    return EDITORS[draft.action](ledger, draft, bot)


def _sent(draft: Edit) -> Row:
    return {} if draft.body is None else {name: getattr(draft.body, name) for name in draft.body.model_fields_set}


def _created(ledger: Ledger, kind: str, bot: str, record: Row) -> Outcome:
    ledger.append(kind, bot, ledger.received_at, record, Effect.ADDED)
    return Outcome(record, Effect.ADDED)


def _changed(ledger: Ledger, table: type[Base], kind: str, known: Row, changes: Row, record: Callable[[Row], Row]) -> Outcome:
    """Put `known` with `changes` in its place; what changes nothing is no record."""
    row = known | changes
    if row == known:
        return Outcome(record(known), Effect.SAME)
    if "updated_at" in known:
        row["updated_at"] = ledger.received_at
    ledger.put(table, row)
    ledger.append(kind, row.get("bot", "default"), ledger.received_at, record(row), Effect.EDITED)
    return Outcome(record(row), Effect.EDITED, record(known))


def _refuse_taken(found: Row | None) -> None:
    if found is not None:
        raise Refused(Code.CONFLICT, "the name is taken", fields={"name": "is taken; names are unique"})


def _missing(what: str) -> Refused:
    return Refused(Code.NOT_FOUND, f"there is no {what} with this id")


# --- strategies ------------------------------------------------------------------------------------------------


def _create_strategy(ledger: Ledger, draft: Edit, bot: str) -> Outcome:
    sent = _sent(draft)
    _refuse_taken(ledger.find(Strategy, sent["name"]))
    book.strategy_id(ledger, sent["name"], ledger.counter("last_id") + 1, bot)
    row = book.strategy(ledger, sent["name"]) | sent
    ledger.put(Strategy, row)
    return _created(ledger, "strategy", bot, book.strategy_record(row))


def _change_strategy(ledger: Ledger, draft: Edit, _bot: str) -> Outcome:
    name = ledger.connection.scalar(select(Strategy.name).where(Strategy.id == draft.target))
    if name is None:
        raise _missing("strategy")
    known = book.strategy(ledger, name)
    draft.refuse_foreign(known["bot"])
    return _changed(ledger, Strategy, "strategy", known, _sent(draft), book.strategy_record)


def _set_balance(ledger: Ledger, draft: Edit, bot: str) -> Outcome:
    sent = {"strategy": None, **_sent(draft)}
    body = {**sent, "bot": bot}
    heard = ledger.find(BotState, bot)
    state = rules.bot_state(ledger, bot) | ({} if heard is None else {"last_seen": heard["last_seen"]})  # a person's word is no sign of life
    strategy = None if sent["strategy"] is None else ledger.find(Strategy, sent["strategy"])
    known = [row["starting_balance"] for row in (state, strategy) if row is not None]
    if known == [sent["starting_balance"]] * len(known) and (strategy or not sent["strategy"]):
        return Outcome(body, Effect.SAME)
    entry = ledger.append("balance", bot, ledger.received_at, body, Effect.EDITED)
    ledger.put(BotState, state | {"starting_balance": sent["starting_balance"]})
    if sent["strategy"] is not None:
        book.strategy_id(ledger, sent["strategy"], entry.id, bot)
        ledger.put(
            Strategy, book.strategy(ledger, sent["strategy"]) | {"starting_balance": sent["starting_balance"], "updated_at": ledger.received_at}
        )
    return Outcome(body, Effect.EDITED)


# --- trades ----------------------------------------------------------------------------------------------------


def _change_trade(ledger: Ledger, draft: Edit, _bot: str) -> Outcome:
    key = ledger.connection.execute(select(Trade.bot, Trade.trade_id).where(Trade.id == draft.target)).first()
    known = None if key is None else ledger.find(Trade, *key)
    if known is None:
        raise _missing("trade")
    draft.refuse_foreign(known["bot"])
    assert isinstance(draft.body, TradeChange)  # noqa: S101  # narrows the type; the endpoint's model is this one
    changes = _sent(draft)
    if draft.body.ending:
        _check_ending(draft.body, known)
        unsettled = known | {"pnl": None, "net_pnl": None}  # what an open trade said of itself is no result
        changes |= {"status": "closed", **book.settled(unsettled | changes | {"status": "closed"})}
    if known | changes == known:
        return Outcome(book.trade_record(known), Effect.SAME)
    outcome = book.keep_trade(ledger, known | changes, known, Effect.EDITED)
    return Outcome(outcome.record, outcome.effect, book.trade_record(known))


def _check_ending(change: TradeChange, known: Row) -> None:
    if known["status"] != "open":
        raise Refused(Code.CONFLICT, "the trade is not open", fields={"status": f"is {known['status']}"})
    faults = {}
    if change.exit_time is None:
        faults["exit_time"] = "is required to close a trade"
    elif change.exit_time < known["entry_time"]:
        faults["exit_time"] = f"lies before entry_time, {iso(known['entry_time'])}"
    if change.exit_price is None and change.net_pnl is None:
        faults["exit_price"] = "is required to close a trade, or net_pnl"
    if faults:
        raise Refused(Code.INVALID_FIELDS, "the trade was not closed", fields=faults)


# --- annotations ---------------------------------------------------------------------------------------------


def _create_annotation(ledger: Ledger, draft: Edit, bot: str) -> Outcome:
    sent = {name: getattr(draft.body, name) for name in ("chart_id", "date", "text", "type", "color", "icon")}
    stamps = {"created_at": ledger.received_at, "updated_at": ledger.received_at}
    row = {"id": ledger.counter("last_id") + 1, **sent, "user": draft.user, "bot": bot, **stamps}
    ledger.put(Annotation, row)
    return _created(ledger, "annotation", bot, annotation_record(row))


def _annotation(ledger: Ledger, draft: Edit) -> Row:
    if (known := ledger.find(Annotation, draft.target)) is None:
        raise _missing("annotation")
    draft.refuse_foreign(known["bot"])
    return known


def _change_annotation(ledger: Ledger, draft: Edit, _bot: str) -> Outcome:
    return _changed(ledger, Annotation, "annotation", _annotation(ledger, draft), _sent(draft), annotation_record)


def _delete_annotation(ledger: Ledger, draft: Edit, _bot: str) -> Outcome:
    known = _annotation(ledger, draft)
    return _removed(ledger, Annotation, "annotation", known["bot"], annotation_record(known))


def _removed(ledger: Ledger, table: type[Base], kind: str, bot: str, record: Row) -> Outcome:
    ledger.append(kind, bot, ledger.received_at, record, Effect.REMOVED)
    ledger.remove(table, record["id"])
    return Outcome(record, Effect.REMOVED, record)


# --- alert rules -----------------------------------------------------------------------------------------------


def _rule_named(ledger: Ledger, name: str) -> Row | None:
    return next((rule for rule in ledger.all_rules() if rule["name"] == name), None)


def _create_rule(ledger: Ledger, draft: Edit, bot: str) -> Outcome:
    fields: Any = draft.body
    _refuse_taken(_rule_named(ledger, fields.name))
    taken = max((rule["id"] for rule in ledger.all_rules()), default=0)
    row = {name: getattr(fields, name) for name in RULE_FIELDS if name != "id"}
    row |= {"id": max(taken, ledger.counter(LAST_GONE_RULE)) + 1, "severity": fields.severity.value}
    ledger.put(AlertRule, row)
    return _created(ledger, "alert_rule", bot, rule_record(row))


def _rule(ledger: Ledger, draft: Edit) -> Row:
    if (known := ledger.find(AlertRule, draft.target)) is None:
        raise _missing("alert rule")
    return known


def _change_rule(ledger: Ledger, draft: Edit, _bot: str) -> Outcome:
    known, changes = _rule(ledger, draft), _sent(draft)
    if changes.get("name", known["name"]) != known["name"]:
        _refuse_taken(_rule_named(ledger, changes["name"]))
    if "severity" in changes:
        changes["severity"] = changes["severity"].value
    if fault := threshold_fault(known["condition"], changes.get("threshold", known["threshold"])):
        raise Refused(Code.INVALID_FIELDS, "the rule was not changed", fields={"threshold": fault})
    return _changed(ledger, AlertRule, "alert_rule", known, changes, rule_record)


def _delete_rule(ledger: Ledger, draft: Edit, bot: str) -> Outcome:
    known = _rule(ledger, draft)
    ledger.set_counter(LAST_GONE_RULE, max(known["id"], ledger.counter(LAST_GONE_RULE)))
    return _removed(ledger, AlertRule, "alert_rule", bot, rule_record(known))


EDITORS: dict[str, Callable[[Ledger, Edit, str], Outcome]] = {
    "strategy.create": _create_strategy,
    "strategy.change": _change_strategy,
    "balance.set": _set_balance,
    "trade.change": _change_trade,
    "annotation.create": _create_annotation,
    "annotation.change": _change_annotation,
    "annotation.delete": _delete_annotation,
    "alert.acknowledge": alerting.change_status,
    "alert.resolve": alerting.change_status,
    "rule.create": _create_rule,
    "rule.change": _change_rule,
    "rule.delete": _delete_rule,
}
