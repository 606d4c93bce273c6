"""The settings' callbacks as the browser calls them, and as somebody calls them who may not; and the page in a real one."""

from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from app.pages import settings as settings_page
from components.ids import Id
from components.people import ONLY_ADMINS
from components.settings import MAY_NOT
from components.words import Speech, _, speaking
from tests.support.page import click, find, open_page, script, wait
from tests.support.server import LiveServer
from tests.test_components import ids_in, text

if TYPE_CHECKING:
    from dash import Dash
    from dash.testing.browser import Browser
    from flask.testing import FlaskClient

    from data.desk import Desk

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)  # the page cannot tell the databases apart
Call = Callable[..., Any]


@pytest.fixture
def call(app: "Dash", client: "FlaskClient", desk: "Desk", bearer: dict[str, str]) -> Call:
    """Call the callback that a component (and `also` others) triggers, with values for its inputs and states.

    As the one who is signed in with `client`, or as somebody who has a `role`, or with a token of every scope where that is None.
    """

    def send(trigger: str, *values: object, role: str | None = "operator", signed_in: bool = False, also: tuple[str, ...] = ()) -> Any:
        entry = next(one for one in app._callback_list if one["inputs"][0]["id"] == trigger)
        ends = [*entry["inputs"], *entry["state"]]
        filled = [{**end, "value": value} for end, value in zip(ends, values, strict=True)]
        outputs = [part.rpartition(".") for part in entry["output"].strip(".").split("...")]
        body = {
            "output": entry["output"],
            "outputs": [{"id": id, "property": name} for id, _, name in outputs]
            if len(outputs) > 1
            else {"id": outputs[0][0], "property": outputs[0][2]},
            "inputs": filled[: len(entry["inputs"])],
            "state": filled[len(entry["inputs"]) :],
            "changedPropIds": [f"{end['id']}.{end['property']}" for end in entry["inputs"] if end["id"] in {trigger, *also}],
        }
        headers = bearer if role is None and not signed_in else {}
        return (client if signed_in or role is None else browser_of(role)).post("/_dash-update-component", json=body, headers=headers)

    @cache
    def browser_of(role: str) -> "FlaskClient":
        desk.accounts.add_user(f"some {role}", "correct horse battery", role)
        made: FlaskClient = app.server.test_client()
        made.post("/login", data={"username": f"some {role}", "password": "correct horse battery"})
        return made

    return send


def names(desk: "Desk") -> list[str]:
    return [token["name"] for token in desk.accounts.list_tokens()]


def test_a_token_is_made_with_the_wanted_scopes_and_shown_once(call: Call, desk: "Desk") -> None:
    answer = call(Id.ACCESS_CREATE, 1, " my bot ", ["read", "ingest"], "", "30")
    assert answer.status_code == 200
    made = desk.accounts.list_tokens()[0]
    assert (made["name"], made["scopes"], made["bot"], made["created_by"]) == ("my bot", "ingest read", None, "some operator")
    assert made["expires_at"] - made["created_at"] == timedelta(days=30)
    assert made["prefix"] in answer.text
    assert made["prefix"] + "…" in call(Id.ACCESS_CHANGED, None).json["response"][Id.ACCESS_LIST].__str__()


@pytest.mark.parametrize("form", [("", ["read"], ""), ("x", [], ""), ("x", ["root"], ""), ("x", None, 7), (None, [["read"]], None)])
def test_a_form_that_is_wrong_makes_no_token_and_says_why(call: Call, desk: "Desk", form: tuple[Any, ...]) -> None:
    before = len(names(desk))
    answer = call(Id.ACCESS_CREATE, 1, *form, [])
    assert answer.status_code == 200
    assert "No token was made" in answer.text
    assert len(names(desk)) == before


