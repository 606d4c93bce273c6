"""Chart 9: a bar per UTC day, its return; the money where no starting balance is known."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from components import format as fmt
from components.charts.base import AMOUNTS, DAY_MS, Figure, base_layout, chart_view, signed_bar
from components.charts.marks import DAY, Answer, amounts_format, note, percents, rounded, signed_percents, unbalanced
from components.parts import View, empty
from components.words import _

BAR_WIDTH = 0.7 * DAY_MS  # plotly.js makes a single bar a millisecond wide


def daily_returns(answer: Answer) -> Figure | None:
    """Return the bars of `answer` (`days`, `returns` fractions or None, `pnl` in `currency`), up solid and down hatched; None without days.

    They show percent where some return is known, else the P&L. A bar's detail is its day.
    """
    days, money = list(answer["days"]), _in_money(answer)
    if not days:
        return None
    unit = answer["currency"] if money else "%"
    layout = base_layout(_("Daily P&L") if money else _("Daily returns"), _("day, UTC"), _("daily return, {unit}").format(unit=unit))
    layout["barmode"] = "overlay"
    layout["xaxis"] |= {"hoverformat": DAY, "nticks": 3, "tickangle": 0}
    layout["yaxis"] |= {"tickformatstops": AMOUNTS, "hoverformat": amounts_format(unit, signed=True)} if money else signed_percents()
    layout["meta"] = {"amounts": ["yaxis"] if money else []}
    values = rounded(answer["pnl"], fmt.currency_decimals(answer["currency"])) if money else percents(answer["returns"])
    shared: Figure = {"type": "bar", "width": BAR_WIDTH, "name": layout["title"]["text"], "hovertemplate": f"%{{y}}{fmt.THIN}{unit}<extra></extra>"}
    return {"data": [shared | bars for bars in _by_sign(days, values)], "layout": layout}


def daily_returns_view(answer: Answer, _now: datetime) -> View:
    """Return the chart, its unit in the head."""
    unit = answer["currency"] if _in_money(answer) else "%"
    nothing = empty(_("No daily returns yet"), _("They begin with the first closed trade or snapshot:"), "POST /api/trades")
    return chart_view(daily_returns(answer), note(unbalanced(answer), _("{unit}, UTC days").format(unit=unit)), nothing)


def _in_money(answer: Answer) -> bool:
    return all(value is None for value in answer["returns"])


def _by_sign(days: Sequence[str], values: Sequence[float | None]) -> Iterator[Figure]:
    """Yield a trace of the days that go up and one of those that go down: told apart bar by bar a year takes plotly.js four times as long."""
    for fell in (False, True):
        chosen = [(day, value) for day, value in zip(days, values, strict=True) if (value is not None and value < 0) == fell]
        if chosen:
            x, y = zip(*chosen, strict=True)
            marker = signed_bar(fell)
            marker["line"]["width"] = 1  # a bar of many days is thinner than a pixel
            yield {"x": list(x), "y": list(y), "customdata": [f"day:{day}" for day in x], "marker": marker}
