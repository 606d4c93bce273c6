"""Which addresses from a bot become links."""

import unicodedata
from urllib.parse import urlsplit


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
