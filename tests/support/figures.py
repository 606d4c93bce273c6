"""What the tests of charts look at in a figure."""

from collections.abc import Iterator
from typing import Any


def leaves(part: Any) -> Iterator[Any]:
    """Yield every value of a figure, however deep."""
    if isinstance(part, dict):
        part = list(part.values())
    if isinstance(part, list):
        for item in part:
            yield from leaves(item)
    else:
        yield part


def coloured(part: Any) -> Any:
    """Return the figure as plotly.js gets it, with one colour for all tokens."""
    if isinstance(part, dict):
        return {name: coloured(value) for name, value in part.items()}
    if isinstance(part, list):
        return [coloured(item) for item in part]
    return "rgb(1, 2, 3)" if isinstance(part, str) and part.startswith("--bv-") else part
