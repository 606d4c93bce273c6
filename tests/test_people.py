"""People over REST: who may do what to whom, on the real app; and what a change of a role ends."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pyotp
import pytest
from sqlalchemy import update

from app.cli import main
from data.accounts import recall
from data.errors import Code, Refused
from data.schema import AuditEntry

if TYPE_CHECKING:
    from dash import Dash
    from flask.testing import FlaskClient

    from data.desk import Desk
    from data.settings import Settings

PASSWORD = "correct horse battery"
API = "/api/people"
ROLES = {"ada": "admin", "oscar": "operator", "vera": "viewer", "vince": "viewer"}
As = Callable[[str], "FlaskClient"]


@pytest.fixture
def backend() -> str:
    """What differs between the databases is tested in test_accounts, test_audit and test_two_factor."""
    return "sqlite"


@pytest.fixture
def people(app: "Dash", desk: "Desk") -> SimpleNamespace:
    """Four people, and `browser(name)`, a new one that is signed in."""
    numbers = {name: desk.accounts.add_user(name, PASSWORD, role) for name, role in ROLES.items()}

    def browser(name: str) -> "FlaskClient":
        client: FlaskClient = app.server.test_client()
        assert client.post("/login", data={"username": name, "password": PASSWORD}).status_code == 302
        return client

    return SimpleNamespace(numbers=numbers, browser=browser)


def calls_of_admins(number: int) -> list[tuple[str, str, Any]]:
    return [
        ("GET", "/users", None),
        ("POST", "/users", {"name": "new"}),
        ("PATCH", f"/users/{number}", {"role": "admin"}),
        ("POST", f"/users/{number}/link", None),
        ("GET", f"/users/{number}/sessions", None),
        ("DELETE", f"/users/{number}/sessions", None),
        ("DELETE", f"/users/{number}/two-factor", None),
        ("GET", "/audit", None),
        ("GET", "/audit/verify", None),
        ("GET", "/audit/export", None),
    ]


def send(client: "FlaskClient", method: str, path: str, body: Any = None, **options: Any) -> Any:
    return client.open(API + path, method=method, **({} if body is None else {"json": body}), **options)


def test_only_an_admin_manages_people_and_no_token_does(people: SimpleNamespace, client: "FlaskClient", bearer: dict[str, str]) -> None:
    """S28, S1: what is an admin's is refused to every other role and to a token with every scope."""
    viewer, operator = people.browser("vera"), people.browser("oscar")
    for method, path, body in calls_of_admins(people.numbers["vince"]):
        for answer in (send(viewer, method, path, body), send(operator, method, path, body), send(client, method, path, body, headers=bearer)):
            assert (answer.status_code, answer.get_json()["error"]["code"]) == (403, "forbidden"), (method, path)
    assert send(viewer, "GET", "/tokens").status_code == 403
    assert send(client, "GET", "/me", headers=bearer).status_code == 403
    admin = people.browser("ada")
    assert {user["name"]: user["role"] for user in send(admin, "GET", "/users").get_json()["data"]["users"]} == ROLES


