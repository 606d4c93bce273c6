"""Thousands of requests made from the API's own document, each answer held against it: no 5xx, no contradiction.

    python -m bench.faults.contract --cases 10000 --database sqlite

Endpoints that destroy data are among them. It sends `--cases` requests or more and prints how many, the answers by
status, and a command for each fault.
"""

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from bench.program import Program, make_token
from tests.support.contract import Report, hold_against_document
from tests.support.postgres import find_programs, running_postgres

EXAMPLES = 100  # a round's random cases per operation; rounds follow until the cases are reached


def served(folder: Path, cases: int, **settings: str) -> Report:
    """Run rounds against a server of its own until `cases` requests were answered; returns all of them together."""
    program = Program(folder, "app", "run", **settings)
    program.start()
    try:
        url, token = f"http://127.0.0.1:{program.port}", make_token(program, "read", "ingest", "control")
        total, seed = Report(), 0
        while total.cases < cases:
            seed += 1
            total.add(hold_against_document(url, token, examples=EXAMPLES, seed=seed))
    finally:
        program.stop()
    return total


def main() -> int:
    """Run it on a database and print what came of it; returns 1 when an answer was 5xx or contradicts the document."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=10_000, help="at least so many requests")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="botv2-contract-")))
        settings = {}
        if given.database == "postgresql":
            if (programs := find_programs()) is None:
                print("not run: PostgreSQL's programs are not installed")
                return 0
            server = stack.enter_context(running_postgres(programs))
            server.create("contract")
            settings["DATABASE_URL"] = server.url("contract")
        began = time.monotonic()
        report = served(folder, given.cases, **settings)
    statuses = ", ".join(f"{count} of {status}" for status, count in sorted(report.statuses.items()))
    print(f"{given.database}: {report.cases} cases on {len(report.operations)} operations in {time.monotonic() - began:.0f} s: {statuses}")
    print(f"{report.server_errors} answers of 5xx, {len(report.contradictions)} contradictions of the document")
    if faults := report.faults():
        print(faults)
    return int(bool(faults or report.server_errors))


if __name__ == "__main__":
    sys.exit(main())
