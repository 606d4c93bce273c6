"""Chart 20: events per minute in the last 60 minutes, warnings and worse on top."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from dash import html

from components.charts.base import AMOUNTS, Figure, base_layout, begin, chart_view
from components.parts import View, empty, time

SHORTEST = timedelta(minutes=20)  # what the first bars are drawn on: one alone would fill the picture
BAR = {"width": 42_000, "offset": 9_000}  # ms: in the middle of its minute; plotly.js makes a single bar a millisecond wide
EMPTY = empty("No events in the last 60 minutes", "A bar appears with the next", "POST /api/monitoring/activity")


def events_per_minute(counted: Mapping[str, Sequence[Any]]) -> Figure | None:
    """Return a bar per minute of `counted` (`minutes` ISO, `all`, `warnings` among them); None without any."""
    minutes, everything, warnings = list(counted["minutes"]), list(counted["all"]), list(counted["warnings"])
    if not minutes:
        return None
    layout = base_layout("Events per minute", "time, UTC", "events per minute")
    layout["barmode"] = "stack"
    layout["margin"]["r"] = 36
    layout["xaxis"]["autorangeoptions"] = {"include": begin(minutes, SHORTEST)}
    layout["yaxis"] |= {"rangemode": "tozero", "tickformatstops": AMOUNTS}
    quiet = [total - some for total, some in zip(everything, warnings, strict=True)]
    bars = {"type": "bar", "x": minutes, "y": quiet, "customdata": everything, "name": "all", "marker": {"color": "--bv-series-1"}} | BAR
    bars["hovertemplate"] = "%{customdata} events<extra></extra>"
    worse = {"type": "bar", "x": minutes, "y": warnings, "name": "warnings", "marker": {"color": "--bv-warn-fill"}} | BAR
    worse["hovertemplate"] = "%{y} of them warnings or worse<extra></extra>"
    return {"data": [bars, worse], "layout": layout}


def events_per_minute_view(counted: Mapping[str, Sequence[Any]], now: datetime) -> View:
    """Return the chart of `counted`, the last minute that it shows in the head."""
    minutes = counted["minutes"]
    note = html.Span(["as of ", time(minutes[-1], now)], className="as-of") if minutes else None
    return chart_view(events_per_minute(counted), note, EMPTY)
