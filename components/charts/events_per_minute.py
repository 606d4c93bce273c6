"""Chart 20: events per minute in the last 60 minutes, warnings and worse on top."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from dash import html

from components.charts.base import AMOUNTS, Figure, base_layout, begin, chart_view, local
from components.parts import View, empty, time
from components.words import _, speech, woven

SHORTEST = timedelta(minutes=20)  # what the first bars are drawn on: one alone would fill the picture
BAR = {"width": 42_000, "offset": 9_000}  # ms: in the middle of its minute; plotly.js makes a single bar a millisecond wide


def events_per_minute(counted: Mapping[str, Sequence[Any]]) -> Figure | None:
    """Return a bar per minute of `counted` (`minutes` ISO, `all`, `warnings` among them); None without any."""
    minutes, everything, warnings = list(counted["minutes"]), list(counted["all"]), list(counted["warnings"])
    if not minutes:
        return None
    layout = base_layout(_("Events per minute"), _("time, {zone}").format(zone=speech().zone), _("events per minute"))
    layout["barmode"] = "stack"
    layout["margin"]["r"] = 36
    shown = local(minutes)
    layout["xaxis"]["autorangeoptions"] = {"include": local([begin(minutes, SHORTEST)])[0]}
    layout["yaxis"] |= {"rangemode": "tozero", "tickformatstops": AMOUNTS}
    quiet = [total - some for total, some in zip(everything, warnings, strict=True)]
    bars = {"type": "bar", "x": shown, "y": quiet, "customdata": everything, "name": _("all"), "marker": {"color": "--bv-series-1"}} | BAR
    bars["hovertemplate"] = _("{n} events").format(n="%{customdata}") + "<extra></extra>"
    worse = {"type": "bar", "x": shown, "y": warnings, "name": _("warnings"), "marker": {"color": "--bv-warn-fill"}} | BAR
    worse["hovertemplate"] = _("{n} of them warnings or worse").format(n="%{y}") + "<extra></extra>"
    return {"data": [bars, worse], "layout": layout}


def events_per_minute_view(counted: Mapping[str, Sequence[Any]], now: datetime) -> View:
    """Return the chart of `counted`, the last minute that it shows in the head."""
    minutes = counted["minutes"]
    note = html.Span(woven(_("as of {time}"), time=time(minutes[-1], now)), className="as-of") if minutes else None
    nothing = empty(_("No events in the last 60 minutes"), _("A bar appears with the next"), "POST /api/monitoring/activity")
    return chart_view(events_per_minute(counted), note, nothing)
