"""`python -m bench.peers`: metrics of daily returns beside numpy by hand, and the same metrics of quantstats and empyrical.

Times are the processor's, so that other work on the machine counts little. Those run in a virtual environment of their own, made at the first
time: they want other versions of numpy and pandas.
"""

import gzip
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bench.environments import python_with
from bench.report import ROUNDS, Figure, Goal, Section, main, quotients
from bench.scale import own_seconds
from data import metrics
from tests.support.paths import SHARED_DATA

PEERS = ("empyrical-reloaded==0.7.1", "quantstats==0.0.86")
RETURNS = SHARED_DATA / "returns" / "test_returns.csv.gz"
GOALS = {"quantstats": Goal(10), "empyrical": Goal(1), "empyrical, of an array": None}
STRATEGIES, DAYS = 20, 5 * 365
BY_HAND = "numpy by hand, the same five of the same arrays"
Samples = dict[str, list[Any]]


def _samples() -> Samples:
    """Return series of daily returns by what they are: real ones, and those of as many strategies as a desk may have."""
    lines = gzip.decompress(RETURNS.read_bytes()).decode().splitlines()
    real = np.array([line.rpartition(",")[2] for line in lines], dtype=float)
    drawn = np.random.default_rng(7).normal(0.0004, 0.02, (STRATEGIES, DAYS))
    return {f"{len(real):,} real daily returns": [real], f"{STRATEGIES} strategies × 5 years": list(drawn)}


def measure() -> Section:
    """Measure Sharpe, Sortino and Calmar ratio, value at risk and maximum drawdown, one after the other."""
    samples = _samples()
    ours: dict[str, list[float]] = {name: [] for name in samples}
    by_hand: dict[str, list[float]] = {name: [] for name in samples}
    peers: list[dict[str, dict[str, float]]] = []
    with _peers(samples) as ask:
        for _ in range(ROUNDS):
            for name, series in samples.items():
                ours[name].append(own_seconds(partial(_each, _five_metrics, series)))
                by_hand[name].append(own_seconds(partial(_each, _by_hand, series)))
            peers.append(ask())
    figures: list[Figure] = []
    for name in samples:
        asked = [peer[name] for peer in peers]
        figures += _figures(name, ours[name], by_hand[name], asked)
    note = f"Sharpe, Sortino, Calmar, value at risk, maximum drawdown; the peers get a pandas series where nothing else is said; {', '.join(PEERS)}."
    return Section("Metrics", note, figures)


def _figures(sample: str, ours: Sequence[float], by_hand: Sequence[float], peers: Sequence[Mapping[str, float]]) -> Iterator[Figure]:
    yield Figure(f"{sample}: time ÷ time", BY_HAND, quotients(ours, by_hand), Goal(1.5, at_least=False))
    for peer, goal in GOALS.items():
        yield Figure(f"{sample}: times as quick as {peer}", "the same five", quotients([each[peer] for each in peers], ours), goal)
    yield Figure(f"{sample}: five metrics of each", "the returns checked in it", [1e3 * each for each in ours], unit=" ms")


def _each(function: Callable[[Any], object], series: Sequence[Any]) -> None:
    for values in series:
        function(values)


def _five_metrics(values: Any) -> object:
    sample = metrics.Returns(values)
    ratios = (metrics.sharpe_ratio(sample, 252), metrics.sortino_ratio(sample, 252), metrics.calmar_ratio(sample, 252))
    return ratios, metrics.value_at_risk(sample, 0.95), metrics.max_drawdown(sample)


def _by_hand(values: Any) -> object:
    """Compute the five as one writes them down without a check."""
    mean, year = values.mean(), np.sqrt(252)
    index = np.cumprod(1 + values)
    fall = (index / np.maximum.accumulate(np.maximum(index, 1)) - 1).min()
    below = np.minimum(values, 0)
    annual = index[-1] ** (252 / len(values)) - 1
    return mean / values.std(ddof=1) * year, mean / np.sqrt((below**2).mean()) * year, annual / -fall, np.percentile(values, 5), fall


@contextmanager
def _peers(samples: Samples) -> Iterator[Callable[[], dict[str, dict[str, float]]]]:
    """Run `peer/metrics.py` in its environment; yield what has it measure a round."""
    python = python_with("metrics", *PEERS)
    script = Path(__file__).parent / "peer" / "metrics.py"
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump({name: [values.tolist() for values in series] for name, series in samples.items()}, file)
        file.flush()
        with subprocess.Popen(
            [python, script, file.name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(file.name).parent
        ) as child:
            try:
                yield partial(_asked, child)
            finally:
                child.kill()


def _asked(child: "subprocess.Popen[str]") -> dict[str, dict[str, float]]:
    assert child.stdin is not None, "it is a pipe"
    assert child.stdout is not None, "it is a pipe"
    print("go", file=child.stdin, flush=True)
    found: dict[str, dict[str, float]] = json.loads(child.stdout.readline())
    return found


if __name__ == "__main__":
    sys.exit(main(measure))
