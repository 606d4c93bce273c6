"""What a connection may cost the server: no thread while it says nothing, and no longer than a request should take while it trickles."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import requests
from gunicorn.http.errors import NoMoreData

from app.serve import THREADS
from app.worker import BODY_BYTES_A_SECOND, Impatient
from tests.support.server import LiveServer
from tests.support.sockets import socket_client

HEALTH = b"GET /health HTTP/1.1\r\nHost: localhost\r\n"
STRANGERS_SOCKET = (
    b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
)
PATIENCE = 4.0  # seconds; a thread that waited for a stranger would take longer


@pytest.fixture
def backend() -> str:
    """Nothing is stored here."""
    return "sqlite"


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two ends of a connection: the client's, the server's."""
    client, server = socket.socketpair()
    with client, server:
        yield client, server


@pytest.fixture
def connect(live_server: LiveServer) -> Iterator[Callable[[bytes], socket.socket]]:
    """A function that opens a connection to the server, sends something over it, and leaves it open until the test ends."""
    with ExitStack() as stack:

        def open_one(said: bytes) -> socket.socket:
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", live_server.port), timeout=10))
            connection.sendall(said)
            return connection

        yield open_one


def healthy_after(server: LiveServer) -> float:
    """Return the seconds until somebody else is told that the server is well."""
    began = time.monotonic()
    assert requests.get(f"{server.url}/health", timeout=10).status_code == 200
    return time.monotonic() - began


def read_all(reader: Impatient) -> None:
    while reader.chunk():
        pass


def test_a_request_that_trickles_in_is_given_up_at_its_deadline(pair: tuple[socket.socket, socket.socket]) -> None:
    client, server = pair
    reader = Impatient(server, time.monotonic() + 0.3)
    stop = threading.Event()

    def trickle() -> None:
        while not stop.wait(0.02):
            client.send(b"x")

    writer = threading.Thread(target=trickle)
    writer.start()
    try:
        with pytest.raises(NoMoreData):
            read_all(reader)
    finally:
        stop.set()
        writer.join()
    assert server.gettimeout() is None  # whoever reads there next, such as a WebSocket, waits as long as it likes


def test_a_body_that_comes_quickly_enough_may_take_longer_and_what_is_there_is_always_read(pair: tuple[socket.socket, socket.socket]) -> None:
    client, server = pair
    reader = Impatient(server, time.monotonic() - 1)
    client.send(b"late, but here")
    assert reader.chunk() == b"late, but here"
    reader.expect_head(time.monotonic() + 0.1)
    reader.expect_body()
    client.send(bytes(BODY_BYTES_A_SECOND))
    while len(reader.chunk(BODY_BYTES_A_SECOND)) == BODY_BYTES_A_SECOND:
        client.send(b"the rest")  # after this much the deadline is a second later
        time.sleep(0.3)


def test_strangers_hold_no_thread_whether_they_say_nothing_or_want_a_socket(
    live_server: LiveServer, connect: Callable[[bytes], socket.socket]
) -> None:
    for _ in range(THREADS + 50):
        connect(b"")
    strangers = [connect(STRANGERS_SOCKET) for _ in range(100)]
    for stranger in strangers:
        assert stranger.recv(16).startswith(b"HTTP/1.1 401")
    assert healthy_after(live_server) < PATIENCE
    with socket_client(live_server.url, live_server.bearer("read")) as client:
        assert client.call("request_update", timeout=10)["id"] == 0


def test_clients_that_do_not_hang_up_after_the_last_answer_hold_up_nobody(live_server: LiveServer, connect: Callable[[bytes], socket.socket]) -> None:
    for _ in range(20):
        assert connect(HEALTH + b"Connection: close\r\n\r\n").recv(16).startswith(b"HTTP/1.1 200")
    assert healthy_after(live_server) < PATIENCE
