"""The negative control: `python -m bench.faults.unguarded run --port N` is the same server, without what guards it from slow and silent clients.

gunicorn's worker and Engine.IO's queues and sockets as they come: harnesses that find nothing wrong here could not find anything.
"""

import runpy
import sys

from gunicorn.workers.gthread import ThreadWorker

import app.serve
import app.worker
from app import sockets, wire

GUARDS = ("enqueue_req", "handle", "handle_request", "finish_request", "_cap_keepalive")

if __name__ == "__main__":
    for name in GUARDS:
        setattr(app.worker.Worker, name, getattr(ThreadWorker, name))
    wire.AT_ONCE = sys.maxsize
    sockets.BEHIND_PACKETS = sockets.BEHIND_BYTES = sys.maxsize
    sockets.BEHIND_SECONDS = float("inf")
    sys.argv[0] = "app"
    runpy.run_module("app", run_name="__main__")
