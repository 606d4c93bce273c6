"""The live monitor against a model of a few lists: records, clears, trims, removals and restarts, in any order.

Two monitors follow the same store, as in two processes, and after each step both must show what the model says.
"""

import shutil
import tempfile
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from data import posting, retention
from data.desk import Desk
from data.entries import Outcome
from data.managers import RING
from data.records import AlertIn, CloseIn, ControlIn, Draft, EventIn, PositionIn, SignalIn, validated
from data.settings import Settings
from data.store import Store
from data.times import now, parse_iso

BOTS = st.sampled_from(["alpha", "demo-trend"])
NAMES = st.sampled_from(["a", "b"])
MINUTES = st.none() | st.integers(-60, 60)  # from now; None: the record has no time of its own
RETENTION_DAYS = 365
MEMORY = Path("/dev/shm")  # a thousand runs commit a hundred thousand times


@cache
def _template() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{folder}/botv2.sqlite")
        store.migrate()
        store.close()
        return Path(folder, "botv2.sqlite").read_bytes()


@dataclass
class Kept:
    """A record as the model keeps it."""

    id: int
    bot: str
    age: int = 0  # days by which its receipt was put back


@dataclass
class Opened:
    """A position as the model keeps it."""

    id: int
    at: datetime
    closed_at: datetime | None = None


@dataclass
class Model:
    """What there is, and what a monitor shows of it."""

    events: list[Kept] = field(default_factory=list)
    alerts: list[Kept] = field(default_factory=list)
    ring: "deque[Kept]" = field(default_factory=lambda: deque(maxlen=RING))
    alert_ring: "deque[Kept]" = field(default_factory=lambda: deque(maxlen=RING))
    cleared: int = 0
    signals: dict[tuple[str, str], tuple[int, datetime]] = field(default_factory=dict)
    signals_cleared: int = 0
    positions: dict[tuple[str, str], Opened] = field(default_factory=dict)
    shown: dict[tuple[str, str], int] = field(default_factory=dict)  # open positions, in the order of their opening
    statistics: "Counter[str]" = field(default_factory=Counter)


