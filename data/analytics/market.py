"""Candles of one symbol with what was made of them: indicators, trades, signals."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from sqlalchemy import func, select

from data import times
from data.analytics.ground import plain
from data.entries import Row
from data.indicators import bollinger, rsi, sma
from data.market import Market
from data.metrics.checks import FloatArray
from data.paging import within
from data.schema import Journal, MarketData
from data.scope import CandleScope, MarketScope, Range, Selection
from data.store import Store
from data.trades import Trades

FEWEST, MOST = 60, 500  # candles that make a readable chart
BEFORE = 150  # candles before the first one shown, for what looks back: after that many Wilder's averages have forgotten how they began
SYMBOLS = 1000
TRADES = 100
SIGNALS = 200
LOOKED_AT = 5000  # of the newest signals, of all symbols: no index of the journal knows a symbol
DIGITS = 9  # significant ones of an indicator
SHOWN = ("timestamp", "open", "high", "low", "close", "volume")
OF_TRADES = ("id", "entry_time", "entry_price", "exit_time", "exit_price", "net_pnl", "exit_reason", "strategy")
INDICATORS = ("sma_20", "sma_50", "bollinger_upper", "bollinger_lower", "rsi_14")
NOTHING: Row = {"candles": [], "indicators": dict[str, list[float]].fromkeys(INDICATORS, []), "trades": [], "signals": [], "has_more": False}


class Candles:
    """Answers what a chart of candles shows."""

    def __init__(self, store: Store, market: Market, trades: Trades) -> None:
        """Ask `market` for candles, `trades` for trades and `store` for signals."""
        self._store = store
        self._market = market
        self._trades = trades

    def of(self, selection: Selection) -> Row:
        """Return the newest candles of a symbol in the range, 500 at most, with indicators, and the trades and signals of that time.

        The symbol is the first that is chosen, else the one whose last candle is the newest; the timeframe the one that is chosen, else the
        finest that has 60 to 500 candles in the range, else the one with the most, of several with more than 500 the longest. `has_more` tells that
        the range holds earlier candles. `indicators` look back beyond the range, and are None as long as there is not enough to look back
        at. Trades are the newest 100, signals the newest 200 among the newest 5,000 of all symbols.
        """
        listed = self._market.symbols(MarketScope(limit=SYMBOLS))["symbols"]
        newest = max(listed, key=lambda row: (row["as_of"], row["symbol"]), default=None)
        symbol: str | None = selection.symbol[0] if selection.symbol else newest and newest["symbol"]
        known: list[str] = next((row["timeframes"] for row in listed if row["symbol"] == symbol), [])
        head = {"symbol": symbol, "symbols": [row["symbol"] for row in listed], "timeframe": None, "timeframes": known}
        found = NOTHING if symbol is None or not known else self._shown(selection, symbol, known)
        return head | found | {"filtered_out": bool(known) and not found["candles"], "currency": None, "left_out": []}

    def _shown(self, selection: Selection, symbol: str, known: Sequence[str]) -> Row:
        chosen = Range(**selection.times())
        timeframe = selection.timeframe if selection.timeframe in known else self._fitting(symbol, known, chosen)
        page = self._market.candles(symbol, CandleScope(**dict(chosen), timeframe=timeframe, limit=MOST))
        rows = page["candles"]
        if not rows:
            return NOTHING | {"timeframe": timeframe}
        first = times.parse_iso(rows[0]["timestamp"])
        back = self._market.candles(symbol, CandleScope(end=first, timeframe=timeframe, limit=BEFORE + 1))["candles"][:-1]
        return {
            "timeframe": timeframe,
            "candles": [{name: row[name] for name in SHOWN} for row in rows],
            "indicators": _indicators(np.array([row["close"] for row in (*back, *rows)], np.float64), len(back)),
            "trades": self._traded(selection, symbol, first),
            "signals": self._signals(selection, symbol, first),
            "has_more": page["has_more"],
        }

    def _fitting(self, symbol: str, known: Sequence[str], chosen: Range) -> str:
        """Return the timeframe that suits the range, see `of`; each is counted in the index, as far as it could suit."""
        counts: dict[str, int] = {}
        for timeframe in known:  # the finest first
            of_it = (MarketData.symbol == symbol, MarketData.timeframe == timeframe, *within(MarketData.timestamp, chosen))
            some = select(MarketData.timestamp).where(*of_it).limit(MOST + 1).subquery()
            with self._store.read() as connection:
                counts[timeframe] = connection.scalar(select(func.count()).select_from(some)) or 0
            if FEWEST <= counts[timeframe] <= MOST:
                return timeframe
        return max(reversed(known), key=lambda timeframe: counts[timeframe])

    def _traded(self, selection: Selection, symbol: str, first: datetime) -> list[Row]:
        scope = selection.trade_page(limit=TRADES).model_copy(update={"symbol": (symbol,), "start": first, "days": None})
        rows = [row for row in self._trades.page(scope)["trades"] if row["status"] != "cancelled"]
        return [{"side": row["direction"], **{name: row[name] for name in OF_TRADES}} for row in rows[::-1]]

    def _signals(self, selection: Selection, symbol: str, first: datetime) -> list[Row]:
        newest = select(Journal.id, Journal.at, Journal.bot, Journal.body).where(Journal.kind == "signal").order_by(Journal.id.desc())
        looked_at = newest.limit(LOOKED_AT).subquery().c
        wanted = [looked_at.at >= first, looked_at.body["symbol"].as_string() == symbol]
        end = selection.equity().end
        wanted += [] if end is None else [looked_at.at <= end]
        wanted += [] if selection.bot is None else [looked_at.bot.in_(selection.bot)]
        wanted += [] if selection.strategy is None else [looked_at.body["strategy_name"].as_string().in_(selection.strategy)]
        with self._store.read() as connection:
            query = select(looked_at.bot, looked_at.body).where(*wanted).order_by(looked_at.id.desc()).limit(SIGNALS)
            found = [_signal(row.bot, row.body) for row in connection.execute(query)]
        return sorted(found, key=lambda signal: signal["timestamp"])


def _signal(bot: str, body: Row) -> Row:
    strategy = body["strategy_name"]
    return {
        "ref": f"signal:{bot}|{strategy}|{body['symbol']}",
        "timestamp": body["timestamp"],
        "signal_type": body["signal_type"],
        "strategy": strategy,
        "confidence": body["confidence"],
        "price": (body.get("indicators") or {}).get("price"),
    }


def _indicators(closes: FloatArray, first: int) -> Row:
    """Return each indicator of the closes from the place `first` on."""
    lower, middle, upper = bollinger(closes, 20, 2.0)
    columns = (plain(values[first:]) for values in (middle, sma(closes, 50), upper, lower, rsi(closes, 14)))
    return {
        name: [None if value is None else float(f"{value:.{DIGITS}g}") for value in values] for name, values in zip(INDICATORS, columns, strict=True)
    }
