"""Puts the house together: extensions, doors, error path, what templates may use."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Flask, g
from werkzeug.middleware.proxy_fix import ProxyFix

from webapp import models  # noqa: F401  every table is known before the first query
from webapp.accounts.viewer import viewer_zone
from webapp.audited import init_audit
from webapp.config import DEMO_PASSWORD, ROOT, Settings
from webapp.core import clock, money, times
from webapp.core.assets import init_assets
from webapp.core.error_pages import init_error_pages
from webapp.core.headers import init_headers
from webapp.core.hosts import init_hosts
from webapp.core.htmx import init_varying
from webapp.core.jobs import init_jobs
from webapp.core.logs import init_logs, init_request_log
from webapp.core.replicas import init_replicas
from webapp.core.requests import HouseRequest
from webapp.core.resealing import init_resealing
from webapp.core.templates import init_templates
from webapp.core.throttle import init_throttle
from webapp.core.uploads import init_uploads
from webapp.core.work import init_work
from webapp.extensions import compress, csrf, db, htmx, login_manager, migrate
from webapp.features import init_features
from webapp.navigation import nav_items

MAX_FORM_BYTES = 11 * 1024 * 1024  # a 10 MB file and its form; each field has its own, smaller limit


def assemble(settings: Settings) -> Flask:
    """Return the finished app for these settings."""
    app = Flask(
        "webapp",
        root_path=str(ROOT / "webapp"),
        template_folder=str(ROOT / "templates"),
        static_folder=None,
        instance_path=str(settings.data_dir.absolute()),
    )
    app.ensure_sync = _as_it_is  # type: ignore[assignment,method-assign]  # asked 20 times a request: nothing is async
    init_templates(app)
    _configure(app, settings)
    app.before_request(_read_clock)  # first of all: whoever looks up a login needs it
    init_logs(json=settings.app_env == "production")
    _bind_extensions(app, settings)
    init_headers(app, https=settings.https)
    init_varying(app)
    init_error_pages(app)
    init_throttle(app)
    _teach_templates(app, settings)
    init_uploads(app)
    init_features(app, settings)
    init_request_log(app, every_request=settings.access_log)
    init_audit()
    init_work(app)
    init_resealing(app)
    init_assets(app)
    init_hosts(app, settings.hosts, loopback=settings.app_env != "production")
    if settings.proxies:
        hops = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, hops, hops, hops)  # type: ignore[method-assign]
    return app


def _configure(app: Flask, settings: Settings) -> None:
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key.get_secret_value(),
        SECRET_KEY_FALLBACKS=settings.fallback_keys,
        SQLALCHEMY_DATABASE_URI=_database_url(settings),
        SQLALCHEMY_ENGINE_OPTIONS={
            "pool_size": settings.database_pool,
            "max_overflow": settings.database_pool,
            "pool_pre_ping": True,
            "skip_autocommit_rollback": True,
            "hide_parameters": settings.app_env == "production",  # an error's text would carry them into the log
            "connect_args": {"connect_timeout": 5, "options": "-c timezone=UTC -c statement_timeout=30000"},
        },
        SESSION_COOKIE_NAME="__Host-disha" if settings.https else "disha",  # the prefix: no subdomain may plant one
        SESSION_COOKIE_PATH="/",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.https,
        PERMANENT_SESSION_LIFETIME=dt.timedelta(days=30),
        SESSION_REFRESH_EACH_REQUEST=False,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SECRET_KEY=[*settings.fallback_keys, settings.secret_key.get_secret_value()],  # the last one signs
        MAX_CONTENT_LENGTH=MAX_FORM_BYTES,
        MAX_FORM_MEMORY_SIZE=512 * 1024,
        COMPRESS_ALGORITHM=["gzip"],
        COMPRESS_LEVEL=4,
        TEMPLATES_AUTO_RELOAD=False,
    )


def _database_url(settings: Settings) -> str:
    if settings.database_url:
        return settings.database_url
    from webapp.core.embedded import attach_postgres  # only where no server was given

    return attach_postgres(settings.data_dir)


def _redis_url(settings: Settings) -> str:
    if settings.redis_url:
        return settings.redis_url
    from webapp.core.embedded import attach_redis

    return attach_redis(settings.data_dir)


def _bind_extensions(app: Flask, settings: Settings) -> None:
    db.init_app(app)
    init_replicas(app, settings.replica_urls, app.config["SQLALCHEMY_ENGINE_OPTIONS"])
    migrate.init_app(app, db, directory=str(ROOT / "migrations"), compare_type=True)
    login_manager.init_app(app)
    csrf.init_app(app)
    htmx.init_app(app)
    app.request_class = HouseRequest  # knows htmx, too
    compress.init_app(app)
    init_jobs(app, _redis_url(settings))


def _teach_templates(app: Flask, settings: Settings) -> None:
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        site_name=settings.site_name,
        demo_mode=settings.demo,
        demo_password=DEMO_PASSWORD,
        nav_items=nav_items,
        zone_title=times.zone_title,
    )
    app.jinja_env.filters.update(
        day=_zoned(times.format_day),
        short_day=_zoned(times.format_short_day),
        minute=_zoned(times.format_minute),
        clock=_zoned(times.format_clock),
        when=_zoned(times.format_when),
        iso=times.iso_z,
        rupees=money.format_rupees,
    )

    @app.context_processor
    def about_request() -> dict[str, Any]:
        return {"now": g.get("now") or clock.now(), "viewer_zone": viewer_zone}


def _as_it_is(function: Any) -> Any:
    return function


def _read_clock() -> None:
    g.now = clock.now()


def _zoned(formatter: Any) -> Any:
    def show(instant: Any, zone: str | None = None) -> str:
        return str(formatter(instant, zone or viewer_zone()))

    return show
