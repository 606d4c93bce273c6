"""A replay from the first candle to the summary.

Repeating a replay changes nothing. Where the token may read, the runner asks how far this replay came before and goes on
from there, sending nothing twice; a token that may only write sends everything again, and the server knows candles,
positions, trades and snapshots by their keys, but not events, alerts and signals.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from app.replay.account import Account
from app.replay.known import Known, known_of
from app.replay.link import Link
from app.replay.report import Report
from app.replay.strategies import Strategy
from data.importers.candle_file import Candle, CandleFile

SHORTEST_HEARTBEAT, LONGEST_HEARTBEAT = 10.0, 300.0  # seconds
Watch = Callable[[Iterable[Candle]], Iterable[Candle]]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a replay came to, beside what the strategy's own function makes of the same candles."""

    trades: int
    net_pnl: float
    expected_trades: int
    expected_net_pnl: float
    known: Known

    @property
    def agrees(self) -> bool:
        """Say whether both made the same."""
        tolerance = 1e-6 * max(1.0, abs(self.expected_net_pnl))
        return self.trades == self.expected_trades and abs(self.net_pnl - self.expected_net_pnl) <= tolerance

    def lines(self) -> list[str]:
        """Return it in words, a line each."""
        told = [
            f"replayed          {self.trades} trades, P&L {self.net_pnl:+,.2f}",
            f"own function      {self.expected_trades} trades, P&L {self.expected_net_pnl:+,.2f}: {'equal' if self.agrees else 'NOT EQUAL'}",
        ]
        if self.known.ended:
            told.append("the server had this replay as a whole, nothing was sent; --bot NAME replays it as another bot")
        elif self.known.begun:
            told.append("the server had a part of this replay, the rest was sent")
        return told


def heartbeat_at(speed: float, candles: CandleFile) -> float | None:
    """Return the heartbeat that a paced replay declares, in seconds; None for one that is over at once."""
    return min(LONGEST_HEARTBEAT, max(SHORTEST_HEARTBEAT, 2 * candles.span.total_seconds() / speed)) if speed else None


def replay(link: Link, candles: CandleFile, strategy: Strategy, *, speed: float = 0.0, watch: Watch = iter) -> Summary:
    """Play the candles to the strategy and report it all over `link`; return when the server has taken it.

    Args:
        link: to the server, as the bot whose replay it is.
        candles: the file.
        strategy: a row of `STRATEGIES`.
        speed: how many times faster than the candles' own time; 0: as fast as the server takes them.
        watch: hands the candles on as they are played, to show progress.

    Raises `Refused` when a row of the file is wrong, no server answers, or it does not take what is sent.
    """
    run = hashlib.sha256(f"{candles.digest} {strategy.name} {candles.symbol} {candles.timeframe}".encode()).hexdigest()[:8]
    known = known_of(link, run, strategy.name, candles.symbol)
    account = Account(strategy.name, candles.symbol, strategy.terms)
    report = Report(link, candles, strategy, account, run)
    trades = _play(_paced(watch(candles), speed, candles, known), strategy, account, report, known)
    link.arrive()
    expected = strategy.trades(candles)
    return Summary(trades, account.realised, len(expected), sum(trade.net_pnl for trade in expected), known)


def _paced(candles: Iterable[Candle], speed: float, file: CandleFile, known: Known) -> Iterator[Candle]:
    """Hand each candle on when it is its turn; what the server has already takes no time."""
    for candle in candles:
        if speed and not known.ended and candle.closes_at > known.until:
            time.sleep(file.span.total_seconds() / speed)
        yield candle


def _play(candles: Iterable[Candle], strategy: Strategy, account: Account, report: Report, known: Known) -> int:
    """Follow the candles, report what the server does not have, and return the number of completed trades."""
    stream, trades, last = strategy.stream(), 0, None
    for candle in candles:
        if last is None and not known.begun:
            report.begin(candle)
        last = candle
        decision = stream.decide(candle.close)
        step = account.follow(candle, decision)
        trades += step.closed is not None
        if not known.ended and candle.closes_at > known.until:
            report.step(candle, step, decision)
    if last is None:
        return 0
    step = account.finish(last)
    trades += step.closed is not None
    if not known.ended:
        report.end(last, step, trades)
    return trades
