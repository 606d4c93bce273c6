"""What a load balancer or a watchdog asks: `/health`, open to all and without an envelope, and `/metrics`."""

from typing import Literal

from flask import Blueprint, Response

from app.access import PUBLIC
from app.answers import json_response
from app.rest import docs, gauges
from app.rest.endpoint import AnyQuery, Call, Endpoint, blueprint
from app.rest.shapes import Count, Shape, Time
from app.version import API_VERSION, RELEASE
from data.desk import Desk
from data.shared import State


class DatabaseHealth(Shape):
    """How the store does."""

    state: str
    latency_ms: float = 0


class FeedHealth(Shape):
    """How far this process is behind the journal."""

    records_behind: Count | None
    waiting: Count
    last_record_at: Time | None


class RedisHealth(Shape):
    """Whether limits and kept answers are shared with other processes; without Redis each has its own, and nothing else is missing."""

    state: State


class Health(Shape):
    """What was measured now."""

    status: Literal["ok", "unavailable"]
    version: str
    release: str
    uptime_seconds: float
    database: DatabaseHealth
    feed: FeedHealth
    redis: RedisHealth


def get_health(call: Call) -> Response:
    """Return what was measured now: 200, or 503 when the store does not answer."""
    measured = call.desk.health()
    status = measured.pop("status")
    return json_response({"status": status, "version": API_VERSION, "release": RELEASE, **measured}, 200 if status == "ok" else 503)


ENDPOINTS = (
    Endpoint("GET", "/health", PUBLIC, get_health, query=AnyQuery, returns=Health, bare=True, also=(503,)),
    *gauges.ENDPOINTS,
    *docs.ENDPOINTS,
)


def service(desk: Desk) -> Blueprint:
    """Return the blueprint of the service endpoints."""
    return blueprint("service", "", desk, ENDPOINTS)
