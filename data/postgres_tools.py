"""PostgreSQL's own programs for dumps: `pg_dump` and `pg_restore`, as they are found on the PATH."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import URL

from data.errors import Code, Refused
from data.schema import Base

TABLES = (*Base.metadata.tables, "alembic_version")
LOOK_SECONDS = 0.2
READ_SECONDS = 60.0
VERSION_IN_DUMP = re.compile(r"^COPY \S*alembic_version .*\n(\S+)$", re.MULTILINE)


def program(name: str) -> str:
    """Return the path of one of the programs. Raises `Refused` (`storage_unavailable`) where it is not installed."""
    if (found := shutil.which(name)) is None:
        mend = "install PostgreSQL's client programs, of the server's version or a newer one"
        raise Refused(Code.STORAGE_UNAVAILABLE, f"{name} is not on the PATH; {mend}")
    return found


def dump(url: URL, path: Path, look: Callable[[], None]) -> None:
    """Write the program's own tables to a file; others in the same database are nobody's business here.

    `look` is called now and then meanwhile. Raises `Refused` (`storage_unavailable`) with `pg_dump`'s own words.
    """
    tables = [f"--table={name}" for name in TABLES]
    _run(url, "pg_dump", ["--format=custom", "--no-owner", "--no-privileges", f"--file={path}", *tables], look)


def load(url: URL, path: Path, look: Callable[[], None]) -> None:
    """Make the tables that a dump holds, all or none; they must not be there. `look` and `Refused` as with `dump`."""
    _run(url, "pg_restore", ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error", str(path)], look)


def schema_in(path: Path) -> str | None:
    """Return the schema of what a dump holds, None when it is no dump of this program's store; no database is asked."""
    words = [program("pg_restore"), "--data-only", "--table=alembic_version", "--file=-", str(path)]
    read = subprocess.run(words, capture_output=True, text=True, check=False, timeout=READ_SECONDS)  # noqa: S603  # words of our own
    found = VERSION_IN_DUMP.search(read.stdout)
    return None if read.returncode or found is None else found[1]


def _run(url: URL, name: str, arguments: list[str], look: Callable[[], None]) -> None:
    """Run a program on a database; the password stands in no list of processes."""
    address = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    secret = {} if url.password is None else {"PGPASSWORD": str(url.password)}
    words = [program(name), f"--dbname={address}", *arguments]
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(words, env=os.environ | secret, stdin=subprocess.DEVNULL, stdout=said, stderr=said)  # noqa: S603  # as above
        try:
            status = _watched(process, look)
        finally:
            process.kill()
            process.wait()
        said.seek(0)
        if status:
            first = next(iter(said.read().splitlines()), f"ended with {status}")
            raise Refused(Code.STORAGE_UNAVAILABLE, f"{name} failed: {first.removeprefix(f'{name}: ')[:300]}")


def _watched(process: "subprocess.Popen[bytes]", look: Callable[[], None]) -> int:
    while True:
        try:
            return process.wait(LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            look()
