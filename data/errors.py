"""The one error type that crosses the floors.

Each way in turns it into its own form in exactly one handler: a JSON error (app.rest.errors), a toast
(callbacks), one line on the terminal (app.cli).
"""

from enum import StrEnum


class Code(StrEnum):
    """Machine-readable reason of a refusal; clients may branch on it, so values never change."""

    BAD_REQUEST = "bad_request"
    NOT_JSON = "not_json"
    UNKNOWN_PARAMETER = "unknown_parameter"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    CROSS_SITE = "cross_site"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    CONFLICT = "conflict"
    TOO_LARGE = "too_large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    INVALID_FIELDS = "invalid_fields"
    RATE_LIMITED = "rate_limited"
    INTERNAL = "internal"
    STORAGE_BUSY = "storage_busy"
    STORAGE_UNAVAILABLE = "storage_unavailable"
    STORAGE_FULL = "storage_full"
    BAD_SETTING = "bad_setting"
    BAD_FILE = "bad_file"


class Refused(ValueError):
    """A request, record, file or setting that cannot be accepted, with what would be right.

    A ValueError, because the Python API promises one on a faulty record.

    Attributes:
        code: why, for programs.
        message: why, for people; never holds a secret, a path or another exception's text.
        fields: faulty field -> what is wrong with it; in a batch the key is ``records[3].size``.
        retry_after: seconds after which the same request may succeed, or None.
    """

    def __init__(
        self,
        code: Code,
        message: str,
        *,
        fields: dict[str, str] | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.code = code
        self.message = message
        self.fields = fields or {}
        self.retry_after = retry_after
        super().__init__(str(self))

    def __str__(self) -> str:
        """Return the message, followed by each faulty field, for terminals and tracebacks."""
        if not self.fields:
            return self.message
        faults = "; ".join(f"{name}: {fault}" for name, fault in self.fields.items())
        return f"{self.message} ({faults})"
