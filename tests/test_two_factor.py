"""The second factor: codes of an app, each once; recovery codes; slow guesses; and what a dump of the store tells."""

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyotp
import pytest
import time_machine
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import select

from data import times
from data.accounts import Accounts, CodeWanted
from data.errors import Code, Refused
from data.schema import AuditEntry, PendingSignIn, RecoveryCode, User
from data.settings import Settings
from data.store import Store
from tests.support.doors import PASSWORD, build_doors, sign_in


@pytest.fixture
def accounts(store: Store, settings: Settings) -> Accounts:
    made = Accounts(store, settings)
    made.add_user("ann", PASSWORD, "admin")
    return made


def switched_on(accounts: Accounts, name: str = "ann") -> tuple[pyotp.TOTP, list[str]]:
    """Switch it on with the code of the half minute before, so that the present one is fresh."""
    app = pyotp.TOTP(accounts.begin_two_factor(name, PASSWORD, address=""))
    return app, accounts.confirm_two_factor(name, app.at(times.now() - timedelta(seconds=30)), address="")


def pending(accounts: Accounts, name: str = "ann") -> str:
    with pytest.raises(CodeWanted) as wanted:
        accounts.sign_in(name, PASSWORD, address="")
    return wanted.value.pending


def test_a_code_signs_in_once_and_with_a_clock_that_is_half_a_minute_wrong(accounts: Accounts) -> None:
    with time_machine.travel("2026-01-22T20:00:15Z", tick=False) as clock:
        app, _codes = switched_on(accounts)
        code = app.at(times.now())
        assert accounts.enter_code(pending(accounts), code, address="") is not None
        assert accounts.enter_code(pending(accounts), code, address="") is None, "a code counts once"
        assert accounts.enter_code(pending(accounts), app.at(times.now() + timedelta(seconds=60)), address="") is None
        ahead = app.at(times.now() + timedelta(seconds=30))
        assert accounts.enter_code(pending(accounts), f"{ahead[:3]} {ahead[3:]}", address="") is not None
        clock.shift(30)
        assert accounts.enter_code(pending(accounts), code, address="") is None, "one before the last that counted"
        clock.shift(60)
        assert accounts.enter_code(pending(accounts), app.at(times.now() - timedelta(seconds=30)), address="") is not None
        for nonsense in ("", "abc", "١٢٣٤٥٦", "\0", "1" * 40):
            assert accounts.enter_code(pending(accounts), nonsense, address="") is None


def test_nothing_is_asked_for_before_the_first_code_is_shown(accounts: Accounts) -> None:
    secret = accounts.begin_two_factor("ann", PASSWORD, address="")
    assert accounts.sign_in("ann", PASSWORD, address="") is not None
    with pytest.raises(Refused) as refused:
        accounts.confirm_two_factor("ann", "000000" if pyotp.TOTP(secret).now() != "000000" else "111111", address="")
    assert refused.value.code == Code.INVALID_FIELDS
    switched_on(accounts)
    with pytest.raises(Refused) as refused:
        accounts.begin_two_factor("ann", PASSWORD, address="")
    assert refused.value.code == Code.CONFLICT
    with pytest.raises(Refused) as refused:
        accounts.end_own_two_factor("ann", "wrong", address="")
    assert refused.value.code == Code.INVALID_FIELDS
    accounts.end_own_two_factor("ann", PASSWORD, address="")
    assert accounts.sign_in("ann", PASSWORD, address="") is not None


def test_each_recovery_code_counts_once_and_new_ones_replace_them(accounts: Accounts) -> None:
    _app, codes = switched_on(accounts)
    assert len(set(codes)) == 10
    assert accounts.enter_code(pending(accounts), codes[0].upper(), address="") is not None
    assert accounts.enter_code(pending(accounts), codes[0], address="") is None
    assert accounts.two_factor(1)["recovery_codes"] == 9
    new = accounts.renew_recovery_codes("ann", PASSWORD, address="")
    assert accounts.enter_code(pending(accounts), codes[1], address="") is None
    assert accounts.enter_code(pending(accounts), new[1].replace("-", ""), address="") is not None


