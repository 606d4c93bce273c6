"""A bot in a process of its own with the Python API: `python -m bench.faults.bot` obeys the JSON lines that it is sent.

`{"say": "text"}` records an event and answers after the commit; `{"latest": 5}` answers what its own monitor shows.
"""

import json
import sys

from data.live_monitor import EventType, get_live_monitor


def main() -> None:
    """Obey until the input ends."""
    monitor = get_live_monitor()
    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        if "say" in order:
            monitor.log_event(EventType.SYSTEM, order["say"])
            print("null", flush=True)
        else:
            print(json.dumps(monitor.latest_events(order["latest"])), flush=True)


if __name__ == "__main__":
    main()
