"""What a person's preferences add to a question."""

from typing import TYPE_CHECKING

from components.words import speech
from data.scope import Selection

if TYPE_CHECKING:
    from data.desk import Desk


def in_preferred_currency(desk: "Desk", selection: Selection) -> Selection:
    """Return the selection in the currency that the person prefers, where it names none and the store has money in that one."""
    preferred = speech().currency
    if preferred is None or selection.currency is not None or preferred not in desk.currencies():
        return selection
    return selection.model_copy(update={"currency": preferred})
