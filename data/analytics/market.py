"""Candles of one symbol with what was made of them: indicators, trades, signals."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime
from itertools import islice

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
from data.scope import Range, Selection
from data.store import Store
from data.trades import Trades

FEWEST, MOST = 60, 500  # candles that make a readable chart
BEFORE = 150  # candles before the first one shown, for what looks back: after that many Wilder's averages have forgotten how they began
SYMBOLS = 1000
TRADES = 100
SIGNALS = 200
LOOKED_AT = 5000  # of the newest signals, of all symbols: no index of the journal knows a symbol
OF_SIGNALS = select(Journal.id, Journal.at, Journal.bot, Journal.body).where(Journal.kind == "signal").order_by(Journal.id.desc())
DIGITS = 9  # significant ones of an indicator
MOST_DECIMALS = 22  # up to there a power of ten is exact
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
        listed = dict(islice(self._market.timeframes().items(), SYMBOLS))
        symbol = selection.symbol[0] if selection.symbol else max(listed, key=lambda name: (listed[name][0], name), default=None)
        known = listed[symbol][1] if symbol in listed else []
        head = {"symbol": symbol, "symbols": list(listed), "timeframe": None, "timeframes": known}
        found = NOTHING if symbol is None or not known else self._shown(selection, symbol, known)
        return head | found | {"filtered_out": bool(known) and not found["candles"], "currency": None, "left_out": []}

    def _shown(self, selection: Selection, symbol: str, known: Sequence[str]) -> Row:
        chosen = Range(**selection.times())
        timeframe = selection.timeframe
        if timeframe is None or timeframe not in known:
            timeframe = self._fitting(symbol, known, chosen)
        rows = self._market.newest(symbol, timeframe, chosen.end, MOST + BEFORE)[::-1]
        since = times.iso_or_none(chosen.since(times.now())) or ""
        in_range = len(rows) - bisect_left(rows, since, key=lambda row: row.timestamp)
        if not in_range:
            return NOTHING | {"timeframe": timeframe}
        before = len(rows) - min(in_range, MOST)
        shown, back = rows[before:], rows[max(0, before - BEFORE) : before]
        first = times.parse_iso(shown[0].timestamp)
        return {
            "timeframe": timeframe,
            "candles": [dict(zip(SHOWN, row, strict=True)) for row in shown],
            "indicators": _indicators(np.array([row.close for row in (*back, *shown)], np.float64), len(back)),
            "trades": self._traded(selection, symbol, first),
            "signals": self._signals(selection, symbol, first),
            "has_more": in_range > MOST,
        }

    def _fitting(self, symbol: str, known: Sequence[str], chosen: Range) -> str:
        """Return the timeframe that suits the range, see `of`; each is counted in the index, as far as it could suit."""
        if len(known) == 1:
            return known[0]
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
        newest = OF_SIGNALS.limit(LOOKED_AT).subquery().c
        wanted = [newest.at >= first, newest.body["symbol"].as_string() == symbol]
        end = selection.equity().end
        wanted += [] if end is None else [newest.at <= end]
        wanted += [] if selection.bot is None else [newest.bot.in_(selection.bot)]
        wanted += [] if selection.strategy is None else [newest.body["strategy_name"].as_string().in_(selection.strategy)]
        with self._store.read() as connection:
            query = select(newest.bot, newest.body).where(*wanted).order_by(newest.id.desc()).limit(SIGNALS)
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
    columns = (middle, sma(closes, 50), upper, lower, rsi(closes, 14))
    return {name: plain(_short(values[first:])) for name, values in zip(INDICATORS, columns, strict=True)}


def _short(values: FloatArray) -> FloatArray:
    """Return values with the digits that count."""
    size = np.abs(values)
    decimals = DIGITS - 1 - np.floor(np.log10(size, where=size > 0, out=np.zeros_like(size)))
    up, down = 10.0 ** np.clip(decimals, 0, MOST_DECIMALS), 10.0 ** np.clip(-decimals, 0, None)
    short: FloatArray = np.rint(values * up / down) / up * down
    return short
