"""The warnings and errors that this process has logged lately, for the page that shows them; the log itself has more."""

import logging
from collections import deque
from itertools import count

from data import times
from data.entries import Row
from data.redaction import redacted

KEPT = 100


class Lately(logging.Handler):
    """Keeps the last hundred warnings and errors in memory. `attach` and `detach` belong to the desk's start and close."""

    def __init__(self) -> None:
        """Keep nothing yet."""
        super().__init__(logging.WARNING)
        self._lines: deque[Row] = deque(maxlen=KEPT)
        self._numbers = count(1)

    def attach(self) -> None:
        """Listen to all loggers of the process."""
        logging.getLogger().addHandler(self)

    def detach(self) -> None:
        """Listen no more."""
        logging.getLogger().removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record: when, how bad, who, and its first line without a trace."""
        try:
            text = record.getMessage()
        except (TypeError, ValueError):  # somebody's wrong arguments must not raise where they log
            text = str(record.msg)
        message = redacted(text.partition("\n")[0])[:500]
        if record.exc_info and record.exc_info[0] is not None:
            message = f"{message} ({record.exc_info[0].__name__})"
        moment = times.iso(times.now())
        self._lines.append({"id": next(self._numbers), "timestamp": moment, "level": record.levelname, "logger": record.name, "message": message})

    def newest(self) -> list[Row]:
        """Return what is kept, newest first."""
        return list(self._lines)[::-1]
