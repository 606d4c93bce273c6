"""A simulated market: the same prices at the same moment in every process, on every machine, for one seed.

Each symbol's logarithm of the price is a Brownian motion whose drift and volatility switch from day to day between four
regimes (a Markov chain, after Hamilton, Econometrica 57, 1989); a weak pull towards the symbol's base price keeps it in
bounds over years. From one morning to the next leads a Brownian bridge of 1,440 minutes, from one minute to the next one of
60 seconds, each from a generator seeded by (seed, symbol, day, use). So any price can be had without those before it, but for
one number per day.
"""

import math
import zlib
from bisect import bisect
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from data.importers.candle_file import Candle

Path = NDArray[np.float64]  # logarithms of prices
SEED = 20_260_122
BIRTH = datetime(2020, 1, 1, tzinfo=UTC)  # of the market; there are no prices before
DAYS = 36_525  # a century of mornings
MINUTES = 1440
STEPS = 60
PULL = 0.004  # of the distance to the base price, per day
BASE_PRICES = {"BTC-SIM": 60_000.0, "ETH-SIM": 3_000.0, "SOL-SIM": 150.0, "XRP-SIM": 0.6}
VOLUMES = {"BTC-SIM": 1.2, "ETH-SIM": 20.0, "SOL-SIM": 400.0, "XRP-SIM": 90_000.0}  # mean per minute


class Regime(NamedTuple):
    """What the market does on a day: drift and volatility of the daily logarithmic return."""

    drift: float
    volatility: float


REGIMES = (Regime(0.0005, 0.014), Regime(0.006, 0.024), Regime(-0.006, 0.028), Regime(0.0, 0.055))  # calm, rally, slide, storm
# From a day's regime (row) to the next day's, as cumulated probabilities.
NEXT = ((0.90, 0.95, 0.99), (0.07, 0.95, 0.98), (0.07, 0.10, 0.97), (0.15, 0.25, 0.35))


class Market:
    """Prices of the simulated symbols, at any moment since 2020."""

    def __init__(self, seed: int = SEED) -> None:
        """Make the market of a seed; equal seeds make equal markets."""
        self._seed = seed
        self._mornings: dict[str, list[tuple[float, int]]] = {}
        self._day = lru_cache(maxsize=16)(self._made_day)
        self._minute = lru_cache(maxsize=64)(self._made_minute)

    def price(self, symbol: str, moment: datetime) -> float:
        """Return the price at a moment, to the second."""
        day, second = _place(moment)
        return _rounded(float(self._minute(symbol, day, second // STEPS)[second % STEPS]))

    def volatility(self, symbol: str, moment: datetime) -> float:
        """Return the standard deviation of a minute's return in the day's regime."""
        return self._regime_of(symbol, _place(moment)[0]).volatility / math.sqrt(MINUTES)

    def minutes(self, symbol: str, begin: datetime, count: int) -> list[Candle]:
        """Return the candles of `count` minutes from `begin` on."""
        return [self._minute_candle(symbol, begin + timedelta(minutes=number)) for number in range(count)]

    def candles(self, symbol: str, begin: datetime, end: datetime, span: timedelta) -> list[Candle]:
        """Return the candles from `begin` to `end`; `span` is an hour or a day, and both ends lie on its borders.

        High and low are those of the minutes' closes.
        """
        size = int(span.total_seconds()) // 60
        made: list[Candle] = []
        for day in range(_place(begin)[0], _place(end - timedelta(seconds=1))[0] + 1):
            path = self._made_day(symbol, day)
            for first in range(0, MINUTES, size):
                opened = BIRTH + timedelta(days=day, minutes=first)
                if begin <= opened and opened + span <= end:
                    made.append(self._candle(symbol, opened, span, path[first : first + size + 1]))
        return made

    def _minute_candle(self, symbol: str, begin: datetime) -> Candle:
        day, second = _place(begin)
        return self._candle(symbol, begin, timedelta(minutes=1), self._minute(symbol, day, second // STEPS))

    def _candle(self, symbol: str, begin: datetime, span: timedelta, path: Path) -> Candle:
        """Return the candle of a path; its volume grows with the ground that it covers."""
        first, last, high, low = (_rounded(float(value)) for value in (path[0], path[-1], path.max(), path.min()))
        minutes = span.total_seconds() / 60
        usual = self.volatility(symbol, begin) * math.sqrt(minutes)
        volume = VOLUMES[symbol] * minutes * (0.5 + math.log(high / low) / usual)
        return Candle(begin, begin + span, first, high, low, last, round(volume, 4))

    def _made_minute(self, symbol: str, day: int, minute: int) -> Path:
        """Return the logarithm of the price at each second of a minute, the next minute's first included."""
        first, last = self._day(symbol, day)[minute : minute + 2]
        deviation = self._regime_of(symbol, day).volatility / math.sqrt(MINUTES * STEPS)
        return _bridge(self._random(symbol, day, 1 + minute), float(first), float(last), deviation, STEPS)

    def _made_day(self, symbol: str, day: int) -> Path:
        """Return the logarithm of the price at each minute of a day, the next day's first included."""
        first, last = self._morning(symbol, day)[0], self._morning(symbol, day + 1)[0]
        deviation = self._regime_of(symbol, day).volatility / math.sqrt(MINUTES)
        return _bridge(self._random(symbol, day, 0), first, last, deviation, MINUTES)

    def _regime_of(self, symbol: str, day: int) -> Regime:
        return REGIMES[self._morning(symbol, day)[1]]

    def _morning(self, symbol: str, day: int) -> tuple[float, int]:
        """Return the logarithm of the price at the day's beginning, and the number of its regime."""
        if symbol not in self._mornings:
            self._mornings[symbol] = self._made_mornings(symbol)
        return self._mornings[symbol][day]

    def _made_mornings(self, symbol: str) -> list[tuple[float, int]]:
        base = math.log(BASE_PRICES[symbol])
        chance = np.random.default_rng([self._seed, zlib.crc32(symbol.encode())])
        price, regime = base, 0
        made = []
        for noise, luck in zip(chance.standard_normal(DAYS).tolist(), chance.random(DAYS).tolist(), strict=True):
            made.append((price, regime))
            price += REGIMES[regime].drift + PULL * (base - price) + REGIMES[regime].volatility * noise
            regime = bisect(NEXT[regime], luck)
        return made

    def _random(self, symbol: str, day: int, use: int) -> np.random.Generator:
        return np.random.default_rng([self._seed, zlib.crc32(symbol.encode()), day, use])


def _bridge(chance: np.random.Generator, first: float, last: float, deviation: float, steps: int) -> Path:
    """Return a Brownian bridge of so many steps from `first` to `last`, both included."""
    walk = np.zeros(steps + 1)
    np.cumsum(chance.normal(0.0, deviation, steps), out=walk[1:])
    along = np.linspace(0.0, 1.0, steps + 1)
    path: Path = first + along * (last - first) + walk - along * walk[-1]
    return path


def _place(moment: datetime) -> tuple[int, int]:
    """Return the day of the market and the second of that day."""
    since = moment - BIRTH
    if since < timedelta(0):
        raise ValueError("the simulated market begins in 2020")
    return since.days, since.seconds


def _rounded(logarithm: float) -> float:
    """Return a price with six significant digits, as an exchange would quote it."""
    return float(f"{math.exp(logarithm):.6g}")
