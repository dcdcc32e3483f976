"""`/api/v1/health`: unwrapped, for monitors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from flask import Response, current_app
from marshmallow import fields

from webapp.core.access import allow
from webapp.core.health import database_answers, redis_answers
from webapp.core.jsonapi.door import Door
from webapp.core.jsonapi.fields import Choice
from webapp.core.jsonapi.schemas import Out

PARTS: Mapping[str, Callable[[], bool]] = {"database": database_answers, "redis": redis_answers}
door = Door("health", __name__, about="Whether everything is there.", area=None)


class HealthOut(Out):
    """How it is: "ok", or "degraded" with the part that is away."""

    status = Choice(["ok", "degraded"], required=True)
    database = fields.String(metadata={"enum": ["ok", "away"]})
    redis = fields.String(metadata={"enum": ["ok", "away"]})


def _endpoint(rule: str, name: str) -> Callable[[Any], Any]:
    def register(view: Any) -> Any:
        marked = door.alt_response(200, schema=HealthOut, success=True)(view)
        marked = door.alt_response(503, schema=HealthOut)(marked)
        for status in (400, 401, 403, 429):
            marked = door.alt_response(status, f"Error{status}")(marked)
        marked = door.doc(operationId=name, security=[{}], **{"x-audience": ["public"]})(marked)
        marked = allow("public")(marked)
        marked.ignores_tokens = True
        return door.route(rule, methods=["GET"], endpoint=name, tags=[door.segment])(marked)

    return register


def _answer(*names: str) -> Response:
    found = {name: "ok" if PARTS[name]() else "away" for name in names}
    fine = set(found.values()) == {"ok"}
    response = cast(Response, current_app.json.response({"status": "ok" if fine else "degraded", **found}))
    response.status_code = 200 if fine else 503
    return response


@_endpoint("", "get_health")
def get_health() -> Response:
    """Answer 200 where database and Redis answer, 503 where one is away."""
    return _answer(*PARTS)


@_endpoint("/db", "get_health_database")
def get_health_database() -> Response:
    """Answer 200 where the database answers, else 503."""
    return _answer("database")


@_endpoint("/redis", "get_health_redis")
def get_health_redis() -> Response:
    """Answer 200 where Redis answers, else 503."""
    return _answer("redis")
