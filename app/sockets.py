"""Pushes what is committed to every open page and Socket.IO client.

The journal's follower only puts entries into a queue; one thread gathers what comes within a few milliseconds and
sends it on, so a viewer, however slow or many, never holds up a bot. A viewer that does not fetch what it is sent
gets one `resync` in its place, and is cut off if it stays behind.
"""

import logging
import queue
import threading
import time
from collections.abc import Iterable
from typing import Any

from flask import Flask, abort, request
from flask_socketio import SocketIO

from app.access import access
from app.gate import PRINCIPAL, StartResponse, WsgiApp
from app.incoming import SOCKET, Environ
from app.messages import RESYNC, Viewer, messages, named
from app.wire import wired
from data.accounts import Principal
from data.desk import Desk
from data.entries import Entry, Row
from data.errors import Code, Refused

log = logging.getLogger(__name__)

GATHER_SECONDS = 0.03
GATHER_SECONDS_A_VIEWER = 0.0001  # hundreds of them want fewer and larger packets: each costs a thread's turn
COUNTS_SECONDS = 1.0  # between two counts of everything: in a stream of records each would be old before it is read
LOOK_SECONDS = 1.0  # at worst twice this, and two more until the accounts know, pass before a revoked token is cut off
BEHIND_PACKETS = 100
BEHIND_BYTES = 1024 * 1024
BEHIND_SECONDS = 20.0


