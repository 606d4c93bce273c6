"""Addresses: which ones from a bot become links, and how a question stands in one."""

import unicodedata
from typing import Any
from urllib.parse import urlencode, urlsplit

from data.scope import listed


def safe_url(url: object) -> str | None:
    """Return `url` when it is https or a path on this server, else None: it then stays text.

    The records refuse other addresses too; this is the second lock, for what another version may have stored.
    """
    if not isinstance(url, str) or "\\" in url or any(unicodedata.category(character)[0] in "CZ" for character in url):
        return None
    if url.startswith("/"):
        return None if url.startswith("//") else url
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme == "https" and parts.hostname else None


def query(scope: Any) -> str:
    """Return the fields that a scope sets, as the query of an address."""
    given = scope.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    return urlencode({name: listed(value) if isinstance(value, list) else value for name, value in given.items()})
