"""How an endpoint does a change by a person."""

from collections.abc import Callable

from flask import request

from app.answers import success
from app.rest.endpoint import Call
from data.edits import Action
from data.entries import Row


def editor(action: Action, about: str) -> Callable[..., Row]:
    """Return the answer of an endpoint that does `action`, which `about` describes, and gives back the row as it is then."""

    def edit(call: Call, record_id: int | None = None) -> Row:
        answer: Row = call.desk.edit(
            action,
            call.principal,
            request.remote_addr or "",
            target=record_id,
            body=call.body,
            bot=getattr(call.body, "bot", None),
            retry=call.retry,
            answer=lambda outcomes: success(data=outcomes[0].record),
        )
        return answer

    edit.__doc__ = about
    return edit
