"""What several charts put into or beside their picture: names, tags, short amounts, thinned lines, keys of a legend."""

import html as markup
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import numpy as np
from dash import html
from dash.development.base_component import Component

from components import format as fmt
from components.charts.base import Figure, local
from components.parts import DECORATION, named
from components.words import _
from data.curve import thinned

Answer: TypeAlias = Mapping[str, Any]
DAY, MOMENT = "%-d %b %Y", "%-d %b %Y %H:%M"
SIZES = ((1e9, "G"), (1e6, "M"), (1e3, "k"))
DASH_AVERAGE, DASH_BENCHMARK, DASH_LIMIT = "4px,3px", "1.5px,3px", "6px,4px"


def name_of(text: str, longest: int = 60) -> str:
    """Return a bot's text for a picture, at most so many characters of it: plotly.js reads tags, and a name has none.

    What is too long loses its middle: versions of a strategy differ at the end.
    """
    if len(text) > longest:
        end = longest // 3
        text = f"{text[: longest - 1 - end]}…{text[-end:]}"
    return markup.escape(text, quote=False)


def stamps(moments: Sequence[str]) -> list[str]:
    """Return ISO moments as the shown time zone's wall clock, to the second: nothing shorter can be seen, and they are most of a figure's weight."""
    return [moment[:19] for moment in local(moments)]


def frame(moments: Sequence[str]) -> dict[str, Any]:
    """Return how long a time axis is: from the first to the last of `moments` (as shown), a day around a single one."""
    if moments[0] != moments[-1]:
        return {"clipmin": moments[0], "clipmax": moments[-1]}
    only, half = datetime.fromisoformat(moments[0]), timedelta(hours=12)
    return {"include": [(only - half).isoformat(), (only + half).isoformat()]}


def short(value: float, currency: str, *, signed: bool = False, whole: float = 1e6, largest: float = 0.0) -> str:
    """Return an amount for a picture: ``121,784``, ``1.26M``; shortened from `whole` on, with a sign where it is a change.

    Beside others it has as many decimals as the `largest` of them, unless it is less than one.
    """
    write, size = (fmt.change if signed else fmt.level), abs(value)
    for unit, letter in SIZES:
        if size >= max(unit, whole):
            return write(value / unit, 2 if unit > 1e3 else 1) + letter
    size = max(size, abs(largest)) if size >= 1 else size
    telling = 0 if size >= 100 or not size else max(2, 4 - math.floor(math.log10(size)))
    return write(value, min(telling, fmt.currency_decimals(currency)))


def amounts_format(currency: str, *, signed: bool = False) -> str:
    """Return the format by which plotly.js writes an amount on hover, with the minus of its axes."""
    return f"{'+' if signed else ''},.{fmt.currency_decimals(currency)}f"


def percents(fractions: Iterable[float | None], decimals: int = 2) -> list[float | None]:
    """Return fractions in percent, with the decimals that are shown."""
    return rounded((None if value is None else 100 * value for value in fractions), decimals)


def rounded(values: Iterable[float | None], decimals: int) -> list[float | None]:
    """Return values with the decimals that are shown."""
    return [None if value is None else round(value, decimals) for value in values]


def signed_percents() -> dict[str, Any]:
    """Return what an axis of changes in percent adds: signs, but none for zero."""
    return {"tickformat": "+~g", "labelalias": {"+0": "0"}, "hoverformat": "+.2f", "tickformatstops": []}


def thin(values: Sequence[float | None], points: int, kept: Sequence[int] = ()) -> list[int]:
    """Return the places of at most `points` values that look like all of them, gaps counting as zero."""
    filled = np.array([0.0 if value is None else value for value in values])
    return [int(place) for place in thinned(filled, points, list(kept))]


def tag(text: str, value: float, axis: str = "y") -> dict[str, Any]:
    """Return the annotation that shows a line's last value on the value axis."""
    place = {"xref": "paper", "x": 1, "xanchor": "left", "yref": axis, "y": value, "yanchor": "middle", "showarrow": False, "xshift": 3}
    return place | {"text": text, "bgcolor": "--bv-accent", "borderpad": 3, "font": {"size": 11, "color": "--bv-on-accent"}}


def caption(text: str, axis: str) -> dict[str, Any]:
    """Return the annotation that says over an axis' upper left corner what it shows; it comes after the tags."""
    place = {"xref": "paper", "x": 0, "xanchor": "left", "yref": f"{axis} domain", "y": 1, "yanchor": "bottom", "showarrow": False}
    return place | {"text": text, "borderpad": 0, "font": {"size": 11, "color": "--bv-text-2"}}


def level_line(value: float) -> dict[str, Any]:
    """Return the dotted line at a line's last value."""
    place = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "yref": "y", "y0": value, "y1": value}
    return place | {"line": {"color": "--bv-accent/0.7", "width": 1, "dash": "1px,3px"}}


def words(x: Sequence[Any], y: Sequence[Any], text: Sequence[str], position: Any, colour: Any, **more: Any) -> Figure:
    """Return a trace of words at points; annotations are for the values that screen readers are told."""
    trace = {"type": "scatter", "mode": "text", "x": list(x), "y": list(y), "text": list(text), "textposition": position}
    return trace | {"textfont": {"size": 11, "color": colour}, "hoverinfo": "skip", "cliponaxis": False} | more


def sign_key(text: str, glyph: str, colour: str) -> html.Span:
    """Return one key of a legend: a sign in the colour of a token, and what it is."""
    return html.Span([html.I(glyph, style={"color": f"var({colour})", "fontStyle": "normal"}, **DECORATION), text], className="legend")


def note(*parts: Component | str | None) -> list[Component]:
    """Return what stands in a chart's head; texts as small grey words."""
    return [html.Span(part, className="as-of") if isinstance(part, str) else part for part in parts if part]


def unbalanced(answer: Answer) -> html.Span | None:
    """Return how many accounts are left out for want of a starting balance; their names on hover. None where none is."""
    names = answer.get("without_balance") or []
    if not names:
        return None
    said = _("Without a starting balance, so not in this chart: {names}").format(names=", ".join(names))
    return html.Span(_("{n} left out").format(n=fmt.level(len(names))), className="as-of", title=said, **named(said))


def unbalanced_hint(answer: Answer) -> str:
    """Return what an empty chart of returns lacks: a balance where there are trades, else trades."""
    return _("A return needs a starting balance:") if answer.get("without_balance") else _("It begins with the first closed trade or snapshot:")


def unbalanced_call(answer: Answer) -> str:
    """Return the call that gives an empty chart of returns what it lacks."""
    return "POST /api/portfolio/starting-balance" if answer.get("without_balance") else "POST /api/trades"


def first_known(*series: Sequence[float | None]) -> int:
    """Return the first place at which one of the series has a value; their length where none has."""
    return min(next((place for place, value in enumerate(values) if value is not None), len(values)) for values in series)
