"""Chart 20: events per minute in the last 60 minutes, warnings and worse on top."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from dash import html

from components import format as fmt
from components.charts.base import AMOUNTS, Figure, base_layout, begin, chart_view, local
from components.parts import View, empty, time
from components.words import _, speech, woven
from data import times

SHORTEST = timedelta(minutes=20)  # what the first bars are drawn on: one alone would fill the picture
BAR = {"width": 42_000, "offset": 9_000}  # ms: in the middle of its minute; plotly.js makes a single bar a millisecond wide
FEW = 0.05  # of the minutes, and one at least, may be so busy that their bars are cut
TIMES_BUSIER = 4  # than all others
LEAST_OTHERS = 3  # minutes with events, for a comparison
ZIGZAG = "M-10,-16L-5,-22L0,-16L5,-22L10,-16"  # px from the top


def events_per_minute(counted: Mapping[str, Sequence[Any]]) -> Figure | None:
    """Return a bar per minute of `counted` (`minutes` ISO, `all`, `warnings` among them); None without any.

    They count by receipt, so that who brings a year of history makes one very busy minute. Its bar is cut, visibly and with its number
    beside it, where the others could not be seen otherwise.
    """
    minutes, everything, warnings = list(counted["minutes"]), list(counted["all"]), list(counted["warnings"])
    if not minutes:
        return None
    layout = base_layout(_("Events per minute"), _("time, {zone}").format(zone=speech().zone), _("events per minute"))
    layout["barmode"] = "stack"
    layout["margin"]["r"] = 36
    shown = local(minutes)
    layout["xaxis"]["autorangeoptions"] = {"include": local([begin(minutes, SHORTEST)])[0]}
    layout["yaxis"] |= {"rangemode": "tozero", "tickformatstops": AMOUNTS}
    if (limit := _limit(everything)) is not None:
        layout["yaxis"]["autorangeoptions"] = {"maxallowed": limit}
        cut = [place for place, number in enumerate(everything) if number > limit]
        layout["annotations"] = [_told(minutes, everything, place, limit) for place in cut]
        layout["shapes"] = [_cut(minutes[place], limit) for place in cut]
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


def _limit(numbers: Sequence[int]) -> float | None:
    """Return where the axis ends if it cuts bars: above all but the busiest few, where these are several times as busy; None if it does not."""
    ranked = sorted((number for number in numbers if number), reverse=True)
    few = max(1, int(FEW * len(numbers)))
    if len(ranked) < few + LEAST_OTHERS or ranked[0] <= TIMES_BUSIER * ranked[few]:
        return None
    return 1.5 * ranked[few]  # room for what says that a bar is cut


def _middle(minute: str) -> str:
    return local([times.iso(times.parse_iso(minute) + timedelta(seconds=30))])[0]


def _told(minutes: Sequence[str], numbers: Sequence[int], place: int, limit: float) -> dict[str, Any]:
    """The number of a bar that is cut, beside it, towards the middle of the picture."""
    on_left = 2 * place >= len(minutes)
    side = {"xanchor": "right", "xshift": -12} if on_left else {"xanchor": "left", "xshift": 12}
    words = {"text": f"↑ {fmt.level(numbers[place])}", "font": {"size": 11, "color": "--bv-text-1"}, "showarrow": False, "borderpad": 0}
    return side | words | {"x": _middle(minutes[place]), "y": limit, "yanchor": "top"}


def _cut(minute: str, limit: float) -> dict[str, Any]:
    """The zigzag through a bar that is cut, in the colour of the card."""
    pen = {"type": "path", "path": ZIGZAG, "line": {"color": "--bv-bg-2", "width": 3}}
    return pen | {"xsizemode": "pixel", "xanchor": _middle(minute), "ysizemode": "pixel", "yanchor": limit}
