"""The API's description of itself, OpenAPI 3.1: made from the rows that serve it and from the models that validate it."""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from flask import Flask
from pydantic import BaseModel

from app.access import PUBLIC
from app.rest.endpoint import KEY_LENGTH, LAST_ID, ROW, Endpoint
from app.rest.schemas import Schema, Schemas, without_null
from app.rest.shapes import Refusal
from app.version import API_VERSION
from data.fields import NO_NUL

JSON = "application/json"
ABOUT = """What bots report and what people and programs ask.

Every JSON answer has `success` and `timestamp`; a refusal has `error` with a `code` for programs, a `message` for people and the faulty `fields`.
Times are UTC, ISO 8601 with microseconds and a trailing `Z`; any offset is accepted. A number that is not defined is `null`.
"""
SCOPES = {
    "read": "Needs the scope `read`, which every signed-in person has.",
    "ingest": "Needs the scope `ingest`, which bots have, and of people operators and admins.",
    "control": "Needs the scope `control`, which of people operators and admins have.",
    "admin": "For people with the role admin; no token has it.",
    PUBLIC: "Open to all.",
}
REFUSALS = {
    400: "It is no JSON, or a parameter or its value is unknown",
    401: "No token or session, or one that is unknown, expired or revoked",
    403: "The scope is missing, the token speaks for another bot, or the request comes from another site",
    404: "There is no such thing",
    405: "What has this address does not know the method",
    409: "The same `Idempotency-Key` came with another body, or what is there stands against it",
    413: "The body is too large",
    414: "The address is too long",
    415: "The body has another media type",
    422: "Fields break a rule; each is named",
    429: "Too many requests; `Retry-After` says when to come again",
    503: "The store is busy or does not answer; `Retry-After` says when to come again",
    507: "The store is full",
}
ALWAYS, ON_CHANGE = (400, 401, 403, 429, 503), (409, 413, 415, 422, 507)
RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 1}}}
REFUSAL_HEADERS: dict[int, Schema] = {
    401: {"WWW-Authenticate": {"description": "How to identify oneself", "required": True, "schema": {"type": "string"}}},
    429: RETRY_AFTER,
    503: RETRY_AFTER,
}
IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same key and body within 24 hours get the first answer and change nothing a second time.",
    # Without spaces at its ends, which HTTP does not carry.
    "schema": {"type": "string", "minLength": 1, "maxLength": KEY_LENGTH, "pattern": "^[!-~]([ -~]*[!-~])?$"},
}
SECURITY_SCHEMES = {
    "token": {"type": "http", "scheme": "bearer", "description": "A token made in the settings or by `python -m app token create`."},
    "session": {"type": "apiKey", "in": "cookie", "name": "session", "description": "Signed in as a person; over TLS it is `__Host-session`."},
}
CONVERTERS: dict[str, Schema] = {"int": {"type": "integer", "minimum": 0, "maximum": LAST_ID}, "path": {"type": "string", "minLength": 1}}
PLACEHOLDER = re.compile(r"<(?:([a-z]+):)?([a-z_]+)>")


def rows(flask: Flask) -> Iterator[tuple[str, str, Endpoint]]:
    """Yield rule, blueprint and row of everything that is declared by a row, ordered by rule and method."""
    found = [
        (rule.rule, rule.endpoint.partition(".")[0], getattr(flask.view_functions[rule.endpoint], ROW, None)) for rule in flask.url_map.iter_rules()
    ]
    yield from sorted(((rule, name, row) for rule, name, row in found if row is not None), key=lambda item: (item[0], item[2].method))


def document(flask: Flask) -> Schema:
    """Return the document of the app as plain JSON values, the same for the same app."""
    declared = list(rows(flask))
    schemas = Schemas({Refusal, *(model for _, _, row in declared for model in (row.query, row.body, row.returns, row.streams) if model is not None)})
    forms: dict[str, set[str]] = defaultdict(set)
    for rule, _, _ in declared:
        forms[_form(rule)].add(PLACEHOLDER.sub(r"<\1>", rule))
    paths: dict[str, Schema] = {}
    names: dict[str, list[str]] = {}
    for given, tag, row in declared:
        rule = _with_names_of_first(given, names)
        operation = _operation(schemas, rule, tag, row)
        if len(forms[_form(given)]) > 1:  # `annotations/x` is a chart's and knows GET, `annotations/7` a record's and knows DELETE
            operation["responses"]["405"] = {"$ref": "#/components/responses/405"}
        paths.setdefault(PLACEHOLDER.sub(r"{\2}", rule), {})[row.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "BotV2 Dashboard", "version": API_VERSION, "description": ABOUT},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in sorted({tag for _, tag, _ in declared})],
        "paths": paths,
        "components": {
            "schemas": _used(schemas.definitions, paths),
            "responses": {str(status): _refusal(schemas, status) for status in REFUSALS},
            "parameters": {"IdempotencyKey": IDEMPOTENCY_KEY},
            "securitySchemes": SECURITY_SCHEMES,
        },
    }


def _form(rule: str) -> str:
    return PLACEHOLDER.sub("<>", rule)


def _with_names_of_first(rule: str, known: dict[str, list[str]]) -> str:
    """Return the rule with the parameters' names of the first rule of its form: OpenAPI knows no two paths that differ in names alone."""
    names = iter(known.setdefault(_form(rule), [name for _, name in PLACEHOLDER.findall(rule)]))
    return PLACEHOLDER.sub(lambda found: f"<{found[1]}:{next(names)}>" if found[1] else f"<{next(names)}>", rule)


