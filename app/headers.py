"""The security headers of every answer."""

from collections.abc import Callable, Sequence
from functools import cached_property

Headers = list[tuple[str, str]]

CSP = (
    "default-src 'self'; script-src {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
DENIED_FEATURES = ("accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer", "microphone", "midi", "payment", "usb")
# What tells a stranger which software to look up.
LEAKS = frozenset({"server", "x-powered-by"})


class SecurityHeaders:
    """Adds them to what an answer has set itself, which is left alone."""

    def __init__(self, csp_hashes: Callable[[], Sequence[str]]) -> None:
        self._csp_hashes = csp_hashes

    @cached_property
    def _always(self) -> Headers:
        # Lazily, at the first request: Dash knows the hashes only after the last callback is registered.
        return [
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "same-origin"),
            ("Permissions-Policy", ", ".join(f"{feature}=()" for feature in DENIED_FEATURES)),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Content-Security-Policy", CSP.format(scripts=" ".join(["'self'", *self._csp_hashes()]))),
            ("Cache-Control", "no-store"),
        ]

    @cached_property
    def _over_tls(self) -> Headers:
        return [*self._always, ("Strict-Transport-Security", "max-age=31536000")]

    def added_to(self, headers: Headers, *, tls: bool) -> Headers:
        """Return the answer's headers and ours, without what names the software's version."""
        present = {name.lower() for name, _ in headers}
        kept = headers if LEAKS.isdisjoint(present) else [header for header in headers if header[0].lower() not in LEAKS]
        return kept + [header for header in (self._over_tls if tls else self._always) if header[0].lower() not in present]
