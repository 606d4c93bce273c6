"""R16: a whole server whose clock is an hour behind, an hour ahead, or stands still, by a library in front of the system's.

`python -m bench.faults.clock`; each clock is a start of its own on one store, with the right time in between. The control turns the
order of two records round before it looks.
"""

import itertools
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.api import Api
from bench.faults.rows import Figure, none_of, parser_of, report
from bench.program import Program, make_token

CLOCKS = {"right": "", "an hour behind": "-3600", "an hour ahead": "3600", "frozen": "FROZEN", "right again": ""}
EVENTS = 20


def faked(library: Path, clock: str) -> dict[str, str]:
    """Return the environment of a process with this clock; the monotonic one goes on as it is."""
    if not clock:
        return {}
    return {"LD_PRELOAD": str(library), "WRONG_CLOCK": f"={int(time.time())}" if clock == "FROZEN" else clock}


def compiled(folder: Path) -> Path:
    """Return the library, made in `folder`."""
    library = folder / "wrong_clock.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-o", library, Path(__file__).with_name("wrong_clock.c"), "-ldl"], check=True)
    return library


def say(api: Api, clock: str, faults: list[str]) -> None:
    """Have a bot report under this clock, and note every answer that is no success."""
    position = {"position_id": clock, "symbol": "S", "side": "LONG", "entry_price": 1.0, "size": 1.0, "current_price": 1.0}
    posts: list[tuple[str, dict[str, Any]]] = [("/activity", {"event_type": "SYSTEM", "message": f"{clock} {number}"}) for number in range(EVENTS)]
    posts += [("/positions/update", position), ("/positions/close", {"position_id": clock, "final_pnl": 1.0, "final_pnl_pct": 1.0})]
    for path, body in posts:
        answer = api.post(path, body)
        if answer.status not in {200, 201}:
            faults.append(f"{clock}: {path} answered {answer.status} {answer.body}")


def measure(folder: Path, *, turned: bool) -> list[Figure]:
    """Start the server once per clock, and look at everything at the end."""
    program = Program(folder, "app", "run")
    faults: list[str] = []
    token, late = "", 0.0
    plain, library = dict(program.environment), compiled(folder)
    events: list[dict[str, Any]] = []
    try:
        for clock, fake in CLOCKS.items():
            program.environment = plain | faked(library, fake)
            late = max(late, program.start())
            token = token or make_token(program, "read", "ingest")
            api = Api(program.port, token)
            say(api, clock, faults)
            events = api.get("/activity?limit=1000&since=2000-01-01T00:00:00Z").body["events"]
            uptime = api.get("/stats").body["statistics"]["uptime_seconds"]
            faults += [f"{clock}: uptime {uptime}"] if uptime < 0 else []
            api.close()
            program.stop()
    finally:
        program.kill()
    events.reverse()
    if turned:
        events[0], events[1] = events[1], events[0]
    expected = [f"{clock} {number}" for clock in CLOCKS for number in range(EVENTS)]
    ids = [event["id"] for event in events]
    return [
        Figure("clocks", ", ".join(CLOCKS)),
        none_of("answers that were no success, negative uptimes", len(faults)),
        none_of("events missing or out of their order", sum(found["message"] != wanted for found, wanted in zip(events, expected, strict=True))),
        none_of("ids that are not larger than the one before", sum(later <= earlier for earlier, later in itertools.pairwise(ids))),
        none_of("clocks that were not wrong as meant", _not_as_meant(events)),
        Figure("slowest start", f"{late:.1f} s"),
        *(Figure("WRONG", fault) for fault in faults[:5]),
    ]


def _not_as_meant(events: list[dict[str, Any]]) -> int:
    times: dict[str, list[str]] = {clock: [] for clock in CLOCKS}
    for event in events:
        times[event["message"].rpartition(" ")[0]].append(event["timestamp"])
    right = times["right"]
    return (max(times["an hour behind"]) >= min(right)) + (min(times["an hour ahead"]) <= max(right)) + (len(set(times["frozen"])) != 1)


def main() -> int:
    """Run as the command line says; returns 1 when a row does not hold."""
    given = parser_of(__doc__).parse_args()
    if shutil.which("gcc") is None:
        print("not run: gcc is not installed")
        return 0
    with tempfile.TemporaryDirectory(prefix="botv2-clock-") as folder:
        return report("R16, a server whose clock is wrong", measure(Path(folder), turned=given.control), given)


if __name__ == "__main__":
    sys.exit(main())
