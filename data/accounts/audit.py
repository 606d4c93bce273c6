"""The record of who did what, when, from where. Rows are only ever added, and hold no secret."""

import logging
import threading
import time
from typing import Any

from sqlalchemy import Connection, insert

from data import times
from data.accounts.principal import storable
from data.errors import Refused
from data.schema import AuditEntry
from data.store import Store

log = logging.getLogger("botv2.audit")
REPEAT_SECONDS = 60.0
MAX_REFUSALS = 1_000


class Audit:
    """Writes the audit log."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._refusals: dict[tuple[str, str, str], tuple[float, int]] = {}

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
        """Add a row inside the transaction of the change that it records."""
        connection.execute(
            insert(AuditEntry).values(
                at=times.now(),
                actor=storable(actor),
                action=action,
                target=None if target is None else storable(target),
                address=storable(address, 64),
                before=before,
                after=after,
            )
        )

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
            with self._store.write(durable=False) as connection:
                self.add(connection, actor, action, target, address, after=after)
        except Refused as error:
            log.warning("a refusal could not be written to the audit log: %s", error.message)
