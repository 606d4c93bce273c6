"""Questions about what the bots' accounts are worth: now, at each snapshot, and as a curve."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Table, select

from data import currency, times
from data.answers import Answers
from data.book import SNAPSHOT_FIELDS, percent
from data.columns import Columns, Frame
from data.curve import Curve, thinned
from data.entries import Row
from data.equity import Basis, Equity
from data.live import Live
from data.metrics.checks import FloatArray, MicrosecondArray, number
from data.metrics.returns import DAY_US
from data.paging import Order, page, within
from data.schema import Portfolio as Snapshot
from data.scope import EquityFilter, EquityScope, PortfolioScope, PositionScope, SnapshotScope
from data.store import Store
from data.trade_filters import in_microseconds

CHUNK = 5000
ACCOUNT = ("cash_balance", "margin_used", "margin_available", "realized_pnl", "unrealized_pnl")
CHANGES = ("daily_change", "daily_change_pct", "total_pnl", "total_pnl_pct")
assert isinstance(Snapshot.__table__, Table)  # noqa: S101  # narrows SQLAlchemy's FromClause for mypy
TABLE: Table = Snapshot.__table__


class _Past(NamedTuple):
    """A bot's snapshots in order of time: moments in µs, values, and what was paid in up to each."""

    times: MicrosecondArray
    values: FloatArray
    paid: FloatArray


class Portfolio:
    """Answers questions about accounts from their snapshots, and of bots that send none from their trades."""

    def __init__(self, store: Store, columns: Columns, answers: Answers, equity: Equity, live: Live, default_currency: str) -> None:
        """Ask `equity` for money, `live` for positions and `store` for whole snapshots."""
        self._store = store
        self._columns = columns
        self._answers = answers
        self._equity = equity
        self._live = live
        self._currency = default_currency
        self._pasts: tuple[Frame, dict[tuple[str, str], _Past]] | None = None

    # --- now -------------------------------------------------------------------------------------------------

    def current(self, scope: PortfolioScope) -> Row:
        """Return what all accounts of one currency are worth together, how that changed, each bot's part, and the open positions.

        A change is money without what was paid in: `daily_…` since the last value of an earlier UTC day, `total_…` since
        the first; percentages are of what there was then and was paid in since. What nobody has reported is None.
        """
        answer = self._answers.get("portfolio.current", scope, self._equity.version(), lambda: self._current(scope))
        positions = self._live.positions(PositionScope())
        return answer | {"positions": [position for position in positions if scope.bot is None or position["bot"] in scope.bot]}

    def _current(self, scope: PortfolioScope) -> Row:
        basis = self._equity.basis(EquityFilter(bot=scope.bot, currency=scope.currency))
        snapshots = self._latest(basis)
        bots = [
            {"bot": bot, "source": curve.source, **standing(curve), **{name: snapshots.get(bot, {}).get(name) for name in ACCOUNT}}
            for bot, curve in basis.each().items()
        ]
        together = {name: sum(bot[name] for bot in bots) if bots and all(bot[name] is not None for bot in bots) else None for name in ACCOUNT}
        return standing(basis.curve) | together | {"currency": basis.currency, "left_out": basis.left_out, "bots": bots}

    def _latest(self, basis: Basis) -> dict[str, Row]:
        ids = [int(snapshots["id"][-1]) for _, snapshots in basis.snapshots.groups("bot")]
        with self._store.read() as connection:
            return {row["bot"]: dict(row) for row in connection.execute(select(TABLE).where(TABLE.c.id.in_(ids))).mappings()}

    # --- each snapshot -----------------------------------------------------------------------------------------

    def history(self, scope: SnapshotScope) -> Row:
        """Return a page of `snapshots`, newest first, each completed, their `count`, and `total` of all that match."""
        since = scope.since(times.now())
        wanted = [*([] if scope.bot is None else [TABLE.c.bot.in_(scope.bot)]), *within(TABLE.c.timestamp, scope)]
        with self._store.read() as connection:
            found = page(connection, select(TABLE).where(*wanted), Order(TABLE, "-timestamp"), scope)
        return {
            "snapshots": self.completed([_record(row) for row in found.mappings]),
            "count": len(found.rows),
            "total": self._total(scope, since),
            "total_is_estimate": False,
            "has_more": found.has_more,
            "next_cursor": found.next_cursor,
        }

    def _total(self, scope: SnapshotScope, since: datetime | None) -> int:
        frame = self._columns.snapshots()
        mask = np.ones(len(frame), np.bool_) if scope.bot is None else frame.is_any("bot", scope.bot)
        mask &= True if since is None else frame["timestamp"] >= times.microseconds(since)
        mask &= True if scope.end is None else frame["timestamp"] <= times.microseconds(scope.end)
        return int(np.count_nonzero(mask))

    def completed(self, records: Sequence[Row]) -> list[Row]:
        """Return snapshots, as the journal has them, with how the bot's money of that currency had changed by then (see `current`)."""
        frame = self._columns.snapshots()
        kept = self._pasts  # another thread may put its own there meanwhile
        if kept is None or kept[0] is not frame:
            kept = self._pasts = frame, {}
        pasts = kept[1]
        accounts = [(record["bot"], record["currency"] or self._currency) for record in records]
        for bot, money in set(accounts) - pasts.keys():
            own = frame.in_time(currency.in_currency(frame, frame.is_any("bot", [bot]), money, self._currency))
            pasts[bot, money] = _Past(own["timestamp"], own["total_value"], np.cumsum(np.nan_to_num(own["deposit"])))
        return [record | _changes(record, pasts[account]) for record, account in zip(records, accounts, strict=True)]

    # --- the curve ---------------------------------------------------------------------------------------------

    def equity(self, scope: EquityScope) -> Row:
        """Return the equity as at most `points` points, among them each stretch's highest and lowest.

        `return_pct` is time-weighted, in percent; `drawdown` is the fraction (0 or below) under the highest growth so far.
        Both are None without a starting balance: who has none is in `without_balance`.
        """
        version = (*self._equity.version(), times.minute() if scope.days else 0)
        return self._answers.get("portfolio.equity", scope, version, lambda: self._thinned(scope))

    def _thinned(self, scope: EquityScope) -> Row:
        basis = self._equity.basis(scope)
        curve = in_range(basis.curve, scope)
        growth, below = curve.growth, curve.underwater
        kept: list[int] = []
        if growth is not None and below is not None and below.size:
            lowest = int(below.argmin())
            kept = [lowest, int(growth[: lowest + 1].argmax())]
        places = thinned(curve.values, scope.points, kept)
        return {
            "timestamps": iso_texts(curve.times[places]),
            "equity": curve.values[places].tolist(),
            "drawdown": [None] * places.size if below is None else below[places].tolist(),
            "start_value": float(curve.values[0]) if places.size else None,
            "end_value": float(curve.values[-1]) if places.size else None,
            "return_pct": None if growth is None or not growth.size else number((float(growth[-1]) - 1.0) * 100),
            "source": curve.source,
            "without_balance": basis.without_balance,
            "currency": basis.currency,
            "left_out": basis.left_out,
            "thinned": places.size < curve.values.size,
            "total_points": curve.values.size,
        }

    def every_point(self, scope: EquityFilter) -> Iterator[Row]:
        """Return an iterator over all points of the equity, oldest first: `timestamp`, `equity`, `drawdown`, `currency`."""
        basis = self._equity.basis(scope)
        curve = in_range(basis.curve, scope)
        below = curve.underwater
        for start in range(0, curve.times.size, CHUNK):
            part = slice(start, start + CHUNK)
            moments = iso_texts(curve.times[part])
            falls = [None] * len(moments) if below is None else below[part].tolist()
            for moment, value, fall in zip(moments, curve.values[part].tolist(), falls, strict=True):
                yield {"timestamp": moment, "equity": value, "drawdown": fall, "currency": basis.currency}


