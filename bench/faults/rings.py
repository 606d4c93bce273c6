"""R20: ten million events through the monitor: memory stays flat, the ring holds the newest, the store holds all of them.

`python -m bench.faults.rings --events 10000000`; the control's ring has no end.
"""

import os
import sys
import tempfile
from collections import deque
from pathlib import Path

from sqlalchemy import text

from bench.faults.rows import Figure, none_of, parser_of, report
from data.desk import Desk
from data.managers import RING
from data.records import EventIn, validated
from data.settings import Settings

AT_ONCE = 5_000
WARM_UP = 0.1
PAGE = os.sysconf("SC_PAGE_SIZE")


def resident() -> int:
    """Return this process's memory in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


def measure(folder: Path, events: int, *, endless: bool) -> list[Figure]:
    """Append the events and look at memory all the while, and at ring and store at the end."""
    desk = Desk.open(Settings.load(botv2_data_dir=folder, database_url="", botv2_durability="normal"))
    try:
        if endless:
            desk.monitor.activity._events = deque()
        sizes = []
        for first in range(0, events, AT_ONCE):
            desk.journal.append([validated(EventIn, {"event_type": "SYSTEM", "message": f"event {first + number}"}) for number in range(AT_ONCE)])
            if first >= events * WARM_UP:
                sizes.append(resident())
        drift = max(abs(size - sizes[0]) for size in sizes) / sizes[0]
        ring = [event["message"] for event in desk.monitor.latest_events(2 * RING)]
        with desk.store.read() as connection:
            rows, lowest, highest = connection.execute(text("SELECT count(*), min(id), max(id) FROM journal WHERE kind = 'event'")).one()
    finally:
        desk.close()
    newest = [f"event {number}" for number in range(events - 1, events - 1 - RING, -1)]
    return [
        Figure("events", f"{events:,}"),
        Figure("memory after the warm-up", f"{sizes[0] / 2**20:.0f} MiB"),
        Figure("largest change of memory from there on", f"{drift:.1%}", "<= 5 %", drift <= 0.05),
        none_of("events in the ring that are not the newest 1,000", len(set(ring) ^ set(newest)) + (ring[:RING] != newest)),
        none_of("events that the store lacks", events - rows + (highest - lowest + 1 - rows)),
    ]


def main() -> int:
    """Run as the command line says; returns 1 when a row does not hold."""
    parser = parser_of(__doc__)
    parser.add_argument("--events", type=int, default=10_000_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="botv2-rings-") as folder:
        return report("R20, ring buffers", measure(Path(folder), given.events, endless=given.control), given)


if __name__ == "__main__":
    sys.exit(main())
