"""With what money each bot and each strategy began, as far as that is known; returns are measured against it."""

import threading

import numpy as np
from sqlalchemy import select

from data.columns import Columns, Frame
from data.schema import BotState, Strategy
from data.settings import Settings
from data.store import Store

KINDS = ("trades", "portfolio", "strategies")


class Balances:
    """Finds starting balances, anew only when something changed that they are made of."""

    def __init__(self, store: Store, columns: Columns, settings: Settings) -> None:
        """Ask `store` for what was set, and `columns` for what was reported."""
        self._store = store
        self._columns = columns
        self._settings = settings
        self._lock = threading.Lock()
        self._kept: tuple[tuple[int, ...], dict[str, float]] | None = None

    def of_bots(self) -> dict[str, float]:
        """Return what was set for each bot, without those for which nothing was; the others have `settings.botv2_starting_balance`."""
        query = select(BotState.bot, BotState.starting_balance).where(BotState.starting_balance.is_not(None))
        with self._store.read() as connection:
            return {row.bot: row.starting_balance or 0.0 for row in connection.execute(query)}

    def of_strategies(self) -> dict[str, float]:
        """Return what each strategy with a known balance began with: what was set for it, else what the bots that trade it began with together.

        A bot's money is what was set for it, else its first snapshot, else `settings.botv2_starting_balance`; so the return of one strategy
        among several of a bot is its part of the account's. A bot that trades and reports in different currencies has no known balance.
        """
        version = tuple(self._columns.version(kind) for kind in KINDS)
        with self._lock:
            if self._kept is None or self._kept[0] != version:
                self._kept = version, self._found()
            return self._kept[1]

    def _found(self) -> dict[str, float]:
        trades, began = self._columns.trades(), self._of_accounts()
        names, bots = trades.names("strategy"), trades.names("bot")
        pairs = (
            np.bincount(trades["strategy"].astype(np.int64) * len(bots) + trades["bot"], minlength=len(names) * len(bots)) if bots else np.zeros(0)
        )
        found: dict[str, float] = {}
        for place, name in enumerate(names):
            own = [began.get(bots[code], 0.0) for code in np.flatnonzero(pairs[place * len(bots) : (place + 1) * len(bots)])]
            if own and all(own):
                found[name] = sum(own)
        query = select(Strategy.name, Strategy.starting_balance).where(Strategy.starting_balance > 0)
        with self._store.read() as connection:
            rows = {row.name: row.starting_balance for row in connection.execute(query)}
        return found | rows

    def _of_accounts(self) -> dict[str, float]:
        """Return what each bot that trades began with."""
        snapshots, trades = self._columns.snapshots(), self._columns.trades()
        mixed = self._in_several_currencies(snapshots, trades)
        first = dict.fromkeys(trades.names("bot"), self._settings.botv2_starting_balance)
        codes, places = np.unique(snapshots["bot"][snapshots.by_time], return_index=True)
        values = snapshots["total_value"][snapshots.by_time][places]
        reported = {snapshots.names("bot")[code]: float(value) for code, value in zip(codes, values, strict=True)}
        return {name: 0.0 if name in mixed else value for name, value in (first | reported | self.of_bots()).items()}

    def _in_several_currencies(self, *frames: Frame) -> set[str]:
        known: dict[str, set[str]] = {}
        for frame in frames:
            bots, currencies = frame.names("bot"), frame.names("currency")
            if not currencies:
                continue
            for pair in np.unique(frame["bot"].astype(np.int64) * len(currencies) + frame["currency"]).tolist():
                bot, currency = divmod(pair, len(currencies))
                known.setdefault(bots[bot], set()).add(currencies[currency] or self._settings.botv2_currency)
        return {bot for bot, found in known.items() if len(found) > 1}
