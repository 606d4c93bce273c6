"""R30: the live monitor against its model, any steps in any order: records, clears, trims, removals, restarts.

`python -m bench.faults.model --runs 1000 --steps 50`; the control takes late signals for the latest.
"""

import sys
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from bench.faults.rows import Figure, none_of, parser_of, report
from data import managers, sweep
from data.entries import Entry
from tests.support.monitor_model import MonitorMachine


def measure(runs: int, steps: int) -> list[Figure]:
    """Run the machine until a step diverges, or to the end."""
    done = [0]

    class Counted(MonitorMachine):
        def teardown(self) -> None:
            done[0] += 1
            super().teardown()

    sweep.PAUSE_SECONDS = 0.0
    chosen: Any = settings(
        max_examples=runs, stateful_step_count=steps, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=[*HealthCheck]
    )
    diverged = 0
    try:
        run_state_machine_as_test(Counted, settings=chosen)
    except AssertionError as error:
        diverged = 1
        print(*getattr(error, "__notes__", []), error, sep="\n")
    return [Figure("runs", f"{done[0]:,}", f">= {runs:,}", bool(diverged) or done[0] >= runs), none_of("divergences", diverged)]


def _takes_late_ones(self: managers.StrategySignalTracker, entry: Entry) -> None:
    self._keep(entry.record())


def main() -> int:
    """Run as the command line says; returns 1 when a row does not hold."""
    parser = parser_of(__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=50)
    given = parser.parse_args()
    if given.control:
        managers.StrategySignalTracker.apply = _takes_late_ones  # type: ignore[method-assign]  # the fault that must be found
    return report("R30, the monitor against its model", measure(given.runs, given.steps), given)


if __name__ == "__main__":
    sys.exit(main())
