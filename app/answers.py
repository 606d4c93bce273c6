"""The shape of every JSON answer, and the one place where a refusal becomes an HTTP status."""

import math
from typing import Any

import orjson
from flask import Response

from data.errors import Code, Refused
from data.times import iso, now

STATUS = {
    Code.BAD_REQUEST: 400,
    Code.NOT_JSON: 400,
    Code.UNKNOWN_PARAMETER: 400,
    Code.BAD_SETTING: 400,
    Code.BAD_FILE: 400,
    Code.UNAUTHENTICATED: 401,
    Code.FORBIDDEN: 403,
    Code.CROSS_SITE: 403,
    Code.NOT_FOUND: 404,
    Code.METHOD_NOT_ALLOWED: 405,
    Code.CONFLICT: 409,
    Code.TOO_LARGE: 413,
    Code.UNSUPPORTED_MEDIA_TYPE: 415,
    Code.INVALID_FIELDS: 422,
    Code.RATE_LIMITED: 429,
    Code.INTERNAL: 500,
    Code.STORAGE_BUSY: 503,
    Code.STORAGE_UNAVAILABLE: 503,
    Code.STORAGE_FULL: 507,
}


def success(**content: Any) -> dict[str, Any]:
    """Return the envelope of an answer that went well."""
    return {"success": True, **content, "timestamp": iso(now())}


def failure(refusal: Refused) -> dict[str, Any]:
    """Return the envelope of a refusal."""
    error = {"code": refusal.code.value, "message": refusal.message, "fields": refusal.fields}
    return {"success": False, "error": error, "timestamp": iso(now())}


def json_response(content: Any, status: int = 200) -> Response:
    """Return `content` as a JSON response."""
    return Response(orjson.dumps(content), status=status, mimetype="application/json")


def refusal_response(refusal: Refused) -> Response:
    """Return a refusal as its JSON response, with `Retry-After` where trying again may help."""
    response = json_response(failure(refusal), STATUS[refusal.code])
    if refusal.retry_after is not None:
        response.headers["Retry-After"] = str(max(1, math.ceil(refusal.retry_after)))
    return response
