"""What an answer to a batch means for it, as a plain function: this is where nothing gets lost and nothing doubled.

A batch keeps its key and its bytes for as long as anything may have been stored under them. It gets another key, and with it
other content, only after an answer that says that nothing was: a refusal in the API's own words, or 413. The server looks its
keys up before it stores and keeps them with the records, so no batch that was stored is ever refused when it is repeated.
"""

import re
from dataclasses import dataclass, field
from enum import Enum, auto

from .wire import Answer

STRIKES = 10


class Step(Enum):
    """What to do with a batch next."""

    DONE = auto()  # it is stored
    REPEAT = auto()  # the same bytes under the same key, after a pause
    BARRED = auto()  # the same, after a long pause: a person has to change something
    WITHOUT = auto()  # the named records are refused; the rest under a new key
    HALVE = auto()  # each half under a new key; a record that is alone is refused
    CONFLICT = auto()  # someone has used the key with other content


@dataclass(frozen=True, slots=True)
class Verdict:
    """The next step, why, the pause that the server asked for in seconds, and which records are refused (index: fault)."""

    step: Step
    why: str = ""
    pause: float | None = None
    refused: dict[int, str] = field(default_factory=dict)


def judge(answer: Answer, records: int, strikes: int = 0) -> Verdict:
    """Return the verdict on a batch of so many records; `strikes` counts the server's own 500s for it in a row, this one included."""
    status, enveloped = answer.status, bool(answer.code)
    why = f"{status} {answer.code} {answer.message}".strip() if status else answer.message
    if status in {200, 201}:
        return Verdict(Step.DONE) if answer.success else Verdict(Step.REPEAT, f"{status} without the API's envelope")
    if status in {403, 404, 422} and enveloped and (refused := _named(answer, records)):
        return Verdict(Step.WITHOUT, why, refused=refused)
    if status == 413 or (status in {400, 422} and enveloped):
        return Verdict(Step.HALVE, why)
    if status == 409:
        return Verdict(Step.CONFLICT, why)
    if is_strike(answer) and strikes >= STRIKES:
        # Had the first try been stored, its key would have been answered with its answer: one record in here must be the fault.
        return Verdict(Step.HALVE, f"{why}, {strikes} times")
    if status in {408, 425, 429} or status >= 500 or status < 300:
        return Verdict(Step.REPEAT, why, answer.retry_after if status in {429, 503, 507} else None)
    return Verdict(Step.BARRED, f"{why} (a redirect: is the token right?)" if status < 400 else why)


def is_strike(answer: Answer) -> bool:
    """Return whether the server itself, not a proxy before it, failed over this batch."""
    return answer.status == 500 and answer.code == "internal"


def _named(answer: Answer, records: int) -> dict[int, str]:
    """Return which records the answer names; about a batch of one it may speak without an index."""
    found: dict[int, list[str]] = {}
    for name, fault in answer.fields.items():
        place = re.match(r"records\[(\d{1,6})\]\.?(.*)", name, re.DOTALL)
        if place is not None and int(place[1]) < records:
            found.setdefault(int(place[1]), []).append(f"{place[2]} {fault}".strip()[:200])
        elif place is None and records == 1:
            found.setdefault(0, []).append(f"{name} {fault}"[:200])
    return {index: "; ".join(faults[:5]) for index, faults in found.items()}
