"""What a replay tells the dashboard about each candle.

Records with a natural key (candles, positions, closes, snapshots) may be sent again and stay what they are; events,
alerts and signals may not. A step's signal is sent last, so that a stored signal tells that all before it is stored.
"""

from datetime import datetime
from typing import Any

from app.replay.account import SIDES, Account, Holding, Step
from app.replay.link import Link
from app.replay.strategies import Decision, Strategy
from app.replay.trade import SIGNAL, STOP_LOSS, Trade
from data.importers.candle_file import Candle, CandleFile
from data.times import iso

LARGE_GAIN_PCT = 15.0
WORDS = {"signal": "its signal", "stop_loss": "its stop loss", "take_profit": "its take profit", "end_of_data": "the end of the candles"}


class Report:
    """Turns the steps of an account into records of its bot."""

    def __init__(self, link: Link, candles: CandleFile, strategy: Strategy, account: Account, run: str) -> None:
        """Report over `link`; `run` names this replay in its events."""
        self._link, self._candles, self._strategy, self._account, self._run = link, candles, strategy, account, run
        self._title = f"Replay {run} of {candles.symbol} {candles.timeframe} by {strategy.name}"
        self._snapshot_day: datetime | None = None

    def begin(self, candle: Candle) -> None:
        """Tell that a replay begins; raises `Refused` at once when the token may not speak for the bot."""
        self._event(candle.timestamp, "SYSTEM", f"{self._title} begins", stage="begin")
        self._link.arrive()

    def end(self, candle: Candle, step: Step, trades: int) -> None:
        """Tell what the last close ended, and what came of it all."""
        if step.closed is not None:
            self._closed(*step.closed)
        result: dict[str, Any] = {"trades": trades, "net_pnl": self._account.realised}
        self._event(candle.closes_at, "SYSTEM", f"{self._title} ends: {trades} trades, P&L {self._account.realised:+,.2f}", stage="end", **result)

    def step(self, candle: Candle, step: Step, decision: Decision | None) -> None:
        """Tell what a candle has brought."""
        self._candle(candle)
        if step.closed is not None:
            self._closed(*step.closed)
        if step.opened is not None:
            self._opened(step.opened)
        if self._account.holding is not None:
            self._position(self._account.holding, candle)
        self._snapshot(candle)
        if decision is not None:
            self._signal(candle, step, decision)

    def _closed(self, held: Holding, trade: Trade) -> None:
        """Tell that a position has ended; the close becomes the trade."""
        symbol, pnl, moment = self._candles.symbol, trade.net_pnl, trade.exit_time
        words = f"{SIDES[held.side]} {symbol} closed at {trade.exit_price:,.6g} by {WORDS[trade.reason]}: {pnl:+,.2f} ({trade.net_pnl_pct:+.2f} %)"
        sold = "SELL" if held.side == 1 else "BUY"
        self._event(moment, "ORDER", words, "SUCCESS" if pnl > 0 else "INFO", symbol=symbol, side=sold, quantity=held.size, price=trade.exit_price)
        close = {"final_pnl": pnl, "final_pnl_pct": trade.net_pnl_pct, "exit_price": trade.exit_price, "reason": trade.reason}
        self._link.record("close", moment, position_id=held.position_id, **close)
        if trade.reason == STOP_LOSS:
            self._event(moment, "RISK", f"Stop loss of {symbol} hit at {held.stop:,.6g}", "WARNING", symbol=symbol, price=trade.exit_price)
            self._alert(moment, "Stop loss hit", words, "WARNING")
        elif trade.net_pnl_pct > LARGE_GAIN_PCT:
            self._alert(moment, "Large gain", words, "SUCCESS")

    def _opened(self, held: Holding) -> None:
        symbol, side = self._candles.symbol, "BUY" if held.side == 1 else "SELL"
        words = f"Market order executed: {side} {held.size:,.6g} {symbol} at {held.entry_price:,.6g}"
        self._event(held.entry_time, "ORDER", words, symbol=symbol, side=side, quantity=held.size, price=held.entry_price)

    def _position(self, held: Holding, candle: Candle) -> None:
        self._link.record(
            "position",
            candle.closes_at,
            position_id=held.position_id,
            symbol=self._candles.symbol,
            side=SIDES[held.side],
            entry_price=held.entry_price,
            current_price=candle.close,
            size=held.size,
            opened_at=iso(held.entry_time),
            stop_loss=held.stop,
            take_profit=held.target,
            strategy=self._strategy.name,
        )

    def _candle(self, candle: Candle) -> None:
        key = {"symbol": self._candles.symbol, "timeframe": self._candles.timeframe}
        prices = {"open": candle.open, "high": candle.high, "low": candle.low, "close": candle.close}
        self._link.record("candle", candle.timestamp, **key, **prices, volume=candle.volume, trades_count=candle.trades_count)

    def _snapshot(self, candle: Candle) -> None:
        """Tell what the account is worth, at the first close of each day."""
        day = candle.closes_at.replace(hour=0, minute=0, second=0, microsecond=0)
        if day == self._snapshot_day:
            return
        self._snapshot_day = day
        unrealised, realised = self._account.unrealised(candle.close), self._account.realised
        total = self._strategy.terms.capital + realised + unrealised
        self._link.record("snapshot", candle.closes_at, total_value=total, realized_pnl=realised, unrealized_pnl=unrealised)

    def _signal(self, candle: Candle, step: Step, decision: Decision) -> None:
        # What a position was closed by is a signal too.
        leaves = -step.closed[0].side if step.closed is not None and step.closed[1].reason == SIGNAL else 0
        self._link.record(
            "signal",
            candle.closes_at,
            strategy_name=self._strategy.name,
            symbol=self._candles.symbol,
            signal_type={1: "BUY", -1: "SELL", 0: "HOLD"}[decision.enter or leaves],
            confidence=decision.confidence,
            indicators=decision.indicators,
        )

    def _event(self, moment: datetime, event_type: str, message: str, severity: str = "INFO", **metadata: Any) -> None:
        self._link.event(moment, event_type, message, severity, replay=self._run, **metadata)

    def _alert(self, moment: datetime, title: str, message: str, severity: str) -> None:
        self._link.record("alert", moment, title=title, message=message, severity=severity)
