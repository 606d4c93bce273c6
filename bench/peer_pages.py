"""`python -m bench.peer_pages`: the first and the repeated visit to the Dashboard, beside the same page by Dash as shipped and by Streamlit.

All three show the same charts of the demo's history; theirs are plain apps that were given our figures. Each visit is by a Chromium that
knows nothing yet; bytes are counted on the wire.
"""

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import demo
from bench.callback import question
from bench.environments import python_with
from bench.program import Program, make_token
from bench.report import ROUNDS, Figure, Goal, Section, main, quotients
from bench.visiting import Visit, browser, enter, need_build, visit, wired
from components.panels.dashboard import PANELS
from tests.support.processes import bound_to_the_tests, free_port

PEER = Path(__file__).parent / "peer"
DASH = ("dash==4.4.1", "dash-bootstrap-components==2.0.4", "dash-ag-grid==35.3.0", "flask-compress==1.25", "gunicorn==27.0.1")
STREAMLIT = ("streamlit==1.67.0", "plotly==7.1.0")
SEARCH = "/?range=all"
STARTS_WITHIN = 60.0
LATER_SECONDS = 5.0  # a repeated visit comes when the browser has put away what it keeps of the first
TOKEN_OF_COLOUR = re.compile(r"--bv-[a-z0-9-]+(/[0-9.]+)?")
PAGES = ("Dashboard", "Live", "Portfolio", "Strategies", "Trades", "Risk", "Market", "Alerts", "Settings", "System")


@dataclass
class Contestant:
    """A page that can be visited, and what was measured of it, a value per round."""

    name: str
    port: int
    session: str | None = None
    path: str = "/"
    first: list[Visit] = field(default_factory=list)
    again: list[Visit] = field(default_factory=list)

    def measure(self) -> None:
        """Visit it for the first time, and once more."""
        with wired(self.port) as wire, browser() as driver:
            if self.session is not None:
                enter(driver, wire, self.session)
            self.first.append(visit(driver, wire, self.path))
            driver.get("about:blank")
            time.sleep(LATER_SECONDS)
            self.again.append(visit(driver, wire, self.path))


def shown_by(program: Program, session: str) -> dict[str, Any]:
    """Return what the Dashboard shows: its charts as our server sends them, tiles and the newest rows."""
    port, figures = program.port, {}
    cookie = {"Cookie": f"session={session}", "Content-Type": "application/json", "Origin": f"http://127.0.0.1:{port}"}
    for panel in PANELS:
        if panel.is_chart:
            _, body = demo.answered(port, "POST", "/_dash-update-component", cookie, question(panel, 1))
            [view] = json.loads(body)["response"].values()
            figures[panel.title] = json.loads(TOKEN_OF_COLOUR.sub("#26a69a", view["data"]))[3]
    bearer = {"Authorization": f"Bearer {make_token(program, 'read')}"}
    statistics = _asked(port, "/api/trades/stats", bearer)["data"]
    tiles = [{"name": name, "value": statistics[name]} for name in ("total_trades", "win_rate", "total_pnl", "profit_factor", "fees", "expectancy")]
    trades = _asked(port, "/api/trades?limit=10", bearer)["data"]["trades"]
    events = _asked(port, "/api/monitoring/activity?limit=10", bearer)["events"]
    return {"pages": PAGES, "tiles": tiles, "figures": figures, "trades": trades, "events": events}


def _asked(port: int, path: str, headers: dict[str, str]) -> Any:
    return json.loads(demo.answered(port, "GET", path, headers)[1])


@contextmanager
def serving(command: Sequence[str], port: int, log: Path, path: str = "/", **variables: str) -> Iterator[None]:
    """Run somebody else's server until the block ends. Raises RuntimeError when it does not answer 200 to `path`."""
    with log.open("wb") as output, subprocess.Popen(
        [*bound_to_the_tests("KILL"), *command], cwd=log.parent, env=os.environ | variables, stdin=subprocess.DEVNULL, stdout=output, stderr=output
    ) as process:  # fmt: skip  # one line a word would be a page
        try:
            deadline = time.monotonic() + STARTS_WITHIN
            while not _answers(port, path):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{command[0]} did not start:\n{log.read_text()[-2000:]}")
                time.sleep(0.2)
            yield
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()


