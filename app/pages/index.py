"""The document around the Dash app, in the language of who asks. Its one own script sets the theme before the first paint."""

import base64
import hashlib
import html
from collections.abc import Callable, Sequence
from typing import Any

import dash
import orjson
from flask import request

from app.bundle import LATE, SCRIPT, THEME, Bundle, path_of
from app.speech import chosen
from components.format import date_pattern, months
from components.links import at
from components.words import _, script_words, speech

INDEX_STRING = """<!doctype html>
<html lang="{%language%}" data-theme="dark" data-bs-theme="dark" data-pair="{%pair%}" data-amounts="{%amounts%}" data-currency="{%currency%}"
  data-base="{%base%}" data-late="{%late%}">
  <head>
    {%metas%}
    <title>{%title%}</title>
    <script src="{%theme%}"></script>
    {%favicon%}
    <link rel="manifest" href="{%base%}/manifest.webmanifest">
    <link rel="apple-touch-icon" href="{%base%}/icons/192.png">
    <meta name="theme-color" content="#0a0c0f">
    <meta name="description" content="{%about%}">
    {%early%}
    <link rel="preload" as="fetch" crossorigin href="{%base%}/_dash-dependencies">
    <link rel="preload" as="fetch" crossorigin href="{%base%}/_dash-layout">
    {%css%}
  </head>
  <body>
    <noscript><p class="no-script">{%noscript%}</p></noscript>
    {%app_entry%}
    {%figures%}
    <script type="application/json" id="words">{%words%}</script>
    {%config%}
    {%scripts%}
    {%renderer%}
  </body>
</html>
"""
# A developer's check of the callbacks, over every page's layout and at each page load; a test does it instead.
UNASKED = frozenset({"validation_layout", "suppress_callback_exceptions"})


class Document(dash.Dash):
    """Dash with a document that is made for each request, of the production build where there is one."""

    bundle: Bundle | None = None
    early: Callable[[str, str], str]  # what of the page at a path, with a query, is shown before any script has run

    def _config(self) -> dict[str, Any]:
        """Dash's own, without what tells a stranger which software to look up and what a browser has no use for."""
        config: dict[str, Any] = super()._config()  # type: ignore[no-untyped-call]  # Dash does not say what it returns
        kept = {name: value for name, value in config.items() if "version" not in name or name == "disable_version_check"}
        parents = {space: {kind: props for kind, props in kinds.items() if props} for space, kinds in config["children_props"].items()}
        return {name: value for name, value in kept.items() if name not in UNASKED} | {
            "suppress_callback_exceptions": True,
            "children_props": parents,
        }

    def csp_hashes(self, hash_algorithm: str = "sha256") -> Sequence[str]:
        """Return the hashes of all scripts that stand in the document itself."""
        hashes: Sequence[str] = super().csp_hashes(hash_algorithm)
        if self.bundle is None:
            return hashes
        digest = hashlib.new(hash_algorithm, self.bundle.plotly_line().encode()).digest()
        return [f"'{hash_algorithm}-{base64.b64encode(digest).decode()}'"]  # the line that starts the renderer is in the build

    def interpolate_index(self, **parts: str) -> str:  # type: ignore[override]  # Dash gives the parts by name
        """Return the document: the parts that Dash made, and what depends on who asks."""
        page = INDEX_STRING
        waiting = parts.pop("app_entry").replace("Loading...", html.escape(_("Loading…")))
        # The figures last: in what a bot has named, nothing is put in the place of anything.
        shown = {"app_entry": waiting, "figures": self.early(request.path, request.query_string.decode(errors="replace"))}
        for name, value in (_personal() | parts | self._loaded(parts["scripts"]) | shown).items():
            page = page.replace("{%" + name + "%}", value)
        return page

    def _loaded(self, shipped: str) -> dict[str, str]:
        """Return what the document loads; of the libraries that 07-late.js fetches where they are needed, just the addresses."""
        tags = {path_of(tag[1]): tag for tag in SCRIPT.finditer(shipped)}
        late = {name: tags[path] for name, (_, path) in LATE.items()}
        for tag in late.values():
            shipped = shipped.replace(tag[0], "")
        if self.bundle is None:
            addresses = {name: tag[1] for name, tag in late.items()}
            return {"scripts": shipped, "late": _attribute(addresses), "theme": at("/assets/head/theme.js"), "early": ""}
        addresses = {name: self.bundle.address(key) for name, (key, _) in LATE.items()}
        own = {"late": _attribute(addresses), "theme": self.bundle.address(THEME)}
        return {"early": f"<script>{self.bundle.plotly_line()}</script>", **self.bundle.parts(shipped), **own}


def _personal() -> dict[str, str]:
    preferred = chosen()
    return {
        "language": speech().language,
        "pair": preferred.get("pair", "teal-coral"),
        "currency": html.escape(speech().currency or ""),
        "base": at(""),
        "amounts": "hidden" if preferred.get("hide_amounts") else "shown",
        "about": html.escape(_("What trading bots do, live")),
        "noscript": html.escape(_("BotV2 Dashboard needs JavaScript. The same data is in the REST API under /api/monitoring.")),
        "words": _for_scripts(),
    }


def _attribute(value: dict[str, str]) -> str:
    return html.escape(orjson.dumps(value).decode())


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
