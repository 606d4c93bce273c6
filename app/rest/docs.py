"""The API's document, `/api/openapi.json`, and the page that lets people read and try it, `/api/docs`."""

from pathlib import Path

from flask import Response, current_app, request, send_from_directory
from pydantic import BaseModel, ConfigDict

from app.answers import json_response
from app.rest.endpoint import Call, Endpoint
from app.rest.openapi import document
from data.errors import Code, Refused

FILES = Path(__file__).parent / "swagger_ui"
SERVED = {"swagger-ui.css": "text/css", "swagger-ui-bundle.js": "text/javascript", "start.js": "text/javascript"}
BUILT = "botv2.openapi"


class OpenApi(BaseModel):
    """An OpenAPI document."""

    model_config = ConfigDict(extra="allow")
    openapi: str
    info: dict[str, str]
    paths: dict[str, object]


def get_document(_call: Call) -> Response:
    """Return this document: OpenAPI 3.1."""
    if BUILT not in current_app.extensions:  # lazily: by the first request every route is there
        current_app.extensions[BUILT] = document(current_app)
    return json_response(current_app.extensions[BUILT] | {"servers": [{"url": request.script_root or "/"}]})


def get_page(_call: Call) -> Response:
    """Return the interactive page of this document."""
    return send_from_directory(FILES, "page.html", mimetype="text/html")


def get_file(_call: Call, name: str) -> Response:
    """Return a file of the interactive page."""
    if name not in SERVED:
        raise Refused(Code.NOT_FOUND, "there is no such file")
    return send_from_directory(FILES, name, mimetype=SERVED[name])


ENDPOINTS = (
    Endpoint("GET", "/api/openapi.json", "read", get_document, returns=OpenApi, bare=True),
    Endpoint("GET", "/api/docs", "read", get_page, media=("text/html",), also=(304,)),
    Endpoint("GET", "/api/docs/<name>", "read", get_file, media=tuple(sorted(set(SERVED.values()))), also=(304,)),
)
