"""The journal's writer when too much waits, when the store takes too long, and when it fails itself: callers are told, and nobody is lost."""

from typing import Any

import pytest

from data import journal
from data.desk import Desk
from data.errors import Refused
from tests.support.api import EVENT, Api


@pytest.fixture
def backend() -> str:
    """What waits does so before any database."""
    return "sqlite"


def stored(desk: Desk) -> int:
    return int(desk.statistics()["total_events"])


def refused(api: Api, **headers: str) -> tuple[str, str]:
    """Report an event that is refused for now; return the code, and after how many seconds to come again."""
    response = api.send("/activity", b'{"event_type": "SYSTEM", "message": "m"}', **headers)
    assert response.status_code == 503
    return response.get_json()["error"]["code"], response.headers["Retry-After"]


def test_when_too_many_records_wait_the_next_is_refused_at_once_and_says_when_to_come_again(
    api: Api, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(journal, "QUEUE_REQUESTS", 0)
        assert refused(api) == ("storage_busy", "1")
    api.post("/activity", EVENT)
    assert stored(desk) == 1


def test_who_gave_up_waiting_and_asks_again_under_the_same_key_is_recorded_once(api: Api, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch, desk.journal._one_at_a_time:  # as if a commit did not end
        patch.setattr(journal, "ANSWER_SECONDS", 0.05)
        assert refused(api, Idempotency_Key="k") == ("storage_busy", "2")
    again = api.send("/activity", b'{"event_type": "SYSTEM", "message": "m"}', Idempotency_Key="k")
    assert (again.status_code, stored(desk)) == (201, 1)


def test_an_error_of_the_writer_itself_costs_its_callers_their_patience_and_nobody_else_anything(
    api: Api, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = desk.journal._commit
    faults = iter([RuntimeError("not foreseen")])

    def failing(batch: list[Any]) -> Refused | None:
        for fault in faults:
            raise fault
        return commit(batch)

    monkeypatch.setattr(desk.journal, "_commit", failing)
    with monkeypatch.context() as patch:
        patch.setattr(journal, "ANSWER_SECONDS", 0.05)
        assert refused(api) == ("storage_busy", "2")
    api.post("/activity", EVENT)
    assert stored(desk) == 1
