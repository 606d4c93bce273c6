"""Chart 14: the return of each month, a calendar with the year's total.

Months go down and years across: thirteen figures of two decimals stand side by side on no phone.
"""

from datetime import datetime
from typing import Any

from components import format as fmt
from components.charts.base import Figure, base_layout, chart_view
from components.charts.heat import heatmap
from components.charts.marks import Answer, note, percents, unbalanced, unbalanced_call, unbalanced_hint
from components.parts import View, empty
from components.words import _

YEARS = 6  # the newest: more columns than that have no room for their figures
FEWEST = 3  # columns: a single year would be as wide as the chart
WIDE_YEARS = 5  # so many have room for two decimals


def monthly_returns(answer: Answer) -> Figure | None:
    """Return the heatmap of `answer` (`years`: `year`, `months` twelve fractions or None, `total`), percent in each cell; None without returns.

    The deepest colour is that of the largest month; the last row holds the totals. A cell's detail is its month.
    """
    years = answer["years"][-YEARS:]
    columns = [percents([*year["months"], year["total"]]) for year in years]
    known = [abs(value) for column in columns for value in column[:12] if value is not None]
    if not known:
        return None
    layout = base_layout(_("Monthly returns"), _("year, UTC"), _("month"), "category")
    layout["margin"] = {"l": 48, "r": 8, "t": 24, "b": 4}
    layout["hovermode"] = "closest"
    labels, cells = [str(year["year"]) for year in years], list(zip(*columns, strict=True))
    layout["xaxis"] |= {"side": "top", "tickvals": labels, "tickangle": 0, "showspikes": False, "showline": False}
    layout["xaxis"]["autorangeoptions"] = {"minallowed": -0.5, "maxallowed": max(len(years), FEWEST) - 0.5}
    layout["yaxis"] |= {"type": "category", "side": "left", "autorange": "reversed", "showgrid": False, "showspikes": False, "dtick": 1}
    decimals = 2 if len(years) <= WIDE_YEARS else 1
    text = [["" if value is None else fmt.change(value, decimals) for value in row] for row in cells]
    text[-1] = [f"<b>{total}</b>" for total in text[-1]]
    details = [*([f"month:{label}-{month:02d}" for label in labels] for month in range(1, 13)), [None] * len(labels)]
    said: dict[str, Any] = {"text": text, "texttemplate": "%{text}", "customdata": details, "name": _("return, %")}
    said["textfont"] = {"size": 11, "color": "--bv-text-1"}
    said["hovertemplate"] = f"%{{y}} %{{x}}: %{{text}}{fmt.THIN}%<extra></extra>"
    names = [*fmt.months(), f"<b>{_('Total')}</b>"]
    return {"data": heatmap(labels, names, cells, max(known) or 1.0, **said), "layout": layout}


def monthly_returns_view(answer: Answer, _now: datetime) -> View:
    """Return the chart, its unit in the head."""
    nothing = empty(_("No monthly returns yet"), unbalanced_hint(answer), unbalanced_call(answer))
    years = answer["years"]
    unit = _("%, UTC months") if len(years) <= YEARS else _("%, UTC months since {year}").format(year=years[-YEARS]["year"])
    return chart_view(monthly_returns(answer), note(unbalanced(answer), unit), nothing)
