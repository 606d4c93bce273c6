"""How an endpoint is declared and called: a row that names its method, path, scope, models and the function that answers.

The models of the row validate the request, and are what the API's document is made from.
"""

import re
import string
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import orjson
from flask import Blueprint, Response, current_app, request
from pydantic import BaseModel, ConfigDict, ValidationError
from werkzeug.exceptions import MethodNotAllowed, RequestEntityTooLarge
from werkzeug.routing import MapAdapter

from app.access import access
from app.answers import json_response
from app.gate import principal
from data.accounts import Principal
from data.desk import Desk
from data.errors import Code, Refused
from data.journal import Retry
from data.records import faults, validated

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
BODY_BYTES = 256 * 1024
LAST_ID = 2**63 - 1
KEY_LENGTH = 200
KEY_CHARACTERS = set(string.ascii_letters + string.digits + string.punctuation + " ")
ROW = "botv2_endpoint"  # the attribute of a view that holds its row, from which the document is made


class NoFields(BaseModel):
    """The body of an endpoint that takes none: whatever stands in it would be ignored, so it is refused."""

    model_config = ConfigDict(extra="forbid")


class AnyQuery(BaseModel):
    """The query of an endpoint that a foreign program asks, which may add parameters of its own: they are ignored."""

    model_config = ConfigDict(extra="ignore")


@dataclass(frozen=True)
class Call:
    """One request, parsed: who calls, what the query and the body say, and the retry mark if there is one."""

    desk: Desk
    caller: Principal | None
    query: Any = None
    body: Any = None
    retry: Retry | None = None

    @property
    def principal(self) -> Principal:
        """Return who calls; only a public endpoint has callers that nobody knows, and may not ask."""
        assert self.caller is not None, "the gate lets nobody unknown through"  # noqa: S101  # narrows the type; access.enforce refuses before
        return self.caller


@dataclass(frozen=True)
class Endpoint:
    """One row of an API. `answer` takes the call (and the path's parameters) and returns the whole JSON answer or a Response.

    What the document says of the answer, and what no request depends on (`app.rest.shapes` shows how to write it):
    `returns` is the model of the fields beside `success` and `timestamp`, with `bare` of the whole answer; `streams` the model
    of one row of a file, as which it is sent; `media` the types of an answer that is no JSON; `also` the statuses that this
    endpoint has beside those that every one has. With `read_body`, `body` documents what that reads and validates nothing.
    """

    method: str
    path: str
    access: str
    answer: Callable[..., dict[str, Any] | Response]
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    status: int = 200
    body_bytes: int = BODY_BYTES
    read_body: Callable[[bytes], Any] | None = None
    body_media: tuple[str, ...] = ("application/json",)
    returns: type[BaseModel] | None = None
    bare: bool = False
    streams: type[BaseModel] | None = None
    media: tuple[str, ...] = ()
    also: tuple[int, ...] = ()

    def __call__(self, desk: Desk, caller: Principal | None, **path: Any) -> Response:
        """Parse the request, let `answer` answer it."""
        if any(isinstance(value, int) and value > LAST_ID for value in path.values()):
            raise Refused(Code.NOT_FOUND, "there is nothing with this number")  # nor could a database look for it
        query = self._parse_query()
        raw = self._read() if self.method != "GET" else b""
        body = None
        if self.read_body is not None:
            body = self.read_body(raw)
        elif self.body is not None:
            body = validated(self.body, parse_json(raw))
        elif raw:
            validated(NoFields, parse_json(raw))
        result = self.answer(Call(desk, caller, query, body, self._retry(caller, raw)), **path)
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

    def _retry(self, caller: Principal | None, raw: bytes) -> Retry | None:
        key = request.headers.get("Idempotency-Key")
        if key is None or caller is None or self.method == "GET":
            return None
        if not 1 <= len(key) <= KEY_LENGTH or not set(key) <= KEY_CHARACTERS:
            fault = f"must be 1 to {KEY_LENGTH} printable ASCII characters"
            raise Refused(Code.BAD_REQUEST, "a header is wrong", fields={"Idempotency-Key": fault})
        return Retry.of(caller.id, key, request.path.encode() + b"\n" + raw)


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


def blueprint(name: str, prefix: str, desk: Desk, endpoints: Iterable[Endpoint]) -> Blueprint:
    """Return a blueprint that serves the endpoints from `desk`."""
    made = Blueprint(name, __name__, url_prefix=prefix)
    made.before_request(_tell_options)
    for endpoint in endpoints:
        made.add_url_rule(
            endpoint.path,
            endpoint=re.sub(r"\W+", "_", f"{endpoint.method.lower()} {endpoint.path.strip('/')}"),
            view_func=access(endpoint.access)(_view(endpoint, desk)),
            methods=[endpoint.method],
        )
    return made


def allowed_methods() -> list[str]:
    """Return the methods for which a row takes the current request's path."""
    adapter = current_app.create_url_adapter(request)
    assert adapter is not None  # noqa: S101  # there is a request, so there is an adapter
    return [method for method in METHODS if _is_declared(adapter, method)]


def _is_declared(adapter: MapAdapter, method: str) -> bool:
    try:
        rule, _ = adapter.match(method=method, return_rule=True)
    except MethodNotAllowed:
        return False
    return hasattr(current_app.view_functions[rule.endpoint], ROW)


def _tell_options() -> Response | None:
    """Answer OPTIONS; Flask's own answer would count the route that takes what no other does."""
    if request.method != "OPTIONS":
        return None
    methods = allowed_methods()
    return Response(headers={"Allow": ", ".join([*methods, *(["HEAD"] if "GET" in methods else []), "OPTIONS"])})


def _view(endpoint: Endpoint, desk: Desk) -> Callable[..., Response]:
    def view(**path: Any) -> Response:
        return endpoint(desk, principal(), **path)

    setattr(view, ROW, endpoint)
    return view