def test_anothers_sessions_and_tokens_do_not_exist_for_anybody_but_an_admin(people: SimpleNamespace, desk: "Desk") -> None:
    """S28: two users, all ids, all verbs: 404."""
    desk.accounts.create_token("of the command line", ["read"])
    second = desk.accounts.add_user("otto", PASSWORD, "operator")
    assert second
    browsers = {name: people.browser(name) for name in ("oscar", "otto", "vera", "ada")}
    for name in ("oscar", "otto", "ada"):
        assert send(browsers[name], "POST", "/tokens", {"name": f"{name}'s", "scopes": ["ingest"]}).status_code == 201
    tokens = {row["name"]: row["id"] for row in desk.accounts.list_tokens()}
    sessions = {name: desk.accounts.list_sessions(name)[0]["id"] for name in browsers}
    for name in ("oscar", "otto", "vera"):
        others = [f"/sessions/{identity}" for owner, identity in sessions.items() if owner != name]
        others += [f"/tokens/{number}" for owner, number in tokens.items() if owner != f"{name}'s" and name != "vera"]
        for path in [*others, "/sessions/x", "/sessions/%25", "/sessions/" + "_" * 16]:
            assert send(browsers[name], "DELETE", path).status_code == 404, (name, path)
            assert send(browsers[name], "GET", path).status_code in {404, 405}
            assert send(browsers[name], "PATCH", path, {"name": "x"}).status_code in {404, 405}
    assert [row["name"] for row in send(browsers["oscar"], "GET", "/tokens").get_json()["data"]["tokens"]] == ["oscar's"]
    assert len(send(browsers["ada"], "GET", "/tokens").get_json()["data"]["tokens"]) == 4
    assert send(browsers["oscar"], "DELETE", "/tokens/{oscar's}".format_map(tokens)).status_code == 200
    assert send(browsers["ada"], "DELETE", "/tokens/{otto's}".format_map(tokens)).status_code == 200
    assert send(browsers["ada"], "DELETE", f"/sessions/{sessions['vera']}").status_code == 200
    assert send(browsers["vera"], "GET", "/me").status_code == 401


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("POST /users", {"name": "x", "is_admin": True}),
        ("POST /users", {"name": "x", "id": 1}),
        ("POST /users", {"name": "x", "role": "root"}),
        ("POST /users", {"name": ""}),
        ("PATCH /users/1", {"role": None}),
        ("PATCH /users/1", {}),
        ("PATCH /users/1", {"disabled": "yes"}),
        ("PATCH /users/1", {"password_hash": "x"}),
        ("POST /tokens", {"name": "x", "scopes": ["admin"]}),
        ("POST /tokens", {"name": "x", "scopes": ["read"], "created_by": 1}),
        ("POST /me/password", {"present": PASSWORD, "password": "long enough it is", "role": "admin"}),
        ("POST /me/password", {"present": PASSWORD, "password": "short"}),
        ("POST /me/password", {"present": "wrong", "password": "long enough it is"}),
    ],
)
def test_no_field_but_those_of_the_document_is_taken(people: SimpleNamespace, desk: "Desk", path: str, body: dict[str, Any]) -> None:
    """S29: mass assignment."""
    before = desk.accounts.list_users(), desk.accounts.list_tokens()
    method, _, address = path.partition(" ")
    assert send(people.browser("ada"), method, address, body).status_code == 422
    assert (desk.accounts.list_users(), desk.accounts.list_tokens()) == before


def test_the_last_admin_stays_one(people: SimpleNamespace, desk: "Desk") -> None:
    admin, number = people.browser("ada"), people.numbers["ada"]
    for body in ({"role": "viewer"}, {"disabled": True}):
        answer = send(admin, "PATCH", f"/users/{number}", body)
        assert (answer.status_code, "last admin" in answer.get_json()["error"]["message"]) == (409, True)
    assert send(admin, "PATCH", f"/users/{people.numbers['vera']}", {"role": "admin"}).status_code == 200
    assert send(admin, "PATCH", f"/users/{number}", {"role": "viewer"}).get_json()["data"]["role"] == "viewer"
    assert send(admin, "GET", "/me").status_code == 401, "another role ends the session"
    with pytest.raises(Refused) as refused:
        desk.accounts.set_disabled("vera", True)
    assert refused.value.code == Code.CONFLICT


def test_who_makes_a_token_bounds_it_for_ever(people: SimpleNamespace, desk: "Desk", client: "FlaskClient", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recall, "FRESH_SECONDS", 0.0)
    made = send(people.browser("oscar"), "POST", "/tokens", {"name": "x", "scopes": ["read", "control"], "expires_days": 1.5})
    token = {"Authorization": f"Bearer {made.get_json()['data']['token']}"}
    clear = "/api/monitoring/activity/clear"
    assert client.post(clear, headers=token).status_code == 200
    desk.accounts.set_role("oscar", "viewer")
    assert (client.post(clear, headers=token).status_code, client.get("/api/monitoring/stats", headers=token).status_code) == (403, 200)
    desk.accounts.set_disabled("oscar", True)
    assert client.get("/api/monitoring/stats", headers=token).status_code == 401
    desk.accounts.set_disabled("oscar", False)
    desk.accounts.set_role("oscar", "operator")
    assert client.post(clear, headers=token).status_code == 200
    (row,) = [row for row in desk.accounts.list_tokens() if row["name"] == "x"]
    assert (row["created_by"], row["expires_at"] is not None) == ("oscar", True)


