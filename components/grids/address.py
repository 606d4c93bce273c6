"""What of the page's address is a table's own: ``trades.status=open`` for the table of the panel ``trades``."""

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl

LONGEST = 200


def given(search: str | None, key: str) -> dict[str, str]:
    """Return the fields of an address's query that are those of the table `key` alone, by their names without it."""
    fields = parse_qsl((search or "").removeprefix("?"))
    return {name.removeprefix(f"{key}."): value for name, value in fields if name.startswith(f"{key}.")}


def parts_of(own: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    """Return which part of a name is asked for, by the name's column: ``symbol_has=btc`` is a part of `symbol`."""
    given = ((name, own.get(f"{name}_has", "")) for name in names)
    return {name: part for name, part in given if 0 < len(part) <= LONGEST and "\0" not in part}
