"""WebSocket messages: what viewers are told, held against what REST gives; in this process, where every step can be stopped at."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from flask_socketio import SocketIOTestClient

from app import sockets
from app.gate import PRINCIPAL
from app.sockets import Push
from data.desk import Desk
from data.records import CloseIn, PositionIn, TradeIn, validated
from tests.groups.records import closed, snapshot
from tests.support.api import ALERT, CLOSE, CONTROLS, EVENT, POSITION, SIGNAL, TRADE, Api

if TYPE_CHECKING:
    from dash import Dash

Told = list[tuple[str, Any]]


@pytest.fixture
def push(app: "Dash") -> Iterator[Push]:
    push: Push = app.server.extensions["botv2.push"]
    push.start()
    yield push
    push.stop()
    SocketIOTestClient.clients.clear()


@pytest.fixture
def viewer(app: "Dash", push: Push, desk: Desk) -> Callable[..., SocketIOTestClient]:
    """A function that connects somebody with these scopes; it comes past the gate, which tests of their own are about."""

    def connect(*scopes: str) -> SocketIOTestClient:
        browser = app.server.test_client()
        if scopes:
            token = desk.accounts.create_token("viewer", frozenset(scopes))
            browser.environ_base = {**browser.environ_base, PRINCIPAL: desk.accounts.resolve_token(str(token))}
        return SocketIOTestClient(app.server, push.socketio, flask_test_client=browser)

    return connect


def told(push: Push, client: SocketIOTestClient, *names: str) -> Told:
    """End the push, which sends what is left first, and return the messages, those of a list one by one; without names all but `stats`."""
    push.stop()
    return [
        (packet["name"], record)
        for packet in client.queue
        for record in (packet["args"][0] if isinstance(packet["args"][0], list) else packet["args"])
        if packet["name"] in names or (not names and packet["name"] != "stats")
    ]


def test_what_a_bot_reports_is_pushed_as_the_answer_that_the_bot_gets(api: Api, push: Push, viewer: Callable[..., SocketIOTestClient]) -> None:
    client = viewer("read")
    expected: Told = [
        ("activity", api.post("/activity", EVENT)["event"]),
        ("signal", api.post("/signals/update", SIGNAL)["signal"]),
        ("position", api.post("/positions/update", POSITION)["position"]),
        ("position_closed", api.post("/positions/close", CLOSE)["position"]),
        ("alert", api.post("/alerts", ALERT)["alert"]),
        ("trade_executed", api.post("/api/trades", TRADE)["data"]),
        ("portfolio_update", api.post("/api/portfolio", {"total_value": 5})["data"]),
    ]
    heard = told(push, client)
    made = api.get(f"/api/trades/{expected[3][1]['id']}")["data"]
    assert sorted(heard, key=repr) == sorted([*expected, ("trade_executed", made)], key=repr)


def test_what_a_person_changes_comes_again_under_its_id(api: Api, push: Push, viewer: Callable[..., SocketIOTestClient]) -> None:
    client = viewer("read")
    trade = api.post("/api/trades", TRADE)["data"]
    noted = api.patch(f"/api/trades/{trade['id']}", {"notes": "<b>late</b>"})["data"]
    mark = api.post("/api/annotations", {"chart_id": "equity", "date": "2025-02-01T00:00:00Z", "text": "x"})["data"]
    moved = api.patch(f"/api/annotations/{mark['id']}", {"text": "y", "color": "red"})["data"]
    gone = api.delete(f"/api/annotations/{mark['id']}")["data"]
    api.patch(f"/api/trades/{trade['id']}", {"notes": "<b>late</b>"})  # changes nothing, says nothing
    assert told(push, client, "trade_executed") == [("trade_executed", trade), ("trade_executed", noted)]
    assert told(push, client, "annotation_created", "annotation_deleted") == [
        ("annotation_created", mark),
        ("annotation_created", moved),
        ("annotation_deleted", gone),
    ]
    assert moved == gone


def test_an_alert_that_a_rule_raises_is_pushed_like_one_that_a_bot_sends(api: Api, push: Push, viewer: Callable[..., SocketIOTestClient]) -> None:
    client = viewer("read")
    api.post("/activity", {**EVENT, "timestamp": None, "severity": "CRITICAL"} | {"metadata": {"a": 1}})
    heard = told(push, client, "alert")
    notices = api.get("/alerts", after_id=0, clear="false")["alerts"]
    assert [record for _, record in heard] == notices
    [listed] = api.get("/api/alerts")["data"]["alerts"]
    assert {name: listed[name] for name in notices[0]} == notices[0]


def test_what_one_commit_brings_is_one_list_and_a_lone_record_stands_alone(desk: Desk, push: Push, viewer: Callable[..., SocketIOTestClient]) -> None:
    client = viewer("read")
    desk.journal.append([validated(TradeIn, {**TRADE, "trade_id": f"t{number}"}) for number in range(3)])
    desk.journal.append([validated(PositionIn, POSITION), validated(CloseIn, CLOSE)])
    push.stop()
    packets = [(packet["name"], packet["args"][0]) for packet in client.queue]
    numbers = [record["id"] for name, data in packets if name == "trade_executed" for record in (data if isinstance(data, list) else [data])]
    assert numbers == [1, 2, 3, 5], "in the order of the journal, the trade that a close makes under the id of the close"
    lists = [len(data) for name, data in packets if isinstance(data, list)]
    assert lists
    assert all(length > 1 for length in lists)
    assert all(isinstance(data, dict) for name, data in packets if name in {"position", "position_closed", "stats"})


def test_who_subscribes_gets_what_was_asked_for_by_the_names_of_records_or_messages(
    api: Api, push: Push, viewer: Callable[..., SocketIOTestClient]
) -> None:
    wants: dict[str, dict[str, Any]] = {
        "bot": {"bots": ["alpha"]}, "kind": {"kinds": ["trade"]}, "message": {"kinds": ["trade_executed", "activity"], "bots": ["beta"]}, "all": {},
        "nothing": {"kinds": []},
    }  # fmt: skip  # a table
    clients = {name: viewer("read") for name in wants}
    head = api.post("/activity", EVENT)["event"]["id"]
    for name, wanted in wants.items():
        assert clients[name].emit("subscribe", wanted, callback=True) == {"id": head}
    for bot in ("alpha", "beta"):
        api.batch(closed(1, "02-01T10:00", 1, bot=bot), snapshot("02-01T10:00", 1, bot=bot))
        api.post("/activity", {**EVENT, "bot": bot})
    heard = {name: sorted((message, record["bot"]) for message, record in told(push, client)) for name, client in clients.items()}
    everything = sorted((message, bot) for message in ("activity", "trade_executed", "portfolio_update") for bot in ("alpha", "beta"))
    assert [row for row in heard["all"] if row[1] != "default"] == everything
    assert [row for row in heard["bot"] if row[1] != "default"] == [row for row in everything if row[1] == "alpha"]
    assert heard["kind"] == [("trade_executed", "alpha"), ("trade_executed", "beta")]
    assert heard["message"] == [("activity", "beta"), ("trade_executed", "beta")]
    assert heard["nothing"] == []


def test_a_wrong_subscription_is_answered_and_changes_nothing(push: Push, viewer: Callable[..., SocketIOTestClient]) -> None:
    client = viewer("read")
    client.emit("subscribe", {"bots": ["alpha"], "kinds": ["signal"]}, callback=True)
    [before] = push.viewers.values()
    wrongs: list[Any] = [[], "alpha", 5, {"bots": "alpha"}, {"kinds": [1]}, {"bots": [None]}, {"kinds": ["x"] * 1001}, {"bots": {"a": 1}}]
    for wrong in wrongs:
        assert client.emit("subscribe", wrong, callback=True)["error"]["code"] == "invalid_fields"
    assert (before.bots, before.kinds) == (frozenset({"alpha"}), frozenset({"signal"}))
    client.emit("subscribe", callback=True)
    assert (before.bots, before.kinds, before.unfiltered) == (None, None, True)
    client.disconnect()
    assert push.viewers == {}
    assert "error" in push._subscribe("nobody", {})


def test_request_update_answers_where_everything_stands(api: Api, desk: Desk, push: Push, viewer: Callable[..., SocketIOTestClient]) -> None:
    api.post("/activity", EVENT)
    client = viewer("read")
    assert client.emit("request_update", {}, callback=True) == {"id": desk.journal.tail.applied, "versions": desk.versions()}
    [(_, figures)] = told(push, client, "stats")
    assert figures | {"uptime_seconds": 0} == api.get("/stats")["statistics"] | {"uptime_seconds": 0}


def test_every_clear_and_reset_tells_even_those_who_chose_little_to_fetch_anew(
    api: Api, push: Push, viewer: Callable[..., SocketIOTestClient]
) -> None:
    client = viewer("read")
    client.emit("subscribe", {"kinds": ["alert"], "bots": ["nobody"]}, callback=True)
    for path in CONTROLS:
        api.post(path)
    assert [message for message, _ in told(push, client)] == ["resync"] * len(CONTROLS)


def test_nobody_is_connected_without_the_scope_to_read(push: Push, viewer: Callable[..., SocketIOTestClient]) -> None:
    assert not viewer().is_connected()
    assert not viewer("ingest", "control").is_connected()
    assert push.viewers == {}
    assert viewer("read").is_connected()


def test_who_falls_behind_is_left_out_and_holds_up_nobody(
    api: Api, push: Push, viewer: Callable[..., SocketIOTestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, quick = viewer("read"), viewer("read")
    waiting = dict.fromkeys(push.viewers, (0, 0))
    slow_sid = next(iter(push.viewers))
    monkeypatch.setattr(push, "_queued", waiting.__getitem__)
    waiting[slow_sid] = (1, sockets.BEHIND_BYTES + 1)
    api.post("/activity", EVENT)
    assert [message for message, _ in told(push, quick, "activity", "stats")] == ["activity", "stats"]
    assert slow.queue == []


def test_a_viewer_that_has_caught_up_is_told_so_and_one_that_stays_behind_or_is_signed_out_is_let_go(
    desk: Desk, push: Push, viewer: Callable[..., SocketIOTestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    viewers = [viewer("read") for _ in range(3)]
    late, stuck, revoked = push.viewers
    dropped: list[str] = []
    monkeypatch.setattr(push, "_cut", lambda eio_sid, _why: dropped.append(push.socketio.server.manager.sid_from_eio_sid(eio_sid, "/")))
    queued = {late: (sockets.BEHIND_PACKETS + 1, 0), stuck: (1, sockets.BEHIND_BYTES + 1), revoked: (0, 0)}
    monkeypatch.setattr(push, "_queued", lambda sid: queued[sid])
    assert push._note_laggards() == [late, stuck]
    queued[late] = (0, 0)
    assert push._note_laggards() == [stuck]
    assert [packet["name"] for packet in viewers[0].queue] == ["resync"]
    monkeypatch.setattr(sockets, "BEHIND_SECONDS", 0.0)
    gone = push.viewers[revoked].principal
    monkeypatch.setattr(desk.accounts, "is_live", lambda principal: principal is not gone)
    push._look_after_viewers()
    assert dropped == [stuck, revoked]
