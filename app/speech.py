"""Who is spoken to how: each request says first whose language, number format and time zone its answer has."""

from typing import Any

from flask import Flask, g, request
from werkzeug.datastructures import LanguageAccept

from app.gate import principal
from components.words import LANGUAGES, Speech, speak
from data.accounts import Principal
from data.errors import Refused
from data.preferences import AUTO, Preferences
from data.times import zones

Chosen = dict[str, Any]


def install(flask: Flask, preferences: Preferences, zone: str) -> None:
    """Say before every request to `flask` for whom it is; `zone` is for who has chosen none.

    It is said anew each time, so that no thread goes on with what the one before it was told.
    """

    @flask.before_request
    def listen() -> None:
        g.chosen = _chosen(preferences, principal())
        speak(wanted(g.chosen, _asked_for(request.accept_languages), zone))


def chosen() -> Chosen:
    """Return the preferences of who sends the current request."""
    found: Chosen = g.get("chosen", {})
    return found


def wanted(preferred: Chosen, browser: str | None, zone: str) -> Speech:
    """Return how to speak: as a person prefers, else as the browser asks, else in English and in the server's time zone."""
    language = _or_else(preferred.get("language"), browser or "en")
    preferred_zone = preferred.get("time_zone")
    # A store that has moved to another machine may name a zone that is unknown there.
    zone = preferred_zone if preferred_zone in zones() else zone
    return Speech(language, _or_else(preferred.get("number_format"), language), zone, preferred.get("currency"))


def _asked_for(accepted: LanguageAccept) -> str | None:
    """Return the first of the browser's languages that is spoken; a dialect counts as its language."""
    return next((found for tag, quality in accepted if quality > 0 and (found := tag.partition("-")[0].lower()) in LANGUAGES), None)


def _or_else(preferred: str | None, otherwise: str) -> str:
    return otherwise if preferred in {None, AUTO} else str(preferred)


def _chosen(preferences: Preferences, who: Principal | None) -> Chosen:
    if who is None or not who.is_session:
        return {}
    try:
        return preferences.of(who.number)
    except Refused:
        return {}  # the store cannot be read: the page that says so must not fail for it
