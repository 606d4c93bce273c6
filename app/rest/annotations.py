"""The annotations API, `/api/annotations`: notes at dates of charts."""

from typing import Annotated

from pydantic import Field

from app.answers import success
from app.rest.editor import editor
from app.rest.endpoint import Call, Endpoint
from app.rest.shapes import Count, Data, Id, Page, Shape, Time
from data.edits import AnnotationChange, AnnotationIn
from data.entries import Row
from data.errors import Code, Refused
from data.fields import AnnotationType
from data.scope import AnnotationScope


class Annotation(Shape):
    """A note at a date of a chart. Its text is text, whatever it looks like."""

    id: Id
    chart_id: str
    date: Time
    text: str
    type: AnnotationType
    color: str | None
    icon: str | None
    user: Annotated[str, Field(description="Who made it: a person's or a token's name")]
    bot: str
    created_at: Time
    updated_at: Time


class Annotations(Page):
    """A page of a chart's annotations, newest first."""

    annotations: list[Annotation]
    count: Annotated[Count, Field(description="How many are in this answer")]


def get_annotations(call: Call, chart_id: str) -> Row:
    """Return a chart's annotations, newest first; none for a chart that nobody has marked."""
    if "\0" in chart_id:
        raise Refused(Code.BAD_REQUEST, "the path is wrong", fields={"chart_id": "must not contain NUL"})
    return success(data=call.desk.annotations.on(chart_id, call.query))


create = editor("annotation.create", "Mark a date of a chart.")
change = editor("annotation.change", "Change the fields of an annotation that are sent.")
delete = editor("annotation.delete", "Delete an annotation; it is given back as it was.")

ENDPOINTS = (
    Endpoint("GET", "/<path:chart_id>", "read", get_annotations, query=AnnotationScope, returns=Data[Annotations]),
    Endpoint("POST", "", "ingest", create, body=AnnotationIn, status=201, returns=Data[Annotation]),
    Endpoint("PATCH", "/<int:record_id>", "control", change, body=AnnotationChange, returns=Data[Annotation]),
    Endpoint("DELETE", "/<int:record_id>", "control", delete, returns=Data[Annotation]),
)
