"""The document held against the server: Schemathesis makes requests from it, right and wrong ones, and reads the answers against it."""

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure
from schemathesis.engine import events, from_schema

# What the models know beside the document: nothing lies more than a day ahead, and nobody reports what was before money.
MOMENTS = st.datetimes(datetime(1, 1, 2), datetime(2026, 1, 1), timezones=st.just(UTC)).map(datetime.isoformat)
# What a schema cannot say, by the words of the refusal: of a request refused for one of these alone nothing can be said.
BEYOND_SCHEMAS = re.compile(
    "|".join(
        (
            "lies (before entry_time|more than 24 hours ahead|outside the years)",
            "is required (for a closed trade|to close a trade|for this condition)",
            "counts for nothing in this condition",
            "an open trade has no exit_time",
            "is below low",
            "is not between low and high",
            "is not a next_cursor",
            "must be a path on this server",
            "Input should be a valid integer$",  # 679.0, which JSON Schema takes for one
            "must (hold|not contain NUL|be at most|have text)",
        )
    )
)
REFUSED = ["400", "401", "403", "404", "405", "409", "413", "414", "415", "422"]
PHASES = ("examples", "coverage", "fuzzing", "stateful")


@dataclass
class Report:
    """What was sent and how it was answered."""

    statuses: Counter[int] = field(default_factory=Counter)
    operations: set[str] = field(default_factory=set)
    contradictions: dict[str, list[str]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    @property
    def cases(self) -> int:
        """Return how many requests were sent."""
        return self.statuses.total()

    @property
    def server_errors(self) -> int:
        """Return how many answers were 5xx."""
        return sum(count for status, count in self.statuses.items() if status >= 500)

    def add(self, other: "Report") -> None:
        """Take another report into this one."""
        self.statuses += other.statuses
        self.operations |= other.operations
        self.errors += other.errors
        for title, commands in other.contradictions.items():
            self.contradictions.setdefault(title, []).extend(commands)

    def faults(self) -> str:
        """Return what went wrong, each kind with a command that shows it; empty when nothing did."""
        found = [f"{title} ({len(commands)}x)\n  {commands[0]}" for title, commands in sorted(self.contradictions.items())]
        return "\n".join([*found, *self.errors])


def hold_against_document(url: str, token: str, *, examples: int, phases: tuple[str, ...] = PHASES, seed: int = 1) -> Report:
    """Try every operation of the document of the server at `url`, with `examples` random cases beside the systematic ones."""
    schemathesis.openapi.format("date-time", MOMENTS)
    config = SchemathesisConfig.from_dict(
        {
            "seed": seed,
            "base-url": url,
            "headers": {"Authorization": f"Bearer {token}"},
            "continue-on-failure": True,
            "output": {"sanitization": {"enabled": False}},
            "generation": {"max-examples": examples, "no-shrink": True, "database": "none"},
            "phases": {phase: {"enabled": phase in phases} for phase in PHASES},
            "checks": {"negative_data_rejection": {"expected-statuses": REFUSED}},
        }
    )
    schemathesis.hook("filter_failure")(_is_fault)
    schema = schemathesis.openapi.from_url(f"{url}/api/openapi.json", config=config, headers={"Authorization": f"Bearer {token}"})
    report = Report()
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            _note(report, event)
        elif isinstance(event, events.NonFatalError):
            report.errors.append(f"{event.label}: {event.value}")
        elif isinstance(event, events.FatalError):
            raise event.exception
    return report


def _is_fault(context: Any, failure: Failure, case: Any, response: Any) -> bool:
    """Say whether a failure is one; a right request may be refused for what only the server can know."""
    if "Schema-valid request rejected" not in failure.title:
        return True
    if response.status_code == 413:
        return False  # bytes are counted, which no schema of values does
    faults = response.json().get("error", {}).get("fields", {}) if response.status_code in {400, 422} else {}
    return not faults or not all(BEYOND_SCHEMAS.search(fault) for fault in faults.values())


def _note(report: Report, event: events.ScenarioFinished) -> None:
    report.operations.add(event.recorder.label)
    for interaction in event.recorder.interactions.values():
        if interaction.response is not None:
            report.statuses[interaction.response.status_code] += 1
    for number, checks in event.recorder.checks.items():
        answered = event.recorder.interactions[number].response if number in event.recorder.interactions else None
        for check in checks:
            if check.failure_info is not None:
                failure = check.failure_info.failure
                title = f"{failure.operation}: {check.name}: {failure.title}: {' '.join(failure.message.split())[:300]}"
                report.contradictions.setdefault(title, []).append(f"{check.failure_info.code_sample[:1500]}\n  {answered and answered.text[:500]}")
