"""The strip of counters over the panels."""

from datetime import datetime

from dash import html

from components import format as fmt
from components.parts import Record, View, time
from components.words import N_, _, woven

COUNTERS = (
    (N_("Events"), "total_events"),
    (N_("Signals"), "total_signals"),
    (N_("Positions"), "total_positions"),
    (N_("Alerts sent"), "total_alerts_sent"),
)


def statistics(counted: Record, now: datetime) -> View:
    """Return the counters of the monitor, the time of the last record in the head; "–" for one that is not known."""
    cells = [_cell(_("Open positions"), fmt.level(counted.get("active_positions")))]
    cells += [_cell(_(label), fmt.level(counted.get(name))) for label, name in COUNTERS]
    last = counted.get("last_update")
    note = html.Span(woven(_("as of {time}"), time=time(last, now)) if last else _("nothing recorded yet"), className="as-of")
    return View(note, html.Dl(cells, className="strip"))


def _cell(label: str, value: str) -> html.Div:
    return html.Div([html.Dt(label), html.Dd(value)])
