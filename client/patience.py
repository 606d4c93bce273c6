"""How long to wait before the next try, and when trouble is worth a line in the log."""

import contextlib
import logging
import random
from dataclasses import dataclass

from .verdict import Step, Verdict

log = logging.getLogger("botv2.client")


def tell(level: int, message: str, *arguments: object, trace: bool = False) -> None:
    """Log something; a log handler that fails is the bot's trouble, and must not become the client's or the caller's."""
    with contextlib.suppress(Exception):
        log.log(level, message, *arguments, exc_info=trace)


@dataclass(frozen=True)
class Pace:
    """The client's pauses, in seconds."""

    gather: float = 0.03  # what comes within it travels together
    first: float = 0.2  # the first pause after a failure; each is twice the one before
    longest: float = 15.0
    barred: float = 30.0  # when a person has to change something first
    calm: float = 1.0  # without a drop, before drops are reported
    overdue: float = 60.0  # or after so long, calm or not


class Patience:
    """Remembers how often in a row it went wrong, and what was said about it."""

    def __init__(self, pace: Pace) -> None:
        """Begin without trouble."""
        self._pace = pace
        self._failures = 0
        self._trouble: Step | None = None

    def note(self, verdict: Verdict) -> None:
        """Log when trouble begins, changes its kind or ends, and not in between."""
        if verdict.step is Step.CONFLICT:
            return
        trouble = verdict.step if verdict.step in {Step.REPEAT, Step.BARRED} else None
        if trouble is None:
            self._failures = 0
        if trouble is self._trouble:
            return
        self._trouble = trouble
        if trouble is None:
            tell(logging.INFO, "the dashboard takes records again")
        else:
            level = logging.WARNING if trouble is Step.REPEAT else logging.ERROR
            tell(level, "the dashboard takes no records, they wait here: %s", verdict.why)

    def pause(self, verdict: Verdict) -> float:
        """Return the pause before the next try: what the server asked for, else twice the last; with jitter, so that bots do not come in step."""
        if verdict.step is Step.BARRED:
            return self._pace.barred
        self._failures += 1
        if verdict.pause is not None:
            return verdict.pause * random.uniform(1.0, 1.1)  # noqa: S311  # no secret depends on it
        longest = min(self._pace.longest, self._pace.first * 2.0 ** min(self._failures - 1, 20))
        return longest * random.uniform(0.5, 1.0)  # noqa: S311  # as above
