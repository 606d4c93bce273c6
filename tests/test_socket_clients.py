"""The two official Socket.IO clients, Python's and JavaScript's under Node.js, over both transports: each is told the same."""

import asyncio
import json
import os
import queue
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
import requests

from bench.faults.asking import Poster
from bench.faults.crowd import Crowd, settled
from tests.support.api import ALERT, CLOSE, EVENT, POSITION, SIGNAL, SNAPSHOT, TRADE
from tests.support.paths import ROOT
from tests.support.processes import bound_to_the_tests
from tests.support.server import LiveServer
from tests.support.sockets import socket_client

NODE = shutil.which("node")
SCRIPT = ROOT / "tests" / "support" / "socket_client.cjs"
TRANSPORTS = ("polling", "websocket")
MESSAGES = (
    "activity", "signal", "position", "position_closed", "alert", "stats", "portfolio_update", "trade_executed", "annotation_created",
    "annotation_deleted", "resync",
)  # fmt: skip  # one name a line would be a page
PATIENCE = 20.0

Said = tuple[str, Any]


@pytest.fixture
def backend() -> str:
    """What is pushed does not depend on the database."""
    return "sqlite"


class Heard:
    """What a client was told, in the order in which it said so."""

    def __init__(self) -> None:
        self._said: queue.Queue[Said] = queue.Queue()
        self._heard: list[Said] = []

    def say(self, name: str, data: Any) -> None:
        self._said.put((name, data))

    def of(self, name: str) -> list[Any]:
        """Return the records of a message, whether they came one by one or in lists."""
        return [record for said, data in self._heard if said == name for record in (data if isinstance(data, list) else [data])]

    def wait_for(self, name: str, count: int = 1) -> list[Any]:
        """Return the records of a message when there are this many."""
        deadline = time.monotonic() + PATIENCE
        while len(self.of(name)) < count:
            try:
                self._heard.append(self._said.get(timeout=max(0.0, deadline - time.monotonic())))
            except queue.Empty:
                raise AssertionError(f"{len(self.of(name))} of {count} {name} came; heard: {self._heard}") from None
        return self.of(name)


@contextmanager
def in_python(url: str, token: str, transport: str, wanted: dict[str, Any]) -> Iterator[Heard]:
    with socket_client(url, {"Authorization": f"Bearer {token}"}, transport) as client:
        heard = Heard()
        for message in MESSAGES:
            client.on(message, lambda data, message=message: heard.say(message, data))
        heard.say("subscribed", client.call("subscribe", wanted, timeout=PATIENCE))
        heard.say("updated", client.call("request_update", timeout=PATIENCE))
        yield heard


