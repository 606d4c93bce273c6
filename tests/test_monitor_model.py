"""R30 in short: the monitor against its model; `python -m bench.faults.model` runs it a thousand times over 50 steps."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from data import managers, sweep
from data.entries import Entry
from tests.support.monitor_model import MonitorMachine

SHORT = settings(
    max_examples=15,
    stateful_step_count=25,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[*HealthCheck],
)


def test_two_monitors_show_what_a_model_of_them_says_after_any_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "PAUSE_SECONDS", 0.0)
    run_state_machine_as_test(MonitorMachine, settings=SHORT)


def test_the_model_finds_a_monitor_that_takes_late_signals_for_the_latest(monkeypatch: pytest.MonkeyPatch) -> None:
    def apply(self: managers.StrategySignalTracker, entry: Entry) -> None:
        self._keep(entry.record())

    monkeypatch.setattr(sweep, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(managers.StrategySignalTracker, "apply", apply)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(MonitorMachine, settings=settings(SHORT, max_examples=60, report_multiple_bugs=False, print_blob=False))
