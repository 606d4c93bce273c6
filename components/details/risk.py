"""The detail of a risk figure: what it means, how it is computed, of what, and whether that is good."""

from datetime import datetime
from typing import TYPE_CHECKING

from dash import html

from components import format as fmt
from components.charts.base import Figure
from components.charts.drawdown import drawdown
from components.charts.risk_table import GROUPS, LIGHTS, assessment, thresholds
from components.charts.risk_table import Figure as Row
from components.charts.rolling import rolling
from components.charts.var_histogram import var_histogram
from components.details.base import Detail, Kind, exported, figure_of, pairs, range_words, section
from components.details.risk_words import OF_A_YEAR, WORDS
from components.parts import Record, chip, icon
from components.words import N_, _
from data.errors import Code, Refused
from data.scope import Selection

if TYPE_CHECKING:
    from data.desk import Desk

FIGURES = {figure.name: figure for _title, figures in GROUPS for figure in figures}
CAPTIONS = {
    "drawdown": N_("Drawdown"),
    "rolling": N_("Rolling Sharpe ratio and volatility"),
    "histogram": N_("Distribution of daily returns"),
}
DRAWN = {"drawdown": drawdown, "rolling": rolling, "histogram": var_histogram}
OF_BENCHMARK = {"alpha", "beta"}


def _question(desk: "Desk", name: str, selection: Selection) -> Record:
    if name not in FIGURES:
        raise Refused(Code.NOT_FOUND, "there is no risk figure of this name")
    chart = WORDS[name].chart
    return {
        "name": name,
        "figures": desk.risk.metrics(selection.returns()),
        "chart": None if chart is None else getattr(desk.analytics, chart)(selection),
        "range": range_words(selection),
        "export": exported(f"/api/details/risk:{name}", selection),
    }


def _draw(answer: Record, _now: datetime) -> Detail:
    row, words, known = FIGURES[answer["name"]], WORDS[answer["name"]], answer["figures"]
    value = known[row.name]
    shown = fmt.UNKNOWN if value is None else row.show(value)
    money = row.name == "expectancy"
    unit = html.Span(known["currency"] if money else None, className="unit")
    headline = html.P([html.Span(shown, className="num amount" if money else "num"), unit, _light(row, value)], className="headline")
    return Detail(
        title=_(row.title),
        note=chip(answer["range"]),
        body=[headline, html.P(_(words.meaning)), section(_("How it is computed"), _formula(words.formula, words.source)), _inputs(row, known)],
        figure=_figure(words.chart, answer["chart"]),
        caption=None if words.chart is None else _(CAPTIONS[words.chart]),
        export=answer["export"],
    )


def _light(row: Row, value: float | None) -> html.Span | None:
    place = assessment(row, value)
    if place is None:
        return None
    picture, word = LIGHTS[place]
    return html.Span([icon(picture, f"s-{picture}"), _(word)], className="light")


def _formula(formula: str, source: str | None) -> html.Div:
    said = [html.P(_(OF_A_YEAR), className="sec")] if "N" in formula else []
    said += [] if source is None else [html.P(_("Source: {source}").format(source=source), className="sec")]
    return html.Div([html.P(html.Code(formula), className="formula"), *said])


def _inputs(row: Row, known: Record) -> html.Div:
    benchmark = (_("Benchmark"), known["benchmark"] or _("none is chosen")), (_("Days in common"), figure_of(fmt.level(known["benchmark_days"])))
    return section(
        _("What it is made of"),
        pairs(
            (_("Days with a return"), figure_of(fmt.level(known["days"]))),
            (_("Trading days of a year"), figure_of(fmt.level(known["trading_days"]))),
            (_("First day"), fmt.day(known["first_day"])),
            (_("Last day"), fmt.day(known["last_day"])),
            (_("Closed trades"), figure_of(fmt.level(known["total_trades"]))),
            (_("Currency"), known["currency"]),
            *(benchmark if row.name in OF_BENCHMARK else ()),
            (_("Thresholds"), thresholds(row)),
        ),
    )


def _figure(chart: str | None, answer: Record | None) -> Figure | None:
    return None if chart is None or answer is None else DRAWN[chart](answer)


def _rows(_desk: "Desk", answer: Record) -> list[Record]:
    known, name = answer["figures"], answer["name"]
    inputs = ("days", "trading_days", "first_day", "last_day", "total_trades", "benchmark", "benchmark_days", "currency")
    return [{"figure": name, "value": known[name], **{each: known[each] for each in inputs}}]


RISK = Kind(_question, _draw, _rows, ("trades", "portfolio", "strategies"), N_("There is no risk figure of this name."))
