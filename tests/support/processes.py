"""Starting programs that cannot outlive the tests."""

import shutil
import socket


def bound_to_the_tests(signal_name: str) -> list[str]:
    """Return the words before a command that have the kernel send it this signal when the tests die, however they die."""
    setpriv = shutil.which("setpriv")  # Linux alone has it; elsewhere a killed test run leaves its server behind
    return [setpriv, "--pdeathsig", signal_name, "--"] if setpriv else []


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
