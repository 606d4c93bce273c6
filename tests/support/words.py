"""A language that nobody speaks: every translated text stands in ⟦brackets⟧, so that what has none was never translated."""

import re
from collections.abc import Iterator
from typing import Any

from babel import Locale
from dash.development.base_component import Component

from components import words

BEGIN, END = "⟦", "⟧"
DATA = "§"  # how the tests begin every name and text that a bot has sent
ATTRIBUTES = ("title", "placeholder", "alt", "aria-label", "aria-description", "data-confirm", "label")
UNSPOKEN = ("Code", "Pre", "Kbd", "Script", "Store")  # what is meant for machines, or is the same in every language
IN_FIGURES = {"text", "name", "hovertemplate", "title", "labels", "ticktext", "label"}
IN_FORMS = {"legend", "submit", "done", "label", "fields", "choices"}
MONTHS = {name for language in words.LANGUAGES for width in ("abbreviated", "wide") for name in Locale(language).months["format"][width].values()}
NAMES = (
    "BotV2 Dashboard", "BotV2", "DEMO", "UTC", "USD", "API", "CSV", "JSON", "PNG", "SVG", "MIT", "SQLite", "sqlite", "PostgreSQL", "Python", "curl",
    "freqtrade", "Dash", "dash-bootstrap-components", "dash-ag-grid", "dash", "plotly.js", "plotly", "AG Grid Community", "React", "Bootstrap",
    "Socket.IO", "pandas", "numpy", "flask-socketio", "flask", "sqlalchemy", "gunicorn", *words.LANGUAGES.values(),
)  # fmt: skip  # a list
# Names, codes and units are the same in all four languages; what is data or a place for a value is nobody's to translate.
SAME = re.compile(
    rf"{DATA}[^\s,;·<]*|%\{{[^}}]*\}}|<[^>]*>|--bv-[\w/.-]+|\bv?\d+(\.\d+)+|\b\d+[smhdwM]\b|(?<=\u202f)(ms|s|MB|kB|GB|B|MiB|min|h)\b|&[a-z]+;"
    rf"|\b({'|'.join(map(re.escape, sorted({*NAMES, *MONTHS}, key=len, reverse=True)))})(?!\w)"
)


class _Wrapped(dict[str, Any]):
    """Has a translation of everything."""

    def __init__(self, wrap: Any) -> None:
        self.wrap = wrap

    def get(self, text: str, _default: Any = None) -> Any:
        return self.wrap(_default if isinstance(_default, tuple) else text)


def pseudo(_language: str) -> Any:
    """Return what stands for `components.words._words` under the pseudo-language."""
    return words._Words(_Wrapped(bracketed), _Wrapped(lambda forms: tuple(map(bracketed, forms))), {})


def bracketed(text: str) -> str:
    """Return a text as the pseudo-language says it."""
    return f"{BEGIN}{text}{END}"


def untranslated(content: Any) -> list[str]:
    """Return every text with a letter in `content` (components, as a page shows them) that is neither translated nor data."""
    shown: list[str] = []
    attributes: list[str] = []
    for part in _walk(content):
        if isinstance(part, Component):
            given = part.to_plotly_json()["props"]
            attributes += [given[name] for name in ATTRIBUTES if isinstance(given.get(name), str)]
            attributes += _options(given.get("options"))
        else:
            shown.append(str(part))
    return [*_bare("\0".join(shown)), *(rest for text in attributes for rest in _bare(text))]


def untranslated_in_figure(figure: Any) -> list[str]:
    """Return the same for a figure: titles, names, texts and what is said on hover."""
    return [rest for text in _texts(figure, shown=False) for rest in _bare(text)]


def _walk(content: Any) -> Iterator[Any]:
    if isinstance(content, list | tuple):
        for part in content:
            yield from _walk(part)
    elif isinstance(content, Component):
        yield content
        if type(content).__name__ not in UNSPOKEN:
            yield from _walk(getattr(content, "children", None))
            yield from _walk(getattr(content, "label", None))
    elif isinstance(content, dict):
        for name in IN_FORMS & content.keys():
            yield from _walk(content[name])
    elif content is not None:
        yield content


def _options(options: Any) -> list[str]:
    return [str(option["label"]) for option in options or [] if isinstance(option, dict)]


def _texts(value: Any, *, shown: bool) -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _texts(item, shown=name in IN_FIGURES)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item, shown=shown)
    elif shown and isinstance(value, str):
        yield value


def _bare(text: str) -> list[str]:
    """Return what stands outside of all brackets and is no data, if it holds letters. A text may be woven of several parts."""
    kept, depth = [""], 0
    for character in text:
        if character == BEGIN:
            depth += 1
            kept.append("")
        elif character == END:
            depth -= 1
        elif depth == 0:
            kept[-1] += character
    pieces = [SAME.sub(" ", piece) for part in kept for piece in part.split("\0")]
    return [piece.strip() for piece in pieces if re.search(r"[^\W\d_]{2}", piece)]
