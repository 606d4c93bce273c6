"""The command line's words; what they do is in `app.commands`. Quick to start, because `--help` must be."""

import argparse
import gc
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

SCOPES = ("read", "ingest", "control")
ROLES = ("admin", "operator", "viewer")
STRATEGIES = ("ma_crossover", "rsi_reversion", "bollinger_breakout")
DEMO_BOTS = ("demo-trend", "demo-reversion")
TRADE_COLUMNS = "trade_id, symbol, direction, size, entry_price, entry_time"
TRADE_FILTERS = (
    "bot", "symbol", "strategy", "status", "direction", "start", "end", "days", "min_pnl", "max_pnl", "asset_class", "outcome", "min_return",
    "max_return", "risk", "q",
)  # fmt: skip  # one name a line would be a page
# The filters of each noun's scope in `data.exports`, which takes too long to load for `--help`.
EXPORTS = {
    "trades": (*TRADE_FILTERS, "symbol_has", "strategy_has", "bot_has"),
    "equity": ("bot", "strategy", "currency", "start", "end", "days"),
    "positions": ("bot", "symbol", "strategy"),
    "activity": ("bot", "event_type", "severity", "since", "until", "before_id", "after_id", "limit", "q"),
    "strategies": (*TRADE_FILTERS, "enabled", "currency"),
    "alerts": ("bot", "bot_has", "type", "severity", "status", "start", "end", "days"),
}
OWN_SERVER = "http://127.0.0.1:8050"
LONGEST_DAYS = 36_500


class OneLineParser(argparse.ArgumentParser):
    """Says what is wrong with an argument in one line."""

    def error(self, message: str) -> NoReturn:
        """Exit with status 2 and one line."""
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of every command; the chosen one's name in `app.commands` is in `run`."""
    parser = OneLineParser(prog="python -m app", description="BotV2 Dashboard: a self-hosted control room for trading bots.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_run(commands)
    _add_import(commands)
    _add_export(commands)
    _add_replay(commands)
    _add_demo_bot(commands)
    _add_token(commands)
    _add_user(commands)
    _add_audit(commands)
    _add_upkeep(commands)
    return parser


def _command(commands: "argparse._SubParsersAction[OneLineParser]", name: str, does: str, run: str | None = None) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=does, description=does[0].upper() + does[1:] + ".")
    parser.set_defaults(run=run or name)
    return parser


def _group(commands: "argparse._SubParsersAction[OneLineParser]", name: str, does: str) -> "argparse._SubParsersAction[OneLineParser]":
    parser = commands.add_parser(name, help=does, description=does[0].upper() + does[1:] + ".")
    return parser.add_subparsers(required=True, metavar="ACTION")


def _add_run(commands: "argparse._SubParsersAction[OneLineParser]") -> None:
    parser = _command(commands, "run", "serve the dashboard")
    parser.add_argument("--host", help="address to listen on; overrides BOTV2_HOST")
    parser.add_argument("--port", type=int, help="port to listen on; overrides BOTV2_PORT")
    parser.add_argument("--demo", action="store_true", help="let two demo bots trade a simulated market, until their data is removed")


def _add_import(commands: "argparse._SubParsersAction[OneLineParser]") -> None:
    sources = _group(commands, "import", "read what another program has recorded")
    parser = _command(sources, "freqtrade", "import the trades of a freqtrade database or backtest, all or none", "import_freqtrade")
    parser.add_argument("path", type=Path, metavar="PATH", help="the database that freqtrade keeps, or a backtest's result as .json or .zip")
    parser.add_argument("--bot", help="the bot that the trades belong to (default: freqtrade, of a backtest freqtrade-backtest)")
    parser.add_argument("--strategy", help="import the trades of this strategy only")
    parser = _command(sources, "csv", "import trades from CSV, such as the export writes", "import_csv")
    parser.add_argument("path", type=Path, metavar="PATH", help=f"CSV whose first line names its columns; at least {TRADE_COLUMNS}")
    parser.add_argument("--bot", help="the bot that all trades belong to (default: what the column bot says)")
    parser = _command(sources, "candles", "import candles from CSV", "import_candles")
    _add_candles(parser, "path")
    parser.add_argument("--bot", default="default", help="the bot that brings them (default: %(default)s)")


