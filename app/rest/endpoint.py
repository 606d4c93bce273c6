"""How an endpoint is declared and called: a row that names its method, path, scope, models and the function that answers.

The models of the row validate the request, and are what the API's document is made from.
"""

import string
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import orjson
from flask import Blueprint, Response, request
from pydantic import BaseModel, ConfigDict, ValidationError
from werkzeug.exceptions import RequestEntityTooLarge

from app.access import access
from app.answers import json_response
from app.gate import principal
from data.accounts import Principal
from data.desk import Desk
from data.errors import Code, Refused
from data.journal import Retry
from data.records import faults, validated

BODY_BYTES = 256 * 1024
KEY_CHARACTERS = set(string.ascii_letters + string.digits + string.punctuation + " ")


class NoFields(BaseModel):
    """The body of an endpoint that takes none: whatever stands in it would be ignored, so it is refused."""

    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Call:
    """One request, parsed: who calls, what the query and the body say, and the retry mark if there is one."""

    desk: Desk
    principal: Principal
    query: Any = None
    body: Any = None
    retry: Retry | None = None


@dataclass(frozen=True)
class Endpoint:
    """One row of an API. `answer` takes the call (and the path's parameters) and returns the whole JSON answer or a Response."""

    method: str
    path: str
    access: str
    answer: Callable[..., dict[str, Any] | Response]
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    status: int = 200
    body_bytes: int = BODY_BYTES
    read_body: Callable[[bytes], Any] | None = None

    def __call__(self, desk: Desk, caller: Principal, **path: str) -> Response:
        """Parse the request, let `answer` answer it."""
        query = self._parse_query()
        raw = self._read() if self.method != "GET" else b""
        body = None
        if self.read_body is not None:
            body = self.read_body(raw)
        elif self.body is not None or raw:
            body = validated(self.body or NoFields, parse_json(raw))
        result = self.answer(Call(desk, caller, query, body, _retry(caller, raw)), **path)
        return result if isinstance(result, Response) else json_response(result, self.status)

    def _parse_query(self) -> BaseModel | None:
        given = request.args.to_dict(flat=False) if request.query_string else {}
        repeated = {name: "is given more than once" for name, values in given.items() if len(values) > 1}
        if repeated:
            raise Refused(Code.UNKNOWN_PARAMETER, "unknown parameter or value", fields=repeated)
        if self.query is None:
            if given:
                raise Refused(Code.UNKNOWN_PARAMETER, "unknown parameter or value", fields=dict.fromkeys(given, "is not a parameter of this path"))
            return None
        try:
            return self.query.model_validate({name: values[0] for name, values in given.items()})
        except ValidationError as error:
            # A parameter's second value is `bot.1` to the model, but only its name means something to the caller.
            named = {name.split(".")[0]: fault for name, fault in faults(error).items()}
            raise Refused(Code.UNKNOWN_PARAMETER, "unknown parameter or value", fields=named) from None

    def _read(self) -> bytes:
        request.max_content_length = self.body_bytes
        try:
            return request.get_data(cache=False)
        except RequestEntityTooLarge:
            raise Refused(Code.TOO_LARGE, f"the body is larger than {self.body_bytes // 1024} kB") from None


def parse_json(raw: bytes) -> Any:
    """Return the JSON value of a request's body. Raises `Refused` for another media type and for what is not JSON."""
    if not request.is_json:
        raise Refused(Code.UNSUPPORTED_MEDIA_TYPE, "send the body as Content-Type: application/json")
    return loads(raw)


def loads(raw: bytes, where: str = "the body") -> Any:
    """Return a JSON value; raises `Refused` (`not_json`) that says where it stops being JSON, without repeating it."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Refused(Code.NOT_JSON, f"{where} is not JSON: line {error.lineno}, column {error.colno}") from None


def _retry(caller: Principal, raw: bytes) -> Retry | None:
    key = request.headers.get("Idempotency-Key")
    if key is None or request.method == "GET":
        return None
    if not 1 <= len(key) <= 200 or not set(key) <= KEY_CHARACTERS:
        raise Refused(Code.BAD_REQUEST, "a header is wrong", fields={"Idempotency-Key": "must be 1 to 200 printable ASCII characters"})
    return Retry.of(caller.id, key, request.path.encode() + b"\n" + raw)


def blueprint(name: str, prefix: str, desk: Desk, endpoints: Iterable[Endpoint]) -> Blueprint:
    """Return a blueprint that serves the endpoints from `desk`."""
    made = Blueprint(name, __name__, url_prefix=prefix)
    for endpoint in endpoints:
        made.add_url_rule(
            endpoint.path,
            endpoint=f"{endpoint.method.lower()}_{endpoint.path.strip('/').replace('/', '_').replace('<', '').replace('>', '').replace(':', '_')}",
            view_func=access(endpoint.access)(_view(endpoint, desk)),
            methods=[endpoint.method],
        )
    return made


def _view(endpoint: Endpoint, desk: Desk) -> Callable[..., Response]:
    def view(**path: str) -> Response:
        caller = principal()
        assert caller is not None, "the gate lets nobody unknown through"  # noqa: S101  # narrows the type; access.enforce refuses before
        return endpoint(desk, caller, **path)

    view.__doc__ = endpoint.answer.__doc__
    return view
