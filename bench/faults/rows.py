"""How a row of the catalogue is reported: a line per figure with what it must be, PASS or FAIL, and with --write its section in the results."""

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bench.report import MACHINE, replace_section


@dataclass(frozen=True)
class Figure:
    """One figure; `holds` is None for one that no row bounds."""

    what: str
    value: str
    goal: str = ""
    holds: bool | None = None

    @property
    def verdict(self) -> str:
        """Return PASS, FAIL or nothing."""
        return {None: "", True: "PASS", False: "FAIL"}[self.holds]


def at_most(what: str, value: float, bound: float, unit: str = "s") -> Figure:
    """Return a figure that must not be larger than its bound."""
    return Figure(what, f"{value:,.3g} {unit}", f"<= {bound:g} {unit}", value <= bound)


def none_of(what: str, found: int) -> Figure:
    """Return a count that must be 0."""
    return Figure(what, f"{found:,}", "0", found == 0)


def by_status(answers: Mapping[int, int]) -> str:
    """Return how often each status was answered, in its order, such as `60,000x201, 200x409`."""
    return ", ".join(f"{count:,}x{status}" for status, count in sorted(answers.items()))


def parser_of(doc: str | None) -> argparse.ArgumentParser:
    """Return a parser with what all of them take; a script adds its own."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="replace this measurement's section in bench/results.md")
    parser.add_argument("--control", action="store_true", help="break what is measured: then it MUST fail")
    return parser


def report(title: str, figures: Sequence[Figure], given: Any) -> int:
    """Print the figures of a run, keep them with `given.write`; returns 1 when one does not hold, for a control when all do."""
    print(f"{title}{', the negative CONTROL' if given.control else ''}")
    for figure in figures:
        print(f"  {figure.what:<62}{figure.value:>16}  {figure.goal:<12}{figure.verdict}")
    failed = any(figure.holds is False for figure in figures)
    if given.control:
        print("FAIL, as a control must" if failed else "PASS: this harness finds nothing")
    if given.write and not given.control:
        rows = [f"| {figure.what} | {figure.value} | {figure.goal} | {figure.verdict} |" for figure in figures]
        busy = f"load average {os.getloadavg()[0]:.1f} at the end"
        replace_section(
            [
                f"## {title}, {datetime.now(UTC):%Y-%m-%d}",
                "",
                f"{MACHINE}; {busy}.",
                "",
                "| what | figure | goal | |",
                "| --- | --- | --- | --- |",
                *rows,
            ]
        )
    return int(failed != given.control)
