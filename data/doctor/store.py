"""What the doctor looks at in the store: where it lies, whether it is whole, which schema it has, what its clock says."""

from collections.abc import Generator, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from sqlalchemy import make_url, select, text

from data.backup import backup_folder, version_of
from data.doctor.finding import OTHERS, Finding
from data.errors import Refused
from data.files import damage_of
from data.postgres_tools import program
from data.schema import Journal
from data.settings import Settings
from data.store import SCHEMA_HEAD, Store
from data.times import iso, now

NETWORK_DRIVES = {"afs", "beegfs", "ceph", "cifs", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "smb3", "smbfs", "9p"}
MOUNTS = Path("/proc/self/mountinfo")
CLOCK = timedelta(seconds=60)  # that two clocks may differ without anybody noticing
NEWEST = 1_000  # records looked at for times that have not come yet
OF_POSTGRESQL = (
    "SELECT clock_timestamp(), current_setting('server_version'), pg_encoding_to_char(encoding), current_setting('transaction_read_only')"
    " FROM pg_database WHERE datname = current_database()"
)
OLD_BACKUP = timedelta(days=7)


def look_at_store(settings: Settings, *, thorough: bool) -> Iterator[Finding]:
    """Yield what is found; a store that is missing, damaged or out of reach ends it."""
    url = make_url(settings.store_url)
    if url.get_backend_name() == "sqlite":
        file = Path(url.database or "").absolute()
        if not (yield from _look_at_file(file, "integrity_check" if thorough else "quick_check")):
            return
    try:
        with closing(Store(settings.store_url)) as store:
            if not store.is_sqlite:
                yield from _look_at_postgresql(store)
            version = version_of(store)
            yield _schema(version)
            if version is not None:
                yield from _clocks(store)
                yield _backups(backup_folder(settings))
    except Refused as refusal:
        yield Finding("fail", "store", refusal.message, "is the database running, and is DATABASE_URL right?")


def _look_at_file(path: Path, check: str) -> Generator[Finding, None, bool]:
    """Yield what is found, and return whether it can be opened."""
    if (drive := network_drive(path.parent)) is not None:
        mend = "move it to a disk of this machine, or use PostgreSQL (DATABASE_URL)"
        yield Finding("fail", "store", f"lies on a network drive ({drive}), where SQLite's locks do not hold: it would be damaged", mend)
    if not path.exists():
        yield Finding("ok", "store", f"{path} is made at the first start")
        return False
    if fault := damage_of(path, check=check):
        yield Finding("fail", "store", f"{path} is damaged: {fault}", "stop the server and restore the last backup: python -m app restore PATH")
        return False
    yield Finding("ok", "store", f"{path}, {path.stat().st_size / 2**20:.1f} MiB, whole ({check})")
    if path.stat().st_mode & path.parent.stat().st_mode & OTHERS:
        yield Finding("warn", "store", "other users may read it", f"chmod 600 '{path}'")
    return True


def network_drive(folder: Path) -> str | None:
    """Return the kind of network drive that a folder lies on, None for a disk; Linux alone tells."""
    if not MOUNTS.exists():
        return None
    kind, longest = "", -1
    place = next(known for known in (folder.resolve(), *folder.resolve().parents) if known.exists())
    for line in MOUNTS.read_text().splitlines():
        before, _, after = line.partition(" - ")
        mounted = Path(before.split()[4].replace("\\040", " "))
        if place.is_relative_to(mounted) and len(mounted.parts) >= longest:  # of two on one place the later hides the other
            kind, longest = after.split()[0], len(mounted.parts)
    return kind if kind in NETWORK_DRIVES or kind.startswith("fuse.ssh") else None


def _look_at_postgresql(store: Store) -> Iterator[Finding]:
    with store.read() as connection:
        moment, version, encoding, read_only = connection.execute(text(OF_POSTGRESQL)).one()
    yield Finding("ok", "store", f"PostgreSQL {version.split()[0]} answers")
    if encoding != "UTF8":
        yield Finding("fail", "store", f"the database's encoding is {encoding}", "make one with ENCODING 'UTF8'")
    if read_only == "on":
        yield Finding("fail", "store", "the database takes no changes", "connect to the primary server, not to a standby")
    if abs(moment - now()) > CLOCK:
        words = f"PostgreSQL's clock and this machine's differ by {abs((moment - now()).total_seconds()):.0f} s"
        yield Finding("warn", "clock", words, "let both follow a time server")
    for name in ("pg_dump", "pg_restore"):
        try:
            program(name)
        except Refused as refusal:
            yield Finding("warn", "backup", refusal.message, "without it an update that changes the schema is refused")


def _schema(version: str | None) -> Finding:
    if version is None:
        return Finding("ok", "schema", f"none yet; {SCHEMA_HEAD} is made at the first start")
    if version == SCHEMA_HEAD:
        return Finding("ok", "schema", version)
    if version < SCHEMA_HEAD:
        return Finding(
            "warn",
            "schema",
            f"{version}, and this program has {SCHEMA_HEAD}",
            "the next start, or python -m app migrate, makes a backup and changes it",
        )
    return Finding("fail", "schema", f"{version} is newer than this program, which knows {SCHEMA_HEAD}", "update the program")


def _clocks(store: Store) -> Iterator[Finding]:
    """Judge this machine's clock and the bots' by the newest records: when they were received, and when they say that they were made."""
    newest = select(Journal.bot, Journal.at, Journal.received_at).order_by(Journal.id.desc()).limit(NEWEST)
    with store.read() as connection:
        rows = connection.execute(newest).all()
    latest = max((row.received_at for row in rows), default=now())
    if latest > now() + CLOCK:
        words = f"records were received at {iso(latest)}, which has not come yet: this clock is behind, or was ahead then"
        mend = "set the clock; the order of the records does not depend on it, but sessions and retention do"
        yield Finding("warn", "clock", words, mend)
    else:
        yield Finding("ok", "clock", "no record was received in the future")
    for bot in sorted({row.bot for row in rows}):
        ahead = max(row.at - row.received_at for row in rows if row.bot == bot)
        if ahead > CLOCK:
            words = f"the clock of the bot {bot!r} is {ahead.total_seconds():.0f} s ahead of this machine's"
            yield Finding("warn", "bots' clocks", words, "let its machine follow a time server; records more than 24 h ahead are refused")


def _backups(folder: Path) -> Finding:
    made = [path.stat().st_mtime for path in folder.glob("*") if path.suffix in {".sqlite", ".dump"}]
    if not made:
        return Finding("warn", "backup", f"there is none in {folder}", "python -m app backup, every day; keep a copy on another machine")
    age = timedelta(seconds=now().timestamp() - max(made))
    if age > OLD_BACKUP:
        return Finding("warn", "backup", f"the last one in {folder} is {age.days} days old", "python -m app backup, every day")
    return Finding("ok", "backup", f"the last one is {age.total_seconds() / 3600:.0f} h old")
