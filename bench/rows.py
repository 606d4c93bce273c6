"""What stands in the big store: rows as ten bots would have left them in a year, the same for every database and every run."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

CHUNK = 50_000
YEAR_SECONDS = 365 * 86_400
QUOTE = "USDT"
BOTS = [f"bot-{number}" for number in range(10)]
BOT_SHARES = (0.3, 0.2, 0.15, 0.1, 0.08, 0.07, 0.05, 0.03, 0.015, 0.005)
STRATEGIES = ["MA_Crossover", "RSI_Reversal", "Breakout", "Grid", "Momentum", "Pairs", "Carry", "Scalper"]
COINS = (
    "BTC",
    "ETH",
    "BNB",
    "SOL",
    "XRP",
    "ADA",
    "DOGE",
    "AVAX",
    "DOT",
    "LINK",
    "LTC",
    "TRX",
    "ATOM",
    "UNI",
    "XLM",
    "ETC",
    "FIL",
    "APT",
    "ARB",
    "OP",
)
SYMBOLS = [f"{coin}/{QUOTE}" for coin in COINS]
CANDLE_SYMBOL = SYMBOLS[0]
TYPES, TYPE_SHARES = ("ORDER", "STRATEGY", "SYSTEM", "RISK", "ALERT"), (0.45, 0.25, 0.18, 0.1, 0.02)
SEVERITIES, SEVERITY_SHARES = ("INFO", "SUCCESS", "WARNING", "ERROR", "CRITICAL"), (0.8, 0.12, 0.06, 0.018, 0.002)
OPEN_POSITIONS = 30
LATE_SHARE = 0.01  # of the events: imported, so that their own time lies up to a year before their receipt
ALERT_SHARE = 0.001  # of all records
EVENT_SHARE = 0.83  # of what trades, candles and alerts leave: 70 % of ten million
JOURNAL = ("id", "kind", "bot", "at", "received_at", "event_type", "severity", "effect", "body")
Rows = Iterator[tuple[Any, ...]]


@dataclass(frozen=True)
class Sizes:
    """How many rows of each kind; `records` are the journal's, which has one for each trade and candle too."""

    trades: int = 1_000_000
    candles: int = 525_600
    records: int = 10_000_000

    def kinds(self) -> np.ndarray:
        """Return the kind of each of the journal's records, in order."""
        alerts = int(self.records * ALERT_SHARE)
        rest = self.records - self.trades - self.candles - alerts
        events = int(rest * EVENT_SHARE)
        signals = (rest - events) // 2
        counts = {"event": events, "signal": signals, "position": rest - events - signals, "alert": alerts}
        kinds = np.repeat([*counts, "trade", "candle"], [*counts.values(), self.trades, self.candles])
        np.random.default_rng(1).shuffle(kinds)
        return kinds


