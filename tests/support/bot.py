"""A bot in a process of its own, which uses the Python API as the README tells it to."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.paths import ROOT
from tests.support.processes import bound_to_the_tests

HEAD = """
import json, sys, time
from datetime import datetime, timedelta, timezone
from data.live_monitor import get_live_monitor, EventType, AlertSeverity, StrategySignal, OpenPosition
monitor = get_live_monitor()
def tell(value): print(json.dumps(value), flush=True)
"""


def environment(folder: Path, store_url: str, **more: str) -> dict[str, str]:
    """Return what a process needs to use this store."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("BOTV2_")}
    return {**plain, "BOTV2_DATA_DIR": str(folder), "DATABASE_URL": store_url, **more}


class Bot:
    """Runs `program` after the five lines that every bot begins with; `tell(value)` in it answers `hear()` here."""

    def __init__(self, program: str, folder: Path, store_url: str = "", **more: str) -> None:
        self.process = subprocess.Popen(
            [*bound_to_the_tests("KILL"), sys.executable, "-W", "error", "-c", HEAD + program],
            cwd=ROOT,
            env=environment(folder, store_url, **more),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def hear(self) -> Any:
        """Return the next value that the program tells; a program that ended fails the test with what it said."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"the bot ended: {self.process.communicate(timeout=20)[1]}")
        return json.loads(line)

    def say(self) -> None:
        """Let a program that waits in `input()` go on."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def end(self) -> None:
        """Wait until the program has ended by itself, without an error or a warning."""
        errors = self.process.communicate(timeout=20)[1]
        assert (self.process.returncode, errors) == (0, "")

    def kill(self) -> None:
        """End it as a machine does that runs out of memory."""
        self.process.kill()
        self.process.communicate(timeout=20)
