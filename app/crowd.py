"""What the worker does with more connections than it can serve, and when the system grants it nothing more: it says so, at once, and goes on."""

import errno
import os
import socket
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

from app.malformed import swallow, turn_away

NOTHING_LEFT = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}  # of what a connection needs
# Who is turned away is kept for a moment, until what was asked has come: to close before that would take the answer back.
LINGERING, LINGER_SECONDS = 32, 1.0
PAUSE_SECONDS = 0.01


class Threads(ThreadPoolExecutor):
    """Threads as the system grants them: when it grants no more, what comes waits for those that there are."""

    def _adjust_thread_count(self) -> None:
        try:
            super()._adjust_thread_count()
        except RuntimeError:
            if not self._threads:  # then nobody would ever serve it
                raise


class CrowdedWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """A gthread worker that answers 503 to a connection too many; as it comes, it lets them wait unheard, and ends when files run out."""

    def get_thread_pool(self) -> ThreadPoolExecutor:
        """Return the pool; gunicorn's documented place for another one."""
        self._turned_away: deque[tuple[float, socket.socket]] = deque()  # and when it may be closed
        self._reserve = _spare_file()  # to answer with when no other is left
        return Threads(max_workers=self.cfg.threads)

    def set_accept_enabled(self, enabled: bool) -> None:
        """Go on accepting when there are too many connections: who waits unheard does not know that it should come again."""
        super().set_accept_enabled(enabled or self.alive)

    def accept(self, listener: socket.socket) -> None:
        """Accept a connection, or turn it away."""
        try:
            if self.nr_conns < self.worker_connections:
                super().accept(listener)
            else:
                self._turn_away(listener)
        except OSError as error:
            if error.errno not in NOTHING_LEFT:
                raise
            self._turn_away_with_the_reserve(listener)

    def enqueue_req(self, conn: TConn) -> None:
        """Have a thread serve a connection, or answer 503 when the system grants none at all."""
        try:
            super().enqueue_req(conn)
        except RuntimeError:
            self.nr_conns -= 1
            turn_away(conn.sock)
            swallow(conn.sock)
            conn.close()

    def notify(self) -> Any:
        """Say that it lives, at least once a second, and hang up on who was turned away."""
        moment = time.monotonic()
        self._let_go_of(sum(until > moment for until, _ in self._turned_away))
        return super().notify()

    def _turn_away_with_the_reserve(self, listener: socket.socket) -> None:
        """Free a file descriptor for one answer; should somebody else get hold of it, who knocks is answered next time."""
        if self._reserve is not None:
            os.close(self._reserve)
        try:
            self._turn_away(listener)
            self._let_go_of(0)
        except OSError:
            time.sleep(PAUSE_SECONDS)  # it goes on knocking
        self._reserve = _spare_file()

    def _turn_away(self, listener: socket.socket) -> None:
        try:
            connection, _ = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return  # it has gone
        self._let_go_of(LINGERING - 1)
        self._turned_away.append((time.monotonic() + LINGER_SECONDS, connection))
        turn_away(connection)

    def _let_go_of(self, all_but: int) -> None:
        while len(self._turned_away) > all_but:
            with self._turned_away.popleft()[1] as connection:
                swallow(connection)


def _spare_file() -> int | None:
    try:
        return os.open(os.devnull, os.O_RDONLY)
    except OSError:
        return None