class Content:
    """The rows of each table; every method yields tuples in the order of the names that `TABLES` gives them."""

    def __init__(self, sizes: Sizes, ends: datetime) -> None:
        """Prepare a year that ends at `ends`."""
        self._kinds = sizes.kinds()
        self._ends = np.datetime64(ends.astimezone(UTC).replace(tzinfo=None), "us")
        self._step = np.timedelta64(YEAR_SECONDS * 1_000_000 // max(1, len(self._kinds)), "us")
        self.sizes = sizes

    def _received(self, ids: np.ndarray) -> np.ndarray:
        return self._ends - self._step * (len(self._kinds) - ids)

    def journal(self) -> Rows:
        """Yield the journal."""
        for start in range(0, len(self._kinds), CHUNK):
            kinds = self._kinds[start : start + CHUNK]
            ids = np.arange(start + 1, start + 1 + len(kinds))
            yield from self._journal_chunk(np.random.default_rng(ids[0]), ids, kinds)

    def _journal_chunk(self, rng: np.random.Generator, ids: np.ndarray, kinds: np.ndarray) -> Rows:
        count = len(ids)
        received = self._received(ids)
        late = (kinds == "event") & (rng.random(count) < LATE_SHARE)
        behind = np.where(late, rng.integers(0, YEAR_SECONDS * 1_000_000, count), rng.integers(0, 2_000_000, count))
        times = zip(_texts(received - behind.astype("timedelta64[us]")), _texts(received), strict=True)
        bots = rng.choice(BOTS, count, p=BOT_SHARES).tolist()
        types = rng.choice(TYPES, count, p=TYPE_SHARES).tolist()
        severities = rng.choice(SEVERITIES, count, p=SEVERITY_SHARES).tolist()
        numbers = rng.integers(0, 1_000_000, count).tolist()
        for key, kind, (at, came), bot, kind_of_event, severity, number in zip(
            ids.tolist(), kinds.tolist(), times, bots, types, severities, numbers, strict=True
        ):
            body = {"timestamp": f"{at.replace(' ', 'T')}Z", **BODIES[kind](key, number), "bot": bot}
            if kind == "event":
                body |= {"event_type": kind_of_event, "severity": severity}
            elif kind == "alert":
                body |= {"severity": severity}
            effect = "replaced" if kind == "position" else "added"
            yield key, kind, bot, at, came, body.get("event_type"), body.get("severity"), effect, json.dumps(body, separators=(",", ":"))

    def trades(self) -> Rows:
        """Yield the trades; the newest few are open."""
        every = np.flatnonzero(self._kinds == "trade") + 1
        for start in range(0, len(every), CHUNK):
            ids = every[start : start + CHUNK]
            rng = np.random.default_rng(ids[0])
            lasted = rng.integers(60, 86_400, len(ids))
            exits = self._received(ids)
            bounds = zip(_texts(exits - lasted.astype("timedelta64[s]")), _texts(exits), lasted.tolist(), strict=True)
            money = zip(rng.normal(2, 40, len(ids)).tolist(), rng.uniform(0, 2, len(ids)).tolist(), strict=True)
            picks = rng.integers(0, [len(BOTS), len(STRATEGIES), len(SYMBOLS), 2], (len(ids), 4)).tolist()
            for key, (entered, left, seconds), (pnl, fees), (bot, strategy, symbol, side) in zip(ids.tolist(), bounds, money, picks, strict=True):
                is_open = key > every[-1] - OPEN_POSITIONS
                ended = (None, None, None, None, None) if is_open else (110.0, left, pnl + fees, pnl, float(seconds))
                yield (
                    key, f"t{key}", BOTS[bot], SYMBOLS[symbol], ("long", "short")[side], STRATEGIES[strategy], strategy + 1,
                    "open" if is_open else "closed", 1.5, 100.0, entered, entered if is_open else left, *ended, fees, QUOTE, "{}", key, left, left,
                )  # fmt: skip  # one value a line would be a page

    def candles(self) -> Rows:
        """Yield a year of one symbol's minutes."""
        ids = np.flatnonzero(self._kinds == "candle") + 1
        opened = self._ends.astype("datetime64[m]") - np.arange(len(ids), 0, -1).astype("timedelta64[m]")
        closes = 50_000 * np.exp(np.cumsum(np.random.default_rng(2).normal(0, 0.0005, len(ids))))
        for key, at, price in zip(ids.tolist(), _texts(opened.astype("datetime64[us]")), closes.tolist(), strict=True):
            yield key, BOTS[0], CANDLE_SYMBOL, "1m", at, price, price * 1.001, price * 0.999, price, 12.5, at, at

    def strategies(self) -> Rows:
        """Yield the strategies."""
        began = _texts(self._received(np.array([1])))[0]
        for number, name in enumerate(STRATEGIES, 1):
            yield number, name, BOTS[0], True, 10_000.0, began, began

    def alerts(self) -> Rows:
        """Yield the alerts, all but the newest resolved."""
        ids = np.flatnonzero(self._kinds == "alert") + 1
        for key, at in zip(ids.tolist(), _texts(self._received(ids)), strict=True):
            status = "active" if key > ids[-1] - 20_000 else "resolved"
            yield key, "system", SEVERITIES[key % 5], f"Alert {key}", "something happened", status, BOTS[key % 10], at, at, at, at

    def positions(self) -> Rows:
        """Yield positions, all but the newest closed."""
        ids = np.flatnonzero(self._kinds == "position")[-20_000:] + 1
        for key, at in zip(ids.tolist(), _texts(self._received(ids)), strict=True):
            is_open = key in ids[-OPEN_POSITIONS:]
            body = json.dumps({"timestamp": f"{at.replace(' ', 'T')}Z", **_position(key, key), "position_id": f"p{key}", "bot": BOTS[0]})
            yield BOTS[0], f"p{key}", key, key, at, at, "{}", body, None if is_open else key, None if is_open else at

    def bots(self) -> Rows:
        """Yield the bots."""
        first, last = _texts(self._received(np.array([1, len(self._kinds)])))
        yield from ((bot, first, last) for bot in BOTS)

    def counters(self) -> Rows:
        """Yield the counters; the thinning of positions and signals counts as done, as in a store that was always trimmed."""
        count = {kind: int((self._kinds == kind).sum()) for kind in ("event", "signal", "alert")}
        yield "last_id", len(self._kinds)
        yield "trades", self.sizes.trades
        yield from (("total_events", count["event"]), ("total_signals", count["signal"]), ("total_alerts_sent", count["alert"]))
        yield from ((f"thinned_{kind}_id", len(self._kinds) * 364 // 365) for kind in ("position", "signal"))


def _texts(times: np.ndarray) -> list[str]:
    """Return times as SQLite keeps them; PostgreSQL reads the same."""
    return np.char.replace(np.datetime_as_string(times, unit="us"), "T", " ").tolist()


def _event(_key: int, number: int) -> dict[str, Any]:
    symbol = SYMBOLS[number % 20]
    words = "Margin call" if number < 10 else "Market order executed"
    message = f"{words}: BUY {number / 1e6:.3f} {symbol} at ${40_000 + number % 20_000:,}"
    return {"message": message, "metadata": {"symbol": symbol, "side": "BUY", "quantity": number / 1e6, "price": 40_000 + number % 20_000}}


def _signal(_key: int, number: int) -> dict[str, Any]:
    return {"strategy_name": STRATEGIES[number % 8], "symbol": SYMBOLS[number % 20], "signal_type": "BUY", "confidence": 0.5, "indicators": {}}


def _position(_key: int, number: int) -> dict[str, Any]:
    return {
        "position_id": f"p{number % OPEN_POSITIONS}", "symbol": SYMBOLS[number % 20], "side": "LONG", "entry_price": 100.0, "current_price": 101.0,
        "size": 1.0, "unrealized_pnl": 1.0, "unrealized_pnl_pct": 1.0, "time_in_position": "01:00:00", "stop_loss": None, "take_profit": None,
        "strategy": STRATEGIES[number % 8],
    }  # fmt: skip  # one name a line would be a page


BODIES: dict[str, Callable[[int, int], dict[str, Any]]] = {
    "event": _event,
    "signal": _signal,
    "position": _position,
    "alert": lambda key, _number: {"title": f"Alert {key}", "message": "something happened", "action_url": None},
    "trade": lambda key, _number: {"trade_id": f"t{key}"},
    "candle": lambda key, _number: {"symbol": CANDLE_SYMBOL, "timeframe": "1m"},
}

# What is written, in this order; columns that are not named stay empty.
TABLES: dict[str, tuple[Callable[[Content], Rows], tuple[str, ...]]] = {
    "journal": (Content.journal, JOURNAL),
    "strategy": (Content.strategies, ("id", "name", "bot", "enabled", "starting_balance", "created_at", "updated_at")),
    "trade": (
        Content.trades,
        ("id", "trade_id", "bot", "symbol", "direction", "strategy", "strategy_id", "status", "size", "entry_price", "entry_time", "at",
         "exit_price", "exit_time", "pnl", "net_pnl", "duration_seconds", "fees", "currency", "sent", "changed_id", "created_at", "updated_at"),
    ),
    "market_data": (
        Content.candles,
        ("id", "bot", "symbol", "timeframe", "timestamp", "open", "high", "low", "close", "volume", "created_at", "updated_at"),
    ),
    "alert": (
        Content.alerts,
        ("id", "type", "severity", "title", "message", "status", "bot", "timestamp", "received_at", "created_at", "updated_at"),
    ),
    "position": (
        Content.positions,
        ("bot", "position_id", "id", "opened_id", "opened_at", "at", "sent", "body", "closed_id", "closed_at"),
    ),
    "bot_state": (Content.bots, ("bot", "first_seen", "last_seen")),
    "counter": (Content.counters, ("name", "value")),
}  # fmt: skip  # one name a line would be two pages