def test_what_is_pending_opens_nothing_and_ends_after_five_minutes_or_five_codes(accounts: Accounts) -> None:
    with time_machine.travel("2026-01-22T20:00:15Z", tick=False) as clock:
        app, codes = switched_on(accounts)
        waiting = pending(accounts)
        assert accounts.resolve_session(waiting) is None
        clock.shift(timedelta(minutes=5, seconds=1))
        old, tried, ended = waiting, pending(accounts), pending(accounts)
        for _ in range(5):
            assert accounts.enter_code(tried, "wrong", address="") is None
        accounts.revoke_sessions("ann")  # as a change of the password does
        for secret in (old, tried, ended, "never made"):
            with pytest.raises(Refused) as refused:
                accounts.enter_code(secret, app.at(times.now()), address="")
            assert refused.value.code == Code.UNAUTHENTICATED
        for _ in range(3):
            again = pending(accounts)
            for _ in range(5):
                accounts.enter_code(again, "wrong", address="")
        with pytest.raises(Refused) as refused:
            accounts.enter_code(pending(accounts), codes[0], address="")
        assert refused.value.code == Code.RATE_LIMITED, "20 codes in a quarter of an hour, from wherever they come"
        clock.shift(timedelta(minutes=16))
        assert accounts.enter_code(pending(accounts), codes[0], address="") is not None


def test_a_dump_of_the_store_holds_no_secret_and_another_key_does_not_open_it(
    accounts: Accounts, store: Store, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """S32, S3: the secret is encrypted under a key that is not in the store."""
    app, codes = switched_on(accounts)
    waiting = pending(accounts)
    with store.read() as connection:
        rows = [row for table in (User, RecoveryCode, PendingSignIn, AuditEntry) for row in connection.execute(select(table.__table__))]
    dump = "\n".join(str(tuple(row)) for row in rows)
    assert not [secret for secret in (app.secret, *codes, *(code.replace("-", "") for code in codes), waiting) if secret in dump]
    other = Accounts(store, settings.model_copy(update={"secret_key": SecretStr("another key, as long as it takes")}))
    assert other.enter_code(waiting, app.now(), address="") is None
    assert "SECRET_KEY" in caplog.text
    assert other.enter_code(waiting, codes[0], address="") is not None, "recovery codes need no key"


def test_every_step_leaves_a_row(accounts: Accounts, store: Store) -> None:
    """S34."""
    app, _codes = switched_on(accounts)
    waiting = pending(accounts)
    accounts.enter_code(waiting, "wrong", address="192.0.2.7")
    accounts.enter_code(waiting, app.now(), address="192.0.2.7")
    accounts.renew_recovery_codes("ann", PASSWORD, address="")
    accounts.end_two_factor("ann", actor="root")
    with store.read() as connection:
        actions = list(connection.execute(select(AuditEntry.action).order_by(AuditEntry.id)).scalars())
    assert actions == ["user.add", "two_factor.on", "sign_in.code_wanted", "sign_in.code_failed", "sign_in", "two_factor.codes", "two_factor.off"]


# --- at the door -------------------------------------------------------------------------------------------------------


@pytest.fixture
def doors(store: Store, settings: Settings) -> SimpleNamespace:
    return build_doors(store, settings.model_copy(update={"botv2_rate_limits": "on"}))


def second_step(client: FlaskClient, page: Any, code: str) -> Any:
    assert "one-time-code" in page.text
    return client.post("/login", data={"code": code, "next": "/monitoring"})


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_second_page_opens_the_session_and_the_first_alone_none(doors: SimpleNamespace) -> None:
    """S4, S10: a wrong password looks as before; the cookie comes with the code."""
    app, codes = switched_on(doors.accounts, "admin")
    client = doors.client()
    page = sign_in(client)
    assert (page.status_code, client.get_cookie("session")) == (200, None)
    assert "HttpOnly" in page.headers["Set-Cookie"]
    assert client.get("/api/monitoring/pulse").status_code == 401
    assert second_step(client, page, "000000x").status_code == 401
    answer = second_step(client, page, app.now())
    assert (answer.status_code, answer.location) == (302, "/monitoring")
    assert client.get("/api/monitoring/pulse").status_code == 200
    assert second_step(client, page, codes[0]).status_code == 401, "it is over"
    link = doors.client()
    page = link.post(f"/login/once/{doors.accounts.create_link('admin')}")
    assert "one-time-code" in page.text
    assert second_step(link, page, codes[0]).status_code == 302


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_guesses_at_codes_are_slowed_as_guesses_at_passwords_are(doors: SimpleNamespace, tmp_path: Path) -> None:
    """S11: ten in a minute from an address, also over several sign-ins."""
    switched_on(doors.accounts, "admin")
    client, statuses = doors.client(), []
    for _ in range(3):
        page = sign_in(client)
        statuses += [second_step(client, page, "wrong").status_code for _ in range(5)] if page.status_code == 200 else [page.status_code]
    assert statuses == [401] * 10 + [429]
