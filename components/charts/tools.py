"""What can be done with a chart: the menu in its card's head, and the dialogs that serve all charts.

chart-menu.js, chart-filters.js and annotations.js fill the dialogs and do what is pressed.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from components.ids import Id
from components.links import at
from components.panels.base import Panel
from components.parts import DECORATION, facts, icon, menu, named, pressed
from components.words import N_, _
from data.scope import Selection

EXPORTS = ("csv", "json")
PICTURES = ("png", "svg")
RANGES = {
    "": N_("As the page"),
    "24h": N_("24 hours"),
    "7d": N_("7 days"),
    "30d": N_("30 days"),
    "90d": N_("90 days"),
    "ytd": N_("This year"),
    "all": N_("All time"),
    "custom": N_("From … to …"),
}
OUTCOMES = {"": N_("All"), "winner": N_("Winners"), "loser": N_("Losers"), "breakeven": N_("Break-even")}
STATUSES = {"": N_("All"), "open": N_("Open"), "closed": N_("Closed")}
DIRECTIONS = {"": N_("Both"), "long": N_("Long"), "short": N_("Short")}
ASSET_CLASSES = {"crypto": N_("Crypto"), "forex": N_("Forex"), "commodity": N_("Commodities"), "equity": N_("Equities"), "other": N_("Other")}
RISKS = {"low": N_("Low"), "medium": N_("Medium"), "high": N_("High"), "unknown": N_("Unknown")}
NOTE_TYPES = {"custom": N_("Note"), "news": N_("News"), "trade": N_("Trade"), "signal": N_("Signal")}
NOTE_COLOURS = {"": N_("Blue"), "warn-fill": N_("Amber"), "crit": N_("Red"), "ok": N_("Green"), "series-6": N_("Violet")}


def chart_menu(panel: Panel) -> html.Details:
    """Return the menu of a chart's card; chart-menu.js keeps the links' query as the page's."""
    items: list[Component | None] = [
        _item("filter", _("Filter…")) if panel.filters else None,
        _item("table", _("Show as table")),
        _item("annotate", _("Add annotation"), "needs-control") if panel.is_timeline else None,
        _item("range", _("Select range…")) if panel.brushes else None,
        *(html.A(name.upper(), href=at(f"/api/charts/{panel.key}?format={name}"), download="", **facts(export=panel.key)) for name in EXPORTS),
        *(_item(name, name.upper()) for name in PICTURES),
    ]
    label = _("What can be done with {chart}").format(chart=panel.heading)
    return menu(label, html.Span("⋯", className="more", **DECORATION), [item for item in items if item is not None], "chart-menu")


def _item(action: str, label: str, extra: str = "") -> html.Button:
    return html.Button(label, type="button", className=f"menu-item {extra}".strip(), **facts(chart=action))


def chart_dialogs() -> list[html.Dialog]:
    """Return the dialogs, one of each kind for all charts; the scripts fill them when they are opened."""
    return [_filters(), _table(), _range(), _note()]


def _dialog(id: Id, title: str, body: Sequence[Component], foot: Sequence[Component], **more: str) -> html.Dialog:
    """A form that a script reads: nothing is sent by itself. A fault stands between the fields and the buttons."""
    close = html.Button(icon("close"), type="button", className="btn-flat", title=_("Close"), **named(_("Close")), **facts(sheet="close"))
    head = html.Div([html.H2(title), html.Span(className="grow"), close], className="sheet-head")
    fault = html.P(className="fault", hidden=True, role="alert")
    parts = [head, html.Div([*body, fault], className="sheet-body", tabIndex=0, role="group", **named(title)), html.Div(foot, className="sheet-foot")]
    return html.Dialog(html.Form(parts, noValidate="noValidate"), id=id, className="sheet chart-sheet", **named(title), **facts(**more))


def _button(label: str, *, action: str = "", main: bool = False) -> html.Button:
    kind = "submit" if main else "button"
    return html.Button(label, type=kind, className="btn-main" if main else "btn-line", **(facts(sheet=action) if action else {}))


# --- the filters -----------------------------------------------------------------------------------------------


