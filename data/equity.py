"""How equity comes about: from a bot's snapshots if it has any, else from its closed trades; of strategies from their trades."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
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
        of_trades = ((name, self._of_exits(exits)) for name, exits in self.exits.groups(self.owner))
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
        for bot, snapshots in self.snapshots.groups("bot"):
            times, values = snapshots["timestamp"], snapshots["total_value"]
            deposits = np.nan_to_num(snapshots["deposit"])
            deposits[0] = values[0]
            paid = np.flatnonzero(deposits)
            yield bot, Curve(times, values, times[paid], deposits[paid], source="snapshots")

    def _of_exits(self, exits: Frame) -> Curve:
        """Return starting balances, from each owner's first entry on, plus cumulative net P&L; closings of one moment are one point."""
        if not len(exits):
            return Curve()
        times, earned = metrics.curve_from_exits(exits["at"], exits["net_pnl"], 0.0)
        starts, balances, known = self._starts(exits)
        times, values = _begun(times, earned, starts, np.cumsum(balances))
        return Curve(times, values, starts, balances, source="trades", opening=True, has_balance=known)

    def _starts(self, exits: Frame) -> tuple[MicrosecondArray, FloatArray, bool]:
        """Return when owners began, in order and each moment once, with which money, and whether everyone's is known.

        One begins with the first entry, or a microsecond before an exit where that trade took no time.
        """
        names = exits.names(self.owner)
        entered = exits["entry_time"]
        if (entered >= exits["at"]).any():
            entered = np.minimum(entered, exits["at"] - 1)
        if len(names) == 1:
            owners, first = np.zeros(1, np.intp), np.array([entered.min()])
        else:
            first = np.full(len(names), NEVER)
            np.minimum.at(first, exits[self.owner], entered)
            owners = np.flatnonzero(first < NEVER)
        balances = np.array([self.balances.get(names[owner], 0.0) for owner in owners])
        starts, which = np.unique(np.maximum(first[owners], FIRST_US), return_inverse=True)
        together = np.zeros(starts.size)
        np.add.at(together, which, balances)
        return starts, together, bool((balances > 0).all())


def _begun(times: MicrosecondArray, earned: FloatArray, starts: MicrosecondArray, totals: FloatArray) -> tuple[MicrosecondArray, FloatArray]:
    """Return the points of what was earned, on top of the `totals` from each of the `starts` on.

    A start that is no exit's moment is a point of its own, with what there was before.
    """
    behind = np.searchsorted(times, starts)
    is_new = (times[np.minimum(behind, times.size - 1)] != starts).tolist()
    moments, values = np.empty(times.size + sum(is_new), np.int64), np.empty(times.size + sum(is_new))
    place = done = 0
    total = 0.0
    for start, new, following, end in zip(starts.tolist(), is_new, totals.tolist(), behind.tolist(), strict=True):
        moments[place : place + end - done] = times[done:end]
        np.add(earned[done:end], total, out=values[place : place + end - done])
        place, done, total = place + end - done, end, following
        if new:
            moments[place], values[place] = start, (earned[end - 1] if end else 0.0) + total
            place += 1
    moments[place:] = times[done:]
    np.add(earned[done:], total, out=values[place:])
    return moments, values


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
        return self.made_of(scope)

    def made_of(self, scope: EquityFilter) -> Basis:
        """Return `basis` for a question that does not ask for the curve, which nobody makes then."""
        default = self._settings.botv2_currency
        snapshots, trades = self._columns.snapshots(), self._columns.closed()
        told, closed = self._chosen(snapshots, scope, ("bot",)), self._chosen(trades, scope, ("bot", "strategy"))
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
