"""Sign-in, sign-out, one-time links, and what keeps a session alive."""

import statistics
import time
from datetime import timedelta
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient

from data.errors import Refused
from data.settings import PLACEHOLDERS, Settings
from data.store import Store
from tests.support.doors import PASSWORD, build_doors, sign_in


def is_in(client: FlaskClient) -> bool:
    return client.get("/api/monitoring/pulse").status_code == 200


def cookie_of(client: FlaskClient) -> str:
    cookie = client.get_cookie("session")
    assert cookie is not None
    return cookie.value


# --- in --------------------------------------------------------------------------------------------------------------


def test_right_password_leads_to_the_wanted_page(client: FlaskClient) -> None:
    answer = client.post("/login?next=/monitoring", data={"username": "admin", "password": PASSWORD})
    assert (answer.status_code, answer.location) == (302, "/monitoring")
    assert is_in(client)
    assert sign_in(client).location == "/"
    assert client.post("/login", data={"username": "admin", "password": PASSWORD, "next": "//evil.example"}).location == "/"


@pytest.mark.parametrize(
    "form", [{"username": "admin", "password": "wrong"}, {"username": "admin"}, {}, {"username": "a\x00b", "password": PASSWORD}]
)
def test_wrong_password_shows_the_form_again(client: FlaskClient, form: dict[str, str]) -> None:
    answer = client.post("/login", data=form)
    assert (answer.status_code, answer.mimetype) == (401, "text/html")
    assert "Set-Cookie" not in answer.headers
    assert not is_in(client)


def test_unknown_name_gets_the_same_bytes_in_the_same_time_as_a_wrong_password(client: FlaskClient) -> None:
    """S10: nothing tells which names exist."""
    bodies: set[tuple[int, bytes]] = set()
    durations: dict[str, list[float]] = {"admin": [], "nobody": []}
    for _ in range(15):
        for name, taken in durations.items():
            start = time.perf_counter()
            answer = client.post("/login", data={"username": name, "password": "wrong password"})
            taken.append(time.perf_counter() - start)
            bodies.add((answer.status_code, answer.data))
    assert len(bodies) == 1
    assert abs(statistics.median(durations["admin"]) - statistics.median(durations["nobody"])) < 0.015


def test_guessing_is_slowed_and_the_owner_still_gets_in_from_elsewhere(store: Store, settings: Settings) -> None:
    """S11: ten failures in a minute, then 429; S12: a header does not make another address."""
    doors = build_doors(store, settings.model_copy(update={"botv2_rate_limits": "on"}))
    client = doors.client()
    for number in range(10):
        assert sign_in(client, "wrong password", headers={"X-Forwarded-For": f"198.51.100.{number}"}).status_code == 401
    answer = sign_in(client, headers={"X-Forwarded-For": "198.51.100.99"})
    assert (answer.status_code, answer.mimetype) == (429, "text/html")
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert sign_in(client, environ_overrides={"REMOTE_ADDR": "192.0.2.7"}).status_code == 302


def test_sign_in_makes_a_new_session_and_ends_the_old_one(client: FlaskClient, doors: SimpleNamespace) -> None:
    """S4: a cookie that somebody else planted is not adopted."""
    client.set_cookie("session", "planted")
    sign_in(client)
    first = cookie_of(client)
    assert first != "planted"
    sign_in(client)
    assert cookie_of(client) != first
    thief = doors.client()
    thief.set_cookie("session", first)
    assert not is_in(thief)
    thief.set_cookie("session", "planted")
    assert not is_in(thief)


@pytest.mark.parametrize(("scheme", "name", "secure"), [("http", "session", False), ("https", "__Host-session", True)])
def test_cookie_is_out_of_reach_for_scripts_and_other_sites(client: FlaskClient, scheme: str, name: str, secure: bool) -> None:
    """S6: HttpOnly, SameSite=Lax, Path=/, and over TLS Secure and bound to the host."""
    for answer in (sign_in(client, base_url=f"{scheme}://localhost"), client.post("/logout", base_url=f"{scheme}://localhost")):
        assert answer.status_code == 302
        first, *attributes = answer.headers["Set-Cookie"].split("; ")
        assert first.startswith(f"{name}=")
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(attributes)
        assert ("Secure" in attributes) == secure
        assert not [attribute for attribute in attributes if attribute.startswith("Domain")]


def test_cookie_of_plain_http_is_not_taken_over_tls(client: FlaskClient) -> None:
    """S6: what anybody on the network may have planted."""
    sign_in(client)
    answer = client.get("/api/monitoring/stats", base_url="https://localhost", headers={"Cookie": f"session={cookie_of(client)}"})
    assert answer.status_code == 401


# --- out -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["logout", "password", "disabled"])
def test_cookie_that_was_copied_is_worthless_after(client: FlaskClient, doors: SimpleNamespace, end: str) -> None:
    """S3: sign-out, password change, disabling."""
    sign_in(client)
    thief = doors.client()
    thief.set_cookie("session", cookie_of(client))
    assert is_in(thief)
    if end == "logout":
        client.post("/logout")
    elif end == "password":
        doors.accounts.set_password("admin", "another password")
    else:
        doors.accounts.add_user("another", PASSWORD, "admin")  # the last admin cannot be shut out
        doors.accounts.set_disabled("admin", True)
    assert not is_in(thief)


