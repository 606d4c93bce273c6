"""Dash answers 500 to a malformed callback request, and to the name of a script that it does not know: look at it first."""

import dash
import orjson
from dash.exceptions import DependencyException
from flask import Response, request

from app.answers import refusal_response
from data.errors import Code, Refused


def guard_callbacks(app: dash.Dash) -> None:
    """Refuse a `POST /_dash-update-component` that is not a call of one of `app`'s callbacks."""

    @app.server.errorhandler(DependencyException)  # type: ignore[untyped-decorator]  # as below
    def unknown_script(_error: DependencyException) -> Response:
        return refusal_response(Refused(Code.NOT_FOUND, "there is nothing at this path"))

    @app.server.before_request  # type: ignore[untyped-decorator]  # Dash does not say that its server is a Flask
    def check() -> None:
        if request.path != "/_dash-update-component" or request.method != "POST":
            return
        if not request.is_json:
            raise Refused(Code.UNSUPPORTED_MEDIA_TYPE, "send the body as Content-Type: application/json")
        try:
            body = orjson.loads(request.get_data())
        except orjson.JSONDecodeError:
            raise Refused(Code.NOT_JSON, "the body is not JSON") from None
        if not _is_call(app, body):
            raise Refused(Code.BAD_REQUEST, "this is not a call of one of the page's callbacks")


def _is_call(app: dash.Dash, body: object) -> bool:
    if not isinstance(body, dict) or not isinstance(body.get("output"), str) or body["output"] not in app.callback_map:
        return False
    callback = app.callback_map[body["output"]]
    changed = body.get("changedPropIds", [])
    return (
        "callback" in callback  # without one it runs in the browser, and the server has nothing to call
        and isinstance(changed, list)
        and all(isinstance(item, str) for item in changed)
        and _fits(body.get("inputs"), callback["inputs"])
        and _fits(body.get("state", []), callback["state"])
        and _names(body.get("outputs"), body["output"])
    )


def _names(given: object, output: str) -> bool:
    """The outputs are told twice: as one text, and as the ends that it names, a list where it names several."""
    texts = output.strip(".").split("...") if output.startswith("..") else [output]
    ends = [given] if texts == [output] else given
    if not isinstance(ends, list) or not all(isinstance(end, dict) for end in ends):
        return False
    # What follows an @ tells callbacks apart that share an output.
    return [f"{end.get('id')}.{end.get('property')}".partition("@")[0] for end in ends] == [text.partition("@")[0] for text in texts]


def _fits(given: object, declared: list[dict[str, str]]) -> bool:
    """Each declared end has to be there, under its id and property, in order."""
    if not isinstance(given, list) or len(given) != len(declared):
        return False
    return all(
        isinstance(end, dict) and end.get("id") == wanted["id"] and end.get("property") == wanted["property"]
        for end, wanted in zip(given, declared, strict=True)
    )
