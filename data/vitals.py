"""What a watchdog asks about the store, each figure by a step or two down an index or from what this process holds."""

from collections import defaultdict
from math import fsum

import numpy as np
from sqlalchemy import Table, and_, func, select

from data.columns import Columns
from data.entries import Row
from data.ledger import TRADES
from data.monitor import LiveMonitoringSystem
from data.paging import COUNT_LIMIT
from data.schema import Alert, BotState, Counter, Portfolio
from data.settings import Settings
from data.store import Store

BOTS = 1_000  # those heard last: each is a line or more for whoever keeps the figures

assert isinstance(Alert.__table__, Table)  # noqa: S101  # narrows SQLAlchemy's FromClause for mypy
ALERTS: Table = Alert.__table__


class Vitals:
    """Measures one store."""

    def __init__(self, store: Store, columns: Columns, monitor: LiveMonitoringSystem, settings: Settings) -> None:
        """Ask `store`; money without a currency is in the settings' one."""
        self._store = store
        self._columns = columns
        self._monitor = monitor
        self._currency = settings.botv2_currency

    def read(self) -> Row:
        """Return `last_id`, `trades`, `bots` and `active_alerts` by severity (the first 10,000). Raises `Refused` (`storage_…`)."""
        active = select(ALERTS.c.severity).where(ALERTS.c.status == "active").limit(COUNT_LIMIT).subquery()
        with self._store.read() as connection:
            counters = {row.name: row.value for row in connection.execute(select(Counter.name, Counter.value))}
            by_severity = connection.execute(select(active.c.severity, func.count().label("number")).group_by(active.c.severity)).all()
            return {
                "last_id": counters.get("last_id", 0),
                "trades": counters.get(TRADES, 0),
                "bots": connection.scalar(select(func.count()).select_from(BotState)) or 0,
                "active_alerts": {row.severity: row.number for row in by_severity},
            }

    def bots(self) -> list[Row]:
        """Return of each of the 1,000 bots that were heard last: `bot`, `last_seen` (UTC), `open_positions`, `open_pnl` (their sum),
        `equity` (the last snapshot's total value) and `realized_pnl` (net, of closed trades), both by currency. Raises `Refused` (`storage_…`).
        """  # noqa: D205  # a list of names needs two lines
        of_last = and_(Portfolio.bot == BotState.bot, Portfolio.timestamp == BotState.snapshot_at)
        last = select(BotState.bot, BotState.last_seen, Portfolio.total_value, func.coalesce(Portfolio.currency, self._currency))
        last = last.outerjoin(Portfolio, of_last).order_by(BotState.last_seen.desc(), BotState.bot).limit(BOTS)
        with self._store.read() as connection:
            rows = connection.execute(last).all()
        open_pnl: dict[str, list[float]] = defaultdict(list)
        for position in self._monitor.open_positions():
            open_pnl[position["bot"]].append(position["unrealized_pnl"])
        realized = self._realized()
        return [
            {
                "bot": bot,
                "last_seen": last_seen,
                "open_positions": len(open_pnl[bot]),
                "open_pnl": fsum(open_pnl[bot]),
                "equity": {} if value is None else {currency: value},
                "realized_pnl": realized.get(bot, {}),
            }
            for bot, last_seen, value, currency in rows
        ]

    def _realized(self) -> dict[str, dict[str, float]]:
        """Return each bot's net P&L by currency, in two passes over the columns."""
        trades = self._columns.closed()
        bots, currencies = trades.names("bot"), [name or self._currency for name in trades.names("currency")]
        pairs = trades["bot"].astype(np.int64) * len(currencies) + trades["currency"]
        sums, numbers = np.bincount(pairs, weights=trades["net_pnl"]), np.bincount(pairs)
        found: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        for pair in np.flatnonzero(numbers).tolist():
            found[bots[pair // len(currencies)]][currencies[pair % len(currencies)]] += float(sums[pair])
        return found
