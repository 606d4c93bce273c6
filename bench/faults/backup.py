"""R21: a backup while bots write holds everything acknowledged before it began, and is put back in five minutes a gigabyte.

`python -m bench.faults.backup --rows 1000000 --database sqlite` (or postgresql); the control copies the file instead, without its log.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import text

from bench.faults.filled import fill, two_stores
from bench.faults.rows import Figure, at_most, none_of, parser_of, report
from bench.faults.writers import working
from bench.program import Program, environment, make_token
from data.files import damage_of
from data.settings import Settings
from data.store import Store

WRITERS = 4
SECONDS_OF_WRITING = 2.0
MINUTES_PER_GIB = 5.0
LARGE = 200 * 2**20


def measure(folder: Path, rows: int, url: str, other: str, *, copy_file: bool) -> list[Figure]:
    """Fill the store at `url`, back it up beside writers, and restore that into `other`."""
    with closing(Store(Settings.load(database_url=url).store_url)) as store:
        store.migrate()
        fill(store, rows)
    program = Program(folder / "server", "app", "run", DATABASE_URL=url)
    made = folder / "backup"
    try:
        program.start()
        with working(WRITERS, program.port, make_token(program, "read", "ingest")) as team:
            time.sleep(SECONDS_OF_WRITING)
            acknowledged = {name for request in [*team.acknowledged] for name in request.records()}
            began = time.monotonic()
            if copy_file:
                shutil.copy(url.removeprefix("sqlite:///"), made)
            else:
                _command(program.folder, url, "backup", str(made))
            backing_up = time.monotonic() - began
            before = team.count()
            time.sleep(SECONDS_OF_WRITING)
            wrote_on = team.count() - before
        program.stop()
    finally:
        program.kill()
    began = time.monotonic()
    _command(folder / "other", other, "restore", str(made))
    restoring = time.monotonic() - began
    lost, old = _missing(other, acknowledged)
    gib = _bytes(other) / 2**30
    pace = at_most("restore of a GiB at this pace, start of Python included", restoring / gib / 60, MINUTES_PER_GIB, "min")
    return [
        Figure("rows, the store's size, the backup's", f"{rows:,}, {gib * 1024:.0f} MiB, {made.stat().st_size / 2**20:.0f} MiB"),
        Figure("acknowledged before it began", f"{len(acknowledged):,}", ">= 1", bool(acknowledged)),
        none_of("of them not in the restored store", lost),
        none_of("older rows not in it", rows - old),
        none_of("faults in the restored store", int(other.startswith("sqlite") and damage_of(Path(other.removeprefix("sqlite:///"))) is not None)),
        Figure("requests acknowledged in the 2 s after it", f"{wrote_on:,}", ">= 1", wrote_on > 0),
        Figure("backup", f"{backing_up:.1f} s"),
        Figure("restore", f"{restoring:.1f} s"),
        pace if gib * 2**30 >= LARGE else replace(pace, goal="", holds=None),  # of a small one the start is nearly all
    ]


def _bytes(url: str) -> int:
    with closing(Store(Settings.load(database_url=url).store_url)) as store, store.read() as connection:
        if store.is_sqlite:
            return Path(store.url.database or "").stat().st_size
        return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())


def _command(folder: Path, url: str, *words: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    program = [sys.executable, "-m", "app", *words]
    surroundings = environment(folder, DATABASE_URL=url)
    done = subprocess.run(program, cwd=folder, env=surroundings, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-500:])


def _missing(url: str, acknowledged: set[str]) -> tuple[int, int]:
    """Return how many of the acknowledged records the store lacks, and how many of the older rows it has."""
    with closing(Store(Settings.load(database_url=url).store_url)) as store, store.read() as connection:
        bodies = connection.execute(text("SELECT body FROM journal WHERE bot <> 'filler'")).scalars()
        stored = {_name(orjson.loads(body) if isinstance(body, str) else body) for body in bodies}
        old = connection.execute(text("SELECT count(*) FROM journal WHERE bot = 'filler'")).scalar_one()
    return len(acknowledged - stored), old


def _name(record: dict[str, Any]) -> str:
    return str(record.get("message") or record.get("symbol")).partition(" ")[0]


def main() -> int:
    """Run as the command line says; returns 1 when a row does not hold."""
    parser = parser_of(__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="botv2-backup-") as name, two_stores(Path(name), given.database) as (url, other):
        figures = measure(Path(name), given.rows, url, other, copy_file=given.control)
    return report(f"R21, backup and restore on {given.database}", figures, given)


if __name__ == "__main__":
    sys.exit(main())
