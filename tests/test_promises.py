"""The tables of docs/operations.md and docs/security.md have every row of the catalogues, and each names tests and scripts that are there."""

import re

import pytest

from tests.support.paths import ROOT

TABLES = {"operations": [f"R{number}" for number in range(1, 31)], "security": [f"S{number}" for number in range(1, 41)]}
ROW = re.compile(r"^\| ([RS]\d+)n? \| (.+?) \| (.+?) \| (.*?) ?\|$", re.MULTILINE)


@pytest.mark.parametrize("name", TABLES)
def test_every_row_names_a_test_or_script_that_is_there_or_says_why_not(name: str) -> None:
    rows = ROW.findall((ROOT / "docs" / f"{name}.md").read_text())
    assert list(dict.fromkeys(row for row, *_rest in rows)) == TABLES[name]
    for row, _promise, how, figure in rows:
        tests, scripts = re.findall(r"`(tests/[\w/]+\.py)`", how), re.findall(r"`bench\.faults\.(\w+)", how)
        named = [ROOT / path for path in tests] + [ROOT / "bench" / "faults" / f"{script}.py" for script in scripts]
        assert [path for path in named if not path.exists()] == [], row
        assert (named and figure) or "`make audit`" in how or re.match(r"not tested: .{20}", how), row


def test_every_script_of_a_row_is_run_by_make_faults() -> None:
    asked = set(re.findall(r"bench\.faults\.(\w+)", "".join((ROOT / "docs" / f"{name}.md").read_text() for name in TABLES)))
    run = set(re.findall(r"python -m bench\.faults\.(\w+)", (ROOT / "Makefile").read_text()))
    assert asked - run == set()
