"""The underwater line: how far below the highest value so far; a chart of its own, and the strip below the equity curve."""

from collections.abc import Sequence
from typing import Any

from components import format as fmt
from components.charts.base import AXIS, TEXT, Figure
from components.charts.marks import DASH_LIMIT, percents, thin
from components.words import _


def underwater_axis(warning: float) -> dict[str, Any]:
    """Return the value axis: from zero at the top down to the warning level at least, so that the distance is seen."""
    return {
        **AXIS,
        "side": "right",
        "showline": False,
        "ticklabelstandoff": 4,
        "nticks": 4,
        "hoverformat": ".2f",
        "title": {"text": _("drawdown, %"), "font": TEXT},
        "autorangeoptions": {"include": 100 * warning, "maxallowed": 0},
    }


def underwater(moments: Sequence[str], drawdown: Sequence[float | None], warning: float, points: int, axis: str = "y") -> list[Figure]:
    """Return the traces of `drawdown` (fractions, None for a gap, one known at least) at `moments` (as shown): line, warning level, deepest point.

    At most `points` points, the deepest among them.
    """
    worst = _deepest(drawdown)
    shown = thin(drawdown, points, [worst])
    times = [moments[place] for place in shown]
    values = percents(drawdown[place] for place in shown)
    line: Figure = {"type": "scatter", "mode": "lines", "x": times, "y": values, "yaxis": axis, "name": _("Drawdown")}
    line |= {"line": {"color": "--bv-down", "width": 1.2}, "fill": "tozeroy", "fillcolor": "--bv-down/0.22"}
    line["hovertemplate"] = _("Drawdown {value}").format(value="%{y}") + f"{fmt.THIN}%<extra></extra>"
    point: Figure = {"type": "scatter", "mode": "markers", "x": [moments[worst]], "y": [round(100 * (drawdown[worst] or 0.0), 2)], "yaxis": axis}
    point |= {"marker": {"size": 6, "color": "--bv-bg-2", "line": {"color": "--bv-down", "width": 1.5}}, "cliponaxis": False}
    point |= {"name": _("Largest drawdown"), "customdata": ["risk:max_drawdown"]}
    point["hovertemplate"] = _("Largest drawdown {value}").format(value="%{y}") + f"{fmt.THIN}%<extra></extra>"
    limit: Figure = {"type": "scatter", "mode": "lines", "x": [times[0], times[-1]], "y": [100 * warning] * 2, "yaxis": axis}
    limit |= {"line": {"color": "--bv-warn-fill", "width": 1.1, "dash": DASH_LIMIT}, "name": _("Warning level"), "hoverinfo": "skip"}
    return [line, limit, point]


def underwater_words(moments: Sequence[str], drawdown: Sequence[float | None], warning: float, axis: str = "y") -> list[dict[str, Any]]:
    """Return the annotations with the name of the warning level, on the side away from the deepest point, and with that point's figure."""
    worst = _deepest(drawdown)
    across, fraction = worst / len(moments), drawdown[worst] or 0.0
    plain: dict[str, Any] = {"yref": axis, "showarrow": False, "borderpad": 1, "bgcolor": "--bv-bg-2/0.75"}
    edge = "left" if across > 0.4 else "right"
    name: dict[str, Any] = {"xref": "paper", "x": 0 if edge == "left" else 1, "xanchor": edge, "y": 100 * warning, "yanchor": "bottom", "yshift": 1}
    name |= {"text": _("warning at {level}").format(level=fmt.percent(100 * warning)), "font": {"size": 11, "color": "--bv-warn"}}
    side, below = (-1 if across > 0.6 else 1), fraction > 0.65 * warning  # so deep that the figure would run into the name
    figure: dict[str, Any] = {"x": moments[worst], "xshift": 6 * side, "xanchor": "right" if side < 0 else "left", "y": 100 * fraction}
    figure |= {"yanchor": "top" if below else "middle", "text": fmt.percent(100 * fraction, 2), "font": {"size": 11, "color": "--bv-down"}}
    return [plain | name, plain | figure]


def _deepest(drawdown: Sequence[float | None]) -> int:
    return min(range(len(drawdown)), key=lambda place: drawdown[place] or 0.0)
