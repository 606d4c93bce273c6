"""Chart 11: the risk figures as a table, each with a traffic light that says by shape and word what its colour says."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from dash import html

from components import format as fmt
from components.charts.marks import Answer, note
from components.parts import DECORATION, View, empty, facts
from components.words import N_, _, plural

LIGHTS = (("success", N_("good")), ("warning", N_("fair")), ("critical", N_("poor")))


def _fraction(value: float) -> str:
    return fmt.percent(100 * value, 2)


def _signed(value: float) -> str:
    return fmt.change_percent(100 * value)


def _days(value: float) -> str:
    return plural("{n} day", "{n} days", value).format(n=fmt.level(value))


def _count(value: float) -> str:
    return fmt.level(value)


class Figure(NamedTuple):
    """A row: where the figure stands in the answer, its name, how it is shown, and from where on it is good and fair.

    Fair above good means that less is better. Without thresholds the figure is not judged.
    """

    name: str
    title: str
    show: Callable[[float], str]
    good: float | None = None
    fair: float | None = None


GROUPS: tuple[tuple[str, tuple[Figure, ...]], ...] = (
    (
        N_("Return"),
        (
            Figure("cumulative_return", N_("Return"), _signed),
            Figure("annual_return", N_("Return a year"), _signed, 0.1, 0.0),
            Figure("sharpe_ratio", N_("Sharpe ratio"), fmt.ratio, 1.0, 0.5),
            Figure("sortino_ratio", N_("Sortino ratio"), fmt.ratio, 1.5, 0.75),
            Figure("calmar_ratio", N_("Calmar ratio"), fmt.ratio, 1.0, 0.5),
            Figure("omega_ratio", N_("Omega ratio"), fmt.ratio, 1.25, 1.0),
            Figure("alpha", N_("Alpha a year"), _signed),
            Figure("beta", N_("Beta"), fmt.ratio),
        ),
    ),
    (
        N_("Risk"),
        (
            Figure("volatility", N_("Volatility a year"), _fraction, 0.2, 0.4),
            Figure("downside_volatility", N_("Downside volatility a year"), _fraction, 0.15, 0.3),
            Figure("var_95", N_("Value at risk, 95 % of days"), _signed, -0.02, -0.04),
            Figure("var_99", N_("Value at risk, 99 % of days"), _signed, -0.03, -0.06),
            Figure("cvar_95", N_("Mean of the worst 5 % of days"), _signed, -0.03, -0.06),
            Figure("parametric_var_95", N_("Value at risk, 95 %, if normal"), _signed, -0.02, -0.04),
            Figure("best_day", N_("Best day"), _signed),
            Figure("worst_day", N_("Worst day"), _signed),
        ),
    ),
    (
        N_("Drawdown"),
        (
            Figure("max_drawdown", N_("Largest drawdown"), _signed, -0.1, -0.2),
            Figure("current_drawdown", N_("Drawdown now"), _signed, -0.05, -0.1),
            Figure("longest_drawdown_days", N_("Longest drawdown"), _days, 30, 90),
            Figure("recovery_factor", N_("Recovery factor"), fmt.ratio, 2.0, 1.0),
        ),
    ),
    (
        N_("Trades"),
        (
            Figure("win_rate", N_("Win rate"), _fraction, 0.5, 0.4),
            Figure("profit_factor", N_("Profit factor"), fmt.ratio, 1.5, 1.0),
            Figure("payoff_ratio", N_("Average win to average loss"), fmt.ratio, 1.5, 1.0),
            Figure("expectancy", N_("Expectancy a trade"), fmt.change),
            Figure("sqn", N_("System quality number"), fmt.ratio, 2.0, 1.0),
            Figure("longest_winning_streak", N_("Most wins in a row"), _count),
            Figure("longest_losing_streak", N_("Most losses in a row"), _count),
        ),
    ),
)


def assessment(figure: Figure, value: float | None) -> int | None:
    """Return 0 for good, 1 for fair, 2 for poor; None for what is not known or not judged."""
    if value is None or figure.good is None or figure.fair is None:
        return None
    sign = -1 if figure.fair > figure.good else 1
    return 0 if sign * value >= sign * figure.good else 1 if sign * value >= sign * figure.fair else 2


def thresholds(figure: Figure) -> str:
    """Return from where on a figure counts as good and as fair, as a sentence."""
    if figure.good is None or figure.fair is None:
        return _("This figure is not judged")
    words = _("good up to {good}, fair up to {fair}") if figure.fair > figure.good else _("good from {good}, fair from {fair}")
    return words.format(good=figure.show(figure.good), fair=figure.show(figure.fair))


def risk_table(answer: Answer) -> html.Table | None:
    """Return the figures of `answer` (as `data.risk.Risk.metrics` has them) in groups; None without a day and a trade.

    A row opens the figure's details; its title says the thresholds.
    """
    if not answer["days"] and not answer["total_trades"]:
        return None
    heads = (_("Figure"), _("Value"), _("Assessment"))
    head = html.Thead(html.Tr([html.Th(words, scope="col", className="num" if words == heads[1] else "") for words in heads]))
    bodies = [
        html.Tbody([html.Tr(html.Th(_(title), scope="rowgroup", className="group")), *(_row(figure, answer) for figure in figures)])
        for title, figures in GROUPS
    ]
    return html.Table([head, *bodies], className="risk-table")


def risk_table_view(answer: Answer, _now: datetime) -> View:
    """Return the table; its head says how many days and trades it is made of, and in which currency."""
    table = risk_table(answer)
    if table is None:
        return View(None, empty(_("No risk figures"), _("They need returns of days and closed trades:"), "POST /api/trades"))
    days = plural("{n} day", "{n} days", answer["days"]).format(n=fmt.level(answer["days"]))
    trades = plural("{n} trade", "{n} trades", answer["total_trades"]).format(n=fmt.level(answer["total_trades"]))
    return View(note(answer["currency"], days, trades), table)


def _row(figure: Figure, answer: Answer) -> html.Tr:
    value = answer[figure.name]
    words = fmt.UNKNOWN if value is None else figure.show(value)
    money = " amount" if figure.name == "expectancy" else ""
    opens = html.Button(_(figure.title), type="button", className="row-button", **facts(detail=f"risk:{figure.name}"))
    cells = [html.Th(opens, scope="row"), html.Td(words, className=f"num{money}"), html.Td(_light(assessment(figure, value)))]
    return html.Tr(cells, title=thresholds(figure), **facts(detail=f"risk:{figure.name}", key=figure.name))


def _light(place: int | None) -> html.Span:
    if place is None:
        return html.Span(fmt.UNKNOWN, className="light")
    picture, word = LIGHTS[place]
    return html.Span([html.I(className=f"i i-{picture} s-{picture}", **DECORATION), _(word)], className="light")
