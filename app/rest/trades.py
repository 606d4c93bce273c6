"""The trades API, `/api/trades`."""

from app.answers import success
from app.rest.editor import editor
from app.rest.endpoint import Call, Endpoint
from app.rest.shapes import Data
from app.rest.trade_shapes import TradePage, TradeRow, TradeStatistics
from data.edits import TradeChange
from data.entries import Row
from data.records import TradeIn
from data.scope import RecentTradeScope, TradeScope, TradeStatisticsScope


def get_trades(call: Call) -> Row:
    """Return a page of trades, newest first unless `sort` says otherwise."""
    return success(data=call.desk.trades.page(call.query))


def get_recent(call: Call) -> Row:
    """Return a page of the trades whose exit, or entry while they are open, lies in the last 24 hours."""
    return success(data=call.desk.trades.recent(call.query))


def get_trade(call: Call, record_id: int) -> Row:
    """Return one trade."""
    return success(data=call.desk.trades.one(record_id))


def get_statistics(call: Call) -> Row:
    """Return what the matching closed trades earned."""
    return success(data=call.desk.trades.statistics(call.query))


def post_trade(call: Call) -> Row:
    """Store a trade, or put it in the place of the one that the bot sent before under this `trade_id`; return it as it is then."""
    answer: Row = call.desk.record([call.body], call.principal, retry=call.retry, answer=lambda outcomes: success(data=outcomes[0].record))
    return answer


change = editor("trade.change", "Note something beside a trade, or close an open one; the fields that are sent change.")

ENDPOINTS = (
    Endpoint("GET", "", "read", get_trades, query=TradeScope, returns=Data[TradePage]),
    Endpoint("POST", "", "ingest", post_trade, body=TradeIn, status=201, returns=Data[TradeRow]),
    Endpoint("GET", "/recent", "read", get_recent, query=RecentTradeScope, returns=Data[TradePage]),
    Endpoint("GET", "/stats", "read", get_statistics, query=TradeStatisticsScope, returns=Data[TradeStatistics]),
    Endpoint("GET", "/<int:record_id>", "read", get_trade, returns=Data[TradeRow]),
    Endpoint("PATCH", "/<int:record_id>", "control", change, body=TradeChange, returns=Data[TradeRow]),
)
