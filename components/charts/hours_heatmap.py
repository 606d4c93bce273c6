"""Chart 17: what was earned by weekday and hour of exit."""

from collections.abc import Sequence
from datetime import datetime

from components import format as fmt
from components.charts.base import ALL_TRACES, Figure, chart_view
from components.charts.heat import Cells, heat_layout, heatmap
from components.charts.marks import Answer, note
from components.parts import View, empty
from components.words import _, plural, speech

HOURS = range(24)
LINE = {"width": 1.2, "color": "--bv-text-1"}


def hours_heatmap(answer: Answer) -> Figure | None:
    """Return the 7 × 24 cells of `answer` (`net_pnl`, `trades`, `currency`), the sign in each; None without a trade."""
    pnl, trades = answer["net_pnl"], answer["trades"]
    known = [value for row in pnl for value in row if value is not None]
    if not known:
        return None
    names = speech().conventions.days["format"]
    days, short = names["wide"], [names["abbreviated"][day] for day in range(7)]
    layout = heat_layout(_("P&L by hour and weekday"), _("hour of exit, UTC"), _("weekday"), 40) | {"meta": {"amounts": ALL_TRACES}}
    layout["xaxis"] |= {"tick0": 0, "dtick": 3, "autorangeoptions": {"minallowed": -0.5, "maxallowed": 23.5}}  # marks would widen it
    layout["yaxis"] |= {"autorangeoptions": {"minallowed": -0.5, "maxallowed": 6.5}}

    def told(day: int, hour: int) -> list[str]:
        count = plural("{n} trade", "{n} trades", trades[day][hour]).format(n=fmt.level(trades[day][hour]))
        value = fmt.change_money(pnl[day][hour], answer["currency"])
        return [f"hour:{day}-{hour}", f"{days[day]}, {hour:02}:00–{hour:02}:59", value, count]

    columns = [f"{hour:02}" for hour in HOURS]
    traces = heatmap(
        columns,
        short,
        pnl,
        max(map(abs, known)) or 1.0,
        customdata=[[told(day, hour) if trades[day][hour] else None for hour in HOURS] for day in range(7)],
        hovertemplate="%{customdata[1]}<br><b>%{customdata[2]}</b><br>%{customdata[3]}<extra></extra>",
        meta={"masked": {"hovertemplate": "%{customdata[1]}<br>%{customdata[3]}<extra></extra>"}},
    )
    return {"data": [*traces, _signs(columns, short, pnl)], "layout": layout}


def hours_heatmap_view(answer: Answer, _now: datetime) -> View:
    """Return the chart; its head says the currency and how many trades it is made of."""
    total = sum(map(sum, answer["trades"]))
    counted = plural("{n} trade", "{n} trades", total).format(n=fmt.level(total))
    nothing = empty(_("No closed trades"), _("The hours fill as trades close:"), "POST /api/trades")
    return chart_view(hours_heatmap(answer), note(answer["currency"], counted), nothing)


def _signs(columns: Sequence[str], rows: Sequence[str], cells: Cells) -> Figure:
    """Return a plus or a minus in each cell, which says what the colour says: marks, not text, as they stay where amounts are hidden."""
    places = [(hour, day) for day in range(7) for hour in HOURS if cells[day][hour]]
    marker = {"symbol": ["cross-thin" if (cells[day][hour] or 0) > 0 else "line-ew" for hour, day in places], "size": 4, "line": LINE}
    signs: Figure = {"type": "scatter", "mode": "markers", "hoverinfo": "skip", "marker": marker}
    return signs | {"x": [columns[hour] for hour, _day in places], "y": [rows[day] for _hour, day in places]}
