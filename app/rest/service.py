"""What a load balancer or a watchdog asks: `/health`, open to all and without an envelope."""

from flask import Blueprint, Response

from app.access import PUBLIC, access
from app.answers import json_response
from app.version import API_VERSION, RELEASE
from data.desk import Desk


def service(desk: Desk) -> Blueprint:
    """Return the blueprint of the service endpoints."""
    made = Blueprint("service", __name__)

    @made.get("/health")
    @access(PUBLIC)
    def health() -> Response:
        """Return what was measured now: 200, or 503 when the store does not answer."""
        measured = desk.health()
        status = measured.pop("status")
        return json_response({"status": status, "version": API_VERSION, "release": RELEASE, **measured}, 200 if status == "ok" else 503)

    return made
