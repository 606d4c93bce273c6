"""A panel's content as HTML: what draw.js makes of the same JSON, for the document, which is read before any script runs."""

from html import escape
from string import ascii_uppercase
from typing import Any

from components.links import safe_url
from components.plain import HTML

NAMES = {"className": "class", "dateTime": "datetime"}  # of the others HTML does not mind the case
HYPHENS = str.maketrans({letter: f"-{letter.lower()}" for letter in ascii_uppercase})  # "maskImage" is "mask-image"


def markup(content: Any) -> str:
    """Return `content`, components as JSON, as HTML, all of whose texts are escaped. Raises ValueError for what is no element of HTML."""
    if content is None:
        return ""
    if isinstance(content, list):
        return "".join(map(markup, content))
    if not isinstance(content, dict):
        return escape(str(content))
    if content["namespace"] != HTML:
        raise ValueError(f"{content['namespace']}.{content['type']} is no element of HTML")
    props, tag = content["props"], content["type"].lower()
    attributes = "".join(_attribute(name, value) for name, value in props.items() if name != "children")
    return f"<{tag}{attributes}>{markup(props.get('children'))}</{tag}>"


def _attribute(name: str, value: Any) -> str:
    if name == "href":
        value = safe_url(value)
    if name == "style":
        value = ";".join(f"{part.translate(HYPHENS)}:{given}" for part, given in value.items())
    return "" if value is None else f' {NAMES.get(name, name)}="{escape(str(value))}"'
