"""The drill-down dialog: one for all kinds of detail, filled when it is opened. details.js opens, fills and closes it."""

from typing import Any

from dash import dcc, html

from components.charts.card import graph_config
from components.details import KINDS
from components.ids import Id, body_of, graph_of
from components.parts import button, facts, icon, menu, skeleton
from components.words import _


def detail_dialog() -> html.Dialog:
    """Return the dialog, empty."""
    labelled: dict[str, Any] = {"aria-labelledby": Id.DETAIL_TITLE}
    body = html.Div(
        [
            html.Div(skeleton(6), className="sheet-wait"),
            html.Div(className="sheet-lead"),
            _chart(),
            html.Div(className="sheet-content"),
            html.Div(className="sheet-form needs-control"),
        ],
        className="sheet-body",
        tabIndex=0,
        role="group",
        **labelled,
    )
    stores = [dcc.Store(id=Id.DETAIL_WANTED), dcc.Store(id=Id.DETAIL_DRAWING)]
    return html.Dialog([*stores, _head(), body, _foot()], id=Id.DETAIL, className="sheet detail", **labelled, **facts(kinds=" ".join(KINDS)))


def _head() -> html.Div:
    steps = [
        button(_("Previous in the list"), "chevron", "step-back", wordless=True, **facts(step="-1")),
        button(_("Next in the list"), "chevron", "step-on", wordless=True, **facts(step="1")),
    ]
    close = button(_("Close"), "close", wordless=True, **facts(close="true"))
    title = html.H2(id=Id.DETAIL_TITLE, tabIndex=-1)
    rest = [html.Div(className="sheet-note"), html.Span(className="grow"), html.Div(steps, className="sheet-steps"), close]
    return html.Div([title, *rest], className="sheet-head")


def _chart() -> html.Section:
    """The parts that chart.js looks for in a panel: a frame with the graph, and what stands in its place without a figure."""
    config: Any = graph_config()
    frame = html.Div(dcc.Graph(id=graph_of(Id.DETAIL_CHART), config=config, className="graph"), className="chart", hidden=True, role="img")
    return html.Section(
        [html.P(className="sheet-heading"), frame, html.Div(id=body_of(Id.DETAIL_CHART))], id=Id.DETAIL_CHART, className="sheet-chart"
    )


def _foot() -> html.Div:
    links = [html.A(name.upper(), href="#", download="", **facts(format=name, export="detail")) for name in ("csv", "json")]
    export = menu(_("Export what is shown"), [icon("download"), html.Span(_("Export"))], links, "up")
    copy = button(_("Copy link"), "copy", **facts(copy_link="true"))
    said = html.P(role="status", className="sheet-said")
    return html.Div([html.Div(className="sheet-actions"), said, html.Span(className="grow"), copy, export], className="sheet-foot")
