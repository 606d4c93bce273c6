"""A real PostgreSQL server in a temporary folder, run by an unprivileged user."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString

import psycopg

from tests.support.processes import bound_to_the_tests, free_port

SUPERUSER = "botv2"
STARTS_WITHIN = 20.0


def find_programs() -> Path | None:
    """Return the folder that holds `initdb` and `postgres`, the newest version first, or None."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name), reverse=True)
    if found := shutil.which("postgres"):
        folders.append(Path(found).parent)
    return next((folder for folder in folders if (folder / "postgres").exists() and (folder / "initdb").exists()), None)


def _unprivileged() -> dict[str, Any]:
    """Return the arguments that run a program as somebody else; PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise RuntimeError("neither the user postgres nor nobody exists, and PostgreSQL refuses to run as root")


class PostgresServer:
    """One server; `url(name)` addresses a database, `create` and `drop` make and remove one."""

    def __init__(self, programs: Path, folder: Path, *settings: str) -> None:
        self.programs, self.folder, self.settings = programs, folder, settings
        self.port = free_port()
        self.identity = _unprivileged()
        self.process: subprocess.Popen[bytes] | None = None

    def prepare(self) -> None:
        """Make the cluster's files."""
        if self.identity:
            os.chown(self.folder, self.identity["user"], self.identity["group"])
        command = ["initdb", "-D", "cluster", "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        subprocess.run(
            [self.programs / command[0], *command[1:]], check=True, cwd=self.folder, stdout=subprocess.DEVNULL, timeout=60, **self.identity
        )

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": str(self.folder), "max_connections": 200}
        flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        flags += [part for setting in self.settings for part in ("-c", setting)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*bound_to_the_tests("QUIT"), self.programs / "postgres", "-D", "cluster", *flags],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a Ctrl-C at the tests must not stop it before they have finished
                **self.identity,
            )
        deadline = time.monotonic() + STARTS_WITHIN
        while True:
            try:
                psycopg.connect(self.conninfo("postgres"), connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"PostgreSQL did not start: {(self.folder / 'log').read_text()}") from None
                time.sleep(0.05)

    def stop(self, number: int = signal.SIGINT) -> None:
        """Stop the server: SIGINT is its fast shutdown, SIGQUIT the immediate one."""
        if self.process is None:
            return
        self.process.send_signal(number)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)
        self.process = None

    def conninfo(self, name: str) -> str:
        """Return libpq's description of a connection to the database `name`."""
        return f"host={self.folder} port={self.port} user={SUPERUSER} dbname={name}"

    def url(self, name: str) -> str:
        """Return the address of the database `name` as `DATABASE_URL` takes it."""
        return f"postgresql://{SUPERUSER}@127.0.0.1:{self.port}/{name}"

    def create(self, name: str, template: str = "template1") -> None:
        """Make the database `name` as a copy of `template`."""
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')

    def drop(self, name: str) -> None:
        """Remove the database `name` and whoever is still connected to it."""
        self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _execute(self, statement: LiteralString) -> None:
        with psycopg.connect(self.conninfo("postgres"), autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def running_postgres(programs: Path, *settings: str) -> Iterator[PostgresServer]:
    """Run a server with `settings` (`"fsync=off"`) and leave nothing behind."""
    # Not below pytest's own temporary folder: only its owner may enter that, and the server is somebody else.
    folder = Path(tempfile.mkdtemp(prefix="botv2-pg-", dir="/tmp"))
    server = PostgresServer(programs, folder, *settings)
    try:
        server.prepare()
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
