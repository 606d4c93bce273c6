"""freqtrade's trades, out of the database that it keeps or of a backtest's result; all of them are stored, or none."""

import math
from pathlib import Path

from sqlalchemy import select

from data.edits import BalanceIn, Edit
from data.importers import freqtrade_backtest, freqtrade_database
from data.importers.base import Imported, Watch, bad_file, checked_bot, unwatched
from data.importers.freqtrade_rows import TradeFile, draft_of
from data.journal import Journal
from data.records import validated
from data.schema import BotState, Strategy, Trade

READERS = {freqtrade_database.MAGIC: freqtrade_database.opened, b"PK\x03\x04": freqtrade_backtest.opened_zip, b"{": freqtrade_backtest.opened}
HEAD = 64  # bytes that tell the kinds of file apart


def import_trades(journal: Journal, path: Path, *, bot: str | None = None, strategy: str | None = None, watch: Watch = unwatched) -> Imported:
    """Store the trades of the database or backtest result at `path` as those of `bot`, and what their equity began with.

    Args:
        journal: where they are stored.
        path: a SQLite database, or a backtest's result as JSON, also in the zip file that freqtrade writes.
        bot: whose they are; without it `freqtrade`, of a backtest `freqtrade-backtest`: what was simulated stays apart.
        strategy: take only the trades of this one; without it all.
        watch: shows progress.

    Raises:
        Refused: `bad_file`, naming the trade and the field; nothing is stored then.
    """
    named = None if bot is None else checked_bot(bot)
    with _reader(path)(path, strategy) as file:
        total = len(file.rows)
        drafts = [draft for row in watch(file.rows, total) if (draft := draft_of(row)) is not None]
        owner = named or file.bot
    balances = _balances(journal, owner, file)
    outcomes = journal.append([*drafts, *balances], bot=owner) if drafts else []
    balance = math.fsum(file.balances.values()) if file.balances else None
    return Imported.of(outcomes[: len(drafts)], total - len(drafts), balance)


def _reader(path: Path) -> "freqtrade_database.Opener":
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError as error:
        raise bad_file(path.name, f"cannot be read: {error.strerror}") from None
    for start, reader in READERS.items():
        if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(start):
            return reader
    raise bad_file(path.name, "is neither a SQLite database nor a backtest result" if head else "is empty")


def _balances(journal: Journal, bot: str, file: TradeFile) -> list[Edit]:
    """Return what makes the starting balances known: of each strategy its own, of the bot the sum of all that it trades; nothing when they are."""
    if not file.balances:
        return []
    traded = select(Trade.strategy).where(Trade.bot == bot).distinct()
    with journal.store.read() as connection:
        query = select(Strategy.name, Strategy.starting_balance).where(Strategy.name.in_(traded), Strategy.starting_balance.is_not(None))
        of_strategies = {row.name: row.starting_balance or 0.0 for row in connection.execute(query)}
        of_bot = connection.scalar(select(BotState.starting_balance).where(BotState.bot == bot))
    balances = {**of_strategies, **file.balances}
    total = math.fsum(balances.values())
    if of_strategies == balances and of_bot == total:
        return []
    bodies = [{"strategy": name, "starting_balance": amount} for name, amount in file.balances.items()] + [{"starting_balance": total}]
    return [Edit(action="balance.set", user="import freqtrade", body=validated(BalanceIn, body)) for body in bodies]
