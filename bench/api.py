"""A bot's connection to the server: `http.client` with keep-alive, and nothing that retries behind one's back."""

import http.client
import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    """An HTTP answer with its JSON body."""

    status: int
    body: dict[str, Any]
    retry_after: str | None = None


class Api:
    """One kept-alive connection; after any failure the next request opens a new one."""

    def __init__(self, port: int, token: str, patience: float = 20.0) -> None:
        """Prepare requests with `token`; each may take `patience` seconds."""
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def post(self, path: str, body: dict[str, Any], key: str | None = None) -> Answer:
        """Send a record, under an `Idempotency-Key` if there is one. Raises OSError or HTTPException."""
        extra = {} if key is None else {"Idempotency-Key": key}
        return self._ask("POST", path, json.dumps(body).encode(), self._headers | extra)

    def get(self, path: str) -> Answer:
        """Ask a question. Raises OSError or HTTPException."""
        return self._ask("GET", path, None, self._headers)

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        try:
            self._connection.request(method, f"/api/monitoring{path}", body, headers)
            response = self._connection.getresponse()
            return Answer(response.status, json.loads(response.read()), response.getheader("Retry-After"))
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Hang up."""
        self._connection.close()
