"""Which alerts, and which annotations of a chart."""

from data.fields import AnyAlertStatus, AnyAlertType, AnySeverity
from data.scope.base import OneOrMore, Page, Range, Several


class AlertListScope(Page):
    """Which alerts, newest first: without a status the active ones."""

    type: OneOrMore[AnyAlertType] | None = None
    severity: OneOrMore[AnySeverity] | None = None
    bot: Several = None
    status: OneOrMore[AnyAlertStatus] | None = ("active",)


class AlertHistoryScope(AlertListScope, Range):
    """Which alerts of all that are kept, newest first; the range holds an alert's own time."""

    status: OneOrMore[AnyAlertStatus] | None = None


class AnnotationScope(Page, Range):
    """Which annotations of a chart, newest first; the range holds their dates."""
