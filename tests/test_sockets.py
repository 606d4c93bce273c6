"""The push, as the official Socket.IO client sees it, from a server as it is run."""

import gc
import json
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from socket import SO_RCVBUF, SOL_SOCKET, socketpair
from types import MethodType, SimpleNamespace
from typing import Any
from weakref import ref

import pytest
import requests
import socketio
from dash import Dash
from engineio.packet import MESSAGE, NOOP, PING, Packet  # type: ignore[import-untyped]  # ships no types
from websocket import WebSocket, WebSocketConnectionClosedException, create_connection
from werkzeug.serving import ThreadedWSGIServer, make_server
from wsproto.connection import Connection, ConnectionType
from wsproto.events import TextMessage

from app import messages, sockets
from app.sockets import Push
from app.wire import AT_ONCE, Backlog, Wire, _frame
from data.accounts import Principal
from data.desk import Desk
from data.errors import Code, Refused
from data.records import CloseIn, EventIn, PositionIn, validated
from tests.support.api import ALERT, CLOSE, CONTROLS, EVENT, MONITORING, POSITION, SIGNAL, TRADE
from tests.support.server import ADMIN_PASSWORD, LiveServer

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


def ended(socket: WebSocket) -> bool:
    """Say whether what comes next is the end, with a close frame (read as an empty text) or without."""
    try:
        return socket.recv() == ""
    except (WebSocketConnectionClosedException, ConnectionError):
        return True
    finally:
        socket.shutdown()  # the client leaves it open when the server was the one that cut it off


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
    wait_for(lambda: len(everything.of("activity")) == 2)
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
def test_sockets_of_a_session_that_was_signed_out_are_cut_even_those_that_never_came_as_far_as_a_viewer(live_server: LiveServer) -> None:
    with requests.Session() as browser:
        browser.trust_env = False
        browser.post(f"{live_server.url}/login", data={"username": "admin", "password": ADMIN_PASSWORD}, allow_redirects=False, timeout=10)
        cookie = f"session={browser.cookies['session']}"
        address = f"{live_server.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket"
        with (
            closing(create_connection(address, cookie=cookie, timeout=10)) as joined,
            closing(create_connection(address, cookie=cookie, timeout=10)) as not_yet,
        ):
            joined.send("40")
            assert [str(joined.recv())[:2] for _ in range(2)] == ["0{", "40"]
            assert str(not_yet.recv()).startswith("0{")
            assert browser.post(f"{live_server.url}/logout", timeout=10).status_code < 400
            signed_out = time.monotonic()
            assert [ended(socket) for socket in (joined, not_yet)] == [True, True]
            assert time.monotonic() - signed_out < 5


@pytest.fixture
def served(app: Dash) -> Iterator[int]:
    """The port of the app behind a server in this process, with its push at work."""
    push: Push = app.server.extensions["botv2.push"]
    server = make_server("127.0.0.1", 0, app.server, threaded=True)
    assert isinstance(server, ThreadedWSGIServer)
    server.daemon_threads = False  # so that its end waits for theirs
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    push.start()
    try:
        yield server.port
    finally:
        push.stop()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_of_a_viewer_that_takes_nothing_little_is_kept_and_it_is_cut_off(
    desk: Desk, app: Dash, bearer: dict[str, str], served: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "BEHIND_SECONDS", 0.5)
    push: Push = app.server.extensions["botv2.push"]
    address = f"ws://127.0.0.1:{served}/socket.io/?EIO=4&transport=websocket"
    with closing(create_connection(address, header=bearer, timeout=10, sockopt=[(SOL_SOCKET, SO_RCVBUF, 4096)])) as stalled:
        stalled.send("40")
        wait_for(lambda: push.viewers and push.wires)
        [connection] = push.socketio.server.eio.sockets.values()
        largest = 0
        deadline = time.monotonic() + 30
        while push.wires:
            assert time.monotonic() < deadline, "it was not cut off"
            desk.journal.append([validated(EventIn, {**EVENT, "message": "x" * 1900}) for _ in range(100)])
            largest = max(largest, connection.queue.size)
        assert not push.viewers
        assert sockets.BEHIND_BYTES / 2 < largest < 2 * sockets.BEHIND_BYTES


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_what_was_kept_of_a_viewer_goes_with_it_without_a_search_for_garbage(app: Dash, bearer: dict[str, str], served: int) -> None:
    """R25: a ring of references would hold each connection, its request and its frames until Python looks for such, by then thousands of them."""
    push: Push = app.server.extensions["botv2.push"]
    gc.disable()
    try:
        address = f"ws://127.0.0.1:{served}/socket.io/?EIO=4&transport=websocket"
        with closing(create_connection(address, header=bearer, timeout=10)) as socket:
            socket.send("40")
            wait_for(lambda: push.viewers and push.wires)
            [wire] = (ref(wire) for wire in push.wires.values())
        wait_for(lambda: wire() is None)
        assert not push.viewers
    finally:
        gc.enable()


