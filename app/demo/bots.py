"""The demo's two bots: what each trades, and how.

Their year of history is traded on hourly candles; live they decide every 15 seconds, so that there is something to see.
"""

from collections.abc import Callable
from dataclasses import dataclass

from app.replay.strategies import MaCrossover, RsiReversion, Stream
from app.replay.trade import Terms

CAPITAL = 10_000.0


@dataclass(frozen=True, slots=True)
class Style:
    """A strategy on one kind of bars: its stream and its terms."""

    stream: Callable[[], Stream]
    terms: Terms


@dataclass(frozen=True, slots=True)
class DemoBot:
    """One demo bot.

    Attributes:
        name: begins with `demo-`, which is what marks its data as simulated.
        strategy: the strategy's name in its records.
        symbols: what it trades; no two bots share one.
        hourly: how its history was traded.
        live: how it trades now, on bars of 15 seconds.
        is_always_in: it never leaves the market: where one position ends, the next begins.
    """

    name: str
    strategy: str
    symbols: tuple[str, ...]
    hourly: Style
    live: Style
    is_always_in: bool


BOTS = {
    bot.name: bot
    for bot in (
        DemoBot(
            "demo-trend",
            "ma_crossover",
            ("BTC-SIM", "ETH-SIM"),
            Style(lambda: MaCrossover(24, 96), Terms(stop_loss=0.05, take_profit=0.20, stake=1_000.0, capital=CAPITAL)),
            Style(lambda: MaCrossover(4, 16), Terms(stop_loss=0.006, take_profit=0.012, stake=1_000.0, capital=CAPITAL)),
            is_always_in=True,
        ),
        DemoBot(
            "demo-reversion",
            "rsi_reversion",
            ("SOL-SIM", "XRP-SIM"),
            Style(lambda: RsiReversion(14, 25.0, 75.0), Terms(stop_loss=0.04, take_profit=0.05, stake=1_000.0, capital=CAPITAL)),
            Style(lambda: RsiReversion(9, 35.0, 65.0), Terms(stop_loss=0.004, take_profit=0.004, stake=1_000.0, capital=CAPITAL)),
            is_always_in=False,
        ),
    )
}
