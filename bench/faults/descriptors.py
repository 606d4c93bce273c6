"""R26: a server that is granted 128 file descriptors, then none more, then no more threads: 503 in time, no crash, and well again afterwards.

`python -m bench.faults.descriptors --connections 300`; half a minute. With `--control` gunicorn's own worker serves, which ends when files
run out. (`python -m bench.faults.descriptors run --port N` is the server itself, with BENCH_FILES, BENCH_THREADS and BENCH_STOCK.)
"""

import contextlib
import os
import resource
import runpy
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.api import Api
from bench.faults.rows import Figure, at_most, none_of, parser_of, report
from bench.faults.writers import STORED
from bench.program import Program, health, make_token

FILES = 128
THREADS = 4  # of those that serve, in the last part
ANSWER_WITHIN = 5.0
WELL_WITHIN = 5.0
REQUEST = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
EVENT = {"event_type": "SYSTEM", "message": "still there"}


def serve() -> None:
    """Serve with what the environment grants."""
    if files := int(os.environ.get("BENCH_FILES", "0")):
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    if threads := int(os.environ.get("BENCH_THREADS", "0")):
        _grant_threads(threads)
    if os.environ.get("BENCH_STOCK"):
        from gunicorn.workers.gthread import ThreadWorker

        import app.crowd

        for name in ("accept", "enqueue_req", "set_accept_enabled"):
            setattr(app.crowd.CrowdedWorker, name, getattr(ThreadWorker, name))
    sys.argv[0] = "app"
    runpy.run_module("app", run_name="__main__")


def _grant_threads(most: int) -> None:
    """Refuse a pool's further threads as the system does."""
    start = threading.Thread.start

    def refusing(self: threading.Thread) -> None:
        if sum(other.name.startswith("ThreadPoolExecutor") for other in threading.enumerate()) >= most:
            raise RuntimeError("can't start new thread")
        start(self)

    threading.Thread.start = refusing  # type: ignore[method-assign]  # the fault that is to be met


@dataclass
class Part:
    """What came of one shortage."""

    what: str
    answers: Counter[str] = field(default_factory=Counter)
    again: float = float("inf")
    stored_again: bool = False

    def figures(self) -> list[Figure]:
        """Return the part's figures."""
        others = sum(count for answer, count in self.answers.items() if answer not in {"200", "503", "reset"})
        return [
            Figure(f"{self.what}: answers", ", ".join(f"{count}x{answer}" for answer, count in sorted(self.answers.items()))),
            none_of(f"{self.what}: no answer, or another, within {ANSWER_WITHIN:g} s", others),
            at_most(f"{self.what}: /health well again", self.again, WELL_WITHIN),
            none_of(f"{self.what}: records refused afterwards", int(not self.stored_again)),
        ]


def short_of_files(folder: Path, connections: int, *, stock: bool = False) -> tuple[list[Part], int]:
    """Put a server on `folder` through both shortages of files; returns what came of each, and how many workers ended."""
    few, none = Part(f"{FILES} files"), Part("no file left")
    with _served(folder, BENCH_FILES=str(FILES), BENCH_STOCK="1" if stock else "") as program:
        token = make_token(program, "ingest")
        _crowd(program, token, few, connections)
        with _no_file_left(program):
            _knock(program.port, none, connections // 4)
        _look_again(program, token, none)
        return [few, none], _workers(program) - 1


def short_of_threads(folder: Path, connections: int) -> tuple[Part, int]:
    """Do the same to a server that is refused threads."""
    part = Part(f"{THREADS} threads")
    with _served(folder, BENCH_THREADS=str(THREADS)) as program:
        _crowd(program, make_token(program, "ingest"), part, connections)
        return part, _workers(program) - 1


@contextmanager
def _served(folder: Path, **settings: str) -> Iterator[Program]:
    program = Program(folder, "bench.faults.descriptors", "run", **settings)
    program.log.unlink(missing_ok=True)
    try:
        program.start()
        yield program
    finally:
        program.kill()


def _workers(program: Program) -> int:
    """Return how many workers have been started."""
    return program.log.read_text().count("Booting worker")


@contextmanager
def _no_file_left(program: Program) -> Iterator[None]:
    """Grant the worker no file beyond those that it has open."""
    worker = int(Path(f"/proc/{program.group}/task/{program.group}/children").read_text().split()[0])
    open_now = {int(name) for name in os.listdir(f"/proc/{worker}/fd")}
    first_free = next(number for number in range(FILES) if number not in open_now)
    resource.prlimit(worker, resource.RLIMIT_NOFILE, (first_free, FILES))
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):  # it has ended, which is counted
            resource.prlimit(worker, resource.RLIMIT_NOFILE, (FILES, FILES))


def _crowd(program: Program, token: str, part: Part, connections: int) -> None:
    _knock(program.port, part, connections)
    _look_again(program, token, part)


def _knock(port: int, part: Part, connections: int) -> None:
    """Open connections at once, ask on each, and keep all of them until the last is answered."""
    with ExitStack() as stack:
        opened = []
        for _ in range(connections):
            try:
                opened.append(stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=ANSWER_WITHIN)))
                opened[-1].sendall(REQUEST)
            except OSError:
                part.answers["reset"] += 1
        deadline = time.monotonic() + ANSWER_WITHIN
        part.answers.update(_answer(connection, deadline) for connection in opened)


def _answer(connection: socket.socket, deadline: float) -> str:
    connection.settimeout(max(0.01, deadline - time.monotonic()))
    try:
        head = connection.recv(4096)
    except TimeoutError:
        return "none"
    except OSError:
        return "reset"
    return head[9:12].decode() if head else "reset"


def _look_again(program: Program, token: str, part: Part) -> None:
    began = time.monotonic()
    while health(program.port) != 200:
        if time.monotonic() - began > 2 * WELL_WITHIN:
            return
        time.sleep(0.05)
    part.again = time.monotonic() - began
    api = Api(program.port, token)
    part.stored_again = api.post("/activity", EVENT).status in STORED
    api.close()


def main() -> int:
    """Run as the command line says, print the table; returns 1 when the row does not hold."""
    parser = parser_of(__doc__)
    parser.add_argument("--connections", type=int, default=300)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="botv2-files-") as folder:
        parts, ended = short_of_files(Path(folder), given.connections, stock=given.control)
        threadless, also_ended = short_of_threads(Path(folder), given.connections)
    figures = [figure for part in (*parts, threadless) for figure in part.figures()]
    figures.append(none_of("workers that ended", ended + also_ended))
    return report(f"Few file descriptors and threads, {given.connections} connections (R26)", figures, given)


if __name__ == "__main__":
    if sys.argv[1:2] == ["run"]:
        serve()
    else:
        sys.exit(main())
