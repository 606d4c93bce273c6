"""`python -m app doctor`: it finds what was broken on purpose, says how to mend it, and makes nothing."""

import os
import resource
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.cli import main
from data.desk import Desk
from data.doctor import Finding, examine
from data.doctor import store as of_store
from data.records import EventIn, validated
from data.settings import Settings
from data.store import Store
from data.times import now
from tests.support.processes import free_port

Found = Callable[..., dict[str, list[Finding]]]


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Found:
    """A function that examines a data folder under settings, and returns the findings by what they are about."""
    tmp_path.chmod(0o700)
    monkeypatch.setenv("BOTV2_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("BOTV2_PORT", str(free_port()))

    def findings(**environment: str) -> dict[str, list[Finding]]:
        by_name: dict[str, list[Finding]] = {}
        with monkeypatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            for finding in examine():
                by_name.setdefault(finding.about, []).append(finding)
        return by_name

    return findings


def levels(findings: dict[str, list[Finding]]) -> dict[str, list[str]]:
    return {about: [finding.level for finding in each] for about, each in findings.items() if any(finding.level != "ok" for finding in each)}


def test_a_fresh_machine_is_fine_and_nothing_is_made(found: Found, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "var"
    assert levels(found(BOTV2_DATA_DIR=str(folder))) == {}
    monkeypatch.setenv("BOTV2_DATA_DIR", str(folder))
    assert main(["doctor"]) == 0
    assert not folder.exists()


@pytest.mark.parametrize(
    ("environment", "about", "level", "mend"),
    [
        ({"BOTV2_PROT": "1"}, "settings", "fail", ".env.example"),
        ({"BOTV2_DATA_DIR": "/dev/null"}, "data folder", "fail", "BOTV2_DATA_DIR"),
        ({"BOTV2_HOST": "192.0.2.1"}, "port", "fail", "BOTV2_HOST"),
        ({"BOTV2_HOST": "0.0.0.0"}, "way in", "warn", "TLS"),
        ({"BOTV2_HOST": "0.0.0.0", "BOTV2_TRUSTED_PROXIES": "1", "BOTV2_TRUSTED_HOSTS": "desk.example"}, "way in", "warn", "firewall"),
        ({"BOTV2_TRUSTED_PROXIES": "1"}, "way in", "warn", "BOTV2_TRUSTED_HOSTS"),
        ({"BOTV2_BASE_PATH": "/desk"}, "way in", "warn", "BOTV2_TRUSTED_PROXIES"),
        ({"REDIS_URL": "redis://127.0.0.1:1/0"}, "Redis", "fail", "REDIS_URL"),
        ({"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}, "store", "fail", "DATABASE_URL"),
    ],
)
def test_a_setting_that_cannot_work_is_found(found: Found, environment: dict[str, str], about: str, level: str, mend: str) -> None:
    wrong = [finding for finding in found(**environment)[about] if finding.level == level]
    assert any(mend in finding.mend for finding in wrong), wrong


def test_rights_a_taken_port_and_a_low_limit_are_found(found: Found, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = tmp_path / "secret_key"
    key.write_text("x" * 64)
    key.chmod(0o644)
    tmp_path.chmod(0o777)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (128, 128))
    monkeypatch.setattr("data.doctor.surroundings.LITTLE_ROOM", 2**60)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        wrong = levels(found(BOTV2_PORT=str(taken.getsockname()[1])))
    tmp_path.chmod(0o700)
    assert wrong == {"data folder": ["fail"], "secret key": ["fail"], "disk": ["fail"], "open files": ["fail"], "port": ["warn"]}


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_damaged_store_a_network_drive_and_a_newer_schema_are_found(
    found: Found, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    database = tmp_path / "botv2.sqlite"
    database.chmod(0o600)
    assert levels(found()) == {"backup": ["warn"]}
    for version, level in (("0001", "warn"), ("9999", "fail")):
        with store.write() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})
        assert found()["schema"][0].level == level
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"1 0 0:1 / / rw - ext4 /dev/sda rw\n2 1 0:2 / {tmp_path} rw,relatime shared:1 - nfs4 host:/share rw\n")
    with monkeypatch.context() as patch:
        patch.setattr(of_store, "MOUNTS", mounts)
        assert "nfs4" in found()["store"][0].words
    store.close()
    with database.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(os.urandom(4096))
    assert "restore" in found()["store"][0].mend
    assert main(["doctor", "--thorough"]) == 1
    assert "fail  store" in capsys.readouterr().out


def test_a_clock_that_is_behind_its_own_records_is_found(found: Found, desk: Desk, settings: Settings) -> None:
    desk.journal.append([validated(EventIn, {"event_type": "SYSTEM", "message": "m"})])
    address = {"DATABASE_URL": settings.database_url}
    assert found(**address)["clock"][0].level == "ok"
    desk.journal.append([validated(EventIn, {"event_type": "SYSTEM", "message": "m", "timestamp": now() + timedelta(hours=3)})], bot="hasty")
    (skewed,) = found(**address)["bots' clocks"]
    assert "'hasty'" in skewed.words
    with desk.store.write() as connection:
        connection.execute(text("UPDATE journal SET received_at = :soon"), {"soon": _as_stored(desk.store, 3600)})
    assert "has not come yet" in found(**address)["clock"][0].words


def _as_stored(store: Store, seconds: float) -> Any:
    moment = now() + timedelta(seconds=seconds)
    return moment.replace(tzinfo=None).isoformat(" ") if store.is_sqlite else moment


@pytest.mark.parametrize("backend", ["postgresql"])
def test_postgresqls_own_faults_are_found(found: Found, store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert levels(found(DATABASE_URL=settings.database_url)) == {"backup": ["warn"]}
    name = store.url.database
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
    monkeypatch.setenv("PATH", str(tmp_path))
    wrong = found(DATABASE_URL=settings.database_url)
    assert [finding.level for finding in wrong["store"]] == ["ok", "fail"]
    assert any("pg_dump" in finding.words for finding in wrong["backup"])


def test_an_sqlite_file_of_another_program_is_an_empty_store(found: Found, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "botv2.sqlite")) as other:
        other.execute("CREATE TABLE t (x)")
    assert "none yet" in found()["schema"][0].words