def test_own_password_needs_the_present_one_and_ends_every_session(people: SimpleNamespace, desk: "Desk") -> None:
    """S3: a copied cookie is worthless after it."""
    here, there = people.browser("vera"), people.browser("vera")
    assert send(here, "POST", "/me/password", {"present": PASSWORD, "password": "another password"}).status_code == 200
    assert {send(client, "GET", "/me").status_code for client in (here, there)} == {401}
    assert desk.accounts.sign_in("vera", PASSWORD, address="") is None
    assert desk.accounts.sign_in("vera", "another password", address="") is not None


def test_other_sessions_end_and_the_one_that_asks_stays(people: SimpleNamespace) -> None:
    here, there = people.browser("vera"), people.browser("vera")
    listed = send(here, "GET", "/sessions").get_json()["data"]["sessions"]
    assert sorted(session["this"] for session in listed) == [False, True]
    assert send(here, "DELETE", "/sessions").status_code == 200
    assert (send(here, "GET", "/me").status_code, send(there, "GET", "/me").status_code) == (200, 401)


def test_a_new_user_chooses_the_password_by_a_link_that_works_once(people: SimpleNamespace, app: "Dash", desk: "Desk") -> None:
    admin = people.browser("ada")
    made = send(admin, "POST", "/users", {"name": "nina", "role": "operator"}).get_json()["data"]
    assert (made["user"]["role"], made["user"]["has_password"]) == ("operator", False)
    assert send(admin, "POST", "/users", {"name": "nina"}).status_code == 409
    link = made["link"].removeprefix("http://localhost")
    stranger = app.server.test_client()
    assert "new-password" in stranger.get(link).text
    assert stranger.post(link, data={"password": "short"}).status_code == 422
    assert stranger.post(link, data={"password": PASSWORD}).status_code == 302
    assert send(stranger, "GET", "/me").get_json()["data"]["name"] == "nina"
    assert app.server.test_client().post(link, data={"password": "another password"}).status_code == 401
    assert desk.accounts.sign_in("nina", PASSWORD, address="") is not None


def test_a_reset_ends_the_sessions_when_it_is_used_and_not_before(people: SimpleNamespace, app: "Dash") -> None:
    owner, admin = people.browser("vera"), people.browser("ada")
    link = send(admin, "POST", f"/users/{people.numbers['vera']}/link").get_json()["data"]["link"].removeprefix("http://localhost")
    assert send(owner, "GET", "/me").status_code == 200
    assert app.server.test_client().post(link, data={"password": "another password"}).status_code == 302
    assert send(owner, "GET", "/me").status_code == 401


def test_the_command_line_lists_changes_and_unlocks_people_and_verifies_the_audit_log(
    desk: "Desk", settings: "Settings", monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", settings.store_url)
    monkeypatch.setenv("BOTV2_DATA_DIR", str(settings.botv2_data_dir))

    def run(*arguments: str) -> tuple[int, str]:
        return main(arguments), capsys.readouterr().out

    for name in ("ada", "eve"):
        desk.accounts.add_user(name, PASSWORD, "admin")
    secret = desk.accounts.begin_two_factor("eve", PASSWORD, address="")
    desk.accounts.confirm_two_factor("eve", pyotp.TOTP(secret).now(), address="")
    assert "second factor" in run("user", "list")[1]
    assert run("user", "unlock", "eve") == (0, "switched the second factor of eve off\n")
    assert run("user", "role", "eve", "viewer")[0] == 0
    assert run("user", "disable", "eve")[0] == 0
    assert "viewer" in run("user", "list")[1].splitlines()[1]
    assert run("user", "disable", "ada")[0] == 2, "the last admin"
    assert run("user", "enable", "eve")[0] == 0
    assert run("user", "link", "eve")[1].startswith("/login/once/")
    status, said = run("audit", "verify")
    assert (status, "rows hold" in said) == (0, True)
    assert run("audit", "verify", "--anchor", said.split()[-1])[0] == 0
    with desk.store.write() as connection:
        connection.execute(update(AuditEntry).where(AuditEntry.id == 2).values(actor="nobody"))
    status, said = run("audit", "verify")
    assert (status, said.startswith("row 2:")) == (1, True)
