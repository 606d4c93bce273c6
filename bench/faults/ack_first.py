"""The negative control: `python -m bench.faults.ack_first run --port N` is the same server, acknowledging before the commit.

A harness that finds nothing lost here could not find anything.
"""

import itertools
import runpy
import sys
from collections.abc import Callable, Sequence
from typing import Any

from data.entries import Effect, Outcome, Row
from data.journal import Journal, Retry, _post_all, _Request
from data.records import Draft

_invented = itertools.count(1)


def _append(
    journal: Journal,
    drafts: Sequence[Draft],
    *,
    bot: str = "default",
    retry: Retry | None = None,
    answer: Callable[[list[Outcome]], Row] | None = None,
) -> Any:
    """Hand the records to the writer and answer at once, under invented ids."""
    journal._queue.put(_Request(lambda ledger: _post_all(ledger, drafts, bot, retry, answer), len(drafts)))
    outcomes = [Outcome({"id": next(_invented), **draft.sent()}, Effect.ADDED) for draft in drafts]
    return outcomes if answer is None else answer(outcomes)


if __name__ == "__main__":
    Journal.append = _append  # type: ignore[assignment,method-assign]  # the fault that is to be found
    sys.argv[0] = "app"
    runpy.run_module("app", run_name="__main__")
