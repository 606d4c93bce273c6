"""A disk that fails on order: `faulty_io.c`, compiled and put between a program and its files."""

import errno
import mmap
import shutil
import struct
import subprocess
from pathlib import Path
from types import TracebackType

SOURCE = Path(__file__).with_suffix(".c")
COMPILER = shutil.which("gcc")
LAYOUT = "4i"


class FaultyIo:
    """Writes and syncs of files whose path holds a word, failing as told; for programs that run with `environment`."""

    def __init__(self, folder: Path, word: str) -> None:
        """Compile it into `folder`; raises RuntimeError without a compiler."""
        if COMPILER is None:
            raise RuntimeError("gcc is not installed")
        library, plan = folder / "faulty_io.so", folder / "faulty_io.plan"
        subprocess.run([COMPILER, "-shared", "-fPIC", "-O2", "-Wall", "-o", library, SOURCE, "-ldl"], check=True, timeout=60)
        plan.write_bytes(bytes(struct.calcsize(LAYOUT)))
        self.environment = {"LD_PRELOAD": str(library), "FAULTY_IO_PLAN": str(plan), "FAULTY_IO_WORD": word}
        with plan.open("r+b") as file:
            self._plan = mmap.mmap(file.fileno(), 0)

    def fail(self, nth: int, number: int = errno.EIO) -> None:
        """Have the `nth` call from now fail with this errno; with 0 it is told of a success and nothing is done."""
        self._plan[:] = struct.pack(LAYOUT, nth, number, 0, 0)

    def fill(self) -> None:
        """Have every write fail for lack of room until `heal`."""
        self._plan[:] = struct.pack(LAYOUT, 1, errno.ENOSPC, 1, 0)

    def heal(self) -> None:
        """Let everything succeed again."""
        self._plan[:] = bytes(struct.calcsize(LAYOUT))

    @property
    def failed(self) -> int:
        """Return how many calls have failed since the last order."""
        number: int = struct.unpack(LAYOUT, self._plan[:])[3]
        return number

    def __enter__(self) -> "FaultyIo":
        """Return itself."""
        return self

    def __exit__(self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        """Let go of the memory."""
        self.heal()
        self._plan.close()
