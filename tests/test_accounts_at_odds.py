"""Accounts when two processes do the same, when a flood of refusals comes, and when the store cannot be written."""

import pytest
from sqlalchemy import func, select

from data.accounts import Accounts, audit
from data.errors import Code, Refused
from data.schema import AuditEntry
from data.settings import Settings
from data.store import Store


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def accounts(store: Store, settings: Settings) -> Accounts:
    return Accounts(store, settings)


def refusals(store: Store) -> int:
    with store.read() as connection:
        return connection.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.action == "refused.401")) or 0


def test_of_two_processes_that_make_the_admin_at_once_one_does_and_tells_the_password(
    accounts: Accounts, store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Accounts(store, settings)
    looks = iter([None])
    look = other._user_or_none
    monkeypatch.setattr(other, "_user_or_none", lambda connection, name: next(looks, look(connection, name)))
    password = accounts.ensure_admin()
    assert password is not None
    assert other.ensure_admin() is None
    assert other.sign_in("admin", password, address="::1") is not None
    assert [user["name"] for user in accounts.list_users()] == ["admin"]


def test_a_store_that_takes_no_admin_stops_the_start(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise Refused(Code.STORAGE_FULL, "the disk is full")

    monkeypatch.setattr(accounts, "add_user", full)
    with pytest.raises(Refused, match="full"):
        accounts.ensure_admin()


def test_a_password_out_of_bounds_changes_nothing(accounts: Accounts) -> None:
    accounts.add_user("eve", "long enough", "viewer")
    for password in ("short", "x" * 2000):
        with pytest.raises(Refused) as refused:
            accounts.set_password("eve", password)
        assert refused.value.fields.keys() == {"password"}
    assert accounts.sign_in("eve", "long enough", address="::1") is not None


def test_a_flood_of_refusals_from_everywhere_does_not_fill_the_disk(accounts: Accounts, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(addresses: str, count: int) -> None:
        for number in range(count):
            accounts.audit_refusal("anonymous", "refused.401", "/api", f"{addresses}.{number}", 401)

    monkeypatch.setattr(audit, "MAX_REFUSALS", 3)
    with monkeypatch.context() as patch:
        patch.setattr(audit, "REPEAT_SECONDS", -1.0)  # as if these had come long ago
        refuse("10.0.0", 3)
    refuse("10.0.1", 10)
    assert refusals(store) == 6, "the old ones have made room for as many, and no more"


def test_a_refusal_that_cannot_be_written_is_a_warning_and_no_other_answer(
    accounts: Accounts, store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def busy(**_: object) -> None:
        raise Refused(Code.STORAGE_BUSY, "the store is busy")

    with monkeypatch.context() as patch:
        patch.setattr(store, "write", busy)
        accounts.audit_refusal("anonymous", "refused.401", "/api", "::1", 401)
    assert ["the store is busy" in record.getMessage() for record in caplog.records] == [True]
    assert refusals(store) == 0
