"""What a table is filtered by, as pills that take a filter away."""

from collections.abc import Mapping

from dash import html

from components.parts import facts, icon, named
from components.words import _
from data.scope import parted


def pills(key: str, own: Mapping[str, str], names: Mapping[str, str], words: Mapping[str, str]) -> list[html.Button]:
    """Return a pill for each filter of the table `key`; pressed, it leaves the address (address.js).

    Args:
        key: the panel's name in addresses.
        own: the filters, field -> value as the address has it.
        names: how a field is told, with a place for its ``{value}``, marked with `N_`.
        words: of the values that have words, marked with `N_`.
    """
    found = []
    for field, value in own.items():
        values = (value,) if field.endswith("_has") or field == "q" else parted(value)  # what a person has typed is one
        shown = ", ".join(_(words.get(one.lower(), one)) for one in values)
        text = _(names[field]).format(value=shown)
        remove = facts(set=f"{key}.{field}", value="")
        told = named(_("Remove the filter: {text}").format(text=text))
        found.append(html.Button([text, icon("close")], type="button", className="chart-pill", **told, **remove))
    return found
