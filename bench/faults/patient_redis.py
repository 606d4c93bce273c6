"""The negative control: `python -m bench.faults.patient_redis run --port N` is the same server, waiting for Redis with every request.

A harness that finds ingestion unaffected here could not find anything.
"""

import runpy
import sys
from typing import Any

import data.shared
from data.shared import Shared


def _ask(shared: Shared, command: Any) -> Any:
    """Ask, whatever is known of Redis."""
    return None if shared._redis is None else shared._try(command)


if __name__ == "__main__":
    data.shared.ANSWER_SECONDS = 10.0
    Shared.ask = _ask  # type: ignore[assignment,method-assign]  # the fault that is to be found
    sys.argv[0] = "app"
    runpy.run_module("app", run_name="__main__")
