"""A demo bot at work: it follows the simulated market second by second, for as long as it lives.

What was open when it was last stopped is taken over, so that nothing piles up; where the market has passed a stop or a
target meanwhile, the position ends with the first look at the price.
"""

import time
from datetime import datetime, timedelta
from typing import Any

from app.demo.bots import DemoBot
from app.demo.history import missing_past, send_candle, send_snapshot, write_past
from app.demo.market import Market
from app.demo.words import send_position, send_signal, tell_closed, tell_opened
from app.replay.account import Account, Holding
from app.replay.link import Link
from app.replay.strategies import Decision
from app.replay.trade import SIGNAL, Trade
from data.times import now, parse_iso

BAR = timedelta(seconds=15)
MINUTE = timedelta(minutes=1)
WARM_UP_BARS = 100
UNUSUAL = 2.0  # standard deviations of a minute's return, from which on a move is worth a warning
RESTART = "restart"


def trade(link: Link, bot: DemoBot) -> None:
    """Open or take over positions, write the past where it is missing, then trade until the process ends."""
    trader = Trader(link, bot, Market(), now())
    trader.take_over(link.ask("/api/monitoring/positions", bot=bot.name)["positions"])
    results = link.ask("/api/trades/stats", bot=bot.name)["data"]
    trader.tick(now())  # positions first: the past takes a while
    if (past := missing_past(link, bot, now(), results["total_trades"] > 0)) is not None:
        write_past(link, bot, trader.market, past)
        results = link.ask("/api/trades/stats", bot=bot.name)["data"]
    trader.earned_before = results["total_pnl"]
    link.event(now(), "SYSTEM", f"{bot.name} trades {', '.join(bot.symbols)} on a simulated market", simulated=True)
    while True:
        time.sleep(1 - time.time() % 1)
        trader.tick(now())


class Trader:
    """A demo bot's positions on all of its symbols, and what it says of them."""

    def __init__(self, link: Link, bot: DemoBot, market: Market, moment: datetime) -> None:
        """Begin without positions, with indicators that have seen the bars before `moment`."""
        self._link, self._bot, self.market = link, bot, market
        self.earned_before = 0.0
        self._seats = [_Seat(symbol, bot, market, moment) for symbol in bot.symbols]
        self._minute = _floor(moment, MINUTE)

    def take_over(self, positions: list[dict[str, Any]]) -> None:
        """Go on with what the server has as open, one position per symbol, and end what does not belong to that."""
        for position in positions:
            seat = next((seat for seat in self._seats if seat.symbol == position["symbol"] and seat.account.holding is None), None)
            if seat is not None and position["stop_loss"] and position["take_profit"]:
                seat.account.holding = _holding(position)
            else:
                result = {"final_pnl": position["unrealized_pnl"], "final_pnl_pct": position["unrealized_pnl_pct"] or 0.0}
                self._link.record("close", now(), position_id=position["position_id"], **result, exit_price=position["current_price"], reason=RESTART)

    def tick(self, moment: datetime) -> None:
        """Look at the prices of a moment, act on them and report."""
        for seat in self._seats:
            self._follow(seat, moment)
        minute = _floor(moment, MINUTE)
        if minute != self._minute:
            self._minute = minute
            self._each_minute(minute)

    def _follow(self, seat: "_Seat", moment: datetime) -> None:
        price = self.market.price(seat.symbol, moment)
        closed = seat.account.stopped(price, price, price, moment)
        decision, held = seat.decide(moment), seat.account.holding
        if held is not None and decision is not None and decision.leaves(held.side):
            closed = seat.account.leave(price, moment, SIGNAL)
        opened = self._enter(seat, price, moment, decision)
        if opened is not None:  # before the close of the one before it, so that an observer never sees a bot that is always in without one
            tell_opened(self._link, seat.symbol, opened)
        if seat.account.holding is not None:
            send_position(self._link, moment, self._bot.strategy, seat.symbol, seat.account.holding, price)
        if closed is not None:
            self._close(seat.symbol, *closed)
        if decision is not None:
            acts = opened.side if opened is not None else -closed[0].side if closed is not None else 0
            send_signal(self._link, moment, self._bot.strategy, seat.symbol, decision, acts)

    def _enter(self, seat: "_Seat", price: float, moment: datetime, decision: Decision | None) -> Holding | None:
        if seat.account.holding is not None:
            return None
        wanted = seat.leaning if self._bot.is_always_in else decision.enter if decision is not None else 0
        return seat.account.enter(wanted, price, moment) if wanted else None

    def _close(self, symbol: str, held: Holding, trade: Trade) -> None:
        tell_closed(self._link, symbol, held, trade)
        result = {"final_pnl": trade.net_pnl, "final_pnl_pct": trade.net_pnl_pct, "exit_price": trade.exit_price, "reason": trade.reason}
        self._link.record("close", trade.exit_time, position_id=held.position_id, **result)

    def _each_minute(self, minute: datetime) -> None:
        """Report the minute that is over: candles, what was unusual, and what the account is worth."""
        for seat in self._seats:
            (candle,) = self.market.minutes(seat.symbol, minute - MINUTE, 1)
            send_candle(self._link, seat.symbol, "1m", candle)
            change = candle.close / candle.open - 1
            if abs(change) > UNUSUAL * self.market.volatility(seat.symbol, candle.timestamp):
                words = f"Simulated market: {seat.symbol} moved by {change:+.2%} within a minute"
                self._link.event(minute, "RISK", words, "WARNING", simulated=True, symbol=seat.symbol, change=change)
        realised = self.earned_before + sum(seat.account.realised for seat in self._seats)
        unrealised = sum(seat.account.unrealised(self.market.price(seat.symbol, minute)) for seat in self._seats)
        send_snapshot(self._link, minute, realised, unrealised)


class _Seat:
    """One symbol: its account, its indicators, and the last bar they have seen."""

    def __init__(self, symbol: str, bot: DemoBot, market: Market, moment: datetime) -> None:
        self.symbol = symbol
        self.account = Account(bot.strategy, symbol, bot.live.terms)
        self.leaning = 1
        self._market = market
        self._stream = bot.live.stream()
        self._bar = _floor(moment, BAR) - WARM_UP_BARS * BAR
        self.decide(moment)

    def decide(self, moment: datetime) -> Decision | None:
        """Return what the strategy makes of the latest bar's close, or None when there is no new one."""
        latest, decision = _floor(moment, BAR), None
        self._bar = max(self._bar, latest - WARM_UP_BARS * BAR)  # a machine that slept need not catch up with the night
        while self._bar < latest:
            self._bar += BAR
            decision = self._stream.decide(self._market.price(self.symbol, self._bar))
        if decision is not None:
            self.leaning = decision.leaning
        return decision


def _holding(position: dict[str, Any]) -> Holding:
    side = 1 if position["side"] == "LONG" else -1
    opened_at = parse_iso(position["opened_at"])
    entry, stop, target = (float(position[name]) for name in ("entry_price", "stop_loss", "take_profit"))
    return Holding(position["position_id"], side, float(position["size"]), opened_at, entry, stop, target)


def _floor(moment: datetime, span: timedelta) -> datetime:
    seconds = int(span.total_seconds())
    return moment.replace(microsecond=0) - timedelta(seconds=int(moment.timestamp()) % seconds)
