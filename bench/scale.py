"""`python -m bench.scale`: questions about a million trades, beside the bare SQL or the bare numpy that each cannot avoid.

The store is that of `bench.million`, made when there is none (minutes); with `--postgresql` it is on a server of its own.
"""

import argparse
import contextlib
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from tsdownsample import MinMaxDownsampler

from bench import million, report
from bench.report import ROUNDS, Figure, Goal, Section, quotients
from bench.rows import Sizes
from data.answers import Answers
from data.book import TRADE_FIELDS
from data.columns import Columns
from data.desk import Desk
from data.scope import EquityScope, RiskScope, TradeScope, TradeStatisticsScope
from data.settings import Settings

SIZES = Sizes(records=2_000_000)  # of the journal no question here reads more than a page; bench.million makes ten million
SMALL = Sizes(trades=1000, candles=1000, records=10_000)
AT_LEAST_SECONDS = 0.05  # a round calls as often as it takes to last that long
DEEP_PAGE = 9000
PAGE = 100
NO_LONGER = Goal(1.5, at_least=False)
SHOWN = ", ".join(TRADE_FIELDS)


@dataclass
class Contest:
    """A question and what it cannot avoid, and the seconds that each took, a value per round."""

    what: str
    against: str
    ours: Callable[[], object]
    bare: Callable[[], object]
    goal: Goal = NO_LONGER
    took: list[float] = field(default_factory=list)
    bare_took: list[float] = field(default_factory=list)

    def measure(self) -> None:
        """Measure one round."""
        self.took.append(seconds(self.ours))
        self.bare_took.append(seconds(self.bare))

    def figures(self) -> Iterator[Figure]:
        """Yield the ratio and the milliseconds."""
        yield Figure(f"{self.what}: ratio", self.against, quotients(self.took, self.bare_took), self.goal)
        yield Figure(self.what, "a call", [1000 * each for each in self.took], unit=" ms")


