"""Is everything there? For the supervisor, load balancers and people."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from webapp.core.access import allow
from webapp.core.db import db
from webapp.core.jobs import get_redis

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@allow("public")
def healthz() -> tuple[Response, int]:
    """Answer 200 with the state of database and Redis, 503 when one is away."""
    parts = {"database": database_answers(), "redis": redis_answers()}
    ok = all(parts.values())
    words = {name: "ok" if fine else "away" for name, fine in parts.items()}
    return jsonify({"status": "ok" if ok else "degraded", **words}), 200 if ok else 503


def database_answers() -> bool:
    """Whether the database answers a plain question."""
    try:
        return bool(db.session.scalar(text("select 1")) == 1)
    except SQLAlchemyError:
        return False


def redis_answers() -> bool:
    """Whether Redis answers."""
    try:
        return bool(get_redis().ping())
    except (RedisError, OSError):
        return False
