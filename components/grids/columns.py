"""How a column of a table is described to AG Grid, and to tables.js in its `context`.

`context` holds `phone` (whether the column stays on a small screen) and, where the column can be filtered, `filter`: how
its filter and the fields of the page's address stand for each other.
"""

from collections.abc import Mapping
from typing import Any

Column = dict[str, Any]
LEAST = 72  # px
LARGEST_FIRST = ["desc", "asc"]


def column(
    field: str, title: str, width: int, *, style: str = "", grows: bool = False, hidden: bool = False, phone: bool = False, **more: Any
) -> Column:
    """Return a column of text, `width` px wide; one that `grows` takes its share of the room that is left, in proportion to its width."""
    return {
        "field": field,
        "headerName": title,
        "cellClass": style.split(),
        **({"minWidth": min(width, LEAST), "flex": width} if grows else {"width": width, "minWidth": min(width, LEAST)}),
        "sortingOrder": ["asc", "desc"],
        "initialHide": hidden,
        "context": {"phone": phone},
    } | more


def figures(field: str, title: str, width: int, *, style: str = "", **more: Any) -> Column:
    """Return a column of figures, which stand on the right."""
    return column(field, title, width, style=f"num {style}", headerClass="ag-right-aligned-header", sortingOrder=LARGEST_FIRST, **more)


def drawn(of: Column) -> Column:
    """Return a column whose cells are drawn from the Dash components that the row has for it in `shown`."""
    return of | {"cellRenderer": "Botv2Drawn"}


BY_SIDE = {"long": "params.data && params.data.side_of === 'long'", "short": "params.data && params.data.side_of === 'short'"}


def by_way(field: str) -> dict[str, str]:
    """Return what colours a change by the direction that the row tells in `field`."""
    return {way: f"params.data && params.data.{field} === '{way}'" for way in ("up", "down")}


# --- filters -------------------------------------------------------------------------------------------------------


def _filtered(of: Column, kind: str, name: str, fields: tuple[str, ...], params: dict[str, Any]) -> Column:
    params |= {"maxNumConditions": 1, "buttons": ["reset"], "debounceMs": 400}
    return of | {"filter": name, "filterParams": params, "context": of["context"] | {"filter": {"kind": kind, "fields": list(fields)}}}


def by_text(of: Column, field: str) -> Column:
    """Return a column that is filtered by a part of its text; the address carries that in `field`."""
    return _filtered(of, "text", "agTextColumnFilter", (field,), {"filterOptions": ["contains"]})


def by_choice(of: Column, field: str, choices: Mapping[str, str]) -> Column:
    """Return a column that is filtered by one of `choices`, value -> word."""
    # the rows are picked on the server: in the browser every row that is there passes
    passes = {"predicate": {"function": "botv2Passes"}, "numberOfInputs": 0}
    options = [{"displayKey": value, "displayName": word, **passes} for value, word in choices.items()]
    return _filtered(of, "choice", "agTextColumnFilter", (field,), {"filterOptions": ["empty", *options]})


def by_range(of: Column, least: str, most: str) -> Column:
    """Return a column of numbers that is filtered by a range; the address carries its ends in `least` and `most`."""
    options = ["inRange", "greaterThanOrEqual", "lessThanOrEqual"]
    return _filtered(of, "range", "agNumberColumnFilter", (least, most), {"filterOptions": options, "inRangeInclusive": True})
