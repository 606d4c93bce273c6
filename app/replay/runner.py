"""A replay from the first candle to the summary.

Repeating a replay changes nothing. Where the token may read, the runner asks how far this replay came before and goes on
from there, sending nothing twice; a token that may only write sends everything again, and the server knows candles,
positions, trades and snapshots by their keys, but not events, alerts and signals.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.replay.account import Account, Step
from app.replay.candles import Candle, CandleFile
from app.replay.link import Link
from app.replay.report import Report
from app.replay.strategies import Strategy
from data.times import parse_iso

Watch = Callable[[Iterable[Candle]], Iterable[Candle]]
LONGEST_PAUSE = 1.0
BEGINNING = "1970-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Summary:
    """What a replay came to, beside what the strategy's own function makes of the same candles."""

    trades: int
    net_pnl: float
    expected_trades: int
    expected_net_pnl: float
    known_before: bool

    @property
    def agrees(self) -> bool:
        """Say whether both made the same."""
        tolerance = 1e-6 * max(1.0, abs(self.expected_net_pnl))
        return self.trades == self.expected_trades and abs(self.net_pnl - self.expected_net_pnl) <= tolerance


def replay(link: Link, candles: CandleFile, strategy: Strategy, *, speed: float = 0.0, watch: Watch = lambda candles: candles) -> Summary:
    """Play the candles to the strategy and report it all over `link`; return when the server has taken it.

    Args:
        link: to the server, as the bot whose replay it is.
        candles: the file.
        strategy: a row of `STRATEGIES`.
        speed: how many times faster than the candles' own time; 0: as fast as the server takes them.
        watch: hands the candles on as they are played, to show progress.

    Raises `Refused` when the file is wrong, or when the server knows or allows the token not.
    """
    run = hashlib.sha256(f"{candles.digest} {strategy.name} {candles.symbol} {candles.timeframe}".encode()).hexdigest()[:16]
    known_until = _known_until(link, run, candles, strategy)
    account = Account(strategy.name, candles.symbol, strategy.terms)
    report = Report(link, candles, strategy, account, run)
    trades = _play(_paced(watch(candles), speed, known_until), strategy, account, report, known_until)
    link.arrive()
    expected = strategy.trades(candles)
    return Summary(trades, account.realised, len(expected), sum(trade.net_pnl for trade in expected), known_until is not None)


def _play(candles: Iterable[Candle], strategy: Strategy, account: Account, report: Report, known_until: datetime | None) -> int:
    """Follow the candles; return the number of completed trades."""
    stream, trades, last = strategy.stream(), 0, None
    for candle in candles:
        is_known = known_until is not None and candle.closes_at <= known_until
        if last is None and not is_known:
            report.begin(candle)
        last = candle
        decision = stream.decide(candle.close)
        step = account.follow(candle, decision)
        trades += step.closed is not None
        if not is_known:
            report.step(candle, step, decision)
    if last is not None and (known_until is None or known_until < _ENDED):
        step = account.finish(last)
        trades += step.closed is not None
        if step.closed is not None:
            report.closed(*step.closed)
        report.end(last, trades)
    return trades
