"""What a person has chosen is kept with the account, counts in every process, and belongs to nobody else."""

from typing import TYPE_CHECKING, Any, get_args

import pytest
from sqlalchemy import delete

from components.words import LANGUAGES
from data.errors import Refused
from data.preferences import KNOWN, Language, Preferences
from data.schema import Preference, User
from tests.support.waiting import until

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from data.desk import Desk
    from data.store import Store

PASSWORD = "correct horse battery"
GOOD: dict[str, Any] = {
    "language": "de",
    "number_format": "auto",
    "time_zone": "Europe/Berlin",
    "currency": None,
    "views": [{"name": "Gold", "path": "/trades", "search": "?range=30d"}],
    "presets": [{"name": "Losers", "panel": "trades", "search": "max_pnl=0"}],
    "columns": {"trades": {"hidden": ["fees"], "order": ["symbol"], "widths": {"symbol": 120.5}}},
    "pair": "blue-orange",
    "hide_amounts": True,
}
BAD: list[tuple[str, Any]] = [
    ("language", "tlh"), ("language", None), ("language", ["de"]), ("number_format", 7), ("time_zone", "Mars/Olympus"), ("time_zone", None),
    ("time_zone", "../etc/passwd"), ("currency", ""), ("currency", "X" * 21), ("currency", "U\0SD"), ("pair", "pink"), ("hide_amounts", "yes"),
    ("hide_amounts", 1), ("views", [GOOD["views"][0]] * 51), ("views", [{"name": "x" * 81, "path": "/", "search": ""}]),
    ("views", [{"name": "x", "path": "//e", "search": 1}]),
    ("views", [{"name": "x", "path": "https://evil.example", "search": ""}]), ("views", {}), ("presets", [{"name": "", "panel": "p", "search": ""}]),
    ("views", [{"name": "x", "path": "/", "search": "x" * 2001}]), ("views", [{"name": "x", "path": "/", "search": "x" * 1999}] * 9),
    ("columns", {"trades": {"widths": {"a": float("nan")}}}), ("columns", {"trades": {"other": 1}}), ("columns", []),
]  # fmt: skip  # a table


@pytest.fixture
def person(desk: "Desk") -> int:
    return desk.accounts.add_user("ada", PASSWORD, "viewer")


@pytest.fixture
def elsewhere(store: "Store") -> Preferences:
    """The preferences as another process has them."""
    return Preferences(store)


def test_what_is_chosen_is_kept_for_this_person_alone_and_can_be_forgotten(desk: "Desk", person: int) -> None:
    other = desk.accounts.add_user("bob", PASSWORD, "viewer")
    assert set(GOOD) == set(KNOWN)
    for name, value in GOOD.items():
        assert desk.preferences.put(person, name, value) == value
        assert desk.preferences.of(person)[name] == value
    assert desk.preferences.put(person, "language", "fr") == desk.preferences.of(person)["language"] == "fr"
    assert desk.preferences.of(other) == {}
    assert desk.preferences.remove(person, "language")
    assert not desk.preferences.remove(person, "language")
    assert desk.preferences.of(person) == {name: value for name, value in GOOD.items() if name != "language"}


def test_what_cannot_be_is_refused_and_changes_nothing(desk: "Desk", person: int) -> None:
    for name, value in BAD:
        with pytest.raises(Refused) as refusal:
            desk.preferences.put(person, name, value)
        assert refusal.value.code == "invalid_fields", (name, value)
        assert all(field.startswith("value") for field in refusal.value.fields), refusal.value.fields
    with pytest.raises(Refused, match="no such preference"):
        desk.preferences.put(person, "colour", "x")
    assert desk.preferences.of(person) == {}


def test_another_process_sees_a_change_within_two_seconds(desk: "Desk", person: int, elsewhere: Preferences) -> None:
    assert elsewhere.of(person) == {}
    desk.preferences.put(person, "currency", "EUR")
    until(lambda: elsewhere.of(person) == {"currency": "EUR"})


def test_who_goes_takes_the_choices_along(desk: "Desk", person: int, store: "Store", elsewhere: Preferences) -> None:
    desk.preferences.put(person, "pair", "red-green")
    with store.write() as connection:
        connection.execute(delete(User).where(User.id == person))
        assert connection.execute(Preference.__table__.select()).all() == []
    assert elsewhere.of(person) == {}


def test_the_languages_that_can_be_chosen_are_those_that_are_spoken() -> None:
    assert set(get_args(Language)) == {"auto", *LANGUAGES}


# --- over REST -------------------------------------------------------------------------------------------------


@pytest.fixture
def signed_in(client: "FlaskClient", person: int) -> "FlaskClient":
    """Ada's browser; she may look at everything and change nothing, but for what is her own."""
    assert client.post("/login", data={"username": "ada", "password": PASSWORD}).status_code == 302
    return client


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_person_reads_and_changes_her_own_over_rest_and_a_token_has_none(
    signed_in: "FlaskClient", bearer: dict[str, str], desk: "Desk", person: int
) -> None:
    for name, value in GOOD.items():
        answer = signed_in.put(f"/api/preferences/{name}", json={"value": value})
        assert (answer.status_code, answer.get_json()["data"]) == (200, {"name": name, "value": value})
    assert signed_in.get("/api/preferences").get_json()["data"] == {"preferences": GOOD}
    assert signed_in.delete("/api/preferences/views").get_json()["message"] == "forgotten"
    assert signed_in.delete("/api/preferences/views").get_json()["message"] == "nothing was chosen"
    assert "views" not in desk.preferences.of(person)
    for method, path, body in (("GET", "", None), ("PUT", "/pair", {"value": "blue-orange"}), ("DELETE", "/pair", None)):
        refused = signed_in.open(f"/api/preferences{path}", method=method, json=body, headers=bearer)
        assert refused.status_code == 403
        assert "sign in" in refused.get_json()["error"]["message"]
    for name, value in BAD:
        if "nan" not in str(value):  # JSON has none
            refused = signed_in.put(f"/api/preferences/{name}", json={"value": value})
            assert (refused.status_code, refused.get_json()["error"]["code"]) == (422, "invalid_fields"), name
    assert signed_in.put("/api/preferences/nothing", json={"value": 1}).status_code == 404
    assert signed_in.delete("/api/preferences/nothing").status_code == 404
    assert signed_in.put("/api/preferences/pair", json={"value": "red-green", "more": 1}).status_code == 422
    assert signed_in.put("/api/preferences/pair", json={}).status_code == 422
    assert signed_in.put("/api/preferences/pair", json={"value": "red-green"}, headers={"Origin": "https://evil.example"}).status_code == 403
