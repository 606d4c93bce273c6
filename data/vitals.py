"""What a watchdog asks about the store, each figure by a step or two down an index."""

from sqlalchemy import Table, and_, func, select

from data.entries import Row
from data.ledger import TRADES
from data.paging import count
from data.schema import Alert, BotState, Counter, Portfolio
from data.settings import Settings
from data.store import Store

assert isinstance(Alert.__table__, Table)  # noqa: S101  # narrows SQLAlchemy's FromClause for mypy
ALERTS: Table = Alert.__table__


class Vitals:
    """Measures one store."""

    def __init__(self, store: Store, settings: Settings) -> None:
        """Ask `store`; a snapshot without a currency is in the settings' one."""
        self._store = store
        self._currency = settings.botv2_currency

    def read(self) -> Row:
        """Return `last_id`, `trades`, `active_alerts` (counted to 10,000) and `equity`, each bot's last snapshot: bot, currency, value."""
        of_last = and_(Portfolio.bot == BotState.bot, Portfolio.timestamp == BotState.snapshot_at)
        last = select(Portfolio.bot, func.coalesce(Portfolio.currency, self._currency), Portfolio.total_value).join(BotState, of_last)
        with self._store.read() as connection:
            counters = {row.name: row.value for row in connection.execute(select(Counter.name, Counter.value))}
            active, _ = count(connection, ALERTS, [ALERTS.c.status == "active"])
            equity = [tuple(row) for row in connection.execute(last.order_by(Portfolio.bot))]
        return {"last_id": counters.get("last_id", 0), "trades": counters.get(TRADES, 0), "active_alerts": active, "equity": equity}
