"""Log lines as JSON, one each, on the terminal and in a rotated file that several processes may share. No secrets."""

import fcntl
import logging
import os
import sys
import threading
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

import orjson
from gunicorn.glogging import Logger

from data.files import make_folder
from data.redaction import redacted
from data.times import now

FILE_NAME = "dashboard.log"
FILE_BYTES = 10 * 1024 * 1024
FILES_KEPT = 5


def _printable(text: str) -> str:
    return redacted(text).encode(errors="backslashreplace").decode()  # a lone surrogate is no UTF-8


class JsonLine(logging.Formatter):
    """One JSON object per record: time, level, logger, process, message and, for an error, its trace."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line; a line break in a message stays inside its JSON text."""
        line = {
            "time": now(),
            "level": record.levelname,
            "logger": record.name,
            "process": record.process,
            "message": _printable(record.getMessage()),
        }
        if request_id := getattr(record, "request_id", None):
            line["request_id"] = request_id
        if record.exc_info:
            line["trace"] = _printable(self.formatException(record.exc_info))
        return orjson.dumps(line, default=str, option=orjson.OPT_UTC_Z).decode()


class SharedFileHandler(RotatingFileHandler):
    """A rotated file that the server's master and workers write together: one rotates it, the others follow."""

    def shouldRollover(self, record: logging.LogRecord) -> int:
        """Say whether the file is full, after moving on to the new one when another process has rotated it."""
        self._follow()
        return int(super().shouldRollover(record))

    def doRollover(self) -> None:
        """Rotate, unless another process has just done it."""
        with open(f"{self.baseFilename}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._follow()
            if os.path.getsize(self.baseFilename) >= self.maxBytes // 2:
                super().doRollover()

    def handleError(self, record: logging.LogRecord) -> None:
        """Go on without the file when the disk takes nothing: the terminal has the line, and a trace beside each would bury it."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)

    def _follow(self) -> None:
        try:
            current = os.stat(self.baseFilename)
            if self.stream is not None and os.path.samestat(current, os.fstat(self.stream.fileno())):
                return
        except FileNotFoundError:
            pass  # somebody removed it: begin a new one
        if self.stream is not None:
            self.stream.close()
        self.stream = self._open()


class GunicornLogger(Logger):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn's messages, in our form and place."""

    def setup(self, cfg: Any) -> None:
        """Give gunicorn's loggers no handlers of their own."""
        super().setup(cfg)
        for logger in (self.error_log, self.access_log):
            logger.handlers.clear()
            logger.propagate = True


def configure(data_dir: Path) -> None:
    """Send every log record of this process to stderr and to `logs/dashboard.log` in the data folder."""
    folder = data_dir / "logs"
    make_folder(data_dir)
    make_folder(folder)
    handlers: list[logging.Handler] = [
        logging.StreamHandler(sys.stderr),
        SharedFileHandler(folder / FILE_NAME, maxBytes=FILE_BYTES, backupCount=FILES_KEPT, encoding="utf-8"),
    ]
    for handler in handlers:
        handler.setFormatter(JsonLine())
    logging.basicConfig(level=logging.INFO, handlers=handlers, force=True)
    logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)  # it names each part of itself
    logging.captureWarnings(True)
    threading.excepthook = _log_uncaught


def _log_uncaught(error: threading.ExceptHookArgs) -> None:
    if error.exc_value is not None:
        trace = (error.exc_type, error.exc_value, error.exc_traceback)
        logging.getLogger("threads").error("a thread ended by an error", exc_info=trace)
