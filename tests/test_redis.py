"""What processes share through Redis, and that nothing is missing while it is gone, slow, read-only or full of somebody else's things."""

import pickle
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from pydantic import SecretStr

from app.cache import SharedCache, answer_cache
from app.limits import LIMITS, Limits
from app.server import create_app
from components.system import vitals
from data.accounts.guesses import Guesses
from data.answers import Answers
from data.desk import Desk
from data.errors import Code, Refused
from data.scope import Scope
from data.settings import Settings
from data.shared import Shared
from data.times import now
from tests.support.redis import RedisServer, SlowProxy

SECRET = "one-secret-key-of-all-processes"
AMOUNT = LIMITS["control"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis for these tests; each begins with it empty."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.close()


@pytest.fixture
def redis(server: RedisServer) -> RedisServer:
    server.client.flushall()
    return server


@pytest.fixture
def process(redis: RedisServer, tmp_path: Path) -> Iterator[Callable[..., Shared]]:
    """A function that gives what another process would hold: a connection of its own."""
    opened: list[Shared] = []

    def open_one(url: str = "", **settings: Any) -> Shared:
        given = {"database_url": "postgresql://a:b@db/botv2", "secret_key": SECRET, "botv2_data_dir": tmp_path, "redis_url": url or redis.url}
        opened.append(Shared(Settings.load(**given | settings)))
        return opened[-1]

    yield open_one
    for shared in opened:
        shared.close()


def hits(limits: Limits, number: int = AMOUNT) -> list[float | None]:
    return [limits.hit("control", "user:1") for _ in range(number)]


# --- limits ------------------------------------------------------------------------------------------------------------


def test_a_limit_counts_the_requests_of_all_processes_and_refused_ones_not(process: Callable[..., Shared]) -> None:
    """Several processes: rate limits are one."""
    one, other = Limits(process()), Limits(process())
    assert set(hits(one, AMOUNT // 2) + hits(other, AMOUNT - AMOUNT // 2)) == {None}
    waits = [one.hit("control", "user:1"), *hits(other, 10)]
    assert all(seconds and 0 < seconds <= 60 for seconds in waits)
    assert other.hit("control", "user:2") is None
    assert other.hit("read", "user:1") is None


@pytest.mark.parametrize("own", [{"secret_key": "another-secret-key-of-another-desk"}, {"database_url": "postgresql://a:b@db/another"}])
def test_dashboards_that_share_a_redis_by_mistake_share_nothing_else(process: Callable[..., Shared], own: dict[str, str]) -> None:
    hits(Limits(process()))
    assert Limits(process(**own)).hit("control", "user:1") is None


def test_a_clock_that_jumps_neither_locks_nor_opens_more_than_one_window(process: Callable[..., Shared], redis: RedisServer) -> None:
    """R16: in memory by a clock that does not jump; in Redis, which has only its own, by not believing what lies ahead."""
    own = Limits(process(redis_url=""))
    assert set(hits(own)) == {None}
    for jump in (-3600, 3600):
        with time_machine.travel(time.time() + jump):
            assert all(hits(own, 3)), "a jump opened the window"
    shared = Limits(process())
    for jump in (-3600, 3600):  # what lies in Redis, as if its clock had been set forward, or back
        assert set(hits(shared)) == {None}
        assert all(hits(shared, 3))
        (key,) = redis.client.keys()
        moments = [int(moment) - jump * 1000 for moment in redis.client.lrange(key, 0, -1)]
        redis.client.delete(key)
        redis.client.rpush(key, *moments)
    assert set(hits(shared)) == {None}
    assert all(hits(shared, 3))


# --- guesses -----------------------------------------------------------------------------------------------------------


def guess(guesses: Guesses, account: str, address: str, *, right: bool = False) -> bool:
    """Try a password and return whether it got as far as the hash."""
    try:
        with guesses.attempt(account, address) as attempt:
            time.sleep(0.005)
            attempt.succeeded = right
            return True
    except Refused as refusal:
        if refusal.code != Code.RATE_LIMITED or not 1 <= (refusal.retry_after or 0) <= 60:
            raise
        return False


def test_guesses_at_several_processes_reach_the_hash_ten_times_in_all(process: Callable[..., Shared]) -> None:
    """S11: as one process does, so do several."""
    doors = [Guesses(shared=process()) for _ in range(3)]
    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(lambda number: guess(doors[number % 3], "admin", "192.0.2.1"), range(60))) == 10
    assert guess(doors[0], "admin", "198.51.100.1", right=True), "the owner signs in from elsewhere"
    assert all(guess(door, "admin", "198.51.100.2", right=True) for door in doors * 5), "what succeeds does not count"


def test_an_account_guessed_at_from_everywhere_stays_open_for_who_has_not_failed_on_it(process: Callable[..., Shared]) -> None:
    doors = [Guesses(shared=process()) for _ in range(2)]
    assert all(guess(doors[number % 2], "admin", f"192.0.2.{number}") for number in range(10))
    assert not guess(doors[0], "admin", "192.0.2.3"), "each of many strangers gets one try, at whichever process"
    assert not guess(doors[1], "admin", "192.0.2.4")
    assert guess(doors[1], "admin", "198.51.100.1", right=True)


# --- answers -----------------------------------------------------------------------------------------------------------


class Own(dict[str, Any]):
    """What one process keeps."""

    def set(self, key: str, value: Any) -> None:
        self[key] = value


def answering(shared: Shared, **settings: Any) -> Answers:
    answers = Answers()
    answers.cache = SharedCache(Own(), shared, Settings.load(**settings))
    return answers


def test_what_one_process_computed_another_takes_unless_its_figures_mean_something_else(process: Callable[..., Shared]) -> None:
    ask = lambda answers, value: answers.get("q", Scope(), (1,), lambda: {"n": value})  # noqa: E731  # a name for one line
    assert ask(answering(process()), 1) == ask(answering(process()), 2) == {"n": 1}
    assert ask(answering(process(), botv2_trading_days=252), 3) == {"n": 3}


def test_a_start_forgets_the_answers_of_before_and_no_limit(process: Callable[..., Shared], redis: RedisServer) -> None:
    """Before it a backup may have been restored, whose next records get ids that others have had."""
    shared = process()
    answering(shared).get("q", Scope(), (1,), lambda: {"n": 1})
    hits(Limits(shared), 1)
    assert len(redis.client.keys()) == 2
    answer_cache(Flask("restarted"), process(), Settings.load())
    assert [str(key).split(":")[2] for key in redis.client.scan_iter()] == ["limit"]


class Canary:
    """Screams when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return exec, ("import data.shared; data.shared.sang = True",)


def test_what_others_put_into_redis_is_never_executed_nor_taken_for_an_answer(process: Callable[..., Shared], redis: RedisServer) -> None:
    """S37: the canary is not executed; rubbish counts as nothing."""
    import data.shared

    answering(process()).get("q", Scope(), (1,), lambda: {"n": 1})
    (key,) = redis.client.keys()
    for number, rubbish in enumerate((pickle.dumps(Canary()), b"!" + pickle.dumps(Canary()), b"[1]", b"1", b"", b'{"n": NaN}')):
        redis.client.set(key, rubbish)
        assert answering(process()).get("q", Scope(), (1,), partial(dict, n=number)) == {"n": number}
        assert redis.client.get(key) == b'{"n":%d}' % number, "the right answer takes its place"
    assert not hasattr(data.shared, "sang")


# --- a Redis that does not serve -----------------------------------------------------------------------------------------


@pytest.fixture
def fragile(redis: RedisServer, process: Callable[..., Shared]) -> Iterator[tuple[SlowProxy, Shared, Limits, Answers]]:
    """A process whose Redis can be made slow, and what in it stands on that; half of a limit is used up."""
    proxy = SlowProxy(redis.port)
    shared = process(proxy.url)
    limits = Limits(shared)
    hits(limits, AMOUNT // 2)
    yield proxy, shared, limits, answering(shared)
    proxy.close()


Fault = Callable[[RedisServer, SlowProxy, bool], None]


def gone(redis: RedisServer, _proxy: SlowProxy, broken: bool) -> None:
    if broken:
        redis.stop()
    else:
        redis.start()


def slow(_redis: RedisServer, proxy: SlowProxy, broken: bool) -> None:
    proxy.delay = 2.0 if broken else 0.0


def read_only(redis: RedisServer, _proxy: SlowProxy, broken: bool) -> None:
    redis.refuse_writes(broken)


@pytest.mark.parametrize("fault", [gone, slow, read_only])
def test_without_redis_this_process_counts_and_keeps_by_itself_and_nobody_waits(
    redis: RedisServer, fragile: tuple[SlowProxy, Shared, Limits, Answers], fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    """R24: gone, slow by 2 s, read-only."""
    proxy, shared, limits, answers = fragile
    fault(redis, proxy, True)
    try:
        began = time.monotonic()
        assert set(hits(limits, AMOUNT - AMOUNT // 2)) == {None}
        assert all(hits(limits, 20)), "what this process has seen counts on"
        assert [answers.get("q", Scope(), (1,), partial(dict, n=n)) for n in (1, 2)] == [{"n": 1}] * 2
        assert time.monotonic() - began < 1.5, "each request waited for Redis"
        shared.look()
        assert str(shared.state) == "away"
    finally:
        fault(redis, proxy, False)
    deadline = time.monotonic() + 15
    while str(shared.state) != "ok" and time.monotonic() < deadline:
        shared.look()
    assert str(shared.state) == "ok"
    assert [record.levelname for record in caplog.records if record.name == "botv2.shared"].count("WARNING") == 1, "said once, not per request"


def test_a_password_is_guessed_ten_times_though_redis_goes_in_between(redis: RedisServer, process: Callable[..., Shared]) -> None:
    """R24, S11: who guesses gains nothing by it."""
    guesses = Guesses(shared=process())
    assert all(guess(guesses, "admin", "192.0.2.1") for _ in range(5))
    redis.stop()
    try:
        assert [guess(guesses, "admin", "192.0.2.1") for _ in range(8)] == [True] * 5 + [False] * 3
    finally:
        redis.start()


def test_an_address_of_redis_that_is_none_is_refused_by_its_name_and_not_repeated(process: Callable[..., Shared]) -> None:
    with pytest.raises(Refused) as refusal:
        process("redis://:half#apassword@127.0.0.1/0")
    assert refusal.value.fields == {"REDIS_URL": "is no address such as redis://:password@host:6379/0"}


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_redis_that_does_not_serve_is_an_alarm_at_health_and_on_the_system_page(settings: Settings, redis: RedisServer) -> None:
    """R24: shown, and told apart from a store that does not answer."""
    desk = Desk.open(settings.model_copy(update={"redis_url": SecretStr(redis.url)}))
    desk.lately.attach()
    try:
        client = create_app(desk.settings, desk).server.test_client()
        shown = {}
        for state in ("ok", "away"):
            if state == "away":
                redis.stop()
            desk.shared.look()
            answer = client.get("/health")
            assert (answer.status_code, answer.get_json()["redis"]) == (200, {"state": state})
            shown[state] = str(vitals(desk.condition(), now()).body)
        assert "does not serve" in shown["away"]
        assert "does not serve" not in shown["ok"]
        assert any("Redis does not serve" in line["message"] for line in desk.lately.newest())
        assert "Redis" not in str(vitals(Desk(settings, desk.store).condition(), now()).body), "who uses none is told of none"
    finally:
        desk.close()
        redis.start()