def test_who_may_only_look_makes_revokes_and_lists_no_token(call: Call, desk: "Desk") -> None:
    desk.accounts.create_token("kept", ["ingest"])
    kept = str(desk.accounts.list_tokens()[0]["id"])
    for role in ("viewer", None):  # nor does a token, whatever its scopes are
        assert call(Id.ACCESS_CREATE, 1, "mine", ["control"], "", "never", role=role).status_code == 403
        assert call(Id.ACCESS_REVOKE, kept, role=role).status_code == 403
        assert call(Id.ACCESS_CHANGED, None, role=role).status_code == 204
    call(Id.ACCESS_REVOKE, kept)  # of somebody else
    assert "kept" not in call(Id.ACCESS_CHANGED, None).text
    assert "kept" in call(Id.ACCESS_CHANGED, None, role="admin").text
    assert "mine" not in names(desk)
    assert next(token for token in desk.accounts.list_tokens() if token["name"] == "kept")["revoked_at"] is None


@pytest.mark.parametrize("number", [None, 7, "x", "-1", "9" * 40, "٣"])
def test_a_forged_number_revokes_nothing_and_breaks_nothing(call: Call, number: object) -> None:
    assert call(Id.ACCESS_REVOKE, number).status_code in {200, 204}


def test_a_token_is_revoked_by_its_number(call: Call, desk: "Desk") -> None:
    desk.accounts.create_token("gone", ["ingest"])
    assert call(Id.ACCESS_REVOKE, str(desk.accounts.list_tokens()[0]["id"]), role="admin").status_code == 200
    assert next(token for token in desk.accounts.list_tokens() if token["name"] == "gone")["revoked_at"] is not None


@pytest.mark.usefixtures("backend")
def test_the_page_tells_a_viewer_that_it_may_not() -> None:
    page = settings_page.layout(False)
    assert MAY_NOT in text(page)
    assert Id.ACCESS_CREATE not in ids_in(page)


# --- language, formats, what only the server knows ---------------------------------------------------------------


@pytest.fixture
def person(client: "FlaskClient", desk: "Desk") -> int:
    """A viewer who has signed in with this client."""
    number = desk.accounts.add_user("ada", "correct horse battery", "viewer")
    assert client.post("/login", data={"username": "ada", "password": "correct horse battery"}).status_code == 302
    return number


def test_the_form_shows_what_was_chosen_and_keeps_what_is_changed(call: Call, desk: "Desk", person: int) -> None:
    shown = call(Id.SETTINGS_OPEN, None, signed_in=True).json["response"]
    fields = (Id.SETTINGS_LANGUAGE, Id.SETTINGS_NUMBERS, Id.SETTINGS_ZONE, Id.SETTINGS_CURRENCY)
    assert [shown[field]["value"] for field in fields] == ["auto", "auto", "", "auto"]
    assert "365" in str(shown[Id.SETTINGS_RETENTION])
    assert call(Id.SETTINGS_LANGUAGE, "auto", "auto", "", "auto", signed_in=True).status_code == 204, "nothing was changed"
    saved = call(Id.SETTINGS_LANGUAGE, "de", "auto", "Europe/Berlin", "EUR", signed_in=True, also=fields).json["response"]
    assert saved[Id.SETTINGS_SAVED]["data"] == ["currency", "language", "time_zone"]
    assert desk.preferences.of(person) == {"language": "de", "time_zone": "Europe/Berlin", "currency": "EUR"}
    assert call(Id.SETTINGS_LANGUAGE, "de", "auto", "", "auto", signed_in=True).status_code == 204, "what an older tab still shows is no choice"
    call(Id.SETTINGS_LANGUAGE, "de", "auto", "", "EUR", signed_in=True, also=fields)
    assert desk.preferences.of(person) == {"language": "de", "currency": "EUR"}, "an empty field is no choice"


@pytest.mark.usefixtures("person")
def test_a_zone_that_is_none_is_refused_in_words_and_a_token_has_no_preferences(call: Call, desk: "Desk", person: int) -> None:
    zone = (Id.SETTINGS_ZONE,)
    refused = call(Id.SETTINGS_LANGUAGE, "auto", "auto", "Mars/Olympus", "auto", signed_in=True, also=zone).json["response"]
    assert refused[Id.SETTINGS_SAVED]["data"] is None
    assert "Europe/Berlin" in refused[Id.SETTINGS_FAULT]["children"]
    values: tuple[Any, ...] = (7, [], {"a": 1}, "a\0", "x" * 500)
    for nasty in values:
        answer = call(Id.SETTINGS_LANGUAGE, nasty, "auto", nasty, "auto", signed_in=True, also=zone)
        assert answer.json["response"][Id.SETTINGS_SAVED]["data"] is None
    assert desk.preferences.of(person) == {}
    assert call(Id.SETTINGS_LANGUAGE, "de", "auto", "", "", role=None).status_code == 403


