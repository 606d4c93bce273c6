"""The cards of the settings page."""

from typing import Any

from dash import html

from components.parts import button, facts, icon, named
from components.switches import THEMES, switch, theme_button
from components.tokens import token_form

MAY_NOT = "Your role may look at everything but change nothing, so it makes no tokens. Ask an operator or an admin."


def appearance() -> html.Section:
    """Return the choice of the theme, remembered in this browser."""
    buttons = [html.Button([icon(picture), label], type="button", className="btn-line", **theme_button(name)) for name, label, picture in THEMES]
    return _card("Appearance", html.Div(buttons, className="choices", role="group", **named("Theme")), "Kept in this browser.")


def notifications() -> html.Section:
    """Return the switches for browser notifications and sound on alerts; alerts.js asks for the permission when one is pressed."""
    switches = [
        button("Browser notifications", "bell", **switch("notifications")),
        button("Sound", "sound", **switch("sound")),
    ]
    words = "A notification per alert and browser, also with several tabs open. Kept in this browser."
    return _card("Alerts", html.Div([*switches, html.P(role="status", className="sec", **facts(said="notifications"))], className="choices"), words)


def tokens(may_control: bool) -> html.Section:
    """Return the card of the API tokens, for who may have them; for others the reason why it is empty."""
    words = "A bot reports with a token. The server keeps only its fingerprint."
    return _card("API tokens", token_form() if may_control else html.P(MAY_NOT, className="sec"), words, "wide")


def demo_data() -> html.Section:
    """Return the button that removes everything that demo bots have reported."""
    question = facts(confirm="Remove everything that the demo bots have reported? It does not come back.", post="/api/monitoring/demo/remove")
    return _card("Demo data", button("Remove demo data", "broom", "danger", **question), "Bots whose name begins with “demo-”.", "needs-control")


def _card(title: str, content: Any, hint: str, extra: str = "") -> html.Section:
    head = html.Div([html.H2(title), html.Span(hint, className="as-of")], className="card-head")
    return html.Section([head, html.Div(content, className="card-body")], className=f"card settings-card {extra}".strip(), **named(title))
