"""The dashboard as a user runs it: a process of its own on a port of 127.0.0.1."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import requests

from tests.support.paths import ROOT
from tests.support.processes import bound_to_the_tests, free_port

ADMIN_PASSWORD = "correct horse battery staple"
STARTS_WITHIN = 30.0


class LiveServer:
    """`python -m app run` in its own process group, on one store and port through every restart."""

    def __init__(self, folder: Path, store_url: str = "", **settings: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "server.log"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("BOTV2_")}
        self.environment = {
            **inherited,
            "PYTHONPATH": str(ROOT),
            "BOTV2_DATA_DIR": str(folder),
            "BOTV2_ADMIN_PASSWORD": ADMIN_PASSWORD,
            "DATABASE_URL": store_url,
            **settings,
        }
        self.process: subprocess.Popen[bytes] | None = None
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
        """Return a new token, made by the command line beside the running server."""
        flags = [part for scope in scopes for part in ("--scope", scope)]
        flags += ["--bot", bot] if bot else []
        return self.command("token", "create", "tests", *flags).stdout.splitlines()[-1]

    def bearer(self, *scopes: str) -> dict[str, str]:
        """Return the header of a new token with `scopes`."""
        return {"Authorization": f"Bearer {self.token(*scopes)}"}

    def start(self) -> float:
        """Start it and return the seconds until it answered; a server that stops or hangs fails the test."""
        began = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*bound_to_the_tests("KILL"), sys.executable, "-m", "app", "run", "--port", str(self.port), *self.flags],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() - began > STARTS_WITHIN:
                self.kill()
                raise AssertionError(f"the server did not start:\n{self.log.read_text()}")
            time.sleep(0.02)
        return time.monotonic() - began

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
