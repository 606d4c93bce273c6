"""What each command does. Libraries that only one command needs are imported in it, so that the others start quickly."""

import getpass
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from data.accounts import Accounts
from data.accounts.users import ADMIN
from data.errors import Code, Refused
from data.settings import Settings
from data.store import Store
from data.times import iso

TOKEN_DATES = ("created_at", "expires_at", "last_used_at", "revoked_at")


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


def import_freqtrade(path: Path, bot: str) -> None:
    """Import a freqtrade database and say what came of it."""
    from tqdm import tqdm

    from data.desk import Desk
    from data.importers.freqtrade import import_trades

    def watch(rows: Iterable[Any], total: int) -> Iterable[Any]:
        bar: Iterable[Any] = tqdm(rows, total=total, unit=" trades", file=sys.stderr)
        return bar

    desk = Desk.open(Settings.load())  # not started: this thread writes by itself, and may take its time
    try:
        imported = import_trades(desk.journal, path, bot=bot, watch=watch)
    finally:
        desk.close()
    left_out = f", {imported.left_out} left out because nothing has been bought yet" if imported.left_out else ""
    print(f"{path.name}: {imported.new} new, {imported.unchanged} unchanged, {imported.replaced} replaced{left_out}")


def replay(candles: Path, strategy: str, speed: float, bot: str | None, symbol: str | None, timeframe: str | None, **connection: Any) -> None:
    """Play a file of candles to a strategy and say whether its trades are those of the strategy's own function."""
    from tqdm import tqdm

    from app.replay.candles import CandleFile
    from app.replay.link import connected
    from app.replay.runner import heartbeat_at, replay
    from app.replay.strategies import STRATEGIES

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


@contextmanager
def _accounts() -> Iterator[Accounts]:
    settings = Settings.load()
    store = Store(settings.store_url)
    store.migrate()
    try:
        yield Accounts(store, settings)
    finally:
        store.close()


def token_create(name: str, scope: list[str], bot: str | None, expires_in: timedelta | None) -> None:
    """Print a new token alone on the last line."""
    with _accounts() as accounts:
        print(accounts.create_token(name, scope, bot=bot, expires_in=expires_in))


def token_list() -> None:
    """Print a line per token, the newest first."""
    with _accounts() as accounts:
        for token in accounts.list_tokens():
            dates = [f"{name.removesuffix('_at')} {iso(token[name])}" for name in TOKEN_DATES if token[name] is not None]
            print(f"{token['id']}  {token['prefix']}…  {token['name']!r}  {token['scopes']}  bot {token['bot'] or 'any'}  {', '.join(dates)}")


def token_revoke(number: int) -> None:
    """Revoke a token."""
    with _accounts() as accounts:
        if not accounts.revoke_token(number):
            raise Refused(Code.NOT_FOUND, f"there is no token {number} in force; `token list` shows all")
    print(f"revoked token {number}")


def user_add(name: str, role: str) -> None:
    """Add a person."""
    with _accounts() as accounts:
        accounts.add_user(name, _ask_password(), role)
    print(f"added {name} as {role}")


def user_passwd(name: str) -> None:
    """Change a password."""
    with _accounts() as accounts:
        accounts.set_password(name, _ask_password())
    print(f"changed the password of {name} and ended their sessions")


def _ask_password() -> str:
    return getpass.getpass("password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")


def migrate() -> None:
    """Migrate the store and print its schema."""
    store = Store(Settings.load().store_url)
    try:
        store.migrate()
        print(f"the store has schema {store.schema_version()}")
    finally:
        store.close()