class MonitorMachine(RuleBasedStateMachine):
    """One run; `Desk`s without threads, so that each append commits by itself."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="botv2-model-", dir=MEMORY if MEMORY.is_dir() else None))
        (self.folder / "botv2.sqlite").write_bytes(_template())
        self.settings = Settings.load(botv2_data_dir=self.folder, database_url="")
        self.model = Model()
        self.number = 0
        self.desk, self.other = Desk.open(self.settings), Desk.open(self.settings)

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.desk.close()
            self.other.close()
            shutil.rmtree(self.folder)

    def record(self, model: type[Draft], bot: str, **fields: Any) -> Outcome:
        minutes = fields.pop("minutes", None)
        if minutes is not None:
            fields["timestamp"] = now() + timedelta(minutes=minutes)
        (outcome,) = self.desk.journal.append([validated(model, fields)], bot=bot)
        return outcome

    # --- what bots do --------------------------------------------------------------------------------------

    @rule(bot=BOTS, severity=st.sampled_from(["INFO", "WARNING"]), minutes=MINUTES)
    def event(self, bot: str, severity: str, minutes: int | None) -> None:
        self._keep_event(self.record(EventIn, bot, event_type="SYSTEM", message="m", severity=severity, minutes=minutes), bot)

    @rule(bot=BOTS, number=st.integers(2, RING * 3 // 5))
    def burst(self, bot: str, number: int) -> None:
        drafts = [validated(EventIn, {"event_type": "ORDER", "message": "m"})] * number
        for outcome in self.desk.journal.append(drafts, bot=bot):
            self._keep_event(outcome, bot)

    def _keep_event(self, outcome: Outcome, bot: str) -> None:
        kept = Kept(outcome.record["id"], bot)
        self.model.events.append(kept)
        self.model.ring.append(kept)
        self.model.statistics["total_events"] += 1

    @rule(bot=BOTS)
    def alert(self, bot: str) -> None:
        kept = Kept(self.record(AlertIn, bot, title="t", message="m", severity="INFO").record["id"], bot)
        self.model.alerts.append(kept)
        self.model.alert_ring.append(kept)
        self.model.statistics["total_alerts_sent"] += 1

    @rule(bot=BOTS, name=NAMES, minutes=MINUTES)
    def signal(self, bot: str, name: str, minutes: int | None) -> None:
        record = self.record(SignalIn, bot, strategy_name=name, symbol="S", signal_type="BUY", confidence=0.5, minutes=minutes).record
        at, known = parse_iso(record["timestamp"]), self.model.signals.get((bot, name))
        if known is None or minutes is None or known[1] <= at:
            self.model.signals[bot, name] = (record["id"], at)
        self.model.statistics["total_signals"] += 1

    @rule(bot=BOTS, name=NAMES, minutes=MINUTES)
    def position(self, bot: str, name: str, minutes: int | None) -> None:
        self.number += 1
        fields = {"position_id": name, "symbol": "S", "side": "LONG", "entry_price": 1.0, "current_price": float(self.number), "size": 1.0}
        record = self.record(PositionIn, bot, **fields, minutes=minutes).record
        at, known = parse_iso(record["timestamp"]), self.model.positions.get((bot, name))
        if known is not None and minutes is not None:
            if known.closed_at is not None and at <= max(known.at, known.closed_at):
                return
            if known.closed_at is None and at < known.at:
                return
        if known is None or known.closed_at is not None:
            self.model.statistics["total_positions"] += 1
        self.model.positions[bot, name] = Opened(record["id"], at if known is None else max(at, known.at))
        self.model.shown[bot, name] = record["id"]

    @rule(bot=BOTS, name=NAMES)
    def close(self, bot: str, name: str) -> None:
        if (bot, name) not in self.model.shown:
            return
        record = self.record(CloseIn, bot, position_id=name, final_pnl=0.0, final_pnl_pct=0.0).record
        self.model.positions[bot, name].closed_at = parse_iso(record["timestamp"])
        del self.model.shown[bot, name]

    # --- what people and time do -----------------------------------------------------------------------------

    def control(self, action: str) -> int:
        number: int = self.record(ControlIn, "somebody", action=action).record["id"]
        return number

    @rule()
    def clear_activity(self) -> None:
        self.model.cleared = self.control(posting.CLEAR_ACTIVITY)
        self.model.ring.clear()

    @rule()
    def clear_signals(self) -> None:
        self.model.signals_cleared = self.control(posting.CLEAR_SIGNALS)

    @rule()
    def reset_statistics(self) -> None:
        self.control(posting.RESET_STATISTICS)
        self.model.statistics.clear()

    @rule()
    def remove_demo(self) -> None:
        retention.forget(self.desk.store, posting.DEMO_PREFIX)
        self.control(posting.REMOVE_DEMO)
        for kept in (self.model.events, self.model.alerts, self.model.ring, self.model.alert_ring):
            left = [record for record in kept if not record.bot.startswith(posting.DEMO_PREFIX)]
            kept.clear()
            kept.extend(left)
        for table in (self.model.signals, self.model.positions, self.model.shown):
            for key in [key for key in table if key[0].startswith(posting.DEMO_PREFIX)]:
                del table[key]

    @rule(days=st.sampled_from([2, 200]))
    def pass_days(self, days: int) -> None:
        """Put every receipt back, and trim."""
        with self.desk.store.write() as connection:
            connection.exec_driver_sql("UPDATE journal SET received_at = strftime('%Y-%m-%d %H:%M:%f000', received_at, ?)", (f"-{days} days",))
        for record in {kept.id: kept for kept in (*self.model.events, *self.model.alerts)}.values():
            record.age += days
        retention.trim(self.desk.store, RETENTION_DAYS)
        for kept in (self.model.events, self.model.alerts):
            kept[:] = [record for record in kept if record.age <= RETENTION_DAYS]

    @rule()
    def restart(self) -> None:
        self.desk.close()
        self.other.close()
        self.desk, self.other = Desk.open(self.settings), Desk.open(self.settings)
        self.model.ring = deque((kept for kept in self.model.events if kept.id > self.model.cleared), RING)
        self.model.alert_ring = deque(self.model.alerts, RING)

    # --- what must hold --------------------------------------------------------------------------------------

    @invariant()
    def both_show_what_the_model_says(self) -> None:
        if not hasattr(self, "desk"):
            return
        model = self.model
        signals = sorted((number for number, _ in model.signals.values() if number > model.signals_cleared), reverse=True)
        for desk in (self.desk, self.other):
            desk.journal.tail.catch_up()
            monitor, statistics = desk.monitor, desk.statistics()
            assert [event["id"] for event in monitor.latest_events(RING)] == [kept.id for kept in reversed(model.ring)]
            assert [alert["id"] for alert in monitor.latest_alerts(RING)] == [kept.id for kept in reversed(model.alert_ring)]
            assert [signal["id"] for signal in monitor.latest_signals()] == signals
            assert [position["id"] for position in monitor.open_positions()] == list(model.shown.values())
            assert {name: statistics[name] for name in posting.STATISTICS} == {name: model.statistics[name] for name in posting.STATISTICS}
            assert statistics["active_positions"] == len(model.shown)
