"""Figures that come as tables: by month, by pair of strategies, by contributor."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from data.metrics.checks import DayArray, FloatArray, finite_array, number
from data.metrics.exact import sums_by_code
from data.metrics.sample import Returns


def monthly_returns(days: DayArray, returns: ArrayLike | Returns) -> list[dict[str, Any]]:
    """Return a row per calendar year that has returns: `year`, `months` (12 fractions, None without returns), `total`.

    The returns of a month and of a year are compounded: product of (1 + r) - 1, -1 at the least. `days` ascend.
    """
    sample = Returns.of(returns)
    if not sample.size:
        return []
    steps = np.maximum(sample.values + 1.0, 0.0)
    of_month, made = _compounded(steps, days.astype("datetime64[M]").astype(np.int64))
    of_year, total = _compounded(steps, days.astype("datetime64[Y]").astype(np.int64))
    rows: dict[int, dict[str, Any]] = {}
    for year, fraction in zip((of_year + 1970).tolist(), total, strict=True):
        rows[year] = {"year": year, "months": [None] * 12, "total": number(fraction)}
    for month, fraction in zip(of_month, made, strict=True):
        year, place = divmod(int(month), 12)
        rows[1970 + year]["months"][place] = number(fraction)
    return list(rows.values())


def _compounded(steps: FloatArray, period: NDArray[np.int64]) -> tuple[NDArray[np.int64], FloatArray]:
    first = np.flatnonzero(np.append(True, period[1:] != period[:-1]))
    with np.errstate(over="ignore", invalid="ignore"):
        return period[first], np.multiply.reduceat(steps, first) - 1.0


def correlation(series: Sequence[tuple[DayArray, ArrayLike]]) -> list[list[float | None]]:
    """Return the matrix of Pearson's correlations of daily returns, each pair on the days that both have.

    None where fewer than two days are common or one of the two did not move on them; 1.0 on the diagonal where it is
    defined. Each series has its days once.
    """
    known = [_Series.of(np.asarray(days, dtype="datetime64[D]").astype(np.int64), finite_array(returns, "returns")) for days, returns in series]
    matrix: list[list[float | None]] = [[None] * len(known) for _ in known]
    for first, second in zip(*np.triu_indices(len(known)), strict=True):
        found = _pearson(*_on_common_days(known[first], known[second]))
        matrix[first][second] = matrix[second][first] = 1.0 if first == second and found is not None else found
    return matrix


class _Series(NamedTuple):
    """Daily returns; of days without a gap, as those of strategies are, the first and the last tell which they are."""

    days: NDArray[np.int64]
    returns: FloatArray
    ends: tuple[int, int] | None

    @classmethod
    def of(cls, days: NDArray[np.int64], returns: FloatArray) -> "_Series":
        return cls(days, returns, (int(days[0]), int(days[-1])) if days.size and (np.diff(days) == 1).all() else None)

    def between(self, start: int, end: int) -> FloatArray:
        first = int(self.days[0])
        return self.returns[max(0, start - first) : max(0, end - first + 1)]


def _on_common_days(one: _Series, other: _Series) -> tuple[FloatArray, FloatArray]:
    if one.ends is not None and other.ends is not None:
        both = max(one.ends[0], other.ends[0]), min(one.ends[1], other.ends[1])
        return one.between(*both), other.between(*both)
    _, own, others = np.intersect1d(one.days, other.days, assume_unique=True, return_indices=True)
    return one.returns[own], other.returns[others]


@np.errstate(over="ignore", invalid="ignore")
def _pearson(x: FloatArray, y: FloatArray) -> float | None:
    if x.size < 2 or x.min() == x.max() or y.min() == y.max():
        return None
    x, y = x - x.mean(), y - y.mean()
    # Scaled, so that neither a tiny nor a huge deviation is lost when it is squared.
    x, y = x / np.abs(x).max(), y / np.abs(y).max()
    found = number(np.dot(x, y) / np.sqrt(np.dot(x, x) * np.dot(y, y)))
    return None if found is None else max(-1.0, min(1.0, found))


def contribution(codes: ArrayLike, net_pnl: ArrayLike, names: Sequence[str]) -> list[dict[str, Any]]:
    """Return what each strategy, symbol, … contributed: `name`, `net_pnl`, `share`, `trades`, the largest net P&L first.

    The share is net P&L / sum of all contributors' |net P&L|, from -1 to 1: it stays defined and keeps its sign where
    gains and losses cancel out, and the shares' sizes add up to 1. None where nobody earned or lost anything. Names
    without trades are left out. The order of the rows makes no difference.

    Args:
        codes: for each trade the place of its name in `names`.
        net_pnl: one value per trade, in one currency.
        names: what the codes stand for.
    """
    pnl, code = finite_array(net_pnl, "net_pnl"), np.asarray(codes, dtype=np.intp)
    trades = np.bincount(code, minlength=len(names)).tolist()
    earned = sums_by_code(pnl, code, len(names)).tolist()
    moved = math.fsum(abs(part) for part in earned)
    rows = [
        {"name": name, "net_pnl": part, "share": part / moved if moved else None, "trades": count}
        for name, part, count in zip(names, earned, trades, strict=True)
        if count
    ]
    return sorted(rows, key=lambda row: (-row["net_pnl"], row["name"]))