def in_range(curve: Curve, scope: EquityFilter) -> Curve:
    """Return what of a curve lies in the scope's time."""
    since, end = in_microseconds(scope)
    return Curve() if since is not None and end is not None and since > end else curve.until(end).since(since)


def iso_texts(moments: MicrosecondArray) -> list[str]:
    """Return moments in µs since 1970 as `times.iso` writes them."""
    return [f"{text}Z" for text in np.datetime_as_string(moments.astype("datetime64[us]"), unit="us").tolist()]


def _record(row: Any) -> Row:
    return {"id": row["id"], "timestamp": times.iso(row["timestamp"]), **{name: row[name] for name in SNAPSHOT_FIELDS}, "bot": row["bot"]}


def standing(curve: Curve) -> Row:
    """Return what a curve has come to, and by how much it has changed."""
    if not curve.times.size:
        return {"total_value": None, "as_of": None, **dict.fromkeys(CHANGES)}
    last = int(curve.times[-1])
    earlier = int(np.searchsorted(curve.times, last // DAY_US * DAY_US))
    changes = (*_since(curve, max(earlier - 1, 0) if earlier or curve.opening else None), *_since(curve, 0))
    return {"total_value": float(curve.values[-1]), "as_of": times.iso(times.from_microseconds(last)), **dict(zip(CHANGES, changes, strict=True))}


def _since(curve: Curve, place: int | None) -> tuple[float | None, float | None]:
    """Return the change from a place of a curve to its end, in money and in percent."""
    if place is None:
        return None, None
    change, in_percent = _compared(float(curve.values[-1]), float(curve.values[place]), curve.paid_after(place))
    return change, in_percent if curve.has_balance else None


def _changes(record: Row, past: _Past) -> Row:
    """Return how a snapshot compares with those before it; in the past of its bot it may be missing yet."""
    at, value, paid = times.microseconds(times.parse_iso(record["timestamp"])), record["total_value"], record["deposit"] or 0.0
    earlier = int(np.searchsorted(past.times, at))
    before_today = int(np.searchsorted(past.times, at // DAY_US * DAY_US))
    if not earlier:
        return dict(zip(CHANGES, (None, None, *_compared(value, value, 0.0)), strict=True))
    paid += float(past.paid[earlier - 1])
    daily: tuple[float | None, float | None] = (None, None)
    if before_today:
        daily = _compared(value, float(past.values[before_today - 1]), paid - float(past.paid[before_today - 1]))
    return dict(zip(CHANGES, (*daily, *_compared(value, float(past.values[0]), paid - float(past.paid[0]))), strict=True))


def _compared(value: float, base: float, paid: float) -> tuple[float, float | None]:
    """Return a change in money and in percent since `base`, without what was paid in since."""
    change = value - base - paid
    return change, percent(change, base + paid) if base + paid > 0 else None
