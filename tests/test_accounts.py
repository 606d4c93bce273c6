"""Users, sessions, tokens, links and the audit log, on both databases."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from pydantic import SecretStr
from sqlalchemy import select

from data import times
from data.accounts import Accounts, recall
from data.errors import Code, Refused
from data.schema import ApiToken, AuditEntry, Session, SignInLink, User
from data.settings import Settings
from data.store import Store

PASSWORD = "correct horse battery"
FRESH = 0.1


@pytest.fixture(autouse=True)
def _short_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let two seconds pass quickly; promised is that a revocation elsewhere counts within five."""
    assert recall.FRESH_SECONDS <= 2
    monkeypatch.setattr(recall, "FRESH_SECONDS", FRESH)


@pytest.fixture
def accounts(store: Store, settings: Settings) -> Accounts:
    made = Accounts(store, settings)
    made.add_user("admin", PASSWORD, "admin")
    return made


@pytest.fixture
def cookie(accounts: Accounts) -> str:
    return signed_in(accounts)


def shut_out(accounts: Accounts) -> None:
    accounts.add_user("another", PASSWORD, "admin")  # the last one cannot be
    accounts.set_disabled("admin", True)


def signed_in(accounts: Accounts, name: str = "admin") -> str:
    cookie = accounts.sign_in(name, PASSWORD, address="192.0.2.1", user_agent="test")
    assert cookie is not None
    return cookie


def audit_of(store: Store) -> list[Any]:
    with store.read() as connection:
        return list(connection.execute(select(AuditEntry.__table__).order_by(AuditEntry.id)))


# --- users ---------------------------------------------------------------------------------------------------


def test_first_start_makes_a_random_admin_password_and_tells_it_once(store: Store, settings: Settings) -> None:
    """S8: no default account."""
    accounts = Accounts(store, settings)
    password = accounts.ensure_admin()
    assert password is not None
    assert accounts.ensure_admin() is None
    assert accounts.sign_in("admin", password, address="") is not None
    assert accounts.sign_in("admin", "admin", address="") is None


def test_admin_password_of_the_environment_is_taken_over_and_ends_sessions_when_changed(store: Store, settings: Settings) -> None:
    def started_with(password: str) -> Accounts:
        accounts = Accounts(store, settings.model_copy(update={"botv2_admin_password": SecretStr(password)}))
        assert accounts.ensure_admin() is None
        return accounts

    first = started_with("first password")
    cookie = first.sign_in("admin", "first password", address="")
    assert cookie is not None
    assert started_with("first password").resolve_session(cookie) is not None
    second = started_with("second password")
    assert second.resolve_session(cookie) is None
    assert second.sign_in("admin", "first password", address="") is None
    assert second.sign_in("admin", "second password", address="") is not None


def test_password_is_stored_as_argon2id_with_the_parameters_of_the_specification(accounts: Accounts, store: Store) -> None:
    """S9: argon2id, 19 MiB, two rounds, one lane."""
    with store.read() as connection:
        stored = connection.execute(select(User.password_hash)).scalar_one()
    assert stored is not None
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert PASSWORD not in stored


@pytest.mark.parametrize(
    ("name", "password", "role", "field"),
    [
        ("", "12345678", "viewer", "name"),
        ("x", "short", "viewer", "password"),
        ("a\x00b", "12345678", "viewer", "name"),
        ("x", "12345678", "boss", "role"),
    ],
)
def test_faulty_user_is_refused_with_the_field_named(accounts: Accounts, name: str, password: str, role: str, field: str) -> None:
    with pytest.raises(Refused) as refusal:
        accounts.add_user(name, password, role)
    assert list(refusal.value.fields) == [field]


def test_name_that_is_taken_is_a_conflict(accounts: Accounts) -> None:
    with pytest.raises(Refused) as refusal:
        accounts.add_user("admin", PASSWORD, "viewer")
    assert refusal.value.code == Code.CONFLICT


@pytest.mark.parametrize("name", ["nobody", "a\x00b", "x" * 300, "", "\ud800"])
def test_unknown_and_impossible_names_fail_like_a_wrong_password(accounts: Accounts, name: str) -> None:
    assert accounts.sign_in(name, PASSWORD, address="") is None


