"""What must not be told to anybody who reads a log: secrets that got into a message."""

import re

REDACTED = "[redacted]"
# What must not be in a log even when some library puts it into a message: keys, passwords in addresses, one-time links.
SECRETS = re.compile(
    r"(?P<before>\bBearer\s+|\bbv2_|/login/once/|://[^/\s:@]*:(?=[^/\s@]+@)|\b(?:password|secret|token|session)[\"']?\s*[=:]\s*[\"']?)"
    r"(?P<secret>[^\s\"'@,;&}]+)",
    re.IGNORECASE,
)


def redacted(text: str) -> str:
    """Return `text` with everything that looks like a secret replaced."""
    return SECRETS.sub(lambda match: match["before"] + REDACTED, text)
