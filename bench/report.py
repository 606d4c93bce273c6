"""How a measurement says what it found: each figure with what it is compared with, its goal, and whether it meets it."""

import argparse
import os
import re
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.support.paths import ROOT

MACHINE = "2 cores, 24 GiB, shared Linux virtual machine"
RESULTS = ROOT / "bench" / "results.md"
ROUNDS = 5


class NotRun(Exception):
    """What a measurement needs is missing here."""


@dataclass(frozen=True)
class Goal:
    """The best or the worst value that will do."""

    bound: float
    at_least: bool = True

    def judge(self, value: float) -> str:
        """Return the verdict on a value."""
        return "met" if (value >= self.bound if self.at_least else value <= self.bound) else "missed"

    def words(self, unit: str) -> str:
        """Return the goal as a table shows it."""
        return f"{'≥' if self.at_least else '≤'} {self.bound:g}{unit}"


@dataclass(frozen=True)
class Figure:
    """One figure, a value per round; its median counts."""

    what: str
    against: str
    rounds: Sequence[float]
    goal: Goal | None = None
    unit: str = ""

    @property
    def median(self) -> float:
        """Return the median of the rounds."""
        return statistics.median(self.rounds)

    def row(self) -> str:
        """Return the figure as a row of Markdown."""
        spread = f"{_short(min(self.rounds))} – {_short(max(self.rounds))}"
        goal = ("", "") if self.goal is None else (self.goal.words(self.unit), self.goal.judge(self.median))
        return "| " + " | ".join((self.what, f"{_short(self.median)}{self.unit}", spread, self.against, *goal)) + " |"


@dataclass(frozen=True)
class Section:
    """What one measurement found."""

    title: str
    note: str
    figures: Sequence[Figure]

    def lines(self, load: str) -> list[str]:
        """Return the section as lines of Markdown; `load` says how busy the machine was."""
        heads = ("what", "median", "of the rounds", "compared with", "goal", "")
        return [
            f"## {self.title}, {datetime.now(UTC):%Y-%m-%d}",
            "",
            f"{MACHINE}; load average {load}; medians of {ROUNDS} rounds in turn. {self.note}",
            "",
            "| " + " | ".join(heads) + " |",
            "|" + " --- |" * len(heads),
            *(figure.row() for figure in self.figures),
        ]


def quotients(of: Sequence[float], to: Sequence[float]) -> list[float]:
    """Return the ratio of each round."""
    return [one / other for one, other in zip(of, to, strict=True)]


def replace_section(lines: Sequence[str]) -> None:
    """Put a section into the results in the place of the last run's; its heading ends with a date."""
    title = lines[0].rpartition(",")[0]
    text = RESULTS.read_text()
    section = "\n".join(lines) + "\n"
    found = re.search(rf"^{re.escape(title)}, \d{{4}}-\d\d-\d\d\n.*?(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    if found is None:
        RESULTS.write_text(f"{text.rstrip()}\n\n{section}")
    else:
        rest = text[found.end() :]
        RESULTS.write_text(text[: found.start()] + section + ("\n" + rest if rest else ""))


def run(measure: Callable[[], Section], *, write: bool) -> None:
    """Measure, print what was found, and with `write` keep it in the results; what cannot be measured here is said and keeps its last figures."""
    before = os.getloadavg()[0]
    try:
        section = measure()
    except NotRun as missing:
        print(f"{measure.__module__} was not run: {missing}\n", flush=True)
        return
    lines = section.lines(f"{before:.1f} before, {os.getloadavg()[0]:.1f} after")
    print(*lines, "", sep="\n", flush=True)
    if write:
        replace_section(lines)


def main(measure: Callable[[], Section]) -> int:
    """Run one measurement from the command line."""
    parser = argparse.ArgumentParser(description=sys.modules[measure.__module__].__doc__)
    parser.add_argument("--write", action="store_true", help="replace this measurement's section in bench/results.md")
    run(measure, write=parser.parse_args().write)
    return 0


def _short(value: float) -> str:
    """Return a number with three digits that count."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
