"""`python -m bench.payload`: how much a chart sends to the browser, of a store of a million trades and a year of minute candles, over all of it."""

import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from bench.million import sqlite_store
from bench.report import Figure, Goal, Section, main
from bench.scale import SIZES, opened
from components.panels import PANELS
from data.desk import Desk

BYTES = Goal(100_000, at_least=False)
POINTS = Goal(2_000, at_least=False)
BESIDE_POINTS = {"customdata", "text", "hovertext", "meta"}  # they tell of the points that other arrays have


def most_points(figure: Mapping[str, Any]) -> int:
    """Return how many points the longest trace of a figure has; the cells of a matrix are points."""
    return max((_longest({name: value for name, value in trace.items() if name not in BESIDE_POINTS}) for trace in figure["data"]), default=0)


def _longest(value: object) -> int:
    if isinstance(value, Mapping):
        return max(map(_longest, value.values()), default=0)
    return _leaves(value) if isinstance(value, list | tuple) else 0


def _leaves(value: Any) -> int:
    return sum(map(_leaves, value)) if isinstance(value, list | tuple) else 1


def _charts(desk: Desk, search: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each chart's title and figure; those that have nothing to show without a live bot are left out."""
    for panel in PANELS:
        figure = panel.shown(panel.ask(desk, search), datetime.now(UTC)).figure if panel.is_chart else None
        if figure is not None:
            yield panel.title, figure


def measure() -> Section:
    """Return the bytes and points of each chart, the largest first."""
    with sqlite_store(SIZES) as url, opened(url) as (desk, _settings):
        found = [(len(orjson.dumps(figure)), most_points(figure), title) for title, figure in _charts(desk, "?range=all")]
    figures = []
    for size, points, title in sorted(found, reverse=True):
        figures.append(Figure(f"{title}: bytes", "its figure as JSON, before compression", [size], BYTES, " B"))
        figures.append(Figure(f"{title}: points of the longest trace", "the arrays that are drawn", [points], POINTS))
    note = f"{len(found)} charts over the whole range of {SIZES.trades:,} trades and {SIZES.candles:,} candles; one run, the figures do not vary."
    return Section("Payload of charts", note, figures)


if __name__ == "__main__":
    sys.exit(main(measure))