def _used(definitions: dict[str, Schema], paths: dict[str, Schema]) -> dict[str, Schema]:
    """Return the definitions that something refers to: a query's fields are parameters, an answer's stand in its envelope."""
    found: set[str] = set()
    fresh = set(_referred(paths)) | {"Refusal"}
    while fresh:
        found |= fresh
        fresh = {name for known in fresh for name in _referred(definitions[known])} - found
    return {name: definitions[name] for name in sorted(found)}


def _referred(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(reference := value.get("$ref"), str) and "/schemas/" in reference:
            yield reference.rpartition("/")[2]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _referred(item)


def _operation(schemas: Schemas, rule: str, tag: str, row: Endpoint) -> Schema:
    words = PLACEHOLDER.sub(r"\2", rule).strip("/").split("/")
    summary, _, more = (row.answer.__doc__ or "").partition("\n")
    operation: Schema = {
        "tags": [tag],
        "operationId": re.sub(r"\W+", "_", "_".join((row.method.lower(), *words))),
        "summary": summary,
        "description": "\n\n".join(part for part in (" ".join(more.split()), SCOPES[row.access]) if part),
        "security": [] if row.access == PUBLIC else [{scheme: [row.access]} for scheme in SECURITY_SCHEMES],
        "responses": _responses(schemas, rule, row),
    }
    parameters = [*_path_parameters(rule), *_query_parameters(schemas, row.query)]
    if row.method != "GET":
        parameters.append({"$ref": "#/components/parameters/IdempotencyKey"})
    if parameters:
        operation["parameters"] = parameters
    if row.body is not None:
        operation["requestBody"] = {"required": True, "content": {media: _body(schemas, row.body, media) for media in row.body_media}}
    return operation


def _path_parameters(rule: str) -> Iterator[Schema]:
    for converter, name in PLACEHOLDER.findall(rule):
        yield {"name": name, "in": "path", "required": True, "schema": CONVERTERS.get(converter, CONVERTERS["path"])}


def _query_parameters(schemas: Schemas, query: type[BaseModel] | None) -> Iterator[Schema]:
    if query is None:
        return
    properties, required = schemas.fields(query)
    for name, schema in properties.items():
        parameter: Schema = {"name": name, "in": "query", "schema": without_null(schema)}
        if description := parameter["schema"].pop("description", None):
            parameter["description"] = description
        if parameter["schema"].get("type") == "array":
            parameter = _separated(parameter)
        yield parameter | ({"required": True} if name in required else {})


def _separated(parameter: Schema) -> Schema:
    """Return the parameter of several values, which stand in one, separated by commas; before a comma in a value stands a backslash."""
    schema = parameter["schema"]
    # Pydantic gives the bounds of what stands behind a converter the names that they have for text.
    bounds = {right: schema.pop(wrong) for wrong, right in (("minLength", "minItems"), ("maxLength", "maxItems")) if wrong in schema}
    items = schema["items"]
    if items.get("pattern") == NO_NUL:
        items = items | {"pattern": r"^[^\x00,]*$"}
    return parameter | {"style": "form", "explode": False, "schema": schema | bounds | {"items": items}}


def _body(schemas: Schemas, body: type[BaseModel], media: str) -> Schema:
    # What stands in another media type, such as a record per line, has no schema of its own.
    return {"schema": schemas.reference(body) if media == JSON else {"type": "string"}}


def _responses(schemas: Schemas, rule: str, row: Endpoint) -> Schema:
    statuses = {*ALWAYS, *row.also} | ({404} if "<" in rule else set()) | (set(ON_CHANGE) if row.method != "GET" else set())
    if row.access == PUBLIC:
        statuses -= {403}
    if row.query is not None or "<" in rule:
        statuses |= {414}
    found = {row.status: _answer(schemas, row)}
    for status in sorted(statuses):
        if status == 304:
            found[status] = {"description": "Nothing has changed since the ETag of `If-None-Match`"}
        elif row.bare and status in row.also:
            found[status] = _answer(schemas, row)
        else:
            found[status] = {"$ref": f"#/components/responses/{status}"}
    return {str(status): found[status] for status in sorted(found)}


def _answer(schemas: Schemas, row: Endpoint) -> Schema:
    if row.streams is not None:
        content: Schema = {"text/csv": {"schema": {"type": "string"}}, JSON: {"schema": {"type": "array", "items": schemas.reference(row.streams)}}}
        headers = {"Content-Disposition": {"required": row.returns is None, "schema": {"type": "string"}}}
        if row.returns is not None:  # as it is, or by `format` as a file
            content[JSON]["schema"] = {"anyOf": [_envelope(*schemas.fields(row.returns)), content[JSON]["schema"]]}
        return {"description": "A file of any length", "headers": headers, "content": content}
    if row.media:
        return {"description": "As it is", "content": {media: {"schema": {"type": "string"}} for media in row.media}}
    if row.returns is None:
        return {"description": "It went well", "content": {JSON: {"schema": _envelope({}, [])}}}
    described = (row.returns.__doc__ or "It went well").partition("\n")[0]
    schema = schemas.reference(row.returns) if row.bare else _envelope(*schemas.fields(row.returns))
    return {"description": described, "content": {JSON: {"schema": schema}}}


def _envelope(properties: dict[str, Schema], required: list[str]) -> Schema:
    """Return the answer's schema: the fields between `success` and `timestamp`."""
    return {
        "type": "object",
        "properties": {"success": {"const": True}, **properties, "timestamp": {"type": "string", "format": "date-time"}},
        "required": ["success", *required, "timestamp"],
        "additionalProperties": False,
    }


def _refusal(schemas: Schemas, status: int) -> Schema:
    return {
        "description": REFUSALS[status],
        "content": {JSON: {"schema": schemas.reference(Refusal)}},
        **({"headers": REFUSAL_HEADERS[status]} if status in REFUSAL_HEADERS else {}),
    }
