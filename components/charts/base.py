"""What all charts share: the base layout, and how a figure becomes a panel's view.

Colours and fonts are named by their tokens (``--bv-accent``, with an alpha ``--bv-accent/0.2``) and looked up by
chart.js in the page's own stylesheet, the only place where they are written. So a figure is the same for all themes,
and a switch of the theme needs no server.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, TypeAlias

from components.parts import Content, View
from data import times

Figure: TypeAlias = dict[str, Any]

TEXT = {"size": 11, "color": "--bv-chart-text"}
CLOCK = [{"dtickrange": [None, 30_000], "value": "%H:%M:%S"}, {"dtickrange": [30_000, None], "value": "%H:%M"}]
# 124k and 1.2M, but 0.2 and not 200m: nobody reads money in thousandths
AMOUNTS = [{"dtickrange": [None, 1], "value": "~g"}, {"dtickrange": [1, 1000], "value": ",~g"}, {"dtickrange": [1000, None], "value": "~s"}]
AXIS: dict[str, Any] = {
    "gridcolor": "--bv-chart-grid",
    "linecolor": "--bv-chart-axis",
    "zerolinecolor": "--bv-chart-zero",
    "zerolinewidth": 1,
    "tickfont": TEXT,
    "ticks": "",
    "showspikes": True,
    "spikemode": "across",
    "spikethickness": 1,
    "spikedash": "dot",
    "spikecolor": "--bv-chart-axis",
}


def base_layout(title: str, x_title: str, y_title: str) -> dict[str, Any]:
    """Return the layout of a live time chart: no template, value axis on the right, at most five lines.

    Set no range in it, as a person may have zoomed: `autorangeoptions` says what has to be seen.

    The titles belong to every figure; the page, whose cards say them in their heads, gives them to screen readers alone.
    """
    return {
        "template": {},  # with None plotly.js brings its default back
        "title": {"text": title, "font": {"size": 13, "color": "--bv-text-1"}},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "autosize": True,
        "font": {"family": "--bv-font-num", **TEXT},
        "margin": {"l": 12, "r": 60, "t": 8, "b": 24},  # fixed, so that nothing moves when a value grows
        "xaxis": {
            **AXIS,
            "type": "date",
            "showgrid": False,
            "zeroline": False,
            "title": {"text": x_title, "font": TEXT},
            "tickformatstops": CLOCK,
            "nticks": 5,
        },
        "yaxis": {**AXIS, "side": "right", "showline": False, "ticklabelstandoff": 4, "nticks": 5, "title": {"text": y_title, "font": TEXT}},
        "hovermode": "x unified",
        "hoverlabel": {"bgcolor": "--bv-chart-hover-bg", "bordercolor": "--bv-border-2", "font": {"size": 12, "color": "--bv-text-1"}},
        "showlegend": False,
        "dragmode": "zoom",
        "selectdirection": "h",
        "separators": ".,",
        "uirevision": "live",  # a push of data keeps what a person has chosen in the picture
    }


def begin(moments: Sequence[str], shortest: timedelta) -> str:
    """Return where a time axis has to begin (ISO): at the first of `moments`, and at least `shortest` before the last."""
    return min(moments[0], times.iso(times.parse_iso(moments[-1]) - shortest))


def chart_view(figure: Figure | None, note: Content, empty: Content) -> View:
    """Return a chart's view; without a figure the empty state, never bare axes."""
    return View(None, empty) if figure is None else View(note, None, figure=figure)
