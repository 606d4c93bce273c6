"""Environments for what we are compared with: other people's programs, at pinned versions, under var/peers; made when they are missing."""

import subprocess
import venv
from collections.abc import Sequence
from pathlib import Path

from bench.report import NotRun
from tests.support.paths import ROOT

PEERS = ROOT / "var" / "peers"
INSTALL_SECONDS = 900
PIP = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")
NPM = ("npm", "install", "--save-exact", "--no-audit", "--no-fund", "--loglevel=error")


def python_with(name: str, *requirements: str) -> Path:
    """Return the Python of a virtual environment that has these packages. Raises `NotRun` when they cannot be had."""
    folder = PEERS / name
    python = folder / "bin" / "python"
    if not _has(folder, requirements):
        venv.create(folder, with_pip=True, clear=True)
        _install(folder, [str(python), *PIP, *requirements], requirements)
    return python


def node_with(name: str, *packages: str) -> Path:
    """Return the folder whose `node_modules` has these packages. Raises `NotRun` when they cannot be had."""
    folder = PEERS / name
    if not _has(folder, packages):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true, "type": "module"}')
        _install(folder, [*NPM, *packages], packages)
    return folder


def _has(folder: Path, wanted: Sequence[str]) -> bool:
    done = folder / "done"
    return done.exists() and done.read_text().split() == list(wanted)


def _install(folder: Path, command: Sequence[str], wanted: Sequence[str]) -> None:
    try:
        subprocess.run(command, check=True, timeout=INSTALL_SECONDS, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise NotRun(f"{' '.join(wanted)} cannot be installed: {error}") from error
    (folder / "done").write_text("\n".join(wanted))
