"""What the importers share: how a file is refused, how what it holds is stored, and what is said of that."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from data.entries import Effect, Outcome
from data.errors import Code, Refused
from data.fields import Name
from data.journal import Journal
from data.records import Draft, faults

# An append holds the store's lock until it is over, and a running server's bots wait for it no longer than two seconds.
AT_ONCE = 1000

# Hands rows on as they are read, to show progress; without a total the rows are only looked at.
Watch = Callable[[Iterable[Any], int | None], Iterable[Any]]


@dataclass(frozen=True, slots=True)
class Imported:
    """How many of a file's rows were new, known already, known otherwise, or left out because nothing has been bought yet.

    `starting_balance` is what the file says that its equity began with, None where it does not.
    """

    new: int
    unchanged: int
    replaced: int
    left_out: int = 0
    starting_balance: float | None = None

    @classmethod
    def of(cls, outcomes: Iterable[Outcome], left_out: int = 0, starting_balance: float | None = None) -> "Imported":
        """Count what became of the drafts."""
        effects = [outcome.effect for outcome in outcomes]
        return cls(effects.count(Effect.ADDED), effects.count(Effect.SAME), effects.count(Effect.REPLACED), left_out, starting_balance)

    def __add__(self, other: "Imported") -> "Imported":
        return Imported(self.new + other.new, self.unchanged + other.unchanged, self.replaced + other.replaced, self.left_out + other.left_out)


def unwatched(rows: Iterable[Any], _total: int | None) -> Iterable[Any]:
    """Show no progress."""
    return rows


def bad_file(place: str, fault: str) -> Refused:
    """Return the refusal of a file of which nothing is stored."""
    return Refused(Code.BAD_FILE, "the file was not imported; nothing was stored", fields={place: fault})


def refuse_no_file(path: Path) -> None:
    """Raise `Refused` for what can be read only once, such as a pipe; one that is not there is left to whoever opens it."""
    if path.exists() and not path.is_file():
        raise bad_file(path.name, "is not an ordinary file; it is read twice")


def checked_bot(bot: str) -> str:
    """Return a bot's name. Raises `Refused` (`invalid_fields`) for one that no bot can have."""
    try:
        return TypeAdapter(Name).validate_python(bot)
    except ValidationError as error:
        raise Refused(Code.INVALID_FIELDS, "nothing was imported", fields={"bot": faults(error)[""]}) from None


def check_then_store(journal: Journal, drafts: Iterable[Draft], bot: str, watch: Watch) -> Imported:
    """Go through all drafts, of which a wrong one raises, and then again to store them, a part at a time; say what became of them.

    One that breaks off while it stores has stored a part, and is completed by a repetition.
    """
    total = sum(1 for _ in watch(drafts, None))
    imported, remaining = Imported(0, 0, 0), iter(watch(drafts, total))
    while part := list(islice(remaining, AT_ONCE)):
        imported += Imported.of(journal.append(part, bot=bot))
    return imported


def delimiter_of(header: str) -> str:
    """Return what separates the columns of a file with this first line: comma, semicolon or tab."""
    return max(",;\t", key=header.count)