def _add_candles(parser: argparse.ArgumentParser, name: str) -> None:
    parser.add_argument(name, type=Path, metavar=name.upper(), help="CSV with columns for time, open, high, low and close, the oldest first")
    parser.add_argument("--symbol", help="what the candles are of (default: by the file's name, such as BTC-USD-1d.csv)")
    parser.add_argument("--timeframe", help="such as 15m, 4h or 1d (default: by the file's name, else by the distance of the rows)")


def _add_export(commands: "argparse._SubParsersAction[OneLineParser]") -> None:
    nouns = _group(commands, "export", "write what the store holds to a file")
    for noun, filters in EXPORTS.items():
        parser = _command(nouns, noun, f"write {noun} as CSV or JSON; the filters are those of the API", "export")
        parser.set_defaults(what=noun)
        parser.add_argument("--format", choices=("csv", "json"), default="csv", help="what to write (default: %(default)s)")
        parser.add_argument("--output", type=Path, metavar="PATH", help="the file to write (default: standard output)")
        for name in filters:
            parser.add_argument(f"--{name.replace('_', '-')}", dest=name, help="only what the API's filter of this name lets through")


def _add_replay(commands: "argparse._SubParsersAction[OneLineParser]") -> None:
    parser = _command(commands, "replay", "play recorded candles to a strategy that reports to a running dashboard as a bot does")
    _add_candles(parser, "candles")
    parser.add_argument("--strategy", choices=STRATEGIES, required=True, help="which strategy trades")
    parser.add_argument(
        "--speed", type=_speed, default=0.0, metavar="N", help="times faster than the candles' time; 0, the default: as fast as it goes"
    )
    parser.add_argument("--bot", help="the bot that reports (default: replay-STRATEGY)")
    _add_connection(parser)


def _add_demo_bot(commands: "argparse._SubParsersAction[OneLineParser]") -> None:
    parser = commands.add_parser("demo-bot", description="One of the demo's bots; `run --demo` starts it.")  # no help: nobody types it
    parser.set_defaults(run="demo_bot")
    parser.add_argument("name", choices=DEMO_BOTS)
    parser.add_argument("--parent", type=_number, help="the process to end with")
    _add_connection(parser)


