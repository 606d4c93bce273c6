"""What the eight groups share: one database, because none of them is about the database, and a desk at rest."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from data.desk import Desk
    from data.settings import Settings


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def desk(settings: "Settings") -> Iterator["Desk"]:
    """A desk without threads: each record is committed and followed by whoever sends it, and no job runs in between."""
    from data.desk import Desk

    desk = Desk.open(settings)
    yield desk
    desk.close()
