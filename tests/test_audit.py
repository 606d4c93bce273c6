"""The audit log's chain: what was changed, left out, put in or cut off shows; and reading it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Connection, delete, insert, select, text, update

from data.accounts import Accounts
from data.accounts.chain import verify
from data.errors import Refused
from data.schema import AuditEntry
from data.settings import Settings
from data.store import Store
from tests.support.schema import migrate_to

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from data.desk import Desk

PASSWORD = "correct horse battery"


@pytest.fixture
def accounts(store: Store, settings: Settings) -> Accounts:
    return Accounts(store, settings)


def write(accounts: Accounts, count: int) -> None:
    for number in range(count):
        accounts.audit("ann", "test.done", f"n{number}", "192.0.2.1", {"gain": 0.1 * number, "b": None, "a": [1]}, {"ö": "\u2028"})


def row(number: int) -> Any:
    return AuditEntry.id == number


def put_in(connection: Connection) -> None:
    values = dict(connection.execute(select(AuditEntry.__table__).where(row(4))).mappings().one())
    connection.execute(delete(AuditEntry).where(row(4)))
    connection.execute(insert(AuditEntry).values(values | {"actor": "eve"}))


TAMPERING: dict[str, tuple[Callable[[Connection], Any], int]] = {
    "changed": (lambda connection: connection.execute(update(AuditEntry).where(row(4)).values(actor="eve")), 4),
    "what was there before changed": (lambda connection: connection.execute(update(AuditEntry).where(row(5)).values(before={"gain": 9.0})), 5),
    "moved in time": (lambda connection: connection.execute(text("UPDATE audit SET at = (SELECT at FROM audit WHERE id = 1) WHERE id = 6")), 6),
    "removed": (lambda connection: connection.execute(delete(AuditEntry).where(row(4))), 5),
    "first removed": (lambda connection: connection.execute(delete(AuditEntry).where(row(1))), 2),
    "end cut off": (lambda connection: connection.execute(delete(AuditEntry).where(AuditEntry.id > 7)), 8),
    "all removed": (lambda connection: connection.execute(delete(AuditEntry)), 1),
    "another in its place": (put_in, 4),
}


@pytest.mark.parametrize("how", TAMPERING)
def test_whatever_is_done_to_a_row_shows_with_its_number(accounts: Accounts, store: Store, how: str) -> None:
    """S34: tampering detected."""
    write(accounts, 10)
    whole = verify(store)
    assert (whole["rows"], whole["head"]["id"], whole["broken"]) == (10, 10, None)
    tamper, first = TAMPERING[how]
    with store.write() as connection:
        tamper(connection)
    broken = verify(store)["broken"]
    assert broken["id"] == first
    write(accounts, 1)
    assert verify(store)["broken"]["id"] in {first, 11}, "a new row does not heal it"


def test_an_anchor_shows_a_log_that_was_written_anew(accounts: Accounts, store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """S34: who changes the store's own count as well is found out by the line in the program's log."""
    caplog.set_level("INFO", "botv2.audit")
    accounts.ensure_admin()
    write(accounts, 4)
    accounts.ensure_admin()  # as each start does
    number, its_hash = next(record.getMessage() for record in reversed(caplog.records)).removeprefix("audit anchor ").split(":")
    anchor = (int(number), its_hash)
    assert anchor[0] == 5
    write(accounts, 3)
    assert verify(store, anchor)["broken"] is None
    with store.write() as connection:
        connection.execute(delete(AuditEntry).where(AuditEntry.id > 4))
        connection.execute(text("UPDATE counter SET value = 4 WHERE name = 'audit'"))
    assert verify(store)["broken"] is None, "a whole chain, as far as the store alone tells"
    assert verify(store, anchor)["broken"]["id"] == 5
    write(accounts, 4)
    assert verify(store, anchor)["broken"]["id"] == 5


def test_rows_that_many_write_at_once_make_one_chain(accounts: Accounts, store: Store) -> None:
    def one(_: int) -> None:
        for _try in range(20):
            with suppress(Refused):  # busy
                return accounts.audit("ann", "test.done")
        raise AssertionError("never written")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(60)))
    assert (verify(store)["rows"], verify(store)["broken"]) == (60, None)


def test_rows_of_an_older_schema_are_chained_by_the_migration(bare_store_url: str) -> None:
    store = Store(Settings.load(database_url=bare_store_url).store_url)
    migrate_to(store, "0003")
    with store.write() as connection:
        for number in (3, 4, 9):  # a sequence leaves gaps
            statement = (
                "INSERT INTO audit (id, at, actor, action, address, after) VALUES (:id, '2026-01-22 20:00:00.000001', 'ann', 'x', '', '{\"a\": 1.5}')"
            )
            connection.execute(text(statement), {"id": number})
    store.migrate()
    accounts = Accounts(store, Settings.load(database_url=bare_store_url))
    accounts.audit("ann", "after.it")
    assert (verify(store)["rows"], verify(store)["head"]["id"], verify(store)["broken"]) == (4, 10, None)
    with store.write() as connection:
        connection.execute(update(AuditEntry).where(row(4)).values(actor="eve"))
    assert verify(store)["broken"]["id"] == 4
    store.close()


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_an_admin_reads_filters_exports_and_verifies_it(client: "FlaskClient", desk: "Desk") -> None:
    desk.accounts.add_user("ada", PASSWORD, "admin")
    client.post("/login", data={"username": "ada", "password": "wrong"})
    client.post("/login", data={"username": "ada", "password": PASSWORD})
    for number in range(5):
        desk.accounts.audit("=cmd()", "test.done", f"n{number}")
    page = client.get("/api/people/audit?limit=3&action=TEST").get_json()["data"]
    assert [entry["target"] for entry in page["entries"]] == ["n4", "n3", "n2"]
    rest = client.get(f"/api/people/audit?limit=3&action=test&cursor={page['next_cursor']}").get_json()["data"]
    assert ([entry["target"] for entry in rest["entries"]], rest["has_more"]) == (["n1", "n0"], False)
    assert client.get("/api/people/audit?actor=%25").get_json()["data"]["entries"] == [], "no pattern of a database's"
    assert client.get("/api/people/audit?limit=5000").status_code == 400
    assert "sign_in.failed" in {entry["action"] for entry in client.get("/api/people/audit").get_json()["data"]["entries"]}
    with client.get("/api/people/audit/export?action=test") as file:
        assert file.get_data(as_text=True).count("'=cmd()") == 5, "no formula of a spreadsheet's"
    verified = client.get("/api/people/audit/verify").get_json()["data"]
    assert (verified["broken"], verified["rows"] >= 8) == (None, True)
