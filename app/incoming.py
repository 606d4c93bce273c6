"""What the gate reads from a request: plain functions of the WSGI environ, without regular expressions, as bots wait for them."""

from base64 import b64decode
from typing import Any, Literal
from urllib.parse import parse_qsl, quote

from data.accounts.tokens import PREFIX

Environ = dict[str, Any]
LimitClass = Literal["read", "ingest", "control"]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
READS = frozenset({"GET", "HEAD"})
ONCE = "/login/once/"
PULSE = "/api/monitoring/pulse"
DOCS = "/api/docs"
SOCKET = "/socket.io"
# What a browser fetches for a page, and what the page's own scripts repeat: none of it is limited, nor ever redirected.
MACHINERY = ("/_", "/assets/", SOCKET)
MACHINES = ("/api/", "/metrics", *MACHINERY)
INGEST_PATHS = frozenset(
    {
        "/api/monitoring/activity",
        "/api/monitoring/signals/update",
        "/api/monitoring/positions/update",
        "/api/monitoring/positions/close",
        "/api/monitoring/alerts",
        "/api/monitoring/batch",
        "/api/portfolio",
        "/api/trades",
        "/api/annotations",
    }
)
# What a browser asks for without a sign-in: the program's own worker, name and pictures (app/offline.py), the same for everybody.
BESIDE_PAGES = frozenset(
    {"/service-worker.js", "/register-worker.js", "/manifest.webmanifest", "/icons/192.png", "/icons/512.png", "/icons/maskable-512.png"}
)
TOKEN_PARAMETERS = frozenset({"token", "access_token", "api_key"})


def public_endpoint(method: str, path: str) -> bool:
    """Return whether a request may pass without a sign-in; what is not named here may not."""
    if path == "/health" or path in BESIDE_PAGES:
        return method in READS
    if path == "/login" or (path.startswith(ONCE) and path != ONCE and "/" not in path[len(ONCE) :]):
        return method in READS or method == "POST"
    return False


def limit_class(environ: Environ) -> LimitClass | None:
    """Return which limit a request counts against, or None for what the app's own pages repeat by themselves."""
    path = environ["PATH_INFO"]
    if path == PULSE or path.startswith(MACHINERY):
        return None
    if environ["REQUEST_METHOD"] in SAFE_METHODS:
        return "read"
    if path in INGEST_PATHS or (path.startswith("/api/market/") and path.endswith("/ohlcv")):
        return "ingest"
    return "control"


def carries_token(query: str) -> bool:
    """Return whether a token stands in the query string, where it would end up in logs and histories."""
    if not query or ("%" not in query and "token" not in query.lower() and "api_key" not in query.lower()):
        return False
    return any(name.lower() in TOKEN_PARAMETERS for name, _ in parse_qsl(query, keep_blank_values=True))


def socket_of(environ: Environ) -> str | None:
    """Return the Socket.IO connection that a request says it belongs to; its id is a secret that only the handshake's answer holds."""
    if not environ["PATH_INFO"].startswith(SOCKET):
        return None
    return dict(parse_qsl(environ.get("QUERY_STRING", ""))).get("sid")


def token_of(header: str) -> str | None:
    """Return the token of an Authorization header, None where it has none.

    ``Bearer <token>``, or the password of ``Basic``: what a program sends that can be told nothing but an address such as
    ``https://bot:<token>@desk.example/…`` (freqtrade's webhook). Another Basic password belongs to a proxy in front of us.
    """
    kind, _, value = header.partition(" ")
    if kind.lower() == "bearer":
        return value.strip()
    if kind.lower() != "basic":
        return None
    try:
        password = b64decode(value.strip(), validate=True).decode().partition(":")[2]
    except ValueError:
        return None
    return password if password.startswith(PREFIX) else None


def cookie_of(header: str, name: str) -> str | None:
    """Return the value of the first cookie of this name."""
    for part in header.split(";"):
        key, _, value = part.strip().partition("=")
        if key == name and value:
            return value
    return None


def session_cookie_name(*, tls: bool) -> str:
    """Return the cookie's name; the prefix binds it to this host and to TLS, which plain http cannot have."""
    return "__Host-session" if tls else "session"


def is_tls(environ: Environ) -> bool:
    """Return whether the request came over TLS."""
    return bool(environ.get("wsgi.url_scheme") == "https")


def is_cross_site(environ: Environ) -> bool:
    """Return whether a foreign page sent this. A program that sends neither header is none."""
    site = environ.get("HTTP_SEC_FETCH_SITE")
    if site is not None and site not in {"same-origin", "none"}:
        return True
    origin = environ.get("HTTP_ORIGIN")
    if origin is None:
        return False
    host, scheme = environ.get("HTTP_HOST", ""), environ["wsgi.url_scheme"]
    if origin == f"{scheme}://{host}":
        return False
    # Behind a proxy that ends TLS the scheme differs, or the host names its default port; only the browser can tell.
    return not (site == "same-origin" and origin in {f"https://{host}", f"https://{host.removesuffix(':443')}", f"http://{host.removesuffix(':80')}"})


def wants_page(environ: Environ) -> bool:
    """Return whether a person's browser is navigating, so that the answer is a page and not JSON."""
    path = environ["PATH_INFO"]
    if path == "/logout" and environ["REQUEST_METHOD"] == "POST":
        return "text/html" in environ.get("HTTP_ACCEPT", "")  # the session had ended before its button was pressed
    if environ["REQUEST_METHOD"] not in READS or (path.startswith(MACHINES) and path != DOCS) or path == "/api":
        return False
    destination = environ.get("HTTP_SEC_FETCH_DEST")
    if destination is not None:
        return destination in {"document", "iframe"}
    accept = environ.get("HTTP_ACCEPT", "*/*")
    return "text/html" in accept or ("*/*" in accept and "." not in path.rpartition("/")[2])


def login_address(environ: Environ) -> str:
    """Return where to sign in, which leads back to where the request wanted to go."""
    path, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
    wanted = path.encode("latin-1").decode("utf-8", "replace") + (f"?{query}" if query else "")
    login = quote(environ.get("SCRIPT_NAME", "")) + "/login"
    return login if wanted in {"/", "/logout"} else f"{login}?next={quote(wanted, safe='/')}"


def local_path(wanted: str) -> str:
    """Return `wanted` when it is a path on this server, else ``/``: no scheme, no host, nothing that a browser would strip."""
    plain = wanted.isprintable() and "\\" not in wanted and not any(character.isspace() for character in wanted)
    if not plain or not wanted.startswith("/") or wanted.startswith("//") or len(wanted) > 2_000:
        return "/"
    return "/" if wanted.partition("?")[0].startswith(("/login", "/logout")) else wanted
