"""What people change: strategies, annotations, alerts and their rules, what they write beside a trade.

The bodies stand here; an `Edit` carries one through the journal, in one order for all processes.
What it does to the tables is in `data.editing`.
"""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from data.errors import Code, Refused
from data.fields import NO_NUL, AnyAnnotationType, AnyCondition, AnySeverity, JsonObject, Message, Moment, Name, NonNegative, Number, Positive
from data.records import Draft

ShortName = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=40, pattern=r"^[A-Za-z0-9_-]+$")]
Color = Annotated[str, StringConstraints(strict=True, max_length=32, pattern=r"^(#[0-9A-Fa-f]{3,8}|[A-Za-z][A-Za-z0-9-]*)$")]
Fraction = Annotated[float, Field(strict=True, gt=0, le=1, allow_inf_nan=False)]
Note = Annotated[str, StringConstraints(strict=True, max_length=2000, pattern=NO_NUL)]
Cooldown = Annotated[float, Field(strict=True, ge=0, le=31_536_000, allow_inf_nan=False)]
Switch = Annotated[bool, Field(strict=True)]
THRESHOLDED = {"drawdown", "closed_above", "closed_below", "stale_feed"}  # conditions that hold beyond a threshold; the others just hold
Action = Literal[
    "strategy.create", "strategy.change", "trade.change", "balance.set", "annotation.create", "annotation.change", "annotation.delete",
    "alert.acknowledge", "alert.resolve", "rule.create", "rule.change", "rule.delete",
]  # fmt: skip  # a noun a line would be no clearer


class Body(BaseModel):
    """The base of what a person sends: strict about names, like a record."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Change(Body):
    """The base of a partial change: what is not sent stays as it is, null empties a field that may be empty."""

    never_empty: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError(f"needs at least one of {', '.join(type(self).model_fields)}")
        for name in sorted(self.model_fields_set & self.never_empty):
            if getattr(self, name) is None:
                raise ValueError(f"{name}: must not be null")
        return self


class StrategySettings(Body):
    """What can be set of a strategy; amounts in its currency, `max_drawdown` a fraction."""

    description: Note | None = None
    parameters: JsonObject | None = None
    enabled: Switch = True
    max_position_size: Positive | None = None
    max_daily_loss: Positive | None = None
    max_drawdown: Fraction | None = None
    starting_balance: Positive | None = None


class StrategyIn(StrategySettings):
    """A strategy; trades that name it find it."""

    name: Name


class StrategyChange(Change, StrategySettings):
    """Other settings of a strategy; its name stays, because trades keep it."""

    never_empty: ClassVar[frozenset[str]] = frozenset({"enabled"})


class BalanceIn(Body):
    """What the equity of a bot began with, for one that sends no snapshots; with a `strategy` also that of the strategy."""

    starting_balance: Positive
    strategy: Name | None = None
    bot: Name | None = None


class TradeChange(Change):
    """What a person writes beside a trade, or how an open one ended: `exit_time` with `exit_price` or `net_pnl`."""

    notes: Note | None = None
    tags: Annotated[list[Name], Field(max_length=50)] | None = None
    exit_time: Moment | None = None
    exit_price: NonNegative | None = None
    exit_reason: Name | None = None
    fees: Number | None = None
    slippage: Number | None = None
    net_pnl: Number | None = None

    @property
    def ending(self) -> dict[str, object]:
        """Return what was sent about the trade's end."""
        return {name: getattr(self, name) for name in self.model_fields_set - {"notes", "tags"}}


class AnnotationIn(Body):
    """A note at a date of a chart; the date may lie ahead, as an event that is expected does not, hence at most a day."""

    chart_id: Name
    date: Moment
    text: Message
    type: AnyAnnotationType = "custom"
    color: Color | None = None
    icon: ShortName | None = None
    bot: Name | None = None


class AnnotationChange(Change):
    """Another date, text or look of an annotation."""

    never_empty: ClassVar[frozenset[str]] = frozenset({"date", "text", "type"})
    date: Moment | None = None
    text: Message | None = None
    type: AnyAnnotationType | None = None
    color: Color | None = None
    icon: ShortName | None = None


class RuleIn(Body):
    """A condition on the journal that raises an alert; `threshold` in percent or, of a stale feed, in heartbeats."""

    name: Name
    condition: AnyCondition
    severity: AnySeverity
    threshold: NonNegative | None = None
    cooldown_seconds: Cooldown = 60.0
    enabled: Switch = True

    @model_validator(mode="after")
    def _has_a_threshold_where_one_counts(self) -> Self:
        if fault := threshold_fault(self.condition, self.threshold):
            raise ValueError(f"threshold: {fault}")
        return self


class RuleChange(Change):
    """Other settings of a rule; its condition stays."""

    never_empty: ClassVar[frozenset[str]] = frozenset({"name", "severity", "cooldown_seconds", "enabled"})
    name: Name | None = None
    severity: AnySeverity | None = None
    threshold: NonNegative | None = None
    cooldown_seconds: Cooldown | None = None
    enabled: Switch | None = None


def threshold_fault(condition: str, threshold: float | None) -> str | None:
    """Return what is wrong with a rule's threshold, None when nothing is."""
    if condition in THRESHOLDED:
        return "is required for this condition" if threshold is None else None
    return None if threshold is None else "counts for nothing in this condition; leave it out"


class Edit(Draft):
    """One change by a person: what is done, to which row, what was sent, and which bot alone the caller's token may speak for."""

    kind: ClassVar[str] = "edit"
    action: Action
    user: Name
    target: int | None = None
    body: Body | None = None
    bound: Name | None = None

    def refuse_foreign(self, bot: str) -> None:
        """Raise `Refused` (`forbidden`) when the row that is to change belongs to another bot than the token is bound to."""
        if self.bound not in {None, bot}:
            raise Refused(Code.FORBIDDEN, "this token is bound to another bot", fields={"bot": f"this token may write for {self.bound!r} only"})
