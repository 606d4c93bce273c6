"""Chart 15: Sharpe ratio and volatility of the last days up to each day, one above the other."""

from collections.abc import Sequence
from datetime import datetime

from components import format as fmt
from components.charts.base import AXIS, TEXT, Figure, base_layout, chart_view
from components.charts.marks import DAY, Answer, caption, first_known, frame, note, percents, rounded
from components.parts import View, empty
from components.words import _

TOP, BOTTOM = [0.54, 0.94], [0, 0.4]  # over each there is room for its name


def rolling(answer: Answer) -> Figure | None:
    """Return the two lines of `answer` (`days`, `sharpe`, `volatility` a fraction a year; None before the `window` is full); None without any.

    The last values stand over the lines.
    """
    first = first_known(answer["sharpe"], answer["volatility"])
    days = list(answer["days"][first:])
    if not days:
        return None
    sharpe, volatility = rounded(answer["sharpe"][first:], 2), percents(answer["volatility"][first:])
    layout = base_layout(_("Rolling Sharpe ratio and volatility"), _("day, UTC"), _("Sharpe ratio"))
    layout["xaxis"] |= {"autorangeoptions": frame(days), "anchor": "y2", "nticks": 3, "tickangle": 0, "hoverformat": DAY}
    layout["yaxis"] |= {"domain": TOP, "nticks": 4, "hoverformat": ".2f"}
    layout["yaxis2"] = {**AXIS, "side": "right", "showline": False, "ticklabelstandoff": 4, "nticks": 4, "hoverformat": ".2f", "domain": BOTTOM}
    layout["yaxis2"] |= {"title": {"text": _("volatility, % a year"), "font": TEXT}, "rangemode": "tozero"}
    layout["hoversubplots"] = "axis"
    now = _("Sharpe ratio {value}").format(value=fmt.ratio(_last(sharpe)))
    yearly = _("Volatility {value} a year").format(value=fmt.percent(_last(volatility), 2))
    layout |= {"annotations": [caption(now, "y"), caption(yearly, "y2")], "meta": {"now": f"{now}, {yearly}"}}
    lines = [_line(days, sharpe, _("Sharpe ratio"), "y", ""), _line(days, volatility, _("Volatility"), "y2", f"{fmt.THIN}%")]
    return {"data": lines, "layout": layout}


def rolling_view(answer: Answer, _now: datetime) -> View:
    """Return the chart; in the head how many days a value is made of."""
    window = _("{n} days, annualised").format(n=fmt.level(answer["window"]))
    hint = _("It needs {n} days of returns:").format(n=fmt.level(answer["window"]))
    return chart_view(rolling(answer), note(window), empty(_("No rolling figures yet"), hint, "POST /api/trades"))


def _line(days: Sequence[str], values: Sequence[float | None], name: str, axis: str, unit: str) -> Figure:
    line: Figure = {"type": "scatter", "mode": "lines", "x": list(days), "y": list(values), "yaxis": axis, "name": name}
    return line | {"line": {"color": "--bv-accent", "width": 1.6}, "hovertemplate": f"{name} %{{y}}{unit}<extra></extra>"}


def _last(values: Sequence[float | None]) -> float | None:
    return next((value for value in reversed(values) if value is not None), None)
