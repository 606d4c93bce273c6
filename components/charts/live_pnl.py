"""Chart 19: the unrealized P&L of the open positions in the last 60 minutes."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from dash import html

from components import format as fmt
from components.charts.base import AMOUNTS, Figure, base_layout, begin, chart_view, local
from components.parts import View, empty, time
from components.words import _, speech, woven

SHORTEST = timedelta(minutes=2)  # what the first samples are drawn on: an axis needs a length


def live_pnl(samples: Mapping[str, Sequence[Any]]) -> Figure | None:
    """Return the line of `samples` (`timestamps` ISO, `values` in the positions' currency), its last value as a tag; None without any."""
    moments, values = list(samples["timestamps"]), list(samples["values"])
    if not moments:
        return None
    last, shown = values[-1], local(moments)
    decimals = fmt.money_decimals(values)
    layout = base_layout(_("P&L of open positions"), _("time, {zone}").format(zone=speech().zone), _("unrealized P&L, in the positions' currency"))
    layout["xaxis"]["autorangeoptions"] = {"include": local([begin(moments, SHORTEST)])[0], "clipmax": shown[-1]}
    layout["yaxis"]["tickformatstops"] = AMOUNTS
    layout["meta"] = {"amounts": ["yaxis"], "now": fmt.change(last, decimals)}
    layout["annotations"] = [_tag(last, decimals)]
    line: Figure = {"type": "scatter", "mode": "lines", "x": shown, "y": values, "name": _("P&L")}
    line |= {"line": {"color": "--bv-accent", "width": 1.6}, "hovertemplate": f"%{{y:+,.{decimals}f}}<extra></extra>", "fill": "tozeroy"}
    line |= {"fillgradient": {"type": "vertical", "colorscale": [[0, "--bv-accent/0"], [1, "--bv-accent/0.2"]]}}
    dot: Figure = {"type": "scatter", "mode": "markers", "x": shown[-1:], "y": [last], "hoverinfo": "skip", "cliponaxis": False}
    dot |= {"marker": {"color": "--bv-accent", "size": 7}}
    return {"data": [line, dot], "layout": layout}


def live_pnl_view(samples: Mapping[str, Sequence[Any]], now: datetime) -> View:
    """Return the chart of `samples`, its age in the head."""
    moments = samples["timestamps"]
    note = html.Span(woven(_("60 min, as of {time}"), time=time(moments[-1], now)), className="as-of") if moments else None
    nothing = empty(_("No P&L in the last 60 minutes"), _("It begins with the next"), "POST /api/monitoring/positions/update")
    return chart_view(live_pnl(samples), note, nothing)


def _tag(last: float, decimals: int) -> dict[str, Any]:
    place = {"xref": "paper", "x": 1, "xanchor": "left", "yref": "y", "y": last, "yanchor": "middle", "showarrow": False, "xshift": 4}
    return place | {"text": fmt.change(last, decimals), "bgcolor": "--bv-accent", "borderpad": 3, "font": {"size": 11, "color": "--bv-on-accent"}}