def _answers(port: int, path: str) -> bool:
    with contextlib.suppress(OSError):
        return demo.answered(port, "GET", path, {})[0] == 200
    return False


@contextmanager
def contestants(folder: Path) -> Iterator[dict[str, Contestant]]:
    """Serve all of them. Raises `NotRun` without our production build, or when the others cannot be installed."""
    need_build()
    dash, streamlit = python_with("dash", *DASH), python_with("streamlit", *STREAMLIT)
    with contextlib.ExitStack() as stack:
        program = stack.enter_context(demo.at_rest(folder / "ours"))
        session = demo.session_of(program)
        page = folder / "page.json"
        page.write_text(json.dumps(shown_by(program, session)))
        ports = {name: free_port() for name in ("Dash as shipped", "Dash as shipped, with AG Grid", "Streamlit")}
        for name, port in ports.items():
            command = _streamlit(streamlit, port, page) if name == "Streamlit" else _dash(dash, port, page)
            grid = {"BENCH_GRID": "1"} if "AG Grid" in name else {}
            stack.enter_context(serving(command, port, folder / f"{port}.log", **grid))
        found = {"ours": Contestant("ours", program.port, session, SEARCH)}
        yield found | {name: Contestant(name, port) for name, port in ports.items()}


def _dash(python: Path, port: int, page: Path) -> list[str]:
    app = f"dash_app:make({str(page)!r})"
    return [str(python), "-m", "gunicorn", "--chdir", str(PEER), "--threads", "16", "--bind", f"127.0.0.1:{port}", app]


def _streamlit(python: Path, port: int, page: Path) -> list[str]:
    flags = {"server.port": str(port), "server.address": "127.0.0.1", "server.headless": "true", "browser.gatherUsageStats": "false"}
    words = [word for name, value in flags.items() for word in (f"--{name}", value)]
    return [str(python), "-m", "streamlit", "run", *words, str(PEER / "streamlit_app.py"), "--", str(page)]


def measure() -> Section:
    """Return the figures of first and repeated visits."""
    with tempfile.TemporaryDirectory(prefix="botv2-visits-") as folder, contestants(Path(folder)) as found:
        for number in range(ROUNDS):
            for contestant in found.values():
                print(f"visits, round {number + 1}, {contestant.name}", end="\033[K\r", file=sys.stderr, flush=True)
                contestant.measure()
    note = (
        f"The Dashboard on the demo's history, production build; the demo's bots rest; Chromium and the servers share the cores; "
        f"{', '.join((*DASH, *STREAMLIT))}; "
        f"charts drawn: {', '.join(f'{each.name} {each.first[-1].charts}' for each in found.values())}."
    )
    return Section("Visits", note, list(_figures(found)))


def _figures(found: dict[str, Contestant]) -> Iterator[Figure]:
    ours, dash = found["ours"], found["Dash as shipped"]
    received = {name: [float(each.received) for each in contestant.first] for name, contestant in found.items()}
    drawn = {name: [each.drawn for each in contestant.first] for name, contestant in found.items()}
    for name, contestant in found.items():
        if contestant is not ours:
            goal = Goal(0.4, at_least=False) if contestant is dash else None
            yield Figure(f"bytes of the first visit ÷ {name}", "the same charts and data", quotients(received["ours"], received[name]), goal)
            yield Figure(f"first visit to a drawn chart ÷ {name}", "the same charts and data", quotients(drawn["ours"], drawn[name]))
    again = [each.drawn for each in ours.again]
    yield Figure("repeat visit ÷ first visit to a drawn chart", "the same browser", quotients(again, drawn["ours"]), Goal(0.3, at_least=False))
    for name, contestant in found.items():
        yield Figure(f"{name}: bytes of the first visit", "on the wire", [each / 1000 for each in received[name]], unit=" kB")
        yield Figure(f"{name}: first visit to a drawn chart", "the page's clock", drawn[name], unit=" ms")
        yield Figure(f"{name}: bytes of a repeat visit", "on the wire", [each.received / 1000 for each in contestant.again], unit=" kB")
        yield Figure(f"{name}: repeat visit to a drawn chart", "the page's clock", [each.drawn for each in contestant.again], unit=" ms")


if __name__ == "__main__":
    sys.exit(main(measure))
