"""How equity comes about: from a bot's snapshots if it has any, else from its closed trades; of strategies from their trades."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal

import numpy as np

from data import currency, metrics
from data.balances import Balances
from data.columns import Columns, Frame, Mask
from data.curve import FIRST_US, Curve, added
from data.entries import Row
from data.metrics.checks import FloatArray, MicrosecondArray
from data.scope import EquityFilter
from data.settings import Settings
from data.trades import is_closed

Owner = Literal["bot", "strategy"]
NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Basis:
    """What the equity in a scope is made of, all of it in one currency and in order of time.

    `exits` are the closed trades of those without snapshots, `closed` all closed trades; `balances` says with what
    money the owners of trades began, where that is known.
    """

    snapshots: Frame
    exits: Frame
    closed: Frame
    owner: Owner
    balances: dict[str, float]
    currency: str
    left_out: list[Row]

    @cached_property
    def curve(self) -> Curve:
        """The equity of all together."""
        return added([*(curve for _, curve in self._of_snapshots()), self._of_exits(self.exits)])

    def each(self) -> dict[str, Curve]:
        """Return the equity of each bot (of each strategy, in a scope of strategies) by its name."""
        of_trades = ((name, self._of_exits(exits)) for name, exits in grouped(self.exits, self.owner))
        return dict(sorted([*self._of_snapshots(), *of_trades]))

    @cached_property
    def without_balance(self) -> list[str]:
        """Who trades without snapshots and without a known starting balance, so that no return can be computed."""
        if self.curve.has_balance:
            return []
        names = self.exits.names(self.owner)
        rows = np.bincount(self.exits[self.owner], minlength=len(names))
        return sorted(name for name, number in zip(names, rows, strict=True) if number and not self.balances.get(name))

    def _of_snapshots(self) -> Iterator[tuple[str, Curve]]:
        for bot, snapshots in grouped(self.snapshots, "bot"):
            times, values = snapshots["timestamp"], snapshots["total_value"]
            deposits = np.nan_to_num(snapshots["deposit"])
            deposits[0] = values[0]
            paid = np.flatnonzero(deposits)
            yield bot, Curve(times, values, times[paid], deposits[paid], source="snapshots")

    def _of_exits(self, exits: Frame) -> Curve:
        """Return starting balances, from each owner's first entry on, plus cumulative net P&L; closings of one moment are one point."""
        if not len(exits):
            return Curve()
        times, values = metrics.curve_from_exits(exits["at"], exits["net_pnl"], 0.0)
        starts, balances, known = self._starts(exits)
        total = np.cumsum(balances)
        if starts[-1] < times[0]:
            times, values = np.append(starts, times), np.append(total, values + total[-1])
        else:  # a start that is no exit's moment is a point of its own, with what there was before
            behind = np.searchsorted(times, starts)
            new = times[np.minimum(behind, times.size - 1)] != starts
            before = np.append(0.0, values)[behind]
            times, values = np.insert(times, behind[new], starts[new]), np.insert(values, behind[new], before[new])
            values += np.repeat(np.append(0.0, total), np.diff(np.searchsorted(times, starts), prepend=0, append=times.size))
        return Curve(times, values, starts, balances, source="trades", opening=True, has_balance=known)

    def _starts(self, exits: Frame) -> tuple[MicrosecondArray, FloatArray, bool]:
        """Return when owners began, in order and each moment once, with which money, and whether everyone's is known.

        One begins with the first entry, or a microsecond before an exit where that trade took no time.
        """
        names = exits.names(self.owner)
        if len(names) == 1:
            owners, first = np.zeros(1, np.intp), np.array([min(exits["entry_time"].min(), exits["at"][0] - 1)])
        else:
            first = np.full(len(names), NEVER)
            np.minimum.at(first, exits[self.owner], np.minimum(exits["entry_time"], exits["at"] - 1))
            owners = np.flatnonzero(first < NEVER)
        balances = np.array([self.balances.get(names[owner], 0.0) for owner in owners])
        starts, which = np.unique(np.maximum(first[owners], FIRST_US), return_inverse=True)
        together = np.zeros(starts.size)
        np.add.at(together, which, balances)
        return starts, together, bool((balances > 0).all())


def grouped(frame: Frame, column: str) -> Iterator[tuple[str, Frame]]:
    """Yield each name of a column that has rows, and its rows in the order in which they are."""
    names = frame.names(column)
    codes = frame[column]
    if len(names) == 1 and len(frame):
        yield names[0], frame
        return
    order = np.argsort(codes.astype(np.min_scalar_type(len(names))), kind="stable")  # small integers are sorted in one pass
    bounds = pairwise([0, *np.cumsum(np.bincount(codes, minlength=len(names)))])
    for name, (start, end) in zip(names, bounds, strict=False):
        if end > start:
            yield name, frame.take(order[start:end])


class Equity:
    """Finds what the equity in a scope is made of."""

    def __init__(self, columns: Columns, balances: Balances, settings: Settings) -> None:
        """Ask `columns` for snapshots and trades, and `balances` for what their owners began with."""
        self._balances_of = balances
        self._columns = columns
        self._settings = settings

    def version(self) -> tuple[int, ...]:
        """Return the version of all that equity is made of."""
        return tuple(self._columns.version(kind) for kind in ("portfolio", "trades", "strategies"))

    def basis(self, scope: EquityFilter) -> Basis:
        """Return what the equity is made of; the scope's times are for whoever asks to apply, because an equity has a past."""
        default = self._settings.botv2_currency
        snapshots, trades = self._columns.snapshots(), self._columns.trades()
        told, closed = self._chosen(snapshots, scope, ("bot",)), self._chosen(trades, scope, ("bot", "strategy")) & is_closed(trades)
        if scope.strategy is not None:
            told[:] = False
        exits = closed & ~trades.is_any("bot", snapshots.names("bot")) if scope.strategy is None and len(snapshots) else closed
        rows = currency.counted(snapshots, told, default)
        chosen = currency.chosen(_sum(rows, currency.counted(trades, exits, default)), scope.currency, default)
        owner: Owner = "bot" if scope.strategy is None else "strategy"
        return Basis(
            snapshots.in_time(currency.in_currency(snapshots, told, chosen, default)),
            trades.in_time(currency.in_currency(trades, exits, chosen, default)),
            trades.in_time(currency.in_currency(trades, closed, chosen, default)),
            owner,
            self._balances(owner, trades.names(owner)),
            chosen,
            currency.left_out(_sum(rows, currency.counted(trades, closed, default)), chosen),
        )

    def _chosen(self, frame: Frame, scope: EquityFilter, columns: tuple[Owner, ...]) -> Mask:
        mask = np.ones(len(frame), np.bool_)
        for name in columns:
            if (values := getattr(scope, name)) is not None:
                mask &= frame.is_any(name, values)
        return mask

    def _balances(self, owner: Owner, names: list[str]) -> dict[str, float]:
        own = self._balances_of.of_bots() if owner == "bot" else self._balances_of.of_strategies()
        return dict.fromkeys(names, self._settings.botv2_starting_balance) | own


def _sum(first: dict[str, int], second: dict[str, int]) -> dict[str, int]:
    return {name: first.get(name, 0) + second.get(name, 0) for name in {**first, **second}}
