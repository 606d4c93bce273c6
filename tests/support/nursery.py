"""Where a server is forked from a process that has loaded the program: its start then costs its own work and not two seconds of imports."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.paths import ROOT
from tests.support.processes import bound_to_the_tests


class Forked:
    """`python -m app …` in a session of its own; it has what is used of `Popen`."""

    def __init__(self, nursery: "Nursery", pid: int) -> None:
        self._nursery, self.pid = nursery, pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return how it ended, None while it runs."""
        if self.returncode is None:
            self.returncode = self._nursery.ask(ended=self.pid)
        return self.returncode

    def wait(self, timeout: float) -> int:
        """Return how it ended, or raise `TimeoutExpired`."""
        deadline = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
            time.sleep(0.01)
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)


class Nursery:
    """The process that has loaded the program; it is there from the first `fork` to `close`, and never outlives the tests."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def fork(self, arguments: list[str], environment: dict[str, str], folder: Path, log: Path) -> Forked:
        """Run `python -m app` with `arguments` and this environment in `folder`; what it says goes to the end of `log`."""
        return Forked(self, self.ask(arguments=arguments, environment=environment, folder=str(folder), log=str(log)))

    def ask(self, **order: Any) -> Any:
        """Return what the process answers to an order."""
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()
        answer = process.stdout.readline()
        assert answer, "the program could not be loaded; what Python said of it stands above"
        return json.loads(answer)

    def close(self) -> None:
        """End the process, and with it whatever it has forked."""
        if self._process is not None:
            self._process.communicate(timeout=20)
            self._process = None

    def _started(self) -> "subprocess.Popen[str]":
        if self._process is None:
            self._process = subprocess.Popen(
                [*bound_to_the_tests("KILL"), sys.executable, "-m", "tests.support.nursery"],
                cwd=ROOT,
                env={name: value for name, value in os.environ.items() if not name.startswith("BOTV2_")},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,  # a Ctrl-C at the tests must not end it before they have finished
            )
        return self._process


NURSERY = Nursery()


def _serve() -> int:
    """Obey the orders on stdin; in a child that was forked for one, do what it says and return its exit status."""
    # Loaded here and not above, because who imports this module wants the class alone.
    import app.commands
    import app.serve
    import app.server  # noqa: F401  # for the servers that are forked
    from app.cli import main
    from tests.support.canary import marked

    with marked():
        return _obey(main)


def _obey(main: Callable[[list[str]], int]) -> int:
    for line in sys.stdin:
        order = json.loads(line)
        if "ended" in order:
            pid, status = os.waitpid(order["ended"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        else:
            answer = os.fork()
            if answer == 0:
                _begin(**order)
                return main(order["arguments"])
        print(json.dumps(answer), flush=True)  # noqa: T201  # to who gave the order
    return 0


def _begin(arguments: list[str], environment: dict[str, str], folder: str, log: str) -> None:
    """Become what a start by hand would have made."""
    from app.lifeline import end_with

    end_with(os.getppid())
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.argv = ["app", *arguments]
    for path, flags, numbers in ((os.devnull, os.O_RDONLY, (0,)), (log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, (1, 2))):
        opened = os.open(path, flags, 0o644)
        for number in numbers:
            os.dup2(opened, number)
        os.close(opened)


if __name__ == "__main__":
    sys.exit(_serve())
