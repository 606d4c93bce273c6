"""A chart's data as a table: what its traces hold, a row for each moment, category or point.

What is drawn a second time for its looks (`hoverinfo` is "skip"), or only to be clicked ("none"), is left out.
"""

import html as markup
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from components.charts.base import Figure
from components.words import _
from data import times

Row = dict[str, Any]
DETAIL = "detail"  # the column of what a row's details are found by
REFERENCE = re.compile(r"(trade|strategy|symbol|day|month|risk|position|signal|annotation|hour|bot|alert|event):.")
NAMES = ("strategy", "symbol", "bot")  # kinds of reference that hold a name, whole where the picture's is cut
MARKUP = re.compile(r"<[^>]*>")
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d[\d:.]*$")  # of the clock that is shown, without a zone
EDGES = {"lowerfence": "low", "q1": "q1", "median": "median", "q3": "q3", "upperfence": "high"}
ALWAYS = {"box", "candlestick"}  # what plotly.js says of these on hover cannot be translated, so they say nothing


class Table(NamedTuple):
    """Columns in their order, and rows that have each of them."""

    columns: tuple[str, ...]
    rows: list[Row]


def rows(figure: Figure | None) -> Table:
    """Return the table of a figure that was made in UTC; without one no columns and no rows."""
    table = _Builder()
    if figure is not None:
        for trace in figure["data"]:
            if trace.get("hoverinfo") not in {"skip", "none"} or trace["type"] in ALWAYS:
                READERS.get(trace["type"], _series)(trace, figure["layout"], table)
    return table.done()


class _Builder:
    """Rows as they come together from several traces: those of one key are one row."""

    def __init__(self) -> None:
        self.columns: list[str] = []
        self._rows: dict[Any, Row] = {}

    def column(self, title: str) -> str:
        """Return the name of a new column: its title, numbered where it is taken."""
        name = next(name for name in (title, *(f"{title} {number}" for number in range(2, 1000))) if name not in self.columns)
        self.columns.append(name)
        return name

    def key(self, title: str) -> str:
        """Return the name of a column that several traces share."""
        return title if title in self.columns else self.column(title)

    def put(self, key: Any, values: Row, reference: str | None = None) -> None:
        """Put values, and what the details are found by, into the row of a key."""
        row = self._rows.setdefault(key, {})
        row |= values
        if reference is not None:
            row.setdefault(DETAIL, reference)

    def done(self) -> Table:
        """Return the table, ordered by its first column where that is time or a number."""
        found = list(self._rows.values())
        columns = self.columns + ([DETAIL] if any(DETAIL in row for row in found) else [])
        table: list[Row] = [{name: row.get(name) for name in columns} for row in found]
        if columns and _is_ordered([row[columns[0]] for row in table]):
            table.sort(key=lambda row: row[columns[0]])
        return Table(tuple(columns), table)


def _is_ordered(values: Sequence[Any]) -> bool:
    return all(isinstance(value, int | float) for value in values) or all(
        isinstance(value, str) and re.match(r"\d{4}-\d\d", value) for value in values
    )


# --- one kind of trace each ----------------------------------------------------------------------------------


def _series(trace: Figure, layout: Figure, table: _Builder) -> None:
    """Lines, bars and signs: a column beside that of the axis which says where they are."""
    (along, place), (across, value) = _axes(trace, layout)
    places, values = list(trace.get(along, ())), list(trace.get(across, ()))
    if trace["type"] == "scatter" and "markers" in trace.get("mode", "") and place.get("type") == value.get("type") == "linear":
        _points(trace, (_title(place), places), (_title(value), values), table)
        return
    first = table.key(_title(place) or _("category"))
    column = table.column(_named(trace, value))
    seen: Counter[Any] = Counter()
    for at, worth, reference in zip(places, values, _references(trace, len(places)), strict=False):
        table.put((at, seen[at]), {first: _plain(at), column: _plain(worth)}, reference)
        seen[at] += 1


def _points(trace: Figure, across: tuple[str, list[Any]], up: tuple[str, list[Any]], table: _Builder) -> None:
    """Points that lie anywhere: a row each, with the figure that their colour stands for."""
    name, x, y = table.key(_("name")), table.key(across[0]), table.key(up[0])
    marker = trace.get("marker", {})
    shades = marker.get("color") if isinstance(marker.get("color"), list) else None
    shade = table.key(_text(marker.get("colorbar", {}).get("title")) or _("colour")) if shades else ""
    texts = trace.get("text") or [""] * len(across[1])
    for place, reference in enumerate(_references(trace, len(across[1]))):
        row = {name: _name(reference) or _plain(texts[place]), x: across[1][place], y: up[1][place]}
        table.put(object(), row | ({shade: shades[place]} if shades else {}), reference)


def _candles(trace: Figure, layout: Figure, table: _Builder) -> None:
    first = table.key(_title(layout["xaxis"]))
    names = {part: table.column(word) for part, word in (("open", _("open")), ("high", _("high")), ("low", _("low")), ("close", _("close")))}
    for place, at in enumerate(trace["x"]):
        table.put((at, 0), {first: _plain(at)} | {name: trace[part][place] for part, name in names.items()})


