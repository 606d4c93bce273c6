"""Chart 19: the unrealized P&L of the open positions in the last 60 minutes."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from dash import html

from components import format as fmt
from components.charts.base import AMOUNTS, Figure, base_layout, begin, chart_view
from components.parts import View, empty, time

EMPTY = empty("No P&L in the last 60 minutes", "It begins with the next", "POST /api/monitoring/positions/update")
SHORTEST = timedelta(minutes=2)  # what the first samples are drawn on: an axis needs a length


def live_pnl(samples: Mapping[str, Sequence[Any]]) -> Figure | None:
    """Return the line of `samples` (`timestamps` ISO, `values` in the positions' currency), its last value as a tag; None without any."""
    moments, values = list(samples["timestamps"]), list(samples["values"])
    if not moments:
        return None
    last = values[-1]
    decimals = fmt.money_decimals(values)
    layout = base_layout("P&L of open positions", "time, UTC", "unrealized P&L, in the positions' currency")
    layout["xaxis"]["autorangeoptions"] = {"include": begin(moments, SHORTEST), "clipmax": moments[-1]}
    layout["yaxis"]["tickformatstops"] = AMOUNTS
    layout["annotations"] = [_tag(last, decimals)]
    line: Figure = {"type": "scatter", "mode": "lines", "x": moments, "y": values, "name": "P&L"}
    line |= {"line": {"color": "--bv-accent", "width": 1.6}, "hovertemplate": f"%{{y:+,.{decimals}f}}<extra></extra>", "fill": "tozeroy"}
    line |= {"fillgradient": {"type": "vertical", "colorscale": [[0, "--bv-accent/0"], [1, "--bv-accent/0.2"]]}}
    dot: Figure = {"type": "scatter", "mode": "markers", "x": moments[-1:], "y": [last], "hoverinfo": "skip", "cliponaxis": False}
    dot |= {"marker": {"color": "--bv-accent", "size": 7}}
    return {"data": [line, dot], "layout": layout}


def live_pnl_view(samples: Mapping[str, Sequence[Any]], now: datetime) -> View:
    """Return the chart of `samples`, its age in the head."""
    moments = samples["timestamps"]
    note = html.Span(["60 min, as of ", time(moments[-1], now)], className="as-of") if moments else None
    return chart_view(live_pnl(samples), note, EMPTY)


def _tag(last: float, decimals: int) -> dict[str, Any]:
    place = {"xref": "paper", "x": 1, "xanchor": "left", "yref": "y", "y": last, "yanchor": "middle", "showarrow": False, "xshift": 4}
    return place | {"text": fmt.change(last, decimals), "bgcolor": "--bv-accent", "borderpad": 3, "font": {"size": 11, "color": "--bv-on-accent"}}