def test_sign_out_clears_the_browser_and_a_get_only_shows_the_button(client: FlaskClient) -> None:
    """S13: no GET changes state."""
    sign_in(client)
    assert b"<button" in client.get("/logout").data
    assert is_in(client)
    answer = client.post("/logout")
    assert (answer.status_code, answer.location) == (302, "/login")
    assert "storage" in answer.headers["Clear-Site-Data"]
    assert client.get_cookie("session") is None
    assert client.post("/logout", headers={"Accept": "text/html"}).location == "/login"


# --- once ------------------------------------------------------------------------------------------------------------


def test_link_opens_one_session_by_its_button_and_none_by_being_looked_at(client: FlaskClient, doors: SimpleNamespace) -> None:
    link = f"/login/once/{doors.accounts.create_link('admin')}"
    for _ in range(3):
        assert client.get(link).status_code == 200
    assert not is_in(client)
    answer = client.post(link)
    assert (answer.status_code, answer.location) == (302, "/")
    assert is_in(client)
    assert doors.client().post(link).status_code == 401


# --- what is use -----------------------------------------------------------------------------------------------------


def callback(*changed: str) -> dict[str, Any]:
    return {"method": "POST", "path": "/_dash-update-component", "json": {"output": "x", "changedPropIds": list(changed)}}


BACKGROUND = [
    {"path": "/api/monitoring/pulse"},
    {"path": "/socket.io/"},
    {"path": "/assets/x.css"},
    {"path": "/api/monitoring/stats", "headers": {"X-Botv2-Background": "1"}},
    callback("version-events.data", "version-signals.data"),
    callback("pulse-interval.n_intervals"),
    callback(),
]
USE = [{"path": "/monitoring"}, {"path": "/api/monitoring/stats"}, callback("version-events.data", "filter.value"), callback("theme.n_clicks")]


@pytest.mark.parametrize(("request_", "prolongs"), [(entry, False) for entry in BACKGROUND] + [(entry, True) for entry in USE])
def test_only_what_a_person_does_keeps_a_session_alive(client: FlaskClient, request_: dict[str, Any], prolongs: bool) -> None:
    """S5: the page's own polling is not use."""
    with time_machine.travel("2026-01-22T20:00:00Z", tick=False) as clock:
        sign_in(client)
        for _ in range(4):
            clock.shift(timedelta(minutes=9))
            assert client.open(**request_).status_code in {200, 401}
        assert is_in(client) == prolongs


def test_session_ends_after_twelve_hours_of_use(client: FlaskClient) -> None:
    """S5: the absolute limit."""
    with time_machine.travel("2026-01-22T08:00:00Z", tick=False) as clock:
        sign_in(client)
        for _ in range(36):
            clock.shift(timedelta(minutes=20))
            assert client.get("/monitoring").status_code == 200
        clock.shift(timedelta(minutes=20))
        assert client.get("/api/monitoring/stats").status_code == 401


# --- what it looks like ------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """What a check of the page needs to know."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]


@pytest.mark.parametrize("path", ["/login", "/login/once/x", "/logout"])
def test_page_is_accessible_and_fetches_nothing_but_the_worker_of_the_offline_page(client: FlaskClient, path: str) -> None:
    if path == "/logout":
        sign_in(client)
    page = Page(client.get(path).text)
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("h1")) == len(page.all("main")) == len(page.all("form")) == 1
    assert [script["src"] for script in page.all("script")] == ["/register-worker.js"]
    assert not page.all("img")
    assert [link["href"] for link in page.all("link")] == ["data:,"]
    fields = [field for field in page.all("input") if field.get("type") != "hidden"]
    assert {field["id"] for field in fields} == {label["for"] for label in page.all("label")}
    assert all(field.get("autocomplete") for field in fields)


def test_wanted_page_is_text_in_the_form(client: FlaskClient) -> None:
    """S17: no markup from an address."""
    answer = client.get('/login?next=/"><script>alert(1)</script>')
    assert "<script>" not in answer.text


# --- settings ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["", "changeme", "ChangeMe", "x" * 15, "a" * 40, *sorted(PLACEHOLDERS)])
def test_known_or_short_secret_key_stops_the_start(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    """S7: placeholders are refused by name."""
    monkeypatch.setenv("SECRET_KEY", key)
    with pytest.raises(Refused) as refusal:
        Settings.load()
    assert list(refusal.value.fields) == ["SECRET_KEY"]
    assert not key or key not in str(refusal.value).split("(")[0]


def test_secret_key_is_made_once_and_readable_by_its_owner_alone(settings: Settings) -> None:
    """S7: 32 random bytes, mode 0600."""
    key = settings.signing_key()
    assert len(key) == 64
    assert settings.signing_key() == key
    assert (settings.botv2_data_dir / "secret_key").stat().st_mode & 0o777 == 0o600
