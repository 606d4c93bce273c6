"""Backup and restore: whole or not at all, with everything that was acknowledged, and never under a server's feet."""

import shutil
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.cli import main
from data import backup as backups
from data.backup import backup, backup_folder
from data.desk import Desk
from data.errors import Code, Refused
from data.records import EventIn, validated
from data.restore import restore
from data.settings import Settings
from data.store import SCHEMA_HEAD, Store
from tests.support.schema import migrate_to


def say(desk: Desk, message: str) -> None:
    desk.journal.append([validated(EventIn, {"event_type": "SYSTEM", "message": message})])


def messages(settings: Settings) -> list[str]:
    desk = Desk.open(settings)
    try:
        return [event["message"] for event in reversed(desk.monitor.latest_events(1000))]
    finally:
        desk.close()


def downgraded(settings: Settings, revision: str) -> None:
    """Make the store what an older program has left."""
    with closing(Store(settings.store_url)) as store:
        migrate_to(store, revision)


def schema_of(settings: Settings) -> str | None:
    with closing(Store(settings.store_url)) as store:
        return store.schema_version()


@pytest.fixture
def opened(settings: Settings) -> Iterator[Callable[[], Desk]]:
    """A function that opens a desk without threads; all are closed at the end."""
    desks: list[Desk] = []

    def another() -> Desk:
        desks.append(Desk.open(settings))
        return desks[-1]

    yield another
    for desk in desks:
        desk.close()


def test_a_backup_made_while_bots_write_holds_all_that_was_acknowledged_and_restores_to_it(desk: Desk, settings: Settings, tmp_path: Path) -> None:
    told: list[str] = []
    stopping = threading.Event()

    def write() -> None:
        while not stopping.is_set():
            say(desk, f"{len(told)}")
            told.append(f"{len(told)}")

    desk.accounts.ensure_admin()
    desk.accounts.create_token("kept", frozenset({"read"}))
    writer = threading.Thread(target=write)
    writer.start()
    while len(told) < 20:
        pass
    before = len(told)
    steps: list[tuple[int, int | None]] = []
    made = backup(desk.store, tmp_path, lambda done, total: steps.append((done, total)))
    stopping.set()
    writer.join()
    say(desk, "too late")
    with pytest.raises(Refused, match="stop the server") as refused:
        restore(settings, made)
    assert refused.value.code is Code.CONFLICT
    say(desk, "still served")
    desk.close()
    after = messages(settings)

    kept = restore(settings, made)
    assert made.stat().st_mode & 0o777 == 0o600
    assert steps[-1][0] == steps[-1][1] or steps[-1][1] is None if steps else not desk.store.is_sqlite
    held = messages(settings)
    assert held[:before] == told[:before]
    assert held == after[: len(held)]
    assert "too late" not in held
    assert kept is not None
    with closing(Store(settings.store_url)) as store, store.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM session")).scalar() == 0
        assert connection.execute(text("SELECT name FROM api_token")).scalars().all() == ["kept"]
    restore(settings, kept)
    assert messages(settings) == after


