"""The cards of the settings page; what stands in them that only the server knows is in `components.personal`."""

from collections.abc import Sequence

from dash import html

from components import format as fmt
from components.ids import Id
from components.links import at
from components.parts import Content, button, facts, icon, named, plain_card
from components.personal import formats_form
from components.switches import PAIRS, THEMES, amounts_switch, pair_button, switch, theme_button
from components.tokens import token_form
from components.words import N_, _

MAY_NOT = N_("Your role may look at everything but change nothing, so it makes no tokens. Ask an operator or an admin.")
LICENCES = (
    ("Bootstrap", "MIT", "/assets/vendor/bootstrap.LICENSE.txt"),
    ("Socket.IO", "MIT", "/assets/vendor/socket.io.LICENSE.txt"),
    ("Dash, dash-bootstrap-components, plotly.js, AG Grid Community, React", "MIT", None),
)


def appearance() -> html.Section:
    """Return the choices of theme and colours and the switch that hides amounts; head/theme.js does them at once."""
    themes = [html.Button([icon(picture), _(label)], type="button", className="btn-line", **theme_button(name)) for name, label, picture in THEMES]
    pairs = [html.Button(_(label), type="button", className="btn-line", **pair_button(name)) for name, label in PAIRS]
    hide = html.Button([icon("eye"), _("Hide amounts")], type="button", className="btn-line", **amounts_switch())
    choices = [
        _choice(_("Theme"), themes),
        _choice(_("Colours of up and down"), [*pairs, _sample()]),
        _choice(_("On screens that others see"), [hide]),
    ]
    return _card(_("Appearance"), choices, _("Kept in this browser; colours and hidden amounts also for your next one."))


def _sample() -> html.Span:
    """What the chosen colours look like; a figure of nothing."""
    up, down = f"▲ {fmt.change_percent(1.28)}", f"▼ {fmt.change_percent(-1.28)}"
    return html.Span([_("Example:"), " ", html.Span(up, className="up"), " ", html.Span(down, className="down")], className="sec sample")


def _choice(label: str, buttons: Sequence[html.Button | html.Span]) -> html.Div:
    return html.Div([html.P(label, className="form-label"), html.Div(buttons, className="choices", role="group", **named(label))], className="choice")


def formats() -> html.Section:
    """Return the choice of language, formats, time zone and currency, for this person in every browser."""
    return _card(_("Language and formats"), formats_form(), _("Kept with your account."))


def notifications() -> html.Section:
    """Return the switches for browser notifications and sound on alerts; alerts.js asks for the permission when one is pressed."""
    switches = [
        button(_("Browser notifications"), "bell", **switch("notifications")),
        button(_("Sound"), "sound", **switch("sound")),
    ]
    words = _("A notification per alert and browser, also with several tabs open. Kept in this browser.")
    return _card(
        _("Alerts"), html.Div([*switches, html.P(role="status", className="sec", **facts(said="notifications"))], className="choices"), words
    )


def tokens(may_control: bool) -> html.Section:
    """Return the card of the API tokens, for who may have them; for others the reason why it is empty."""
    words = _("A bot reports with a token. The server keeps only its fingerprint.")
    return _card(_("API tokens"), token_form() if may_control else html.P(_(MAY_NOT), className="sec"), words, "wide")


def account() -> html.Section:
    """Return the place of a person's own account: password, second factor, sessions."""
    return _card(_("Your account"), html.Div(id=Id.PEOPLE_ACCOUNT), _("How you sign in, and where you are signed in."), "wide")


def users() -> html.Section:
    """Return the place of the list of users, for who may see it."""
    return _card(_("Users"), html.Div(id=Id.SETTINGS_USERS), _("Who may sign in."), "wide")


def retention() -> html.Section:
    """Return the place of what is kept how long."""
    return _card(_("Retention"), html.Div(id=Id.SETTINGS_RETENTION), _("What the server keeps, and how long."), "wide")


def demo_data() -> html.Section:
    """Return the button that removes everything that demo bots have reported."""
    question = _("Remove everything that the demo bots have reported? It does not come back.")
    asks = facts(confirm=question, post="/api/monitoring/demo/remove")
    return _card(_("Demo data"), button(_("Remove demo data"), "broom", "danger", **asks), _("Bots whose name begins with “demo-”."), "needs-control")


def about(release: str) -> html.Section:
    """Return which version this is, where its API is described, and under which licences its parts are."""
    parts = [html.Li([html.A(name, href=at(path)) if path else name, f": {licence}"]) for name, licence, path in LICENCES]
    links = html.P([html.A(_("Description of the API"), href=at("/api/docs")), " · ", html.A(_("State of the server"), href=at("/health"))])
    words = html.P(_("Fonts are those of your system. Parts and their licences:"), className="sec")
    return _card(
        _("About"), [html.P(["BotV2 Dashboard ", html.B(release)]), links, words, html.Ul(parts, className="licences")], _("Which version this is.")
    )


def _card(title: str, content: Content, hint: str, extra: str = "") -> html.Section:
    return plain_card(title, content, hint, f"settings-card {extra}".strip())
