"""The command line: quick help, one line for what is wrong, nothing secret where it does not belong."""

import io
import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli import build_parser, main
from data.accounts import Accounts
from data.settings import Settings
from data.store import SCHEMA_HEAD, Store
from tests.support.paths import ROOT
from tests.support.server import ADMIN_PASSWORD, LiveServer

COMMANDS = [
    "",
    "run",
    "import",
    "import freqtrade",
    "import csv",
    "import candles",
    "export",
    "export trades",
    "replay",
    "demo-bot",
    "token",
    "token create",
    "token list",
    "token revoke",
    "user",
    "user add",
    "user passwd",
    "migrate",
    "backup",
    "restore",
    "doctor",
]


@pytest.fixture
def command_store(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Settings:
    """The commands of this process work on the fresh store."""
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("BOTV2_DATA_DIR", str(settings.botv2_data_dir))
    return settings


def accounts_of(store: Store, settings: Settings) -> Accounts:
    return Accounts(store, settings)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        build_parser().parse_args([*command.split(), "--help"])
    assert ended.value.code == 0
    assert f"usage: python -m app {command}".strip() in capsys.readouterr().out


@pytest.mark.parametrize(
    "command",
    [
        "",
        "fly",
        "run --port many",
        "import",
        "import freqtrade",
        "import excel trades.xls",
        "import candles",
        "export",
        "export accounts",
        "export trades --format xlsx",
        "export positions --status open",
        "token create",
        "token create bot",
        "token create bot --scope everything",
        "token create bot --scope read --expires-days -1",
        "token create bot --scope read --expires-days nan",
        "token create bot --scope read --expires-days 1e300",
        "token revoke first",
        "token revoke 99999999999999999999",
        "user add anna --role king",
        "replay candles.csv",
        "replay candles.csv --strategy luck",
        "replay candles.csv --strategy ma_crossover --speed -1",
        "replay candles.csv --strategy ma_crossover --speed nan",
    ],
)
def test_a_wrong_argument_gives_one_line_and_status_2(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(command.split())
    assert ended.value.code == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert len(told.err.splitlines()) == 1
    assert "--help" in told.err


@pytest.mark.parametrize(
    ("name", "value", "command"),
    [
        ("BOTV2_PORT", "http", "run"),
        ("BOTV2_PROT", "8050", "run"),
        ("SECRET_KEY", "changeme", "run"),
        ("DATABASE_URL", "mysql://host/name", "migrate"),
        ("BOTV2_ADMIN_PASSWORD", "short", "token list"),
    ],
)
def test_a_wrong_setting_stops_every_command_with_a_line_that_names_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str, command: str
) -> None:
    monkeypatch.setenv(name, value)
    assert main(command.split()) == 2
    told = capsys.readouterr().err
    assert len(told.splitlines()) == 1
    assert name in told
    assert name == "BOTV2_PROT" or value not in told or name == "DATABASE_URL"


def test_a_new_token_stands_alone_on_the_last_line_and_opens_what_it_says(
    command_store: Settings, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["token", "create", "my bot", "--scope", "read", "--scope", "ingest", "--bot", "alpha", "--expires-days", "0.5"]) == 0
    token = capsys.readouterr().out.splitlines()[-1]
    principal = accounts_of(store, command_store).resolve_token(token)
    assert principal is not None
    assert (principal.name, principal.scopes, principal.bot) == ("my bot", frozenset({"read", "ingest"}), "alpha")


def test_the_list_of_tokens_holds_no_secret_and_a_revoked_one_opens_nothing(
    command_store: Settings, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["token", "create", "my bot", "--scope", "read"])
    token = capsys.readouterr().out.splitlines()[-1]
    assert main(["token", "list"]) == 0
    listed = capsys.readouterr().out
    assert "'my bot'" in listed
    assert token not in listed
    number = listed.split()[0]
    assert main(["token", "revoke", number]) == 0
    assert accounts_of(store, command_store).resolve_token(token) is None
    capsys.readouterr()
    assert main(["token", "revoke", number]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_person_is_added_and_given_another_password_from_standard_input(
    command_store: Settings, store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    accounts = accounts_of(store, command_store)
    monkeypatch.setattr(sys, "stdin", io.StringIO("first password\n"))
    assert main(["user", "add", "anna", "--role", "operator"]) == 0
    assert accounts.sign_in("anna", "first password", address="test") is not None
    monkeypatch.setattr(sys, "stdin", io.StringIO("second password\n"))
    assert main(["user", "passwd", "anna"]) == 0
    assert accounts.sign_in("anna", "first password", address="test") is None
    assert accounts.sign_in("anna", "second password", address="test") is not None
    assert "password\n" not in capsys.readouterr().out


@pytest.mark.parametrize(("command", "typed"), [("user add admin2", "short\n"), ("user add admin2", ""), ("user passwd nobody", "long enough\n")])
def test_a_password_that_is_refused_gives_one_line(
    command_store: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str, typed: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    assert main(command.split()) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_what_an_import_brings_in_an_export_takes_out(
    command_store: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    source, target = tmp_path / "trades.csv", tmp_path / "out.csv"
    head = "trade_id,symbol,direction,size,entry_price,entry_time,notes"
    source.write_text(f"{head}\na,BTC/USDT,long,1,100,2025-01-01T00:00:00Z,'=1\nb,ETH/USDT,short,1,100,2025-01-02T00:00:00Z,\n")
    assert main(["import", "csv", str(source), "--bot", "alpha"]) == 0
    told = capsys.readouterr()
    assert told.out == "trades.csv: 2 new, 0 unchanged, 0 replaced\n"
    assert "2/2" in told.err, "no progress was shown"
    assert main(["export", "trades", "--bot", "alpha", "--symbol", "BTC/USDT", "--output", str(target)]) == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert "1/1" in told.err
    head, trade, _ = target.read_bytes().decode("utf-8-sig").split("\r\n")
    assert head.startswith("id,trade_id,bot,symbol,")
    assert ",a,alpha,BTC/USDT,long," in trade
    assert ",'=1," in trade
    assert main(["export", "trades", "--format", "json", "--end", "2025-01-01T12:00:00Z"]) == 0
    assert [trade["notes"] for trade in json.loads(capsys.readouterr().out)] == ["=1"]
    assert main(["export", "positions", "--format", "json"]) == 0
    assert capsys.readouterr().out == "[]"
    assert main(["import", "candles", str(source)]) == 2
    assert main(["export", "trades", "--min-pnl", "much"]) == 2
    assert main(["export", "trades", "--output", str(tmp_path / "nowhere" / "out.csv")]) == 2
    faults = [line for line in capsys.readouterr().err.splitlines() if line.startswith("python -m app")]
    assert ["names no column" in faults[0], "min_pnl: " in faults[1], "out.csv: No such file" in faults[2]] == [True] * 3


def test_an_export_that_breaks_off_leaves_the_file_that_was_there(command_store: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    target = tmp_path / "trades.csv"
    target.write_text("kept")
    monkeypatch.setattr("data.exports.csv_lines", interrupted)
    assert main(["export", "trades", "--output", str(target)]) == 130
    assert target.read_text() == "kept"
    assert not [*tmp_path.glob("*.part")]


def test_a_reader_that_has_seen_enough_ends_an_export_quietly(command_store: Settings) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        done = subprocess.run(
            [sys.executable, "-m", "app", "export", "trades"], cwd=ROOT, stdout=pipe, stderr=subprocess.PIPE, text=True, timeout=30, check=False
        )
    assert (done.returncode, "Traceback" in done.stderr, "BrokenPipe" in done.stderr) == (0, False, False)


def test_migrate_builds_the_schema_and_says_so(bare_store_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("DATABASE_URL", bare_store_url)
    assert main(["migrate"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"the store has schema {SCHEMA_HEAD}"


def test_ctrl_c_ends_a_command_with_130_and_no_traceback(command_store: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("app.people._ask_password", interrupted)
    assert main(["user", "add", "anna"]) == 130


def test_help_does_not_wait_for_heavy_libraries() -> None:
    script = """
import sys
sys.argv = ["app", "--help"]
try:
    import app.__main__
except SystemExit:
    print(sorted({"dash", "pandas", "sqlalchemy"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_port_that_is_taken_is_named_in_one_line(backend: str, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = LiveServer(tmp_path).command("run", "--port", str(taken.getsockname()[1]), check=False)
    assert done.returncode == 2
    assert re.search(r"BOTV2_PORT: cannot listen on 127.0.0.1:\d+", done.stderr.splitlines()[-1])
    assert "Traceback" not in done.stderr


def test_the_first_start_shows_a_password_and_a_link_on_the_terminal_and_in_no_log(tmp_path: Path) -> None:
    server = LiveServer(tmp_path, by_hand=True)
    del server.environment["BOTV2_ADMIN_PASSWORD"]
    try:
        server.start()
    finally:
        server.stop()
    shown = server.log.read_text()
    password = re.search(r"^sign in as +admin, password (\S+)", shown, re.MULTILINE)
    link = re.search(rf"{re.escape(server.url)}/login/once/(\S+)", shown)
    assert password is not None
    assert link is not None
    log = (tmp_path / "logs" / "dashboard.log").read_text()
    assert password[1] not in log
    assert link[1] not in log


def test_a_start_with_a_password_of_ones_own_shows_none(typed_server: LiveServer) -> None:
    shown = typed_server.log.read_text()
    assert typed_server.url in shown
    assert ADMIN_PASSWORD not in shown
    assert "/login/once/" not in shown
