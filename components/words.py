"""The words, numbers and moments of the person who looks: language, number format and time zone.

Whoever answers a request says once for whom (`speaking`); `_` and the functions of `components.format` then speak so. A text
stands in the code in English and in `components/languages/<language>.po` translated; a constant of a module is marked
with `N_` and translated with `_` where it is shown.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale as Conventions
from babel.messages.pofile import read_po

LANGUAGES = {"en": "English", "es": "Español", "de": "Deutsch", "fr": "Français"}
FOLDER = Path(__file__).parent / "languages"
SCRIPTS = "app/assets/"  # where the texts are that scripts speak


@dataclass(frozen=True)
class Speech:
    """How one person is spoken to.

    Attributes:
        language: of the texts, a key of `LANGUAGES`.
        numbers: the language by whose conventions numbers and dates are written.
        zone: the name of the time zone in which moments are shown.
        currency: in which a person would like to see figures where there are several; None: no matter.
    """

    language: str = "en"
    numbers: str = "en"
    zone: str = "UTC"
    currency: str | None = None

    @property
    def conventions(self) -> Conventions:
        """Return the names of days and months, and the signs in numbers."""
        return _conventions(self.numbers)

    @property
    def tz(self) -> ZoneInfo:
        """Return the time zone."""
        return ZoneInfo(self.zone)


PLAIN = Speech()
_speech: ContextVar[Speech] = ContextVar("speech", default=PLAIN)


def speech() -> Speech:
    """Return how the person is spoken to for whom this request is answered."""
    return _speech.get()


def speak(wanted: Speech) -> None:
    """Speak so from here on in this request."""
    _speech.set(wanted)


@contextmanager
def speaking(wanted: Speech) -> Iterator[None]:
    """Speak so for a while."""
    token = _speech.set(wanted)
    try:
        yield
    finally:
        _speech.reset(token)


def N_(text: str) -> str:
    """Return `text` as it is; marks it as one to translate."""
    return text


def _(text: str) -> str:
    """Return `text` in the language that is spoken, in English where it has no translation."""
    return _words(_speech.get().language).texts.get(text, text)


def plural(one: str, many: str, number: float) -> str:
    """Return the form of a text for a number: ``plural("{n} trade", "{n} trades", 3)``; the caller puts the number in."""
    language = _speech.get().language
    forms = _words(language).forms.get(one, (one, many))
    singular = number < 2 if language == "fr" else number == 1
    return forms[0] if singular else forms[1]


def woven(text: str, **parts: Any) -> list[Any]:
    """Return a translated text whose places are filled by elements: ``woven(_("as of {time}"), time=html.Time(…))``."""
    pieces = re.split(r"\{(\w+)\}", text)
    return [parts[piece] if place % 2 else piece for place, piece in enumerate(pieces) if place % 2 or piece]


def script_words(language: str) -> dict[str, str]:
    """Return the translations of the texts that scripts speak."""
    return _words(language).of_scripts


@dataclass(frozen=True)
class _Words:
    """The translations of one language: single texts, those with two forms, and of the first those that scripts speak."""

    texts: dict[str, str]
    forms: dict[str, tuple[str, ...]]
    of_scripts: dict[str, str]


@cache
def _words(language: str) -> _Words:
    found = _Words({}, {}, {})
    path = FOLDER / f"{language}.po"
    if language == "en" or not path.exists():
        return found
    with path.open("rb") as file:
        catalog = read_po(file, locale=language)
    for message in catalog:
        if not message.id or not message.string:
            continue
        if not isinstance(message.id, str):
            if all(message.string):
                found.forms[message.id[0]] = tuple(message.string)
            continue
        found.texts[message.id] = str(message.string)
        if any(place.startswith(SCRIPTS) for place, _line in message.locations):
            found.of_scripts[message.id] = str(message.string)
    return found


@cache
def _conventions(language: str) -> Conventions:
    return Conventions.parse(language)
