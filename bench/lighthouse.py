"""`python -m bench.lighthouse`: what Lighthouse says of the Dashboard, signed in, beside the same page by Dash as shipped and by Streamlit.

Lighthouse and the Node.js that it wants come from npm into var/peers. A run in which no chart was drawn ends with an error.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.environments import node_with
from bench.peer_pages import PEER, Contestant, contestants
from bench.report import ROUNDS, Figure, Goal, Section, main
from bench.visiting import browser, enter, wired

PACKAGES = ("node@22.23.3", "lighthouse@13.5.0")
RUN_SECONDS = 180
GOALS = {
    "desktop": {"performance": Goal(95), "accessibility": Goal(100), "best-practices": Goal(95), "seo": Goal(100)},
    "mobile": {"performance": Goal(85)},
}
METRICS = {
    "first-contentful-paint": "first contentful paint",
    "largest-contentful-paint": "largest contentful paint",
    "total-blocking-time": "blocking",
}
RUNS = (("ours", "desktop"), ("ours", "mobile"), ("Dash as shipped", "mobile"), ("Streamlit", "mobile"))


@dataclass
class Runs:
    """The reports of one page on one kind of device."""

    contestant: Contestant
    form: str
    reports: list[dict[str, Any]] = field(default_factory=list)

    def measure(self, folder: Path) -> None:
        """Have Lighthouse visit it once, in a browser of its own. Raises RuntimeError when it fails or no chart was drawn."""
        with wired(self.contestant.port) as wire, browser() as driver:
            if self.contestant.session is not None:
                enter(driver, wire, self.contestant.session)
            port = driver.capabilities["goog:chromeOptions"]["debuggerAddress"].rpartition(":")[2]
            self.reports.append(_report(folder, f"http://127.0.0.1:{wire.port}{self.contestant.path}", port, self.form))
        if not self.reports[-1]["audits"]["charts-drawn"]["numericValue"]:
            raise RuntimeError(f"{self.contestant.name}, {self.form}: no chart was drawn, so the score does not count")

    def figures(self) -> Iterator[Figure]:
        """Yield the scores that count, and what the performance is made of."""
        name, goals = f"{self.contestant.name}, {self.form}", GOALS[self.form]
        against = "Lighthouse's score of 100"
        for category, goal in goals.items():
            scores = [100 * report["categories"][category]["score"] for report in self.reports]
            yield Figure(f"{name}: {category}", against, scores, goal if self.contestant.name == "ours" else None)
        for audit, words in METRICS.items():
            values = [report["audits"][audit]["numericValue"] for report in self.reports]
            yield Figure(f"{name}: {words}", "as Lighthouse slows it down", values, unit=" ms")


def _report(folder: Path, url: str, port: str, form: str) -> dict[str, Any]:
    node, command = folder / "node_modules" / ".bin" / "node", folder / "node_modules" / "lighthouse" / "cli" / "index.js"
    with tempfile.TemporaryDirectory(prefix="botv2-lighthouse-") as out:
        path = Path(out) / "report.json"
        flags = [f"--port={port}", "--output=json", f"--output-path={path}", f"--config-path={folder / 'config.mjs'}", "--quiet"]
        done = subprocess.run(
            [node, command, url, *flags, "--no-enable-error-reporting"], check=False, env=os.environ | {"BENCH_FORM": form}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=RUN_SECONDS,
        )  # fmt: skip  # one line a word would be a page
        if done.returncode or not path.exists():
            raise RuntimeError(f"Lighthouse failed: {done.stderr[-2000:]}")
        report: dict[str, Any] = json.loads(path.read_text())
    if error := report.get("runtimeError"):
        raise RuntimeError(f"Lighthouse failed: {error}")
    return report


def faults(report: dict[str, Any], category: str) -> list[str]:
    """Return the audits of a category that are not full."""
    wanted = [ref["id"] for ref in report["categories"][category]["auditRefs"] if ref["weight"]]
    return [audit for audit in wanted if (report["audits"][audit]["score"] or 0) < 1]


def measure() -> Section:
    """Return the scores."""
    folder = node_with("lighthouse", *PACKAGES)
    shutil.copy(PEER / "lighthouse_config.mjs", folder / "config.mjs")
    with tempfile.TemporaryDirectory(prefix="botv2-lighthouse-") as data, contestants(Path(data)) as found:
        runs = [Runs(found[name], form) for name, form in RUNS]
        for number in range(ROUNDS):
            for each in runs:
                print(f"lighthouse, round {number + 1}, {each.contestant.name}, {each.form}", end="\033[K\r", file=sys.stderr, flush=True)
                each.measure(folder)
    lacking = {category: ", ".join(faults(runs[0].reports[-1], category)) or "nothing" for category in GOALS["desktop"]}
    note = f"{', '.join(PACKAGES)}; ours is the production build; charts were drawn in every run. Desktop, last run, audits that are not full: "
    note += "; ".join(f"{category}: {audits}" for category, audits in lacking.items()) + "."
    return Section("Lighthouse", note, [figure for each in runs for figure in each.figures()])


if __name__ == "__main__":
    sys.exit(main(measure))
