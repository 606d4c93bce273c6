"""What a panel is: a row that names its data, its question and its drawing, and what a person can do with it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from components.ids import Id, key_of
from components.parts import View, nothing_in_range
from components.preferred import in_preferred_currency
from components.words import _
from data.scope import Selection

if TYPE_CHECKING:
    from data.desk import Desk

# What is made of trades can be narrowed by what a trade is; what is made of an account's worth only by whose it is.
OF_TRADES = ("range", "strategy", "asset_class", "status", "direction", "outcome", "min_pnl", "max_pnl", "min_return", "max_return", "risk")
OF_ACCOUNTS = ("range", "strategy")
OF_STRATEGIES = ("range", "strategy", "asset_class", "direction", "outcome", "min_pnl", "max_pnl", "min_return", "max_return", "risk")


class Panel(NamedTuple):
    """A panel, and how it is filled.

    Attributes:
        id: its card's; other ids follow from it.
        title: in English, marked with `N_`; `heading` is what is shown.
        version: which kind of data redraws it.
        question: what it asks the desk, about what the page's address selects for it.
        draw: how the answer looks.
        follows: whether it is asked again when the address's query changes.
        is_chart: whether `draw` returns a figure; such a panel can be exported, shown as a table and taken as a picture.
        is_timeline: whether its x axis is time, so that it can carry annotations.
        brushes: whether a range that is dragged in it is applied to the page.
        filters: which fields of `Selection` can be set for it alone.
        reads: what its question gets of the address's query and the panel's name in it.
    """

    id: Id
    title: str
    version: Id
    question: Callable[["Desk", Any], Any]
    draw: Callable[[Any, datetime], View]
    follows: bool = True
    is_chart: bool = False
    is_timeline: bool = False
    brushes: bool = False
    filters: tuple[str, ...] = ()
    reads: Callable[[str | None, str], Any] = Selection.parse

    @property
    def key(self) -> str:
        """Return the panel's name in addresses."""
        return key_of(self.id)

    @property
    def heading(self) -> str:
        """Return the title in the language that is spoken."""
        return _(self.title)

    def ask(self, desk: "Desk", search: str | None) -> Any:
        """Return the desk's answer about what an address's query selects, in the person's currency where it names none."""
        chosen = self.reads(search, self.key)
        return self.question(desk, in_preferred_currency(desk, chosen) if isinstance(chosen, Selection) else chosen)

    def shown(self, answer: Any, now: datetime) -> View:
        """Return how an answer looks; one that is empty because of the range or the filters says so."""
        if isinstance(answer, Mapping) and answer.get("filtered_out"):
            return View(None, nothing_in_range())
        return self.draw(answer, now)
