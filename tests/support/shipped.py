"""What is shipped for containers, read as their engine would: no engine is needed."""

import re
import shlex
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # ships no types; comes with schemathesis

from tests.support.paths import ROOT

VARIABLE = re.compile(r"\$\{(\w+)(?::([?-])([^}]*))?\}")
GIVEN = {"SERVER_NAME": "desk.example", "POSTGRES_PASSWORD": "between-containers", "BOTV2_ADMIN_PASSWORD": "correct horse"}  # what .env must hold
Instruction = tuple[str, list[str]]


def dockerfile() -> list[Instruction]:
    """Return the Dockerfile's instructions: their name and their words, those of a JSON list as it stands."""
    text = re.sub(r"\\\n", " ", "\n".join(line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.startswith("#")))
    return [(name, shlex.split(rest)) for name, _, rest in (line.partition(" ") for line in text.splitlines() if line.strip())]


def stages() -> list[list[Instruction]]:
    """Return the instructions of each stage, which begins with its FROM."""
    found: list[list[Instruction]] = []
    for instruction in dockerfile():
        if instruction[0] == "FROM":
            found.append([])
        found[-1].append(instruction)
    return found


def copied(stage: list[Instruction]) -> list[tuple[str, str]]:
    """Return what a stage copies from the project: source and target."""
    return [(words[0], words[1]) for name, words in stage if name == "COPY" and not words[0].startswith("--")]


def environment(stage: list[Instruction]) -> dict[str, str]:
    """Return what a stage sets."""
    return dict(word.split("=", 1) for name, words in stage if name == "ENV" for word in words)


def compose(given: dict[str, str]) -> dict[str, Any]:
    """Return compose.yaml with its variables filled in. Raises KeyError for one that must be given and is not."""

    def fill(match: re.Match[str]) -> str:
        name, mark, default = match.groups()
        if value := given.get(name):
            return value
        if mark == "-":
            return str(default)
        raise KeyError(name)

    return dict(yaml.safe_load(VARIABLE.sub(fill, (ROOT / "compose.yaml").read_text())))


def mounted(service: dict[str, Any]) -> list[Path]:
    """Return the project's own files and folders that a service sees."""
    return [ROOT / volume.split(":")[0] for volume in service.get("volumes", ()) if volume.startswith("./")]
