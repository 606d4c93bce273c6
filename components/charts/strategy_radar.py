"""Chart 18: the profiles of strategies side by side, each axis from the worst to the best of those shown."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from dash import html

from components import format as fmt
from components.charts.base import Figure, chart_view, plain_layout, series_colour, series_dash
from components.charts.keys import line_key
from components.charts.marks import Answer, name_of, note
from components.parts import View, empty
from components.words import N_, _

MOST = 5


# Figure of a strategy, its name, how it is shown; of each more is better (drawdowns are below zero).
AXES: tuple[tuple[str, str, Callable[[float, str], str]], ...] = (
    ("win_rate", N_("Win rate"), lambda value, _currency: fmt.percent(100 * value, 1)),
    ("profit_factor", N_("Profit factor"), lambda value, _currency: fmt.ratio(value)),
    ("payoff_ratio", N_("Payoff"), lambda value, _currency: fmt.ratio(value)),
    ("sharpe_ratio", N_("Sharpe"), lambda value, _currency: fmt.ratio(value)),
    ("max_drawdown", N_("Drawdown"), lambda value, _currency: fmt.change_percent(100 * value)),
    ("expectancy", N_("Expectancy"), fmt.change_money),
)


def strategy_radar(answer: Answer) -> Figure | None:
    """Return the profiles of the five strategies of `answer` (`strategies`, `currency`) with the most trades; None for fewer than two.

    Each axis is scaled within them: 0 is the lowest value, 1 the highest, 1 for all where they are the same. An axis
    that not one of them has is left out.
    """
    shown = _shown(answer)
    axes = [axis for axis in AXES if any(one[axis[0]] is not None for one in shown)]
    if len(shown) < 2 or len(axes) < 3:
        return None
    layout = plain_layout(_("Strategy profile, 0 for the lowest and 1 for the highest of those shown"))
    text = {"size": 11, "color": "--bv-chart-text"}
    lines = {"gridcolor": "--bv-chart-axis", "linecolor": "--bv-chart-axis"}
    radial = lines | {"visible": True, "showticklabels": False, "ticks": "", "autorangeoptions": {"minallowed": 0, "maxallowed": 1}, "nticks": 3}
    radial |= {"showline": False, "angle": 90}
    layout["polar"] = {"domain": {"x": [0.28, 0.72]}, "bgcolor": "rgba(0,0,0,0)", "gridshape": "linear", "radialaxis": radial}
    layout["polar"]["angularaxis"] = lines | {"tickfont": text, "direction": "clockwise", "rotation": 90, "type": "category"}
    layout["margin"] = {"l": 2, "r": 2, "t": 22, "b": 22}
    layout["meta"] = {"amounts": True}
    return {"data": [_profile(one, shown, axes, answer["currency"]) for one in shown], "layout": layout}


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


def _profile(one: Mapping[str, Any], shown: list[Any], axes: list[Any], currency: str) -> Figure:
    titles = [_(title) for _name, title, _show in axes]
    values = [_scaled(one[name], [other[name] for other in shown]) for name, _title, _show in axes]
    told = [
        _("{axis} {value}").format(axis=_(title), value=fmt.UNKNOWN if one[name] is None else show(one[name], currency)) for name, title, show in axes
    ]
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


def _scaled(value: float | None, among: list[float | None]) -> float | None:
    if value is None:
        return None
    known = [other for other in among if other is not None]
    low, high = min(known), max(known)
    return round((value - low) / (high - low), 4) if high > low else 1.0
