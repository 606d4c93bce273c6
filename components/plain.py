"""What of a page no callback touches, as JSON that the browser makes elements of (07-plain.js), and not as components of Dash.

Dash builds, wraps and watches each component, and each subscribes to every change of its store: a frame of six hundred made each load
and each update of a panel dear. What is left to Dash is what a callback names, what has behaviour of its own (stores, graphs, grids,
fields), and what stands around those.
"""

import copy
from collections.abc import Iterator, Set
from typing import Any, TypeAlias

import orjson
from dash.development.base_component import Component

Part: TypeAlias = list[Any]  # [tag, attributes, parts and texts …]

MARK = "data-plain"
HTML = "dash_html_components"
FIELD = ("dash_bootstrap_components", "Input")  # without an id nobody but a script reads it
ATTRIBUTES = {"htmlFor": "for"}  # of the others HTML does not mind the case; `className` is what botv2Make calls it


def plain(content: Any, named: Set[str]) -> Any:
    """Return `content` with as few components as may be: of what has no id in `named`, none but the outermost of each stretch.

    That one carries its content in `data-plain`. Components are copied where they change.
    """
    if isinstance(content, list | tuple):
        return [plain(part, named) for part in content]
    if not isinstance(content, Component):
        return content
    children = getattr(content, "children", None)
    if not any(isinstance(part, Component) for part in _parts(children)):
        return content
    made = copy.copy(content)
    if _is_plain(content, named):
        made.children = None
        setattr(made, MARK, orjson.dumps([_part(part) for part in _parts(children)]).decode())
    else:
        made.children = plain(children, named)
    return made


def _parts(children: Any) -> Iterator[Any]:
    """Yield what stands in a component, one after the other."""
    if isinstance(children, list | tuple):
        for part in children:
            yield from _parts(part)
    elif children is not None:
        yield children


def _is_plain(part: Any, named: Set[str]) -> bool:
    if not isinstance(part, Component):
        return True
    kind = (part._namespace, part._type)
    if getattr(part, "id", None) in named or not (kind[0] == HTML or (kind == FIELD and not hasattr(part, "id"))):
        return False
    return all(_is_plain(child, named) for child in _parts(getattr(part, "children", None)))


def _part(part: Any) -> Part | str:
    if not isinstance(part, Component):
        return str(part)
    given = part.to_plotly_json()["props"]  # type: ignore[no-untyped-call]  # Dash has no types for it
    children = [_part(child) for child in _parts(given.pop("children", None))]
    attributes = {ATTRIBUTES.get(name, name): value for name, value in given.items() if value is not None and value is not False}
    if part._type == FIELD[1]:
        attributes |= {"className": "form-control"}
    return [part._type.lower(), attributes, *children]
