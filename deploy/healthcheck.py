"""Ends with 0 when the server on this machine says that it is well; for containers and watchdogs, without any library."""

import http.client
import os
import sys


def is_well(port: int) -> bool:
    """Return whether ``/health`` answers 200 within four seconds; a store that does not serve is a 503."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(0 if is_well(int(os.environ.get("BOTV2_PORT", "8050"))) else 1)