def _box(trace: Figure, layout: Figure, table: _Builder) -> None:
    flat = trace.get("orientation") == "h"
    first = table.key(_title(layout["yaxis" if flat else "xaxis"]) or _("name"))
    names = {part: table.key(word) for part, word in EDGES.items()}
    for place, at in enumerate(trace["y" if flat else "x"]):
        table.put((at, 0), {first: _plain(at)} | {name: trace[part][place] for part, name in names.items()})


def _heatmap(trace: Figure, layout: Figure, table: _Builder) -> None:
    x, y, value = (
        table.key(_title(layout["xaxis"]) or "x"),
        table.key(_title(layout["yaxis"]) or "y"),
        table.key(_text(trace.get("name")) or _("value")),
    )
    told = trace.get("customdata") or [()] * len(trace["y"])
    for row, cells, marks in zip(trace["y"], trace["z"], told, strict=True):
        for place, worth in enumerate(cells):
            if worth is not None:
                table.put(object(), {x: _plain(trace["x"][place]), y: _plain(row), value: worth}, _reference(marks, place))


def _sankey(trace: Figure, _layout: Figure, table: _Builder) -> None:
    node, link = trace["node"], trace["link"]
    nodes = [_name(reference) or _plain(text) for text, reference in zip(node["label"], _references(node, len(node["label"])), strict=True)]
    names = [table.key(word) for word in (_("source"), _("target"), _("value"))]
    for source, target, value, reference in zip(link["source"], link["target"], link["value"], _references(link, len(link["value"])), strict=True):
        table.put(object(), dict(zip(names, (nodes[source], nodes[target], value), strict=True)), reference)


def _parts(trace: Figure, _layout: Figure, table: _Builder) -> None:
    """Pie and treemap: a name and a value, of a tile also that of what it lies in."""
    label, value = table.key(_("name")), table.key(_("value"))
    names = [_plain(text) for text in trace["labels"]]
    known = dict(zip(trace.get("ids", names), names, strict=True))
    part_of = table.key(_("part of")) if "parents" in trace else ""
    for place, reference in enumerate(_references(trace, len(names))):
        row = {label: _name(reference) or names[place], value: trace["values"][place]}
        table.put(object(), row | ({part_of: known.get(trace["parents"][place])} if part_of else {}), reference)


def _polar(trace: Figure, _layout: Figure, table: _Builder) -> None:
    first, column = table.key(_("category")), table.column(_text(trace.get("name")) or _("value"))
    for at, worth in zip(trace["theta"], trace["r"], strict=True):
        table.put(at, {first: _plain(at), column: worth})


READERS: dict[str, Callable[[Figure, Figure, _Builder], None]] = {
    "candlestick": _candles,
    "box": _box,
    "heatmap": _heatmap,
    "sankey": _sankey,
    "pie": _parts,
    "treemap": _parts,
    "scatterpolar": _polar,
}


# --- texts and references ------------------------------------------------------------------------------------


def _axes(trace: Figure, layout: Figure) -> tuple[tuple[str, Figure], tuple[str, Figure]]:
    """Return the axis that says where, and the one that says how much: ("x", its layout), ("y", its layout)."""
    x, y = (layout[f"{letter}axis{trace.get(f'{letter}axis', letter)[1:]}"] for letter in "xy")
    lies = trace.get("orientation") == "h" or (y.get("type") == "category" and x.get("type") == "linear")
    return (("y", y), ("x", x)) if lies else (("x", x), ("y", y))


def _named(trace: Figure, axis: Figure) -> str:
    """Return a trace's name with the unit of its axis (what stands behind the title's comma); without a name the title."""
    title, name = _title(axis), _text(trace.get("name"))
    if not name:
        return title or _("value")
    unit = title.rpartition(", ")[2] if ", " in title else ""
    return f"{name}, {unit}" if unit else name


def _title(axis: Figure) -> str:
    return _text(axis.get("title"))


def _text(title: Any) -> str:
    return str(_plain((title.get("text") if isinstance(title, dict) else title) or ""))


def _plain(value: Any) -> Any:
    """Return text without the markup of pictures, and a moment as everywhere in the API."""
    if not isinstance(value, str):
        return value
    if STAMP.match(value):
        return times.iso(times.parse_iso(f"{value}Z"))
    return markup.unescape(MARKUP.sub("", value))


def _references(trace: Figure, length: int) -> Iterable[str | None]:
    return [_reference(trace.get("customdata") or (), place) for place in range(length)]


def _reference(told: Sequence[Any] | None, place: int) -> str | None:
    """Return the detail reference among what a point carries: the whole of it, or the first of several."""
    mine = told[place] if told and place < len(told) else None
    first = mine[0] if isinstance(mine, list | tuple) and mine else mine
    return first if isinstance(first, str) and REFERENCE.match(first) else None


def _name(reference: str | None) -> str:
    kind, _separator, name = (reference or "").partition(":")
    return name if kind in NAMES else ""