def _filters() -> html.Dialog:
    preset = html.Fieldset(
        [
            html.Legend(_("Saved filters")),
            html.Div(className="preset-list"),
            html.Div([_input(_("Name"), "preset", maxLength=80), _button(_("Save these"), action="save")], className="preset-new"),
        ],
        className="presets",
    )
    fields = [
        _field("range", _("Time range"), [_select(_("Range"), "range", RANGES), *_moments()]),
        _field("strategy", _("Strategies"), [html.Div(className="choices-list", **facts(choices="strategy"))]),
        _field("benchmark", _("Benchmark"), [_select(_("Symbol"), "benchmark", {"": N_("none")})]),
        _field("asset_class", _("Asset class"), [_chips("asset_class", ASSET_CLASSES)]),
        _field("outcome", _("Outcome"), [_select(_("Trades"), "outcome", OUTCOMES)]),
        _field("min_pnl", _("P&L"), [_amount(_("At least"), "min_pnl"), _amount(_("At most"), "max_pnl")]),
        _field("min_return", _("Return, %"), [_amount(_("At least"), "min_return"), _amount(_("At most"), "max_return")]),
        _field("risk", _("Planned risk"), [_chips("risk", RISKS)]),
        _field("status", _("Trade status"), [_select(_("Status"), "status", STATUSES)]),
        _field("direction", _("Direction"), [_select(_("Side"), "direction", DIRECTIONS)]),
        preset,
    ]
    foot = [_button(_("Clear"), action="clear"), html.Span(className="grow"), _button(_("Apply"), main=True)]
    return _dialog(Id.CHART_FILTERS, _("Filter"), fields, foot, fields=",".join(Selection.model_fields))


def _field(name: str, title: str, inputs: Sequence[Component]) -> html.Fieldset:
    return html.Fieldset([html.Legend(title), html.Div(inputs, className="field-inputs")], **facts(field=name))


def _labelled(label: str, field: Component) -> html.Label:
    return html.Label([html.Span(label), field])


def _input(label: str, name: str, **more: Any) -> html.Label:
    return _labelled(label, dbc.Input(name=name, autoComplete="off", **more))


def _amount(label: str, name: str) -> html.Label:
    return _input(label, name, type="text", inputMode="decimal", maxLength=30)


def _moments() -> list[html.Label]:
    """Both ends of a range, in the shown time zone."""
    return [_input(label, name, type="datetime-local", step="1") for label, name in ((_("From"), "start"), (_("To"), "end"))]


def _select(label: str, name: str, options: Mapping[str, str]) -> html.Label:
    # A select of Dash has no value to be set from here; the script sets and reads it.
    return _labelled(label, html.Select([html.Option(_(text), value=value) for value, text in options.items()], name=name, className="form-control"))


def _chips(name: str, options: Mapping[str, str]) -> html.Div:
    chips = [html.Button(_(text), type="button", className="filter-chip", **facts(choice=value), **pressed(False)) for value, text in options.items()]
    return html.Div(chips, className="filter-chips", **facts(choices=name))


# --- table, range, annotation ------------------------------------------------------------------------------------


def _table() -> html.Dialog:
    body = [
        html.P(className="table-count", role="status"),
        html.Div(className="table-scroll chart-rows", tabIndex=0, role="group", **named(_("Rows"))),
        html.Div(className="chart-notes"),
    ]
    links: list[Component] = [html.A(name.upper(), href="#", download="", className="btn-line", **facts(export="chart")) for name in EXPORTS]
    return _dialog(Id.CHART_TABLE, _("Table"), body, [*links, html.Span(className="grow"), _button(_("Close"), action="close")])


def _range() -> html.Dialog:
    foot = [_button(_("Show all"), action="reset"), html.Span(className="grow"), _button(_("Apply"), main=True)]
    return _dialog(Id.CHART_RANGE, _("Select range"), [_zone_line(), html.Div(_moments(), className="field-inputs")], foot)


def _note() -> html.Dialog:
    text = _labelled(_("Text"), html.Textarea(name="text", rows=3, maxLength=500, className="form-control"))
    moment = _input(_("Moment"), "date", type="datetime-local", step="1")
    looks = html.Div([_select(_("Kind"), "type", NOTE_TYPES), _select(_("Colour"), "color", NOTE_COLOURS)], className="field-inputs")
    foot: list[Component] = [_button(_("Delete"), action="delete"), html.Span(className="grow"), _button(_("Save"), main=True)]
    return _dialog(Id.CHART_NOTE, _("Annotation"), [_zone_line(), moment, text, looks], foot)


def _zone_line() -> html.P:
    return html.P(className="zone-line")