def test_an_admin_sees_the_users_and_the_audit_log_and_others_their_own_account_alone(call: Call, client: "FlaskClient", desk: "Desk") -> None:
    desk.accounts.add_user("ada", "correct horse battery", "admin")
    desk.accounts.add_user("bob", "correct horse battery", "operator")
    desk.accounts.set_disabled("bob", True)
    for role in ("operator", None):
        assert ONLY_ADMINS in str(call(Id.PEOPLE_CHANGED, None, role=role).json["response"][Id.SETTINGS_USERS])
        assert call(Id.AUDIT_WANTED, None, role=role).status_code == 204
    client.post("/login", data={"username": "ada", "password": "correct horse battery"}, headers={"User-Agent": "Netscape 4"})
    shown = call(Id.PEOPLE_CHANGED, None, signed_in=True).json["response"]
    assert all(part in str(shown[Id.SETTINGS_USERS]) for part in ("bob", "Operator", "shut out", "/users/"))
    assert all(part in str(shown[Id.PEOPLE_ACCOUNT]) for part in ("Netscape 4", "this one", "/me/two-factor"))
    questions: tuple[Any, ...] = (None, {"action": "disable"}, {"limit": 10**9}, {"x": 1}, [], "x", {"actor": "a\0"}, {"cursor": "x"})
    for wanted in questions:
        assert call(Id.AUDIT_WANTED, wanted, signed_in=True).status_code in {200, 400}, wanted
    assert "user.disable" in call(Id.AUDIT_WANTED, {"action": "disable"}, signed_in=True).text
    assert "user.add" not in call(Id.AUDIT_WANTED, {"action": "disable"}, signed_in=True).text
    assert "as they were written" in call(Id.AUDIT_WANTED, {"verify": True}, signed_in=True).text


def test_looks_act_at_once_and_outlive_a_reload_and_a_language_speaks_on_the_whole_page(signed_in: "Browser", live_server: LiveServer) -> None:
    open_page(signed_in, live_server, "/settings")
    root = "return document.documentElement"
    wait(signed_in).until(lambda _: script(signed_in, "return document.querySelectorAll('#settings-zones option').length") > 300)
    click(signed_in, ".settings-card [data-pair-choice=blue-orange]")
    click(signed_in, ".settings-card [data-amounts-choice]")
    assert script(signed_in, f"{root}.dataset.pair") == "blue-orange"
    assert find(signed_in, ".settings-card [data-amounts-choice]").get_attribute("aria-pressed") == "true"
    script(signed_in, "document.body.insertAdjacentHTML('beforeend', '<b class=amount id=sum>1,234.00</b>')")
    assert script(signed_in, "return getComputedStyle(document.getElementById('sum')).visibility") == "hidden"
    assert script(signed_in, "return getComputedStyle(document.getElementById('sum'), '::after').content") == '"•••"'
    wait(signed_in).until(
        lambda _: script(signed_in, "return fetch('/api/preferences').then((a) => a.json()).then((a) => a.data.preferences.hide_amounts)")
    )
    script(signed_in, "localStorage.clear()")
    open_page(signed_in, live_server, "/settings")
    assert script(signed_in, f"{root}.dataset.pair + document.documentElement.dataset.amounts") == "blue-orangehidden", "the account has kept it"
    wait(signed_in).until(lambda _: find(signed_in, f"#{Id.SETTINGS_LANGUAGE}").get_attribute("value") == "auto")
    script(signed_in, "window.before = true")
    click(signed_in, f"#{Id.SETTINGS_LANGUAGE} option[value=de]")
    wait(signed_in).until(lambda _: script(signed_in, "return !window.before && document.documentElement.lang === 'de'"))
    with speaking(Speech("de")):
        settings, hidden = _("Settings"), _("Hide amounts")
    wait(signed_in).until(lambda _: settings in find(signed_in, f"#{Id.TITLE}").text)
    wait(signed_in).until(lambda _: hidden in find(signed_in, f"#{Id.PAGE}").text)
    assert signed_in.get_logs() == []
