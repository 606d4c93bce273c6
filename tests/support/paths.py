"""Where things are, and which real files the tests may read."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARED_DATA = ROOT.parent / "shared" / "data"


def real_file(relative: str) -> Path:
    """Return a file of the shared real data, or skip the test, naming the file that is missing."""
    path = SHARED_DATA / relative
    if not path.exists():
        pytest.skip(f"real data is missing: ../shared/data/{relative}")
    return path
