"""What answers look like. A shape documents an endpoint's answer and is held against real ones in the tests; it serialises nothing.

How to write one, beside its endpoints (`app/rest/trades.py` and its `trade_shapes.py`, say):

    class TradeStats(Shape):                      # its docstring is its description in the document
        win_rate: float | None                    # always there, null where undefined
        first_at: Time                            # ISO text with microseconds and Z
        symbol: str = Field(description="…")      # a default would mean: may be missing

    class TradePage(Page):                        # adds total, total_is_estimate, has_more, next_cursor
        trades: list[TradeRow]

    Endpoint("GET", "", "read", get_trades, query=TradeScope, returns=Data[TradePage])       # success(data=…)
    Endpoint("GET", "/export", "read", export, query=…, streams=TradeRow)                    # csv and json by `format`
    Endpoint("DELETE", "/<int:record_id>", "ingest", remove, returns=Said)                   # success(message=…)

Names of shapes are the document's schema names: one name, one shape. A 404 is documented where the path has parameters, 409, 413,
415, 422 and 507 where the method is not GET; whatever else an endpoint may answer stands in its `also=(404,)`.
"""

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Content = TypeVar("Content")

Time = Annotated[
    str,
    Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z$", json_schema_extra={"format": "date-time"}),
]
Count = Annotated[int, Field(ge=0)]
Id = Annotated[int, Field(ge=0, lt=2**63)]
Fraction = Annotated[float, Field(description="A fraction: 0.12 is 12 %")]


class Shape(BaseModel):
    """The base of every shape: exactly these fields, and of these types, without conversion."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Data(Shape, Generic[Content]):
    """`success(data=…)`."""

    data: Content

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """Return the name of `Data[X]`."""
        return f"{params[0].__name__}Data"


class Page(Shape):
    """A page of a list."""

    total: Annotated[int, Field(ge=0, description="How many match; exact without a filter and up to 10,000 with one")]
    total_is_estimate: bool
    has_more: bool
    next_cursor: Annotated[str | None, Field(description="`cursor` of the next page; null on the last")]


class Said(Shape):
    """What was done, in words."""

    message: str


class Fault(Shape):
    """What was wrong."""

    code: Annotated[str, Field(description="Why, for programs; the values never change")]
    message: Annotated[str, Field(description="Why, for people")]
    fields: Annotated[dict[str, str], Field(description="Each faulty field, and what is wrong with it; in a batch the key is `records[3].size`")]


class Refusal(Shape):
    """The answer to a request that was refused."""

    success: Literal[False]
    error: Fault
    timestamp: Time
