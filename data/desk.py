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
from data.alerts import Alerts
from data.analytics import Analytics
from data.annotations import Annotations
from data.answers import Answers
from data.backup import migrated
from data.balances import Balances
from data.columns import Columns
from data.counted import Counted
from data.currency import known
from data.edits import Action, Body, Edit
from data.entries import Effect, Outcome, Row
from data.equity import Equity
from data.errors import Code, Refused
from data.figures import Figures
from data.journal import Journal, Retry
from data.lately import Lately
from data.live import Live
from data.market import Market
from data.monitor import LiveMonitoringSystem
from data.portfolio import Portfolio
from data.preferences import Preferences
from data.records import ControlIn, Draft
from data.risk import Risk
from data.schema import Counter
from data.settings import Settings
from data.shared import LOOK_SECONDS, Shared
from data.store import Store
from data.strategies import Strategies
from data.trades import Trades
from data.vitals import Vitals

log = logging.getLogger(__name__)

Answer = Callable[[list[Outcome]], Row]
SILENCE_SECONDS = 1.0
FIGURES_SECONDS = 60.0
TRIM_SECONDS = 3600.0


class Desk:
    """Everything that one process knows and can be asked. Build it with `Desk.open`."""

    def __init__(self, settings: Settings, store: Store) -> None:
        """Put the parts together; reads and starts nothing."""
        self.settings = settings
        self.store = store
        self.shared = Shared(settings)
        self.accounts = Accounts(store, settings, self.shared)
        self.counted = Counted()
        self.journal = Journal(store, durability=settings.botv2_durability, counted=self.counted)
        self.monitor = LiveMonitoringSystem(self.journal)
        self.columns = Columns(store, self.monitor.versions, settings.botv2_data_dir)
        self.answers = Answers()
        self.live = Live(store, self.monitor)
        self.trades = Trades(store, self.columns, self.answers, settings)
        self.balances = Balances(store, self.columns, settings)
        self.strategies = Strategies(store, self.columns, self.answers, self.balances, settings)
        self.market = Market(store, self.answers, self.monitor.versions)
        self.equity = Equity(self.columns, self.balances, settings)
        self.portfolio = Portfolio(store, self.columns, self.answers, self.equity, self.live, settings.botv2_currency)
        self.risk = Risk(store, self.columns, self.answers, self.equity, settings)
        self.analytics = Analytics(
            store, self.columns, self.answers, trades=self.trades, live=self.live, market=self.market, balances=self.balances, settings=settings
        )
        self.figures = Figures(store, self.columns, self.risk, self.balances, settings)
        self.vitals = Vitals(store, self.columns, self.monitor, settings)
        self.alerts = Alerts(store)
        self.annotations = Annotations(store)
        self.preferences = Preferences(store)
        self.lately = Lately()
        self.viewers: Callable[[], int] = lambda: 0  # how many pages are pushed to; whoever serves the app says
        self._stopping = threading.Event()
        self._keepers: list[threading.Thread] = []
        self._started = time.monotonic()

    @classmethod
    def open(cls, settings: Settings) -> "Desk":
        """Return a desk on the store that the settings name, migrated, with the monitor as the store has it.

        Raises `Refused` (`storage_…`) when the store cannot be used.
        """
        store = Store(settings.store_url)
        migrated(store, settings)
        desk = cls(settings, store)
        desk.monitor.load()
        return desk

    def start(self) -> None:
        """Start the writer, the tail and the periodic tasks; until then each append commits by itself."""
        self.lately.attach()
        self.journal.start()
        self._started = time.monotonic()
        self._stopping.clear()
        tasks = [(SILENCE_SECONDS, self._look_for_silence), (FIGURES_SECONDS, self._keep_figures), (TRIM_SECONDS, self._trim)]
        if self.shared.state != "unset":
            tasks.append((LOOK_SECONDS, self.shared.look))
        self._keepers = [threading.Thread(target=self._repeat, args=task, name=f"desk_{task[1].__name__.strip('_')}", daemon=True) for task in tasks]
        for keeper in self._keepers:
            keeper.start()

    def close(self) -> None:
        """Commit what has gathered, end the threads, close the store."""
        self._stopping.set()
        for keeper in self._keepers:
            keeper.join()
        self._keepers = []
        self.journal.stop()
        self.store.close()
        self.shared.close()
        self.lately.detach()

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
        self._refuse_foreign(principal, {f"records[{i}].bot" if len(drafts) > 1 else "bot": draft.bot for i, draft in enumerate(drafts)})
        bot = principal.bot or (drafts[0].bot if len(drafts) == 1 else None) or "default"
        return self.journal.append(drafts, bot=bot, retry=retry, answer=answer)

    def _refuse_foreign(self, principal: Principal, bots: dict[str, str | None]) -> None:
        foreign = {field: f"this token may write for {principal.bot!r} only" for field, bot in bots.items() if bot not in {None, principal.bot}}
        if principal.bot is not None and foreign:
            raise Refused(Code.FORBIDDEN, "this token is bound to another bot", fields=foreign)

    def _refuse_bound(self, principal: Principal) -> None:
        if principal.bot is not None:
            raise Refused(Code.FORBIDDEN, "this token is bound to one bot, and this is about all of them")

    def control(self, action: str, principal: Principal, address: str, *, retry: Retry | None = None, answer: Answer | None = None) -> Any:
        """Do one of `posting`'s clears and resets, in every process at the same place in the order; `retry` and `answer` as in `record`.

        Raises `Refused` (`forbidden`) for a token that is bound to a bot: it would act on all.
        """
        self._refuse_bound(principal)
        if action == posting.REMOVE_DEMO:
            retention.forget(self.store, posting.DEMO_PREFIX)
        return self._change(ControlIn(action=action), principal.name, principal.name, action, address, retry, answer)

    def edit(
        self,
        action: Action,
        principal: Principal,
        address: str,
        *,
        target: int | None = None,
        body: Body | None = None,
        bot: str | None = None,
        retry: Retry | None = None,
        answer: Answer | None = None,
    ) -> Any:
        """Do what a person wants done to row `target` (see `data.edits`), and say so in the audit log; `retry` and `answer` as in `record`.

        Raises `Refused`: `not_found`, `conflict` or `invalid_fields` when the tables contradict, `forbidden` as `record` does.
        """
        if action.startswith("rule."):
            self._refuse_bound(principal)
        self._refuse_foreign(principal, {"bot": bot})
        draft = Edit(action=action, user=principal.name, target=target, body=body, bound=principal.bot)
        return self._change(draft, principal.name, principal.bot or bot or "default", action, address, retry, answer, target)

    def _change(
        self, draft: Draft, actor: str, bot: str, action: str, address: str, retry: Retry | None, answer: Answer | None, target: int | None = None
    ) -> Any:
        done: list[Outcome] = []

        def answered(outcomes: list[Outcome]) -> Any:
            done[:] = outcomes  # not added to: after a neighbour's fault each request is done once more
            return outcomes if answer is None else answer(outcomes)

        result = self.journal.append([draft], bot=bot, retry=retry, answer=answered)
        for outcome in done:  # none when a retry got the first answer
            if outcome.effect is not Effect.SAME:
                after = None if outcome.effect is Effect.REMOVED or draft.kind == "control" else outcome.record
                name = None if target is None and after is None else str(outcome.record.get("id", target))
                self.accounts.audit(actor, action, name, address, outcome.before, after)
        return result

    def remove_demo(self, principal: Principal, address: str, *, retry: Retry | None = None, answer: Answer | None = None) -> Any:
        """Delete everything that bots named `demo-…` have reported, and keep the demo from starting again."""
        return self.control(posting.REMOVE_DEMO, principal, address, retry=retry, answer=answer)

    def demo_removed(self) -> bool:
        """Tell whether the demo data was removed once."""
        with self.store.read() as connection:
            return bool(connection.scalar(select(Counter.value).where(Counter.name == posting.REMOVE_DEMO)))

    # --- what the live page asks ---------------------------------------------------------------------------

    def currencies(self) -> list[str]:
        """Return every currency that a trade or snapshot is in, by name."""
        return known((self.columns.trades(), self.columns.snapshots()), self.settings.botv2_currency)

    def versions(self) -> dict[str, int]:
        """Return, per kind of data, the id of the record that last changed it."""
        return self.monitor.versions()

    def statistics(self) -> dict[str, Any]:
        """Return the monitor's counters (the dict of `GET /stats`)."""
        return self.monitor.get_statistics()

    def health(self) -> dict[str, Any]:
        """Return what can be measured of this process now: the database's answer time, and how far the feed is behind."""
        try:
            self.store.check()
            began = time.perf_counter()
            with self.store.read() as connection:
                head = connection.scalar(select(Counter.value).where(Counter.name == "last_id")) or 0
            database: dict[str, Any] = {"state": "ok", "latency_ms": round((time.perf_counter() - began) * 1000, 3)}
        except Refused as refusal:
            head, database = None, {"state": refusal.code.value}
        behind = None if head is None else max(0, head - self.journal.tail.applied)
        feed = {"records_behind": behind, "waiting": self.journal.waiting, "last_record_at": self.statistics()["last_update"]}
        status = "ok" if database["state"] == "ok" else "unavailable"
        uptime = round(time.monotonic() - self._started, 3)
        return {"status": status, "uptime_seconds": uptime, "database": database, "feed": feed, "redis": {"state": self.shared.state}}

    def condition(self) -> Row:
        """Return `health` with `counts` of the store (see `Vitals.read`; {} when it does not answer), which `store` it is, and open `sockets`."""
        try:
            counts = self.vitals.read()
        except Refused:
            counts = {}
        return self.health() | {"counts": counts, "store": self.store.engine.dialect.name, "sockets": self.viewers()}

    # --- what happens by itself ------------------------------------------------------------------------------

    def _repeat(self, seconds: float, task: Callable[[], None]) -> None:
        """Do a task soon and then every so many seconds, each in a thread of its own: a long one must not hold up another."""
        wait = min(seconds, SILENCE_SECONDS)
        while not self._stopping.wait(wait):
            wait = seconds
            try:
                task()
            except Refused as refusal:
                log.warning("a periodic task waits: %s", refusal.message)
            except Exception:
                log.exception("a periodic task failed")

    def _look_for_silence(self) -> None:
        self.journal.raise_silence_alerts(time.monotonic() - self._started)

    def _keep_figures(self) -> None:
        self.columns.trades()  # the first question after a start must not wait for a million rows
        self.figures.keep_current()
        self.columns.keep()

    def _trim(self) -> None:
        retention.trim(self.store, self.settings.botv2_retention_days, self._stopping)
