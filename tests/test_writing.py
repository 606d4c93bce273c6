"""How a commit reaches the tables: every kind of record in one, to the last digit, and nothing read back that this process knows."""

import time

import pytest
from sqlalchemy import select

from data import tail, upsert
from data.desk import Desk
from data.records import WRITE_MODELS, Draft, validated
from data.schema import BotState, Counter, Journal, Portfolio, Strategy, Trade
from data.settings import Settings
from tests.support.api import ALERT, CANDLE, EVENT, POSITION, SIGNAL, SNAPSHOT, TRADE, without

ODD = "100 % \"quoted\" 'too' %s %(rows)s \\ \u0661 \U0001f600"


def draft(kind: str, fields: dict[str, object]) -> Draft:
    return validated(WRITE_MODELS[kind], fields)


def test_one_commit_writes_each_kind_of_record_to_the_last_digit(desk: Desk) -> None:
    trade = {**TRADE, "entry_price": 0.1 + 0.2, "size": 1e18, "fees": 5e-324, "strategy": ODD, "tags": [ODD], "bot": "a"}
    beat = {"heartbeat_seconds": 0.1, "deep": {"n": 2**63 - 1}}
    alive = {**without(EVENT, "timestamp"), "event_type": "SYSTEM", "message": ODD, "metadata": beat, "bot": "a"}
    drafts = [draft("event", alive), draft("event", {**EVENT, "bot": "b"}), draft("trade", trade), draft("snapshot", {**SNAPSHOT, "bot": "c"})]
    drafts += [draft(kind, fields) for kind, fields in {"signal": SIGNAL, "position": POSITION, "alert": ALERT, "candle": CANDLE}.items()]
    outcomes = desk.journal.append(drafts)
    with desk.store.read() as connection:
        stored = [{"id": row.id, **row.body} for row in connection.execute(select(Journal.id, Journal.body).order_by(Journal.id))]
        kept = connection.execute(select(Trade.__table__)).mappings().one()
        strategy = connection.execute(select(Strategy.__table__)).mappings().one()
        beats = {row.bot: row.heartbeat_seconds for row in connection.execute(select(BotState.__table__))}
        worth = connection.execute(select(Portfolio.total_value)).scalar_one()
        head = connection.scalar(select(Counter.value).where(Counter.name == "last_id"))
    assert stored == [outcome.record for outcome in outcomes]
    assert (kept["entry_price"], kept["size"], kept["fees"], kept["tags"], kept["notes"]) == (0.1 + 0.2, 1e18, 5e-324, [ODD], None)
    assert (strategy["name"], strategy["parameters"], kept["strategy_id"]) == (ODD, None, strategy["id"])
    assert (beats, worth, head) == ({"a": 0.1, "b": None, "c": None, "default": None}, SNAPSHOT["total_value"], len(drafts))


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_an_import_that_is_too_much_for_one_statement_is_one_commit_all_the_same(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upsert, "PARCEL_ROWS", 3)
    trades = [draft("trade", {**TRADE, "trade_id": f"t{number}", "strategy": f"s{number}"}) for number in range(10)]
    assert [outcome.record["id"] for outcome in desk.journal.append(trades)] == [*range(1, 11)]
    with desk.store.read() as connection:
        pairs = connection.execute(select(Trade.trade_id, Strategy.name).join(Strategy, Strategy.id == Trade.strategy_id).order_by(Trade.id))
        assert [tuple(pair) for pair in pairs] == [(f"t{number}", f"s{number}") for number in range(10)]
        assert connection.scalar(select(Counter.value).where(Counter.name == "trades")) == 10


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_process_reads_back_what_others_wrote_and_nothing_of_its_own(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "HEAL_SECONDS", 60.0)
    looks: list[tail.Tail] = []
    catch_up = tail.Tail.catch_up

    def counted(followed: tail.Tail) -> None:
        looks.append(followed)
        catch_up(followed)

    monkeypatch.setattr(tail.Tail, "catch_up", counted)
    own, other = Desk.open(settings), Desk.open(settings)
    own.start()
    try:
        for _ in range(10):
            own.journal.append([draft("event", EVENT)])
        other.journal.append([draft("event", EVENT)])
        deadline = time.monotonic() + 10
        while own.journal.tail.applied < 11 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert own.journal.tail.applied == 11
        assert looks.count(own.journal.tail) <= 3  # at the start, maybe in step with the first commit, and at the other's notice
    finally:
        own.close()
        other.close()