def test_a_backup_that_breaks_off_leaves_nothing_and_none_is_overwritten(
    store: Store, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    folder = tmp_path / "new folder"
    with monkeypatch.context() as patch:
        patch.setattr(backups, "put_in_place", interrupted)
        with pytest.raises(KeyboardInterrupt):
            backup(store, folder / "a")
    assert list(folder.iterdir()) == []
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    made = backup(store, folder / "a")
    before = made.read_bytes()
    with pytest.raises(Refused, match="a: is there already"):
        backup(store, made)
    assert made.read_bytes() == before
    (tmp_path / "file").touch()
    with pytest.raises(Refused) as refused:
        backup(store, tmp_path / "file" / "a")
    assert refused.value.code is Code.BAD_FILE


def test_an_empty_store_has_no_backup_and_an_empty_place_takes_one(
    bare_store_url: str, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`bare_store_url` and `store` are two stores on PostgreSQL, and one file on SQLite, which is removed here."""
    made = backup(store, tmp_path / "made")
    store.close()
    if store.is_sqlite:
        Path(store.url.database or "").unlink()
    monkeypatch.setenv("DATABASE_URL", bare_store_url)
    monkeypatch.setenv("BOTV2_DATA_DIR", str(tmp_path))
    assert main(["backup"]) == 2
    assert "empty" in capsys.readouterr().err
    assert main(["restore", str(made)]) == 0
    assert "the store was empty before" in capsys.readouterr().out
    assert schema_of(Settings.load()) == SCHEMA_HEAD


def test_what_is_no_backup_is_refused_and_the_store_left_as_it_was(
    store: Store, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = backup(store, tmp_path / "made")
    with store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    newer = backup(store, tmp_path / "newer")
    with store.write() as connection:
        connection.execute(text(f"UPDATE alembic_version SET version_num = '{SCHEMA_HEAD}'"))
    store.close()
    whole = made.read_bytes()
    files: dict[str, bytes] = {"text": b"no backup", "empty": b"", "torn": whole[: len(whole) // 2]}
    if store.is_sqlite:
        with closing(sqlite3.connect(tmp_path / "other")) as other:
            other.execute("CREATE TABLE t (x)")
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    names = ["nowhere", "newer", *files, *(["other"] if store.is_sqlite else [])]
    for name in names:
        with pytest.raises(Refused) as refused:
            restore(settings, tmp_path / name)
        assert refused.value.code in {Code.BAD_FILE, Code.STORAGE_UNAVAILABLE}, name
        assert schema_of(settings) == SCHEMA_HEAD, name
        assert not [*tmp_path.glob("*.restoring*"), *tmp_path.glob("*.replaced*")], name
    assert newer.exists()
    with closing(Store(settings.store_url)) as again, again.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM alert_rule")).scalar()


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_damaged_store_is_replaced_and_its_log_is_not_read_into_the_restored_one(
    settings: Settings, opened: Callable[[], Desk], tmp_path: Path
) -> None:
    desk = opened()
    say(desk, "kept")
    made = backup(desk.store, tmp_path / "made")
    say(desk, "in the log")
    database = tmp_path / "botv2.sqlite"
    log_file = Path(f"{database}-wal").read_bytes()
    desk.close()
    database.write_bytes(b"damaged" * 1000)
    Path(f"{database}-wal").write_bytes(log_file)
    with pytest.raises(Refused):
        backup(desk.store, tmp_path / "of the damaged one")
    kept = restore(settings, made)
    assert kept is not None
    assert kept.read_bytes() == b"damaged" * 1000
    assert Path(f"{kept}-wal").read_bytes() == log_file
    assert messages(settings) == ["kept"]


def test_a_store_of_an_older_program_is_kept_before_it_is_changed(
    settings: Settings, opened: Callable[[], Desk], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = opened()
    say(desk, "from before")
    desk.close()
    downgraded(settings, "0003")
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("BOTV2_DATA_DIR", str(settings.botv2_data_dir))
    folder = backup_folder(settings)
    with monkeypatch.context() as patch:

        def full(*_: object) -> Any:
            raise OSError(28, "No space left on device")

        patch.setattr(backups, "put_in_place", full)
        assert main(["migrate"]) == 2
    assert "No space left" in capsys.readouterr().err
    assert schema_of(settings) == "0003", "it was changed without a copy"
    opened().close()
    (made,) = [path for path in folder.iterdir() if path.suffix in {".sqlite", ".dump"}]
    assert schema_of(settings) == SCHEMA_HEAD
    opened().close()
    assert main(["migrate"]) == 0
    assert len([*folder.iterdir()]) == 2, "a copy was made though nothing changed"  # and the lock's file
    restore(settings, made)
    assert (schema_of(settings), messages(settings)) == (SCHEMA_HEAD, ["from before"])
    downgraded(settings, "0003")
    shutil.rmtree(folder)
    assert main(["migrate", "--no-backup"]) == 0
    assert not folder.exists()


@pytest.mark.parametrize("backend", ["postgresql"])
def test_without_postgresqls_programs_a_backup_names_what_is_missing_and_a_failed_load_is_undone(
    store: Store, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = backup(store, tmp_path / "made")
    store.close()
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(tmp_path))
        with pytest.raises(Refused, match="pg_dump is not on the PATH"):
            backup(store, tmp_path / "none")
    store.close()
    content = made.read_bytes()
    made.write_bytes(content[: int(len(content) * 0.7)])  # its list of contents is whole, its data is not
    with pytest.raises(Refused):
        restore(settings, made)
    with closing(Store(settings.store_url)) as again, again.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM alert_rule")).scalar()


def test_the_commands_say_where_the_copy_is_and_what_to_keep_beside_it(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("BOTV2_DATA_DIR", str(settings.botv2_data_dir))
    store.close()
    assert main(["backup"]) == 0
    wrote, key = capsys.readouterr().out.splitlines()
    (made,) = backup_folder(settings).iterdir()
    assert str(made) in wrote
    assert "secret_key" in key
    assert main(["restore", str(made)]) == 0
    assert "kept in" in capsys.readouterr().out
    with closing(Store(settings.store_url)) as again, again.read() as connection:
        assert connection.execute(text("SELECT actor, action FROM audit ORDER BY id DESC LIMIT 1")).all() == [("cli", "store.restore")]
