"""What the figures of a page stand on: equity and closed trades in the selection, found once for all the charts that ask together."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import select

from data import times
from data.balances import Balances
from data.columns import Array, Columns, Frame
from data.currency import in_currency
from data.entries import Row
from data.equity import Basis, Equity
from data.metrics.checks import FloatArray, MicrosecondArray
from data.portfolio import in_range
from data.recent import Recent
from data.schema import Strategy
from data.scope import EquityFilter, Selection
from data.scope.trades import TradeFields
from data.settings import Settings
from data.store import Store
from data.trades import Trades

KEPT = 2  # ranges of one page, such as the page's own and a chart's
OF_OWNERS = {"bot", "strategy"}  # these narrow the equity, too; the other filters choose among trades alone


class RecentEquity(Equity):
    """The equity, whose last few bases are kept: with the curve, of which a million trades take a while."""

    def __init__(self, columns: Columns, balances: Balances, settings: Settings) -> None:
        """Ask what `Equity` asks."""
        super().__init__(columns, balances, settings)
        self._recent = Recent(KEPT)

    def basis(self, scope: EquityFilter) -> Basis:
        """Return what the equity is made of, see `Equity.basis`."""
        return self._recent.get((scope.bot, scope.strategy, scope.currency, self.version()), lambda: self._found(scope))

    def _found(self, scope: EquityFilter) -> Basis:
        basis = self.made_of(scope)
        _ = basis.curve.growth  # computed while others wait, not by each of them
        return basis


class Closed(NamedTuple):
    """Closed trades in scope, of one currency, in order of their exits."""

    trades: Frame
    currency: str
    left_out: list[Row]

    @property
    def strategies(self) -> list[str]:
        """Return the names that trades may have as their strategy."""
        return self.trades.names("strategy")

    def known(self, name: str) -> FloatArray:
        """Return those values of a column that were told."""
        return told(self.trades[name])


class Known(NamedTuple):
    """A strategy: its id (None when it was deleted), its place in the order of ids, and what it began with, if that is known."""

    id: int | None
    place: int
    balance: float | None


class Ground:
    """Finds equity and trades for the analytics."""

    def __init__(self, store: Store, columns: Columns, equity: Equity, trades: Trades, balances: Balances, settings: Settings) -> None:
        """Ask `equity` and `trades`; `store` and `balances` for strategies."""
        self._balances = balances
        self.store = store
        self.columns = columns
        self.equity = equity
        self.settings = settings
        self._trades = trades
        self._recent = Recent(KEPT)

    def version(self, selection: Selection, *kinds: str) -> tuple[int, ...]:
        """Return the version of equity, trades and these kinds of data, and the minute where the range ends now."""
        return *self.equity.version(), *(self.columns.version(kind) for kind in kinds), times.minute() if selection.range != "all" else 0

    # --- trades --------------------------------------------------------------------------------------------------

    def closed(self, selection: Selection, **more: Any) -> Closed:
        """Return the closed trades in scope; `more` replaces fields of the scope."""
        scope = selection.trades().model_copy(update=more)
        key = (scope, self.columns.version("trades"), times.minute() if scope.days else 0)
        return self._recent.get(key, lambda: Closed(*self._trades.closed(scope)))

    def sample(self, selection: Selection, currency: str, number: int) -> tuple[list[Row], int]:
        """Return trades in scope of a currency, open ones too, as a read gives them, and how many there are.

        Of more than `number` the last one of each of so many equal parts of their time: what is shown must not look like all of it.
        """
        frame = self.columns.trades()
        mask = self._trades.mask(frame, selection.trade_filter()) & ~frame.is_any("status", ["cancelled"])
        mask = in_currency(frame, mask, currency, self.settings.botv2_currency)
        places = np.flatnonzero(mask) if frame.is_in_time else frame.by_time[mask[frame.by_time]]
        chosen = places
        if places.size > number:
            at = frame["at"][places]
            part = (at - at[0]) * number // (at[-1] - at[0] + 1)
            chosen = places[np.append(part[1:] != part[:-1], True)]
        return list(self._trades.these(frame["id"][chosen].tolist()).values()), int(places.size)

    def any_closed(self) -> bool:
        """Tell whether there is any closed trade at all."""
        return bool(len(self.columns.closed()))

    def told(self, closed: Closed) -> Row:
        """Return what every answer about trades says beside its figures."""
        return {"currency": closed.currency, "left_out": closed.left_out, "filtered_out": not len(closed.trades) and self.any_closed()}

    # --- equity --------------------------------------------------------------------------------------------------

    def any_equity(self) -> bool:
        """Tell whether there is anything at all that equity is made of."""
        return bool(len(self.columns.snapshots())) or self.any_closed()

    def said(self, basis: Basis, *, empty: bool) -> Row:
        """Return what every answer about equity says beside its figures; `empty` when nothing of it is in scope."""
        return {
            "without_balance": basis.without_balance,
            "currency": basis.currency,
            "left_out": basis.left_out,
            "filtered_out": empty and self.any_equity(),
        }

    def ends(self, selection: Selection, currency: str) -> tuple[float | None, float | None]:
        """Return the equity at the start and the end of the range, None unless it is all that trades in scope are a part of, in this currency."""
        basis = self.equity.basis(selection.equity())
        curve = in_range(basis.curve, selection.equity())
        if not curve.values.size or not curve.has_balance or basis.currency != currency or is_narrowed(selection):
            return None, None
        return float(curve.values[0]), float(curve.values[-1])

    # --- strategies ----------------------------------------------------------------------------------------------

    def strategies(self, traded: Sequence[str]) -> dict[str, Known]:
        """Return every strategy by name; those among the `traded` names that were deleted come after those that are there."""
        with self.store.read() as connection:
            rows = connection.execute(select(Strategy.id, Strategy.name).order_by(Strategy.id)).all()
        began, default = self._balances.of_strategies(), self.settings.botv2_starting_balance
        gone = sorted({name for name in traded if name} - {row.name for row in rows})
        named = [*((row.id, row.name) for row in rows), *((None, name) for name in gone)]
        return {name: Known(number, place, began.get(name, default) or None) for place, (number, name) in enumerate(named)}


def is_narrowed(selection: Selection) -> bool:
    """Tell whether a filter chooses among the trades of the bots and strategies in scope."""
    return any(getattr(selection, name) is not None for name in TradeFields.model_fields if name not in OF_OWNERS)


def told(values: FloatArray) -> FloatArray:
    """Return the values that are not missing."""
    missing = np.isnan(values)
    return values[~missing] if missing.any() else values


def without_start(scope: EquityFilter) -> EquityFilter:
    """Return the scope from the beginning of history on."""
    return EquityFilter(bot=scope.bot, strategy=scope.strategy, currency=scope.currency, end=scope.end)


def plain(values: FloatArray) -> list[float | None]:
    """Return values as JSON has them: None for what is not defined."""
    found: list[float | None] = values.tolist()
    for place in np.flatnonzero(~np.isfinite(values)).tolist():
        found[place] = None
    return found


def iso_days(days: Array) -> list[str]:
    """Return days as 2024-05-01."""
    found: list[str] = days.astype("datetime64[D]").astype(str).tolist()
    return found


def us(moments: Any) -> MicrosecondArray:
    """Return days as microseconds since 1970 at which they begin."""
    found: MicrosecondArray = moments.astype("datetime64[us]").astype(np.int64)
    return found
