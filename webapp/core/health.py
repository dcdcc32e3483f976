"""Is everything there? For the supervisor, load balancers and people."""

from __future__ import annotations

import functools

from alembic.script import ScriptDirectory
from flask import Blueprint, Response, jsonify
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from webapp.config import ROOT
from webapp.core.access import allow
from webapp.core.db import db
from webapp.core.jobs import get_redis
from webapp.core.replicas import told

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@allow("public")
def healthz() -> tuple[Response, int]:
    """Answer 200 with the state of database and Redis, 503 when one is away."""
    parts = {"database": database_answers(), "redis": redis_answers()}
    ok = all(parts.values())
    words = {name: "ok" if fine else "away" for name, fine in parts.items()}
    return jsonify({"status": "ok" if ok else "degraded", **words}), 200 if ok else 503


@blueprint.get("/readyz")
@allow("public")
def readyz() -> tuple[Response, int]:
    """Answer 200 when requests may come: the database answers and is migrated at least as far as this release wants.

    Redis away is said, no reason to refuse: pages go on without it. So are replicas that are not read from.
    """
    database = database_answers()
    migrated = database and is_migrated()
    words = {
        "database": "ok" if database else "away",
        "schema": "ok" if migrated else "behind" if database else "unknown",
        "redis": "ok" if redis_answers() else "away",
        **told(),
    }
    return jsonify({"status": "ready" if migrated else "waiting", **words}), 200 if migrated else 503


def is_migrated() -> bool:
    """Whether the schema is that of this release; one this release does not know is a later one, and good enough."""
    newest, older = _revisions()
    try:
        here = set(db.session.scalars(text("select version_num from alembic_version")))
    except SQLAlchemyError:
        return False
    return bool(here) and not here & (older - newest)


@functools.cache
def _revisions() -> tuple[frozenset[str], frozenset[str]]:
    """The newest revisions of this release's migrations, and all of them."""
    script = ScriptDirectory(str(ROOT / "migrations"))
    return frozenset(script.get_heads()), frozenset(one.revision for one in script.walk_revisions())


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
