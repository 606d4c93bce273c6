"""The document around the Dash app, in the language of who asks. Its one own script sets the theme before the first paint."""

import html
from typing import Any

import dash
import orjson

from app.speech import chosen
from components.format import date_pattern, months
from components.links import at
from components.words import _, script_words, speech

INDEX_STRING = """<!doctype html>
<html lang="{%language%}" data-theme="dark" data-bs-theme="dark" data-pair="{%pair%}" data-amounts="{%amounts%}" data-currency="{%currency%}"
  data-base="{%base%}">
  <head>
    {%metas%}
    <title>{%title%}</title>
    <script src="{%base%}/assets/head/theme.js"></script>
    {%favicon%}
    {%css%}
  </head>
  <body>
    <noscript><p class="no-script">{%noscript%}</p></noscript>
    {%app_entry%}
    <script type="application/json" id="words">{%words%}</script>
    {%config%}
    {%scripts%}
    {%renderer%}
  </body>
</html>
"""


class Document(dash.Dash):
    """Dash with a document that is made for each request."""

    def _config(self) -> dict[str, Any]:
        """Dash's own, without what tells a stranger which software to look up; its renderer in a browser reads none of that."""
        config: dict[str, Any] = super()._config()  # type: ignore[no-untyped-call]  # Dash does not say what it returns
        return {name: value for name, value in config.items() if "version" not in name or name == "disable_version_check"}

    def interpolate_index(self, **parts: str) -> str:  # type: ignore[override]  # Dash gives the parts by name
        """Return the document: the parts that Dash made, and what depends on who asks."""
        page = INDEX_STRING
        waiting = parts.pop("app_entry").replace("Loading...", html.escape(_("Loading…")))
        for name, value in (_personal() | parts | {"app_entry": waiting}).items():
            page = page.replace("{%" + name + "%}", value)
        return page


def _personal() -> dict[str, str]:
    preferred = chosen()
    return {
        "language": speech().language,
        "pair": preferred.get("pair", "teal-coral"),
        "currency": html.escape(speech().currency or ""),
        "base": at(""),
        "amounts": "hidden" if preferred.get("hide_amounts") else "shown",
        "noscript": html.escape(_("BotV2 Dashboard needs JavaScript. The same data is in the REST API under /api/monitoring.")),
        "words": _for_scripts(),
    }


def _for_scripts() -> str:
    """Return what 05-words.js speaks with, as JSON that ends no script element."""
    spoken = speech()
    known: dict[str, Any] = {
        "language": spoken.language,
        "numbers": spoken.numbers,
        "zone": spoken.zone,
        "date": date_pattern(),
        "months": months(),
        "words": script_words(spoken.language),
    }
    return orjson.dumps(known).decode().replace("<", "\\u003c")
