"""What a page shows: range, whose trades, and which. The page's address parses into it, so does the query of a chart's export."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, Self
from urllib.parse import parse_qsl

from pydantic import Field, ValidationError

from data import times
from data.fields import Currency, Name, Timeframe, as_any_moment
from data.scope.base import OneOrMore, Since
from data.scope.portfolio import EquityFilter, RiskScope
from data.scope.trades import TradeFields, TradeFilter, TradeScope, TradeStatisticsScope

Preset = Literal["24h", "7d", "30d", "90d", "ytd", "all", "custom"]
PRESETS: dict[str, float] = {"24h": 1, "7d": 7, "30d": 30, "90d": 90}
COMPARED = 5


class Selection(TradeFields):
    """Which part of the book a page, or one chart of it, shows.

    `range` says how long, `start` and `end` from when to when under ``custom``; a `brush` ("start..end", what was dragged in
    a chart) goes before both. The fields of trades narrow what is made of trades. `compare` names strategies to hold side by
    side, `symbol` (the first) and `timeframe` choose candles, `benchmark` a symbol that the equity is compared with.
    """

    range: Preset = "30d"
    start: Since | None = None
    end: Since | None = None
    brush: Annotated[str, Field(max_length=80)] | None = None
    currency: Currency | None = None
    compare: Annotated[OneOrMore[Name], Field(max_length=COMPARED)] | None = None
    timeframe: Timeframe | None = None
    benchmark: Name | None = None

    @classmethod
    def parse(cls, search: str | None, panel: str = "") -> Self:
        """Return what an address's query asks for; what is no field, or no value of one, is left out.

        ``<panel>.<field>`` is a filter of that panel alone and goes before the page's own field of that name.
        """
        given = dict(parse_qsl((search or "").removeprefix("?")))
        own = {name.removeprefix(f"{panel}."): value for name, value in given.items() if panel and name.startswith(f"{panel}.")}
        return cls.lenient({name: value for name, value in (given | own).items() if name in cls.model_fields})

    @classmethod
    def lenient(cls, wanted: Mapping[str, Any]) -> Self:
        """Return a selection of those fields whose values are right."""
        kept = dict(wanted)
        while True:
            try:
                return cls(**kept)
            except ValidationError as error:
                for fault in error.errors():
                    kept.pop(str(fault["loc"][0]), None)

    # --- from when to when -------------------------------------------------------------------------------------

    def times(self) -> dict[str, Any]:
        """Return the range as the fields `days`, or `start` and `end`, of `Range`; none for all of history."""
        if (brushed := _moments(self.brush)) is not None:
            return {"start": brushed[0], "end": brushed[1]}
        if self.range == "custom":
            return {"start": self.start, "end": self.end}
        if self.range == "ytd":
            return {"start": datetime(times.now().year, 1, 1, tzinfo=UTC)}
        return {"days": PRESETS[self.range]} if self.range in PRESETS else {}

    # --- as what the desk is asked -------------------------------------------------------------------------------

    def trades(self, **more: Any) -> TradeStatisticsScope:
        """Return which trades."""
        return TradeStatisticsScope(**self._trade_fields(), **self.times(), **{"currency": self.currency} | more)

    def trade_filter(self) -> TradeFilter:
        """Return which trades, in all currencies."""
        return TradeFilter(**self._trade_fields(), **self.times())

    def trade_page(self, **more: Any) -> TradeScope:
        """Return which page of the trades."""
        return TradeScope(**self._trade_fields(), **self.times(), **more)

    def equity(self) -> EquityFilter:
        """Return whose equity."""
        return EquityFilter(bot=self.bot, strategy=self.strategy, currency=self.currency, **self.times())

    def returns(self) -> RiskScope:
        """Return whose returns."""
        return RiskScope(**dict(self.equity()), benchmark=self.benchmark)

    def _trade_fields(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in TradeFields.model_fields}


def _moments(brush: str | None) -> tuple[datetime, datetime] | None:
    """Return both ends of a brushed range, in order; None for what is none."""
    parts = (brush or "").split("..")
    try:
        first, last = sorted(as_any_moment(part) for part in parts)
    except ValueError:
        return None
    return (first, last) if last - first > timedelta(0) else None
