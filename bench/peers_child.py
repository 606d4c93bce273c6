"""The peers' half of `python -m bench.peers`: run by the Python of a virtual environment that has them, and imports nothing of the project.

Takes a file with a return per line; answers each line on standard input with a line of JSON: seconds per library.
"""

import json
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

DAYS = 252


def main() -> None:
    """Measure whenever asked."""
    warnings.simplefilter("ignore")
    import empyrical
    import pandas as pd
    import quantstats  # type: ignore[import-not-found]  # in the peers' environment alone

    lines = Path(sys.argv[1]).read_text().split()
    returns = pd.Series([float(line) for line in lines], index=pd.bdate_range("2004-01-01", periods=len(lines)))
    stats = quantstats.stats
    peers: dict[str, list[Callable[[], Any]]] = {
        "empyrical": [
            lambda: empyrical.sharpe_ratio(returns, annualization=DAYS),
            lambda: empyrical.sortino_ratio(returns, annualization=DAYS),
            lambda: empyrical.calmar_ratio(returns, annualization=DAYS),
            lambda: empyrical.value_at_risk(returns),
            lambda: empyrical.max_drawdown(returns),
        ],
        "empyrical, of an array": [
            lambda: empyrical.sharpe_ratio(returns.to_numpy(), annualization=DAYS),
            lambda: empyrical.sortino_ratio(returns.to_numpy(), annualization=DAYS),
            lambda: empyrical.calmar_ratio(returns.to_numpy(), annualization=DAYS),
            lambda: empyrical.value_at_risk(returns.to_numpy()),
            lambda: empyrical.max_drawdown(returns.to_numpy()),
        ],
        "quantstats": [
            lambda: stats.sharpe(returns, periods=DAYS),
            lambda: stats.sortino(returns, periods=DAYS),
            lambda: stats.calmar(returns, periods=DAYS),
            lambda: stats.value_at_risk(returns),
            lambda: stats.max_drawdown(returns),
        ],
    }
    for metrics in peers.values():  # whatever they import or compile at the first call is not counted
        for metric in metrics:
            metric()
    for _ in sys.stdin:
        print(json.dumps({name: _seconds(metrics) for name, metrics in peers.items()}), flush=True)


def _seconds(metrics: list[Callable[[], Any]], times: int = 20) -> float:
    began = time.perf_counter()
    for _ in range(times):
        for metric in metrics:
            metric()
    return (time.perf_counter() - began) / times


if __name__ == "__main__":
    main()
