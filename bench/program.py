"""A server under measurement: a process group of its own, on one data folder and port through every restart."""

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.support.paths import ROOT
from tests.support.processes import bound_to_the_tests, free_port

FOREIGN = {"DATABASE_URL", "SECRET_KEY", "REDIS_URL"}  # the developer's own
PASSWORD = "correct horse battery staple"
STARTS_WITHIN = 30.0
STOPS_WITHIN = 45.0


class Program:
    """`python -m WORDS --port N` with settings of its own; nothing of the caller's configuration reaches it."""

    def __init__(self, folder: Path, *words: str, python: str = sys.executable, **settings: str) -> None:
        """Prepare to run `words` with its data in `folder`; `settings` are environment variables."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port = free_port()
        self.log = folder / "output.log"
        self._command = [python, "-m", *words, "--port", str(self.port)]
        self.environment = environment(folder, **settings)
        self._process: subprocess.Popen[bytes] | None = None
        self.status: int | None = None  # with which it ended last

    def start(self) -> float:
        """Start it and return the seconds from the process's start to the first 200 of `/health`."""
        with self.log.open("ab") as log:
            began = time.monotonic()
            self._process = subprocess.Popen(
                [*bound_to_the_tests("KILL"), *self._command],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        while health(self.port) != 200:
            if self._process.poll() is not None or time.monotonic() - began > STARTS_WITHIN:
                self.kill()
                raise RuntimeError(f"the server did not start:\n{self.log.read_text()}")
            time.sleep(0.01)
        return time.monotonic() - began

    @property
    def group(self) -> int:
        """Return the process group's number while it runs."""
        assert self._process is not None, "it does not run"
        return self._process.pid

    def kill(self) -> None:
        """End the whole process group with SIGKILL."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):  # it may have ended by itself
                os.killpg(self._process.pid, signal.SIGKILL)
            self.status = self._process.wait(10)
            self._process = None

    def stop(self) -> float:
        """Ask it to end with SIGTERM; returns the seconds that took, `STOPS_WITHIN` when it had to be killed."""
        began = time.monotonic()
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOPS_WITHIN)
            self.kill()
        return time.monotonic() - began


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """Return the environment of a process of ours whose data is in `folder`."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("BOTV2_") and name not in {"DATABASE_URL", "SECRET_KEY", "REDIS_URL"}
    }
    ours = {"PYTHONPATH": str(ROOT), "BOTV2_DATA_DIR": str(folder), "BOTV2_ADMIN_PASSWORD": PASSWORD, "BOTV2_RATE_LIMITS": "off"}
    return kept | ours | settings


def health(port: int, patience: float = 2.0) -> int | None:
    """Return the status of `/health`, None when nobody answers within `patience` seconds."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def make_token(program: Program, *scopes: str) -> str:
    """Return a new token for the program's store, made as a user makes one: by the command line."""
    flags = [word for scope in scopes for word in ("--scope", scope)]
    made = subprocess.run(
        [sys.executable, "-m", "app", "token", "create", "bench", *flags],
        cwd=program.folder,
        env=program.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return made.stdout.splitlines()[-1]
