"""The server's log: one JSON object a line, rotated by whoever notices, and nothing in it that opens a door."""

import errno
import logging
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from app.logs import FILE_NAME, FILES_KEPT, JsonLine, SharedFileHandler, configure
from data.redaction import redacted

KEY = "bv2_q83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJq83"


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    root, handlers, level = logging.getLogger(), list(logging.getLogger().handlers), logging.getLogger().level
    yield
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)


def record(message: str, *arguments: object) -> logging.LogRecord:
    return logging.LogRecord("app.test", logging.WARNING, __file__, 1, message, arguments, None)


def test_a_record_is_one_line_of_json_whatever_a_bot_calls_itself() -> None:
    line = JsonLine().format(record("bot %s fell silent", "a\r\nb\x1b[31m\ud800"))
    assert len(line.splitlines()) == 1
    assert "\x1b" not in line
    parsed = orjson.loads(line)
    assert parsed["level"] == "WARNING"
    assert parsed["message"].startswith("bot a\r\nb")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"Authorization: Bearer {KEY}", "Authorization: Bearer "),
        (f"the token {KEY} is unknown", "is unknown"),
        ("postgresql://anna:hunter2hunter2@db/botv2 cannot be reached", "@db/botv2 cannot be reached"),
        ("GET /login/once/hunter2hunter2 failed", "failed"),
        ('{"password": "hunter2hunter2", "name": "anna"}', '"name": "anna"'),
        ("username=anna&password=hunter2hunter2&next=/", "next=/"),
        ("Cookie: session=hunter2hunter2; theme=dark", "theme=dark"),
    ],
)
def test_what_opens_a_door_is_replaced_and_the_rest_is_kept(text: str, kept: str) -> None:
    cleaned = redacted(text)
    assert "hunter2" not in cleaned
    assert KEY not in cleaned
    assert kept in cleaned


def test_a_trace_is_part_of_the_line_and_cleaned_too() -> None:
    try:
        raise ValueError(f"Bearer {KEY}")
    except ValueError as error:
        failed = record("request failed")
        failed.exc_info = (type(error), error, error.__traceback__)
    line = JsonLine().format(failed)
    assert "ValueError" in orjson.loads(line)["trace"]
    assert KEY not in line


def test_records_go_to_the_terminal_and_to_a_file_in_the_data_folder(
    tmp_path: Path, logging_as_before: None, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "var"
    configure(folder)
    logging.getLogger("app.test").info("started")
    for text in (capsys.readouterr().err, (folder / "logs" / FILE_NAME).read_text()):
        assert orjson.loads(text.splitlines()[-1])["message"] == "started"
    assert [path.stat().st_mode & 0o777 for path in (folder, folder / "logs")] == [0o700, 0o700]  # its owner's alone


def test_two_processes_that_share_a_file_lose_no_line_when_one_rotates_it(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    handlers = [SharedFileHandler(path, maxBytes=2_000, backupCount=FILES_KEPT, encoding="utf-8") for _ in range(2)]
    for number in range(100):
        handlers[number % 2].emit(record("line %03d of the log", number))
    for handler in handlers:
        handler.close()
    written = [line for file in sorted(tmp_path.glob(f"{FILE_NAME}*")) if not file.name.endswith(".lock") for line in file.read_text().splitlines()]
    assert sorted(written) == [f"line {number:03d} of the log" for number in range(100)]
    assert path.stat().st_size < 2_100


def test_on_a_full_disk_the_line_is_on_the_terminal_and_no_trace_beside_it(
    tmp_path: Path, logging_as_before: None, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(tmp_path)
    file = next(handler for handler in logging.getLogger().handlers if isinstance(handler, SharedFileHandler))

    def take_nothing(_text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    file.stream.write = take_nothing  # type: ignore[method-assign, union-attr]  # as the disk would
    logging.getLogger("app.test").warning("the disk is full")
    lines = capsys.readouterr().err.splitlines()
    assert [orjson.loads(line)["message"] for line in lines] == ["the disk is full"]
