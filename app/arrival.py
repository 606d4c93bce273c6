"""From where a request really comes and whom it asks for: what proxies say counts only as far as the settings trust them."""

import re
from contextlib import suppress
from ipaddress import ip_address
from ssl import SSLSocket

from app.incoming import Environ
from data.errors import Code, Refused
from data.settings import Settings

FOR, PROTO = "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO"
# The socket server takes the host, and gunicorn the scheme, from such headers; nobody behind the gate may see any of them.
OTHERS = ("HOST", "PORT", "PREFIX", "SERVER", "SSL", "PROTOCOL", "SCHEME", "BY")
HEARSAY = (*(f"HTTP_X_FORWARDED_{name}" for name in OTHERS), "HTTP_FORWARDED", "HTTP_X_REAL_IP")
HOST = re.compile(r"([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "[::1]"})


class Arrival:
    """Sets a request's address and scheme to what is known of them, and knows under which names the server may be asked for."""

    def __init__(self, settings: Settings) -> None:
        """Trust as many proxies, and answer to those names, as the settings say."""
        self._proxies = settings.botv2_trusted_proxies
        self._hosts = settings.trusted_hosts

    def settle(self, environ: Environ) -> None:
        """Set address and scheme to what the outermost trusted proxy saw, the connection's own without one, and drop what was said of them."""
        told_for, told_proto = environ.pop(FOR, ""), environ.pop(PROTO, "")
        for name in HEARSAY:
            environ.pop(name, None)
        connection = environ.get("gunicorn.socket")
        if connection is not None:  # gunicorn believes the headers of any program on this machine
            environ["wsgi.url_scheme"] = "https" if isinstance(connection, SSLSocket) else "http"
        if not self._proxies:
            return
        if address := as_address(self._seen(told_for)):
            environ["REMOTE_ADDR"] = address
        if (scheme := self._seen(told_proto).lower()) in {"http", "https"}:
            environ["wsgi.url_scheme"] = scheme

    def _seen(self, told: str) -> str:
        """Each proxy adds what it saw on the right; what stands further left than the trusted ones was written by anybody.

        Where fewer values stand there than proxies, one of them has set the header instead of adding to it.
        """
        return told.split(",")[-self._proxies :][0].strip()

    def check_host(self, environ: Environ) -> None:
        """Raise `Refused` (`bad_request`) for a request under a name that is not this server's."""
        host = environ.get("HTTP_HOST", "").lower()
        match = HOST.fullmatch(host)
        name = match[1] if match else ""
        if (host and not name) or not self._answers_to(name, environ.get("REMOTE_ADDR", "")):
            message = "this server does not answer to that name; BOTV2_TRUSTED_HOSTS lists the names that it answers to"
            raise Refused(Code.BAD_REQUEST, message, fields={"Host": "is not a name of this server"})

    def _answers_to(self, name: str, peer: str) -> bool:
        if name in THIS_MACHINE or name.endswith(".localhost"):
            return True
        if self._hosts:
            return name in self._hosts or any(f".{name}".endswith(host) for host in self._hosts if host.startswith("."))
        if self._proxies or not name or as_address(name) is not None:  # HTTP/1.0 names none
            return True
        # A foreign page whose name was made to lead to this machine (DNS rebinding) asks from it, under a name that means nothing here.
        address = as_address(peer)
        return address is None or not ip_address(address).is_loopback


def as_address(text: str) -> str | None:
    """Return the IP address of ``192.0.2.1``, ``192.0.2.1:80``, ``2001:db8::1`` or ``[2001:db8::1]:80``, None where it is none."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    with suppress(ValueError):
        address = ip_address(text)
        return str(getattr(address, "ipv4_mapped", None) or address)  # as a socket for both kinds names an IPv4 one
    return None