class Push:
    """The Socket.IO side of one app. `start` and `stop` run its thread; without it nothing is sent."""

    def __init__(self, flask: Flask, desk: Desk) -> None:
        """Add the sockets to `flask` and follow the desk's journal."""
        self.desk = desk
        pages = flask.wsgi_app
        self.socketio = SocketIO(
            flask,
            async_mode="threading",
            async_handlers=False,  # a client that asks and asks waits for its answers, instead of having a thread for each
            manage_session=False,
            max_http_buffer_size=64 * 1024,
            logger=False,
            engineio_logger=False,
        )
        flask.wsgi_app = _by_path(flask.wsgi_app, pages)  # type: ignore[assignment, method-assign]  # Flask's documented place
        # Each message's request context looks for its route; an error that there is none would hold, in a ring, every frame beneath it.
        flask.add_url_rule(f"{SOCKET}/", "socket", access("read")(lambda: abort(404)), websocket=True)
        self.wires = wired(self.socketio)
        self.viewers: dict[str, Viewer] = {}
        self._entries: queue.Queue[list[Entry] | None] = queue.Queue()
        self._thread: threading.Thread | None = None
        self._sent_at = 0.0
        self._counts_at = 0.0
        self._counts_changed = False
        self._to_tell_all = False
        desk.journal.subscribe(self._follow)
        self._listen()

    def _listen(self) -> None:
        on = self.socketio.on

        @on("connect")  # type: ignore[untyped-decorator]  # flask-socketio has no types
        def connect(_auth: Any = None) -> bool:
            principal = request.environ.get(PRINCIPAL)
            if principal is None or "read" not in principal.scopes:
                return False
            self.viewers[request.sid] = Viewer(principal)  # type: ignore[attr-defined]  # flask-socketio adds it
            return True

        @on("disconnect")  # type: ignore[untyped-decorator]  # as above
        def disconnect(_reason: Any = None) -> None:
            self.viewers.pop(request.sid, None)  # type: ignore[attr-defined]  # as above

        @on("subscribe")  # type: ignore[untyped-decorator]  # as above
        def subscribe(wanted: Any = None) -> Row:
            return self._subscribe(request.sid, wanted)  # type: ignore[attr-defined]  # as above

        @on("request_update")  # type: ignore[untyped-decorator]  # as above
        def request_update(_data: Any = None) -> Row:
            self.socketio.emit("stats", self.desk.statistics(), to=request.sid)  # type: ignore[attr-defined]  # as above
            return {"id": self.desk.journal.tail.applied, "versions": self.desk.versions()}

    def _subscribe(self, sid: str, wanted: Any) -> Row:
        """Keep what a viewer wants, kinds by record's or message's name; answer the id from which on it is pushed that, or what is wrong."""
        viewer = self.viewers.get(sid)
        wanted = {} if wanted is None else wanted
        if viewer is None or not isinstance(wanted, dict) or not all(_texts(wanted.get(name)) for name in ("bots", "kinds")):
            return {"error": {"code": Code.INVALID_FIELDS.value, "message": "bots and kinds are lists of text", "fields": {}}}
        viewer.bots = frozenset(wanted["bots"]) if wanted.get("bots") is not None else None
        viewer.kinds = named(wanted["kinds"]) if wanted.get("kinds") is not None else None
        return {"id": self.desk.journal.tail.applied}

    def _follow(self, entries: list[Entry]) -> None:
        if self._thread is not None:
            self._entries.put(entries)

    def owner(self, eio_sid: str) -> Principal | None:
        """Return who opened an Engine.IO connection, or None for one that is not open."""
        environ = self.socketio.server.environ.get(eio_sid)
        principal: Principal | None = environ.get(PRINCIPAL) if environ else None
        return principal

    # --- the thread ----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start to send."""
        self._thread = threading.Thread(target=self._send_for_ever, name="push", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Send what is left, close every socket, end the thread."""
        self._entries.put(None)
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        for eio_sid, connection in list(self.socketio.server.eio.sockets.items()):
            connection.close(wait=False, abort=True)  # after what it is still being sent
            if (wire := self.wires.get(eio_sid)) is not None and wire.stuck_seconds():
                wire.cut()

    def _send_for_ever(self) -> None:
        looked = time.monotonic()
        while True:
            entries = self._gathered()
            if entries is None:
                return
            try:
                if self._to_tell_all:
                    self._to_tell_all = False
                    self.socketio.emit(RESYNC, {"id": self.desk.journal.tail.applied})
                if entries:
                    self._send(entries)
                    self._sent_at = time.monotonic()
                    self._counts_changed = True
                if self._counts_changed and time.monotonic() - self._counts_at >= COUNTS_SECONDS:
                    self._counts_at, self._counts_changed = time.monotonic(), False
                    self._spread({"stats": [self.desk.statistics()]})
                if time.monotonic() - looked > LOOK_SECONDS:
                    looked = time.monotonic()
                    self._look_after_viewers()
            except Exception:
                log.exception("a push failed, and some viewers may not have got it: all are told to fetch")
                self._to_tell_all = True

    def _gathered(self) -> list[Entry] | None:
        """Return what came since the last time, at least a few milliseconds ago; [] when nothing did for a while, None at the end."""
        try:
            owed = self._counts_at + COUNTS_SECONDS - time.monotonic() if self._counts_changed else LOOK_SECONDS
            first = self._entries.get(timeout=max(0.0, owed))
        except queue.Empty:
            return []
        if first is None:
            return None
        pause = max(GATHER_SECONDS, len(self.viewers) * GATHER_SECONDS_A_VIEWER)
        time.sleep(max(0.0, self._sent_at + pause - time.monotonic()))  # a lone record goes at once
        entries = list(first)
        while not self._entries.empty():
            more = self._entries.get()
            if more is None:
                self._entries.put(None)
                break
            entries += more
        return entries

    def _send(self, entries: list[Entry]) -> None:
        if not self.viewers:
            return
        try:
            by_message = messages(self.desk, entries)
        except Refused as refusal:
            log.warning("records could not be pushed, their viewers are told to fetch them: %s", refusal.message)
            by_message = {RESYNC: [{"id": self.desk.journal.tail.applied}]}
        self.desk.counted.sent(self._spread(by_message))

    def _spread(self, by_message: dict[str, list[Row]]) -> int:
        """Send each viewer that is not behind what it wants; returns how many records that were, once for each viewer."""
        behind = self._note_laggards()
        choosy = {sid: viewer for sid, viewer in list(self.viewers.items()) if not viewer.unfiltered}
        told = max(0, len(self.viewers) - len({*behind, *choosy})) * sum(map(len, by_message.values()))
        for message, records in by_message.items():
            self.socketio.emit(message, _one_or_list(records), skip_sid=[*behind, *choosy])
            for sid, viewer in choosy.items():
                if sid not in behind and (wanted := [record for record in records if viewer.wants(message, record)]):
                    self.socketio.emit(message, _one_or_list(wanted), to=sid)
                    told += len(wanted)
        return told

    # --- laggards and the signed-out ---------------------------------------------------------------------------

    def _queued(self, sid: str) -> tuple[int, int]:
        """Return how many packets, and bytes of them, wait for a viewer: Engine.IO's own queue for it has no bound."""
        server = self.socketio.server
        connection = server.eio.sockets.get(server.manager.eio_sid_from_sid(sid, "/"))
        return (0, 0) if connection is None else (connection.queue.qsize(), connection.queue.size)

    def _note_laggards(self) -> list[str]:
        """Return the viewers that are behind; one that has caught up is told to fetch what it missed."""
        behind = []
        for sid, viewer in list(self.viewers.items()):
            packets, size = self._queued(sid)
            if viewer.behind_since is None and (packets > BEHIND_PACKETS or size > BEHIND_BYTES):
                viewer.behind_since = time.monotonic()
            elif viewer.behind_since is not None and packets == 0:
                viewer.behind_since = None
                self.socketio.emit(RESYNC, {"id": self.desk.journal.tail.applied}, to=sid)
            if viewer.behind_since is not None:
                behind.append(sid)
        return behind

    def _look_after_viewers(self) -> None:
        """Cut off who stays behind or takes nothing, and who has been signed out or whose token was revoked."""
        self._note_laggards()
        server = self.socketio.server
        for sid, viewer in list(self.viewers.items()):
            if viewer.behind_since is not None and time.monotonic() - viewer.behind_since > BEHIND_SECONDS:
                self._cut(server.manager.eio_sid_from_sid(sid, "/"), "it stayed behind")
        for eio_sid, wire in list(self.wires.items()):
            if wire.stuck_seconds() > BEHIND_SECONDS:
                self._cut(eio_sid, "it takes nothing")
        for eio_sid in list(server.environ):
            if not self._may_stay(eio_sid):
                self._cut(eio_sid, "it is no longer signed in")

    def _may_stay(self, eio_sid: str) -> bool:
        """Tell whether who opened a connection is still let in; while the store does not say, nobody is signed out."""
        owner = self.owner(eio_sid)
        try:
            return owner is None or self.desk.accounts.is_live(owner)
        except Refused:
            return True

    def _cut(self, eio_sid: str, why: str) -> None:
        """End a connection at once, with what waits for it."""
        if (connection := self.socketio.server.eio.sockets.get(eio_sid)) is not None:
            log.info("a viewer was cut off: %s", why)
            connection.close(wait=False, abort=True)
        if (wire := self.wires.get(eio_sid)) is not None:
            wire.cut()


def _by_path(sockets: WsgiApp, pages: WsgiApp) -> WsgiApp:
    """Return an app that answers with `sockets` under their path and with `pages` elsewhere.

    Their middleware alone would do that too, but it copies every request and makes a class for it, which only Python's search for garbage frees.
    """

    def app(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return (sockets if environ["PATH_INFO"].startswith(f"{SOCKET}/") else pages)(environ, start_response)

    return app


def _texts(value: Any) -> bool:
    return value is None or (isinstance(value, list) and len(value) <= 1000 and all(isinstance(item, str) for item in value))


def _one_or_list(records: list[Row]) -> Row | list[Row]:
    return records[0] if len(records) == 1 else records
