"""What can be chosen in the frame: bots, strategies, symbols and currencies, as a list that frame.js reads."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from dash import html

from components.parts import View, facts
from data.scope import MAX_ROWS, MarketScope, StrategyScope

if TYPE_CHECKING:
    from data.desk import Desk

MOST_SYMBOLS = 200


def known_choices(desk: "Desk", _selection: object) -> dict[str, list[str]]:
    """Return the names that a person can choose from, sorted: `bots`, `strategies`, `symbols` (at most 200) and `currencies`."""
    trades = desk.columns.trades()
    symbols = [row["symbol"] for row in desk.market.symbols(MarketScope(limit=MOST_SYMBOLS))["symbols"]]
    return {
        "bots": _sorted([feed["bot"] for feed in desk.live.feeds()], trades.names("bot")),
        "strategies": _sorted(row["name"] for row in desk.strategies.page(StrategyScope(limit=MAX_ROWS))["strategies"]),
        "symbols": _sorted(symbols, trades.names("symbol"))[:MOST_SYMBOLS],
        "currencies": desk.currencies(),
    }


def _sorted(*names: Iterable[str]) -> list[str]:
    return sorted({name for some in names for name in some if name}, key=lambda name: (name.casefold(), name))


def choices(known: Mapping[str, Sequence[str]], _now: datetime) -> View:
    """Return the lists, a place of the menus for each; nobody sees them as they are."""
    return View(None, [html.Ul([html.Li(**facts(value=name)) for name in names], **facts(choices=kind)) for kind, names in known.items()])
