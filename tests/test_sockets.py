"""The push, as the official Socket.IO client sees it, from a server as it is run."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import Any

import pytest
import requests
import socketio
from dash import Dash
from websocket import create_connection

from app import sockets
from app.sockets import Push
from data.accounts import Principal
from data.desk import Desk
from data.errors import Code, Refused
from data.records import CloseIn, PositionIn, validated
from tests.support.api import ALERT, CLOSE, CONTROLS, EVENT, MONITORING, POSITION, SIGNAL, TRADE
from tests.support.server import LiveServer

MESSAGES = ("activity", "signal", "position", "position_closed", "alert", "stats", "trade_executed", "portfolio_update", "resync")


class Viewer:
    """A connected client that remembers everything it was sent."""

    def __init__(self, server: LiveServer, headers: dict[str, str], transports: list[str] | None = None) -> None:
        self.got: list[tuple[str, dict[str, Any]]] = []
        self.http = requests.Session()
        self.http.trust_env = False
        self.websocket: Any = None
        self.client = socketio.Client(reconnection=False, http_session=self.http)
        for message in MESSAGES:
            self.client.on(
                message, lambda data, message=message: self.got.extend((message, one) for one in (data if isinstance(data, list) else [data]))
            )
        try:
            self.client.connect(server.url, headers=headers, transports=transports or ["websocket"], wait_timeout=5)
        except socketio.exceptions.ConnectionError:
            self.end()
            raise
        self.websocket = self.client.eio.ws

    def of(self, message: str) -> list[dict[str, Any]]:
        return [record for name, record in self.got if name == message]

    def ask(self, message: str, data: Any) -> Any:
        return self.client.call(message, data, timeout=5)

    def end(self) -> None:
        with suppress(Exception):  # it may have been cut off already
            self.client.disconnect()
        if self.websocket is not None:
            self.websocket.shutdown()  # the client leaves it open when the server was the one that cut it off
        self.http.close()


@pytest.fixture
def headers(live_server: LiveServer) -> dict[str, str]:
    return live_server.bearer("read", "ingest", "control")


@pytest.fixture
def viewer(live_server: LiveServer, headers: dict[str, str]) -> Iterator[Callable[..., Viewer]]:
    viewers: list[Viewer] = []

    def connect(**how: Any) -> Viewer:
        viewers.append(Viewer(live_server, how.pop("headers", headers), **how))
        return viewers[-1]

    yield connect
    for each in viewers:
        each.end()


@pytest.fixture
def post(live_server: LiveServer, headers: dict[str, str]) -> Iterator[Callable[..., Any]]:
    with requests.Session() as session:
        session.trust_env = False

        def send(path: str, body: Any = None, method: str = "POST") -> Any:
            response = session.request(method, f"{live_server.url}{MONITORING}{path}", json=body, headers=headers, timeout=10)
            assert response.status_code in {200, 201}, response.text
            return response.json()

        yield send


def wait_for(condition: Callable[[], Any], within: float = 15.0) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"not within {within} s"
        time.sleep(0.01)


def test_every_kind_arrives_as_the_full_record_that_rest_gives(viewer: Callable[..., Viewer], post: Callable[..., Any]) -> None:
    socket, polling = viewer(transports=["polling", "websocket"]), viewer(transports=["polling"])
    before = socket.ask("subscribe", {})["id"]
    polling.ask("subscribe", {})
    event = post("/activity", EVENT)["event"]
    signal = post("/signals/update", SIGNAL)["signal"]
    position = post("/positions/update", POSITION)["position"]
    closed = post("/positions/close", CLOSE)["position"]
    alert = post("/alerts", ALERT)["alert"]
    assert event["id"] == before + 1
    wait_for(lambda: all(any(figures["total_alerts_sent"] == 1 for figures in seen.of("stats")) for seen in (socket, polling)))
    kinds = ("activity", "signal", "position", "position_closed", "alert")  # the client hands each message to a thread of its own
    wait_for(lambda: all(seen.of(kind) for seen in (socket, polling) for kind in kinds))
    for seen in (socket, polling):
        expected = [("activity", [event]), ("signal", [signal]), ("position", [position]), ("position_closed", [closed]), ("alert", [alert])]
        assert [(message, seen.of(message)) for message, _ in expected] == expected
        assert seen.of("stats")[-1]["total_events"] == 1
    assert socket.ask("subscribe", None)["id"] == alert["id"]
    assert post(f"/activity?after_id={before}", method="GET")["events"] == [event]
    for path in CONTROLS:
        post(path)
    wait_for(lambda: len(socket.of("resync")) == len(CONTROLS))


def test_records_arrive_once_each_in_order_those_of_a_batch_as_a_list(
    live_server: LiveServer, headers: dict[str, str], post: Callable[..., Any]
) -> None:
    # The protocol itself: the Python client handles each message in a thread of its own and so loses their order.
    address = f"{live_server.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket"
    with closing(create_connection(address, header=headers, timeout=10)) as socket:
        assert str(socket.recv()).startswith("0{")
        socket.send("40")
        assert str(socket.recv()).startswith("40{")
        last = post("/batch", {"records": [{"kind": "event", **EVENT, "message": f"{number}"} for number in range(500)]})["last_id"]
        for number in range(20):
            post("/activity", {**EVENT, "message": f"single {number}"})
        ids: list[int] = []
        while len(ids) < 520:
            packet = str(socket.recv())
            message, data = json.loads(packet[2:]) if packet.startswith("42") else ("", [])
            if message == "activity":
                ids += [record["id"] for record in (data if isinstance(data, list) else [data])]
    assert ids == list(range(last - 499, last + 21))


def test_a_viewer_chooses_bots_and_kinds(viewer: Callable[..., Viewer], post: Callable[..., Any]) -> None:
    alpha, alerts, events, everything = viewer(), viewer(), viewer(), viewer()
    alpha.ask("subscribe", {"bots": ["alpha"]})
    events.ask("subscribe", {"kinds": ["event"]})  # the record's kind; its message is `activity`
    alerts.ask("subscribe", {"kinds": ["alert", "position"]})
    everything.ask("subscribe", {})
    wrongs: list[Any] = [{"bots": "alpha"}, {"kinds": [1]}, [], "x", {"bots": {}}]
    for wrong in wrongs:
        assert alpha.ask("subscribe", wrong)["error"]["code"] == "invalid_fields"
    for bot in ("alpha", "beta"):
        post("/activity", {**EVENT, "bot": bot})
        post("/alerts", {**ALERT, "bot": bot})
    wait_for(lambda: len(everything.of("alert")) == 2)
    wait_for(lambda: len(alerts.of("alert")) == 2)
    wait_for(lambda: alpha.of("alert"))
    assert [record["bot"] for record in alpha.of("activity") + alpha.of("alert")] == ["alpha", "alpha"]
    assert alerts.of("activity") == []
    wait_for(lambda: len(events.of("activity")) == 2)
    assert events.of("alert") == []
    assert len(everything.of("activity")) == 2
    alpha.ask("subscribe", {})
    post("/activity", {**EVENT, "bot": "beta"})
    wait_for(lambda: len(alpha.of("activity")) == 2)


def test_request_update_answers_the_present_state(viewer: Callable[..., Viewer], post: Callable[..., Any]) -> None:
    socket = viewer()
    made = post("/activity", EVENT)["event"]["id"]
    answer = socket.ask("request_update", {})
    assert answer["id"] == answer["versions"]["events"] == made
    wait_for(lambda: socket.of("stats"))


def test_without_a_token_that_may_read_the_handshake_is_refused(live_server: LiveServer, viewer: Callable[..., Viewer]) -> None:
    with requests.Session() as session:
        session.trust_env = False
        address = f"{live_server.url}/socket.io/?EIO=4&transport=polling"
        for headers, status in (
            ({}, 401),
            ({"Authorization": "Bearer bv2_wrong"}, 401),
            (live_server.bearer("ingest"), 403),
            (live_server.bearer("read"), 200),
        ):
            assert session.get(address, headers=headers, timeout=5).status_code == status
    for transport in ("websocket", "polling"):
        with pytest.raises(socketio.exceptions.ConnectionError):
            viewer(headers={}, transports=[transport])


def test_a_socket_is_cut_soon_after_its_token_was_revoked(live_server: LiveServer, viewer: Callable[..., Viewer], post: Callable[..., Any]) -> None:
    doomed, other = viewer(headers=live_server.bearer("read")), viewer()
    listed = live_server.command("token", "list").stdout
    newest = max(int(word) for line in listed.splitlines() for word in line.split()[:1] if word.isdigit())
    live_server.command("token", "revoke", str(newest))
    wait_for(lambda: not doomed.client.connected, 5.0)
    post("/activity", EVENT)
    wait_for(lambda: other.of("activity"))
    assert doomed.of("activity") == []
    assert other.client.connected


def test_trades_and_snapshots_of_one_commit_come_as_lists_and_who_chose_a_bot_gets_its_own(
    viewer: Callable[..., Viewer], post: Callable[..., Any]
) -> None:
    everything, alpha = viewer(), viewer()
    everything.ask("subscribe", {})
    alpha.ask("subscribe", {"bots": ["alpha"], "kinds": ["trade", "snapshot"]})
    records: list[dict[str, Any]] = []
    for number in range(50):
        bot = "alpha" if number % 5 == 0 else "beta"
        records += [
            {"kind": "trade", **TRADE, "trade_id": f"t{number}", "bot": bot},
            {"kind": "position", **POSITION, "position_id": f"p{number}", "bot": bot},
            {"kind": "close", **CLOSE, "position_id": f"p{number}", "bot": bot},
            {"kind": "snapshot", "total_value": 1000 + number, "timestamp": f"2025-01-01T00:00:{number:02}Z", "bot": bot},
        ]
    post("/batch", {"records": records})
    wait_for(lambda: len(everything.of("trade_executed")) == 100 and len(everything.of("portfolio_update")) == 50)
    wait_for(lambda: len(alpha.of("trade_executed")) == 20 and len(alpha.of("portfolio_update")) == 10)
    assert [trade["trade_id"].split("#")[0] for trade in everything.of("trade_executed")] == [f"{kind}{n}" for n in range(50) for kind in "tp"]
    snapshots = everything.of("portfolio_update")
    assert [snapshot["total_value"] for snapshot in snapshots] == list(range(1000, 1050))
    assert (snapshots[-1]["bot"], snapshots[-1]["total_pnl"]) == ("beta", 48)
    assert alpha.of("trade_executed") == [trade for trade in everything.of("trade_executed") if trade["bot"] == "alpha"]
    assert alpha.of("portfolio_update") == [snapshot for snapshot in snapshots if snapshot["bot"] == "alpha"]
    assert alpha.of("position_closed") == []


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_when_the_store_does_not_say_what_a_close_became_viewers_are_told_to_fetch(desk: Desk, app: Dash, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_ids: Any) -> Any:
        raise Refused(Code.STORAGE_BUSY, "the store is busy")

    push: Push = app.server.extensions["botv2.push"]
    sent: list[tuple[str, Any]] = []
    monkeypatch.setattr(desk.trades, "these", fail)
    monkeypatch.setattr(push.socketio, "emit", lambda message, data, **_: sent.append((message, data)))
    push.viewers["one"] = sockets.Viewer(Principal("token:1", "tests", None, frozenset({"read"}), None, "token:1"))
    push.start()
    try:
        desk.journal.append([validated(PositionIn, POSITION), validated(CloseIn, CLOSE)])
        wait_for(lambda: ("resync", {"id": 2}) in sent)
    finally:
        push.viewers.clear()
        push.stop()
    assert {message for message, _ in sent} <= {"resync", "stats", "position"}
