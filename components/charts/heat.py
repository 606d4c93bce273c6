"""Cells of a heatmap, from down over the ground to up, with text in them that can be read."""

from collections.abc import Sequence
from typing import Any, TypeAlias

from components.charts.base import Figure, base_layout

Cells: TypeAlias = Sequence[Sequence[float | None]]

# How far cells go towards the full colour: as far as text in --bv-text-1 keeps 4.5:1 on them in each theme and with each pair of colours.
DEPTH = 0.42
DIVERGING = [[0, f"--bv-down/{DEPTH}"], [0.5, "--bv-down/0"], [0.5, "--bv-up/0"], [1, f"--bv-up/{DEPTH}"]]
GROUND = [[0, "--bv-bg-3"], [1, "--bv-bg-3"]]


def heatmap(columns: Sequence[Any], rows: Sequence[str], cells: Cells, bound: float, **more: Any) -> list[Figure]:
    """Return the traces of cells from down over the ground to up; one that is None stays empty.

    Args:
        columns: the x of each column.
        rows: the y of each row.
        cells: a list per row.
        bound: the value, above zero, that has the deepest colour.
        more: properties of the trace: text, hover, customdata.
    """
    shared: Figure = {"type": "heatmap", "x": list(columns), "y": list(rows), "xgap": 1, "ygap": 1, "showscale": False, "hoverongaps": False}
    ground = [[None if value is None else 0 for value in row] for row in cells]
    values = [[None if value is None else float(f"{value:.4g}") for value in row] for row in cells]
    coloured: Figure = {"z": values, "colorscale": DIVERGING, "zmin": -bound, "zmax": bound, "textfont": {"color": "--bv-text-1"}}
    return [shared | {"z": ground, "colorscale": GROUND, "hoverinfo": "skip"}, shared | coloured | more]


def heat_layout(title: str, x_title: str, y_title: str, left: int) -> dict[str, Any]:
    """Return the layout of a heatmap: categories both ways, the first row on top, `left` px for the rows' names."""
    layout = base_layout(title, x_title, y_title, "category")
    layout |= {"margin": {"l": left, "r": 8, "t": 4, "b": 22}, "hovermode": "closest"}
    layout["xaxis"] |= {"showspikes": False, "showline": False}
    layout["yaxis"] |= {"type": "category", "side": "left", "autorange": "reversed", "showgrid": False, "showspikes": False, "nticks": 0}
    return layout