def test_password_that_is_too_long_is_wrong_even_when_its_beginning_is_right(accounts: Accounts) -> None:
    accounts.set_password("admin", "p" * 1024)
    assert accounts.sign_in("admin", "p" * 1025, address="") is None
    assert accounts.sign_in("admin", "p" * 1024, address="") is not None


@pytest.mark.parametrize(
    ("role", "scopes"), [("viewer", {"read"}), ("operator", {"read", "ingest", "control"}), ("admin", {"read", "ingest", "control", "admin"})]
)
def test_role_decides_the_scopes(accounts: Accounts, role: str, scopes: set[str]) -> None:
    accounts.add_user("somebody", PASSWORD, role)
    principal = accounts.resolve_session(signed_in(accounts, "somebody"))
    assert principal is not None
    assert (principal.role, principal.scopes, principal.bot) == (role, frozenset(scopes), None)
    assert principal.reader.startswith("session:")


# --- sessions --------------------------------------------------------------------------------------------------


def test_store_holds_no_cookie_token_link_or_password(accounts: Accounts, store: Store, cookie: str) -> None:
    """S3, S27: a dump of the database opens nothing."""
    secrets = [cookie, accounts.create_token("bot", {"read"}), accounts.create_link("admin"), PASSWORD]
    dump = []
    with store.read() as connection:
        for table in (User, Session, ApiToken, SignInLink, AuditEntry):
            dump += [str(tuple(row)) for row in connection.execute(select(table.__table__))]
    assert not [secret for secret in secrets if secret in "\n".join(dump)]


@pytest.mark.parametrize(
    "end",
    [
        lambda accounts, digest: accounts.revoke_session(digest),
        lambda accounts, digest: accounts.revoke_sessions("admin"),
        lambda accounts, digest: accounts.set_password("admin", "another password"),
        lambda accounts, digest: shut_out(accounts),
        lambda accounts, digest: [accounts.add_user("another", PASSWORD, "admin"), accounts.set_role("admin", "viewer")],
    ],
    ids=["session", "all sessions", "password", "disabled", "role"],
)
def test_ended_session_counts_at_once_here_and_within_seconds_in_another_process(
    accounts: Accounts, store: Store, settings: Settings, cookie: str, end: Any
) -> None:
    """S3: sign-out, password change and disabling end a session."""
    other = Accounts(store, settings)
    principal = other.resolve_session(cookie)
    assert principal is not None
    assert accounts.is_live(principal)
    end(accounts, principal.digest)
    assert accounts.resolve_session(cookie) is None
    assert not accounts.is_live(principal)
    threading.Event().wait(FRESH * 1.5)
    assert other.resolve_session(cookie) is None
    assert not other.is_live(principal)


def test_session_ends_when_idle_and_use_prolongs_it_up_to_the_absolute_limit(accounts: Accounts, store: Store, settings: Settings) -> None:
    """S5: 30 minutes idle, 12 hours absolute."""
    with time_machine.travel("2026-01-22T20:00:00Z", tick=False) as clock:
        cookie, idle = signed_in(accounts), signed_in(accounts)
        clock.shift(timedelta(minutes=29))
        principal = accounts.resolve_session(cookie)
        assert principal is not None
        accounts.touch(principal)
        clock.shift(timedelta(minutes=2))
        assert accounts.resolve_session(idle) is None
        assert accounts.resolve_session(cookie) is not None
        assert Accounts(store, settings).resolve_session(cookie) is not None, "the use is in the store"
        for _ in range(30):
            clock.shift(timedelta(minutes=25))
            if found := accounts.resolve_session(cookie):
                accounts.touch(found)
        assert times.now() - times.parse_iso("2026-01-22T20:00:00Z") > timedelta(hours=12)
        assert accounts.resolve_session(cookie) is None


