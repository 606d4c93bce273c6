"""The lines beside a chart's title that name its lines."""

from dash import html

from components.parts import DECORATION

STYLES = {"solid": "solid", "dot": "dotted"}


def line_key(text: str, colour: str, dash: str) -> html.Span:
    """Return a short line in the colour of a token, dashed as plotly.js calls it (or nearly so), and what it stands for."""
    line = html.I(className="key-line", style={"borderTop": f"2px {STYLES.get(dash, 'dashed')} var({colour})"}, **DECORATION)
    return html.Span([line, html.Span(text, className="cut")], className="legend", title=text)