def seconds(call: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Return how long a call takes by a clock, the mean of as many as fill the least time."""
    calls, began = 0, clock()
    while (took := clock() - began) < AT_LEAST_SECONDS:
        call()
        calls += 1
    return took / calls


own_seconds = partial(seconds, clock=time.thread_time)  # of this thread's CPU time: other work on the machine is not among them


# --- rows, beside bare SQL ---------------------------------------------------------------------------------------


def list_contests(desk: Desk, small: Desk) -> Iterator[Contest]:
    """Yield the lists of trades."""
    sql = _Sql(desk)
    first = f"SELECT {SHOWN} FROM trade ORDER BY at DESC, id DESC LIMIT {PAGE + 1}"
    yield Contest("first page", "the same rows by a bare cursor", lambda: desk.trades.page(TradeScope()), lambda: sql.rows(first))
    rows = f"SELECT {SHOWN} FROM trade WHERE symbol = 'ETH/USDT' ORDER BY at DESC, id DESC LIMIT {PAGE + 1}"
    counted = "SELECT count(*) FROM (SELECT id FROM trade WHERE symbol = 'ETH/USDT' LIMIT 10001) AS found"
    yield Contest(
        "page of one symbol, counted to 10,000",
        "the same rows and the count by a bare cursor",
        lambda: desk.trades.page(TradeScope(symbol=("ETH/USDT",))),
        lambda: (sql.rows(rows), sql.rows(counted)),
    )
    at, key = sql.rows(f"SELECT at, id FROM trade ORDER BY at DESC, id DESC LIMIT 1 OFFSET {DEEP_PAGE * PAGE - 1}")[0]
    cursor = desk.trades.page(TradeScope(offset=DEEP_PAGE * PAGE - 1, limit=1))["next_cursor"]
    deep = f"SELECT {SHOWN} FROM trade WHERE (at, id) < ({sql.mark}, {sql.mark}) ORDER BY at DESC, id DESC LIMIT {PAGE + 1}"
    yield Contest(
        f"page {DEEP_PAGE:,} by cursor",
        "the same rows by a bare cursor",
        lambda: desk.trades.page(TradeScope(cursor=cursor)),
        lambda: sql.rows(deep, (at, key)),
    )
    yield Contest(
        "first page of a million", "first page of a thousand", lambda: desk.trades.page(TradeScope()), lambda: small.trades.page(TradeScope()),
        Goal(1.2, at_least=False),
    )  # fmt: skip  # one thought


class _Sql:
    """The driver's own cursor on the desk's store."""

    def __init__(self, desk: Desk) -> None:
        self._connection = desk.store.engine.raw_connection()
        self.mark = "?" if desk.store.is_sqlite else "%s"

    def rows(self, statement: str, values: Sequence[Any] = ()) -> Any:
        cursor = self._connection.cursor()
        try:
            return cursor.execute(statement, values).fetchall()
        finally:
            cursor.close()


# --- figures, beside bare numpy ------------------------------------------------------------------------------------


def figure_contests(desk: Desk) -> Iterator[Contest]:
    """Yield the figures over all trades; the desk keeps no answer, so each is computed."""
    frame = desk.columns.trades()
    arrays = {name: frame[name] for name in ("at", "net_pnl", "fees", "duration_seconds", "status", "strategy", "symbol")}
    closed = frame.names("status").index("closed")
    against = "bare numpy on the same columns"
    statistics, equity, risk = TradeStatisticsScope(), EquityScope(points=2000), RiskScope()
    yield Contest("statistics over all", against, lambda: desk.trades.statistics(statistics), partial(bare_statistics, arrays, closed))
    yield Contest("equity at 2,000 points", against, lambda: desk.portfolio.equity(equity), partial(bare_equity, arrays, closed))
    yield Contest("risk metrics", against, lambda: desk.risk.metrics(risk), partial(bare_risk, arrays, closed))


def bare_statistics(arrays: dict[str, Any], closed: int) -> object:
    """Compute what a page of statistics shows, as one would by hand."""
    chosen = (arrays["status"] == closed) & ~np.isnan(arrays["net_pnl"])
    net = arrays["net_pnl"][chosen]
    won, lost = net > 0, net < 0
    net = net[np.argsort(arrays["at"][chosen], kind="stable")]
    turns = np.flatnonzero(np.diff(won))  # of the streaks
    sums = [np.bincount(arrays[name][chosen], net) for name in ("strategy", "symbol")]
    counts = [np.bincount(arrays[name][chosen]) for name in ("strategy", "symbol")]
    falls = np.cumsum(net)
    falls = falls - np.maximum.accumulate(falls)
    money = (net[won].sum(), net[lost].sum(), net.std(), arrays["fees"][chosen].sum(), arrays["duration_seconds"][chosen].mean())
    return won.sum(), lost.sum(), net.max(), net.min(), turns.max(), falls.min(), sums, counts, money


def _bare_curve(arrays: dict[str, Any], closed: int) -> tuple[Any, Any]:
    chosen = (arrays["status"] == closed) & ~np.isnan(arrays["net_pnl"])
    times, net = arrays["at"][chosen], arrays["net_pnl"][chosen]
    order = np.argsort(times, kind="stable")
    times, equity = times[order], np.cumsum(net[order])
    last = np.append(times[1:] != times[:-1], True)
    return times[last], equity[last] + 10_000


def bare_equity(arrays: dict[str, Any], closed: int) -> object:
    """Sum up, thin to 2,000 points, take the drawdown there."""
    times, equity = _bare_curve(arrays, closed)
    below = equity / np.maximum.accumulate(equity) - 1
    places = MinMaxDownsampler().downsample(equity, n_out=2000)
    texts = np.datetime_as_string(times[places].astype("datetime64[us]")).tolist()
    return texts, equity[places].tolist(), below[places].tolist()


def bare_risk(arrays: dict[str, Any], closed: int) -> object:
    """Take daily returns of the sum and the ratios of those."""
    times, equity = _bare_curve(arrays, closed)
    last = np.flatnonzero(np.append(np.diff(times // 86_400_000_000) > 0, True))
    returns = np.diff(equity[last]) / equity[last][:-1]
    index = np.cumprod(1 + returns)
    falls = (index / np.maximum.accumulate(index) - 1).min(), (equity - np.maximum.accumulate(equity)).min()
    below = np.minimum(returns, 0)
    return returns.mean() / returns.std(ddof=1), returns.mean() / np.sqrt((below**2).mean()), falls, np.percentile(returns, [1, 5])


# --- answers that are kept -----------------------------------------------------------------------------------------


def kept_figures(desk: Desk, settings: Settings) -> Iterator[Figure]:
    """Yield how long an answer takes over HTTP that was asked before, in the process and without a network."""
    from app.server import create_app  # the whole app: no other measurement here needs it

    client = create_app(settings, desk).server.test_client()
    bearer = {"Authorization": f"Bearer {desk.accounts.create_token('bench', frozenset({'read'}))}"}
    for name, path in (("statistics", "trades/stats"), ("equity", "portfolio/equity?points=2000"), ("risk metrics", "risk/metrics")):
        ask = partial(_answered, client, f"/api/{path}", bearer)
        ask()  # computes it
        milliseconds = [1000 * seconds(ask) for _ in range(ROUNDS)]
        yield Figure(f"{name}, asked again", "an answer over HTTP from the cache", milliseconds, Goal(5, at_least=False), unit=" ms")
    desk.answers.cache = Answers().cache


def _answered(client: Any, path: str, headers: dict[str, str]) -> None:
    """Ask, and let no refusal pass for a quick answer."""
    response = client.get(path, headers=headers)
    if response.status_code != 200:
        raise RuntimeError(f"{path} answers {response.status_code}")


# --- all of it -------------------------------------------------------------------------------------------------------


@contextmanager
def opened(url: str) -> Iterator[tuple[Desk, Settings]]:
    """Open a desk at rest on a store."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.load(
            database_url=url, botv2_data_dir=Path(folder), botv2_starting_balance=10_000, botv2_currency="USDT", botv2_rate_limits="off"
        )
        desk = Desk.open(settings)
        try:
            yield desk, settings
        finally:
            desk.close()


