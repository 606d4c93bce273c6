"""The peers' half of `python -m bench.peers`: run by the Python of a virtual environment that has them, and imports nothing of the project.

Takes a JSON file with series of daily returns by name; answers each line on standard input with a line of JSON: CPU seconds by name and library.
"""

import json
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

DAYS = 252
LEAST_SECONDS = 0.1
Metric = Callable[[Any], Any]


def main() -> None:
    """Measure whenever asked."""
    warnings.simplefilter("ignore")
    import pandas as pd

    libraries = _libraries()
    given = json.loads(Path(sys.argv[1]).read_text())
    samples = {
        name: [pd.Series(values, index=pd.bdate_range("2004-01-01", periods=len(values))) for values in series] for name, series in given.items()
    }
    for series in samples.values():  # whatever they import or compile at the first call is not counted
        for metrics in libraries.values():
            _call(metrics, series)
    for _ in sys.stdin:
        found = {name: {library: _seconds(metrics, series) for library, metrics in libraries.items()} for name, series in samples.items()}
        print(json.dumps(found), flush=True)


def _libraries() -> dict[str, list[Metric]]:
    """Return the five metrics of each library."""
    import empyrical
    import quantstats  # type: ignore[import-not-found]  # in the peers' environment alone

    stats = quantstats.stats
    of_series: list[Metric] = [
        lambda returns: empyrical.sharpe_ratio(returns, annualization=DAYS),
        lambda returns: empyrical.sortino_ratio(returns, annualization=DAYS),
        lambda returns: empyrical.calmar_ratio(returns, annualization=DAYS),
        empyrical.value_at_risk,
        empyrical.max_drawdown,
    ]
    return {
        "empyrical": of_series,
        "empyrical, of an array": [partial(_of_array, metric) for metric in of_series],
        "quantstats": [
            lambda returns: stats.sharpe(returns, periods=DAYS),
            lambda returns: stats.sortino(returns, periods=DAYS),
            lambda returns: stats.calmar(returns, periods=DAYS),
            stats.value_at_risk,
            stats.max_drawdown,
        ],
    }


def _of_array(metric: Metric, returns: Any) -> Any:
    return metric(returns.to_numpy())


def _call(metrics: Sequence[Metric], series: Sequence[Any]) -> None:
    for returns in series:
        for metric in metrics:
            metric(returns)


def _seconds(metrics: Sequence[Metric], series: Sequence[Any]) -> float:
    calls, began = 0, time.thread_time()
    while (took := time.thread_time() - began) < LEAST_SECONDS:
        _call(metrics, series)
        calls += 1
    return took / calls


if __name__ == "__main__":
    main()
