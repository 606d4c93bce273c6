"""`python -m bench.peers`: metrics of real daily returns beside the same metrics of quantstats and empyrical.

Those run in a virtual environment of their own, made at the first time: they want other versions of numpy and pandas.
"""

import gzip
import json
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bench.million import CACHE
from bench.report import ROUNDS, Figure, Goal, Section, main, quotients
from bench.scale import seconds
from data import metrics
from tests.support.paths import SHARED_DATA

PEERS = ("empyrical-reloaded==0.7.1", "quantstats==0.0.86")
RETURNS = SHARED_DATA / "returns" / "test_returns.csv.gz"
GOALS = {"quantstats": Goal(10), "empyrical": Goal(1), "empyrical, of an array": None}


def measure() -> Section:
    """Measure Sharpe, Sortino and Calmar ratio, value at risk and maximum drawdown, one after the other."""
    numbers = [line.rpartition(",")[2] for line in gzip.decompress(RETURNS.read_bytes()).decode().splitlines()]
    returns = np.array(numbers, dtype=float)
    ours: list[float] = []
    peers: list[dict[str, float]] = []
    with _peers(numbers) as ask:
        for _ in range(ROUNDS):
            ours.append(seconds(partial(_five_metrics, returns)))
            peers.append(ask())
    against = f"{len(numbers):,} daily returns, as a pandas series where nothing else is said"
    figures = [Figure(f"times as quick as {name}", against, quotients([peer[name] for peer in peers], ours), goal) for name, goal in GOALS.items()]
    figures.append(Figure("five metrics", "a call, the returns checked in it", [1e6 * each for each in ours], unit=" µs"))
    return Section("Metrics", f"Sharpe, Sortino, Calmar, value at risk, maximum drawdown; {', '.join(PEERS)}.", figures)


def _five_metrics(values: Any) -> object:
    sample = metrics.Returns(values)
    ratios = (metrics.sharpe_ratio(sample, 252), metrics.sortino_ratio(sample, 252), metrics.calmar_ratio(sample, 252))
    return ratios, metrics.value_at_risk(sample, 0.95), metrics.max_drawdown(sample)


@contextmanager
def _peers(numbers: Sequence[str]) -> Iterator[Callable[[], dict[str, float]]]:
    """Run `peers_child.py` in its environment; yield what has it measure a round."""
    folder = CACHE / "peers"
    python = folder / "bin" / "python"
    done = folder / "done"
    if not done.exists():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PEERS], check=True, timeout=600)
        done.touch()
    script = Path(__file__).with_name("peers_child.py")
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(numbers))
        file.flush()
        with subprocess.Popen([python, script, file.name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder) as child:
            try:
                yield partial(_asked, child)
            finally:
                child.kill()


def _asked(child: "subprocess.Popen[str]") -> dict[str, float]:
    assert child.stdin is not None, "it is a pipe"
    assert child.stdout is not None, "it is a pipe"
    print("go", file=child.stdin, flush=True)
    seconds_by_name: dict[str, float] = json.loads(child.stdout.readline())
    return seconds_by_name


if __name__ == "__main__":
    sys.exit(main(measure))
