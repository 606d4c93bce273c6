"""Two servers on one PostgreSQL and one Redis: one limit, one sign-in, one order; and what they do when Redis goes."""

import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from app.limits import LIMITS
from data.accounts import Accounts
from data.settings import Settings
from data.store import Store
from tests.support.api import EVENT
from tests.support.postgres import PostgresServer
from tests.support.redis import RedisServer
from tests.support.server import LiveServer
from tests.support.sockets import socket_client
from tests.support.waiting import until

MONITORING = "/api/monitoring"
CUT_WITHIN = 5.0


@pytest.fixture(scope="module")
def pair(postgres: PostgresServer, postgres_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """Two servers as two hosts run them: folders of their own, one store, one Redis, one secret key."""
    folder, name = tmp_path_factory.mktemp("pair"), f"test_{uuid.uuid4().hex}"
    redis = RedisServer(folder)
    postgres.create(name, postgres_template)
    secret = "a-secret-key-of-both-servers"
    servers = [LiveServer(_made(folder / host), postgres.url(name), REDIS_URL=redis.url, SECRET_KEY=secret) for host in ("one", "other")]
    try:
        redis.start()
        for server in servers:
            server.start()
        settings = Settings.load(database_url=postgres.url(name), botv2_data_dir=servers[0].folder)
        store = Store(settings.store_url)
        yield SimpleNamespace(one=servers[0], other=servers[1], redis=redis, accounts=Accounts(store, settings))
        store.close()
    finally:
        for server in servers:
            server.kill()
        redis.close()
        postgres.drop(name)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


@pytest.fixture
def bearer(pair: SimpleNamespace) -> dict[str, str]:
    found: dict[str, str] = pair.one.bearer("read", "ingest", "control")
    return found


@pytest.fixture
def web() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def redis_state(server: LiveServer) -> Any:
    answer = requests.get(f"{server.url}/health", timeout=10)
    assert answer.status_code == 200, "nothing that bots need is missing"
    return answer.json()["redis"]["state"]


def test_who_reaches_a_limit_at_one_server_has_reached_it_at_the_other(pair: SimpleNamespace, bearer: dict[str, str], web: requests.Session) -> None:
    def knock(server: LiveServer) -> requests.Response:
        return web.post(f"{server.url}/api/nothing", headers=bearer, json={}, timeout=10)  # counted, whatever comes of it

    assert [redis_state(server) for server in (pair.one, pair.other)] == ["ok", "ok"]
    tried = [knock((pair.one, pair.other)[number % 2]).status_code for number in range(LIMITS["control"] + 4)]
    assert tried == [404] * LIMITS["control"] + [429] * 4
    assert 1 <= int(knock(pair.other).headers["Retry-After"]) <= 60


def test_ten_guesses_at_both_servers_are_all_that_reach_the_password(pair: SimpleNamespace) -> None:
    def guess(number: int) -> int:
        server = (pair.one, pair.other)[number % 2]
        form = {"username": "admin", "password": f"wrong {number}"}
        return requests.post(f"{server.url}/login", data=form, timeout=30, headers={"Accept": "application/json"}).status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(guess, range(24))) == [401] * 10 + [429] * 14


def test_a_session_ended_at_one_server_ends_its_sockets_at_the_other(pair: SimpleNamespace, web: requests.Session) -> None:
    """S3: open sockets are cut within 5 s, whichever process holds them."""
    secret = pair.accounts.create_link("admin")  # no password: another test may have used up this address's guesses
    assert web.post(f"{pair.one.url}/login/once/{secret}", allow_redirects=False, timeout=30).status_code == 302
    cookie = {"Cookie": f"session={web.cookies['session']}"}
    pulse = f"{pair.other.url}{MONITORING}/pulse"
    assert requests.get(pulse, headers=cookie, timeout=10).status_code == 200
    with socket_client(pair.other.url, cookie) as client:
        cut = threading.Event()
        client.on("disconnect", lambda *_: cut.set())
        assert web.post(f"{pair.one.url}/logout", allow_redirects=False, timeout=10).status_code in {200, 302}
        assert cut.wait(CUT_WITHIN), "the socket at the other server is still open"
    assert requests.get(pulse, headers=cookie, timeout=10).status_code == 401


def test_sockets_of_both_servers_are_told_the_same_in_the_same_order(pair: SimpleNamespace, bearer: dict[str, str], web: requests.Session) -> None:
    """No queue between the processes: each follows the journal, with Redis and without."""
    told: tuple[list[int], list[int]] = ([], [])

    def post(number: int) -> int:
        server = (pair.one, pair.other)[number % 2]
        answer = requests.post(f"{server.url}{MONITORING}/activity", headers=bearer, json={**EVENT, "message": f"event {number}"}, timeout=10)
        return int(answer.json()["event"]["id"])

    with socket_client(pair.one.url, bearer) as one, socket_client(pair.other.url, bearer) as other:
        for client, ids in zip((one, other), told, strict=True):
            client.on("activity", lambda data, ids=ids: ids.extend(each["id"] for each in (data if isinstance(data, list) else [data])))
        with ThreadPoolExecutor(4) as pool:
            posted = sorted(pool.map(post, range(60)))
            until(lambda: all(len(ids) >= 60 for ids in told), 15)
            pair.redis.stop()
            posted += sorted(pool.map(post, range(20)))
        until(lambda: all(len(ids) >= 80 for ids in told), 15)
    assert told[0] == told[1] == posted
    until(lambda: [redis_state(server) for server in (pair.one, pair.other)] == ["away", "away"], 15, "no alarm at /health")
    pair.redis.start()
    until(lambda: [redis_state(server) for server in (pair.one, pair.other)] == ["ok", "ok"], 15, "it did not find Redis again")