def test_use_is_written_at_most_once_a_minute(accounts: Accounts, store: Store) -> None:
    def written() -> Any:
        with store.read() as connection:
            return connection.execute(select(Session.last_used_at)).scalar_one()

    with time_machine.travel("2026-01-22T20:00:00Z", tick=False) as clock:
        cookie = signed_in(accounts)
        start = written()
        principal = accounts.resolve_session(cookie)
        assert principal is not None
        clock.shift(30)
        accounts.touch(principal)
        assert written() == start
        clock.shift(30)
        accounts.touch(principal)
        assert written() == start + timedelta(minutes=1)


def test_clock_that_is_set_back_ends_no_session(accounts: Accounts, cookie: str) -> None:
    with time_machine.travel(times.now() - timedelta(hours=3), tick=False):
        principal = accounts.resolve_session(cookie)
        assert principal is not None
        accounts.touch(principal)
        assert accounts.resolve_session(cookie) is not None


def test_sessions_are_listed_without_those_that_ended(accounts: Accounts, cookie: str) -> None:
    signed_in(accounts)
    principal = accounts.resolve_session(cookie)
    assert principal is not None
    assert len(accounts.list_sessions("admin")) == 2
    accounts.revoke_session(principal.digest)
    (left,) = accounts.list_sessions("admin")
    assert left["digest"] != principal.digest
    assert (left["address"], left["user_agent"]) == ("192.0.2.1", "test")


# --- tokens ------------------------------------------------------------------------------------------------------


def test_token_opens_what_its_scopes_say_in_every_process(accounts: Accounts, store: Store, settings: Settings) -> None:
    token = Accounts(store, settings).create_token("bot", {"read", "ingest"}, bot="alpha")
    principal = accounts.resolve_token(token)
    assert principal is not None
    assert token.startswith("bv2_")
    assert (principal.scopes, principal.bot, principal.role, principal.reader) == (frozenset({"read", "ingest"}), "alpha", None, principal.id)


def test_revoked_token_is_refused_at_once_here_and_within_seconds_elsewhere(accounts: Accounts, store: Store, settings: Settings) -> None:
    token, other = accounts.create_token("bot", {"read"}), Accounts(store, settings)
    assert other.resolve_token(token) is not None
    (row,) = accounts.list_tokens()
    assert accounts.revoke_token(row["id"])
    assert not accounts.revoke_token(row["id"])
    assert accounts.resolve_token(token) is None
    threading.Event().wait(FRESH * 1.5)
    assert other.resolve_token(token) is None


def test_token_expires(accounts: Accounts) -> None:
    with time_machine.travel("2026-01-22T20:00:00Z", tick=False) as clock:
        token = accounts.create_token("bot", {"read"}, expires_in=timedelta(hours=1))
        assert accounts.resolve_token(token) is not None
        clock.shift(3600)
        assert accounts.resolve_token(token) is None


@pytest.mark.parametrize("text", ["", "bv2_", "bv2_wrong", "wrong", "bv2_\x00", "bv2_\udcff"])
def test_text_that_is_no_token_opens_nothing(accounts: Accounts, text: str) -> None:
    assert accounts.resolve_token(text) is None


@pytest.mark.parametrize(
    ("scopes", "name", "bot", "field"),
    [([], "x", None, "scopes"), (["admin"], "x", None, "scopes"), (["read"], " ", None, "name"), (["read"], "x", "", "bot")],
)
def test_faulty_token_is_refused_with_the_field_named(accounts: Accounts, scopes: list[str], name: str, bot: str | None, field: str) -> None:
    with pytest.raises(Refused) as refusal:
        accounts.create_token(name, scopes, bot=bot)
    assert list(refusal.value.fields) == [field]


def test_list_of_tokens_says_when_each_was_used_and_holds_no_secret(accounts: Accounts) -> None:
    token = accounts.create_token("bot", {"read"})
    assert accounts.list_tokens()[0]["last_used_at"] is None
    accounts.resolve_token(token)
    (row,) = accounts.list_tokens()
    assert row["last_used_at"] is not None
    assert token not in str(row)
    assert "digest" not in row


