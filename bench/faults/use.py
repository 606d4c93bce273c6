"""What a server's processes hold: memory, threads, file descriptors, connections (Linux)."""

import contextlib
import os
import re
import resource
from dataclasses import dataclass
from pathlib import Path

from bench.program import Program


@dataclass(frozen=True)
class Use:
    """What the processes of a group hold together; memory in MiB.

    What they share counts once, whoever else shares it: of their own pages each its part, of libraries and files those of the one with most.
    """

    memory: float
    threads: int
    descriptors: int


def use_of(program: Program) -> Use:
    """Return what the program holds now."""
    own = files = threads = descriptors = 0
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # ended meanwhile
            if os.getpgid(int(folder.name)) != program.group:
                continue
            status = (folder / "status").read_text()
            own += int(re.findall(r"Pss_Anon:\s+(\d+)", (folder / "smaps_rollup").read_text())[0])
            files = max(files, int(re.findall(r"RssFile:\s+(\d+)", status)[0]))
            threads += int(re.findall(r"Threads:\s+(\d+)", status)[0])
            descriptors += len(list((folder / "fd").iterdir()))
    return Use((own + files) / 1024, threads, descriptors)


def established(port: int) -> int:
    """Return how many connections to a port of this machine are open at the server's end."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[1].endswith(f":{port:04X}") and row[3] == "01" for row in rows)


def raise_file_limit() -> None:
    """Let this process hold thousands of connections."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
