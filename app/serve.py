"""How the dashboard is served: gunicorn's gthread worker, one process of many threads (docs/decisions.md says why).

The master holds the port and nothing else; the worker opens the desk, runs its threads and answers.
"""

import ctypes
import errno
import gc
import logging
import os
import resource
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from gunicorn import util
from gunicorn.app.base import BaseApplication

from app import logs
from app.lifeline import end_with
from app.malformed import write_refusal
from app.worker import Worker
from data.accounts import Accounts
from data.backup import migrated
from data.errors import Code, Refused
from data.settings import Settings
from data.store import Store

THREADS = 600  # each WebSocket holds one, and slow clients hold them too
CONNECTIONS = 2000
SPARE_FILES = 128  # of the process's descriptors: the store, logs, libraries
KEEP_ALIVE_SECONDS = 15
GRACEFUL_SECONDS = 10
# mallopt(3): what is freed of a column of figures goes back to the system, and hundreds of threads share a few heaps.
M_MMAP_THRESHOLD, BIG_BYTES = -3, 4 * 2**20
M_ARENA_MAX, HEAPS = -8, 2
GIVE_BACK_SECONDS = 60.0
PORT_SECONDS = 3.0

Announce = Callable[[str, Accounts, str | None], None]


def serve(settings: Settings, announce: Announce, *, demo: bool = False) -> None:
    """Serve until told to stop; `announce(address, accounts, password)` is called once the server answers.

    The password is the one that was made for admin at the first start, else None. With `demo`, two bots trade a
    simulated market as child processes, unless their data has been removed.

    Raises `Refused` when the store cannot be used or the port is taken.
    """
    logs.configure(settings.botv2_data_dir)
    store = Store(settings.store_url)
    migrated(store, settings)  # here, where a refusal is one line on the terminal and time does not count against the worker
    store.close()
    _wait_for_port(settings.botv2_host, settings.botv2_port)
    _Server(settings, announce, demo).run()


def _hold_little_memory() -> None:
    """Have glibc keep less of what was freed than it does by itself, and from now on give the rest back; elsewhere nothing is done."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt") and hasattr(libc, "malloc_trim"):
        libc.mallopt(M_MMAP_THRESHOLD, BIG_BYTES)
        libc.mallopt(M_ARENA_MAX, HEAPS)
        threading.Thread(target=_give_back, args=(libc.malloc_trim,), name="heaps", daemon=True).start()


def _give_back(malloc_trim: Callable[[int], int]) -> None:
    """For ever: return to the system what is free in the heaps, also between blocks in use."""
    while True:
        time.sleep(GIVE_BACK_SECONDS)
        malloc_trim(0)


class _Worker(Worker):
    """A worker that lets go of open sockets first when it is told to stop."""

    quitting = False

    def handle_exit(self, sig: int, frame: Any) -> None:
        """SIGTERM: say goodbye to sockets, which would otherwise hold their threads for the whole grace period."""
        if self.alive:
            self.method_queue.defer(threading.Thread(target=self.app.close_sockets, daemon=True).start)
        super().handle_exit(sig, frame)

    def handle_quit(self, sig: int, frame: Any) -> None:
        """SIGINT or SIGQUIT, once: a terminal's Ctrl-C reaches the worker directly and through the master too."""
        if not self.quitting:
            self.quitting = True
            super().handle_quit(sig, frame)


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn, configured here instead of by files, flags or its own environment variables."""

    def __init__(self, settings: Settings, announce: Announce, demo: bool) -> None:
        self.settings = settings
        self.announce = announce
        self.with_demo = demo
        self.desk: Any = None
        self.push: Any = None
        self.demo: Any = None
        self.first_password: str | None = None
        super().__init__()

    def load_config(self) -> None:
        util.write_error = write_refusal  # its own answer to a malformed request is a page
        connections = _raise_file_limit()
        options = {
            "bind": f"{_bracketed(self.settings.botv2_host)}:{self.settings.botv2_port}",
            "worker_class": _Worker,
            "workers": 1,
            "threads": min(THREADS, connections // 2),
            "worker_connections": connections,
            "keepalive": KEEP_ALIVE_SECONDS,
            "graceful_timeout": GRACEFUL_SECONDS,
            "control_socket_disable": True,
            "forwarder_headers": "",  # it would believe any program of this machine that it is served under another path
            "logger_class": logs.GunicornLogger,
            "post_fork": _die_with_master,
            "post_worker_init": self._ready,
            "worker_exit": self._close,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Open the desk and build the app; called in the worker, because threads do not survive a fork."""
        gc.disable()  # as while the commands were loaded (app/cli.py)
        _hold_little_memory()
        from app.bundle import found
        from app.server import create_app
        from data.desk import Desk
        from data.live_monitor import share_desk

        self.desk = Desk.open(self.settings)
        self.first_password = self.desk.accounts.ensure_admin()
        self.desk.start()
        share_desk(self.desk)
        flask = create_app(self.settings, self.desk, found(self.settings.botv2_base_path)).server
        self.push = flask.extensions["botv2.push"]
        self.push.start()
        gc.freeze()  # what is there now stays: nobody need look through it again
        gc.enable()
        return flask

    def close_sockets(self) -> None:
        """Send what is left to the sockets and end them, and the demo; waits for no socket, because a stalled one would not answer."""
        if self.push is not None:
            self.push.stop()
        self._end_demo()

    def _ready(self, worker: Any) -> None:
        host, port = worker.sockets[0].getsockname()[:2]
        reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # compared, not bound
        address = f"http://{_bracketed(reachable)}:{port}"
        self.announce(address, self.desk.accounts, self.first_password)
        if self.with_demo:
            from app.demo.children import Children  # here, because only a server with the demo needs it

            self.demo = Children(self.desk, address)
            self.demo.start()

    def _end_demo(self) -> None:
        if self.demo is not None:
            self.demo.stop()

    def _close(self, _server: Any, worker: Any) -> None:
        """Commit what has gathered and leave at once; the interpreter's own exit would wait for every pooled thread."""
        self._end_demo()
        if self.desk is not None:
            self.desk.close()
        if worker.booted:
            logging.shutdown()
            os._exit(0)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _raise_file_limit() -> int:
    """Take as many file descriptors as the system allows, and return how many connections they are enough for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + SPARE_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return CONNECTIONS if soft == resource.RLIM_INFINITY else max(16, min(CONNECTIONS, soft - SPARE_FILES))


def _die_with_master(_server: Any, worker: Any) -> None:
    """A worker that outlives a killed master would keep the port and the store from the next start."""
    end_with(worker.ppid)


def _wait_for_port(host: str, port: int) -> None:
    """Wait a moment for a port that a server just stopped may still hold. Raises `Refused` when it cannot be had."""
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    deadline = time.monotonic() + PORT_SECONDS
    while True:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(address)
                return
            except OSError as error:
                if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                    fault = f"cannot listen on {host}:{port}: {os.strerror(error.errno or 0)}"
                    raise Refused(Code.BAD_SETTING, "the server was not started", fields={"BOTV2_PORT": fault}) from None
        time.sleep(0.05)
