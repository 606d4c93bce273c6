"""Rows of a table as columns in memory, and the ways to choose among them: by a mask, by places, by time, by name."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Mask = NDArray[np.bool_]


class Frame:
    """Columns of equal length, as they were at one moment, in order of id if nothing else is said; `frame["net_pnl"]` is one of them."""

    def __init__(self, time: str, columns: Mapping[str, Array], vocabulary: dict[str, dict[str, int]]) -> None:
        """Show `columns`, of which `time` is the rows' own; `vocabulary` gives the code of each name, "" stands for none."""
        self._time = time
        self._columns = columns
        self._vocabulary = vocabulary
        self._groups: dict[str, list[tuple[str, Frame]]] = {}

    def __len__(self) -> int:
        return self._columns.rows if isinstance(self._columns, _Chosen) else len(self["id"])

    def __getitem__(self, name: str) -> Array:
        return self._columns[name]

    def names(self, column: str) -> list[str]:
        """Return the name that each code of a column stands for."""
        return list(self._vocabulary[column])

    def is_any(self, column: str, names: Sequence[str]) -> Mask:
        """Return where a column holds one of the names."""
        codes = [code for name in names if (code := self._vocabulary[column].get(name)) is not None]
        found: Mask = self[column] == codes[0] if len(codes) == 1 else np.isin(self[column], codes)
        return found

    # --- time ----------------------------------------------------------------------------------------------------

    @cached_property
    def is_in_time(self) -> bool:
        """Whether the rows are in order of their own time."""
        times = self[self._time]
        return bool((times[1:] >= times[:-1]).all())

    @cached_property
    def by_time(self) -> Array:
        """Return the places of the rows in order of their own time, those of the same time in order of id."""
        return np.arange(len(self)) if self.is_in_time else np.argsort(self[self._time], kind="stable")

    def in_time(self, mask: Mask) -> "Frame":
        """Return the chosen rows in order of their own time."""
        if self.is_in_time:
            return self if mask.all() else self.take(mask)
        return self.take(self.by_time if mask.all() else self.by_time[mask[self.by_time]])

    def between(self, first_us: int | None, last_us: int | None) -> "Frame":
        """Return those of rows in order of time whose own time lies in between, both included; None is no bound. Nothing is copied."""
        times = self[self._time]
        start = 0 if first_us is None else int(np.searchsorted(times, first_us))
        end = times.size if last_us is None else int(np.searchsorted(times, last_us, side="right"))
        return self.part(start, end)

    # --- rows ----------------------------------------------------------------------------------------------------

    def take(self, where: Mask | Array) -> "Frame":
        """Return the chosen rows as a frame of their own: a mask keeps the order, places give any order."""
        places = np.flatnonzero(where) if where.dtype == np.bool_ else where
        return self._chosen(places, places.size)

    def part(self, start: int, end: int) -> "Frame":
        """Return the rows from one place up to another; nothing is copied."""
        return self if (start, end) == (0, len(self)) else self._chosen(slice(start, end), max(0, end - start))

    def _chosen(self, where: Array | slice, rows: int) -> "Frame":
        return Frame(self._time, _Chosen(self._columns, where, rows), self._vocabulary)

    def groups(self, column: str) -> list[tuple[str, "Frame"]]:
        """Return each name of a column that has rows, and its rows in the order in which they are; found once for all who ask."""
        if column not in self._groups:
            self._groups[column] = self._grouped(column)
        return self._groups[column]

    def _grouped(self, column: str) -> list[tuple[str, "Frame"]]:
        names = self.names(column)
        if len(names) == 1 and len(self):
            return [(names[0], self)]
        codes = self[column]
        together = self.take(np.argsort(codes.astype(np.min_scalar_type(len(names))), kind="stable"))  # small integers are sorted in one pass
        bounds = pairwise([0, *np.cumsum(np.bincount(codes, minlength=len(names))).tolist()])
        return [(name, together.part(start, end)) for name, (start, end) in zip(names, bounds, strict=False) if end > start]


class _Chosen(Mapping[str, Array]):
    """Chosen rows of a frame's columns, each made when it is first asked for: a question needs three of sixteen."""

    def __init__(self, columns: Mapping[str, Array], where: Array | slice, rows: int) -> None:
        self._columns = columns  # not their frame: it may hold this one among its groups, and memory would be freed late
        self._where = where
        self._made: dict[str, Array] = {}
        self.rows = rows

    def __getitem__(self, name: str) -> Array:
        if name not in self._made:
            self._made[name] = self._columns[name][self._where]
        return self._made[name]

    def __len__(self) -> int:
        return len(self._columns)

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)
