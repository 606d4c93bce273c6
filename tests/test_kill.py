"""R1 and R1n in short; `python -m bench.faults.kill` is the long run that prints its figures."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bench.faults.evidence import Sent, judge
from bench.faults.kill import run
from data.desk import Desk
from data.records import EventIn, PositionIn, validated

pytestmark = pytest.mark.timeout(400)  # a server is started again and again, on a machine that may be busy


@pytest.mark.parametrize(("durability", "kills"), [("full", 4), ("normal", 2)])
def test_no_acknowledged_record_is_lost_halved_or_doubled_by_sigkill(durability: str, kills: int, tmp_path: Path) -> None:
    verdict = run(tmp_path, kills=kills, durability=durability).verdict
    assert verdict.acknowledged > 0
    assert verdict.kept, verdict


def test_the_harness_finds_the_losses_of_a_server_that_acknowledges_first(tmp_path: Path) -> None:
    assert run(tmp_path, kills=3, ack_first=True).verdict.lost > 0


@pytest.fixture
def requests_on_disk(desk: Desk) -> list[Sent]:
    """What a writer sent: events, a position, a batch; each stored whole."""
    requests = [Sent(0, number) for number in range(10)]
    for request in requests:
        records = request.records().values()
        desk.journal.append([validated(EventIn if "message" in record else PositionIn, record) for record in records])
    return requests


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    ("damage", "found"),
    [
        ("SELECT 1", (0, 0, 0)),
        ("DELETE FROM journal WHERE id = 3", (1, 0, 0)),
        ("UPDATE journal SET body = json_set(body, '$.severity', 'CRITICAL') WHERE id = 2", (0, 1, 0)),
        ("INSERT INTO journal SELECT 99, kind, bot, at, received_at, event_type, severity, effect, NULL, body FROM journal WHERE id = 1", (0, 0, 1)),
    ],
    ids=["nothing", "lost", "half", "doubled"],
)
def test_the_harness_tells_what_is_lost_half_and_doubled(
    requests_on_disk: list[Sent], tmp_path: Path, damage: str, found: tuple[int, int, int]
) -> None:
    with closing(sqlite3.connect(tmp_path / "botv2.sqlite")) as connection, connection:
        connection.execute(damage)
    verdict = judge(tmp_path / "botv2.sqlite", requests_on_disk, set(requests_on_disk))
    assert (verdict.lost, verdict.half, verdict.doubled) == found
    assert verdict.kept == (damage == "SELECT 1")


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_harness_tells_a_batch_of_which_only_a_part_is_stored(requests_on_disk: list[Sent], tmp_path: Path) -> None:
    batch = next(request for request in requests_on_disk if request.path == "/batch")
    name = next(iter(batch.records()))
    with closing(sqlite3.connect(tmp_path / "botv2.sqlite")) as connection, connection:
        connection.execute("DELETE FROM journal WHERE body ->> 'message' LIKE ?", [f"{name} %"])
    assert judge(tmp_path / "botv2.sqlite", requests_on_disk, set()).half == len(batch.records()) - 1
