"""Chart 8: drawdown, the underwater line with the warning level."""

from datetime import datetime

from components import format as fmt
from components.charts.base import Figure, base_layout, chart_view
from components.charts.marks import MOMENT, Answer, frame, note, stamps, unbalanced, unbalanced_call, unbalanced_hint
from components.charts.underwater import underwater, underwater_axis, underwater_words
from components.parts import View, empty
from components.words import _, speech


def drawdown(answer: Answer) -> Figure | None:
    """Return the underwater line of `answer` (`timestamps` ISO, `drawdown` fractions <= 0 or None, `warning`); None without any.

    The deepest point is a detail of its own.
    """
    known, fractions = _known(answer), answer["drawdown"]
    if not known:
        return None
    moments = stamps(answer["timestamps"])
    layout = base_layout(_("Drawdown"), _("time, {zone}").format(zone=speech().zone), "")
    layout["xaxis"] |= {"autorangeoptions": frame(moments), "hoverformat": MOMENT}
    layout["yaxis"] = underwater_axis(answer["warning"])
    layout["annotations"] = underwater_words(moments, fractions, answer["warning"])
    layout["meta"] = {"now": fmt.percent(100 * known[-1], 2)}
    return {"data": underwater(moments, fractions, answer["warning"], 2000), "layout": layout}


def drawdown_view(answer: Answer, _now: datetime) -> View:
    """Return the chart; in the head how deep it is now."""
    known = _known(answer)
    now = _("{value} now").format(value=fmt.percent(100 * known[-1], 2)) if known else None
    nothing = empty(_("No drawdown yet"), unbalanced_hint(answer), unbalanced_call(answer))
    return chart_view(drawdown(answer), note(unbalanced(answer), now), nothing)


def _known(answer: Answer) -> list[float]:
    return [value for value in answer["drawdown"] if value is not None]
