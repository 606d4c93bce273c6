"""What lies below Socket.IO for one viewer: the packets that wait for it, counted in bytes, and the WebSocket, which can be cut.

Engine.IO as it comes bounds neither, and closes a WebSocket by asking its client to: one that does not listen keeps its threads and its queue.
It also wakes a thread for each packet of each viewer; here whoever sends one gives it to the kernel, as long as that takes it at once.
"""

import contextlib
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from typing import Any

import simple_websocket  # type: ignore[import-untyped]  # ships no types
from engineio.async_drivers._websocket_wsgi import SimpleWebSocketWSGI  # type: ignore[import-untyped]  # the same
from engineio.packet import MESSAGE, NOOP, Packet  # type: ignore[import-untyped]  # the same
from flask_socketio import SocketIO
from wsproto.frame_protocol import FrameProtocol

AT_ONCE = 16  # packets that are taken from a queue together: what clients decode of one answer, and what a stuck sender holds besides the queue
SEND_BUFFER = 256 * 1024  # of the kernel, which would otherwise take some megabytes for a client that reads nothing


class Backlog(queue.Queue[Any]):
    """The packets that wait for one viewer; `size` is their text's length, which for JSON in ASCII is bytes.

    `straight`, once the viewer has a wire, is given a packet while no other is on its way; it returns what is left to send, or None.
    """

    straight: Callable[[Any], Any] | None = None

    def _init(self, maxsize: int) -> None:
        super()._init(maxsize)
        self.size = 0
        self._taken = 0
        self._waited_for = False  # whoever takes packets has sent all that it took, and waits for the next

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Send a packet, or have it wait behind others."""
        if self.straight is not None and item is not None and self._waited_for and not self.qsize() and (item := self.straight(item)) is None:
            return
        super().put(item, block, timeout)

    def _put(self, item: Any) -> None:
        self.size += _length(item)
        super()._put(item)

    def _get(self) -> Any:
        self._waited_for = False
        item = super()._get()
        self.size -= _length(item)
        return item

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Take a packet, waiting for it; without waiting only as many as belong together. Raises `queue.Empty`."""
        if block:
            self._taken, self._waited_for = 0, True
        elif self._taken >= AT_ONCE:
            raise queue.Empty
        self._taken += 1
        return super().get(block, timeout)


class Wire(SimpleWebSocketWSGI):  # type: ignore[misc]  # as above
    """One viewer's WebSocket, in `wires` under its Engine.IO id while it is open."""

    def __init__(self, wires: "dict[str, Wire]", largest: int, handler: Callable[..., Any], server: Any) -> None:
        super().__init__(handler, server, max_message_size=largest)
        self._wires = wires
        self._viewer: Any = handler.__self__  # type: ignore[attr-defined]  # the handler is a method of the Engine.IO socket
        self._sid: str = self._viewer.sid
        self._sending_since: float | None = None
        self._socket: socket.socket | None = None
        self._turn = threading.Lock()
        self._rest = b""  # of a packet that the kernel took in part

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Carry the connection until it ends."""
        self._socket = environ.get("gunicorn.socket") or environ.get("werkzeug.socket")
        if self._socket is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self._wires[self._sid] = self
        if type(self._socket) is socket.socket:  # one with TLS cannot be asked without waiting
            self._viewer.queue.straight = self.send_at_once
        try:
            answer: Iterable[bytes] = super().__call__(environ, start_response)
        finally:
            self._viewer.queue.straight = None  # which leads back here: all of this would wait for Python's search for garbage
            if self._wires.get(self._sid) is self:
                del self._wires[self._sid]
        return answer

    def send(self, message: str | bytes) -> None:
        """Send a packet; waits as long as the client takes nothing."""
        self._sending_since = time.monotonic()
        with self._turn:
            if self._rest and self._socket is not None:
                rest, self._rest = self._rest, b""
                self._socket.sendall(rest)
            super().send(message)
        self._sending_since = None

    def send_at_once(self, packet: Any) -> Any:
        """Give the kernel a packet if it takes it without waiting; returns what is left to send, None when nothing is.

        Pings wait in the queue: Engine.IO hangs up when nothing comes out of it for longer than they should take.
        """
        if not self._viewer.upgraded or packet.packet_type != MESSAGE or packet.binary or not self._turn.acquire(blocking=False):
            return packet
        try:
            if self._rest or self._socket is None or not self.ws.connected:
                return packet
            frame = _frame(packet.encode())
            self._rest = frame[self._socket.send(frame, socket.MSG_DONTWAIT) :]
            return Packet(NOOP) if self._rest else None  # which has the rest sent before it
        except OSError:  # it takes nothing now, or has gone, which whoever sends what waits finds out
            return packet
        finally:
            self._turn.release()

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


@lru_cache(maxsize=8)
def _frame(text: str) -> bytes:
    """Return a text as a server's frame, which is the same for every viewer."""
    return bytes(FrameProtocol(client=False, extensions=[]).send_data(text))


def _length(packet: Any) -> int:
    """Return the length of a packet's text; None, which ends a queue, and the protocol's own packets have none worth counting."""
    text = getattr(packet, "data", None)
    return len(text) if isinstance(text, str | bytes) else 0
