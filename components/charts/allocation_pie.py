"""Chart 12: the open positions' value by symbol, and the cash beside it."""

from collections import defaultdict
from datetime import datetime

from components import format as fmt
from components.charts.base import ALL_TRACES, Figure, chart_view, plain_layout, series_colour
from components.charts.marks import Answer, name_of, note, short
from components.parts import View, empty
from components.words import _, plural

MOST = 8
SMALL = 6.0  # percent
ROUNDING = 1e-9


def allocation_pie(answer: Answer) -> Figure | None:
    """Return a slice per symbol of `answer` (`positions`, `cash`, `currency`), at most eight and "other"; None without any value.

    Cash, where it is known and above zero, is a slice of its own in no series' colour.
    """
    worth: dict[str, float] = defaultdict(float)
    for one in answer["positions"]:
        worth[one["symbol"]] += abs(one["value"] or 0.0)
    ranked = sorted(((value, symbol) for symbol, value in worth.items() if value), key=lambda item: (-item[0], item[1]))
    slices: list[tuple[str, float, str | None, str]] = [
        (name_of(symbol, 8), value, f"symbol:{symbol}", series_colour(place)) for place, (value, symbol) in enumerate(ranked[:MOST])
    ]
    cash = answer["cash"] or 0.0
    rest = (answer["total"] or 0.0) - cash - sum(value for value, _symbol in ranked[:MOST])  # with the positions that the answer leaves out
    if rest > ROUNDING * abs(answer["total"] or 0.0):
        slices.append((_("other"), rest, None, "--bv-border-3"))
    if cash > 0:
        slices.append((_("cash"), cash, None, "--bv-chart-axis"))
    if not slices:
        return None
    names, values, references, colours = (list(column) for column in zip(*slices, strict=True))
    currency, whole = answer["currency"], sum(values)
    shares = [100 * value / whole for value in values]
    trace: Figure = {"type": "pie", "labels": names, "values": values, "hole": 0.62, "sort": False, "direction": "clockwise"}
    trace |= {"texttemplate": "%{label} %{percent:.2~p}", "textposition": "outside", "textfont": {"size": 11, "color": "--bv-text-2"}}
    trace |= {"rotation": _rotation(shares), "domain": {"x": [0.3, 0.7], "y": [0.12, 0.88]}}
    trace["marker"] = {"colors": colours, "line": {"width": 2, "color": "--bv-bg-2"}}
    told = _("{name}<br>value <b>{value}</b><br>{share} of all")
    trace["meta"] = {"masked": {"hovertemplate": "%{label} %{percent:.2~p}<extra></extra>"}}
    parts = zip(names, values, shares, strict=True)
    trace["hovertext"] = [told.format(name=name, value=fmt.money(value, currency), share=fmt.percent(share, 2)) for name, value, share in parts]
    trace |= {"customdata": references, "hovertemplate": "%{hovertext}<extra></extra>"}
    layout = plain_layout(_("Allocation by symbol"))
    layout |= {"uniformtext": {"minsize": 9, "mode": "show"}, "meta": {"amounts": ALL_TRACES}}
    middle = f"<b>{short(whole, currency)}</b><br>{currency}"
    layout["annotations"] = [{"text": middle, "x": 0.5, "y": 0.5, "showarrow": False, "font": {"size": 12, "color": "--bv-text-1"}}]
    return {"data": [trace], "layout": layout}


def allocation_pie_view(answer: Answer, _now: datetime) -> View:
    """Return the chart; its head says the currency, how many positions are open, and whether the cash is known."""
    count, cash = len(answer["positions"]) + answer["not_shown"], answer["cash"]
    counted = plural("{n} position", "{n} positions", count).format(n=fmt.level(count))
    owed = _("cash unknown") if cash is None else _("cash below zero") if cash < 0 else None
    nothing = empty(_("No open positions and no cash"), _("A slice appears as soon as a bot sends"), "POST /api/monitoring/positions/update")
    return chart_view(allocation_pie(answer), note(answer["currency"], counted, owed), nothing)


def _rotation(shares: list[float]) -> float:
    """Return by how much to turn the pie for its small slices to lie at the left, where their labels have room below each other."""
    small = [place for place, share in enumerate(shares) if share < SMALL]
    if not small:
        return 0.0
    before = sum(shares[: small[0]])
    within = sum(shares[small[0] : small[-1] + 1])
    return round(270 - 3.6 * (before + within / 2), 1)
