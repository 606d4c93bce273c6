"""What is wrong with the configuration, the surroundings and the store, and how to mend it.

Nothing is changed, and nothing is made: a folder or a store that is missing is still missing afterwards.
"""

from collections.abc import Iterator

from data.doctor.finding import Finding
from data.doctor.store import look_at_store
from data.doctor.surroundings import CHECKS, look_at_python
from data.errors import Refused
from data.settings import Settings

__all__ = ["Finding", "examine"]


def examine(*, thorough: bool = False) -> Iterator[Finding]:
    """Yield what is found, thing by thing; with `thorough`, an embedded store's indexes are compared with its tables, too."""
    yield from look_at_python()
    try:
        settings = Settings.load()
    except Refused as refusal:
        yield Finding("fail", "settings", str(refusal), "correct it in the environment or in .env; .env.example lists all")
        return
    yield Finding("ok", "settings", "all known and of the right kind")
    for check in CHECKS:
        yield from check(settings)
    yield from look_at_store(settings, thorough=thorough)
