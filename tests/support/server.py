"""The dashboard as a user runs it: a process of its own on a port of 127.0.0.1."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import requests

from data.accounts import Accounts
from data.settings import Settings
from data.store import Store
from tests.support.canary import DATABASE_PASSWORD, KEY
from tests.support.nursery import NURSERY, Forked
from tests.support.paths import ROOT
from tests.support.postgres import SUPERUSER
from tests.support.processes import bound_to_the_tests, free_port

ADMIN_PASSWORD = "correct horse battery staple"
STARTS_WITHIN = 30.0


class LiveServer:
    """`python -m app run` in its own process group, on one store and port through every restart.

    It is forked from a process that has loaded the program; with `by_hand` Python starts for it, as for a person who types the command.
    """

    def __init__(self, folder: Path, store_url: str = "", *, by_hand: bool = False, **settings: str) -> None:
        self.folder, self.by_hand = folder, by_hand
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "server.log"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("BOTV2_") and name != "REDIS_URL"}
        self.environment = {
            **inherited,
            "PYTHONPATH": str(ROOT),
            "BOTV2_DATA_DIR": str(folder),
            "BOTV2_ADMIN_PASSWORD": ADMIN_PASSWORD,
            "SECRET_KEY": KEY,
            "DATABASE_URL": store_url.replace(f"://{SUPERUSER}@", f"://{SUPERUSER}:{DATABASE_PASSWORD}@"),
            **settings,
        }
        self.process: subprocess.Popen[bytes] | Forked | None = None
        self.flags: tuple[str, ...] = ()  # of `run`, beside the port

    def command(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `python -m app` with `arguments` on this server's store and return what it printed."""
        return subprocess.run(
            [sys.executable, "-m", "app", *arguments],
            cwd=self.folder,  # no .env there
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=check,
        )

    def token(self, *scopes: str, bot: str | None = None) -> str:
        """Return a new token, made beside the running server as the command line does."""
        settings = Settings.load(database_url=self.environment["DATABASE_URL"], botv2_data_dir=self.folder)
        store = Store(settings.store_url)
        try:
            return Accounts(store, settings).create_token("tests", frozenset(scopes), bot=bot)
        finally:
            store.close()

    def bearer(self, *scopes: str) -> dict[str, str]:
        """Return the header of a new token with `scopes`."""
        return {"Authorization": f"Bearer {self.token(*scopes)}"}

    def start(self) -> float:
        """Start it and return the seconds until it answered; a server that stops or hangs fails the test."""
        began = time.monotonic()
        self.process = self._launch("run", "--port", str(self.port), *self.flags)
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() - began > STARTS_WITHIN:
                self.kill()
                raise AssertionError(f"the server did not start:\n{self.log.read_text()}")
            time.sleep(0.02)
        return time.monotonic() - began

    def _launch(self, *arguments: str) -> subprocess.Popen[bytes] | Forked:
        if not self.by_hand:
            return NURSERY.fork([*arguments], self.environment, self.folder, self.log)
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [*bound_to_the_tests("KILL"), sys.executable, "-m", "app", *arguments],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def answers(self) -> bool:
        """Say whether it is there."""
        try:
            return requests.get(f"{self.url}/health", timeout=2).status_code == 200
        except requests.RequestException:
            return False

    def is_alive(self) -> bool:
        """Say whether any process of it is left."""
        if self.process is None:
            return False
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def kill(self) -> None:
        """End master and workers with SIGKILL, as a machine that runs out of memory does."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):  # it may have ended by itself
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
            self.process = None

    def stop(self) -> float:
        """End it with SIGTERM and return the seconds that took; one that does not stop fails the test."""
        if self.process is None:
            return 0.0
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(40)
        finally:
            self.kill()
        return time.monotonic() - began

    def restart(self) -> float:
        """Kill it and start it again on the same store and port; returns the seconds until it answered."""
        self.kill()
        return self.start()
