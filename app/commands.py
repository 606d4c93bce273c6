"""What each command does. Libraries that only one command needs are imported in it, so that the others start quickly."""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from app.people import (  # noqa: F401  # the command line finds every command here
    audit_verify,
    token_create,
    token_list,
    token_revoke,
    user_add,
    user_change,
    user_link,
    user_list,
    user_passwd,
    user_unlock,
)
from app.upkeep import backup, doctor, migrate, restore  # noqa: F401  # as above
from data.accounts import Accounts
from data.accounts.users import ADMIN
from data.errors import Code, Refused
from data.settings import Settings

if TYPE_CHECKING:
    from data.desk import Desk
    from data.importers.base import Imported


def run(host: str | None, port: int | None, demo: bool) -> None:
    """Serve until told to stop."""
    from app.serve import serve

    flags = {"botv2_host": host, "botv2_port": port}
    serve(Settings.load(**{name: value for name, value in flags.items() if value is not None}), _announce, demo=demo)


def _announce(address: str, accounts: Accounts, first_password: str | None) -> None:
    """Tell the person at the terminal where the page is, how to get in, and how to connect a bot; in no log."""
    lines = [f"BotV2 Dashboard   {address}"]
    if first_password is not None:
        lines.append(f"sign in as        {ADMIN}, password {first_password} (shown this once)")
    if Settings.load().botv2_admin_password is None:
        lines.append(f"or by this link   {address}/login/once/{accounts.create_link(ADMIN)} (works once, for 15 minutes)")
    lines.append("connect a bot     .venv/bin/python -m app token create my-bot --scope ingest; README.md says what to send")
    print("\n" + "\n".join(lines) + "\n", flush=True)


def import_freqtrade(path: Path, bot: str | None, strategy: str | None) -> None:
    """Import a freqtrade database or backtest result and say what came of it."""
    from data.importers.freqtrade import import_trades

    with _desk() as desk:
        imported = import_trades(desk.journal, path, bot=bot, strategy=strategy, watch=_watch)
    more = f", {imported.left_out} left out because nothing has been bought yet" if imported.left_out else ""
    if imported.starting_balance is not None:
        more += f", starting balance {imported.starting_balance:g}"
    _tell(path, imported, more)


def import_csv(path: Path, bot: str | None) -> None:
    """Import trades from CSV and say what came of it."""
    from data.importers.trades_csv import import_csv as import_trades

    with _desk() as desk:
        _tell(path, import_trades(desk.journal, path, bot=bot, watch=_watch))


def import_candles(path: Path, symbol: str | None, timeframe: str | None, bot: str) -> None:
    """Import candles from CSV and say what came of it."""
    from data.importers.candles import import_candles as import_file

    with _desk() as desk:
        _tell(path, import_file(desk.journal, path, symbol, timeframe, bot=bot, watch=_watch))


def _watch(rows: Iterable[Any], total: int | None) -> Iterable[Any]:
    from tqdm import tqdm

    bar: Iterable[Any] = tqdm(rows, total=total, unit=" rows", desc="check" if total is None else "store", file=sys.stderr)
    return bar


def _tell(path: Path, imported: "Imported", more: str = "") -> None:
    print(f"{path.name}: {imported.new} new, {imported.unchanged} unchanged, {imported.replaced} replaced{more}")


@contextmanager
def _desk() -> Iterator["Desk"]:
    """Open a desk that is not started: this thread writes by itself, and may take its time."""
    from data.desk import Desk

    desk = Desk.open(Settings.load())
    try:
        yield desk
    finally:
        desk.close()


def export(what: str, output: Path | None, **filters: str | None) -> None:
    """Write what matches the filters to a file, which appears when it is whole, or to standard output."""
    from pydantic import ValidationError
    from tqdm import tqdm

    from data.exports import EXPORTS
    from data.records import faults

    chosen = EXPORTS[what]
    try:
        scope = chosen.scope.model_validate({name: value for name, value in filters.items() if value is not None})
    except ValidationError as error:
        raise Refused(Code.UNKNOWN_PARAMETER, "unknown filter or value", fields=faults(error)) from None
    with _desk() as desk, _written(output) as file:

        def watch(rows: Iterable[Any]) -> Iterable[Any]:
            is_seen = output is None and sys.stdout.isatty()  # the rows themselves show how far it is
            bar: Iterable[Any] = tqdm(rows, total=chosen.total(desk, scope), unit=" rows", file=sys.stderr, disable=is_seen)
            return bar

        file.writelines(chosen.lines(desk, scope, watch))


@contextmanager
def _written(output: Path | None) -> Iterator[BinaryIO]:
    """Open what is written to; one that breaks off leaves a file that was there as it was."""
    if output is None:
        try:
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        except BrokenPipeError:  # who reads has seen enough; the interpreter's own flush at the end must not fail again
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    part = output if output.exists() and not output.is_file() else output.with_name(f"{output.name}.part")  # a device is written to itself
    try:
        with part.open("wb") as file:
            try:
                yield file
            except BaseException:
                if part != output:
                    part.unlink()
                raise
        part.replace(output)
    except OSError as error:
        raise Refused(Code.BAD_FILE, "the file cannot be written", fields={output.name: error.strerror or "cannot be written"}) from None


def replay(candles: Path, strategy: str, speed: float, bot: str | None, symbol: str | None, timeframe: str | None, **connection: Any) -> None:
    """Play a file of candles to a strategy and say whether its trades are those of the strategy's own function."""
    from tqdm import tqdm

    from app.replay.link import connected
    from app.replay.runner import heartbeat_at, replay
    from app.replay.strategies import STRATEGIES
    from data.importers.candle_file import CandleFile

    file = CandleFile(candles, symbol, timeframe)
    total = sum(1 for _ in file)  # a wrong row is found before anything is sent
    with (
        connected(**connection, bot=bot or f"replay-{strategy}", heartbeat_seconds=heartbeat_at(speed, file)) as link,
        tqdm(file, total=total, unit=" candles", file=sys.stderr) as bar,
    ):
        summary = replay(link, file, STRATEGIES[strategy], speed=speed, watch=lambda _file: bar)
    print("\n".join(summary.lines()))
    if not summary.agrees:
        raise Refused(Code.INTERNAL, "the replay and the strategy's own function disagree")


def demo_bot(name: str, parent: int | None, **connection: Any) -> None:
    """Trade the simulated market until the parent ends."""
    from app import logs
    from app.demo.bots import BOTS
    from app.demo.live import trade
    from app.lifeline import end_with
    from app.replay.link import connected

    if parent is not None:
        end_with(parent)
    logs.configure(Settings.load().botv2_data_dir)
    with connected(**connection, bot=name) as link:
        trade(link, BOTS[name])
