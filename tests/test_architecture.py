"""The house rules that a reader would otherwise have to check by eye."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from dotenv import dotenv_values

from data.settings import Settings
from tests.support.paths import ROOT

FLOORS = ["data", "components", "callbacks", "app"]  # from the ground up
WEB_LIBRARIES = {"dash", "flask", "plotly", "dash_bootstrap_components", "flask_caching", "flask_socketio", "werkzeug"}
MODULES = sorted(path for floor in FLOORS for path in (ROOT / floor).rglob("*.py"))
LONGEST_MODULE = 300


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def imported_by(path: Path) -> Iterator[str]:
    """Yield the top-level package of every import, those inside functions included."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").split(".")[0] if node.level == 0 else path.relative_to(ROOT).parts[0]


def called(node: ast.expr) -> str:
    """Return the last name of what is called or decorated with: `callback` for `@dash.callback(...)`."""
    target = node.func if isinstance(node, ast.Call) else node
    if isinstance(target, ast.Attribute):
        return target.attr
    return target.id if isinstance(target, ast.Name) else ""


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_every_import_points_to_the_same_floor_or_down(path: Path) -> None:
    floor = FLOORS.index(path.relative_to(ROOT).parts[0])
    upward = {name for name in imported_by(path) if name in FLOORS and FLOORS.index(name) > floor}
    assert not upward, f"{name_of(path)} imports {upward}, which lies above it"


@pytest.mark.parametrize("path", sorted((ROOT / "data").rglob("*.py")), ids=name_of)
def test_data_knows_nothing_of_the_web(path: Path) -> None:
    assert not WEB_LIBRARIES & set(imported_by(path))


def test_nobody_imports_the_tests_or_the_benchmarks() -> None:
    assert not [name_of(path) for path in MODULES if {"tests", "bench"} & set(imported_by(path))]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_fits_in_the_head(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LONGEST_MODULE


def test_no_callback_is_registered_when_a_module_is_imported() -> None:
    """Dash would move it into whichever app serves first; `register(app, desk)` is the way."""
    offenders = []
    for path in MODULES:
        for node in tree_of(path).body:
            decorators = node.decorator_list if isinstance(node, ast.FunctionDef) else []
            calls = [node.value] if isinstance(node, ast.Expr) else []
            offenders += [f"{name_of(path)}:{node.lineno}" for part in [*decorators, *calls] if called(part) in {"callback", "clientside_callback"}]
    assert not offenders


def test_ids_are_written_in_one_file_only() -> None:
    """An id literal elsewhere would break silently when the id changes."""
    offenders = []
    for path in MODULES:
        if name_of(path) == "components/ids.py" or path.relative_to(ROOT).parts[0] == "data":
            continue
        for node in ast.walk(tree_of(path)):
            if not isinstance(node, ast.Call):
                continue
            named = [keyword.value for keyword in node.keywords if keyword.arg == "id"]
            named += node.args[:1] if called(node) in {"Input", "Output", "State"} else []
            offenders += [f"{name_of(path)}:{node.lineno}" for part in named if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    assert not offenders


def test_the_settings_example_lists_every_setting_with_its_default() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    listed = {match[1]: match[2] for line in lines if (match := re.fullmatch(r"# ([A-Z][A-Z0-9_]+)=(.*)", line))}
    defaults = {name.upper(): field.get_default() for name, field in Settings.model_fields.items()}
    assert listed.keys() == defaults.keys()
    for name, default in defaults.items():
        plain = default.get_secret_value() if hasattr(default, "get_secret_value") else default
        assert listed[name].removeprefix("./") == ("" if plain is None else str(plain)), name


def test_the_settings_example_changes_nothing_as_it_stands() -> None:
    assert dotenv_values(ROOT / ".env.example") == {}


def phony_targets() -> set[str]:
    declared = re.search(r"^\.PHONY:(.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert declared is not None
    return set(declared.group(1).split())


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_every_make_target_in_the_documents_exists(document: str) -> None:
    named = set(re.findall(r"\bmake ([a-z]+)`", (ROOT / document).read_text())) | set(
        re.findall(r"^\s*make ([a-z]+)", (ROOT / document).read_text(), re.MULTILINE)
    )
    assert named <= phony_targets()


def test_every_program_that_the_makefile_calls_exists_and_may_be_executed() -> None:
    for script in re.findall(r"^\t@?(scripts/\S+)", (ROOT / "Makefile").read_text(), re.MULTILINE):
        assert (ROOT / script).stat().st_mode & 0o111, script


def test_every_command_in_the_readme_is_understood_by_the_command_line() -> None:
    from app.cli import build_parser

    parser = build_parser()
    commands = re.findall(r"python -m app ([a-z][^\n`#]*)", (ROOT / "README.md").read_text())
    assert commands
    for command in commands:
        parser.parse_args(command.split())


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "docs/decisions.md", "CHANGELOG.md"])
def test_every_file_that_a_document_links_to_exists(document: str) -> None:
    text = (ROOT / document).read_text()
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
        assert ((ROOT / document).parent / target).exists(), target


def test_shell_scripts_are_well_formed() -> None:
    for script in (ROOT / ".ci/run", ROOT / "scripts/ensure-test-programs"):
        subprocess.run(["bash", "-n", script], check=True)
