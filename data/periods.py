"""One strategy's closed trades in one currency: its daily returns, and what they came to by day, week and month."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data import metrics, times
from data.balances import Balances
from data.columns import Columns, Frame
from data.currency import in_one_currency
from data.entries import Row
from data.metrics.checks import DayArray, FloatArray, ratio
from data.metrics.exact import sums_by_code
from data.metrics.returns import DAY_US
from data.scope import Period, Range
from data.settings import Settings

MONDAY = 3  # of the week that holds 1970-01-01, a Thursday


@dataclass(frozen=True)
class Exits:
    """A strategy's closed trades of one currency, in order of time, and what it began with, None where that is not known."""

    trades: Frame
    balance: float | None
    currency: str
    left_out: list[Row]

    def until(self, scope: Range) -> "Exits":
        """Return those that were closed by the end of the scope's last day."""
        if scope.end is None:
            return self
        last = (times.microseconds(scope.end) // DAY_US + 1) * DAY_US - 1
        return Exits(self.trades.between(None, last), self.balance, self.currency, self.left_out)

    def place(self, scope: Range) -> int:
        """Return where the trades of the scope's first day begin."""
        since = scope.since(times.now())
        return 0 if since is None else int(np.searchsorted(self.trades["at"], times.microseconds(since) // DAY_US * DAY_US))

    def returns(self, scope: Range) -> tuple[DayArray, FloatArray]:
        """Return the days from the scope's first on and their returns; none without a starting balance."""
        if self.balance is None:
            return np.empty(0, "datetime64[D]"), np.empty(0)
        days, returns = metrics.daily_from_pnl(self.trades["at"], self.trades["net_pnl"], self.balance)
        since = scope.since(times.now())
        later = slice(0 if since is None else int(np.searchsorted(days, np.datetime64(since.date()))), None)
        return days[later], returns[later]


@dataclass(frozen=True)
class Periods:
    """A row of figures per period with an exit, in order of time. Money is in the trades' currency.

    `earned` is all net P&L until the period's end, `balance` what the strategy began with, None where that is not known.
    Gross P&L is before fees and slippage.
    """

    starts: DayArray
    trades: NDArray[np.int64]
    wins: NDArray[np.int64]
    losses: NDArray[np.int64]
    net: FloatArray
    gross: FloatArray
    earned: FloatArray
    balance: float | None

    @classmethod
    def daily(cls, trades: Frame, balance: float | None, before: float = 0.0) -> "Periods":
        """Return what closed trades of one strategy and currency, in order of time, came to each UTC day; they earned `before` earlier."""
        day = trades["at"] // DAY_US
        days, code = np.unique(day, return_inverse=True)
        net = trades["net_pnl"]
        gross = np.where(np.isnan(trades["pnl"]), net + np.nan_to_num(trades["fees"]) + np.nan_to_num(trades["slippage"]), trades["pnl"])
        sums = sums_by_code(net, code, days.size)
        return cls(
            days.astype("datetime64[D]"),
            np.bincount(code, minlength=days.size),
            np.bincount(code, weights=net > 0, minlength=days.size).astype(np.int64),
            np.bincount(code, weights=net < 0, minlength=days.size).astype(np.int64),
            sums,
            sums_by_code(gross, code, days.size),
            np.cumsum(sums) + before,
            balance,
        )

    def by(self, period: Period) -> "Periods":
        """Return the same for weeks, which begin on Monday, or months."""
        if period == "daily" or not self.starts.size:
            return self
        starts = period_starts(self.starts, period)
        first = np.flatnonzero(np.append(True, starts[1:] != starts[:-1]))
        last = np.append(first[1:], starts.size) - 1
        trades, wins, losses = (np.add.reduceat(column, first) for column in (self.trades, self.wins, self.losses))
        net, gross = (np.add.reduceat(column, first) for column in (self.net, self.gross))
        return Periods(starts[first], trades, wins, losses, net, gross, self.earned[last], self.balance)

    @cached_property
    def equity(self) -> FloatArray | None:
        """The equity at each period's end."""
        return None if self.balance is None else self.earned + self.balance

    def rows(self, first: int = 0) -> list[Row]:
        """Return the periods from a place on: `start`, counts, `win_rate`, `gross_pnl`, `net_pnl`, `equity`, `total_return`.

        The return is net P&L / starting balance, as a strategy's daily returns are.
        """
        columns = (self.starts, self.trades, self.wins, self.losses, self.gross, self.net)
        names = ("start", "total_trades", "winning_trades", "losing_trades", "gross_pnl", "net_pnl")
        rows = [dict(zip(names, values, strict=True)) for values in zip(*(column[first:].tolist() for column in columns), strict=True)]
        equities = [None] * len(rows) if self.equity is None else self.equity[first:].tolist()
        for row, equity in zip(rows, equities, strict=True):
            row["win_rate"] = row["winning_trades"] / row["total_trades"]
            row["equity"] = equity
            row["total_return"] = None if self.balance is None else ratio(row["net_pnl"], self.balance)
        return rows


def period_starts(days: DayArray, period: Period) -> DayArray:
    """Return the first day of each day's period: itself, its Monday, the first of its month."""
    if period == "monthly":
        return days.astype("datetime64[M]").astype("datetime64[D]")
    return days if period == "daily" else days - (days.astype(np.int64) + MONDAY) % 7


def closed_trades(
    columns: Columns, balances: Balances, strategies: Sequence[Any], settings: Settings, currency: str | None = None
) -> dict[str, Exits]:
    """Return the closed trades of each of these rows of the strategy table, by name, in one currency each: `currency`, else its own."""
    known = balances.of_strategies()
    closed = columns.closed()
    trades = dict(closed.groups("strategy"))
    nothing = closed.part(0, 0)
    found: dict[str, Exits] = {}
    for row in strategies:
        own = trades.get(row["name"], nothing)
        chosen, picked, left_out = in_one_currency(own, np.ones(len(own), np.bool_), currency, settings.botv2_currency)
        balance = known.get(row["name"]) or settings.botv2_starting_balance or None
        found[row["name"]] = Exits(own if chosen.all() else own.take(chosen), balance, picked, left_out)
    return found
