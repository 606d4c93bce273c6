"""What all charts share: the base layout, and how a figure becomes a panel's view.

Colours and fonts are named by their tokens (``--bv-accent``, with an alpha ``--bv-accent/0.2``) and looked up by
chart.js in the page's own stylesheet, the only place where they are written. So a figure is the same for all themes,
and a switch of the theme needs no server.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Literal, TypeAlias

from components.parts import Content, View
from components.words import speech
from data import times

Figure: TypeAlias = dict[str, Any]

TEXT = {"size": 11, "color": "--bv-chart-text"}
DAY_MS = 86_400_000
ALL_TRACES = ["traces"]
CLOCK = [
    {"dtickrange": [None, 30_000], "value": "%H:%M:%S"},
    {"dtickrange": [30_000, DAY_MS / 2], "value": "%H:%M"},
    {"dtickrange": [DAY_MS / 2, 27 * DAY_MS], "value": "%-d %b"},
    {"dtickrange": [27 * DAY_MS, "M11"], "value": "%b %Y"},
    {"dtickrange": ["M11", None], "value": "%Y"},
]
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


def base_layout(title: str, x_title: str, y_title: str, x_type: Literal["date", "category", "linear"] = "date") -> dict[str, Any]:
    """Return the layout of a chart with two axes: no template, value axis on the right, at most five lines.

    Set no range in it, as a person may have zoomed: `autorangeoptions` says what has to be seen.

    The titles belong to every figure; the page, whose cards say them in their heads, gives them to screen readers alone.

    What shows money says so, as people can hide it (chart.js): the layout's `meta["amounts"]` names the axes of money, and is
    `ALL_TRACES` where money is told on no axis. A trace that tells of more than money says in `meta["masked"]` what is different of
    it meanwhile.
    """
    return {
        "template": {},  # with None plotly.js brings its default back
        "title": {"text": title, "font": {"size": 13, "color": "--bv-text-1"}},
        "paper_bgcolor": "--bv-bg-2",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "autosize": True,
        "font": {"family": "--bv-font-num", **TEXT},
        "margin": {"l": 12, "r": 60, "t": 8, "b": 24},  # fixed, so that nothing moves when a value grows
        "xaxis": {
            **AXIS,
            "type": x_type,
            "showgrid": False,
            "zeroline": False,
            "title": {"text": x_title, "font": TEXT},
            **({"tickformatstops": CLOCK, "nticks": 5} if x_type == "date" else {}),
        },
        "yaxis": {**AXIS, "side": "right", "showline": False, "ticklabelstandoff": 4, "nticks": 5, "title": {"text": y_title, "font": TEXT}},
        "hovermode": "x unified",
        "hoverlabel": {"bgcolor": "--bv-chart-hover-bg", "bordercolor": "--bv-border-2", "font": {"size": 12, "color": "--bv-text-1"}},
        "showlegend": False,
        "dragmode": "zoom",
        "selectdirection": "h",
        "separators": separators(),
        "uirevision": "live",  # a push of data keeps what a person has chosen in the picture
    }


def begin(moments: Sequence[str], shortest: timedelta) -> str:
    """Return where a time axis has to begin (ISO): at the first of `moments`, and at least `shortest` before the last."""
    return min(moments[0], times.iso(times.parse_iso(moments[-1]) - shortest))


def chart_view(figure: Figure | None, note: Content, empty: Content) -> View:
    """Return a chart's view; without a figure the empty state, never bare axes."""
    return View(None, empty) if figure is None else View(note, None, figure=figure)


def plain_layout(title: str) -> dict[str, Any]:
    """Return the layout of a chart without axes: pie, treemap, Sankey, radar."""
    layout = base_layout(title, "", "", "linear")
    return {name: value for name, value in layout.items() if name not in {"xaxis", "yaxis"}} | {
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "hovermode": "closest",
    }


def separators() -> str:
    """Return the signs for decimals and thousands of the person who looks, as plotly.js takes them."""
    symbols = speech().conventions.number_symbols["latn"]
    return f"{symbols['decimal']}{symbols['group']}"


def local(moments: Sequence[str]) -> list[str]:
    """Return ISO moments as the wall clock of the shown time zone has them: plotly.js knows no zones."""
    zone = speech().tz
    if zone.key == "UTC":
        return list(moments)
    return [times.parse_iso(moment).astimezone(zone).replace(tzinfo=None).isoformat() for moment in moments]


# Series 1 to 8 in order of the strategies' ids, so that a strategy keeps its colour on all pages; from the fourth on a dash tells, too.
DASHES = ("solid", "solid", "solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
HATCHED = {"fillmode": "replace", "size": 5, "solidity": 0.5}


def series_colour(place: int) -> str:
    """Return the colour token of the series at a place, counted from 0; they begin again after the eighth."""
    return f"--bv-series-{place % 8 + 1}"


def series_dash(place: int) -> str:
    """Return the dash of the series at a place: colour alone tells no more than three lines apart."""
    return DASHES[place % 8]


def signed_bar(fell: bool) -> dict[str, Any]:
    """Return the `marker` of bars that all go up, or all down: up solid, down hatched, so that the colour is not alone."""
    colour = "--bv-down" if fell else "--bv-up"
    return {"color": colour, "pattern": HATCHED | {"shape": "/" if fell else ""}, "line": {"width": int(fell), "color": colour}}


def signed_bars(values: Sequence[float | None]) -> dict[str, Any]:
    """Return the `marker` of bars of which each goes up or down, as `signed_bar` has them."""
    bars = [signed_bar(value is not None and value < 0) for value in values]
    colours = [bar["color"] for bar in bars]
    pattern = HATCHED | {"shape": [bar["pattern"]["shape"] for bar in bars]}
    return {"color": colours, "pattern": pattern, "line": {"width": [bar["line"]["width"] for bar in bars], "color": colours}}
