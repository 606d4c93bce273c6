"""The run's own watch over its secrets (tests/support/canary.py): each of its senses notices, so that its silence says something."""

import logging
import secrets
from pathlib import Path

import pyotp
import pytest
from flask import Flask

from data.accounts.principal import new_secret
from tests.support.canary import KEY, MARK, SERVER_LOG, Sayings, found_below, found_in


def test_every_secret_that_a_test_makes_is_marked_and_differs_from_the_next() -> None:
    """S32: cookies, links, tokens and second factors."""
    made = [new_secret(), secrets.token_urlsafe(32), pyotp.random_base32()]
    assert all(found_in(secret) for secret in made)
    assert len({new_secret() for _ in range(100)}) == 100
    assert found_in(KEY) == [MARK]


def test_a_file_that_holds_a_secret_is_found_wherever_it_lies(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    files = {"deep/store.sqlite": b"\0" * 5000 + MARK.encode() + b"\0", "notes.txt": b"correct horse battery", "clean": b"nothing", "empty": b""}
    files[f"deep/{SERVER_LOG}"] = f'sign in by /login/once/{MARK}\n{{"message": "/login/once/{MARK}"}}\n'.encode()
    files[SERVER_LOG] = f"sign in by /login/once/{MARK}\n".encode()  # what who started it reads
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    found = found_below(tmp_path)
    for name in files:
        (tmp_path / name).unlink()  # or the end of the run would find it, too
    assert [Path(line.split(" holds ")[0]).name for line in found] == [SERVER_LOG, "store.sqlite", "notes.txt"]


@pytest.mark.parametrize(("path", "status", "heard"), [("/wrong", 400, 1), ("/page", 200, 1), ("/metrics", 200, 1), ("/token", 201, 0)])
def test_an_answer_that_tells_a_secret_is_heard_unless_it_is_the_one_that_hands_it_over(
    canaries: Sayings, path: str, status: int, heard: int
) -> None:
    flask, before = Flask(__name__), len(canaries.heard)
    kind = "text/html" if path == "/page" else "application/json"
    flask.add_url_rule(path, "answer", lambda: (f"it is {MARK}", status, {"Content-Type": kind}))
    flask.test_client().get(path)
    assert len(taken_back(canaries, before)) == heard


def test_a_line_of_the_log_with_a_secret_is_heard_unless_it_is_redacted(canaries: Sayings) -> None:
    before = len(canaries.heard)
    logging.getLogger("app.test").error("signed in with %s", MARK)
    logging.getLogger("app.test").error("signed in with Bearer %s", MARK)
    assert len(taken_back(canaries, before)) == 1


def taken_back(canaries: Sayings, before: int) -> list[str]:
    """Return what the run's watch has heard since, and have it forget that."""
    heard = canaries.heard[before:]
    del canaries.heard[before:]
    return heard
