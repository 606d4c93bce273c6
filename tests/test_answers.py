"""Answers are kept by question, scope and version of the data, and computed once however many ask."""

import threading
from typing import Any

import pytest

from data.answers import Answers
from data.scope import Scope, TradeFilter, TradeStatisticsScope
from tests.support.api import Api


@pytest.fixture
def backend() -> str:
    return "sqlite"


class Memory(dict[str, Any]):
    """A cache that forgets nothing."""

    def set(self, key: str, value: Any) -> None:
        self[key] = value


class Question:
    """A question that counts how often it is computed."""

    def __init__(self) -> None:
        self.computed = 0

    def __call__(self) -> dict[str, Any]:
        self.computed += 1
        return {"n": self.computed}


@pytest.fixture
def answers() -> Answers:
    answers = Answers()
    answers.cache = Memory()
    return answers


def test_an_answer_is_computed_once_for_a_version_and_anew_for_the_next(answers: Answers) -> None:
    question = Question()
    assert [answers.get("q", Scope(), (1, 1), question) for _ in range(3)] == [{"n": 1}] * 3
    assert answers.get("q", Scope(), (1, 2), question) == {"n": 2}
    assert answers.get("q", Scope(), (1, 1), question) == {"n": 1}


def test_another_question_or_scope_has_an_answer_of_its_own(answers: Answers) -> None:
    question = Question()
    asked = [("q", TradeFilter()), ("r", TradeFilter()), ("q", TradeFilter(symbol=("A",))), ("q", TradeFilter(bot=("A",)))]
    assert [answers.get(name, scope, (1,), question)["n"] for name, scope in asked] == [1, 2, 3, 4]
    assert [answers.get(name, scope, (1,), question)["n"] for name, scope in asked] == [1, 2, 3, 4]


def test_without_a_cache_every_answer_is_computed() -> None:
    question = Question()
    assert [Answers().get("q", Scope(), (1,), question)["n"] for _ in range(2)] == [1, 2]


def test_those_who_ask_at_once_wait_for_the_one_who_computes(answers: Answers) -> None:
    at_work, go_on = threading.Event(), threading.Event()
    found: list[dict[str, Any]] = []

    def slow() -> dict[str, Any]:
        at_work.set()
        assert go_on.wait(10)
        return {"by": threading.current_thread().name}

    def ask() -> None:
        found.append(answers.get("q", Scope(), (1,), slow))

    first = threading.Thread(target=ask, name="first")
    first.start()
    assert at_work.wait(10)
    others = [threading.Thread(target=ask) for _ in range(5)]
    for thread in others:
        thread.start()
    go_on.set()
    for thread in [first, *others]:
        thread.join(10)
    assert found == [{"by": "first"}] * 6


def test_who_waited_for_a_computation_that_failed_computes_itself(answers: Answers) -> None:
    def fail() -> dict[str, Any]:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        answers.get("q", Scope(), (1,), fail)
    assert answers.get("q", Scope(), (1,), Question()) == {"n": 1}


def test_a_new_record_is_in_the_very_next_answer(api: Api) -> None:
    def total() -> Any:
        return api.get("/api/trades/stats")["data"]["total_trades"]

    trade = {"kind": "trade", "symbol": "A", "direction": "long", "size": 1, "entry_price": 1, "entry_time": "2024-01-01T00:00:00Z"}
    closed = {**trade, "exit_price": 2, "exit_time": "2024-01-01T01:00:00Z"}
    assert total() == total() == 0
    for number in (1, 2, 3):
        api.batch({**closed, "trade_id": str(number)})
        assert total() == total() == number


def test_a_scope_reads_the_same_from_text_as_from_values() -> None:
    assert TradeStatisticsScope.model_validate({"symbol": "A,B", "days": "7"}) == TradeStatisticsScope(symbol=("A", "B"), days=7)
