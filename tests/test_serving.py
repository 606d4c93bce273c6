"""How the program is served: quick to be there, gone when told, and back after any death."""

import os
import signal
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from tests.support.server import LiveServer
from tests.support.sockets import socket_client
from tests.support.waiting import until

EVENT = {"event_type": "ORDER", "message": "bought", "bot": "alpha"}

sqlite_only = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)  # nothing is stored


def post_event(server: LiveServer, headers: dict[str, str]) -> int:
    answer = requests.post(f"{server.url}/api/monitoring/activity", json=EVENT, headers=headers, timeout=10)
    assert answer.status_code == 201
    return int(answer.json()["event"]["id"])


def read_ids(server: LiveServer, headers: dict[str, str]) -> list[int]:
    answer = requests.get(f"{server.url}/api/monitoring/activity?limit=1000", headers=headers, timeout=10)
    return [event["id"] for event in answer.json()["events"]]


def test_an_acknowledged_record_is_there_after_a_kill_and_a_restart_on_the_same_port(typed_server: LiveServer) -> None:
    headers = typed_server.bearer("read", "ingest")
    written = [post_event(typed_server, headers) for _ in range(3)]
    typed_server.restart()
    assert set(written) <= set(read_ids(typed_server, headers))


@sqlite_only
def test_the_worker_dies_with_a_master_that_is_killed_alone(typed_server: LiveServer) -> None:
    assert typed_server.process is not None
    os.kill(typed_server.process.pid, signal.SIGKILL)
    typed_server.process.wait(5)
    until(lambda: not typed_server.is_alive(), within=2, otherwise="the worker outlived its master")
    typed_server.restart()


@sqlite_only
def test_a_worker_that_is_killed_alone_is_replaced(typed_server: LiveServer) -> None:
    assert typed_server.process is not None
    master = typed_server.process.pid
    (worker,) = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    os.kill(int(worker), signal.SIGKILL)
    until(typed_server.answers, within=15, otherwise="no other worker has come")


@sqlite_only
@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_told_to_stop_it_ends_soon_with_status_0_though_sockets_are_open(typed_server: LiveServer, transport: str) -> None:
    headers = typed_server.bearer("read")
    with ExitStack() as stack:
        clients = [stack.enter_context(socket_client(typed_server.url, headers, transport)) for _ in range(3)]
        process = typed_server.process
        assert process is not None
        typed_server.stop()  # waits for less than the time that gunicorn would give a thread that does not end
        assert process.returncode == 0
        until(lambda: not any(client.connected for client in clients))


def test_what_was_accepted_before_the_stop_is_stored(typed_server: LiveServer) -> None:
    """Writers hammer while the server stops: each 201 that they saw is there afterwards."""
    headers = typed_server.bearer("read", "ingest")
    acknowledged: list[int] = []

    def write() -> None:
        while True:
            try:
                acknowledged.append(post_event(typed_server, headers))
            except (requests.RequestException, AssertionError):
                return

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    time.sleep(0.5)
    typed_server.stop()
    for writer in writers:
        writer.join(10)
    typed_server.start()
    assert acknowledged
    assert set(acknowledged[-900:]) <= set(read_ids(typed_server, headers))
