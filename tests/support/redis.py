"""A real Redis server for tests, and a proxy that makes it slow, deaf or gone."""

import shutil
import signal
import socket
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from redis import Redis

from tests.support.processes import bound_to_the_tests, free_port

STARTS_WITHIN = 20.0
PROGRAM = shutil.which("redis-server")


class RedisServer:
    """One server that keeps nothing on disk; skipped by name where the program is missing."""

    def __init__(self, folder: Path) -> None:
        if PROGRAM is None:
            pytest.skip("not run: redis-server is not installed")
        self.folder, self.port = folder, free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.client = Redis(port=self.port)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = {"port": self.port, "bind": "127.0.0.1", "save": "", "appendonly": "no", "dir": self.folder, "loglevel": "warning"}
        words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
        with (self.folder / "redis.log").open("ab") as log:
            command = [*bound_to_the_tests("KILL"), str(PROGRAM), *words]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + STARTS_WITHIN
        while True:
            with suppress(Exception):
                self.client.ping()
                return
            assert self._process.poll() is None, (self.folder / "redis.log").read_text()
            assert time.monotonic() < deadline, "redis-server did not start"
            time.sleep(0.02)

    def stop(self) -> None:
        """End it; what it held is gone."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(10)
            self._process = None

    def close(self) -> None:
        """End it and hang up."""
        self.stop()
        self.client.close()

    def refuse_writes(self, refuses: bool) -> None:
        """Make it a copy of nobody, which may only be read, or its own master again."""
        self.client.execute_command("REPLICAOF", *(("127.0.0.1", "1") if refuses else ("NO", "ONE")))


class SlowProxy:
    """Passes bytes on to a port of 127.0.0.1, each way after `delay` seconds."""

    def __init__(self, port: int) -> None:
        self._target = port
        self.delay = 0.0
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.url = f"redis://127.0.0.1:{self.port}/0"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Hang up everywhere."""
        for each in [self._listener, *self._sockets]:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)  # wakes whoever waits in it
            each.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                inner, _ = self._listener.accept()
                self._sockets.append(inner)
                try:
                    outer = socket.create_connection(("127.0.0.1", self._target))
                except OSError:
                    inner.close()
                    continue
                self._sockets.append(outer)
                for pair in ((inner, outer), (outer, inner)):
                    threading.Thread(target=self._pass, args=pair, daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if self.delay:
                    time.sleep(self.delay)
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
