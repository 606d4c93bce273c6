"""`python -m bench.callback`: how often a second the server answers a panel's callback, beside the same callback that has nothing new to say.

The program as shipped, on the demo's history, answers kept as they are in use; clients that keep it busy. A callback without a version of
its data is answered 204 with nothing: that is what it costs to be asked at all. The ratio is of the server's CPU time for an answer, which is
what bounds its rate, so that other work on the machine counts little.
"""

import http.client
import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from bench.demo import at_rest, session_of
from bench.program import Program
from bench.report import ROUNDS, Figure, Goal, Section, main, quotients
from bench.viewers import cpu_seconds
from components.ids import Id, drawing_of
from components.panels import PANELS, Panel
from components.panels.dashboard import PANELS as OF_DASHBOARD

CLIENTS = 4
BURST_SECONDS = 0.5
SEARCH = "?range=all"
LEAST_SHARE = Goal(0.6)


def question(panel: Panel, version: int | None) -> bytes:
    """Return what the page sends to have a panel drawn; without a version the callback has nothing to do."""
    output = {"id": drawing_of(panel.id), "property": "data"}
    asked: dict[str, object] = {"id": panel.version, "property": "data", "value": version}
    query: dict[str, object] = {"id": Id.URL, "property": "search", "value": SEARCH}
    changed = [f"{panel.version}.data"]
    inputs, state = ([asked, query], []) if panel.follows else ([asked], [query])
    body = {"output": f"{_text(output['id'])}.data", "outputs": output, "inputs": inputs, "changedPropIds": changed, "state": state}
    return json.dumps(body).encode()


def _text(name: Any) -> str:
    """Return an id as Dash writes it into a callback's name."""
    return name if isinstance(name, str) else json.dumps(name, sort_keys=True, separators=(",", ":"))


class Burst(NamedTuple):
    """Answers a second, and the server's CPU seconds for one."""

    rate: float
    cost: float


@dataclass
class Asked:
    """A panel's callback, and the same callback with nothing new, a value per round."""

    panel: Panel
    drawn: list[Burst] = field(default_factory=list)
    nothing: list[Burst] = field(default_factory=list)

    def measure(self, program: Program, session: str) -> None:
        """Measure one round."""
        self.nothing.append(_burst(program, session, question(self.panel, None), 204))
        self.drawn.append(_burst(program, session, question(self.panel, 1), 200))

    def figures(self) -> Iterator[Figure]:
        """Yield what was found."""
        share = quotients([burst.cost for burst in self.nothing], [burst.cost for burst in self.drawn])
        yield Figure(f"{self.panel.title}: rate ÷ rate", "the same callback, answered that nothing is new", share, LEAST_SHARE)
        yield Figure(f"{self.panel.title}: the server's CPU time", "an answer", [1000 * burst.cost for burst in self.drawn], unit=" ms")
        yield Figure(f"{self.panel.title}: answers", "a second", [burst.rate for burst in self.drawn], unit=" /s")


def _burst(program: Program, session: str, body: bytes, expected: int) -> Burst:
    """Have some clients ask as often as they can. Raises RuntimeError for another status than the expected."""
    port, used = program.port, cpu_seconds(program.group)
    counts, others = [0] * CLIENTS, set[int]()
    until = time.perf_counter() + BURST_SECONDS
    headers = {"Cookie": f"session={session}", "Content-Type": "application/json", "Origin": f"http://127.0.0.1:{port}", "Accept-Encoding": "gzip"}

    def ask(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        while counts[number] == 0 or time.perf_counter() < until:
            connection.request("POST", "/_dash-update-component", body, headers)
            response = connection.getresponse()
            response.read()
            counts[number] += 1
            if response.status != expected:
                others.add(response.status)
                break
        connection.close()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(CLIENTS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if others:
        raise RuntimeError(f"a callback answers {others} instead of {expected}")
    return Burst(sum(counts) / (time.perf_counter() - began), (cpu_seconds(program.group) - used) / sum(counts))


def measure() -> Section:
    """Return the rates of the Dashboard's panels."""
    asked = [Asked(panel) for panel in PANELS if panel in OF_DASHBOARD]
    with tempfile.TemporaryDirectory(prefix="botv2-callback-") as folder, at_rest(Path(folder)) as program:
        session = session_of(program)
        for each in asked:  # answers are computed once
            _burst(program, session, question(each.panel, 1), 200)
        for number in range(ROUNDS):
            print(f"callbacks, round {number + 1}", end="\033[K\r", file=sys.stderr, flush=True)
            for each in asked:
                each.measure(program, session)
    costs = [1000 * burst.cost for each in asked for burst in each.nothing]
    figures = [figure for each in asked for figure in each.figures()]
    figures.append(Figure("nothing new: the server's CPU time", "an answer, over all panels", costs, unit=" ms"))
    note = f"The Dashboard's panels on the demo's history, {SEARCH}; {CLIENTS} clients, bursts of {BURST_SECONDS:g} s, answers kept as in use."
    return Section("Callbacks", note, figures)


if __name__ == "__main__":
    sys.exit(main(measure))