def test_a_store_that_is_locked_holds_up_one_request_of_a_token_or_session_and_not_all(
    accounts: Accounts, cookie: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = accounts.create_token("bot", {"read"})
    principal = accounts.resolve_session(cookie)
    assert principal is not None
    tries = []

    def locked(**_options: Any) -> Iterator[None]:
        tries.append(1)
        raise Refused(Code.STORAGE_BUSY, "busy")

    monkeypatch.setattr(store, "write", locked)
    for _ in range(3):
        assert accounts.resolve_token(token)
        threading.Event().wait(FRESH * 1.5)
    assert len(tries) == 1
    with time_machine.travel(times.now() + timedelta(minutes=2), tick=False):
        for _ in range(3):
            accounts.touch(principal)
    assert len(tries) == 2


def test_what_was_known_counts_while_the_store_cannot_be_read(accounts: Accounts, cookie: str, monkeypatch: pytest.MonkeyPatch) -> None:
    token = accounts.create_token("bot", {"read"})
    assert accounts.resolve_token(token)
    assert accounts.resolve_session(cookie)

    def gone() -> Iterator[None]:
        raise Refused(Code.STORAGE_UNAVAILABLE, "gone")

    monkeypatch.setattr("data.accounts.recall.time.monotonic", lambda: 1e12)
    monkeypatch.setattr(accounts._store, "read", gone)
    assert accounts.resolve_token(token)
    assert accounts.resolve_session(cookie)
    with pytest.raises(Refused):
        accounts.resolve_token("bv2_never_seen")


# --- links -------------------------------------------------------------------------------------------------------


def test_link_signs_in_once_however_many_try_at_the_same_time(accounts: Accounts) -> None:
    link = accounts.create_link("admin")
    with ThreadPoolExecutor(8) as pool:
        cookies = list(pool.map(lambda _: accounts.use_link(link, address=""), range(8)))
    (cookie,) = [cookie for cookie in cookies if cookie]
    assert accounts.resolve_session(cookie) is not None


def test_link_dies_after_a_quarter_of_an_hour_and_with_its_user(accounts: Accounts) -> None:
    with time_machine.travel("2026-01-22T20:00:00Z", tick=False) as clock:
        old, young = accounts.create_link("admin"), accounts.create_link("admin")
        clock.shift(timedelta(minutes=15))
        assert accounts.use_link(old, address="") is None
        clock.shift(timedelta(minutes=-1))
        shut_out(accounts)
        assert accounts.use_link(young, address="") is None
    assert accounts.use_link("never made", address="") is None


# --- audit -------------------------------------------------------------------------------------------------------


def test_every_change_and_sign_in_leaves_a_row_that_says_who_what_and_from_where(accounts: Accounts, store: Store) -> None:
    """S34: each security action leaves one row."""
    cookie = signed_in(accounts)
    accounts.sign_in("admin", "wrong password", address="192.0.2.9")
    principal = accounts.resolve_session(cookie)
    assert principal is not None
    accounts.revoke_session(principal.digest, actor="admin", address="192.0.2.1", action="sign_out")
    accounts.create_token("bot", {"read"})
    accounts.revoke_token(accounts.list_tokens()[0]["id"])
    accounts.set_password("admin", "another password", actor="admin")
    accounts.audit("admin", "stats.reset", address="192.0.2.1", before={"n": 1}, after={"n": 0})
    rows = audit_of(store)
    assert [row.action for row in rows] == [
        "user.add",
        "sign_in",
        "sign_in.failed",
        "sign_out",
        "token.create",
        "token.revoke",
        "user.password",
        "stats.reset",
    ]
    assert (rows[2].actor, rows[2].address) == ("admin", "192.0.2.9")
    assert (rows[-1].before, rows[-1].after) == ({"n": 1}, {"n": 0})


def test_refusals_that_repeat_are_counted_and_not_written_one_by_one(accounts: Accounts, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 1000.0
    monkeypatch.setattr("data.accounts.audit.time.monotonic", lambda: moment)
    for _ in range(5):
        accounts.audit_refusal("anonymous", "refused.401", "/api/x", "192.0.2.1", 401)
    moment += 61
    accounts.audit_refusal("anonymous", "refused.401", "/api/x", "192.0.2.1", 401)
    first, second = [row for row in audit_of(store) if row.action == "refused.401"]
    assert first.after == {"status": 401}
    assert second.after == {"status": 401, "repeated_before": 4}
