"""What the measurements themselves can get wrong without a measurement noticing."""

import ast
import importlib.util
import socket
import threading
from pathlib import Path

import pytest

from bench import report
from bench.__main__ import LONG, ROWS
from bench.environments import python_with
from bench.payload import most_points
from bench.report import Figure, NotRun, Section
from bench.visiting import wired


def measures(path: Path) -> bool:
    return any(isinstance(node, ast.FunctionDef) and node.name == "measure" for node in ast.parse(path.read_text()).body)


def test_each_row_is_a_module_that_measures() -> None:
    for name in ROWS | LONG:
        found = importlib.util.find_spec(f"bench.{name}")
        assert found is not None, name
        assert measures(Path(found.origin or "")), name


def test_the_points_of_a_trace_are_those_of_its_longest_array_and_a_matrix_s_cells() -> None:
    line = {"x": [1, 2, 3], "y": [1, 2, 3], "customdata": [[1, 2]] * 3}
    assert most_points({"data": [line, {"z": [[1, 2], [3, 4]]}, {"link": {"value": [1] * 5}}]}) == 5
    assert most_points({"data": [line]}) == 3
    assert most_points({"data": []}) == 0


def test_what_cannot_be_measured_is_said_and_keeps_its_last_figures(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = tmp_path / "results.md"
    results.write_text("# Results\n\n## It, 2026-01-01\n\nold\n")
    monkeypatch.setattr(report, "RESULTS", results)

    def missing() -> Section:
        raise NotRun("there is no network")

    report.run(missing, write=True)
    assert "there is no network" in capsys.readouterr().out
    assert "old" in results.read_text()
    report.run(lambda: Section("It", "Now.", [Figure("a", "b", [1.0])]), write=True)
    assert "old" not in results.read_text()


def test_an_environment_that_cannot_be_had_is_no_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("bench.environments.PEERS", tmp_path)
    monkeypatch.setattr("bench.environments.venv.create", lambda folder, **_: folder.mkdir())
    with pytest.raises(NotRun, match="nothing==1"):
        python_with("nothing", "nothing==1")


def test_bytes_are_counted_on_the_wire_in_one_direction() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(100)
                connection.sendall(b"x" * 1000)

        thread = threading.Thread(target=answer)
        thread.start()
        with wired(server.getsockname()[1]) as wire, socket.create_connection(("127.0.0.1", wire.port)) as browser:
            browser.sendall(b"a question")
            got = b"".join(iter(lambda: browser.recv(4096), b""))
        thread.join()
    assert (len(got), wire.received) == (1000, 1000)