def _add_connection(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--url", default=OWN_SERVER, help="where the dashboard is (default: %(default)s)")
    parser.add_argument("--token", help="a token with the scopes read and ingest; other users of this machine can see it in the list of processes")
    parser.add_argument("--token-file", type=Path, metavar="PATH", help="a file whose first line is the token; - is standard input")


def _add_token(commands: "argparse._SubParsersAction[OneLineParser]") -> None:
    actions = _group(commands, "token", "make, list and revoke the keys of bots and scripts")
    parser = _command(actions, "create", "make a token and print it, this once, alone on the last line", "token_create")
    parser.add_argument("name", metavar="NAME", help="what the token is for")
    parser.add_argument("--scope", action="append", choices=SCOPES, required=True, help="what it may do; give it once per scope")
    parser.add_argument("--bot", help="the only bot that it may speak for")
    parser.add_argument("--expires-days", dest="expires_in", type=_days, metavar="N", help="days until it expires (default: never)")
    _command(actions, "list", "list every token, without its secret", "token_list")
    parser = _command(actions, "revoke", "make a token useless from now on", "token_revoke")
    parser.add_argument("number", type=_number, metavar="ID", help="its number in the list")


def _add_user(commands: "argparse._SubParsersAction[OneLineParser]") -> None:
    actions = _group(commands, "user", "add, list and change people")
    parser = _command(actions, "add", "add a person; asks for the password, or reads a line of standard input", "user_add")
    parser.add_argument("name", metavar="NAME", help="the name to sign in with")
    parser.add_argument("--role", choices=ROLES, default="viewer", help="what the person may do (default: %(default)s)")
    for action, does, run, fixed in (
        ("passwd", "change a password and end that person's sessions", "user_passwd", {}),
        ("link", "print the path of a link by which a person chooses a new password, once, within 24 hours", "user_link", {}),
        ("disable", "shut a person out and end their sessions", "user_change", {"disabled": True}),
        ("enable", "let a person in again", "user_change", {"disabled": False}),
        ("role", "give a person another role and end their sessions", "user_change", {}),
        ("unlock", "switch off the second factor of a person who has lost it", "user_unlock", {}),
    ):
        parser = _command(actions, action, does, run)
        parser.set_defaults(**fixed)
        parser.add_argument("name", metavar="NAME", help="the name to sign in with")
        if action == "role":
            parser.add_argument("role", choices=ROLES, help="what the person may do")
    _command(actions, "list", "list every person", "user_list")


def _add_audit(commands: "argparse._SubParsersAction[OneLineParser]") -> None:
    actions = _group(commands, "audit", "check the record of who did what")
    parser = _command(actions, "verify", "compute the hash of every row again; exit with 1 at the first that does not hold", "audit_verify")
    parser.add_argument("--anchor", type=_anchor, metavar="ID:HASH", help="a line `audit anchor` of the server's log: this row must still be there")


def _add_upkeep(commands: "argparse._SubParsersAction[OneLineParser]") -> None:
    parser = _command(commands, "migrate", "bring the store to this program's schema, after a backup")
    parser.add_argument("--no-backup", dest="keep", action="store_false", help="change it without a backup")
    parser = _command(commands, "backup", "write the whole store to a file, also while a server uses it")
    parser.add_argument("path", type=Path, nargs="?", metavar="PATH", help="a new file, or a folder (default: backups in the data folder)")
    parser = _command(commands, "restore", "put a backup in the store's place; what it replaces is kept. Stop the server first")
    parser.add_argument("path", type=Path, metavar="PATH", help="what the command backup has written, from the same kind of database")
    parser = _command(commands, "doctor", "say what is wrong with settings, surroundings and store, and how to mend it")
    parser.add_argument("--thorough", action="store_true", help="have SQLite compare every index with its table, too; minutes for gigabytes")


def _days(text: str) -> timedelta:
    days = float(text)
    if not 0 < days <= LONGEST_DAYS:
        raise argparse.ArgumentTypeError(f"must be more than 0 and at most {LONGEST_DAYS}")
    return timedelta(days=days)


def _anchor(text: str) -> tuple[int, str]:
    number, _, its_hash = text.partition(":")
    if len(its_hash) != 64:
        raise argparse.ArgumentTypeError("must be ID:HASH as the log has it")
    return _number(number), its_hash


def _speed(text: str) -> float:
    speed = float(text)
    if not 0 <= speed < float("inf"):
        raise argparse.ArgumentTypeError("must be 0 or more")
    return speed


def _number(text: str) -> int:
    number = int(text)
    if not 0 < number < 2**63:
        raise argparse.ArgumentTypeError("is not a number from the list")
    return number


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments say and return the exit status: 0, 1 for faults that were looked for, 2 for what was refused, 130 for Ctrl-C."""
    options = vars(build_parser().parse_args(arguments))
    gc.disable()  # to look for garbage while modules are loaded takes a sixth of the start and finds none
    from app import commands  # here, so that --help and a misspelt argument answer at once
    from data.errors import Refused

    gc.enable()
    try:
        status: int | None = getattr(commands, options.pop("run"))(**options)
    except Refused as refusal:
        print(f"python -m app: {refusal}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return status or 0
