"""The market API, `/api/market`: symbols, their last prices and their candles."""

from app.answers import success
from app.rest.endpoint import Call, Endpoint, parse_json
from app.rest.market_shapes import Candles, LastPrices, MarketSymbol, StoredCandles, SymbolCandlesIn
from app.rest.shapes import Data
from data.entries import Row
from data.market import CandlesIn
from data.records import validated
from data.scope import CandleScope, MarketScope, SymbolScope


def get_symbols(call: Call) -> Row:
    """Return a page of the symbols with their last prices."""
    return success(data=call.desk.market.symbols(call.query))


def get_symbol(call: Call, symbol: str) -> Row:
    """Return a symbol's last price, and how it moved in 24 hours."""
    return success(data=call.desk.market.symbol(symbol, call.query))


def get_candles(call: Call, symbol: str) -> Row:
    """Return a symbol's newest candles, oldest first."""
    return success(data=call.desk.market.candles(symbol, call.query))


def read_candles(raw: bytes) -> CandlesIn:
    """Return the body without a look at each candle, which is a record only together with the path's symbol."""
    return validated(CandlesIn, parse_json(raw))


def post_candles(call: Call, symbol: str) -> Row:
    """Store all candles of the body, or none."""
    answer: Row = call.desk.record(
        call.body.drafts(symbol),
        call.principal,
        retry=call.retry,
        answer=lambda outcomes: success(data={"accepted": len(outcomes), "last_id": max(outcome.record["id"] for outcome in outcomes)}),
    )
    return answer


ENDPOINTS = (
    Endpoint("GET", "", "read", get_symbols, query=MarketScope, returns=Data[LastPrices]),
    Endpoint("GET", "/<path:symbol>", "read", get_symbol, query=SymbolScope, returns=Data[MarketSymbol]),
    Endpoint("GET", "/<path:symbol>/ohlcv", "read", get_candles, query=CandleScope, returns=Data[Candles]),
    Endpoint(
        "POST",
        "/<path:symbol>/ohlcv",
        "ingest",
        post_candles,
        body=SymbolCandlesIn,
        read_body=read_candles,
        status=201,
        returns=Data[StoredCandles],
    ),
)
