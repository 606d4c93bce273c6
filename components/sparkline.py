"""Sparklines: a small line with a dot at its end, without axes, in the accent colour.

draw.js builds no SVG elements, and Dash has none. So the line is a picture used as a mask, in a data: URL made of
numbers alone, over a ground of the accent colour: it follows the theme by itself.
"""

import math
from collections.abc import Sequence
from typing import TypeAlias

from dash import html

from components import format as fmt
from components.parts import named

Point: TypeAlias = tuple[float, float]

STROKE, DOT = 1.6, 2.4  # px
PICTURE = (
    "url(\"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}'%3E{shapes}%3C/svg%3E\")"  # %3C is <, %3E is >
)


def sparkline(values: Sequence[float | None], label: str, width: int = 92, height: int = 36, *, area: bool = True) -> html.Span:
    """Return the course of `values`, a gap where one is None, a dot at the last known one; "–" where none is known.

    Args:
        values: evenly spaced, at most some hundred.
        label: what screen readers say of the picture, translated.
        width: in px, as `height`.
        height: see `width`.
        area: whether the ground under the line is filled.
    """
    size = {"width": f"{width}px", "height": f"{height}px"}
    spoken = {"role": "img", **named(label)}
    runs = _runs(values, width, height)
    if not runs:
        return html.Span(fmt.UNKNOWN, className="spark spark-none", style=size, **spoken)
    grounds = [_path(f"M{run[0][0]:g} {height}L{_line(run)}L{run[-1][0]:g} {height}z", "fill-opacity='.16'") for run in runs if area and len(run) > 1]
    stroke = f"fill='none' stroke='%23000' stroke-width='{STROKE}' stroke-linejoin='round' stroke-linecap='round'"  # %23 is #
    lines = [_path(f"M{_line(run)}", stroke) for run in runs if len(run) > 1]
    across, down = runs[-1][-1]
    dots = [f"%3Ccircle cx='{across:g}' cy='{down:g}' r='{DOT}'/%3E"]
    picture = PICTURE.format(width=width, height=height, shapes="".join(grounds + lines + dots))
    return html.Span(className="spark", style=size | {"maskImage": picture, "WebkitMaskImage": picture}, **spoken)


def _runs(values: Sequence[float | None], width: int, height: int) -> list[list[Point]]:
    """Return the points of each run of known values, in px; what stays the same runs along the middle."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    if not known:
        return []
    low, span = min(known), max(known) - min(known)
    step = (width - 2 * DOT) / max(1, len(values) - 1)
    room = height - 2 * DOT
    runs: list[list[Point]] = [[]]
    for place, value in enumerate(values):
        if value is None or not math.isfinite(value):
            runs.append([])
            continue
        above = (value - low) / span if span else 0.5
        runs[-1].append((round(DOT + place * step, 1), round(height - DOT - above * room, 1)))
    return [run for run in runs if run]


def _line(run: list[Point]) -> str:
    return "L".join(f"{across:g} {down:g}" for across, down in run)


def _path(course: str, drawn: str) -> str:
    return f"%3Cpath d='{course}' {drawn}/%3E"
