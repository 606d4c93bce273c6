"""A small book with something of everything, for tests that look at all panels."""

from datetime import UTC, datetime, timedelta

from tests.support.api import Api


def fill(api: Api) -> Api:
    """Put something of every kind into the store; all names and texts begin with §, as no text of the program does."""
    api.post("/activity", {"event_type": "ORDER", "message": "§bought", "severity": "WARNING", "bot": "§one", "metadata": {"symbol": "§BTC"}})
    signal = {"strategy_name": "§a", "symbol": "§BTC", "signal_type": "BUY", "confidence": 0.8, "indicators": {"§rsi": 65}, "ensemble_vote": "BUY"}
    api.post("/signals/update", signal | {"bot": "§one"})
    place = {"position_id": "§p", "symbol": "§BTC", "side": "LONG", "entry_price": 100, "current_price": 101, "size": 1, "unrealized_pnl": 1.0}
    api.post("/positions/update", place | {"unrealized_pnl_pct": 1.0, "stop_loss": 99, "strategy": "§a", "bot": "§one"})
    api.post("/alerts", {"title": "§alert", "message": "§said", "severity": "ERROR", "bot": "§one"})
    end = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    days = [end - timedelta(days=back) for back in range(70, 0, -1)]
    api.batch(*({"kind": "snapshot", "total_value": 1000 + 3 * at + at % 5, "cash_balance": 100, "timestamp": day.isoformat(), "bot": "§one"}
                for at, day in enumerate(days)))  # fmt: skip  # a table
    for strategy in ("§a", "§b"):
        api.batch(*({
            "kind": "trade", "bot": "§one", "trade_id": f"{strategy}{at}", "symbol": "§BTC", "direction": "long" if at % 2 else "short", "size": 1,
            "entry_price": 100, "exit_price": 100 + at % 7 - 2, "net_pnl": at % 7 - 2 - 0.1, "fees": 0.1, "slippage": 0.05, "strategy": strategy,
            "exit_reason": "stop_loss",
            "entry_time": (day - timedelta(hours=5)).isoformat(), "exit_time": (day + timedelta(hours=at % 9)).isoformat(),
        } for at, day in enumerate(days)))  # fmt: skip  # a table
    api.batch(*({"kind": "candle", "symbol": "§BTC", "timeframe": "1d", "timestamp": day.isoformat(), "open": 1, "high": 3, "low": 0.5, "close": 2,
                 "volume": 5, "bot": "§one"} for day in days))  # fmt: skip  # a table
    api.post("/api/annotations", {"chart_id": "equity", "date": days[-3].isoformat(), "text": "§note", "type": "news"})
    return api
