"""Wires the JSON door into the app: areas, document, callers, sessions without cookies, CORS."""

from __future__ import annotations

import datetime as dt

from flask import Flask, g
from flask_cors import CORS
from flask_login import current_user

from webapp.api import areas
from webapp.api.docs import blueprint as docs
from webapp.api.sessions import DoorSessions
from webapp.api.spec import make_api
from webapp.config import Settings
from webapp.core.db import transaction
from webapp.core.due import register_due_work
from webapp.core.jsonapi.idempotency import PURPOSE, forget_old_keys, who_asks
from webapp.core.jsonapi.models import IdempotencyKey
from webapp.core.resealing import register_sealed
from webapp.extensions import csrf

SENT = ["Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "X-API-Key", "X-Device-ID", "X-Request-ID"]
READ = [
    "ETag", "Idempotency-Replayed", "Retry-After", "X-Request-ID", "X-RateLimit-Limit", "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
]  # fmt: skip


def init_app(app: Flask, settings: Settings) -> None:
    """Register every area under ``/api/v1`` and its document."""
    app.session_interface = DoorSessions()
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    who_asks(_caller)
    register_sealed(IdempotencyKey, "answer", purpose=PURPOSE)
    register_due_work("kept_answers", _forget_answers, order=90)
    api = make_api(app, settings)
    for door in areas.DOORS:
        csrf.exempt(door)  # nothing here is done by a cookie
        api.register_blueprint(door)
    app.register_blueprint(docs)
    _allow_origins(app, settings)


def _allow_origins(app: Flask, settings: Settings) -> None:
    if settings.cors_origins_list:
        CORS(
            app,
            resources={r"/api/*": {"origins": settings.cors_origins_list}},
            allow_headers=SENT,
            expose_headers=READ,
            supports_credentials=False,
            max_age=600,
        )


def _forget_answers(now: dt.datetime) -> int:
    with transaction():
        return forget_old_keys(now=now)


def _caller() -> str | None:
    if "api_key" in g:
        return f"key:{g.api_key.public_id}"
    return f"user:{current_user.public_id}" if current_user.is_authenticated else None
