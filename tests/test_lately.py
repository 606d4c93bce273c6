"""What went wrong lately, as the System health page shows it."""

import logging
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from data.desk import Desk

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)  # nothing of it is in a database


def own(desk: "Desk") -> list[dict[str, Any]]:
    return [line for line in desk.lately.newest() if line["logger"] == "tests.lately"]


def test_warnings_and_errors_are_kept_newest_first_without_secrets_and_without_end(desk: "Desk") -> None:
    log = logging.getLogger("tests.lately")
    log.info("nothing to worry about")
    log.warning("slow answer, token=bv2_secret")
    try:
        raise ValueError("no")
    except ValueError:
        log.exception("failed\nwith more lines")
    newest, before = own(desk)[:2]
    assert (newest["level"], newest["message"]) == ("ERROR", "failed (ValueError)")
    assert before["message"] == "slow answer, token=[redacted]"
    for number in range(150):
        log.warning("again %d", number)
    assert [line["message"] for line in own(desk)][:90] == [f"again {number}" for number in range(149, 59, -1)]
    assert len(desk.lately.newest()) == 100
    assert desk.condition()["sockets"] == 0
    desk.close()
    log.warning("too late")
    assert own(desk)[0]["message"] == "again 149"
    desk.start()
