"""The desk: one store, its journal, its monitor, and the one way out for questions.

Pages, endpoints, exports and the command line ask the desk and nobody else. To add a question about a noun that
has a module (`live`, `trades`), add a method there; a new noun gets a module and an attribute here.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import select

from data import posting, retention
from data.accounts import Accounts, Principal
from data.errors import Code, Refused
from data.journal import Journal, Retry
from data.ledger import Outcome, Row
from data.live import Live
from data.monitor import LiveMonitoringSystem
from data.records import ControlIn, Draft
from data.schema import Counter
from data.settings import Settings
from data.store import Store
from data.trades import Trades

log = logging.getLogger(__name__)

Answer = Callable[[list[Outcome]], Row]
SILENCE_SECONDS = 1.0
TRIM_SECONDS = 3600.0


class Desk:
    """Everything that one process knows and can be asked. Build it with `Desk.open`."""

    def __init__(self, settings: Settings, store: Store) -> None:
        """Put the parts together; reads and starts nothing."""
        self.settings = settings
        self.store = store
        self.accounts = Accounts(store, settings)
        self.journal = Journal(store, durability=settings.botv2_durability)
        self.monitor = LiveMonitoringSystem(self.journal)
        self.live = Live(store, self.monitor)
        self.trades = Trades(store)
        self._stopping = threading.Event()
        self._ticker: threading.Thread | None = None
        self._started = time.monotonic()

    @classmethod
    def open(cls, settings: Settings) -> "Desk":
        """Return a desk on the store that the settings name, migrated, with the monitor as the store has it.

        Raises `Refused` (`storage_…`) when the store cannot be used.
        """
        store = Store(settings.store_url)
        store.migrate()
        desk = cls(settings, store)
        desk.monitor.load()
        return desk

    def start(self) -> None:
        """Start the writer, the tail and the ticker; until then each append commits by itself."""
        self.journal.start()
        self._started = time.monotonic()
        self._stopping.clear()
        self._ticker = threading.Thread(target=self._tick, name="desk-ticker", daemon=True)
        self._ticker.start()

    def close(self) -> None:
        """Commit what has gathered, end the threads, close the store."""
        self._stopping.set()
        if self._ticker is not None:
            self._ticker.join()
            self._ticker = None
        self.journal.stop()
        self.store.close()

    # --- facts ---------------------------------------------------------------------------------------------

    def record(
        self,
        drafts: Sequence[Draft],
        principal: Principal,
        *,
        retry: Retry | None = None,
        answer: Answer | None = None,
    ) -> Any:
        """Store what `principal` reports, all or none; see `Journal.append`.

        Raises `Refused` (`forbidden`) when a token that is bound to a bot speaks for another.
        """
        if principal.bot is not None:
            foreign = {f"records[{i}].bot" if len(drafts) > 1 else "bot": f"this token may write for {principal.bot!r} only"
                       for i, draft in enumerate(drafts) if draft.bot not in {None, principal.bot}}  # fmt: skip  # one thought
            if foreign:
                raise Refused(Code.FORBIDDEN, "this token is bound to another bot", fields=foreign)
        bot = principal.bot or (drafts[0].bot if len(drafts) == 1 else None) or "default"
        return self.journal.append(drafts, bot=bot, retry=retry, answer=answer)

    def control(self, action: str, principal: Principal, address: str, *, retry: Retry | None = None, answer: Answer | None = None) -> Any:
        """Do one of `posting`'s clears and resets, in every process at the same place in the order; `retry` and `answer` as in `record`."""
        answered = self.journal.append([ControlIn(action=action)], bot=principal.name, retry=retry, answer=answer)
        self.accounts.audit(principal.name, action, address=address)
        return answered

    def remove_demo(self, principal: Principal, address: str, *, retry: Retry | None = None, answer: Answer | None = None) -> Any:
        """Delete everything that bots named `demo-…` have reported, and keep the demo from starting again."""
        return self.control(posting.REMOVE_DEMO, principal, address, retry=retry, answer=answer)

    def demo_removed(self) -> bool:
        """Tell whether the demo data was removed once."""
        with self.store.read() as connection:
            return bool(connection.scalar(select(Counter.value).where(Counter.name == posting.REMOVE_DEMO)))

    # --- what the live page asks ---------------------------------------------------------------------------

    def versions(self) -> dict[str, int]:
        """Return, per kind of data, the id of the record that last changed it."""
        return self.monitor.versions()

    def statistics(self) -> dict[str, Any]:
        """Return the monitor's counters (the dict of `GET /stats`)."""
        return self.monitor.get_statistics()

    def health(self) -> dict[str, Any]:
        """Return what can be measured of this process now: the database's answer time, and how far the feed is behind."""
        try:
            began = time.perf_counter()
            with self.store.read() as connection:
                head = connection.scalar(select(Counter.value).where(Counter.name == "last_id")) or 0
            database: dict[str, Any] = {"state": "ok", "latency_ms": round((time.perf_counter() - began) * 1000, 3)}
        except Refused as refusal:
            head, database = None, {"state": refusal.code.value}
        behind = None if head is None else max(0, head - self.journal.tail.applied)
        feed = {"records_behind": behind, "waiting": self.journal.waiting, "last_record_at": self.statistics()["last_update"]}
        status = "ok" if database["state"] == "ok" else "unavailable"
        return {"status": status, "uptime_seconds": round(time.monotonic() - self._started, 3), "database": database, "feed": feed}

    # --- what happens by itself ------------------------------------------------------------------------------

    def _tick(self) -> None:
        trimmed = -TRIM_SECONDS
        while not self._stopping.wait(SILENCE_SECONDS):
            try:
                self.journal.raise_silence_alerts(time.monotonic() - self._started)
                if time.monotonic() - trimmed > TRIM_SECONDS:
                    trimmed = time.monotonic()
                    retention.trim(self.store, self.settings.botv2_retention_days, self._stopping)
            except Refused as refusal:
                log.warning("a periodic task waits: %s", refusal.message)
            except Exception:
                log.exception("a periodic task failed")
