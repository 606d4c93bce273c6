"""The record of who did what, when, from where. Rows are only ever added, hold no secret, and are chained; see `data.accounts.chain`."""

import logging
import threading
import time
from typing import Any

from sqlalchemy import Connection, insert, select, update

from data import times
from data.accounts.chain import HEAD, hash_of, last
from data.accounts.principal import storable
from data.errors import Refused
from data.schema import AuditEntry, Counter
from data.store import PASSING_SECONDS, Store

log = logging.getLogger("botv2.audit")
REPEAT_SECONDS = 60.0
MAX_REFUSALS = 1_000
ANCHOR_SECONDS = 600.0
CUT_OFF = "-"  # stands for the hash of a row that should be there and is not: the gap then shows for ever


class Audit:
    """Writes the audit log."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._refusals: dict[tuple[str, str, str], tuple[float, int]] = {}
        self._anchor_due = 0.0

    def add(
        self,
        connection: Connection,
        actor: str,
        action: str,
        target: str | None = None,
        address: str = "",
        before: dict[str, Any] | None = None,
        after: dict[str, Any] | None = None,
    ) -> None:
        """Add a row inside the transaction of the change that it records, as the last thing in it: the chain's head stays locked until its end."""
        counted = update(Counter).where(Counter.name == HEAD).values(value=Counter.value + 1).returning(Counter.value)
        number = connection.execute(counted).scalar_one()
        found = connection.scalar(select(AuditEntry.hash).where(AuditEntry.id == number - 1))
        previous = found or ("" if number == 1 else CUT_OFF)
        values: dict[str, Any] = {
            "id": number,
            "at": times.now(),
            "actor": storable(actor),
            "action": action,
            "target": None if target is None else storable(target),
            "address": storable(address, 64),
            "before": before,
            "after": after,
        }
        connection.execute(insert(AuditEntry).values(**values, previous_hash=previous, hash=hash_of(previous, values)))
        if found and time.monotonic() >= self._anchor_due:
            self._note_anchor(number - 1, previous)

    def anchor(self) -> None:
        """Write the log's last row and its hash into the program's own log, against which `audit verify --anchor` can hold it."""
        with self._store.read() as connection:
            head = last(connection)
        if head is not None:
            self._note_anchor(head.id, head.hash)

    def _note_anchor(self, number: int, its_hash: str) -> None:
        self._anchor_due = time.monotonic() + ANCHOR_SECONDS
        log.info("audit anchor %d:%s", number, its_hash)

    def refusal(self, actor: str, action: str, target: str, address: str, status: int) -> None:
        """Record that a request was refused; the same one again within a minute is counted, not written.

        Never raises: a store that cannot be written must not turn a refusal into another answer.
        """
        key = (actor, action, address)
        moment = time.monotonic()
        with self._lock:
            until, repeated = self._refusals.get(key, (0.0, 0))
            if moment < until:
                self._refusals[key] = (until, repeated + 1)
                return
            if len(self._refusals) >= MAX_REFUSALS:
                self._refusals = {known: entry for known, entry in self._refusals.items() if entry[0] > moment}
                if len(self._refusals) >= MAX_REFUSALS:
                    return  # a flood from everywhere must not fill the disk
            self._refusals[key] = (moment + REPEAT_SECONDS, 0)
        after: dict[str, Any] = {"status": status}
        if repeated:
            after["repeated_before"] = repeated
        try:
            with self._store.write(durable=False, patience=PASSING_SECONDS) as connection:
                self.add(connection, actor, action, target, address, after=after)
        except Refused as error:
            log.warning("a refusal could not be written to the audit log: %s", error.message)
