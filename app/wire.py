"""What lies below Socket.IO for one viewer: the packets that wait for it, counted in bytes, and the WebSocket, which can be cut.

Engine.IO as it comes bounds neither, and closes a WebSocket by asking its client to: one that does not listen keeps its threads and its queue.
"""

import contextlib
import queue
import socket
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import simple_websocket  # type: ignore[import-untyped]  # ships no types
from engineio.async_drivers._websocket_wsgi import SimpleWebSocketWSGI  # type: ignore[import-untyped]  # the same
from flask_socketio import SocketIO

AT_ONCE = 16  # packets that are taken from a queue together: what clients decode of one answer, and what a stuck sender holds besides the queue
SEND_BUFFER = 256 * 1024  # of the kernel, which would otherwise take some megabytes for a client that reads nothing


class Backlog(queue.Queue[Any]):
    """The packets that wait for one viewer; `size` is their text's length, which for JSON in ASCII is bytes."""

    def _init(self, maxsize: int) -> None:
        super()._init(maxsize)
        self.size = 0
        self._taken = 0

    def _put(self, item: Any) -> None:
        self.size += _length(item)
        super()._put(item)

    def _get(self) -> Any:
        item = super()._get()
        self.size -= _length(item)
        return item

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Take a packet, waiting for it; without waiting only as many as belong together. Raises `queue.Empty`."""
        if block:
            self._taken = 0
        elif self._taken >= AT_ONCE:
            raise queue.Empty
        self._taken += 1
        return super().get(block, timeout)


class Wire(SimpleWebSocketWSGI):  # type: ignore[misc]  # as above
    """One viewer's WebSocket, in `wires` under its Engine.IO id while it is open."""

    def __init__(self, wires: "dict[str, Wire]", largest: int, handler: Callable[..., Any], server: Any) -> None:
        super().__init__(handler, server, max_message_size=largest)
        self._wires = wires
        self._sid: str = handler.__self__.sid  # type: ignore[attr-defined]  # the handler is a method of the Engine.IO socket
        self._sending_since: float | None = None
        self._socket: socket.socket | None = None

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Carry the connection until it ends."""
        self._socket = environ.get("gunicorn.socket") or environ.get("werkzeug.socket")
        if self._socket is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self._wires[self._sid] = self
        try:
            answer: Iterable[bytes] = super().__call__(environ, start_response)
        finally:
            if self._wires.get(self._sid) is self:
                del self._wires[self._sid]
        return answer

    def send(self, message: str | bytes) -> None:
        """Send a packet; waits as long as the client takes nothing."""
        self._sending_since = time.monotonic()
        super().send(message)
        self._sending_since = None

    def stuck_seconds(self) -> float:
        """Return for how long the client has kept the packet waiting that is being sent; 0 when none is."""
        since = self._sending_since
        return 0.0 if since is None else time.monotonic() - since

    def close(self) -> None:
        """Say goodbye and hang up, whether or not the client answers."""
        with contextlib.suppress(OSError, simple_websocket.ConnectionClosed):  # gone already
            super().close()
        self.cut()

    def cut(self) -> None:
        """Hang up without a word: who waits in this connection, to send or to receive, waits no longer."""
        if self._socket is not None:
            with contextlib.suppress(OSError):  # ended already
                self._socket.shutdown(socket.SHUT_RDWR)


def wired(socketio: SocketIO) -> dict[str, Wire]:
    """Have `socketio` use wires and backlogs; return the open wires by Engine.IO id."""
    wires: dict[str, Wire] = {}
    server = socketio.server.eio
    server._async = {**server._async, "queue": Backlog, "websocket": partial(Wire, wires, server.max_http_buffer_size)}
    return wires


def _length(packet: Any) -> int:
    """Return the length of a packet's text; None, which ends a queue, and the protocol's own packets have none worth counting."""
    text = getattr(packet, "data", None)
    return len(text) if isinstance(text, str | bytes) else 0
