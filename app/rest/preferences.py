"""The preferences API, `/api/preferences`: what a signed-in person has chosen for herself."""

from typing import Annotated, Any

from pydantic import Field

from app.answers import success
from app.rest.endpoint import Call, Endpoint
from app.rest.shapes import Data, Said, Shape
from data.edits import Body
from data.entries import Row
from data.errors import Code, Refused
from data.preferences import KNOWN


class PreferenceIn(Body):
    """A preference's new value; what it may be depends on the name."""

    value: Any


class ChosenPreferences(Shape):
    """What the person has chosen."""

    preferences: Annotated[dict[str, Any], Field(description=f"Name -> value. The names: {', '.join(KNOWN)}; what was never chosen is missing")]


class KeptPreference(Shape):
    """A preference as it is kept."""

    name: str
    value: Any


def get_preferences(call: Call) -> Row:
    """Return what the person who is signed in has chosen."""
    return success(data={"preferences": call.desk.preferences.of(_person(call))})


def put_preference(call: Call, name: str) -> Row:
    """Remember a choice of the person who is signed in; other people's are untouched."""
    return success(data={"name": name, "value": call.desk.preferences.put(_person(call), name, call.body.value)})


def remove_preference(call: Call, name: str) -> Row:
    """Forget a choice of the person who is signed in."""
    there = call.desk.preferences.remove(_person(call), name)
    return success(message="forgotten" if there else "nothing was chosen")


def _person(call: Call) -> int:
    if not call.principal.is_session:
        raise Refused(Code.FORBIDDEN, "preferences belong to people: sign in; a token has none")
    return call.principal.number


ENDPOINTS = (
    Endpoint("GET", "", "read", get_preferences, returns=Data[ChosenPreferences]),
    Endpoint("PUT", "/<path:name>", "read", put_preference, body=PreferenceIn, returns=Data[KeptPreference]),
    Endpoint("DELETE", "/<path:name>", "read", remove_preference, returns=Said),
)