def _starts(desk: Desk, settings: Settings) -> Iterator[Figure]:
    """Yield what the first question costs: where no server has been before, and after one that has kept its columns."""
    for what, columns in (
        ("columns of all trades, read at the first question of the first start", desk.columns),
        ("columns of all trades, at the next start", Columns(desk.store, desk.versions, settings.botv2_data_dir)),
    ):
        began = time.perf_counter()
        columns.trades()
        yield Figure(what, "once", [time.perf_counter() - began], unit=" s")
        columns.keep()


def measure(*, postgresql: bool = False) -> Section:
    """Measure everything on one database."""
    stores = million.postgresql_store if postgresql else million.sqlite_store
    with contextlib.ExitStack() as stack:
        desk, settings = stack.enter_context(opened(stack.enter_context(stores(SIZES))))
        small, _ = stack.enter_context(opened(stack.enter_context(stores(SMALL))))
        starts = list(_starts(desk, settings))
        contests = [*list_contests(desk, small), *figure_contests(desk)]
        for _ in range(ROUNDS):
            for contest in contests:
                contest.measure()
        figures = [figure for contest in contests for figure in contest.figures()]
        figures += [*starts, *kept_figures(desk, settings)]
    note = f"{SIZES.trades:,} trades, {SIZES.candles:,} candles, {SIZES.records:,} journal records, in one process."
    return Section(f"Scale, {'PostgreSQL' if postgresql else 'SQLite'}", note, figures)


def main() -> int:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("--postgresql", action="store_true", help="on PostgreSQL")
    parser.add_argument("--write", action="store_true", help="replace this measurement's section in bench/results.md")
    given = parser.parse_args()
    report.run(partial(measure, postgresql=given.postgresql), write=given.write)
    return 0


if __name__ == "__main__":
    sys.exit(main())
