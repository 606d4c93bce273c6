"""What the demo's bots say, and as which records: the same live and in their history."""

from datetime import datetime
from typing import Any

from app.replay.account import SIDES, Holding
from app.replay.link import Link
from app.replay.strategies import Decision
from app.replay.trade import Trade
from data.times import iso

ORDER_SIDES = {1: "BUY", -1: "SELL"}


def tell_opened(link: Link, symbol: str, held: Holding, **more: Any) -> None:
    """Report the order that opened a position."""
    words = f"Simulated order executed: {ORDER_SIDES[held.side]} {held.size:,.6g} {symbol} at {held.entry_price:,.6g}"
    fill: dict[str, Any] = {"symbol": symbol, "side": ORDER_SIDES[held.side], "quantity": held.size, "price": held.entry_price}
    link.event(held.entry_time, "ORDER", words, simulated=True, **fill, **more)


def tell_closed(link: Link, symbol: str, held: Holding, trade: Trade, **more: Any) -> None:
    """Report the order that closed a position."""
    side = ORDER_SIDES[-held.side]
    words = f"Simulated {SIDES[held.side]} {symbol} closed at {trade.exit_price:,.6g} ({trade.reason}): {trade.net_pnl:+,.2f}"
    fill: dict[str, Any] = {"symbol": symbol, "side": side, "quantity": held.size, "price": trade.exit_price}
    link.event(trade.exit_time, "ORDER", words, "SUCCESS" if trade.net_pnl > 0 else "INFO", simulated=True, **fill, **more)


def send_signal(link: Link, moment: datetime, strategy: str, symbol: str, decision: Decision, acts: int) -> None:
    """Report what the strategy thinks; `acts` is 1 to buy, -1 to sell, 0 to hold."""
    signal_type = ORDER_SIDES.get(acts, "HOLD")
    named = {"strategy_name": strategy, "symbol": symbol, "signal_type": signal_type}
    link.record("signal", moment, **named, confidence=decision.confidence, indicators=decision.indicators)


def send_position(link: Link, moment: datetime, strategy: str, symbol: str, held: Holding, price: float) -> None:
    """Report an open position at a price."""
    link.record(
        "position",
        moment,
        position_id=held.position_id,
        symbol=symbol,
        side=SIDES[held.side],
        entry_price=held.entry_price,
        current_price=price,
        size=held.size,
        opened_at=iso(held.entry_time),
        stop_loss=held.stop,
        take_profit=held.target,
        strategy=strategy,
    )
