"""A year of a demo bot's past: candles, trades, daily snapshots, orders and signals, as if it had reported them then.

The past is written once. Its first event says which year it is, its last that it is whole; a start that finds only the
first goes on from the last order that arrived. Candles, trades and snapshots have natural keys and may be sent again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.demo.bots import CAPITAL, DemoBot
from app.demo.market import Market
from app.demo.words import send_signal, tell_closed, tell_opened
from app.replay.account import Account, Holding, Step
from app.replay.link import Link
from app.replay.strategies import Decision
from app.replay.trade import Trade
from data.importers.candle_file import Candle
from data.times import iso, parse_iso

YEAR = timedelta(days=365)
HOURLY_KEPT = timedelta(days=30)  # the whole year is kept in daily candles
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SINCE = "1970-01-01T00:00:00Z"  # reaches behind a cleared feed
LATEST_ORDERS = 200
TITLE = "Simulated history"


@dataclass(frozen=True, slots=True)
class Past:
    """Which year is to be written, and how many of its orders the server has already."""

    begin: datetime
    end: datetime
    is_begun: bool = False
    orders: int = 0


def missing_past(link: Link, bot: DemoBot, moment: datetime, has_trades: bool) -> Past | None:
    """Return what of the bot's past is still to be written, or None.

    Args:
        link: to the server.
        bot: whose past.
        moment: now; the past ends at its full hour.
        has_trades: whether the bot has trades: without the first event, which is not kept for ever, its past is whole.
    """
    found = link.ask("/api/monitoring/activity", bot=bot.name, event_type="SYSTEM", q=TITLE, since=SINCE, limit=1)
    if not found or not found["events"]:
        end = moment.replace(minute=0, second=0, microsecond=0)
        return None if has_trades else Past(end.replace(hour=0) - YEAR, end)
    marks = found["events"][0]["metadata"]
    if marks["stage"] == "end":
        return None
    orders = link.ask("/api/monitoring/activity", bot=bot.name, event_type="ORDER", since=SINCE, limit=LATEST_ORDERS)["events"]
    known = max((order["metadata"].get("number", 0) for order in orders), default=0)
    return Past(parse_iso(marks["begin"]), parse_iso(marks["end"]), is_begun=True, orders=known)


def write_past(link: Link, bot: DemoBot, market: Market, past: Past) -> None:
    """Write the bot's past and return when the server has it."""
    marks: dict[str, Any] = {"begin": iso(past.begin), "end": iso(past.end), "simulated": True}
    if not past.is_begun:
        link.event(past.begin, "SYSTEM", f"{TITLE} of {bot.name} begins: a year on a simulated market", stage="begin", **marks)
    for symbol in bot.symbols:
        for span, begin, timeframe in ((DAY, past.begin, "1d"), (HOUR, past.end - HOURLY_KEPT, "1h")):
            for candle in market.candles(symbol, begin, past.end, span):
                send_candle(link, symbol, timeframe, candle)
    _Writer(link, bot, past.orders).trade({symbol: market.candles(symbol, past.begin, past.end, HOUR) for symbol in bot.symbols})
    link.event(past.end, "SYSTEM", f"{TITLE} of {bot.name} ends; from here on it trades live", stage="end", **marks)
    link.arrive()


def send_candle(link: Link, symbol: str, timeframe: str, candle: Candle) -> None:
    """Report a candle."""
    prices = {"open": candle.open, "high": candle.high, "low": candle.low, "close": candle.close}
    link.record("candle", candle.timestamp, symbol=symbol, timeframe=timeframe, **prices, volume=candle.volume)


class _Writer:
    """Trades the year hour by hour over all symbols of a bot, and reports it."""

    def __init__(self, link: Link, bot: DemoBot, known_orders: int) -> None:
        self._link, self._bot, self._known = link, bot, known_orders
        self._orders = 0
        self._accounts = {symbol: Account(bot.strategy, symbol, bot.hourly.terms) for symbol in bot.symbols}
        self._streams = {symbol: bot.hourly.stream() for symbol in bot.symbols}

    def trade(self, candles: dict[str, list[Candle]]) -> None:
        """Report what the year brought; what is open at its end has never been."""
        for hour in zip(*candles.values(), strict=True):
            for symbol, candle in zip(candles, hour, strict=True):
                decision = self._streams[symbol].decide(candle.close)
                step = self._accounts[symbol].follow(candle, decision)
                self._tell(symbol, step, decision)
            if hour[0].closes_at.hour == 0:
                self._snapshot(dict(zip(candles, hour, strict=True)))

    def _tell(self, symbol: str, step: Step, decision: Decision | None) -> None:
        if step.closed is not None:
            held, trade = step.closed
            self._send_trade(symbol, held, trade)
            if (number := self._next_order()) is not None:
                tell_closed(self._link, symbol, held, trade, number=number)
        if step.opened is not None and decision is not None and (number := self._next_order()) is not None:
            send_signal(self._link, step.opened.entry_time, self._bot.strategy, symbol, decision, step.opened.side)
            tell_opened(self._link, symbol, step.opened, number=number)

    def _next_order(self) -> int | None:
        """Return the order's number, or None when the server has it."""
        self._orders += 1
        return self._orders if self._orders > self._known else None

    def _send_trade(self, symbol: str, held: Holding, trade: Trade) -> None:
        entry: dict[str, Any] = {"entry_price": trade.entry_price, "entry_time": iso(trade.entry_time), "size": trade.size}
        left: dict[str, Any] = {"exit_price": trade.exit_price, "exit_time": iso(trade.exit_time), "exit_reason": trade.reason}
        bounds: dict[str, Any] = {"stop_loss": held.stop, "take_profit": held.target}
        result: dict[str, Any] = {"fees": trade.fees, "net_pnl": trade.net_pnl, "notes": "simulated"}
        direction = "long" if held.side == 1 else "short"
        named: dict[str, Any] = {"trade_id": held.position_id, "symbol": symbol, "direction": direction, "strategy": self._bot.strategy}
        self._link.record("trade", **named, **entry, **left, **bounds, **result)

    def _snapshot(self, candles: dict[str, Candle]) -> None:
        realised = sum(account.realised for account in self._accounts.values())
        unrealised = sum(self._accounts[symbol].unrealised(candle.close) for symbol, candle in candles.items())
        send_snapshot(self._link, next(iter(candles.values())).closes_at, realised, unrealised)


def send_snapshot(link: Link, moment: datetime, realised: float, unrealised: float) -> None:
    """Report what the account is worth."""
    total = CAPITAL + realised + unrealised
    link.record("snapshot", moment, total_value=total, realized_pnl=realised, unrealized_pnl=unrealised)