def test_a_backlog_is_counted_in_bytes_and_handed_out_in_small_parts() -> None:
    backlog = Backlog()
    for number in range(AT_ONCE + 4):
        backlog.put(Packet(MESSAGE, f"{number:03}"))
    backlog.put(None)
    assert backlog.size == 3 * (AT_ONCE + 4)
    part = [backlog.get(timeout=1).data]
    with suppress(queue.Empty):
        while True:
            part.append(backlog.get(block=False).data)
    assert part == [f"{number:03}" for number in range(AT_ONCE)]
    rest = [backlog.get() for _ in range(5)]
    assert [packet and packet.data for packet in rest] == ["016", "017", "018", "019", None]
    assert backlog.size == 0


def test_a_packet_that_the_kernel_takes_in_part_is_finished_before_any_other() -> None:
    ours, theirs = socketpair()
    viewer = SimpleNamespace(sid="viewer", upgraded=True, queue=Backlog())
    wire = Wire({}, 10_000_000, MethodType(lambda _viewer, _wire: [], viewer), None)
    wire._socket, wire.ws = ours, SimpleNamespace(connected=True, send=lambda text: ours.sendall(_frame(text)))
    large, later, ping = Packet(MESSAGE, "x" * 5_000_000), Packet(MESSAGE, "later"), Packet(PING)
    assert wire.send_at_once(ping) is ping, "Engine.IO hangs up when none comes out of the queue"
    left = wire.send_at_once(large)
    assert left.packet_type == NOOP
    assert wire.send_at_once(later) is later, "it has to wait"
    heard: list[str] = []

    def hear() -> None:
        client = Connection(ConnectionType.CLIENT)
        while data := theirs.recv(65536):
            client.receive_data(data)
            heard.extend("".join(event.data) for event in client.events() if isinstance(event, TextMessage))

    hearing = threading.Thread(target=hear)
    hearing.start()
    wire.send(left.encode())
    assert wire.send_at_once(later) is None
    ours.close()
    hearing.join(10)
    theirs.close()
    assert "".join(heard) == large.encode() + left.encode() + later.encode()


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_when_the_store_does_not_say_what_a_close_became_viewers_are_told_to_fetch(desk: Desk, app: Dash, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_ids: Any) -> Any:
        raise Refused(Code.STORAGE_BUSY, "the store is busy")

    push: Push = app.server.extensions["botv2.push"]
    sent: list[tuple[str, Any]] = []
    monkeypatch.setattr(desk.trades, "these", fail)
    monkeypatch.setattr(push.socketio, "emit", lambda message, data, **_: sent.append((message, data)))
    push.viewers["one"] = messages.Viewer(Principal("token:1", "tests", None, frozenset({"read"}), None, "token:1"))
    push.start()
    try:
        desk.journal.append([validated(PositionIn, POSITION), validated(CloseIn, CLOSE)])
        wait_for(lambda: ("resync", {"id": 2}) in sent)
    finally:
        push.viewers.clear()
        push.stop()
    assert {message for message, _ in sent} <= {"resync", "stats", "position"}
