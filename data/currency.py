"""Money of several currencies is never summed: a question is about one of them.

A row that names no currency is in the default one (BOTV2_CURRENCY).
"""

from collections.abc import Iterable

import numpy as np

from data.columns import Frame, Mask
from data.entries import Row


def in_one_currency(frame: Frame, mask: Mask, wanted: str | None, default: str) -> tuple[Mask, str, list[Row]]:
    """Return which of the masked rows are in the question's currency (see `chosen`), that currency, and what was left out."""
    rows = counted(frame, mask, default)
    currency = chosen(rows, wanted, default)
    return in_currency(frame, mask, currency, default), currency, left_out(rows, currency)


def counted(frame: Frame, mask: Mask, default: str) -> dict[str, int]:
    """Return how many of the masked rows each currency has."""
    names = _names(frame, default)
    if len(set(names)) == 1:  # the usual case, without looking up each row's
        return {names[0]: number} if (number := int(np.count_nonzero(mask))) else {}
    rows: dict[str, int] = {}
    for name, number in zip(names, np.bincount(frame["currency"][mask], minlength=len(names)).tolist(), strict=True):
        rows[name] = rows.get(name, 0) + number
    return {name: number for name, number in rows.items() if number}


def known(frames: Iterable[Frame], default: str) -> list[str]:
    """Return every currency that a row of `frames` is in, by name."""
    return sorted({name for frame in frames for name in counted(frame, np.ones(len(frame), dtype=bool), default)})


def chosen(rows: dict[str, int], wanted: str | None, default: str) -> str:
    """Return `wanted`, else the only currency there is, else `default`, else the one with the most rows."""
    return wanted or (default if default in rows or not rows else max(rows, key=lambda name: rows[name]))


def in_currency(frame: Frame, mask: Mask, currency: str, default: str) -> Mask:
    """Return which of the masked rows are in a currency."""
    names = _names(frame, default)
    if set(names) == {currency}:
        return mask
    found: Mask = mask & np.isin(frame["currency"], [code for code, name in enumerate(names) if name == currency])
    return found


def left_out(rows: dict[str, int], currency: str) -> list[Row]:
    """Return the other currencies by name, and how many rows each has."""
    return [{"currency": name, "rows": number} for name, number in sorted(rows.items()) if name != currency]


def _names(frame: Frame, default: str) -> list[str]:
    return [name or default for name in frame.names("currency")]
