"""The demo's bots as child processes of the server: started when it answers, started again when they die, ended with it."""

import logging
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from app import demo
from app.demo.bots import BOTS
from data.desk import Desk
from data.errors import Refused
from data.posting import DEMO_PREFIX, REMOVE_DEMO
from data.records import ControlIn

log = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parents[2]
LOOK_SECONDS = 0.25
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
LONG_ENOUGH = 60.0  # a bot that lived so long has not failed at its start
END_SECONDS = 2.0
MADE_BY = "(made by run --demo)"


@dataclass(slots=True)
class _Child:
    """One bot: its process if it has one, and when the next may be started."""

    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    pause: float = FIRST_PAUSE
    due: float = 0.0


class Children:
    """The demo's processes. `start` and `stop` belong to the thread that serves."""

    def __init__(self, desk: Desk, url: str) -> None:
        """Have the bots trade at `url`, with tokens of `desk`; starts nothing."""
        self._desk, self._url = desk, url
        self._children = {name: _Child() for name in BOTS}
        self._tokens: dict[str, str] = {}
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the bots, and a thread that looks after them."""
        self._thread = threading.Thread(target=self._look_after, name="demo", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the bots; returns when none is left."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _look_after(self) -> None:
        # The kernel ends a child with the thread that started it, so this thread does all of it.
        try:
            while not self._stopping.is_set():
                try:
                    if not demo.wanted(self._desk):
                        self._end_for_good()
                        return
                    self._start_what_is_due()
                except Refused as refusal:
                    log.warning("the demo waits: %s", refusal.message)
                    self._stopping.wait(FIRST_PAUSE)
                self._stopping.wait(LOOK_SECONDS)
        finally:
            self._end()

    def _start_what_is_due(self) -> None:
        for name, child in self._children.items():
            moment = time.monotonic()
            if child.process is not None and child.process.poll() is not None:
                if moment - child.started > LONG_ENOUGH:
                    child.pause = FIRST_PAUSE
                log.warning("%s ended with status %s and is started again in %.0f s", name, child.process.returncode, child.pause)
                child.process, child.due, child.pause = None, moment + child.pause, min(2 * child.pause, LONGEST_PAUSE)
            if child.process is None and moment >= child.due:
                child.process, child.started = self._started(name), moment

    def _started(self, name: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "app", "demo-bot", name, "--url", self._url, "--parent", str(os.getpid()), "--token-file", "-"]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))}
        process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)  # noqa: S603  # our own words
        assert process.stdin is not None, "it was asked for"  # noqa: S101  # narrows the type
        try:
            process.stdin.write(self._token(name).encode() + b"\n")
            process.stdin.close()
        except BrokenPipeError:
            pass  # it died at once, and the next look finds that
        return process

    def _token(self, name: str) -> str:
        """Return this run's token of a bot; the one of the run before opens nothing any more."""
        if name not in self._tokens:
            self._revoke(name)
            self._tokens[name] = self._desk.accounts.create_token(f"{name} {MADE_BY}", {"read", "ingest"}, bot=name, actor="demo")
        return self._tokens[name]

    def _revoke(self, name: str) -> None:
        for token in self._desk.accounts.list_tokens():
            if token["name"] == f"{name} {MADE_BY}" and token["revoked_at"] is None:
                self._desk.accounts.revoke_token(token["id"], actor="demo")

    def _end_for_good(self) -> None:
        """End the bots after their data was removed, and remove what they reported between that and their end."""
        self._end()
        for name in self._children:
            self._revoke(name)
        if any(feed["bot"].startswith(DEMO_PREFIX) for feed in self._desk.live.feeds()):
            self._desk.journal.append([ControlIn(action=REMOVE_DEMO)], bot="demo")
        log.info("the demo's data was removed; its bots have ended for good")

    def _end(self) -> None:
        processes = [child.process for child in self._children.values() if child.process is not None]
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
