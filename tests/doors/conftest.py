"""The gate and the sign-in in front of a tiny app."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient

from data.settings import Settings
from data.store import Store
from tests.support.doors import build_doors


@pytest.fixture
def backend() -> str:
    """The doors speak to the store through `Accounts` alone, which has its tests on both databases."""
    return "sqlite"


@pytest.fixture
def doors(store: Store, settings: Settings) -> SimpleNamespace:
    """The tiny app behind the gate, with its accounts."""
    return build_doors(store, settings)


@pytest.fixture
def client(doors: SimpleNamespace) -> FlaskClient:
    """Somebody at the door."""
    client: FlaskClient = doors.client()
    return client


@pytest.fixture
def bearer(doors: SimpleNamespace) -> Callable[..., dict[str, str]]:
    """A function that makes a token with these scopes and returns its header."""
    return lambda *scopes: {"Authorization": "Bearer " + doors.accounts.create_token("bot", scopes)}