@contextmanager
def in_javascript(url: str, token: str, transport: str, wanted: dict[str, Any]) -> Iterator[Heard]:
    if NODE is None:
        pytest.skip("not run: Node.js is not installed")
    process = subprocess.Popen(
        [*bound_to_the_tests("KILL"), NODE, str(SCRIPT), url, transport, json.dumps(wanted)],
        env={"PATH": os.environ["PATH"], "TOKEN": token},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    heard, lines = Heard(), process.stdout

    def read() -> None:
        for line in lines:
            heard.say(*json.loads(line))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield heard
    finally:
        process.stdin.close()
        try:
            process.wait(PATIENCE)
        finally:
            process.kill()
            reader.join()
            lines.close()


CLIENTS = {"python": in_python, "javascript": in_javascript}


class Rest:
    """The server as a bot and a person write to it."""

    def __init__(self, server: LiveServer, token: str) -> None:
        self.url, self.headers = server.url, {"Authorization": f"Bearer {token}"}

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        response = requests.request(method, f"{self.url}/api{path}", json=body, headers=self.headers, timeout=PATIENCE)
        assert response.status_code in {200, 201}, response.text
        return response.json()


def record_all(rest: Rest) -> dict[str, list[Any]]:
    """Record one of everything; return the records of each message as REST gives them."""
    note = {"chart_id": "equity", "date": "2025-01-01T00:00:00Z", "text": "<i>x</i>"}
    event = rest("POST", "/monitoring/activity", EVENT)["event"]
    signal = rest("POST", "/monitoring/signals/update", SIGNAL)["signal"]
    position = rest("POST", "/monitoring/positions/update", POSITION)["position"]
    closed = rest("POST", "/monitoring/positions/close", CLOSE)["position"]
    alert = rest("POST", "/monitoring/alerts", ALERT)["alert"]
    rest("POST", "/monitoring/batch", {"records": [{"kind": "trade", **TRADE}, {"kind": "snapshot", **SNAPSHOT}]})
    made = rest("POST", "/annotations", note)["data"]
    changed = rest("PATCH", f"/annotations/{made['id']}", {"text": "other"})["data"]
    rest("DELETE", f"/annotations/{made['id']}")
    by_id = {trade["trade_id"]: trade for trade in rest("GET", "/trades")["data"]["trades"]}
    rest("POST", "/monitoring/signals/clear")
    return {
        "activity": [event],
        "signal": [signal],
        "position": [position],
        "position_closed": [closed],
        "alert": [alert],
        "portfolio_update": rest("GET", "/portfolio/history")["data"]["snapshots"],
        "trade_executed": [by_id[f"{POSITION['position_id']}#{closed['id']}"], by_id[TRADE["trade_id"]]],
        "annotation_created": [made, changed],
        "annotation_deleted": [changed],
    }


def test_every_message_reaches_both_clients_over_both_transports_as_rest_gives_it(live_server: LiveServer) -> None:
    token = live_server.token("read", "ingest", "control")
    with ExitStack() as stack:
        clients = {
            f"{name} over {transport}": stack.enter_context(client(live_server.url, token, transport, {}))
            for name, client in CLIENTS.items()
            for transport in TRANSPORTS
        }
        for heard in clients.values():
            assert heard.wait_for("subscribed") == [{"id": 0}]
            assert heard.wait_for("updated")[0]["versions"]["trades"] == 0
            heard.wait_for("stats")
        expected = record_all(Rest(live_server, token))
        for name, heard in clients.items():
            heard.wait_for("resync")
            assert {message: heard.wait_for(message, len(records)) for message, records in expected.items()} == expected, name
            assert heard.of("stats")[-1]["total_events"] == 1


def test_who_subscribes_is_told_of_these_bots_and_kinds_alone(live_server: LiveServer) -> None:
    token = live_server.token("read", "ingest", "control")
    choices: list[tuple[dict[str, Any], tuple[str, ...]]] = [
        ({"kinds": ["annotation"], "bots": ["default"]}, ("annotation_created", "annotation_deleted")),
        ({"kinds": ["trade", "portfolio_update"]}, ("trade_executed", "portfolio_update")),
        ({"kinds": ["snapshot", "annotation_deleted"], "bots": ["nobody", "default"]}, ("portfolio_update", "annotation_deleted")),
        ({"bots": ["nobody"]}, ()),
    ]
    with ExitStack() as stack:
        clients = [
            (stack.enter_context(client(live_server.url, token, "websocket", wanted)), told)
            for client in CLIENTS.values()
            for wanted, told in choices
        ]
        for heard, _ in clients:
            heard.wait_for("updated")
        record_all(Rest(live_server, token))
        for heard, told in clients:
            heard.wait_for("resync")
            for message in told:
                heard.wait_for(message)
            assert {message for message in MESSAGES if heard.of(message)} == {*told, "stats", "resync"}


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_javascript_client_is_refused_without_a_token(live_server: LiveServer, transport: str) -> None:
    with in_javascript(live_server.url, "", transport, {}) as heard:
        assert "401" in f"{heard.wait_for('refused')}"
        assert heard.of("subscribed") == []


def test_viewers_have_every_record_once_though_the_server_was_killed_under_them(live_server: LiveServer) -> None:
    """As the documented way to resume has it: subscribe, then fetch what came after the last id. 500 of them: `bench.faults.storm`."""
    token = live_server.token("read", "ingest")

    async def watch() -> tuple[Crowd, int]:
        crowd, poster = Crowd.of(10, live_server.port, token), Poster(live_server.port, token)
        try:
            assert await crowd.gather() == 10
            await poster.post(rate=30, seconds=0.5)
            await asyncio.to_thread(live_server.kill)
            await settled(lambda: crowd.connected == 0, PATIENCE)
            await asyncio.to_thread(live_server.start)
            await poster.post(rate=30, seconds=0.5)
            assert await settled(lambda: crowd.connected == 10, PATIENCE)
            await poster.post(rate=30, seconds=0.5)
            await settled(lambda: crowd.behind(poster.last) <= 0, PATIENCE)
        finally:
            await crowd.leave()
        return crowd, poster.last

    crowd, last = asyncio.run(watch())
    assert last > 30
    assert {watcher.last for watcher in crowd.watchers} == {last}
    assert (crowd.total("missing"), crowd.total("doubled"), crowd.total("got")) == (0, 0, 10 * last)
