"""What every question shares: its base, its kinds of value, its paging."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from data.fields import Name, as_any_moment

MAX_ROWS = 1000
Since = Annotated[datetime, BeforeValidator(as_any_moment)]
RecordId = Annotated[int, Field(ge=0, lt=2**63)]
Limit = Annotated[int, Field(ge=1, le=MAX_ROWS)]
Amount = Annotated[float, Field(allow_inf_nan=False, ge=-1e18, le=1e18)]


Format = Literal["csv", "json"]
Item = TypeVar("Item")
PIECE = re.compile(r"\\[\\,]|,|[^,\\]+|\\")


def parted(text: str) -> tuple[str, ...]:
    """Return the values that a parameter holds, as `listed` wrote them."""
    parts = [""]
    for piece in PIECE.findall(text):
        if piece == ",":
            parts.append("")
        else:
            parts[-1] += piece[1:] if piece in {r"\\", r"\,"} else piece
    return tuple(parts)


def listed(values: Iterable[object]) -> str:
    """Return several values as one parameter: commas between them, a backslash before a comma or backslash that belongs to a value."""
    return ",".join(re.sub(r"[\\,]", r"\\\g<0>", str(value)) for value in values)


def _split(value: object) -> object:
    return parted(value) if isinstance(value, str) else value


# In a query several values stand in one parameter, see `listed`.
OneOrMore = Annotated[tuple[Item, ...], BeforeValidator(_split), Field(min_length=1, max_length=100)]


Several = OneOrMore[Name] | None
Cursor = Annotated[str, Field(max_length=500)]
Offset = Annotated[int, Field(ge=0, lt=2**62)]


class Scope(BaseModel):
    """The base of every question: frozen, so that it can be a cache key, and strict about names."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Page(Scope):
    """Which rows of a list."""

    limit: Limit = 100
    offset: Offset = 0
    cursor: Cursor | None = None


class Range(Scope):
    """From when to when, both ends included; without them all of history. `days` counts back from now."""

    start: Since | None = None
    end: Since | None = None
    days: Annotated[float, Field(gt=0, le=36_500)] | None = None

    def since(self, now: datetime) -> datetime | None:
        """Return where the range begins: the later one of `start` and `days` ago."""
        begins = [moment for moment in (self.start, now - timedelta(days=self.days) if self.days else None) if moment is not None]
        return max(begins, default=None)
