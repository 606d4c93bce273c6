"""Chart 18: the profiles of strategies side by side, on scales that do not depend on which of them are shown."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from dash import html

from components import format as fmt
from components.charts.base import Figure, chart_view, plain_layout, series_colour, series_dash
from components.charts.keys import line_key
from components.charts.marks import Answer, name_of, note
from components.parts import View, empty
from components.words import N_, _

MOST = 5


class Axis(NamedTuple):
    """An axis: a figure of a strategy of which more is better, its title, what lies in the middle and what at the rim, and how it is told.

    A figure beyond an end lies at that end. Half way out each axis has what is neither good nor bad: as many trades won as lost, a gross
    profit as large as the gross loss, returns that swing around zero; of the drawdown the level that raises a critical alert.
    """

    figure: str
    title: str
    low: float
    high: float
    in_percent: bool = False

    def scaled(self, value: float | None) -> float | None:
        """Return how far out a figure lies, from 0 to 1."""
        return None if value is None else round(min(1.0, max(0.0, (value - self.low) / (self.high - self.low))), 4)

    def told(self, value: float | None) -> str:
        """Return the figure as it is."""
        if self.in_percent and value is not None:
            return fmt.percent(100 * value, 1)
        return fmt.ratio(value)

    def named(self) -> str:
        """Return the title and both ends."""
        low, high = ((fmt.plain(100 * end), fmt.percent(100 * end)) if self.in_percent else (fmt.plain(end),) * 2 for end in (self.low, self.high))
        return _("{axis}<br>{low} to {high}").format(axis=_(self.title), low=low[0], high=high[1])


AXES = (
    Axis("win_rate", N_("Win rate"), 0.0, 1.0, in_percent=True),
    Axis("profit_factor", N_("Profit factor"), 0.0, 2.0),
    Axis("payoff_ratio", N_("Payoff"), 0.0, 2.0),
    Axis("sharpe_ratio", N_("Sharpe"), -3.0, 3.0),
    Axis("max_drawdown", N_("Drawdown"), -0.4, 0.0, in_percent=True),
    Axis("sqn", N_("SQN"), -5.0, 5.0),
)


def strategy_radar(answer: Answer) -> Figure | None:
    """Return the profiles of the five strategies of `answer` (`strategies`, `currency`) with the most trades; None for fewer than two.

    Each axis has the same ends whatever is shown, see `AXES`. One that not one of them has is left out.
    """
    shown = _shown(answer)
    axes = [axis for axis in AXES if any(one[axis.figure] is not None for one in shown)]
    if len(shown) < 2 or len(axes) < 3:
        return None
    layout = plain_layout(_("Strategy profile, each axis from its fixed low to its fixed high end"))
    text = {"size": 11, "color": "--bv-chart-text"}
    lines = {"gridcolor": "--bv-chart-axis", "linecolor": "--bv-chart-axis"}
    radial = lines | {"visible": True, "showticklabels": False, "ticks": "", "autorangeoptions": {"minallowed": 0, "maxallowed": 1}, "nticks": 3}
    radial |= {"showline": False, "angle": 90}
    layout["polar"] = {"domain": {"x": [0.28, 0.72]}, "bgcolor": "rgba(0,0,0,0)", "gridshape": "linear", "radialaxis": radial}
    layout["polar"]["angularaxis"] = lines | {"tickfont": text, "direction": "clockwise", "rotation": 90, "type": "category"}
    layout["polar"]["angularaxis"] |= {"tickmode": "array", "tickvals": [_(axis.title) for axis in axes], "ticktext": [axis.named() for axis in axes]}
    layout["margin"] = {"l": 2, "r": 2, "t": 22, "b": 22}
    return {"data": [_profile(one, axes) for one in shown], "layout": layout}


def strategy_radar_view(answer: Answer, _now: datetime) -> View:
    """Return the chart; its head is the legend, as the names do not fit beside the lines."""
    keys = [line_key(one["name"], series_colour(one["place"]), series_dash(one["place"])) for one in _shown(answer)]
    total = len(answer["strategies"]) + answer["not_shown"]
    some = _("{n} of {total} strategies").format(n=fmt.level(len(keys)), total=fmt.level(total)) if len(keys) < total else None
    nothing = empty(_("No two strategies to compare"), _("A profile appears once two of them have closed trades:"), "POST /api/trades")
    return chart_view(strategy_radar(answer), [html.Span(keys, className="legends"), *note(some)], nothing)


def _shown(answer: Answer) -> list[Any]:
    active = [one for one in answer["strategies"] if one["trades"]]
    return sorted(sorted(active, key=lambda one: -one["trades"])[:MOST], key=lambda one: one["place"])


def _profile(one: Mapping[str, Any], axes: list[Axis]) -> Figure:
    titles = [_(axis.title) for axis in axes]
    values = [axis.scaled(one[axis.figure]) for axis in axes]
    told = [_("{axis} {value}").format(axis=title, value=axis.told(one[axis.figure])) for axis, title in zip(axes, titles, strict=True)]
    colour = series_colour(one["place"])
    line: Figure = {
        "type": "scatterpolar",
        "mode": "lines+markers",
        "name": name_of(one["name"]),
        "theta": [*titles, titles[0]],
        "r": [*values, values[0]],
    }
    line |= {"line": {"color": colour, "width": 1.6, "dash": series_dash(one["place"])}, "marker": {"size": 5, "color": colour}}
    line |= {"fill": "toself", "fillcolor": f"{colour}/0.08", "cliponaxis": False, "hoveron": "points"}
    line["customdata"] = [[f"strategy:{one['name']}", words] for words in [*told, told[0]]]
    line["hovertemplate"] = f"<b>{name_of(one['name'])}</b><br>%{{customdata[1]}}<extra></extra>"
    return line
