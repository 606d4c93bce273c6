"""R22: every released schema brought to the newest, down and up again, on a million rows, and killed in the middle.

`python -m bench.faults.migrations --rows 1000000 --kills 5 --database sqlite` (or postgresql); with the control, what is migrated
commits step by step, so that a kill leaves half of it.
"""

import random
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from bench.faults.filled import fill, two_stores
from bench.faults.rows import Figure, none_of, parser_of, report
from bench.program import environment
from data.files import damage_of
from data.settings import Settings
from data.store import SCHEMA_HEAD, Store
from tests.support.processes import bound_to_the_tests
from tests.support.schema import counts, fingerprint, migrate_to

RELEASED = [f"{number:04d}" for number in range(1, int(SCHEMA_HEAD))]
PATIENCE = 900.0
KEPT = ("journal", "trade")


class Case:
    """One database that is migrated by processes of their own."""

    def __init__(self, folder: Path, url: str, *, control: bool) -> None:
        """Work on the empty database at `url`."""
        self.folder, self.url = folder, url
        self.store = Store(Settings.load(database_url=url).store_url)
        words = (
            ["-c", "from bench.faults.migrations import migrate_in_steps; migrate_in_steps()"] if control else ["-m", "app", "migrate", "--no-backup"]
        )
        self._command = [*bound_to_the_tests("KILL"), sys.executable, *words]

    def migrate(self, killed_after: float | None = None) -> float:
        """Have a process migrate; one with `killed_after` gets SIGKILL so many seconds after its start. Returns how long it lived."""
        began = time.monotonic()
        process = subprocess.Popen(
            self._command, cwd=self.folder, env=environment(self.folder, DATABASE_URL=self.url), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        try:
            process.wait(killed_after or PATIENCE)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        _, said = process.communicate()
        if process.returncode not in {0, -signal.SIGKILL}:
            raise RuntimeError(said.decode()[-500:])
        seconds = time.monotonic() - began
        if not self.store.is_sqlite:
            self._wait_until_alone()
        return seconds

    def _wait_until_alone(self) -> None:
        """PostgreSQL ends the statement of a client that was killed before it hears of it."""
        others = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'active'")
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with self.store.read() as connection:
                if connection.scalar(others) == 0:
                    return
            time.sleep(0.2)
        raise RuntimeError("a killed migration did not end")

    def state(self) -> tuple[str | None, str, dict[str, int]]:
        """Return schema, its fingerprint and the rows of what every schema has."""
        with self.store.read() as connection:
            rows = counts(connection)
            found = fingerprint(connection), {name: rows[name] for name in KEPT}
        return self.store.schema_version(), *found


def migrate_in_steps() -> None:
    """Migrate as the control does: each revision is committed by itself, and a second goes by, in which a kill may come."""
    with closing(Store(Settings.load().store_url)) as store:
        for number in range(int(store.schema_version() or 0) + 1, int(SCHEMA_HEAD) + 1):
            migrate_to(store, f"{number:04d}")
            time.sleep(1)


@dataclass
class Found:
    """What happened to one database."""

    slowest: float = 0.0
    killed: int = 0
    halves: int = 0
    others: int = 0


def migrate_from(case: Case, revision: str, kills: int, expected: str, found: Found, chance: random.Random) -> None:
    """Migrate from a released schema as a whole, and then with kills."""
    migrate_to(case.store, revision)
    before = case.state()
    after = (SCHEMA_HEAD, expected, before[2])
    whole = case.migrate()
    found.slowest = max(found.slowest, whole)
    found.others += case.state() != after
    for _ in range(kills):
        migrate_to(case.store, revision)
        case.migrate(killed_after=chance.uniform(0.3, 1.0) * whole)
        state = case.state()
        found.killed += state != after
        found.halves += state not in (before, after)
        case.migrate()
        found.others += case.state() != after


def measure(case: Case, rows: int, kills: int, expected: str) -> list[Figure]:
    """Fill the first schema, migrate from each released one, then all the way down and up, and at last be a newer program."""
    found, chance = Found(), random.Random(1)
    migrate_to(case.store, "0001")
    fill(case.store, rows // 2, trades=rows - rows // 2)
    for revision in reversed(RELEASED):
        migrate_to(case.store, SCHEMA_HEAD)
        migrate_from(case, revision, kills, expected, found, chance)
    damaged = case.store.is_sqlite and damage_of(Path(case.store.url.database or "")) is not None
    migrate_to(case.store, "base")
    migrate_to(case.store, SCHEMA_HEAD)
    found.others += case.state()[1] != expected
    with case.store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    case.store.close()
    newer = [sys.executable, "-m", "app", "run"]
    refused = subprocess.run(newer, cwd=case.folder, env=environment(case.folder, DATABASE_URL=case.url), capture_output=True, text=True, check=False)
    return [
        Figure("rows (events and trades), released schemas", f"{rows:,}, {len(RELEASED)}"),
        Figure("slowest whole migration", f"{found.slowest:.1f} s"),
        Figure("killed before the end", f"{found.killed} of {kills * len(RELEASED)}", ">= 1", found.killed > 0),
        none_of("stores that were neither the old nor the new one after a kill", found.halves),
        none_of("migrations that did not reach the same schema with all rows", found.others),
        none_of("damaged files", int(damaged)),
        Figure("a newer schema is refused: status", str(refused.returncode), "2", refused.returncode == 2 and "newer" in refused.stderr),
    ]


def main() -> int:
    """Run as the command line says; returns 1 when a row does not hold."""
    parser = parser_of(__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--kills", type=int, default=5, help="of each released schema's migration")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="botv2-migrations-") as name, two_stores(Path(name), given.database) as (url, other):
        with closing(Store(Settings.load(database_url=other).store_url)) as fresh:
            fresh.migrate()
            with fresh.read() as connection:
                expected = fingerprint(connection)
        figures = measure(Case(Path(name), url, control=given.control), given.rows, given.kills, expected)
    return report(f"R22, migrations on {given.database}", figures, given)


if __name__ == "__main__":
    sys.exit(main())
