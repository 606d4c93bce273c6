"""The official Python Socket.IO client, connected and cleared away."""

from collections.abc import Iterator
from contextlib import contextmanager

import requests
import socketio


@contextmanager
def socket_client(
    url: str, headers: dict[str, str], transport: str = "websocket", *, path: str = "/socket.io", verify: str | bool = True
) -> Iterator[socketio.Client]:
    """Yield a client that is connected to `url` and does not come back by itself; `verify` is a certificate to trust."""
    with requests.Session() as session:
        session.verify, session.trust_env = verify, False  # the environment may name other certificates
        client = socketio.Client(reconnection=False, http_session=session)
        client.connect(url, headers=headers, transports=[transport], socketio_path=path, wait_timeout=10)
        connection = client.eio.ws
        try:
            yield client
        finally:
            client.disconnect()
            if connection is not None:
                connection.shutdown()  # the client leaves a connection open that the server has ended
