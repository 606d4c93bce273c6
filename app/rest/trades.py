"""The trades API, `/api/trades`."""

from app.answers import success
from app.rest.endpoint import Call, Endpoint
from data.ledger import Row
from data.scope import TradeFilter, TradeScope


def get_trades(call: Call) -> Row:
    """Return a page of trades, newest first unless `sort` says otherwise."""
    return success(data=call.desk.trades.page(call.query))


def get_statistics(call: Call) -> Row:
    """Return what the matching closed trades earned."""
    return success(data=call.desk.trades.statistics(call.query))


ENDPOINTS = (
    Endpoint("GET", "", "read", get_trades, query=TradeScope),
    Endpoint("GET", "/stats", "read", get_statistics, query=TradeFilter),
)
