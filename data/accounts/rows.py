"""What is remembered of a session or a token between two looks at its row."""

from dataclasses import dataclass
from datetime import datetime

from data.accounts.principal import Principal


@dataclass(slots=True)
class KnownSession:
    """A session as last read; `last_used_at` runs ahead of the row, which is written at most once a minute."""

    principal: Principal
    created_at: datetime
    last_used_at: datetime
    written_at: datetime


@dataclass(frozen=True, slots=True)
class KnownToken:
    """A token as last read."""

    principal: Principal
    expires_at: datetime | None
