"""What the market API takes and answers."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.rest.shapes import Count, Id, Shape, Time
from data.fields import Count as HowMany
from data.fields import Moment, NonNegative, Number, Timeframe
from data.market import CANDLES_AT_ONCE

OfADay = Annotated[float | None, Field(description="Null where the candles do not reach so far back, or are longer than a day")]


class OneCandleIn(BaseModel):
    """A candle that opened at `timestamp`."""

    model_config = ConfigDict(extra="forbid")
    timestamp: Moment
    open: Number
    high: Number
    low: Number
    close: Number
    volume: NonNegative | None = None
    trades_count: HowMany | None = None
    vwap: Number | None = None


class SymbolCandlesIn(BaseModel):
    """Candles of the path's symbol; one that was there before is replaced."""

    model_config = ConfigDict(extra="forbid")
    timeframe: Timeframe
    candles: Annotated[list[OneCandleIn], Field(min_length=1, max_length=CANDLES_AT_ONCE)]


class Candle(Shape):
    """A candle that opened at `timestamp`."""

    id: Id
    timestamp: Time
    open: float
    high: float
    low: float
    close: float
    volume: float | None
    trades_count: Count | None
    vwap: float | None
    bot: Annotated[str, Field(description="Who reported it last")]


class Candles(Shape):
    """The newest matching candles of a symbol, oldest first."""

    symbol: str
    timeframe: str
    candles: list[Candle]
    count: Count
    has_more: Annotated[bool, Field(description="Earlier ones match too: ask again with `end` before the first of these")]


class LastPrice(Shape):
    """A symbol's last price: the close of the candle that opened last."""

    symbol: str
    price: float
    as_of: Annotated[Time, Field(description="When that candle opened")]
    timeframe: str
    timeframes: Annotated[list[str], Field(description="The finest first")]


class LastPrices(Shape):
    """A page of the symbols, in order of name."""

    symbols: list[LastPrice]
    count: Count
    total: Count
    has_more: bool


class MarketSymbol(LastPrice):
    """A symbol's last price, and how it moved in the 24 hours that end with that candle."""

    previous_close: Annotated[float | None, Field(description="Of the candle before; null where there is none")]
    change_24h: OfADay
    change_24h_pct: Annotated[float | None, Field(description="In percent of the close 24 hours before")]
    high_24h: OfADay
    low_24h: OfADay
    volume_24h: OfADay


class StoredCandles(Shape):
    """How many candles were stored, and the largest id among them."""

    accepted: Count
    last_id: Id
