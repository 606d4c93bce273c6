"""Chart 9: a bar per UTC day, its return; the money where no starting balance is known."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from components import format as fmt
from components.charts.base import AMOUNTS, DAY_MS, Figure, base_layout, chart_view, signed_bars
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
    layout["xaxis"]["hoverformat"] = DAY
    layout["yaxis"] |= {"tickformatstops": AMOUNTS, "hoverformat": amounts_format(unit, signed=True)} if money else signed_percents()
    layout["meta"] = {"amounts": ["yaxis"] if money else []}
    values = rounded(answer["pnl"], fmt.currency_decimals(answer["currency"])) if money else percents(answer["returns"])
    bars: Figure = {"type": "bar", "x": days, "y": values, "width": BAR_WIDTH, "customdata": [f"day:{day}" for day in days]}
    bars |= {"name": layout["title"]["text"], "marker": _marker(values), "hovertemplate": f"%{{y}}{fmt.THIN}{unit}<extra></extra>"}
    return {"data": [bars], "layout": layout}


def daily_returns_view(answer: Answer, _now: datetime) -> View:
    """Return the chart, its unit in the head."""
    unit = answer["currency"] if _in_money(answer) else "%"
    nothing = empty(_("No daily returns yet"), _("They begin with the first closed trade or snapshot:"), "POST /api/trades")
    return chart_view(daily_returns(answer), note(unbalanced(answer), _("{unit}, UTC days").format(unit=unit)), nothing)


def _in_money(answer: Answer) -> bool:
    return all(value is None for value in answer["returns"])


def _marker(values: Sequence[float | None]) -> dict[str, Any]:
    """What `signed_bars` says, in numbers for colours: the names of tokens would be half of the weight of some years."""
    down = [value is not None and value < 0 for value in values]
    colours = {"color": [int(not fell) for fell in down], "colorscale": [[0, "--bv-down"], [1, "--bv-up"]], "cmin": 0, "cmax": 1}
    pattern = signed_bars([])["pattern"] | {"shape": ["/" if fell else "" for fell in down]}
    return colours | {"pattern": pattern, "line": colours | {"width": 1}}
