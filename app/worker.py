"""gunicorn's gthread worker, for which a connection holds a thread only while a request is on its way, and not for as long as its client likes.

As it comes, each new connection holds a thread for five seconds though it says nothing, a request may trickle in for ever, and the thread that
accepts connections waits up to two seconds for a client to hang up. Any of these lets a few hundred strangers silence the server.

For a gunicorn of your own: `gunicorn --worker-class app.worker.Worker --threads 600 app.wsgi:application`.
"""

import contextlib
import selectors
import socket
import time
from concurrent.futures import Future
from functools import partial
from typing import Any

from gunicorn import util
from gunicorn.http.errors import NoMoreData
from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers.gthread import TConn

from app.crowd import CrowdedWorker

REQUEST_SECONDS = 15.0  # for a request to come in, from its first byte, or from the connection's begin
BODY_BYTES_A_SECOND = 8 * 1024  # a body that comes at least so fast may take longer
DEAF_MILLISECONDS = 20_000  # after which the kernel ends a connection whose peer takes nothing of what was sent


class Impatient(SocketUnreader):  # type: ignore[misc]  # gunicorn ships no types
    """Reads requests from a connection, each until its deadline."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        super().__init__(sock)
        self.expect_head(deadline)

    def expect_head(self, deadline: float) -> None:
        """Read a request that must be there by then (on the monotonic clock)."""
        self._deadline = deadline
        self._seconds_a_byte = 0.0

    def expect_body(self) -> None:
        """Read what belongs to the request; each byte earns time for the next ones."""
        self._seconds_a_byte = 1 / BODY_BYTES_A_SECOND

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Return what has come next; raises `NoMoreData`, as for a client that has gone, when the time is over."""
        self.sock.settimeout(max(0.001, self._deadline - time.monotonic()))  # what is there already is always taken
        try:
            data: bytes = super().chunk(size_hint)
        except TimeoutError:
            raise NoMoreData from None
        finally:
            with contextlib.suppress(OSError):  # ended meanwhile
                self.sock.settimeout(None)
        self._deadline += len(data) * self._seconds_a_byte
        return data


class Worker(CrowdedWorker):
    """A worker that waits for the begin of a request without a thread, and for its end no longer than it should take."""

    def enqueue_req(self, conn: TConn) -> None:
        """Give a connection to a thread; a new one only when it says something."""
        if conn.initialized or conn.data_ready:
            super().enqueue_req(conn)
            return
        with contextlib.suppress(AttributeError, OSError):  # Linux alone has it, and not for sockets of the file system
            conn.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAF_MILLISECONDS)
        conn.sock.setblocking(False)
        conn.timeout = time.monotonic() + REQUEST_SECONDS
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def handle(self, conn: TConn) -> Any:
        """Answer a request, in a thread of the pool; one that ends its connection waits here for the client to take the answer."""
        if conn.initialized:
            conn.parser.unreader.expect_head(time.monotonic() + REQUEST_SECONDS)
        else:
            conn.init()
            conn.parser.unreader = Impatient(conn.sock, conn.timeout)
        kept = super().handle(conn)
        if not kept:
            util.close_graceful(conn.sock)
        return kept

    def handle_request(self, req: Any, conn: TConn) -> Any:
        """Answer a request whose head is there."""
        conn.parser.unreader.expect_body()
        return super().handle_request(req, conn)

    def finish_request(self, conn: TConn, fs: "Future[Any]") -> None:
        """Keep a connection for its next request, or count it out; what waited for its client has done so in `handle`."""
        if fs.cancelled() or fs.exception() is not None or not fs.result():
            self.nr_conns -= 1
            util.close(conn.sock)
        else:
            super().finish_request(conn, fs)

    def _cap_keepalive(self, deadline: float) -> None:
        """When the worker stops: close what says nothing by then, new connections like kept ones."""
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, deadline)
