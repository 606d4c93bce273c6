"""Addresses: which ones from a bot become links, and how a question stands in one."""

import unicodedata
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlencode, urlsplit

from data.scope import listed

_base: ContextVar[str] = ContextVar("base", default="")


def stand_under(base: str) -> None:
    """Stand under the sub-path `base` from here on in this request, "" for none."""
    _base.set(base)


def at(path: str) -> str:
    """Return the address of one of the program's own paths: ``at("/trades")``, which a proxy may serve as ``/desk/trades``."""
    return _base.get() + path


def path_in(address: str) -> str:
    """Return which of the program's own paths an address's path means; what stands under no sub-path means itself."""
    base = _base.get()
    return address[len(base) :] or "/" if address == base or address.startswith(base + "/") else address


def safe_url(url: object) -> str | None:
    """Return `url` when it is https, where it leads when it is a path on this server, else None: it then stays text.

    The records refuse other addresses too; this is the second lock, for what another version may have stored.
    """
    if not isinstance(url, str) or "\\" in url or any(unicodedata.category(character)[0] in "CZ" for character in url):
        return None
    if url.startswith("/"):
        return None if url.startswith("//") else at(url)
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme == "https" and parts.hostname else None


def query(scope: Any) -> str:
    """Return the fields that a scope sets, as the query of an address."""
    given = scope.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    return urlencode({name: listed(value) if isinstance(value, list) else value for name, value in given.items()})
