"""The document held against a running server on both databases: some hundred requests made from it; `make faults` makes thousands."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.support.contract import hold_against_document
from tests.support.server import LiveServer


@pytest.fixture
def unlimited_server(store_url: str, tmp_path: Path) -> Iterator[LiveServer]:
    folder = tmp_path / "server"
    folder.mkdir()
    server = LiveServer(folder, store_url, BOTV2_RATE_LIMITS="off")
    try:
        server.start()
        yield server
    finally:
        server.kill()


def test_no_answer_is_5xx_or_contradicts_the_document(unlimited_server: LiveServer) -> None:
    token = unlimited_server.token("read", "ingest", "control")
    report = hold_against_document(unlimited_server.url, token, examples=5, phases=("examples", "fuzzing"))
    faults = report.faults()
    assert not faults, faults
    assert report.server_errors == 0
    assert report.cases > 300


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_what_never_reaches_the_app_is_refused_in_the_same_form(unlimited_server: LiveServer) -> None:
    response = requests.get(f"{unlimited_server.url}/api/trades?q={'x' * 10_000}", timeout=10)
    assert (response.status_code, response.headers["Content-Type"]) == (414, "application/json")
    assert response.json()["error"] == {"code": "bad_request", "message": "uri too long", "fields": {}}
